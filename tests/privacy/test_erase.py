"""A person is taken out of everything, and nothing brings them back but their own will."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import httpx
import openpyxl
import pytest

from hub import explain
from hub.app import Hub
from hub.errors import BadInput, ConfigError, Retry
from hub.lead import RawLead, Rejected
from hub.privacy.keeper import KEY_FILE, LEDGER
from hub.step import Context, Options, Work, step
from hub.store.audit import Actor
from tests.conftest import BASIC, MakeHub, post, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, lead_of, rows
from tests.privacy.people import CANARY, TRACES, planted, send, traces

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
OWNER = Actor("local", "127.0.0.1")
EMAIL = "canary.byrd@example.com"


async def test_an_erased_person_is_in_no_table(make_hub: MakeHub, clock):
    hub = await make_hub()
    ids = await planted(hub, clock)
    assert len(await traces(hub)) > 20
    said_back = await hub.privacy.erase(email="Canary.Byrd@example.com", phone="+86 139 1111 2222")
    assert await traces(hub) == []
    assert ids["lead"] in said_back["leads"]
    assert said_back["counts"]["submissions"] >= 5
    assert {row["state"] for row in await rows(hub, "lead", id=ids["lead"])} == {"erased"}
    assert {row["lead"] for row in await rows(hub, "event", kind="lead.erased")} == set(said_back["leads"])


@pytest.mark.parametrize("how", [{"email": "canary.byrd@example.com"}, {"phone": "13911112222"}])
async def test_one_of_the_persons_keys_finds_their_lead(make_hub: MakeHub, clock, how):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    await settled(hub)
    said_back = await hub.privacy.erase(**how)
    assert said_back["leads"] == [first["lead"]]
    assert await traces(hub) == []


async def test_an_erased_person_is_in_no_file_of_the_database(make_hub: MakeHub, clock, database):
    hub = await make_hub()
    await planted(hub, clock)
    await hub.privacy.erase(email="canary.byrd@example.com", phone="13911112222")
    files = list(Path(database.removeprefix("sqlite:///")).parent.glob("hub.db*"))
    assert bool(files) == database.startswith("sqlite")
    assert [file.name for file in files if any(trace.encode() in file.read_bytes().lower() for trace in TRACES)] == []


async def test_a_form_that_speaks_of_the_person_by_a_correction_alone_goes_and_others_stay(make_hub: MakeHub, clock):
    hub = await make_hub()
    people = [{"full_name": "Bo Li", "email": "bo@example.com"}, {"full_name": "Cy Ma", "email": "cy@example.com"}]
    listed = (await post(hub, json.dumps(people))).json()
    await settled(hub)
    await hub.replays.correct(f"{listed['submission']}.2", {"email": EMAIL, "full_name": "Canary Byrd"}, by=OWNER)
    await hub.replays.correct(listed["submission"], {"company": "Acme"}, by=OWNER)
    await settled(hub)
    await hub.privacy.erase(email=EMAIL)
    assert await traces(hub) == []
    first, second = await all_rows(hub, "submission")
    assert (first["corrections"]["company"]["value"], second["corrections"]) == ("Acme", None)
    assert (await hub.replays.replay(first["id"])).status == "accepted"
    assert (await lead_of(hub, first["lead"])).company == "Acme"


async def test_the_others_in_a_list_stay_and_can_be_replayed(make_hub: MakeHub, clock):
    hub = await make_hub()
    ids = await planted(hub, clock)
    await hub.privacy.erase(email="canary.byrd@example.com", phone="13911112222")
    assert (await lead_of(hub, ids["bo"])).email == "bo@example.com"
    (submission,) = await rows(hub, "submission", lead=ids["bo"])
    answer = await hub.replays.replay(submission["id"])
    assert (answer.status, answer.lead) == ("accepted", ids["bo"])
    assert (await lead_of(hub, ids["bo"])).full_name == "Bo Li"
    assert await traces(hub) == []


async def test_an_erased_persons_joined_leads_go_too(make_hub: MakeHub, clock):
    hub = await make_hub()
    one = (await send(hub, {"id": "1", "full_name": "Canary Byrd", "email": "canary.byrd@example.com"}, clock))["lead"]
    two = (await send(hub, {"id": "2", "full_name": "Canary Byrd", "phone": "139 1111 2222"}, clock))["lead"]
    await send(hub, CANARY, clock)
    await settled(hub)
    said_back = await hub.privacy.erase(email="canary.byrd@example.com")
    assert set(said_back["leads"]) == {one, two}
    assert await traces(hub) == []


async def test_an_erased_person_of_an_undone_import_goes_too(make_hub: MakeHub, clock, tmp_path):
    config = one_sink("updating_sink").replace("sources: {", "sources: {list: {connector: list_file}, ")
    hub = await make_hub(config.replace("from: [website]", "from: [website, list]"))
    (tmp_path / "list.csv").write_text("full name,email\nCanary Byrd,canary.byrd@example.com\n")
    done = await hub.imports.import_file(tmp_path / "list.csv", "list")
    await hub.lineage.undo_import(done.id)
    await hub.privacy.erase(email="canary.byrd@example.com")
    assert await traces(hub) == []


async def test_nobody_else_is_erased(make_hub: MakeHub, clock):
    hub = await make_hub()
    await planted(hub, clock)
    colleague = {"id": "k", "full_name": "Kim Ho", "email": "kim@example.com", "phone": "139 1111 2223"}
    kim = await send(hub, colleague, clock)
    await hub.privacy.erase(email="canary.byrd@example.com", phone="13911112222")
    assert (await lead_of(hub, kim["lead"])).phone == "+8613911112223"
    assert (await hub.replays.replay(kim["submission"])).status == "accepted"


async def test_erasing_nobody_changes_nothing(make_hub: MakeHub, clock):
    hub = await make_hub()
    await send(hub, {"id": "1", "full_name": "Ann Ng", "email": "ann@example.com"}, clock)
    assert await hub.privacy.erase(email="somebody@example.com") == {"leads": [], "counts": {}}
    assert await hub.privacy.erase(phone="+14155550100") == {"leads": [], "counts": {}}
    with pytest.raises(BadInput, match="cannot be read"):
        await hub.privacy.erase(phone="12")
    assert await all_rows(hub, "erasure") == []


async def test_a_dry_run_says_what_would_go_and_nothing_goes(make_hub: MakeHub, clock):
    hub = await make_hub()
    ids = await planted(hub, clock)
    before = await traces(hub)
    shown = await hub.privacy.erase(email=EMAIL, phone="13911112222", dry_run=True)
    assert await traces(hub) == before
    done = await hub.privacy.erase(email=EMAIL, phone="13911112222")
    assert shown["leads"] == done["leads"]
    assert shown["counts"] == done["counts"]
    assert {one["sink"] for one in shown["sinks"] if one["lead"] == ids["lead"]} == {"crm"}


async def test_an_erased_person_is_not_in_the_gaps_of_pages_that_were_split(make_hub: MakeHub, clock, database):
    hub = await make_hub(one_sink())
    crowd = [person(number, message="x" * (number * 37 % 900)) for number in range(150)]
    await asyncio.gather(*(post(hub, one) for one in crowd[:75]))
    for number in range(4):
        await send(hub, {**CANARY, "id": f"c{number}", "message": f"canary {'y' * 300 * number}"}, clock)
    await asyncio.gather(*(post(hub, one) for one in crowd[75:]))
    await settled(hub)
    said = await hub.privacy.erase(email=EMAIL)
    assert said["scrubbed_at"] is not None
    assert await traces(hub) == []
    files = Path(database.removeprefix("sqlite:///")).parent.glob("hub.db*")
    assert [file.name for file in files if any(trace.encode() in file.read_bytes().lower() for trace in TRACES)] == []


async def test_a_form_of_an_erased_person_ends_as_rejected_and_leaves_nothing(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    await hub.privacy.erase(email=EMAIL)
    again = await send(hub, {**CANARY, "id": "c9"}, clock)
    assert (again["status"], again["lead"]) == ("rejected", None)
    (row,) = await rows(hub, "submission", id=again["submission"])
    assert (row["state"], row["reason"], row["body"]) == ("rejected", "erased on 2026-05-04 by request", b"")
    assert await traces(hub) == []
    assert [row["lead"] for row in await rows(hub, "lead", state="open")] == []
    assert len(await rows(hub, "event", kind="submission.suppressed")) == 1
    (decision,) = await rows(hub, "decision", submission=again["submission"])
    body = json.loads(decision["body"])
    assert "erased on 2026-05-04 by request" in explain.sentence(body, "en")
    assert "2026-05-04" in explain.sentence(body, "zh")
    assert first["lead"] != again["lead"]


@pytest.mark.parametrize(
    "data",
    [
        {"full_name": "C. Byrd", "email": "CANARY.BYRD@Example.com"},
        {"full_name": "Somebody", "phone": "+86 139-1111-2222"},
        {"full_name": "", "email": EMAIL, "phone": ""},
    ],
)
async def test_every_exact_key_of_the_person_is_known_however_it_is_written(make_hub: MakeHub, clock, data):
    hub = await make_hub()
    await send(hub, CANARY, clock)
    await hub.privacy.erase(email=EMAIL)
    assert (await send(hub, {"id": "c9", **data}, clock))["status"] == "rejected"
    assert await traces(hub) == []


async def test_a_list_with_the_person_in_it_keeps_the_others(make_hub: MakeHub, clock):
    hub = await make_hub()
    await send(hub, CANARY, clock)
    await hub.privacy.erase(email=EMAIL)
    bo = {"id": "b", "full_name": "Bo Li", "email": "bo@example.com"}
    for people in ([bo, {**CANARY, "id": "l2"}], [{**CANARY, "id": "l3"}, {**bo, "id": "b2"}]):
        await post(hub, json.dumps(people))
        await settled(hub)
    assert await traces(hub) == []
    (lead,) = await rows(hub, "lead", state="open")
    assert lead["email"] == "bo@example.com"
    for submission in await rows(hub, "submission", lead=lead["id"], state="done"):
        assert (await hub.replays.replay(submission["id"])).lead == lead["id"]


async def test_a_list_that_waits_for_a_person_loses_only_the_erased_ones_part(make_hub: MakeHub, clock):
    hub = await make_hub()
    people = [{"id": "q", "full_name": "Bo Li", "message": "no way to reach me"}, {**CANARY, "id": "l2"}]
    listed = (await post(hub, json.dumps(people))).json()
    await hub.privacy.erase(email=EMAIL)
    assert await traces(hub) == []
    (row,) = await rows(hub, "submission", id=listed["submission"])
    assert row["state"] == "quarantined"
    assert b"no way to reach me" in row["body"]


async def test_a_reimport_of_the_file_does_not_bring_the_person_back(make_hub: MakeHub, clock, tmp_path):
    config = one_sink().replace("sources: {", "sources: {list: {connector: list_file}, ")
    hub = await make_hub(config.replace("from: [website]", "from: [website, list]"))
    text = "full name,email\nCanary Byrd,canary.byrd@example.com\nBo Li,bo@example.com\n"
    (tmp_path / "list.csv").write_text(text)
    await hub.imports.import_file(tmp_path / "list.csv", "list")
    said = await hub.privacy.erase(email=EMAIL)
    assert [(one["kind"], one["file"]) for one in said["by_hand"] if one["kind"] == "import"] == [
        ("import", "list.csv")
    ]
    (tmp_path / "again.csv").write_text(text + "Cy Oh,cy@example.com\n")
    done = await hub.imports.import_file(tmp_path / "again.csv", "list")
    assert done.counts["rejected"] == 1
    assert await traces(hub) == []
    assert {row["email"] for row in await rows(hub, "lead", state="open")} == {"bo@example.com", "cy@example.com"}


async def test_a_late_poll_does_not_bring_the_person_back(make_hub: MakeHub, clock):
    config = one_sink().replace("connector: open_source", "connector: memory_poll")
    hub = await make_hub(config)
    hub.plan.sources["website"].held = [RawLead("1", CANARY)]
    await hub.polls.poll("website")
    await hub.privacy.erase(email=EMAIL)
    hub.plan.sources["website"].held += [RawLead("2", CANARY), RawLead("3", json.loads(person(3)))]
    await hub.polls.poll("website")
    assert await traces(hub) == []
    assert [row["email"] for row in await rows(hub, "lead", state="open")] == ["p3@example.com"]


async def test_an_erased_submission_cannot_be_replayed(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, CANARY, clock)
    await hub.privacy.erase(email=EMAIL)
    with pytest.raises(BadInput, match="gone"):
        await hub.replays.replay(first["submission"])


@ON_SQLITE
async def test_a_restored_backup_does_not_bring_the_person_back(make_hub: MakeHub, clock, database, tmp_path):
    hub = await make_hub()
    await planted(hub, clock)
    await make_hub.stop(hub)
    file = Path(database.removeprefix("sqlite:///"))
    shutil.copy(file, tmp_path / "backup.db")
    hub = await make_hub()
    await hub.privacy.erase(email=EMAIL, phone="13911112222")
    await make_hub.stop(hub)
    for beside in file.parent.glob("hub.db*"):
        beside.unlink()
    shutil.copy(tmp_path / "backup.db", file)
    hub = await make_hub()
    assert await traces(hub) == []
    assert (await send(hub, {**CANARY, "id": "c9"}, clock))["status"] == "rejected"
    assert (await lead_of(hub, next(r["id"] for r in await rows(hub, "lead", email="bo@example.com")))).full_name


async def test_the_key_is_not_in_the_database_and_for_its_owner_only(make_hub: MakeHub, clock, tmp_path):
    hub = await make_hub()
    await send(hub, CANARY, clock)
    await hub.privacy.erase(email=EMAIL)
    for path in (tmp_path / KEY_FILE, tmp_path / LEDGER):
        assert path.stat().st_mode & 0o777 == 0o600
    secret = (tmp_path / KEY_FILE).read_text().strip()
    every = [row for table in ("tombstone", "erasure", "audit") for row in await all_rows(hub, table)]
    assert every
    assert secret not in str(every)
    assert not any(trace in (tmp_path / LEDGER).read_text().lower() for trace in TRACES)


async def test_a_hub_whose_privacy_key_was_lost_does_not_start(make_hub: MakeHub, clock, tmp_path):
    hub = await make_hub()
    await send(hub, CANARY, clock)
    await hub.privacy.erase(email=EMAIL)
    await make_hub.stop(hub)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(ConfigError, match=r"Put data/privacy\.key back"):
        await make_hub()


@ON_POSTGRES
async def test_another_node_learns_of_an_erasure(make_hub: MakeHub, clock):
    one, two = await make_hub(), await make_hub()
    await send(one, CANARY, clock)
    await one.privacy.erase(email=EMAIL)
    await two.privacy.returns.agree()
    assert (await send(two, {**CANARY, "id": "c9"}, clock))["status"] == "rejected"


@ON_POSTGRES
async def test_whoever_slipped_in_on_another_node_is_erased_again(make_hub: MakeHub, clock):
    one, two = await make_hub(), await make_hub()
    await send(one, CANARY, clock)
    await one.privacy.erase(email=EMAIL)
    assert (await send(two, {**CANARY, "id": "c9"}, clock))["status"] == "accepted"  # two does not know it yet
    await one.privacy.eraser.go_on()
    assert await traces(two) == []


class Slow:
    """A step that waits until the test lets it go on."""

    def __init__(self) -> None:
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    def step(self):
        """Return the step."""

        @step("slow")
        async def slow(work: Work, ctx: Context, options: Options) -> Work:
            """Wait."""
            self.reached.set()
            await self.go.wait()
            return work

        return slow


async def test_a_submission_that_is_being_decided_while_its_person_is_erased_is_suppressed(make_hub: MakeHub, clock):
    slow = Slow()
    slow.go.set()
    config = one_sink().replace("routes:", "steps: [map, normalize, validate, dedupe, slow, route, deliver], routes:")
    hub = await make_hub(config, things=[slow.step()])
    await send(hub, CANARY, clock)
    slow.go.clear()
    slow.reached.clear()
    late = asyncio.create_task(send(hub, {**CANARY, "id": "c9", "company": "Birdcage 2"}, clock))
    await slow.reached.wait()
    await hub.privacy.erase(email=EMAIL)
    slow.go.set()
    assert (await late)["status"] == "rejected"
    assert await traces(hub) == []


async def test_a_new_lead_that_is_being_decided_while_its_person_is_erased_is_suppressed(make_hub: MakeHub, clock):
    slow = Slow()
    config = one_sink().replace("routes:", "steps: [map, normalize, validate, dedupe, slow, route, deliver], routes:")
    hub = await make_hub(config, things=[slow.step()])
    await post(hub, '{"email": "canary.byrd@example.com", broken')  # there is no lead whose version could tell
    late = asyncio.create_task(send(hub, CANARY, clock))
    await slow.reached.wait()
    await hub.privacy.erase(email=EMAIL)
    slow.go.set()
    assert (await late)["status"] == "rejected"
    assert await traces(hub) == []


async def test_what_a_lane_holds_of_an_erased_person_is_not_sent(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("waiting_sink"))
    sink = hub.plan.sinks["crm"]
    await send(hub, json.loads(person(1)), clock)
    await until(lambda: sink.started)
    await send(hub, CANARY, clock)
    said = await hub.privacy.erase(email=EMAIL)
    assert [(one["sink"], one["note"]) for one in said["waiting"]] == [("crm", "under_way")]
    sink.go.set()
    await settled(hub)
    assert [lead.email for lead in sink.sent] == ["p1@example.com"]
    clock.turn(3600)
    await hub.privacy.eraser.go_on()
    done = await hub.privacy.eraser.certificate(said["erasure"])
    assert [(one["sink"], one["note"]) for one in done["told"]] == [("crm", "never_sent")]
    assert done["state"] == "done"


async def test_what_a_sink_says_after_the_erasure_is_blanked_too(make_hub: MakeHub, clock):
    hub = await make_hub(one_sink("waiting_sink"))
    sink = hub.plan.sinks["crm"]
    sink.answer = lambda lead: Retry(f"{lead.full_name} <{lead.email}> later")
    await send(hub, CANARY, clock)
    await until(lambda: sink.started)
    await hub.privacy.erase(email=EMAIL)
    sink.go.set()
    await settled(hub)
    clock.turn(3600)
    await hub.privacy.eraser.go_on()
    assert await traces(hub) == []


def told(requests: list[httpx.Request]):
    """Return a HubSpot that writes down what it is asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.path.endswith("gdpr-delete"):
            return httpx.Response(204)
        said = json.loads(request.content)["inputs"]
        rows = [{"id": "901", "objectWriteTraceId": one["objectWriteTraceId"]} for one in said]
        return httpx.Response(200, json={"results": rows, "errors": []})

    return httpx.MockTransport(answer)


