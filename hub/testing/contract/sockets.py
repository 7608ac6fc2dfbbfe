"""Checks of steps, enrichers, assignment strategies and mapping functions, and their cases."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import httpx
from pydantic import ValidationError

from hub.errors import ConfigError, LeadhubError
from hub.lead import Lead
from hub.roster import Candidate, Choice, Figures
from hub.settings import TeamSettings
from hub.step import Socket, Step, Stop, Work
from hub.testing import cases as kinds
from hub.testing.compare import different, plain, short
from hub.testing.context import TrialContext, trial_work
from hub.testing.contract.cases_run import now
from hub.testing.contract.models import weighs_any_way
from hub.testing.contract.samples import BAREST, FULLEST, HOSTILE_TEXTS, hostile_leads
from hub.testing.contract.subject import Check, Failed, Plug
from hub.testing.wire import Dialogue, client

KIND_OF = {"enricher": "enrich", "strategy": "assign", "mapping_function": "function"}

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
_TEAM = TeamSettings.model_validate({"members": [{"name": "ann"}, {"name": "bo", "weight": 2}, {"name": "cy"}]})
_FREE = (
    Candidate("ann", figures=Figures(received=5, entitled=4.5, today=1, open=3, won=1, closed=4)),
    Candidate("bo", 2.0, ({"language": ("zh",)},), Figures(received=9, entitled=9.5, open=2)),
    Candidate("cy"),
)
_ROUNDING = 1e-6


def checks_of_thing(plug: Plug, thing: Step | Socket) -> Iterator[Check]:
    """Yield what must hold for a step or socket of a file."""
    yield Check(thing.name, "is_named_and_described", partial(_described, thing))
    if isinstance(thing, Socket) and thing.kind == "attribution_model":
        yield Check(thing.name, "weighs_any_way", partial(weighs_any_way, thing))
        return
    kind = "step" if isinstance(thing, Step) else KIND_OF[thing.kind]
    yield Check(thing.name, _CHECKS[kind][0], partial(_CHECKS[kind][1], plug, thing))
    path = plug.cases_path(thing.name)
    if not path.is_file():
        yield Check(thing.name, "has_cases", partial(_no_cases, path.name, plug.path.name), advice=True)
        return
    try:
        cases = kinds.load(path)
    except ConfigError as error:
        yield Check(thing.name, "has_cases", partial(_fail, str(error)))
        return
    yield Check(thing.name, "has_cases", partial(_has_kind, cases, kind, path.name), advice=True)
    for case in getattr(cases, kind):
        yield Check(thing.name, f"{kind} should {case.should}", partial(_run, plug, thing, kind, case))


def _fail(said: str) -> None:
    raise Failed(said)


def _no_cases(cases: str, file: str) -> None:
    raise Failed(f"{cases} is missing. Write it beside {file}.")


def _has_kind(cases: kinds.CaseFile, kind: str, name: str) -> None:
    if not getattr(cases, kind):
        raise Failed(f"{name} has no {kind} case.")


def _described(thing: Step | Socket) -> None:
    """Its name is lower snake case, its docstring a sentence, its options are described."""
    if not _NAME.fullmatch(thing.name):
        raise Failed(f"The name {thing.name!r} must be lower case letters, digits and _.")
    if not thing.doc.endswith("."):
        raise Failed(f"The function of {thing.name} needs a docstring whose first line is a sentence.")
    if isinstance(thing, Step):
        bare = [name for name, field in thing.options.model_fields.items() if not field.description]
        if bare:
            raise Failed(f"The options {', '.join(bare)} of {thing.name} have no description.")
        if thing.options.model_config.get("extra") != "forbid":
            raise Failed(f"The options of {thing.name} take unknown names. Derive them from Options.")


def _dead(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody answers", request=request)


def _core() -> list[Any]:
    """Return what the core registers; by name, as no import runs up the floors."""
    return list(importlib.import_module("hub.steps").hub_register())


async def _reached(plug: Plug, answering: Any, use: Callable[[TrialContext], Any], **more: Any) -> Any:
    async with client(answering) as http:
        found = use(TrialContext(http, [*_core(), *_own(plug)], **more))
        return await found if inspect.isawaitable(found) else found


def _own(plug: Plug) -> list[Any]:
    core = {(type(thing), thing.name) for thing in _core()}
    return [t for t in plug.things if isinstance(t, (Step, Socket)) and (type(t), t.name) not in core]


def _takes_any_lead(plug: Plug, thing: Step) -> None:
    """A step gives Work or Stop for the barest, the fullest and every hostile lead."""
    try:
        options = thing.options()
    except ValidationError:
        return  # it has options that must be given; its cases give them
    for lead in (BAREST, FULLEST, *hostile_leads()):
        what = f"the step for a lead with the text {short(lead.company, 40)}"
        got = _tried(plug, what, partial(_stepped, thing, lead, options), (LeadhubError,))
        if got is not None and not isinstance(got, (Work, Stop)):
            raise Failed(f"{what} gave {short(got)}. Return Work or Stop.")


def _stepped(thing: Step, lead: Lead, options: Any, ctx: TrialContext) -> Any:
    return thing.run(trial_work(lead), ctx, options)


def _finds_fields(plug: Plug, thing: Socket) -> None:
    """An enricher gives a mapping for any lead; when nobody answers it raises one of our errors or httpx's."""
    for lead in (BAREST, FULLEST, *hostile_leads()):
        what = f"the enricher for a lead with the text {short(lead.company, 40)}"
        got = _tried(plug, what, partial(thing.run, lead), (LeadhubError, httpx.HTTPError))
        if got is not None and not isinstance(got, Mapping):
            raise Failed(f"{what} gave {short(got)}. Return {{field: value}}.")


