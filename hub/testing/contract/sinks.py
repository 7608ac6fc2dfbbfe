"""Checks of sinks: pure requests, every lead, every answer, and what happens when the line breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import httpx

from hub.errors import Misconfigured, Retry, Unclear
from hub.families.person_first import PersonFirst
from hub.http import Request, Response
from hub.lead import Delivery, Lead, Rejected, Sent
from hub.outgoing.caller import Caller
from hub.sink import HttpBatchSink, HttpSink, Sink, Token
from hub.testing.compare import outcome_words, short
from hub.testing.contract.cases_run import TROUBLE, now
from hub.testing.contract.samples import BAREST, FULLEST, hostile_leads, mutations, odd_answers
from hub.testing.contract.subject import Failed, Subject, empty_folder
from hub.testing.stillness import stillness
from hub.testing.wire import Answering, client

OUTCOMES = (Sent, Rejected, *TROUBLE)
KEY = "0b5cd6e4-6a1a-5a3e-8f70-0d6f0c2f5d11"


def check_request_is_pure(subject: Subject) -> None:
    """The same lead gives the same request, from any instance; the lead is untouched and nothing is done."""
    for lead in (*_case_leads(subject), BAREST, FULLEST):
        before = lead.model_dump()
        with stillness() as tried:
            made = [_request(connector, lead) for connector in (subject.make(), subject.make()) for _ in (1, 2)]
        if tried:
            raise Failed(f"Making a request {', '.join(tried)}. It only describes what is to be sent.")
        if any(request != made[0] for request in made):
            raise Failed(
                "The same lead gives different requests. Take ids from lead.delivery.key, times from self.clock."
            )
        if lead.model_dump() != before:
            raise Failed("Making a request changes the lead. Copy what you change.")


def check_request_goes_to_a_web_address(subject: Subject) -> None:
    """Every request has a method and an absolute http address."""
    connector = subject.make()
    for lead in (*_case_leads(subject), BAREST, FULLEST):
        request = _request(connector, lead)
        if request is None:
            continue
        address = httpx.URL(request.at(connector.config.base_url).url)
        if address.scheme not in ("http", "https") or not address.host:
            raise Failed(f"The request goes to {short(str(address))}, which is no web address.")
        if not request.method.isupper():
            raise Failed(f"The method is {request.method!r}. Write it in capitals.")


def check_takes_the_barest_lead(subject: Subject) -> None:
    """A lead that has nothing gives a request, or is refused with a reason; nothing is raised."""
    _try(subject, [BAREST], "a lead that has nothing")


def check_takes_hostile_leads(subject: Subject) -> None:
    """Emoji, right-to-left marks, quotes, 10,000 characters, control characters and formulas raise nothing."""
    for lead in hostile_leads():
        _try(subject, [lead], f"a lead with the text {short(lead.company or '', 40)}")


def _try(subject: Subject, leads: Sequence[Lead], what: str) -> None:
    with empty_folder():
        said = outcomes(subject.make(), leads, lambda _request: httpx.Response(200, json={}), what)
    _ours(said, what)


def check_any_answer_becomes_an_outcome(subject: Subject) -> None:
    """Statuses 200 to 599 with odd bodies give outcomes and nothing else."""
    connector: Any = subject.make()
    batch = isinstance(connector, HttpBatchSink)
    leads = [Lead(id="lead_1"), Lead(id="lead_2")] if batch else []
    for answer in (*odd_answers(), *_bent(case.given.response() for case in subject.cases.response)):
        what = f"an answer {answer.status} {answer.excerpt(80)}"
        try:
            got = connector.outcome(answer, leads) if batch else [connector.outcome(answer)]
        except TROUBLE as error:
            got = [error]
        except Exception as error:
            raise Failed(f"{what} raised {type(error).__name__}: {short(str(error))}.") from error
        _ours(got, what)


def _bent(answers: Iterable[Response]) -> Iterator[Response]:
    for answer in answers:
        yield from (Response(answer.status, answer.headers, body) for body in mutations(answer.content))


def check_no_connection_means_try_again(subject: Subject) -> None:
    """When no connection was made, nothing was sent: Retry."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    connector = subject.make()
    said = outcomes(connector, [_wanted(subject, connector)], refuse, "a refused connection")
    if not all(isinstance(one, Retry) for one in said):
        raise Failed(f"A refused connection gave {outcome_words(said[0])}. Nothing was sent, so it is Retry.")


