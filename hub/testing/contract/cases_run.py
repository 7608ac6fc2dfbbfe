"""Runs one case of a cases file against its connector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from hub.errors import BadInput, LeadhubError, Misconfigured, Retry, Unclear, Unverified
from hub.lead import Lead, Sent
from hub.sink import HttpBatchSink, Sink, Token
from hub.testing import cases as kinds
from hub.testing.compare import (
    different,
    different_activities,
    different_outcomes,
    different_page,
    different_raw,
    different_raws,
    different_reply,
    different_request,
    short,
)
from hub.testing.contract import buyers
from hub.testing.contract.subject import Failed, Subject, empty_folder
from hub.testing.wire import Dialogue, client

T = TypeVar("T")

TROUBLE = (Retry, Unclear, Misconfigured)


def run_case(subject: Subject, kind: str, case: Any) -> None:
    """Run a case; raises Failed that says what is different."""
    run = RUNNERS.get(kind)
    if run is None:
        raise Failed(f"{kind!r} is no kind of case for a connector.")
    try:
        said = run(subject, case)
    except Failed:
        raise
    except LeadhubError as error:
        raise Failed(f"It raised {type(error).__name__}: {error}") from error
    except Exception as error:
        raise Failed(f"It raised {type(error).__name__}: {short(str(error))}") from error
    if said:
        raise Failed(f"It should {case.should}, but {'; '.join(said)}.")


def now(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""
    return asyncio.run(work)


def judged(read: Callable[[], T]) -> T | Retry | Unclear | Misconfigured:
    """Return what was said, or the trouble it was said by."""
    try:
        return read()
    except TROUBLE as error:
        return error


def _request(subject: Subject, case: kinds.RequestCase) -> list[str]:
    connector: Any = subject.make()
    leads = case.made()
    made = connector.request(leads if isinstance(connector, HttpBatchSink) else leads[0])
    return different_request(case.expect, made.at(connector.config.base_url))


def _response(subject: Subject, case: kinds.ResponseCase) -> list[str]:
    connector: Any = subject.make()
    leads, answer = case.made(), case.given.response()
    batch = isinstance(connector, HttpBatchSink)
    got = judged(lambda: connector.outcome(answer, leads) if batch else connector.outcome(answer))
    return different_outcomes(case.expect, got)


def _token(subject: Subject, case: kinds.TokenCase) -> list[str]:
    connector: Any = subject.make()
    got = judged(lambda: connector.token(case.given.response()))
    if not isinstance(got, Token):
        return different_outcomes(case.expect, got)
    held = {"token": got.value, "base_url": got.base_url, "expires_in": got.expires_in}
    return [said for name, wanted in case.expect.items() for said in different(name, held.get(name), wanted)]


def _find(subject: Subject, case: kinds.FindCase) -> list[str]:
    connector: Any = subject.make()
    made = connector.find(case.made()[0])
    if made is None or case.expect is None:
        return different("the search", made, case.expect)
    return different_request(case.expect, made.at(connector.config.base_url))


def _found(subject: Subject, case: kinds.FoundCase) -> list[str]:
    connector: Any = subject.make()
    answer = case.given.response()
    got: Any = None if connector.absent(answer) else judged(lambda: connector.found(connector.judge(answer)))
    if case.expect is None or got is None:
        return different("what was found", got.ref if isinstance(got, Sent) else got, case.expect)
    return different_outcomes(case.expect, got)


def _send(subject: Subject, case: kinds.SendCase) -> list[str]:
    wire = Dialogue(case.http)
    connector: Sink = subject.make()
    leads = case.made()
    with empty_folder() as folder:
        got = now(_sent(connector, leads, wire))
        said = different_outcomes(case.expect, got)
        for name, wanted in case.files.items():
            path = folder / name
            text = path.read_bytes().decode("utf-8", "replace") if path.is_file() else None
            said += different(f"the file {name}", text, wanted)
    return said + wire.left()


async def _sent(connector: Sink, leads: list[Any], wire: Dialogue) -> list[Any]:
    async with client(wire) as http:
        try:
            return list(await connector.send(leads, http))
        except TROUBLE as error:
            return [error] * len(leads)


def _erase(subject: Subject, case: kinds.EraseCase) -> list[str]:
    connector: Any = subject.make()
    made = connector.erase(Lead.model_validate(case.lead or {}), case.ref)
    if made is None or case.expect is None:
        return different("the request", made, case.expect)
    return different_request(case.expect, made.at(connector.config.base_url))


def _news(subject: Subject, case: kinds.NewsCase) -> list[str]:
    wire, connector = Dialogue(case.http), subject.make()

    async def work() -> list[Any]:
        async with client(wire) as http:
            return [page async for page in connector.news(case.cursor, http)]

    if isinstance(case.expect, dict):
        return _refused(case.expect, lambda: now(work())) + wire.left()
    pages = now(work())
    said = different("the number of pages", len(pages), len(case.expect))
    for at, (wanted, page) in enumerate(zip(case.expect, pages, strict=False), 1):
        differences = different_activities(wanted.get("activities", ()), page.activities, connector)
        if "cursor" in wanted:
            differences += different("the cursor", page.cursor, wanted["cursor"])
        said += [f"page {at}: {one}" for one in differences]
    return said + wire.left()


def _heard(subject: Subject, case: kinds.HeardCase) -> list[str]:
    connector, inbound = subject.make(), case.given.inbound(subject.name, subject.cases.now)
    if isinstance(case.expect, dict):
        return _refused(case.expect, lambda: list(connector.heard(inbound)))
    return different_activities(case.expect, list(connector.heard(inbound)), connector)


def _verify(subject: Subject, case: kinds.VerifyCase) -> list[str]:
    connector = subject.make()
    try:
        connector.verify(case.given.inbound(subject.name, subject.cases.now))
    except (Unverified, BadInput) as error:
        if case.expect == "ok":
            return [f"the sender was not believed: {error}"]
        return [] if isinstance(error, Unverified) else [f"BadInput was raised: {error}"]
    return [] if case.expect == "ok" else ["the sender was believed"]


def _handshake(subject: Subject, case: kinds.HandshakeCase) -> list[str]:
    got = subject.make().handshake(case.given.inbound(subject.name, subject.cases.now))
    return different_reply(case.expect, got)


def _refused(expect: Mapping[str, str], read: Callable[[], Any]) -> list[str]:
    """Return how a refusal differs from the one expected, such as `bad_input: empty`."""
    words: dict[str, type[LeadhubError]] = {"bad_input": BadInput, "retry": Retry, "misconfigured": Misconfigured}
    if len(expect) != 1 or next(iter(expect)) not in words:
        return [f"expect must be a list, or one of {', '.join(words)}"]
    (word, wanted), got = next(iter(expect.items())), None
    try:
        got = read()
    except words[word] as error:
        return [] if wanted in str(error) else [f"it says {short(str(error))}, expected {wanted!r} in it"]
    return [f"it was read as {short(got)}, expected {word}"]


def _parse(subject: Subject, case: kinds.ParseCase) -> list[str]:
    connector = subject.make()
    inbound = case.given.inbound(subject.name, subject.cases.now)
    if isinstance(case.expect, dict):
        return _refused(case.expect, lambda: list(connector.parse(inbound)))
    return different_raws(case.expect, list(connector.parse(inbound)))


def _answer(subject: Subject, case: kinds.AnswerCase) -> list[str]:
    inbound = case.given.inbound(subject.name, subject.cases.now)
    return different_reply(case.expect, subject.make().answer(inbound, case.made()))


def _complete(subject: Subject, case: kinds.CompleteCase) -> list[str]:
    wire = Dialogue(case.http)

    async def work() -> Any:
        async with client(wire) as http:
            return await subject.make().complete(case.made(), http)

    if _is_refusal(case.expect):
        return _refused(case.expect, lambda: now(work())) + wire.left()
    return different_raw(case.expect, now(work())) + wire.left()


def _is_refusal(expect: Mapping[str, Any]) -> bool:
    return bool(expect.keys() & {"bad_input", "retry", "misconfigured"})


def _fetch(subject: Subject, case: kinds.FetchCase) -> list[str]:
    wire = Dialogue(case.http)

    async def work() -> list[Any]:
        async with client(wire) as http:
            return [page async for page in subject.make().fetch(case.cursor, http)]

    if isinstance(case.expect, dict):
        return _refused(case.expect, lambda: now(work())) + wire.left()
    pages = now(work())
    said = different("the number of pages", len(pages), len(case.expect))
    pairs = enumerate(zip(case.expect, pages, strict=False), 1)
    said += [f"page {at}: {one}" for at, (wanted, page) in pairs for one in different_page(wanted, page)]
    return said + wire.left()


def _count(subject: Subject, case: kinds.CountCase) -> list[str]:
    wire = Dialogue(case.http)

    async def work() -> int | None:
        async with client(wire) as http:
            found: int | None = await subject.make().count(case.since, case.until, http)
            return found

    return different("the number", now(work()), case.expect) + wire.left()


def _read(subject: Subject, case: kinds.ReadCase) -> list[str]:
    connector = subject.make()
    with empty_folder() as folder:
        path = case.file.write(folder)
        if isinstance(case.expect, dict):
            return _refused(case.expect, lambda: list(connector.read(path)))
        return different_raws(case.expect, list(connector.read(path)))


RUNNERS: Mapping[str, Callable[[Subject, Any], list[str]]] = MappingProxyType(
    {
        "request": _request, "response": _response, "token": _token, "find": _find, "found": _found, "send": _send,
        "ping": buyers.run_ping, "bid": buyers.run_bid,
        "erase": _erase, "news": _news, "heard": _heard,
        "verify": _verify, "handshake": _handshake, "parse": _parse, "answer": _answer, "complete": _complete,
        "fetch": _fetch, "count": _count, "read": _read,
    }
)  # fmt: skip
"""How each kind of case is run."""
