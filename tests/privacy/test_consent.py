"""Consent is data: kept with what was shown, looked at before a sink is told, and taken back at any time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from hub import explain
from hub.app import Hub
from hub.consents import GIVEN, NO_CONSENT, UNKNOWN, WAS_WITHDRAWN, WITHDRAWN, Said, refusal, stated, wording_hash
from hub.errors import BadInput, Retry
from hub.lead import Lead, Touch, Value
from hub.store.audit import Actor
from hub.store.consent import fingerprint
from tests.api.calling import calling
from tests.conftest import BASIC, MakeHub, settled, until
from tests.core.inputs import one_sink
from tests.core.looking import rows
from tests.privacy.people import send

AT = datetime(2026, 5, 4, 8, tzinfo=UTC)
OWNER = Actor("local")
ANN = {"id": "1", "full_name": "Ann Ng", "email": "ann@example.com"}
AGREED = {**ANN, "consent": "yes", "consent_text": "You may call me."}
GATED = BASIC.replace("{connector: memory_sink}", "{connector: memory_sink, requires_consent: true}")


def said_of(hub: Hub, lead: str):
    return hub.privacy.consents.records(lead)


def states(records):
    return [(row["state"], row["channel"], row["recipient"]) for row in records]


@pytest.mark.parametrize(
    ("raw", "value", "state"),
    [("yes", True, GIVEN), ("no", False, WITHDRAWN), ("", False, UNKNOWN), ([], False, UNKNOWN), ("hm", None, UNKNOWN)],
)
def test_an_answer_is_given_withdrawn_or_unknown(raw, value, state):
    lead = Lead(consent=value, values={"consent": Value(raw=raw, value=value)})
    assert [row["state"] for row in stated(lead, Touch(), AT)] == [state]


@pytest.mark.parametrize(
    ("field", "channel", "recipient"),
    [
        ("consent_email", "email", ""), ("SMS opt-in", "sms", ""), ("opt_in_to_text", "sms", ""),
        ("consent_by_phone", "phone", ""), ("WeChat consent", "wechat", ""), ("同意短信联系", "sms", ""),
        ("consent_to_partner", "", "partner"),
    ],
)  # fmt: skip
def test_a_field_may_speak_of_one_channel_or_one_recipient(field, channel, recipient):
    (row,) = stated(Lead(extra={field: "yes"}), Touch(), AT)
    assert (row["state"], row["channel"], row["recipient"]) == (GIVEN, channel, recipient)


@pytest.mark.parametrize(
    "field", ["xxTrustedFormCertUrl", "trustedform_cert_url", "leadid_token", "universal_leadid", "Jornaya LeadiD"]
)
def test_a_certificate_is_kept_and_is_no_consent_by_itself(field):
    (row,) = stated(Lead(extra={field: "https://cert.trustedform.com/abc"}), Touch(), AT)
    assert (row["state"], row["certificate"]) == (UNKNOWN, "https://cert.trustedform.com/abc")


def test_a_submission_that_does_not_speak_of_consent_leaves_no_record():
    assert stated(Lead(email="a@example.com", extra={"colour": "red"}), Touch(), AT) == []


def test_a_wording_is_known_by_its_hash_whatever_its_blanks():
    assert wording_hash("I  agree\nto calls.") == wording_hash("I agree to calls.")
    assert wording_hash("I agree to calls.") != wording_hash("I agree to mails.")


def said(*every: tuple[str, str, str]) -> list[Said]:
    return [Said(state, AT + timedelta(days=day), channel, to) for day, (state, channel, to) in enumerate(every)]


@pytest.mark.parametrize(
    ("every", "required", "why"),
    [
        ([], None, None), ([], False, None), ([], True, NO_CONSENT), ([], ("sms",), NO_CONSENT),
        ([(GIVEN, "", "")], True, None), ([(GIVEN, "", "")], ("sms", "email"), None),
        ([(GIVEN, "email", "")], True, None), ([(GIVEN, "email", "")], ("email",), None),
        ([(GIVEN, "email", "")], ("email", "sms"), NO_CONSENT),
        ([(GIVEN, "", ""), (WITHDRAWN, "sms", "")], ("sms",), WAS_WITHDRAWN),
        ([(GIVEN, "", ""), (WITHDRAWN, "sms", "")], ("email",), None),
        ([(GIVEN, "sms", ""), (WITHDRAWN, "", "")], ("sms",), WAS_WITHDRAWN),
        ([(GIVEN, "", ""), (WITHDRAWN, "", "")], True, WAS_WITHDRAWN),
        ([(GIVEN, "", ""), (WITHDRAWN, "", ""), (GIVEN, "", "")], True, None),
        ([(GIVEN, "", ""), (UNKNOWN, "", "")], True, None),
        ([(GIVEN, "", "other")], True, NO_CONSENT), ([(GIVEN, "", "crm")], True, None),
        ([(GIVEN, "", ""), (WITHDRAWN, "", "crm")], True, WAS_WITHDRAWN),
        ([(GIVEN, "", "")], ("separate",), NO_CONSENT), ([(GIVEN, "", "crm")], ("separate",), None),
        ([(GIVEN, "", "crm"), (WITHDRAWN, "", "")], ("separate",), WAS_WITHDRAWN),
    ],
)  # fmt: skip
def test_a_sink_may_have_a_lead_when_the_last_word_for_it_was_yes(every, required, why):
    assert refusal(said(*every), "crm", required) == why


async def test_a_consent_is_kept_with_what_was_shown_when_and_where(make_hub: MakeHub, clock):
    hub = await make_hub()
    form = {**AGREED, "ip": "203.0.113.7", "user_agent": "Firefox", "page_url": "https://acme.example/demo",
            "form": "demo", "leadid_token": "0A1B"}  # fmt: skip
    first = await send(hub, form, clock)
    (row,) = await said_of(hub, first["lead"])
    assert {name: row[name] for name in ("state", "at", "submission", "source", "by")} == {
        "state": "given", "at": clock.now(), "submission": first["submission"], "source": "website", "by": "form",
    }  # fmt: skip
    assert (row["wording"], row["wording_hash"]) == ("You may call me.", wording_hash("You may call me."))
    assert (row["address"], row["user_agent"], row["page_url"]) == ("203.0.113.7", "Firefox", form["page_url"])
    assert (row["form"], row["certificate"], row["name"]) == ("demo", "0A1B", "Ann Ng")
    assert row["contact"] == "ann@example.com"


async def test_a_replay_keeps_no_second_record(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    before = await said_of(hub, first["lead"])
    await hub.replays.replay(first["submission"])
    assert await said_of(hub, first["lead"]) == before


async def test_records_survive_merges_joins_and_being_taken_apart(make_hub: MakeHub, clock):
    hub = await make_hub()
    one = await send(hub, AGREED, clock)
    two = await send(hub, {"id": "2", "full_name": "Ann Ng", "phone": "138 0013 8000", "consent": "no"}, clock)
    await hub.privacy.consents.withdraw(two["lead"], channel="sms", by=OWNER)
    await send(hub, {**ANN, "id": "3", "phone": "138 0013 8000"}, clock)
    kept = await said_of(hub, one["lead"])
    assert [row["state"] for row in kept] == ["given", "withdrawn", "withdrawn"]
    await hub.lineage.unmerge(one["lead"], other=two["lead"])
    assert states(await said_of(hub, two["lead"])) == [("withdrawn", "", ""), ("withdrawn", "sms", "")]
    assert states(await said_of(hub, one["lead"])) == [("given", "", ""), ("withdrawn", "sms", "")]


async def test_no_way_through_the_hub_changes_what_a_record_says(make_hub: MakeHub, clock):
    hub = await make_hub()
    one = await send(hub, AGREED, clock)
    (before,) = await said_of(hub, one["lead"])
    await send(hub, {**ANN, "id": "2", "consent": "no", "consent_text": "other words"}, clock)
    await hub.replays.replay(one["submission"])
    await hub.privacy.consents.withdraw(one["lead"], by=OWNER)
    assert (await said_of(hub, one["lead"]))[0] == before


async def test_a_sink_that_asks_for_a_consent_is_not_told_without_one(make_hub: MakeHub, clock):
    hub = await make_hub(GATED)
    first = await send(hub, ANN, clock)
    await settled(hub)
    assert [row["sink"] for row in await rows(hub, "delivery", lead=first["lead"])] == ["crm"]
    (decision,) = await rows(hub, "decision", lead=first["lead"])
    body = json.loads(decision["body"])
    assert {"sink": "chat", "why": NO_CONSENT} in body["steps"][-1]["skipped"]
    assert "  not to chat: there is no consent for it" in explain.trail(body, "en")
    assert "  不送往 chat：没有相应的同意" in explain.trail(body, "zh")


async def test_when_no_sink_may_have_it_the_sentence_says_so(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink(requires_consent="[sms]"))
    first = await send(hub, AGREED | {"consent": "no"}, clock)
    (decision,) = await rows(hub, "decision", lead=first["lead"])
    body = json.loads(decision["body"])
    assert explain.sentence(body, "en") == "Went nowhere: not to crm: the consent was withdrawn."
    assert explain.sentence(body, "zh") == "未送出：不送往 crm：同意已被撤回。"


async def test_with_a_consent_it_is_told_and_a_later_one_sends_it_after_all(make_hub: MakeHub, clock):
    hub = await make_hub(GATED)
    await send(hub, ANN, clock)
    await settled(hub)
    assert hub.plan.sinks["chat"].sent == []
    await send(hub, {**AGREED, "id": "2"}, clock)
    await settled(hub)
    assert [lead.email for lead in hub.plan.sinks["chat"].sent] == ["ann@example.com"]


async def test_what_an_earlier_submission_said_counts_for_a_later_one(make_hub: MakeHub, clock):
    hub = await make_hub(GATED.replace("memory_sink, req", "updating_sink, req"))
    await send(hub, AGREED, clock)
    await send(hub, {**ANN, "id": "2", "title": "CEO"}, clock)
    await settled(hub)
    assert {lead.title for lead in hub.plan.sinks["chat"].sent} >= {"CEO"}


async def test_a_withdrawal_stops_what_waits_and_explain_says_why(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("memory_sink", enabled="false"))
    first = await send(hub, AGREED, clock)
    done = await hub.privacy.consents.withdraw(first["lead"], by=OWNER)
    assert done["deliveries_stopped"] == 1
    (row,) = await rows(hub, "delivery", lead=first["lead"])
    assert (row["state"], row["reason"]) == ("superseded", WAS_WITHDRAWN)
    async with calling(hub) as http:
        english, chinese = [
            (await http.get(f"/api/leads/{first['lead']}/explain", params={"language": language})).json()["trail"]
            for language in ("en", "zh")
        ]
    assert "crm: stopped (the consent was withdrawn)" in english
    assert "crm：已停止（同意已被撤回）" in chinese


async def test_what_a_lane_holds_already_is_not_sent_after_a_withdrawal(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("waiting_sink"))
    sink = hub.plan.sinks["crm"]
    await send(hub, {**ANN, "id": "8", "email": "bo@example.com", "full_name": "Bo Li"}, clock)
    await until(lambda: sink.started)
    first = await send(hub, AGREED, clock)
    await hub.privacy.consents.withdraw(first["lead"], by=OWNER)
    sink.go.set()
    await settled(hub)
    assert [lead.email for lead in sink.sent] == ["bo@example.com"]
    (row,) = await rows(hub, "delivery", lead=first["lead"])
    assert (row["state"], row["reason"], row["attempts"]) == ("superseded", WAS_WITHDRAWN, 0)


async def test_a_retry_looks_again_and_is_not_made(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("memory_sink", requires_consent="true"))
    sink = hub.plan.sinks["crm"]
    sink.answer = lambda lead: Retry("busy")
    first = await send(hub, AGREED, clock)
    await settled(hub)
    assert len(sink.sent) == 1
    await send(hub, {**ANN, "id": "2", "consent": "no"}, clock)  # said by a form: what waits is looked at when due
    clock.turn(3600)
    await settled(hub)
    assert len(sink.sent) == 1
    states_ = {row["state"] for row in await rows(hub, "delivery", lead=first["lead"])}
    assert states_ == {"superseded"}


async def test_who_agrees_again_after_a_withdrawal_is_sent_where_it_was_stopped(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("memory_sink", requires_consent="true", enabled="false"))
    first = await send(hub, AGREED, clock)
    await hub.privacy.consents.withdraw(first["lead"], by=OWNER)
    await send(hub, {**AGREED, "id": "2"}, clock)
    found = [row["state"] for row in await rows(hub, "delivery", lead=first["lead"])]
    assert found == ["superseded", "ready"]


@pytest.mark.parametrize(
    ("setting", "withdrawal", "stopped"),
    [
        ("requires_consent: false", {}, 0), ("rate: 5", {}, 1), ("rate: 5", {"channel": "sms"}, 0),
        ("requires_consent: [sms]", {"channel": "sms"}, 1), ("requires_consent: [sms]", {"channel": "email"}, 0),
        ("rate: 5", {"recipient": "crm"}, 1),
    ],
)  # fmt: skip
async def test_a_withdrawal_stops_as_far_as_it_goes(make_hub: MakeHub, clock, setting, withdrawal, stopped):
    name, _, value = setting.partition(": ")
    hub = await make_hub(one_sink("memory_sink", enabled="false", **{name: value}))
    first = await send(hub, AGREED, clock)
    done = await hub.privacy.consents.withdraw(first["lead"], **withdrawal, by=OWNER)
    assert done["deliveries_stopped"] == stopped


async def test_a_withdrawal_leaves_one_entry_in_the_audit_log(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    await hub.privacy.consents.withdraw(first["lead"], by=OWNER)
    (entry,) = await rows(hub, "audit", what="consent.withdrawn")
    assert (entry["target"], entry["who"]) == (first["lead"], "local")
    assert len(await rows(hub, "event", kind="lead.withdrew")) == 1


async def test_a_channel_or_sink_nobody_knows_is_refused(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    with pytest.raises(BadInput, match="no channel"):
        await hub.privacy.consents.withdraw(first["lead"], channel="fax", by=OWNER)
    with pytest.raises(BadInput, match="no sink"):
        await hub.privacy.consents.withdraw(first["lead"], recipient="nowhere", by=OWNER)
    with pytest.raises(BadInput, match="no lead"):
        await hub.privacy.consents.withdraw("lead_404", by=OWNER)


async def test_a_look_at_a_link_takes_nothing_back_and_its_button_does(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    async with calling(hub) as http:
        made = (await http.post(f"/api/leads/{first['lead']}/unsubscribe-link", json={})).json()
        http.headers.pop("authorization", None)
        path = f"/unsubscribe/{made['token']}"
        page = await http.get(path, headers={"accept-language": "zh-CN"})
        assert (page.status_code, "退订" in page.text) == (200, True)
        assert states(await said_of(hub, first["lead"])) == [("given", "", "")]
        assert (await http.post(path, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    after = await said_of(hub, first["lead"])
    assert (after[-1]["state"], after[-1]["by"]) == ("withdrawn", "anonymous")


async def test_a_link_that_was_tampered_with_takes_nothing_back(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    token = hub.privacy.consents.link(first["lead"])
    for wrong in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "A" + token[1:], "x", "", "é" * 9):
        assert hub.privacy.consents.read_link(wrong) is None
    assert hub.privacy.consents.read_link(token) == (first["lead"], "")


async def test_a_link_of_somebody_who_was_erased_is_answered_like_any_other(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    token = hub.privacy.consents.link(first["lead"])
    await hub.privacy.erase(email="ann@example.com")
    async with calling(hub) as http:
        assert (await http.post(f"/unsubscribe/{token}")).status_code == 200


async def test_erasing_leaves_hashes_that_prove_a_record_to_whoever_has_it(make_hub: MakeHub, clock):

    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    (whole,) = await said_of(hub, first["lead"])
    await hub.privacy.erase(email="ann@example.com")
    (row,) = await said_of(hub, first["lead"])
    assert (row["name"], row["contact"], row["wording"], row["state"]) == (None, None, None, "given")
    assert row["sealed"] == fingerprint(whole, hub.privacy.keeper.secret())
    assert row["sealed"] != fingerprint({**whole, "name": "Bo"}, hub.privacy.keeper.secret())


async def test_under_a_legal_hold_the_records_stay_whole_and_the_certificate_says_so(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, AGREED, clock)
    assert await hub.privacy.consents.hold(first["lead"], "case 7", OWNER)
    done = await hub.privacy.erase(email="ann@example.com")
    (row,) = await said_of(hub, first["lead"])
    assert (row["name"], row["sealed"]) == ("Ann Ng", None)
    assert done["kept"] == [{"what": "consent records", "lead": first["lead"], "why": "legal hold"}]
    assert "legal hold" in done["text"]["en"]
    assert "法律保留" in done["text"]["zh"]
