"""Checks of sinks that bid: a ping is pure and names nobody, and any answer to it is a bid, none, or trouble."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from hub.errors import Misconfigured, Retry, Unclear
from hub.families.buyer import BuyerSink
from hub.fields import to_json
from hub.lead import Bid, Lead
from hub.outgoing.caller import guarded
from hub.sink import Sink
from hub.testing import cases as kinds
from hub.testing.compare import different, different_request, short
from hub.testing.contract.samples import BAREST, FULLEST, hostile_leads, odd_answers
from hub.testing.contract.subject import Failed, Subject

TOKEN = "kit-token"
PERSON = FULLEST.with_fields(
    full_name="Mei Qiuyue Lin", first_name="Mei", last_name="Lin", email="mei.lin@example.com", phone="+12025550143",
    city="call Qiuyue", interest="mei.lin@example.com", industry="202-555-0143", employees="2025550143",
    region="Lin", postcode="2025550143",
)  # fmt: skip
TELLING = ("qiuyue", "mei.lin", "2025550143", "555-0143", '"lin"')


def check_ping_is_pure(subject: Subject) -> None:
    """The same lead gives the same ping, with our token in it."""
    for lead in (BAREST, FULLEST, *hostile_leads()):
        one, other = (_ping(subject.make(), lead) for _ in (1, 2))
        if one != other:
            raise Failed("The same lead gives different pings. Make them of what is told and the token alone.")
        if TOKEN not in _written(one):
            raise Failed("The ping does not carry the token. Without it nobody can tell what the post was asked by.")


def check_ping_names_nobody(subject: Subject) -> None:
    """A ping has nothing of the person, also where a hostile form put it into other fields."""
    said = _written(_ping(subject.make(), PERSON)).casefold()
    found = [word for word in TELLING if word in said]
    if found:
        raise Failed(f"The ping tells {found[0]!r}. Tell only what `about` has.")


def check_any_answer_to_a_ping_is_understood(subject: Subject) -> None:
    """Odd answers to a ping give a bid, no bid, or trouble that is ours."""
    connector: Any = subject.make()
    for answer in odd_answers():
        try:
            judged = connector.judge(answer)
            said = guarded(partial(connector.bid, judged), judged) if judged is answer else None
        except (Retry, Unclear, Misconfigured):
            continue
        if said is not None and not isinstance(said, Bid):
            raise Failed(f"An answer {answer.status} {answer.excerpt(80)} gave {short(said)}. Return a Bid or None.")


def buyer_checks(cls: type[Sink]) -> tuple[Callable[[Subject], None], ...]:
    """Return the checks for a sink of this class, when it bids."""
    if not issubclass(cls, BuyerSink):
        return ()
    return check_ping_is_pure, check_ping_names_nobody, check_any_answer_to_a_ping_is_understood


def run_ping(subject: Subject, case: kinds.RequestCase) -> list[str]:
    """Run a case of kind ping."""
    connector: Any = subject.make()
    return different_request(case.expect, _ping(connector, case.made()[0]).at(connector.config.base_url))


def run_bid(subject: Subject, case: kinds.FoundCase) -> list[str]:
    """Run a case of kind bid: price, currency, ref and until of what is expected are compared."""
    connector: Any = subject.make()
    got = connector.bid(case.given.response())
    if got is None or case.expect is None:
        return different("the bid", got, case.expect)
    held = got.model_dump(mode="json")
    return [said for name, wanted in case.expect.items() for said in different(name, held.get(name), wanted)]


def _ping(connector: Any, lead: Lead) -> Any:
    return connector.ping(connector.about(lead, "web_form"), TOKEN)


def _written(request: Any) -> str:
    parts = (request.url, dict(request.params), dict(request.headers), request.json, request.form)
    return to_json(parts).decode() + (request.content or b"").decode("utf-8", "replace")