HUBSPOT = BASIC.replace("{connector: memory_sink}", "{connector: hubspot, token: t, region: US}")


async def test_a_sink_that_can_delete_is_told_and_the_others_are_for_a_person(make_hub: MakeHub, clock):
    requests: list[httpx.Request] = []
    hub = await make_hub(HUBSPOT, transport=told(requests))
    first = await send(hub, CANARY, clock)
    await settled(hub)
    said = await hub.privacy.erase(email=EMAIL, by=OWNER)
    assert json.loads(requests[-1].content) == {"objectId": "901"}
    assert [(one["sink"], one["ref"]) for one in said["told"]] == [("chat", "901")]
    assert [(one["sink"], one["ref"]) for one in said["by_hand"]] == [("crm", f"ref-{first['lead']}")]
    assert (said["state"], said["by"]) == ("done", "local")
    assert "chat (hubspot, US), id there 901: deleted there" in said["text"]["en"]
    assert "请人工在该处删除" in said["text"]["zh"]
    assert len(said["marks"]) == 2  # the address and the number
    assert not any(trace in json.dumps(said).lower() for trace in TRACES)
    assert await hub.privacy.eraser.certificate(said["erasure"]) == said


async def test_a_sink_that_is_down_is_told_later_also_by_the_next_process(make_hub: MakeHub, clock):
    down = httpx.MockTransport(lambda request: httpx.Response(503))
    up: list[httpx.Request] = []
    hub = await make_hub(HUBSPOT, transport=told([]))
    await send(hub, CANARY, clock)
    await settled(hub)
    await make_hub.stop(hub)
    hub = await make_hub(HUBSPOT, transport=down)
    said = await hub.privacy.erase(email=EMAIL)
    assert [(one["sink"], one["note"]) for one in said["waiting"]] == [("chat", "not_now:Retry")]
    await make_hub.crash(hub)
    clock.turn(3600)
    hub = await make_hub(HUBSPOT, transport=told(up))
    await hub.privacy.eraser.go_on()
    assert [request.url.path for request in up] == ["/crm/v3/objects/contacts/gdpr-delete"]
    assert (await hub.privacy.eraser.certificate(said["erasure"]))["state"] == "done"


