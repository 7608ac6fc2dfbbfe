"""The configuration changed from afar: whose it is, what is refused, and that all of it or nothing is in force."""

from __future__ import annotations

import stat

import pytest

from hub.testing.fakes import HandClock
from tests.api.calling import calling, keys_of_all_roles, problem
from tests.conftest import BASIC, MakeHub, post, reloaded, settled, until
from tests.core.inputs import person
from tests.core.looking import all_rows

CONFIG = f"# Kept by hand.\n{BASIC}"
ROUTE = ["flows", 0, "routes", 0]
ONLY_CRM = [{"do": "put", "where": [*ROUTE, "to"], "value": ["crm"]}]


async def edited(http, edits=ONLY_CRM):
    answer = await http.post("/api/config/draft/edits", json=edits)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_an_edit_is_checked_published_and_in_force_at_once(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        said = await edited(http)
        assert (said["changes"], said["error"], said["stale"]) == (1, None, False)
        assert "-      - {name: all, to: [crm, chat]}" in said["diff"]
        assert hub.plan.text == CONFIG
        assert (await http.post("/api/config/draft/publish")).json() == {"revision": 2}
        assert (await http.get("/api/config/draft")).json()["changes"] == 0
    await post(hub, person(1))
    await settled(hub)
    assert [row["sink"] for row in await all_rows(hub, "delivery")] == ["crm"]
    assert (tmp_path / "hub.yaml").read_text() == CONFIG.replace("to: [crm, chat]", "to: [crm]")


async def test_what_a_person_published_is_theirs_and_is_not_published_again(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        await edited(http)
        await http.post("/api/config/draft/publish")
    assert not await reloaded(hub)
    rows = await all_rows(hub, "config_revision")
    assert (len(rows), rows[-1]["published_by"]) == (2, "local")
    entry = [row for row in await all_rows(hub, "audit") if row["what"] == "config.published"][-1]
    assert (entry["who"], entry["target"]) == ("local", "2")


@pytest.mark.parametrize("database", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_every_node_runs_what_a_person_published_and_none_publishes_it_again(make_hub: MakeHub):
    first = await make_hub(CONFIG)
    second = await make_hub(CONFIG)
    async with calling(first) as http:
        await edited(http)
        assert (await http.post("/api/config/draft/publish")).json() == {"revision": 2}
    assert await reloaded(second)
    assert second.plan.text == first.plan.text != CONFIG
    assert not await reloaded(first)
    assert len(await all_rows(first, "config_revision")) == 2


async def test_a_restart_after_a_publication_publishes_nothing(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        await edited(http)
        await http.post("/api/config/draft/publish")
    await make_hub.stop(hub)
    again = await make_hub((tmp_path / "hub.yaml").read_text())
    assert len(await all_rows(again, "config_revision")) == 2


async def test_a_wrong_draft_is_kept_but_not_published(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        said = await edited(http, [{"do": "put", "where": [*ROUTE, "when"], "value": "lead.grad == 'A'"}])
        assert "Did you mean" in said["error"]["says"]
        assert said["error"]["line"] == 13
        refused = await http.post("/api/config/draft/publish")
        assert problem(refused)["status"] == 422
    assert hub.plan.text == CONFIG == (tmp_path / "hub.yaml").read_text()
    assert len(await all_rows(hub, "config_revision")) == 1


async def test_a_file_that_changed_on_the_machine_is_not_written_over(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        await edited(http)
        by_hand = CONFIG.replace("by hand", "by me")
        (tmp_path / "hub.yaml").write_text(by_hand)
        assert problem(await http.post("/api/config/draft/publish"))["status"] == 409
        assert (tmp_path / "hub.yaml").read_text() == by_hand
        assert await reloaded(hub)
        said = (await http.get("/api/config/draft")).json()
        assert said["stale"]
        assert problem(await http.post("/api/config/draft/publish"))["status"] == 409
        said = (await http.post("/api/config/draft/rebase")).json()
        assert (said["stale"], said["changes"]) == (False, 1)
        assert (await http.post("/api/config/draft/publish")).status_code == 200
    assert (tmp_path / "hub.yaml").read_text() == by_hand.replace("to: [crm, chat]", "to: [crm]")


async def test_the_second_of_two_who_change_the_same_is_told(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    keys = await keys_of_all_roles(hub)
    async with calling(hub) as first, calling(hub, keys["owner"]) as second:
        await edited(first)
        await edited(second, [{"do": "put", "where": [*ROUTE, "to"], "value": ["chat"]}])
        assert (await first.post("/api/config/draft/publish")).status_code == 200
        refused = problem(await second.post("/api/config/draft/publish"))
        assert (refused["status"], "changed meanwhile" in refused["detail"]) == (409, True)
        refused = problem(await second.post("/api/config/draft/rebase"))
        assert (refused["status"], "same lines" in refused["detail"]) == (409, True)
        assert (await second.get("/api/config/draft")).json()["changes"] == 1


async def test_an_admin_changes_rules_and_nothing_else(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["admin"]) as http:
        await edited(http)
        edit = [{"do": "put", "where": ["sinks", "crm", "rate"], "value": 5}]
        assert "role owner" in problem(await http.post("/api/config/draft/edits", json=edit))["detail"]
        assert (await http.post("/api/config/draft/publish")).status_code == 200
    async with calling(hub, keys["operator"]) as http:
        assert (await http.get("/api/config/draft")).status_code == 403
    assert (await all_rows(hub, "config_revision"))[-1]["published_by"].startswith("key:")


async def test_a_whole_text_may_not_smuggle_in_what_an_edit_may_not(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        for wrong in ("region: CN, allow_networks: [10.0.0.0/8]", 'region: CN, name: "${env:HOME}"'):
            answer = await http.put("/api/config/draft", json={"text": CONFIG.replace("region: CN", wrong)})
            assert "on the machine" in problem(answer)["detail"]
        answer = await http.put("/api/config/draft", json={"text": "[unreadable"})
        assert answer.json()["error"]["line"] == 1
        assert problem(await http.post("/api/config/draft/publish"))["status"] == 422


async def test_mode_and_line_ends_of_the_file_stay(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    file = tmp_path / "hub.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    await reloaded(hub)
    async with calling(hub) as http:
        await edited(http)
        assert (await http.post("/api/config/draft/publish")).status_code == 200
    wanted = CONFIG.replace("to: [crm, chat]", "to: [crm]").replace("\n", "\r\n")
    assert file.read_bytes() == b"\xef\xbb\xbf" + wanted.encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".hub")] == []
    assert not await reloaded(hub)


async def test_where_the_file_cannot_be_written_nothing_changes(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        await edited(http)
        (tmp_path / "hub.yaml").unlink()
        (tmp_path / "hub.yaml").symlink_to("/proc/version")  # what nobody can write, not even root
        answer = await http.post("/api/config/draft/publish")
        assert problem(answer)["status"] == 409
        assert (await http.get("/api/config/draft")).json()["changes"] == 1
    assert hub.plan.text == CONFIG
    assert len(await all_rows(hub, "config_revision")) == 1


async def test_an_earlier_revision_is_published_again_by_whoever_wants_it(make_hub: MakeHub, tmp_path):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        await edited(http)
        await http.post("/api/config/draft/publish")
        assert (await http.post("/api/config/revisions/1/restore")).json() == {"revision": 3}
        said = (await http.get("/api/config/revisions/3?against=2")).json()
        assert "+      - {name: all, to: [crm, chat]}" in said["diff"]
        assert problem(await http.post("/api/config/revisions/99/restore"))["status"] == 404
    assert (tmp_path / "hub.yaml").read_text() == CONFIG == hub.plan.text


KEYED = CONFIG.replace(
    "crm: {connector: updating_sink}",
    "crm: {connector: updating_sink}\n  ding: {connector: dingtalk, webhook: WEBHOOK, secret: SECRET}",
)
WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=abc-in-the-file"


async def test_a_revision_that_cannot_be_used_any_more_is_refused_with_the_reason(make_hub, tmp_path, monkeypatch):
    monkeypatch.setenv("DING", "x")
    hub = await make_hub(KEYED.replace("WEBHOOK", f'"{WEBHOOK}"').replace("SECRET", '"${env:DING}"'))
    (tmp_path / "hub.yaml").write_text(CONFIG)
    assert await reloaded(hub)
    monkeypatch.delenv("DING")
    async with calling(hub) as http:
        refused = problem(await http.post("/api/config/revisions/1/restore"))
    assert (refused["status"], "environment variable 'DING'" in refused["detail"]) == (422, True)
    assert hub.plan.text == CONFIG == (tmp_path / "hub.yaml").read_text()


async def test_secrets_in_the_file_are_never_shown_and_stay_where_they_are(make_hub: MakeHub, tmp_path):
    text = KEYED.replace("WEBHOOK", f'"{WEBHOOK}"').replace("SECRET", '"sesame-in-the-file"')
    hub = await make_hub(text)
    async with calling(hub) as http:
        shown = (await http.get("/api/config")).json()["text"]
        assert "in-the-file" not in shown
        changed = shown.replace("to: [crm, chat]", "to: [crm]")
        said = await http.put("/api/config/draft", json={"text": changed})
        assert (said.json()["changes"], "in-the-file" in said.text) == (1, False)
        assert (await http.post("/api/config/draft/publish")).status_code == 200
        assert "in-the-file" not in (await http.get("/api/config/revisions/2?against=1")).text
    assert (tmp_path / "hub.yaml").read_text() == text.replace("to: [crm, chat]", "to: [crm]")


async def test_a_rule_is_said_in_words_and_tried_on_the_newest_leads(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    for number in range(3):
        await post(hub, person(number))
    await settled(hub)
    async with calling(hub) as http:
        said = (await http.post("/api/config/rule", json={"rule": "has(lead.email)", "flow": "inbound"})).json()
        assert (said["matched"], said["of"], said["words"]["en"]) == (3, 3, "e-mail is known")
        said = (await http.post("/api/config/rule", json={"rule": "lead.grad == 'A'"})).json()
        assert said == {"ok": False, "error": said["error"]}
        assert 'Did you mean "lead.grade"' in said["error"]


async def test_a_simulation_tells_who_would_go_elsewhere(make_hub: MakeHub, clock: HandClock):
    hub = await make_hub(CONFIG)
    for number in range(3):
        await post(hub, person(number))
    await settled(hub)
    async with calling(hub) as http:
        await edited(http)
        name = (await http.post("/api/config/draft/simulate", json={"days": 7})).json()["simulation"]
        found = http._transport.app.state.simulations.find(name)  # type: ignore[attr-defined]
        await until(lambda: found.state == "done")
        said = (await http.get(f"/api/config/simulations/{name}")).json()
    assert (said["done"], said["of"], said["result"]["moved"]) == (3, 3, 3)
    assert said["result"]["examples"][0]["sinks_after"] == ["crm"]
    assert hub.plan.text == CONFIG