def _chooses_fairly(plug: Plug, thing: Socket) -> None:
    """A strategy chooses one of those who are free, the same one for the same figures, or nobody."""
    for free in (_FREE, _FREE[:1]):
        for lead in (BAREST, FULLEST, *hostile_leads()):
            what = f"the strategy for a lead with the text {short(lead.company, 40)}"
            first, second = (_tried(plug, what, partial(_chosen, thing, lead, free), ()) for _ in (1, 2))
            if not isinstance(first, Choice):
                raise Failed(f"{what} gave {short(first)}. Return a Choice.")
            if first.name is not None and first.name not in {one.name for one in free}:
                raise Failed(f"The strategy chose {first.name!r}, who is not among the candidates.")
            if first != second:
                raise Failed(f"The strategy chose {first.name!r} and then {second.name!r} on the same figures.")
            _has_whole_shares(first, free)


def _chosen(thing: Socket, lead: Lead, free: Sequence[Candidate], _ctx: TrialContext) -> Any:
    return thing.run(trial_work(lead), free, _TEAM)


def _has_whole_shares(choice: Choice, free: Sequence[Candidate]) -> None:
    """What is dealt by turns is shared out whole, among candidates."""
    if choice.shares is None:
        return
    strangers = sorted(set(choice.shares) - {one.name for one in free})
    if strangers or abs(sum(choice.shares.values()) - 1) > _ROUNDING or min(choice.shares.values()) < 0:
        raise Failed(f"`shares` is {short(dict(choice.shares))}. Give each candidate a part; the parts add up to 1.")


def _is_pure(_plug: Plug, thing: Socket) -> None:
    """A mapping function gives the same for the same value, and refuses with ValueError in words."""
    for value in (*HOSTILE_TEXTS, None, 7, 1.5, True, [], ["a"], {}, {"a": 1}):
        said = []
        for _ in (1, 2):
            try:
                said.append(short(thing.run(value)))
            except ValueError as error:
                said.append(str(error))
            except Exception as error:
                raise Failed(
                    f"{short(value, 60)} raised {type(error).__name__}. Raise ValueError with the reason."
                ) from error
        if said[0] != said[1]:
            raise Failed(f"{short(value, 60)} gives {said[0]} and then {said[1]}.")


_CHECKS: Mapping[str, tuple[str, Callable[[Plug, Any], None]]] = MappingProxyType(
    {
        "step": ("takes_any_lead", _takes_any_lead),
        "enrich": ("finds_fields_of_any_lead", _finds_fields),
        "assign": ("chooses_fairly", _chooses_fairly),
        "function": ("is_pure", _is_pure),
    }
)


def _tried(plug: Plug, what: str, use: Callable[[TrialContext], Any], fine: tuple[Any, ...], **more: Any) -> Any:
    try:
        return now(_reached(plug, _dead, use, **more))
    except fine:
        return None
    except Exception as error:
        raise Failed(f"{what} raised {type(error).__name__}: {short(str(error))}.") from error


def _run(plug: Plug, thing: Any, kind: str, case: Any) -> None:
    wire = Dialogue(getattr(case, "http", ()))
    try:
        said = _RUN[kind](plug, thing, case, wire) + wire.left()
    except Exception as error:
        raise Failed(f"It raised {type(error).__name__}: {short(str(error))}") from error
    if said:
        raise Failed(f"It should {case.should}, but {'; '.join(said)}.")


def _step(plug: Plug, thing: Step, case: kinds.StepCase, wire: Dialogue) -> list[str]:
    work, options = trial_work(Lead.model_validate(case.lead)), thing.options.model_validate(case.options)
    got = now(_reached(plug, wire, lambda ctx: thing.run(work, ctx, options)))
    stop = got if isinstance(got, Stop) else None
    said = different("the end", stop.status if stop else None, case.expect.get("stop"))
    if stop and "reason" in case.expect and case.expect["reason"] not in stop.reason:
        said.append(f"the reason is {stop.reason!r}")
    after = stop.work if stop else got
    held = plain(after.lead.model_dump(mode="json"))
    for name, wanted in case.expect.get("lead", {}).items():
        said += different(f"lead.{name}", held.get(name), wanted)
    if "note" in case.expect:
        said += different("the note", plain(after.notes.get(thing.name)), case.expect["note"])
    return said


def _enrich(plug: Plug, thing: Socket, case: kinds.EnrichCase, wire: Dialogue) -> list[str]:
    lead = Lead.model_validate(case.lead)
    return different(
        "what was found", plain(dict(now(_reached(plug, wire, lambda ctx: thing.run(lead, ctx))))), case.expect
    )


def _assign(plug: Plug, thing: Socket, case: kinds.AssignCase, wire: Dialogue) -> list[str]:
    """Let the step of leadhub hand the lead to a team whose strategy this is."""
    team = TeamSettings.model_validate({**case.team, "strategy": thing.name})
    work = trial_work(Lead.model_validate(case.lead), assign="team")
    step = next(one for one in _core() if isinstance(one, Step) and one.name == "assign")
    got = now(_reached(plug, wire, lambda ctx: step.run(work, ctx, step.options()), given=case.given, team=team))
    return different("the owner", got.lead.owner, case.expect)


def _function(_plug: Plug, thing: Socket, case: kinds.FunctionCase, _wire: Dialogue) -> list[str]:
    return different("the value", thing.run(case.given), case.expect)


_RUN: Mapping[str, Callable[[Plug, Any, Any, Dialogue], list[str]]] = MappingProxyType(
    {"step": _step, "enrich": _enrich, "assign": _assign, "function": _function}
)
