"""What went together can be taken apart again, and a person can be taken out of everything."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadInput
from hub.lead import Lead, Touch, Value
from hub.settings.models import DEFAULT_STEPS
from hub.step import Identity, enricher
from hub.store.runs import Run
from hub.store.settle import settle
from hub.survivorship import fold, rebuild
from hub.testing.fakes import START
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink
from tests.core.looking import all_rows, lead_of, rows, same

ANN = {"id": "1", "full_name": "Ann Ng", "email": "ann@example.com", "utm_campaign": "spring"}
ANN_BY_PHONE = {"id": "2", "full_name": "Ann Ng", "phone": "138 0013 8000", "utm_campaign": "summer"}
BOTH = {"id": "3", "full_name": "Ann Ng", "email": "ann@example.com", "phone": "138 0013 8000", "title": "CEO"}


async def send(hub, data: dict[str, Any], clock) -> dict[str, Any]:
    """Hand a form over, a minute after the one before."""
    clock.turn(60)
    return (await post(hub, json.dumps(data))).json()


async def keys(hub, lead: str) -> set[tuple[str, bool]]:
    return {(row["key"], row["exact"]) for row in await rows(hub, "identity", lead=lead)}


async def touches(hub, lead: str) -> list[dict[str, Any]]:
    return [{**row, "lead": ""} for row in await rows(hub, "touch", lead=lead)]


async def test_a_submission_taken_out_again_leaves_both_leads_as_they_were(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    before, held, seen = (
        await lead_of(hub, first["lead"]),
        await keys(hub, first["lead"]),
        await touches(hub, first["lead"]),
    )
    second = await send(hub, {**BOTH, "utm_campaign": "autumn"}, clock)
    assert second["lead"] == first["lead"]

    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert same(await lead_of(hub, first["lead"]), before)
    assert await keys(hub, first["lead"]) == held
    assert await touches(hub, first["lead"]) == seen
    other = await lead_of(hub, taken)
    assert (other.phone, other.title, other.email) == ("+8613800138000", "CEO", "ann@example.com")
    assert ("phone:+8613800138000", True) in await keys(hub, taken)
    assert ("email:ann@example.com", True) not in await keys(hub, taken)  # it stays with who had it first
    assert [row["campaign"] for row in await touches(hub, taken)] == ["autumn"]
    assert (other.touch.utm_campaign, other.first_touch.utm_campaign) == ("autumn", "autumn")
    assert {row["lead"] for row in await rows(hub, "submission", id=second["submission"])} == {taken}
    assert [row["undone_at"] for row in await all_rows(hub, "lead_merge")] == [clock.now()]


async def test_after_it_was_taken_out_the_next_form_goes_to_the_lead_whose_key_it_has(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    second = await send(hub, BOTH, clock)
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert (await send(hub, {**ANN, "id": "8"}, clock))["lead"] == first["lead"]
    assert (await send(hub, {**ANN_BY_PHONE, "id": "9"}, clock))["lead"] == taken


async def test_blocking_keys_that_both_give_are_held_by_both(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, {**ANN, "company": "Acme Ltd"}, clock)
    second = await send(hub, {**BOTH, "company": "Acme Ltd"}, clock)
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    shared = {key for key, exact in await keys(hub, first["lead"]) if not exact}
    assert shared
    assert shared <= {key for key, exact in await keys(hub, taken) if not exact}


async def test_the_first_submission_can_be_taken_out_too(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    await send(hub, BOTH, clock)
    taken = await hub.lineage.unmerge(first["lead"], submission=first["submission"])
    assert (await lead_of(hub, first["lead"])).title == "CEO"
    assert (await lead_of(hub, taken)).title is None
    assert (await lead_of(hub, taken)).submitted_at == START + timedelta(minutes=1)


async def joined(make_hub: MakeHub, clock):
    """Return a hub where a third form showed that two leads are one, the survivor's id, and both as they were."""
    hub = await make_hub()
    one = (await send(hub, ANN, clock))["lead"]
    two = (await send(hub, ANN_BY_PHONE, clock))["lead"]
    assert one != two
    await settled(hub)
    as_it_was = {id_: (await lead_of(hub, id_), await keys(hub, id_), await touches(hub, id_)) for id_ in (one, two)}
    said = await send(hub, BOTH, clock)
    await settled(hub)
    assert said["lead"] == one
    return hub, one, two, as_it_was


