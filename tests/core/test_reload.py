"""A changed hub.yaml: published as a new revision when it is right, refused and told when it is wrong."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.errors import Retry
from hub.testing.fakes import WaitingSink
from tests.conftest import BASIC, MakeHub, post, reloaded, settled, until
from tests.core.inputs import person
from tests.core.looking import all_rows, rows


def rewrite(folder: Path, text: str | bytes) -> None:
    raw = text if isinstance(text, bytes) else text.encode()
    (folder / "hub.yaml").write_bytes(raw)


def told(hub, sink: str) -> int:
    return len(hub.dispatcher.lanes[sink].sink.sent)


async def test_an_unchanged_configuration_is_left_alone(make_hub: MakeHub):
    hub = await make_hub()
    assert not await hub.reload()
    assert len(await all_rows(hub, "config_revision")) == 1


async def test_a_changed_route_is_in_force_for_the_next_lead(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    await post(hub, person(1))
    rewrite(tmp_path, BASIC.replace("to: [crm, chat]", "to: [crm]"))
    assert await reloaded(hub)
    await post(hub, person(2))
    await settled(hub)
    assert (told(hub, "crm"), told(hub, "chat")) == (2, 1)


HALF = BASIC.partition("flows:")[0]
"""A configuration as an editor leaves it for a moment while it saves: it can be read, and takes no leads."""


async def test_a_file_that_is_being_saved_is_left_alone_until_it_holds_still(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    changed = BASIC.replace("to: [crm, chat]", "to: [crm]")
    for text in (HALF, HALF[:-20], changed):
        rewrite(tmp_path, text)
        assert not await hub.reload()
    assert await hub.reload()
    assert hub.plan.text == changed
    await hub.flush()
    assert await rows(hub, "event", kind="config.refused") == []
    assert len(await all_rows(hub, "config_revision")) == 2


async def test_a_file_that_changes_without_another_size_or_time_does_not_hold_still(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    file = tmp_path / "hub.yaml"
    first, second = (BASIC.replace("to: [crm, chat]", f"to: [{sink}]") for sink in ("crm", "chat"))
    rewrite(tmp_path, second + "#")
    at = file.stat().st_mtime_ns
    assert not await hub.reload()
    rewrite(tmp_path, first + "##")
    os.utime(file, ns=(at, at))
    assert not await hub.reload()
    assert await hub.reload()
    assert hub.plan.text == first + "##"


async def test_a_change_that_is_taken_back_before_it_holds_still_never_was(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    file = tmp_path / "hub.yaml"
    at = file.stat().st_mtime_ns
    rewrite(tmp_path, HALF)
    assert not await hub.reload()
    rewrite(tmp_path, BASIC)
    os.utime(file, ns=(at, at))
    assert [await hub.reload() for _ in range(3)] == [False] * 3
    rewrite(tmp_path, HALF)
    assert not await hub.reload()


SAVES = """
from pathlib import Path

file = Path(__file__).parents[1] / "hub.yaml"
if "chat]" in file.read_text():
    file.write_text(file.read_text().replace("[crm, chat]", "[crm]"))