FILES = BASIC.replace("{connector: updating_sink}", "{connector: csv_file, path: out/leads.csv}").replace(
    "{connector: memory_sink}", '{connector: xlsx_file, path: "out/leads-{date}.xlsx"}'
)


async def test_rows_are_taken_out_of_files_of_ours_and_the_others_stay(make_hub: MakeHub, clock, tmp_path):
    hub = await make_hub(FILES)
    await send(hub, json.loads(person(1)), clock)
    await send(hub, CANARY, clock)
    await send(hub, {**CANARY, "id": "c2", "title": "CEO"}, clock)
    await send(hub, json.loads(person(2)), clock)
    await settled(hub)
    csv_file, (xlsx_file,) = tmp_path / "out" / "leads.csv", (tmp_path / "out").glob("leads-*.xlsx")
    assert csv_file.read_text("utf-8-sig").count("canary.byrd") == 2
    said = await hub.privacy.erase(email=EMAIL)
    assert {one["sink"] for one in said["told"]} == {"crm", "chat"}
    assert said["by_hand"] == []
    text = csv_file.read_text("utf-8-sig")
    assert [("canary" in text, "p1@" in text, "p2@" in text)] == [(False, True, True)]
    sheet = openpyxl.load_workbook(xlsx_file)["Leads"]
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert not any(trace in cell.lower() for cell in cells for trace in TRACES)
    assert sheet.max_row == 3
    await send(hub, json.loads(person(3)), clock)
    await settled(hub)
    assert "p3@" in csv_file.read_text("utf-8-sig")


