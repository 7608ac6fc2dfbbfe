"""The HTTP API: lists that page, problems that say what to do, and the same work the commands do."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from hub.errors import Retry
from hub.lead import Rejected, Sent
from tests.api.calling import calling, problem
from tests.conftest import BASIC, MakeHub, post, reloaded, settled
from tests.core.inputs import person
from tests.core.looking import all_rows

FILES = BASIC.replace("{connector: open_source}", "{connector: open_source}\n  list: {connector: list_file}").replace(
    "from: [website]", "from: [website, list]"
)
LISTINGS = [
    "/api/leads", "/api/submissions", "/api/decisions", "/api/deliveries", "/api/suggestions", "/api/imports",
    "/api/keys", "/api/config/revisions",
]  # fmt: skip


async def filled(make_hub: MakeHub, tmp_path, number: int = 7):
    """Return a hub with some of everything that can be listed."""
    hub = await make_hub(FILES)
    for one in range(number):
        body = {"id": str(one), "full_name": "Ann Ng", "email": f"ann{one}@acme.example.com", "company": "Acme"}
        await post(hub, json.dumps(body))
        (tmp_path / f"{one}.csv").write_text(f"full name,email\nP {one},p{one}@example.com\n")
        await hub.imports.import_file(tmp_path / f"{one}.csv", "list")
    await settled(hub)
    async with calling(hub) as http:
        for _ in range(number):
            await http.post("/api/keys", json={"role": "viewer"})
    return hub


async def test_lists_are_paged_by_key_newest_first_and_show_everything_once(make_hub: MakeHub, tmp_path):
    hub = await filled(make_hub, tmp_path)
    async with calling(hub) as http:
        for path in LISTINGS:
            whole = (await http.get(path, params={"limit": 200})).json()
            assert whole["next"] is None
            ids = [row["id"] for row in whole["items"]]
            assert ids == sorted(ids, reverse=True)
            assert len(ids) >= 1
            seen, after = [], None
            for _ in range(len(ids) + 1):
                page = (await http.get(path, params={"limit": 3, **({"after": after} if after else {})})).json()
                assert len(page["items"]) <= 3
                seen += [row["id"] for row in page["items"]]
                after = page["next"]
                if after is None:
                    break
            assert seen == ids


@pytest.mark.parametrize("path", LISTINGS)
@pytest.mark.parametrize("limit", ["0", "-1", "1000000000", "201", "x", ""])
async def test_a_limit_that_makes_no_sense_is_refused(make_hub: MakeHub, path, limit):
    async with calling(await make_hub()) as http:
        answer = await http.get(path, params={"limit": limit})
    assert answer.status_code == 422
    assert "limit" in problem(answer)["detail"]


@pytest.mark.parametrize("path", ["/api/decisions", "/api/suggestions", "/api/config/revisions"])
@pytest.mark.parametrize("after", ["x", "-1", "1e3", "٣", "9" * 30])
async def test_a_place_that_is_none_is_refused(make_hub: MakeHub, path, after):
    async with calling(await make_hub()) as http:
        answer = await http.get(path, params={"after": after})
    assert "is no place in this list" in problem(answer)["detail"]


async def test_lists_can_be_narrowed_down(make_hub: MakeHub, tmp_path):
    hub = await filled(make_hub, tmp_path, 3)
    await post(hub, json.dumps({"id": "q", "full_name": "Nobody"}))
    async with calling(hub) as http:
        waiting = (await http.get("/api/submissions", params={"state": "quarantined"})).json()["items"]
        of_list = (await http.get("/api/leads", params={"source": "list"})).json()["items"]
        by_mail = (await http.get("/api/leads", params={"email": "p1@example.com"})).json()["items"]
        to_chat = (await http.get("/api/deliveries", params={"sink": "chat", "state": "sent"})).json()["items"]
    assert [row["problems"][0]["code"] for row in waiting] == ["unreachable"]
    assert (len(of_list), len(by_mail), len(to_chat)) == (3, 1, 6)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/leads/lead_nonsense", None),
        ("GET", "/api/leads/lead_nonsense/explain", None),
        ("GET", "/api/leads/nobody@example.com", None),
        ("GET", "/api/submissions/sub_nonsense", None),
        ("GET", "/api/deliveries/dlv_nonsense", None),
        ("GET", "/api/decisions/77", None),
        ("POST", "/api/leads/lead_nonsense/unmerge", {"submission": "sub_1"}),
        ("POST", "/api/leads/lead_nonsense/replay", None),
        ("POST", "/api/leads/sub_nonsense/unmerge", {"submission": "sub_nonsense"}),
        ("POST", "/api/submissions/sub_nonsense/replay", {}),
        ("POST", "/api/submissions/sub_nonsense/reject", {}),
        ("POST", "/api/suggestions/77/accept", None),
        ("POST", "/api/suggestions/77/dismiss", None),
        ("POST", "/api/deliveries/dlv_nonsense/decide", {"arrived": True}),
        ("POST", "/api/imports/imp_nonsense/undo", None),
        ("POST", "/api/sources/nonsense/poll", None),
        ("POST", "/api/sources/website/reconcile", None),
        ("POST", "/api/sinks/nonsense/pause", {}),
        ("POST", "/api/sinks/nonsense/resume", None),
        ("DELETE", "/api/keys/key_nonsense", None),
        ("GET", "/api/nonsense", None),
        ("GET", "/nonsense", None),
    ],
)
async def test_what_is_not_there_is_a_404_that_says_what(make_hub: MakeHub, method, path, body):
    async with calling(await make_hub()) as http:
        answer = await http.request(method, path, json=body)
    assert answer.status_code == 404
    problem(answer)


BODIES: list[tuple[str, dict[str, Any]]] = [
    ("/api/keys", {"role": "viewer"}),
    ("/api/erase", {"email": "x@example.com"}),
    ("/api/imports", {"path": "x.csv", "source": "list"}),
    ("/api/simulate", {"config": "hub: {}"}),
    ("/api/deliveries/retry", {"state": "dead"}),
    ("/api/deliveries/dlv_1/decide", {"arrived": True}),
    ("/api/leads/lead_1/unmerge", {"submission": "sub_1"}),
    ("/api/submissions/sub_1/replay", {"accept": []}),
    ("/api/submissions/sub_1/reject", {"reason": "x"}),
    ("/api/sinks/crm/pause", {"reason": "x"}),
]


@pytest.mark.parametrize(("path", "body"), BODIES)
async def test_an_unknown_field_in_a_body_is_refused_by_name(make_hub: MakeHub, path, body):
    hub = await make_hub()
    async with calling(hub) as http:
        answer = await http.post(path, json={**body, "rolle": "owner"})
    assert answer.status_code == 422
    assert problem(answer)["detail"].startswith("rolle: ")
    assert hub.dispatcher.lanes["crm"].gate.paused is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/keys", {"role": "god"}),
        ("/api/keys", {}),
        ("/api/erase", {}),
        ("/api/erase", {"phone": "12"}),
        ("/api/simulate", {"config": "hub: {}", "days": 0}),
        ("/api/simulate", {"config": "hub: {nmae: x}"}),
        ("/api/deliveries/retry", {"state": "sent"}),
        ("/api/deliveries/retry", {}),
        ("/api/leads/lead_1/unmerge", {}),
        ("/api/leads/lead_1/unmerge", {"submission": "sub_1", "other": "lead_2"}),
        ("/api/sinks/crm/pause", {"reason": 7}),
        ("/api/submissions/sub_1/reject", {"reason": "x" * 501}),
        ("/api/suggestions/first/accept", {}),
        ("/api/suggestions/-1/dismiss", {}),
        (f"/api/suggestions/{'9' * 30}/accept", {}),
    ],
)
async def test_a_body_that_makes_no_sense_is_a_422_that_says_why(make_hub: MakeHub, path, body):
    async with calling(await make_hub()) as http:
        answer = await http.post(path, json=body)
    assert answer.status_code == 422
    problem(answer)


async def test_a_method_that_a_path_does_not_know_is_a_405(make_hub: MakeHub):
    async with calling(await make_hub()) as http:
        answer = await http.put("/api/leads")
    assert answer.status_code == 405
    problem(answer)


async def test_a_name_with_a_nul_finds_nothing_and_breaks_nothing(make_hub: MakeHub):
    async with calling(await make_hub()) as http:
        answers = [
            await http.get("/api/leads", params={"email": "a\0b"}),
            await http.get("/api/leads/a%00b"),
            await http.get("/api/deliveries", params={"state": "\0"}),
        ]
    assert {answer.status_code for answer in answers} <= {200, 404, 422}


async def test_a_broken_route_tells_nothing_of_what_broke(make_hub: MakeHub, caplog):
    hub = await make_hub()
    await make_hub.stop(hub)
    async with calling(hub) as http:
        answer = await http.get("/api/summary")
    assert answer.status_code == 500
    assert problem(answer)["detail"] == "Something broke here; it is in the log."
    assert "Traceback" not in answer.text
    assert "RuntimeError" in caplog.text


async def test_a_database_that_fails_is_a_503_without_its_words(make_hub: MakeHub):
    hub = await make_hub()
    await hub.db.write(_rename, "lead", "lead_gone")
    async with calling(hub) as http:
        answer = await http.get("/api/leads", params={"email": "canary@example.com"})
        health = await http.get("/health")
    assert answer.status_code == 503
    assert "canary" not in answer.text
    assert "SELECT" not in answer.text
    assert health.status_code == 200
    await hub.db.write(_rename, "lead_gone", "lead")


async def test_health_is_ok_when_all_is_well(make_hub: MakeHub):
    async with calling(await make_hub(), None) as http:
        answer = await http.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reasons": []})


async def test_health_is_down_when_the_database_is(make_hub: MakeHub):
    hub = await make_hub()
    await hub.db.write(_rename, "delivery", "delivery_gone")
    async with calling(hub, None) as http:
        answer = await http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    await hub.db.write(_rename, "delivery_gone", "delivery")


async def test_health_is_degraded_and_says_by_what(make_hub: MakeHub, tmp_path, clock):
    hub = await make_hub()
    await hub.dispatcher.pause("crm", "the key of Ann is wrong")
    chat = hub.plan.sinks["chat"]
    chat.answer = lambda lead: Retry("answered 503")
    for number in range(12):
        await post(hub, person(number))
        await settled(hub)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "odd.py").write_text("raise RuntimeError('x')")
    await reloaded(hub)
    (tmp_path / "hub.yaml").write_text("hub: [")
    await reloaded(hub)
    async with calling(hub, None) as http:
        answer = await http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["reasons"] == [
        'Sink "crm" is paused.',
        'Sink "chat" rests: most sends fail.',
        "The plugin odd could not be loaded; see leadhub check.",
        "The changed configuration is wrong; the old one stays. See leadhub check.",
    ]
    assert "Ann" not in answer.text  # anybody may read this


async def test_metrics_can_be_read_by_prometheus(make_hub: MakeHub):
    hub = await make_hub()
    await post(hub, person(1))
    await post(hub, person(2))
    await post(hub, json.dumps({"id": "q", "full_name": "Nobody"}))
    await settled(hub)
    await hub.dispatcher.pause("crm", "x")
    async with calling(hub) as http:
        answer = await http.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert found["leadhub_submissions", "quarantined", "website"] == 1
    assert found["leadhub_delivery_attempts_total", "chat", "sent"] == 2
    assert (found["leadhub_sink_open", "crm"], found["leadhub_sink_open", "chat"]) == (0, 1)
    assert found["leadhub_intake_answers_total", "202", "website"] == 3
    assert found["leadhub_delivery_lag_seconds", "chat"] == 0
    assert all(family.documentation for family in families.values())


async def test_the_description_of_the_api_builds_and_names_every_route(make_hub: MakeHub):
    async with calling(await make_hub(), None) as http:
        answer = await http.get("/api/openapi.json")
    said = answer.json()
    assert said["openapi"].startswith("3.")
    operations = [operation for path in said["paths"].values() for operation in path.values()]
    assert len(operations) >= 25
    assert all(operation.get("description") for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


async def test_the_summary_counts_what_came_and_what_became_of_it(make_hub: MakeHub, clock):
    hub = await make_hub()
    for body in (person(1), person(1), person(2), person(3, test=True), json.dumps({"id": "q"})):
        await post(hub, body)
    await post(hub, json.dumps({"id": "again", "email": "p1@example.com"}))
    await settled(hub)
    async with calling(hub) as http:
        said = (await http.get("/api/summary")).json()
    assert (said["received"], said["leads"], said["merged"], said["tests"]) == (5, 2, 1, 1)
    assert said["sources"] == {"website": {"done": 3, "duplicate": 1, "quarantined": 1}}
    assert said["sinks"]["chat"] == {"sent": 2}
    assert (said["median_seconds_to_delivery"], said["paused"]) == (0.0, {})


async def test_a_lead_is_shown_with_its_whole_walk_by_any_of_its_names(make_hub: MakeHub):
    hub = await make_hub()
    said = (await post(hub, person(1, phone="138 0013 8000"))).json()
    await settled(hub)
    async with calling(hub) as http:
        shown = [
            (await http.get(f"/api/leads/{name}")).json()
            for name in (said["lead"], said["submission"], "P1@Example.com", "+8613800138000")
        ]
    assert {one["lead"]["id"] for one in shown} == {said["lead"]}
    one = shown[0]
    assert one["lead"]["email"] == "p1@example.com"
    assert [len(one[part]) for part in ("submissions", "touches", "decisions", "deliveries", "attempts")] == [
        1,
        1,
        1,
        2,
        2,
    ]
    assert one["decisions"][0]["body"]["routes"] == ["all"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_lead_is_explained_in_both_languages(make_hub: MakeHub, language):
    hub = await make_hub()
    said = (await post(hub, person(1))).json()
    await settled(hub)
    async with calling(hub) as http:
        told = (await http.get(f"/api/leads/{said['lead']}/explain", params={"language": language})).json()
        refused = await http.get(f"/api/leads/{said['lead']}/explain", params={"language": "tlh"})
    assert (told["lead"], told["decisions"]) == (said["lead"], 1)
    assert any("\u4e00" <= c <= "\u9fff" for c in told["sentence"]) == (language == "zh")
    assert len(told["trail"]) >= 5
    assert refused.status_code == 422


async def test_the_raw_bytes_of_a_submission_can_be_seen(make_hub: MakeHub):
    hub = await make_hub()
    said = (await post(hub, b'{"broken')).json()
    async with calling(hub) as http:
        shown = (await http.get(f"/api/submissions/{said['submission']}")).json()
    assert base64.b64decode(shown["body"]) == b'{"broken'
    assert shown["state"] == "quarantined"


async def test_a_delivery_is_shown_with_every_attempt_and_sent_again_on_request(make_hub: MakeHub):
    hub = await make_hub()
    chat = hub.plan.sinks["chat"]
    chat.answer = lambda lead: Rejected("no room")
    await post(hub, person(1))
    await settled(hub)
    chat.answer = lambda lead: Sent("9")
    async with calling(hub) as http:
        (row,) = (await http.get("/api/deliveries", params={"state": "rejected"})).json()["items"]
        assert (await http.post("/api/deliveries/retry", json={"state": "rejected", "sink": "chat"})).json() == {
            "retried": 1
        }
        await settled(hub)
        shown = (await http.get(f"/api/deliveries/{row['id']}")).json()
    assert (shown["state"], shown["ref"]) == ("sent", "9")
    assert [one["outcome"] for one in shown["attempts_made"]] == ["rejected", "sent"]


async def test_a_held_delivery_is_decided_by_a_person_once(make_hub: MakeHub):
    hub = await make_hub()

    def broken(lead):
        raise KeyError("id")

    hub.plan.sinks["chat"].answer = broken
    await post(hub, person(1))
    await settled(hub)
    async with calling(hub) as http:
        (row,) = (await http.get("/api/deliveries", params={"state": "unclear"})).json()["items"]
        path = f"/api/deliveries/{row['id']}/decide"
        assert (await http.post(path, json={"arrived": True})).json() == {"arrived": True}
        again = await http.post(path, json={"arrived": False})
    assert again.status_code == 409
    problem(again)


async def test_a_sink_is_paused_and_resumed(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub) as http:
        await http.post("/api/sinks/crm/pause", json={"reason": "moving"})
        await post(hub, person(1))
        await settled(hub)
        listed = {row["name"]: row for row in (await http.get("/api/sinks")).json()["items"]}
        assert (listed["crm"]["paused"], listed["crm"]["deliveries"]) == ("moving", {"ready": 1})
        assert (listed["chat"]["paused"], listed["chat"]["breaker"]) == (None, "closed")
        assert (await http.post("/api/sinks/crm/resume")).json() == {"sink": "crm", "paused": None}
    await settled(hub)
    assert len(hub.plan.sinks["crm"].sent) == 1


async def test_sources_are_listed_with_their_address_and_counts(make_hub: MakeHub, tmp_path):
    hub = await make_hub(FILES.replace("hub: {", "hub: {public_url: 'https://leads.example.com/', "))
    await post(hub, person(1))
    async with calling(hub) as http:
        listed = {row["name"]: row for row in (await http.get("/api/sources")).json()["items"]}
    assert listed["website"]["address"] == "https://leads.example.com/in/website"
    assert (listed["website"]["kinds"], listed["website"]["submissions"]) == (["push"], {"done": 1})
    assert listed["website"]["answers"] == {"202": 1}
    assert (listed["list"]["address"], listed["list"]["kinds"]) == (None, ["file"])


async def test_a_polled_source_is_polled_and_reconciled_on_request(make_hub: MakeHub):
    from tests.core.test_polls import config, lead

    hub = await make_hub(config())
    hub.plan.sources["platform"].held = [lead(0), lead(1), lead(2)]
    async with calling(hub) as http:
        polled = (await http.post("/api/sources/platform/poll")).json()
        hub.plan.sources["platform"].held.insert(0, lead(9))
        said = (await http.post("/api/sources/platform/reconcile")).json()
        listed = (await http.get("/api/sources")).json()["items"]
    assert polled == {"source": "platform", "counts": {"read": 3, "known": 0, "accepted": 3}}
    assert said["says"] == "The platform says 4, we hold 4; 1 of them were missing and came in now."
    assert (said["missing"], said["filled"]) == (0, 1)
    assert (listed[0]["poll"]["platform_count"], listed[0]["poll"]["our_count"]) == (4, 4)
    assert "value" not in listed[0]["poll"]


async def test_teams_are_listed_with_what_each_member_was_given(make_hub: MakeHub):
    teams = "teams: {north: {members: [{name: li}, {name: wang, weight: 2}]}}\nflows:"
    hub = await make_hub(BASIC.replace("flows:", teams).replace("to: [crm, chat]", "to: [crm], assign: {team: north}"))
    for number in range(3):
        await post(hub, person(number))
    async with calling(hub) as http:
        (team,) = (await http.get("/api/teams")).json()["items"]
    assert {member["name"]: member["received"] for member in team["members"]} == {"li": 1, "wang": 2}


async def test_an_import_tells_how_far_it_is_and_what_became_of_the_rows(make_hub: MakeHub, tmp_path):
    hub = await make_hub(FILES)
    path = tmp_path / "list.csv"
    path.write_text("full name,email\nAnn Ng,ann@example.com\nBo,\n")
    async with calling(hub) as http:
        body = {"path": str(path), "source": "list"}
        tried = [
            json.loads(t) for t in (await http.post("/api/imports", json={**body, "dry_run": True})).text.splitlines()
        ]
        assert await all_rows(hub, "submission") == []
        done = [json.loads(t) for t in (await http.post("/api/imports", json=body)).text.splitlines()]
        missing = (await http.post("/api/imports", json={**body, "path": "/no/such.csv"})).json()
        wrong = (await http.post("/api/imports", json={**body, "source": "website"})).json()
        assert tried[-1]["counts"] == done[-1]["counts"] == {"read": 2, "known": 0, "accepted": 1, "quarantined": 1}
        undone = (await http.post(f"/api/imports/{done[-1]['import']}/undo")).json()
    assert [line["state"] for line in done] == ["running", "done"]
    assert "cannot be read" in missing["error"]
    assert "is no source that reads files" in wrong["error"]
    assert undone["leads_removed"] == 1


async def test_an_export_in_csv_holds_no_formula(make_hub: MakeHub):
    hub = await make_hub()
    names = ["=1+1", "+1-1", "-2", "@SUM(A1)", "\t=1", "＝1", 'Ann, "the" Ng']
    for number, name in enumerate(names):
        await post(hub, person(number, full_name="x", company=name))
    async with calling(hub) as http:
        answer = await http.get("/api/export/leads", params={"format": "csv"})
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(table) == len(names)
    cells = [cell for row in table for cell in row.values()]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))] == []
    assert 'Ann, "the" Ng' in {row["company"] for row in table}


@pytest.mark.parametrize("kind", ["leads", "touches", "deliveries", "decisions", "submissions", "events"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_every_table_can_be_exported_whole(make_hub: MakeHub, kind, form):
    hub = await make_hub()
    for number in range(3):
        await post(hub, person(number))
    await settled(hub)
    async with calling(hub) as http:
        text = (await http.get(f"/api/export/{kind}", params={"format": form})).text
    rows_there = (
        list(csv.DictReader(io.StringIO(text))) if form == "csv" else [json.loads(t) for t in text.splitlines()]
    )
    table = {"leads": "lead", "touches": "touch", "deliveries": "delivery", "decisions": "decision",
             "submissions": "submission", "events": "event"}[kind]  # fmt: skip
    assert len(rows_there) == len(await all_rows(hub, table))


async def test_a_quarantined_submission_is_replayed_with_what_was_accepted(make_hub: MakeHub):
    hub = await make_hub()
    said = (await post(hub, json.dumps({"id": "q", "full_name": "Nobody"}))).json()
    async with calling(hub) as http:
        path = f"/api/submissions/{said['submission']}/replay"
        refused = (await http.post(path, json={})).json()
        accepted = (await http.post(path, json={"accept": ["unreachable"]})).json()
        again = (await http.post(f"/api/leads/{accepted['lead']}/replay")).json()
    assert (refused["status"], refused["problems"][0]["code"]) == ("quarantined", "unreachable")
    assert accepted["status"] == "accepted"
    assert again["lead"] == accepted["lead"]


async def test_a_merge_is_undone(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = (await post(hub, person(1))).json()
    second = (await post(hub, person(2, email="p1@example.com"))).json()
    async with calling(hub) as http:
        made = (
            await http.post(f"/api/leads/{first['lead']}/unmerge", json={"submission": second["submission"]})
        ).json()
        leads = (await http.get("/api/leads")).json()["items"]
    assert {row["id"] for row in leads} == {first["lead"], made["made"]}


async def test_a_lead_is_taken_apart_by_the_name_of_what_is_taken_out(make_hub: MakeHub):
    hub = await make_hub()
    first = (await post(hub, person(1))).json()
    second = (await post(hub, person(2, email="p1@example.com"))).json()["submission"]
    async with calling(hub) as http:
        made = (await http.post(f"/api/leads/{second}/unmerge", json={"submission": second})).json()
        wrong = await http.post(f"/api/leads/{first['lead']}/unmerge", json={"submission": second})
    assert made["lead"] == first["lead"] != made["made"]
    assert wrong.status_code == 422
    assert problem(wrong)["detail"].startswith(f"The lead {first['lead']} has no submission '{second}'.")


async def test_a_near_match_is_joined_or_kept_apart(make_hub: MakeHub):
    hub = await make_hub()
    said = [(await post(hub, person(number, full_name="Ann Ng", company="Acme"))).json()["lead"] for number in range(3)]
    async with calling(hub) as http:
        pairs = {(row["lead"], row["other"]): row["id"] for row in (await http.get("/api/suggestions")).json()["items"]}
        joined = (await http.post(f"/api/suggestions/{pairs[said[0], said[1]]}/accept")).json()
        apart = (await http.post(f"/api/suggestions/{pairs[said[0], said[2]]}/dismiss")).json()
        again = await http.post(f"/api/suggestions/{pairs[said[0], said[2]]}/dismiss")
    assert (joined["lead"], joined["joined"], apart["state"]) == (said[0], said[1], "separate")
    assert problem(again)["status"] == 409


async def test_what_waits_in_quarantine_is_refused_once(make_hub: MakeHub):
    hub = await make_hub()
    said = (await post(hub, json.dumps({"id": "q", "full_name": "Nobody"}))).json()
    async with calling(hub) as http:
        path = f"/api/submissions/{said['submission']}/reject"
        refused = (await http.post(path, json={"reason": "our own entry"})).json()
        again = await http.post(path, json={})
        waiting = (await http.get("/api/submissions", params={"state": "quarantined"})).json()["items"]
    assert refused == {"submission": said["submission"], "status": "rejected", "reason": "our own entry"}
    assert (problem(again)["status"], waiting) == (409, [])


async def test_a_person_is_erased(make_hub: MakeHub):
    hub = await make_hub()
    said = (await post(hub, person(1))).json()
    async with calling(hub) as http:
        done = (await http.post("/api/erase", json={"email": "p1@example.com"})).json()
        nobody = (await http.post("/api/erase", json={"email": "p1@example.com"})).json()
    assert (done["leads"], done["counts"]["leads"]) == ([said["lead"]], 1)
    assert nobody == {"leads": [], "counts": {}}


async def test_a_changed_configuration_is_tried_on_past_leads(make_hub: MakeHub):
    hub = await make_hub()
    for number in range(3):
        await post(hub, person(number))
    await settled(hub)
    async with calling(hub) as http:
        body = {"config": BASIC.replace("to: [crm, chat]", "to: [crm]"), "days": 7}
        said = (await http.post("/api/simulate", json=body)).json()
    assert (said["leads"], said["moved"]) == (3, 3)
    assert said["examples"][0]["sinks_after"] == ["crm"]


async def test_the_configurations_that_ran_are_listed_without_their_text(make_hub: MakeHub):
    async with calling(await make_hub()) as http:
        (row,) = (await http.get("/api/config/revisions")).json()["items"]
    assert row["published_by"].startswith("hub.yaml")
    assert "text" not in row


def _rename(old: str, new: str, *, session) -> None:
    session.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))