"""


async def test_a_file_that_is_saved_while_it_is_read_is_looked_at_anew(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "saves.py").write_text(SAVES)
    assert [await hub.reload() for _ in range(3)] == [False] * 3
    assert await hub.reload()
    assert hub.plan.text == BASIC.replace("[crm, chat]", "[crm]")
    assert len(await all_rows(hub, "config_revision")) == 2


async def test_every_configuration_that_ran_is_a_revision_with_what_changed(make_hub: MakeHub, tmp_path, clock):
    hub = await make_hub()
    clock.turn(60)
    changed = BASIC.replace("to: [crm, chat]", "to: [crm]")
    rewrite(tmp_path, changed)
    await reloaded(hub)
    first, second = await all_rows(hub, "config_revision")
    assert (first["text"], second["text"]) == (BASIC, changed)
    assert (second["published_at"], hub.plan.revision) == (clock.now(), second["id"])
    assert "-      - {name: all, to: [crm, chat]}" in second["diff"]
    assert "+      - {name: all, to: [crm]}" in second["diff"]


async def test_decisions_name_the_revision_they_were_made_under(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    await post(hub, person(1))
    rewrite(tmp_path, BASIC.replace("to: [crm, chat]", "to: [crm]"))
    await reloaded(hub)
    await post(hub, person(2))
    decisions = await all_rows(hub, "decision")
    revisions = [row["id"] for row in await all_rows(hub, "config_revision")]
    assert [row["revision"] for row in decisions] == revisions
    assert [json.loads(row["body"])["revision"] for row in decisions] == revisions


async def test_the_same_text_after_a_restart_is_the_same_revision(make_hub: MakeHub):
    hub = await make_hub()
    await make_hub.stop(hub)
    hub = await make_hub()
    assert len(await all_rows(hub, "config_revision")) == 1
    assert hub.plan.revision == 1


BAD = {
    "an unknown sink": (BASIC.replace("to: [crm, chat]", "to: [crm, chta]"), 'Did you mean "chat"?'),
    "an unknown setting": (
        BASIC.replace("{connector: memory_sink}", "{connector: memory_sink, tmeout: 3}"),
        '"tmeout"',
    ),
    "no YAML": ("hub: {region", "This is not YAML"),
    "no UTF-8": (b"hub: {name: \xff}", "not UTF-8"),
    "a broken rule": (BASIC.replace("name: all,", "name: all, when: 'lead.grad == 1',"), "lead.grad"),
    "another database": (BASIC.replace("data/hub.db", "data/other.db"), "Restart leadhub"),
    "a secret that is not there": (
        BASIC.replace("{connector: memory_sink}", '{connector: memory_sink, timeout: "${env:NOT_THERE_AT_ALL}"}'),
        "NOT_THERE_AT_ALL",
    ),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_wrong_configuration_leaves_the_old_one_running_and_is_told_once(make_hub: MakeHub, tmp_path, kind):
    hub = await make_hub()
    text, says = BAD[kind]
    rewrite(tmp_path, text)
    assert not await reloaded(hub)
    assert not await reloaded(hub)
    await post(hub, person(1))
    await settled(hub)
    assert (told(hub, "crm"), told(hub, "chat")) == (1, 1)
    assert says in (hub.publisher.refused or "")
    await hub.flush()
    (event,) = await rows(hub, "event", kind="config.refused")
    assert says in event["data"]["reason"]
    assert len(await all_rows(hub, "config_revision")) == 1


async def test_a_configuration_that_is_gone_leaves_the_old_one_running(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    (tmp_path / "hub.yaml").unlink()
    assert not await reloaded(hub)
    assert "cannot be read" in (hub.publisher.refused or "")


async def test_a_mended_configuration_is_published(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    rewrite(tmp_path, BAD["no YAML"][0])
    await reloaded(hub)
    rewrite(tmp_path, BASIC.replace("to: [crm, chat]", "to: [crm]"))
    assert await reloaded(hub)
    assert hub.publisher.refused is None
    await hub.flush()
    assert len(await rows(hub, "event", kind="config.published")) == 1


async def test_a_configuration_that_could_not_be_stored_is_published_with_the_next_look(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    rewrite(tmp_path, BASIC.replace("to: [crm, chat]", "to: [crm]"))
    await hub.db.write(_rename, "config_revision", "config_gone")
    with pytest.raises(sa.exc.SQLAlchemyError):
        await reloaded(hub)
    await hub.db.write(_rename, "config_gone", "config_revision")
    assert await reloaded(hub)
    assert hub.plan.revision == (await all_rows(hub, "config_revision"))[-1]["id"]
    assert hub.plan.text == BASIC.replace("to: [crm, chat]", "to: [crm]")


async def test_a_sink_that_did_not_change_keeps_its_rest_and_what_it_is_sending(make_hub: MakeHub, tmp_path, clock):
    hub = await make_hub(BASIC.replace("memory_sink", "waiting_sink"))
    crm, chat = hub.dispatcher.lanes["crm"], hub.dispatcher.lanes["chat"]
    crm.sink.answer = lambda lead: Retry("answered 429", after=60.0)
    await post(hub, person(1))
    await until(lambda: chat.sink.started and not crm.open())
    rewrite(tmp_path, BASIC.replace("memory_sink", "waiting_sink").replace("name: all", "name: everyone"))
    assert await reloaded(hub)
    assert (hub.dispatcher.lanes["crm"], hub.dispatcher.lanes["chat"]) == (crm, chat)
    assert not crm.open()
    assert len(chat.held) == 1
    chat.sink.go.set()
    await settled(hub)
    assert len(chat.sink.sent) == 1


async def test_a_sink_whose_settings_changed_finishes_what_it_was_sending_and_starts_anew(make_hub: MakeHub, tmp_path):
    config = BASIC.replace("memory_sink", "waiting_sink")
    hub = await make_hub(config)
    before = hub.dispatcher.lanes["chat"]
    old: WaitingSink = before.sink
    for number in (1, 2):
        await post(hub, person(number))
    await until(lambda: old.started)
    rewrite(tmp_path, config.replace("{connector: waiting_sink}", "{connector: waiting_sink, timeout: 7}"))
    reloading = asyncio.create_task(reloaded(hub))
    await until(lambda: hub.dispatcher.lanes["chat"] is not before)
    old.go.set()
    assert await reloading
    hub.dispatcher.lanes["chat"].sink.go.set()
    await settled(hub)
    assert (len(old.sent), told(hub, "chat")) == (1, 1)
    found = await rows(hub, "delivery", sink="chat")
    assert [(row["state"], row["attempts"], row["rescues"]) for row in found] == [("sent", 1, 0)] * 2


async def test_leads_of_a_sink_that_was_taken_away_wait_until_it_is_back(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    await hub.dispatcher.pause("chat", "for this test")
    await post(hub, person(1))
    without = BASIC.replace("  chat: {connector: memory_sink}\n", "").replace("[crm, chat]", "[crm]")
    rewrite(tmp_path, without)
    assert await reloaded(hub)
    await settled(hub)
    assert [row["state"] for row in await rows(hub, "delivery", sink="chat")] == ["ready"]
    rewrite(tmp_path, BASIC)
    assert await reloaded(hub)
    await hub.dispatcher.resume("chat")
    await settled(hub)
    assert told(hub, "chat") == 1


async def test_a_pause_outlasts_a_changed_configuration(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    await hub.dispatcher.pause("chat", "the key is wrong")
    rewrite(tmp_path, BASIC.replace("{connector: memory_sink}", "{connector: memory_sink, timeout: 7}"))
    assert await reloaded(hub)
    assert hub.dispatcher.lanes["chat"].gate.paused == "the key is wrong"


async def test_a_changed_mapping_and_a_new_plugin_are_noticed_too(make_hub: MakeHub, tmp_path):
    hub = await make_hub()
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "website.yaml").write_text("fields: {email: email, company: full_name}\n")
    assert await reloaded(hub)
    said = (await post(hub, person(1))).json()
    (lead,) = await rows(hub, "lead", id=said["lead"])
    assert lead["company"] == "P 1"
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "broken.py").write_text("raise RuntimeError('x')\n")
    assert await reloaded(hub)
    assert [broken.name for broken in hub.plugins.broken] == ["broken"]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


async def test_a_plugin_that_cannot_be_loaded_is_told_in_the_log_at_the_start_and_when_it_changes(
    make_hub: MakeHub, tmp_path, caplog
):
    (tmp_path / "plugins").mkdir()
    file = tmp_path / "plugins" / "broken.py"
    file.write_text("import os\nraise RuntimeError('no luck')\n")
    hub = await make_hub()
    assert warnings(caplog) == [f"event=plugin.broken file={file}:2 detail='RuntimeError: no luck'"]
    caplog.clear()
    assert [await hub.reload() for _ in range(3)] == [False] * 3
    assert warnings(caplog) == []
    file.write_text("raise RuntimeError('still none')\n")
    assert await reloaded(hub)
    assert warnings(caplog) == [f"event=plugin.broken file={file}:1 detail='RuntimeError: still none'"]


async def test_a_refused_configuration_that_names_a_broken_plugins_connector_tells_of_the_plugin(
    make_hub: MakeHub, tmp_path, caplog
):
    hub = await make_hub()
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "acme.py").write_text("import nothing_of_that_name\n")
    rewrite(tmp_path, BASIC.replace("{connector: memory_sink}", "{connector: acme}"))
    assert not await reloaded(hub)
    told_of = [said for said in warnings(caplog) if "plugin.broken" in said]
    assert len(told_of) == 1
    assert "acme.py:1 detail=\"ModuleNotFoundError: No module named 'nothing_of_that_name'" in told_of[0]


def _rename(old: str, new: str, *, session) -> None:
    session.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))