async def test_a_file_outside_of_the_workspace_is_only_listed(make_hub: MakeHub, clock, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere") / "leads.csv"
    hub = await make_hub(one_sink("csv_file", path=f'"{other}"'))
    await send(hub, CANARY, clock)
    await settled(hub)
    said = await hub.privacy.erase(email=EMAIL)
    assert [(one["sink"], one["ref"], one["note"]) for one in said["by_hand"]] == [("crm", str(other), "outside")]
    assert "canary" in other.read_text("utf-8-sig")


async def test_an_unerased_person_is_taken_in_again(make_hub: MakeHub, clock, tmp_path):
    hub = await make_hub()
    await send(hub, CANARY, clock)
    said = await hub.privacy.erase(email=EMAIL)
    assert await hub.privacy.returns.unerase(OWNER, phone="13911112222") == [said["erasure"]]
    assert (await send(hub, {**CANARY, "id": "c9"}, clock))["status"] == "accepted"
    assert await hub.privacy.returns.unerase(OWNER, email=EMAIL) == []
    await make_hub.stop(hub)
    hub = await make_hub()
    assert len(await rows(hub, "lead", state="open")) == 1  # the ledger knows that it was lifted


@pytest.mark.parametrize(("returning", "status"), [("suppress", "rejected"), ("consent", "accepted")])
async def test_a_new_form_with_a_consent_is_let_in_where_the_operator_says_so(
    make_hub: MakeHub, clock, returning, status
):
    hub = await make_hub(f"{BASIC}privacy: {{returning: {returning}}}\n")
    await send(hub, {**CANARY, "consent": "yes"}, clock)
    await hub.privacy.erase(email=EMAIL)
    assert (await send(hub, {**CANARY, "id": "c8"}, clock))["status"] == "rejected"
    assert (await send(hub, {**CANARY, "id": "c9", "consent": "yes"}, clock))["status"] == status
    told_of = await rows(hub, "event", kind="submission.returned")
    assert len(told_of) == (returning == "suppress")


async def test_what_a_vendor_said_of_the_person_to_another_lead_goes_too(make_hub: MakeHub, clock):
    hub = await make_hub()
    hub.plan.sinks["chat"].answer = lambda lead: Rejected(f"not {lead.id}: Canary Byrd <{EMAIL}> is there already")
    bo = await send(hub, {"id": "b", "full_name": "Bo Li", "email": "bo@example.com"}, clock)
    await send(hub, CANARY, clock)
    await settled(hub)
    await hub.privacy.erase(email=EMAIL)
    assert await traces(hub) == []
    states = {row["sink"]: row["state"] for row in await rows(hub, "delivery", lead=bo["lead"])}
    assert states == {"crm": "sent", "chat": "rejected"}


async def test_each_erasure_leaves_one_entry_in_the_audit_log(make_hub: MakeHub, clock):
    hub = await make_hub()
    await planted(hub, clock)
    said = await hub.privacy.erase(email=EMAIL, phone="13911112222", by=OWNER)
    (entry,) = await rows(hub, "audit", what="person.erased")
    assert (entry["who"], entry["target"], entry["address"]) == ("local", said["erasure"], "127.0.0.1")
    await hub.privacy.returns.unerase(OWNER, email=EMAIL)
    assert [row["target"] for row in await rows(hub, "audit", what="person.unerased")] == [said["erasure"]]


async def test_without_an_erasure_nothing_is_looked_up(hub: Hub, clock):
    asked = []
    hub.pipeline.erased.judge = lambda *args, **more: asked.append(args)
    await send(hub, CANARY, clock)
    assert asked == []
