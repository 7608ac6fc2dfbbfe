"""Microsoft Teams: post a card about each lead through a Workflows (Power Automate) webhook."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from hub import (
    BadInput,
    Codes,
    Message,
    Rejected,
    Request,
    Response,
    RobotSink,
    Sent,
    dingtalk_markdown,
    hookimpl,
    line,
    readable,
    to_json,
)

CARD_BYTES = 26_000  # a card may have about 28 KB, and Teams counts what it makes of it

_SETTINGS = """
    AuthorizationFailed DirectApiAuthorizationRequired DirectApiInvalidAuthorizationScheme FlowNotFound
    ResourceNotFound SecurityTokenExpired Unauthorized WorkflowNotFound WorkflowTriggerIsNotEnabled
    WorkflowTriggerNotFound TriggerDisabled
"""


class Teams(RobotSink):
    """A Teams channel or chat, reached through the flow "Post to a channel when a webhook request is received"."""

    name = "teams"
    title = "Microsoft Teams"
    docs_url = "https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook"
    confirmed = (
        "A flow takes {type: message, attachments: [adaptive card]} at an address whose `sig` is the credential "
        "(public code: github.com/caronc/apprise, plugins/workflows.py)",
        "A message has about 28 KB; more fails with RequestEntityTooLarge (learn.microsoft.com/connectors/teams)",
        "More than four posts a second are throttled with 429 (learn.microsoft.com, add-incoming-webhook)",
        "202 says that the flow has started; a card that Teams cannot show fails later, in the run history of the flow",
        "A flow that is off or deleted answers 400 WorkflowTriggerIsNotEnabled (public code and notes of many users)",
    )
    unconfirmed = (
        "The other codes of a flow nobody may call; a 401, 403 or 404 asks for settings whatever its code",
        "A mention by user principal name or object id in a flow's card; `mention: {}` mentions nobody",
        "x-ms-workflow-run-id in the answer names the run; it is kept as the reference where it is there",
        "A flow belongs to a person and ends with the account; share it with a second owner",
    )
    rate = 2.0
    codes = Codes(ok="ok", misconfigured=_SETTINGS, reject="RequestEntityTooLarge InvalidRequestContent BadRequest")

    class Config(RobotSink.Config):
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to a user principal name such as "
            "ann@acme.com or an object id. Teams mentions no whole channel this way.",
        )

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message as an adaptive card, with buttons that open the links."""
        message = message.fitting(lambda short: len(to_json(_body(short, whom))), CARD_BYTES)
        return self.posted(self.config.webhook, _body(message, whom))

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return code and words of an error; `ok` for a flow that has started."""
        said = readable(response)
        error = said.get("error") if isinstance(said, dict) else None
        if isinstance(error, dict):
            return str(error.get("code")), str(error.get("message") or "")
        started = response.status == 202 or (response.status == 200 and response.text.strip() in ("", "1"))
        return ("ok", "") if started else None

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent, with the id of the flow's run where the answer has it."""
        if self.code(response) is None and not isinstance(readable(response), dict):
            raise BadInput("the answer is not that of a flow.")
        return Sent(response.header("x-ms-workflow-run-id"))


def _body(message: Message, whom: str | None) -> dict[str, Any]:
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": _blocks(message, whom),
        "actions": [{"type": "Action.OpenUrl", "title": words, "url": url} for words, url in message.links()],
        "msteams": {"width": "Full", "entities": _entities(whom)},
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _blocks(message: Message, whom: str | None) -> list[dict[str, Any]]:
    """Return title, facts and mention; texts and facts of a card are markdown, so marks become look-alikes."""
    facts = [{"title": dingtalk_markdown(label), "value": dingtalk_markdown(value)} for label, value in message.rows()]
    title = {"type": "TextBlock", "text": dingtalk_markdown(message.title), "weight": "Bolder", "size": "Medium"}
    mention = [{"type": "TextBlock", "text": _mark(whom), "wrap": True}] if whom else []
    return [{**title, "wrap": True}, {"type": "FactSet", "facts": facts}, *mention]


def _entities(whom: str | None) -> list[dict[str, Any]]:
    mentioned = {"id": whom, "name": line(whom or "", 60)}
    return [{"type": "mention", "text": _mark(whom), "mentioned": mentioned}] if whom else []


def _mark(whom: str | None) -> str:
    return f"<at>{line(whom or '', 60)}</at>"


@hookimpl
def hub_register() -> Iterator[type[Teams]]:
    """Register the connector."""
    yield Teams