async def test_a_form_with_both_keys_joins_two_leads(make_hub: MakeHub, clock):
    hub, one, two, _ = await joined(make_hub, clock)
    lead = await lead_of(hub, one)
    assert (lead.email, lead.phone, lead.title, lead.version) == ("ann@example.com", "+8613800138000", "CEO", 2)
    assert await lead_of(hub, two) == lead  # the old id leads to the survivor
    (gone,) = await rows(hub, "lead", id=two)
    assert (gone["state"], gone["merged_into"]) == ("merged", one)
    assert await keys(hub, two) == set()
    assert len(await touches(hub, one)) == 3
    assert (lead.first_touch.utm_campaign, len(await rows(hub, "event", kind="lead.joined"))) == ("spring", 1)


async def test_a_join_is_undone_with_everything_that_came_along(make_hub: MakeHub, clock):
    hub, one, two, as_it_was = await joined(make_hub, clock)
    assert await hub.lineage.unmerge(one, other=two) == two
    before, held, seen = as_it_was[two]
    assert same(await lead_of(hub, two), before)
    assert await keys(hub, two) == held
    assert await touches(hub, two) == seen
    survivor = await lead_of(hub, one)
    assert (survivor.id, survivor.email, survivor.title) == (one, "ann@example.com", "CEO")
    assert as_it_was[one][1] <= await keys(hub, one)
    assert ("phone:+8613800138000", True) not in await keys(hub, one)
    assert [row["campaign"] for row in await touches(hub, one)] == ["spring", None]
    (row,) = await rows(hub, "lead", id=two)
    assert (row["state"], row["merged_into"]) == ("open", None)


async def test_a_join_can_be_undone_once(make_hub: MakeHub, clock):
    hub, one, two, _ = await joined(make_hub, clock)
    await hub.lineage.unmerge(one, other=two)
    with pytest.raises(BadInput, match="Name one submission"):
        await hub.lineage.unmerge(one, other=two)


async def test_an_undone_import_that_had_joined_two_leads_takes_them_apart_again(make_hub: MakeHub, clock, tmp_path):
    config = one_sink("updating_sink").replace("sources: {", "sources: {list: {connector: list_file}, ")
    hub = await make_hub(config.replace("from: [website]", "from: [website, list]"))
    one = (await send(hub, ANN, clock))["lead"]
    two = (await send(hub, ANN_BY_PHONE, clock))["lead"]
    as_it_was = {id_: await lead_of(hub, id_) for id_ in (one, two)}
    clock.turn(60)
    (tmp_path / "list.csv").write_text("full name,email,phone\nAnn Ng,ann@example.com,138 0013 8000\n")
    done = await hub.imports.import_file(tmp_path / "list.csv", "list")
    assert (await lead_of(hub, two)).id == one
    await hub.lineage.undo_import(done.id)
    assert same(await lead_of(hub, one), as_it_was[one])
    assert same(await lead_of(hub, two), as_it_was[two])


@pytest.mark.parametrize(
    ("lead", "what", "status"),
    [
        ("lead_nonsense", {"submission": "sub_000001"}, 404),
        ("lead_000001", {"submission": "sub_000001"}, 422),
        ("lead_000001", {"submission": "sub_nonsense"}, 422),
        ("lead_000001", {"other": "lead_nonsense"}, 422),
    ],
)
async def test_only_what_went_in_can_be_taken_out(make_hub: MakeHub, clock, lead, what, status):
    hub = await make_hub()
    await send(hub, ANN, clock)
    with pytest.raises(BadInput) as refused:
        await hub.lineage.unmerge(lead, **what)
    assert refused.value.status == status


async def test_what_a_refused_duplicate_said_is_not_in_the_lead_it_belongs_to(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink().replace("open_source}", "open_source, dedupe: {policy: reject}}"))
    first = await send(hub, ANN, clock)
    refused = await send(hub, BOTH, clock)
    assert (refused["status"], refused["lead"]) == ("rejected", first["lead"])
    with pytest.raises(BadInput):
        await hub.lineage.unmerge(first["lead"], submission=refused["submission"])
    assert (await lead_of(hub, first["lead"])).title is None


