"""Apprise: tell people about each lead through any of the hundred services that the library knows."""

import asyncio
import importlib
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from hub import (
    Lead,
    Message,
    Misconfigured,
    Outcome,
    Outcomes,
    Rejected,
    Retry,
    Sent,
    Sink,
    Teller,
    Unclear,
    Wording,
    check_host,
    hookimpl,
    unmentioned,
)

_STATUS = re.compile(r"error=([1-5][0-9]{2})\b")
_OFTEN = 60.0  # seconds to wait where a service says that it is called too often; the library drops how long


class Apprise(Sink, Teller):
    """One service that Apprise can notify, for those that have no connector of their own.

    What the library says is little: a service took a message, or it did not. So a message is sent at most once, and
    one that may have arrived is held for a person.
    """

    name = "apprise"
    title = "Apprise (a hundred other services)"
    docs_url = "https://appriseit.com/services/"
    confirmed = (
        "A service says yes or no; why not is only in its log, as error=STATUS (public code: apprise 2.2.0)",
        "dingtalk, wecombot, feishu and lark are told apart by HTTP 200 alone, which these also answer to a refusal: "
        "use the connectors of these names (public code)",
        "With optional=yes a failure counts as a success, with retry=N every failure is sent again: both are refused",
        "Attempts wait four seconds for a connection and four for an answer; cto and rto in the address change it",
    )
    unconfirmed = (
        "Whether a service renders the look-alikes that stand for marks; it has no buttons, the links are in the text",
        "The library opens its own connections: an address is checked before, but not the one it is redirected to",
    )
    rate = 1.0
    concurrency = 1

    class Config(Wording):
        url: SecretStr = Field(description="Address of the service in Apprise's own form, such as ntfys://acme-leads.")

        @field_validator("url")
        @classmethod
        def _once(cls, url: SecretStr) -> SecretStr:
            asked = {name.lower() for name in parse_qs(urlsplit(url.get_secret_value()).query, keep_blank_values=True)}
            if asked & {"retry", "optional"}:
                raise ValueError("Leave `retry` and `optional` out of the address: a message is sent once, and told.")
            return url

    config: Config

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Notify the service of each lead."""
        service, outcomes = await asyncio.to_thread(self._service), list[Outcome]()
        for lead in leads:
            try:
                outcomes.append(await asyncio.to_thread(self._notified, service, Message.of(lead, self.config)))
            except (Retry, Unclear) as error:
                outcomes.append(error)
            except Misconfigured as error:
                if not outcomes:
                    raise
                return outcomes + [error] * (len(leads) - len(outcomes))
        return outcomes

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        """Notify the service of a message about no lead."""
        service = await asyncio.to_thread(self._service)
        return await asyncio.to_thread(self._notified, service, message)

    def _service(self) -> Any:
        """Return the library's notifier with the one service; the library is loaded here, as it is a large one."""
        try:
            library = importlib.import_module("apprise")
        except ImportError as error:
            raise Misconfigured("Apprise is not installed. Install it: pip install 'leadhub[apprise]'.") from error
        service = library.Apprise.instantiate(self.config.url.get_secret_value())
        if service is None:
            raise Misconfigured("Apprise cannot read `url`. Compare it with the service's page at appriseit.com.")
        host = getattr(service, "host", None)
        if isinstance(host, str) and host:
            check_host(host, self.networks)
        notifier = library.Apprise()
        notifier.add(service)
        return notifier

    def _notified(self, notifier: Any, message: Message) -> Sent | Rejected:
        """Send one message; raises what a failure means as far as the service's log tells."""
        title, _, body = message.plain(unmentioned).partition("\n")
        said = notifier.notify(title=title, body=body or title, body_format="text", interpret_escapes=False)
        if said:
            return Sent(note="taken, as far as Apprise can tell")
        service = notifier[0]
        logs = [one.message for result in said.results for attempt in result.attempts for one in attempt.logs]
        found = _STATUS.findall(" ".join(logs))
        if len(service) > 1 or len(found) != 1:  # some of several targets may have it
            raise Unclear(f"{service.service_name} did not confirm the message; it may have arrived all the same.")
        return _meaning(str(service.service_name), int(found[0]))


def _meaning(service: str, status: int) -> Rejected:
    words = f"{service} answered {status}."
    if status == 429:
        raise Retry(words, after=_OFTEN)
    if status in (401, 403, 404, 410):
        raise Misconfigured(f"{words} Check the credentials and the address in `url`.")
    if 400 <= status < 500 and status != 408:
        return Rejected(words, code=str(status))
    raise Unclear(words)


@hookimpl
def hub_register() -> Iterator[type[Apprise]]:
    """Register the connector."""
    yield Apprise
