"""The check that secrets stay secret: a planted value may appear in outgoing requests and nowhere else."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
from pydantic import ValidationError

from hub.errors import LeadhubError
from hub.sink import Sink
from hub.source import PollSource, WebhookSource
from hub.testing.compare import plain
from hub.testing.contract.about import fields_of, holds_secret
from hub.testing.contract.cases_run import TROUBLE, now
from hub.testing.contract.polls import polled
from hub.testing.contract.samples import FULLEST
from hub.testing.contract.sinks import hold_token
from hub.testing.contract.subject import Failed, Subject, empty_folder
from hub.testing.contract.webhooks import believed
from hub.testing.wire import Answering, client

CANARY = "KitCanaryQ7xZp2Lm9Rt4Vb8"  # letters and digits, a multiple of four, so that it is base64 as well

_LOGGERS = ("hub", "leadhub", "leadhub_kit", "connectors")
_ANSWERS = ((200, b"{}"), (200, b"<html>"), (302, b""), (400, b'{"message": "no"}'), (401, b""), (429, b""), (500, b""))


def check_shows_no_secret(subject: Subject) -> None:
    """A secret never appears in texts, errors, outcomes, leads or logs."""
    for name, settings in planted(subject):
        with _logged() as lines, empty_folder():
            shown = list(_shown(subject, name, settings))
        for where, text in [*shown, *(("a log line", line) for line in lines)]:
            if CANARY in text:
                raise Failed(f"The secret {name!r} appears in {where}: {text.replace(CANARY, '***')[:200]}")


def planted(subject: Subject) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield, for each secret, the settings in which it has the canary's value; what no setting can be is left out."""
    for name, field in fields_of(subject):
        if not holds_secret(field.annotation):
            continue
        for value in _candidates(subject.settings.get(name)):
            settings = {**subject.settings, name: value}
            try:
                subject.make(settings)
            except Failed:
                continue
            yield name, settings
            break


def _candidates(held: Any) -> tuple[Any, ...]:
    """Return values with the canary in them, of the same shape as the one that is there."""
    if isinstance(held, dict):
        return (dict.fromkeys(held, CANARY),)
    if isinstance(held, str) and held.startswith("{"):
        return (json.dumps({**json.loads(held), "private_key": CANARY}),)
    if isinstance(held, str) and "://" in held:
        return (f"{held.partition('?')[0]}/{CANARY}", f"{held}&kit={CANARY}")
    plain_ones = (CANARY, f"whsec_{CANARY}", f"https://hub.test/{CANARY}")
    return plain_ones[::-1] if isinstance(held, str) and held.startswith("whsec_") else plain_ones


def _shown(subject: Subject, name: str, settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield everything that people may get to see, with where."""
    connector = subject.make(settings)
    yield "repr(connector)", repr(connector)
    yield "repr(config)", f"{connector.config!r} {connector.config}"
    yield "the settings as JSON", connector.config.model_dump_json()
    yield "the error for a misspelt setting", _error_text(subject, {**settings, "no_such_setting": settings[name]})
    if isinstance(connector, Sink):
        yield from (("an outcome", text) for text in _outcomes(subject, settings))
    if isinstance(connector, PollSource):
        yield from (("a poll", text) for text in _polls(subject, settings))
    if isinstance(connector, WebhookSource):
        yield from _posted(subject, settings, str(subject.settings.get(name) or ""))


def _error_text(subject: Subject, settings: Mapping[str, Any]) -> str:
    try:
        subject.cls.Config.model_validate(settings)
    except ValidationError as error:
        return str(error)
    return ""


def _answerings() -> Iterator[Answering]:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    def wait(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    yield from (refuse, wait)
    for status, body in _ANSWERS:
        yield lambda _request, s=status, b=body: httpx.Response(s, content=b)  # type: ignore[misc]


def _outcomes(subject: Subject, settings: Mapping[str, Any]) -> Iterator[str]:
    for answering in _answerings():
        for held in (True, False):
            yield now(_outcome(subject.make(settings), answering, held))


async def _outcome(connector: Any, answering: Answering, held: bool) -> str:
    async with client(answering) as http:
        try:
            if held:
                await hold_token(connector)
            return repr(await connector.send([FULLEST], http))
        except TROUBLE as error:
            return str(error)


def _polls(subject: Subject, settings: dict[str, Any]) -> Iterator[str]:
    cases = subject.cases.model_copy(update={"config": settings})
    for answering in _answerings():
        pages, error = polled(replace(subject, cases=cases), None, answering)
        yield f"{pages!r} {error}"


def _posted(subject: Subject, settings: Mapping[str, Any], own: str) -> Iterable[tuple[str, str]]:
    """Post what the cases post, with the canary where the cases' own secret stands."""
    connector = subject.make(settings)
    posts = [case.given.inbound(subject.name, subject.cases.now) for case in subject.cases.parse]
    for post in [*believed(subject), *posts]:
        body = post.body.replace(own.encode(), CANARY.encode()) if own else post.body
        mine = replace(post, body=body)
        for read in (connector.verify, lambda p: [plain(raw.data) for raw in connector.parse(p)]):
            try:
                yield "the data of a lead", repr(read(mine))
            except LeadhubError as error:
                yield "an error", str(error)


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect our own log lines, and the warnings of all others."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING or record.name.startswith(_LOGGERS):
                lines.append(record.getMessage())

    root, keeper = logging.getLogger(), Keeper(logging.DEBUG)
    own = {logging.getLogger(name): logging.getLogger(name).level for name in _LOGGERS}
    root.addHandler(keeper)
    for logger in own:
        logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(keeper)
        for logger, level in own.items():
            logger.setLevel(level)