def check_no_answer_means_unclear(subject: Subject) -> None:
    """When the answer never came, the lead may have arrived: Unclear, or Retry where a repeat is forgiven."""

    def wait(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    connector = subject.make()
    # a search for the person has written nothing yet; without address and number there is nothing to search by
    known = _wanted(subject, connector)
    lead = known.with_fields(email=None, phone=None) if isinstance(connector, PersonFirst) else known
    said = outcomes(connector, [lead], wait, "a missing answer")
    fine = (Unclear, Retry) if connector.repeatable else (Unclear,)
    if not all(isinstance(one, fine) for one in said):
        raise Failed(f"A missing answer gave {outcome_words(said[0])}. The lead may have arrived, so it is Unclear.")


def check_key_is_equal_on_every_attempt(subject: Subject) -> None:
    """The key that tells a repeat is the delivery's, whichever attempt it is."""
    connector = subject.make()
    name = getattr(connector, "idempotency_header", None)
    if not name:
        return
    keys: list[str | None] = []

    def keep(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers.get(name))
        return httpx.Response(503)

    for attempt in (1, 2, 3):
        outcomes(connector, [FULLEST.with_fields(delivery=Delivery(key=KEY, attempt=attempt))], keep, "a send")
    if set(keys) != {KEY}:
        raise Failed(f"The header {name} is {short(keys)} on three attempts. It must be lead.delivery.key on each.")


def check_searches_without_stumbling(subject: Subject) -> None:
    """A search after an ambiguous send says Sent or None, or raises Retry or Misconfigured, whatever comes back."""
    connector = subject.make()
    if not connector.searchable:
        return
    for status, body in ((s, b) for s in (200, 400, 404, 500) for b in (b"", b"<html>", b"{}", b"[]", b'{"data": 1}')):
        what = f"a search answered {status} {body!r}"
        try:
            got = now(_looked(connector, lambda _request, s=status, b=body: httpx.Response(s, content=b)))  # type: ignore[misc]
        except (Retry, Misconfigured):
            continue
        except Exception as error:
            raise Failed(f"{what} raised {type(error).__name__}: {short(str(error))}.") from error
        if got is not None and not isinstance(got, Sent):
            raise Failed(f"{what} gave {short(got)}. It must be Sent or None.")


async def _looked(connector: Any, answering: Answering) -> Any:
    async with client(answering) as http:
        await hold_token(connector)
        return await connector.lookup(FULLEST, http)


def outcomes(connector: Any, leads: Sequence[Lead], answering: Answering, what: str) -> list[Any]:
    """Return what became of leads that were sent; trouble that is raised holds for all of them."""

    async def work() -> list[Any]:
        async with client(answering) as http:
            await hold_token(connector)
            return list(await connector.send(leads, http))

    try:
        said = now(work())
    except TROUBLE as error:
        return [error] * len(leads)
    except Exception as error:
        raise Failed(f"{what} raised {type(error).__name__}: {short(str(error))}.") from error
    if len(said) != len(leads):
        raise Failed(f"{what} gave {len(said)} outcomes for {len(leads)} leads.")
    return said


async def hold_token(connector: Any) -> None:
    """Give a connector that needs a token one, so that the request itself is what is looked at."""
    if isinstance(connector, Caller) and connector.wants_token:
        await connector._credential.current(_kit_token)


async def _kit_token() -> Token:
    return Token("kit-token", 3600.0)


def _ours(said: Iterable[Any], what: str) -> None:
    for one in said:
        if not isinstance(one, OUTCOMES):
            raise Failed(f"{what} gave {short(one)}. It must be Sent, Rejected, Retry, Unclear or Misconfigured.")


def _wanted(subject: Subject, connector: Any) -> Lead:
    """Return a lead that the sink takes: the fullest, or one of its cases where the fullest is not the vendor's."""
    leads = (FULLEST, *_case_leads(subject))
    return next((lead for lead in leads if connector.refuse(lead) is None), FULLEST)


def _case_leads(subject: Subject) -> list[Lead]:
    return [lead for case in (*subject.cases.request, *subject.cases.find) for lead in case.made()]


def _request(connector: Any, lead: Lead) -> Request | None:
    """Return the request for a lead; None when it is refused beforehand."""
    if connector.refuse(lead) is not None:
        return None
    made = connector.request([lead] if isinstance(connector, HttpBatchSink) else lead)
    if not isinstance(made, Request):
        raise Failed(f"`request` gave {short(made)}. Return a Request.")
    return made


def sink_checks(cls: type[Sink]) -> tuple[Callable[[Subject], None], ...]:
    """Return the checks for a sink of this class."""
    every = (check_takes_the_barest_lead, check_takes_hostile_leads)
    if not issubclass(cls, (HttpSink, HttpBatchSink)):
        return every
    return (
        *every, check_request_is_pure, check_request_goes_to_a_web_address, check_any_answer_becomes_an_outcome,
        check_no_connection_means_try_again, check_no_answer_means_unclear, check_key_is_equal_on_every_attempt,
        check_searches_without_stumbling,
    )  # fmt: skip