async def test_taking_apart_is_told_once(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    second = await send(hub, BOTH, clock)
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    await hub.flush()
    (event,) = await rows(hub, "event", kind="lead.unmerged")
    assert (event["lead"], event["submission"], event["data"]) == (first["lead"], second["submission"], {"into": taken})


async def test_leads_made_and_joined_in_one_batch_are_joined(make_hub: MakeHub):
    """Several processes may overtake each other: then one batch is decided again in turn, and holds all three."""
    hub = await make_hub()
    now = hub.clock.now()

    def run(number: int, lead: Lead, *keys: str, **more: Any) -> Run:
        identities = tuple(Identity(key) for key in keys)
        return Run(f"sub_{number}", "website", "inbound", "accepted", now, lead=lead, identities=identities, **more)

    one, two = Lead(id="lead_a", source="website"), Lead(id="lead_b", source="website")
    both = run(3, one.with_fields(version=2), "email:a", "phone:b", base_version=1, joined=("lead_b",))
    settled_runs = await hub.db.write(settle, [run(1, one, "email:a"), run(2, two, "phone:b"), both])
    assert [result.outcome for result in settled_runs] == ["stored"] * 3
    assert {(row["id"], row["state"], row["merged_into"]) for row in await all_rows(hub, "lead")} == {
        ("lead_a", "open", None),
        ("lead_b", "merged", "lead_a"),
    }
    assert {(row["key"], row["lead"]) for row in await all_rows(hub, "identity")} == {
        ("email:a", "lead_a"),
        ("phone:b", "lead_a"),
    }


async def test_a_delivery_still_owed_for_a_joined_lead_does_not_reach_a_sink_twice(make_hub: MakeHub, clock):
    hub = await make_hub()
    await hub.dispatcher.pause("crm", "for this test")
    one = (await send(hub, ANN, clock))["lead"]
    await send(hub, ANN_BY_PHONE, clock)
    await send(hub, BOTH, clock)
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert [(lead.id, lead.title) for lead in hub.plan.sinks["crm"].sent] == [(one, "CEO")]


async def test_what_a_joined_lead_was_owed_is_owed_again_when_the_join_is_undone(make_hub: MakeHub, clock):
    hub = await make_hub()
    await hub.dispatcher.pause("crm", "for this test")
    one = (await send(hub, ANN, clock))["lead"]
    two = (await send(hub, ANN_BY_PHONE, clock))["lead"]
    await send(hub, BOTH, clock)
    await hub.lineage.unmerge(one, other=two)
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert {lead.id for lead in hub.plan.sinks["crm"].sent} == {one, two}


SCORED = {"score": 40.0, "grade": "C"}  # e-mail, its own domain, and the company that the domain hints at


async def worth(hub, lead: str) -> dict[str, Any]:
    """Return the score and grade of a lead as lists and searches see them."""
    (row,) = await rows(hub, "lead", id=lead)
    found = await lead_of(hub, lead)
    assert (row["score"], row["grade"]) == (found.score, found.grade)
    return {"score": found.score, "grade": found.grade}


async def test_leads_taken_apart_are_worth_what_each_says_by_itself(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    assert await worth(hub, first["lead"]) == SCORED
    second = await send(hub, BOTH, clock)
    assert (await worth(hub, first["lead"]))["grade"] == "A"
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert await worth(hub, first["lead"]) == SCORED
    assert await worth(hub, taken) == {"score": 80.0, "grade": "A"}
    other = await lead_of(hub, taken)
    assert (other.company, other.country, other.extra["email_free"]) == ("Example", "CN", False)
    assert {row["flow"] for row in await all_rows(hub, "lead")} == {"inbound"}


async def test_an_undone_join_gives_both_leads_their_worth_back(make_hub: MakeHub, clock):
    hub, one, two, as_it_was = await joined(make_hub, clock)
    await hub.lineage.unmerge(one, other=two)
    before = as_it_was[two][0]
    assert await worth(hub, two) == {"score": before.score, "grade": before.grade}
    await hub.lineage.unmerge(one, submission="sub_000003")
    before = as_it_was[one][0]
    assert same(await lead_of(hub, one), before)
    assert await worth(hub, one) == {"score": before.score, "grade": before.grade}


async def test_what_was_found_stays_with_the_submission_it_was_found_for(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    await send(hub, {**ANN, "id": "7", "message": "call me"}, clock)
    before = await lead_of(hub, first["lead"])
    third = await send(hub, BOTH, clock)
    await hub.lineage.unmerge(first["lead"], submission=third["submission"])
    after = await lead_of(hub, first["lead"])
    assert same(after, before)
    assert (after.score, after.grade) == (before.score, before.grade)
    assert after.values["company"].submission == first["submission"]


async def test_a_grade_that_validation_took_is_not_given_back(make_hub: MakeHub, clock):
    hub = await make_hub()
    thrown = {**ANN, "email": "ann@mailinator.com", "company": "Acme", "phone": "138 0013 8000"}
    first = await send(hub, thrown, clock)
    before = await worth(hub, first["lead"])
    second = await send(hub, {**BOTH, "email": "ann@mailinator.com"}, clock)
    await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert await worth(hub, first["lead"]) == before == {"score": 50.0, "grade": "C"}


class Register:
    """A register of companies: knows the industry of one whose country is known, and may be down."""

    def __init__(self) -> None:
        self.down = False
        self.meanwhile: Any = None

    def enricher(self):
        @enricher("register")
        async def register(lead: Lead, _ctx) -> dict[str, Any]:
            if self.down:
                raise OSError("no answer")
            if self.meanwhile:
                await self.meanwhile()
            known = lead.company and lead.country
            return {"industry": f"{lead.company} of {lead.country}", "registered": True} if known else {}

        return register


async def with_register(make_hub: MakeHub, *, required: bool = False):
    """Return a hub that asks a register, and the register."""
    register = Register()
    options = "{use: [email_domain, phone_region, register]" + (", required: [register]}" if required else "}")
    steps = [f"enrich: {options}" if name == "enrich" else name for name in DEFAULT_STEPS]
    config = one_sink("updating_sink").replace("routes:", f"steps: [{', '.join(steps)}], routes:")
    return await make_hub(config, things=[register.enricher()]), register


async def test_what_was_found_by_what_left_is_not_known_any_more(make_hub: MakeHub, clock):
    hub, _ = await with_register(make_hub)
    first = await send(hub, {**ANN, "company": "Acme"}, clock)
    second = await send(hub, BOTH, clock)
    assert (await lead_of(hub, first["lead"])).industry == "Acme of CN"
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    one, other = await lead_of(hub, first["lead"]), await lead_of(hub, taken)
    assert (one.industry, one.country, "registered" in one.extra) == (None, None, False)
    assert (other.industry, other.country, other.extra["registered"]) == ("Example of CN", "CN", True)
    again = await hub.replays.replay(second["submission"])
    assert same(await lead_of(hub, again.lead), other)


async def test_what_was_found_is_kept_while_who_knew_it_is_down(make_hub: MakeHub, clock):
    hub, register = await with_register(make_hub)
    first = await send(hub, {**ANN, "company": "Acme", "phone": "138 0013 8000"}, clock)
    before = await lead_of(hub, first["lead"])
    second = await send(hub, {**ANN, "id": "7", "title": "CEO"}, clock)
    register.down = True
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    after = await lead_of(hub, first["lead"])
    assert same(after, before)
    assert (after.industry, after.extra["registered"]) == ("Acme of CN", True)
    assert (await lead_of(hub, taken)).industry is None


async def test_a_register_that_must_answer_and_does_not_keeps_no_lead_from_its_score(make_hub: MakeHub, clock):
    hub, register = await with_register(make_hub, required=True)
    first = await send(hub, ANN, clock)
    second = await send(hub, BOTH, clock)
    register.down = True
    await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert await worth(hub, first["lead"]) == SCORED
    assert {row["state"] for row in await all_rows(hub, "submission")} == {"done"}


async def test_a_form_that_comes_while_leads_are_taken_apart_is_not_lost(make_hub: MakeHub, clock):
    hub, register = await with_register(make_hub)
    first = await send(hub, ANN, clock)
    second = await send(hub, BOTH, clock)

    async def meanwhile() -> None:
        register.meanwhile = None
        await post(hub, json.dumps({**ANN, "id": "9", "message": "one more thing"}))

    register.meanwhile = meanwhile
    await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    lead = await lead_of(hub, first["lead"])
    assert (lead.message, lead.title, lead.score) == ("one more thing", None, SCORED["score"] + 10)


async def test_a_lead_that_changes_all_the_time_stays_as_it_is_and_the_log_says_so(make_hub: MakeHub, clock, caplog):
    hub, register = await with_register(make_hub)
    first = await send(hub, ANN, clock)
    second = await send(hub, BOTH, clock)

    async def meanwhile() -> None:
        await hub.db.write(_another_version)

    register.meanwhile = meanwhile
    await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert f"event=lead.stale lead={first['lead']} reason='it changed all the time'" in caplog.messages


def _another_version(*, session) -> None:
    session.execute(sa.text("UPDATE lead SET version = version + 1"))


async def test_taking_apart_changes_no_owner_no_turn_and_no_delivery(make_hub: MakeHub, clock):
    teams = "teams: {north: {members: [{name: li}, {name: wang}]}}\nflows:"
    config = one_sink("updating_sink").replace("flows:", teams).replace("to: [crm]", "to: [crm], assign: {team: north}")
    hub = await make_hub(config)
    first = await send(hub, ANN, clock)
    second = await send(hub, BOTH, clock)
    await settled(hub)
    before = await all_rows(hub, "delivery"), await all_rows(hub, "share"), len(await all_rows(hub, "decision"))
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    await settled(hub)
    after = await all_rows(hub, "delivery"), await all_rows(hub, "share"), len(await all_rows(hub, "decision"))
    assert after == before
    assert [(one.team, one.owner) for one in [await lead_of(hub, first["lead"]), await lead_of(hub, taken)]] == [
        ("north", "li"),
        (None, None),
    ]


async def test_a_lead_whose_source_has_no_flow_any_more_is_taken_apart_all_the_same(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink())
    first = await send(hub, ANN, clock)
    second = await send(hub, BOTH, clock)
    await settled(hub)
    await make_hub.stop(hub)
    hub = await make_hub(one_sink().replace("from: [website]", "from: []"))
    taken = await hub.lineage.unmerge(first["lead"], submission=second["submission"])
    assert (await lead_of(hub, taken)).title == "CEO"
    assert (await lead_of(hub, taken)).score is None


TIMES = [START + timedelta(hours=n) for n in range(4)]
FIELDS = ("email", "company", "title", "consent")


@st.composite
def said(draw: st.DrawFn, number: int) -> Lead:
    """Return what one submission says: some fields, valid or not, from one of three sources, at some time."""
    source, at = draw(st.sampled_from(["web", "list", "call"])), draw(st.sampled_from(TIMES))
    submission = f"sub_{number:03}"
    fields = draw(st.dictionaries(st.sampled_from(FIELDS[:3]), st.sampled_from("abc"), max_size=3))
    consent = draw(st.sampled_from([None, True, False]))
    plain: dict[str, Any] = {**fields, **({} if consent is None else {"consent": consent})}
    valid = {name: draw(st.sampled_from([None, True, False])) for name in plain}
    values = {n: Value(value=v, valid=valid[n], source=source, submission=submission, at=at) for n, v in plain.items()}
    touch = Touch(submission=submission, source=source, at=at)
    extra = draw(st.dictionaries(st.sampled_from("xy"), st.integers(0, 3)))
    return Lead(
        id="lead_1", source=source, submitted_at=at, values=values, touch=touch, first_touch=touch, extra=extra, **plain
    )


def trust(source: str) -> int:
    return {"web": 50, "list": 20}.get(source, 50)


@given(st.data(), st.integers(1, 6))
def test_folding_one_by_one_equals_rebuilding_from_the_parts(data, number):
    parts = [data.draw(said(n)) for n in range(number)]
    golden = parts[0]
    for part in parts[1:]:
        golden = fold(golden, part, trust)
    assert golden == rebuild(parts, trust)


@given(st.data(), st.integers(2, 6))
def test_the_fields_and_touches_of_a_lead_do_not_depend_on_the_order_its_parts_came_in(data, number):
    parts = [data.draw(said(n)) for n in range(number)]
    shuffled = data.draw(st.permutations(parts))
    one, other = rebuild(parts, trust), rebuild(shuffled, trust)
    for name in FIELDS:
        assert getattr(one, name) == getattr(other, name)
    assert one.values == other.values
    assert (one.touch, one.first_touch, one.submitted_at) == (other.touch, other.first_touch, other.submitted_at)


@given(st.data(), st.integers(2, 6))
def test_every_field_of_a_lead_comes_from_one_of_its_parts(data, number):
    parts = [data.draw(said(n)) for n in range(number)]
    golden = rebuild(parts, trust)
    for name in FIELDS:
        assert getattr(golden, name) in [getattr(part, name) for part in parts]
    given_names = {name for name in FIELDS for part in parts if getattr(part, name) is not None}
    assert {name for name in FIELDS if getattr(golden, name) is not None} == given_names
