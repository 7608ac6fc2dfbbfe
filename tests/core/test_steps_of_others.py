"""Steps of a workspace that hand on what no lead can hold: a person hears which step and which field it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hub.lead import Problem, Touch, Value
from hub.roster import Candidate, Choice
from hub.step import Options, Work, step, strategy
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person
from tests.core.looking import all_rows, lead_of

CONFIG = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: memory_sink}
flows:
  - name: inbound
    from: [website]
    steps: [map, normalize, validate, paint, dedupe, enrich, score, route, assign, deliver]
    routes: [{name: all, to: [crm]}]
"""


def paint(change: Any) -> Any:
    """Return a step that makes this change to the lead of the second person and lets the others pass."""

    @step("paint")
    async def painted(work: Work, ctx: Any, options: Options) -> Any:
        return change(work) if work.lead.full_name == "P 2" else work

    return painted


def lead_with(**fields: Any) -> Any:
    return lambda work: work.change(lead=work.lead.with_fields(**fields))


UNFIT = {
    "company": lead_with(company=5),
    "email": lead_with(email=b"p@example.com"),
    "title": lead_with(title=["CEO"]),
    "score": lead_with(score="high"),
    "consent": lead_with(consent="perhaps"),
    "compnay": lead_with(compnay="Acme"),
    "tags.size": lead_with(tags={"size": 5}),
    "extra": lead_with(extra=["a"]),
    "problems.0": lead_with(problems=("no good",)),
    "first_touch.tags.a": lead_with(first_touch=Touch().model_copy(update={"tags": {"a": 5}})),
    "candidate.city": lambda work: work.change(candidate=work.lead.with_fields(city=5)),
    "lead": lambda work: work.change(lead=None),
    "touch.fields.utm_source": lambda work: work.change(touch=Touch().model_copy(update={"fields": {"utm_source": 5}})),
}


@pytest.mark.parametrize("field", UNFIT)
async def test_a_step_that_gives_a_field_what_it_cannot_hold_ends_in_quarantine(make_hub: MakeHub, field: str):
    hub = await make_hub(CONFIG, things=[paint(UNFIT[field])])
    answers = [(await post(hub, person(number))).json() for number in (1, 2, 3)]
    await settled(hub)

    assert [said["status"] for said in answers] == ["accepted", "quarantined", "accepted"]
    (problem,) = answers[1]["problems"]
    assert (problem["code"], problem["field"]) == ("step_failed", field)
    assert 'Step "paint"' in problem["message"]
    assert f'"{field}"' in problem["message"]
    assert "p@example.com" not in problem["message"]
    assert [lead.full_name for lead in hub.plan.sinks["crm"].sent] == ["P 1", "P 3"]


@pytest.mark.parametrize("given", [None, "work", {"lead": 1}])
async def test_a_step_that_does_not_hand_the_work_on_ends_in_quarantine(make_hub: MakeHub, given: Any):
    hub = await make_hub(CONFIG, things=[paint(lambda work: given)])
    answers = [(await post(hub, person(number))).json() for number in (1, 2, 3)]

    assert [said["status"] for said in answers] == ["accepted", "quarantined", "accepted"]
    (problem,) = answers[1]["problems"]
    assert f'Step "paint" returned {type(given).__name__}' in problem["message"]


FIT = {
    "company": "Acme",
    "consent": True,
    "score": 5,
    "extra": {"a": [1, None]},
    "problems": (Problem(field="", code="x", message="X."),),
    "values": {"company": Value(raw=5, value="5")},
    "title": None,
}


async def test_a_step_may_change_every_kind_of_field_and_the_lead_is_loaded_as_it_was_stored(make_hub: MakeHub):
    hub = await make_hub(CONFIG, things=[paint(lead_with(**FIT))])
    said = (await post(hub, person(2))).json()

    assert said["status"] == "accepted"
    lead = await lead_of(hub, said["lead"])
    assert (lead.company, lead.consent, lead.extra["a"]) == ("Acme", True, [1, None])


async def test_a_submission_that_a_mended_step_is_replayed_through_becomes_a_lead(make_hub: MakeHub):
    hub = await make_hub(CONFIG, things=[paint(UNFIT["company"])])
    said = (await post(hub, person(2))).json()
    await make_hub.stop(hub)
    hub = await make_hub(CONFIG, things=[paint(lead_with(company="Acme"))])

    await hub.replays.replay(said["submission"])

    (lead,) = await all_rows(hub, "lead")
    assert lead["company"] == "Acme"


@strategy("lottery")
def lottery(work: Work, free: Sequence[Candidate], settings: Any) -> Choice:
    """Draw a candidate instead of a candidate's name."""
    return Choice(free[0])  # type: ignore[arg-type]


async def test_a_strategy_that_names_nobody_by_name_ends_in_quarantine(make_hub: MakeHub):
    teams = "teams: {north: {strategy: lottery, members: [{name: ann}]}}\n"
    config = CONFIG.replace("steps: [map, normalize, validate, paint,", "steps: [map, normalize, validate,")
    hub = await make_hub(teams + config.replace("to: [crm]", "assign: {team: north}, to: [crm]"), things=[lottery])
    said = (await post(hub, person(1))).json()

    assert said["status"] == "quarantined"
    assert [(problem["code"], problem["field"]) for problem in said["problems"]] == [("step_failed", "")]
