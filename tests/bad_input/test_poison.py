"""What breaks inside a connector or a step: the bytes are kept first, and one poison body stops nobody else."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.store import submissions as submission_store
from tests.bad_input.conftest import made
from tests.bad_input.serving import Served, serving
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows, rows

READ = (
    "recursion",
    "memory",
    "key",
    "text",
    "unicode",
    "stop",
    "assert",
    "endless",
    "none",
    "strings",
    "halfway",
    "number key",
)
KEPT = ("long key", "nul key", "surrogate key", "surrogate data", "odd data", "tags")
WHERE = ("verify", "handshake", "answer")


def config() -> str:
    """Return a configuration with a source for each way to break."""
    sources: dict[str, Any] = {"api": {"connector": "json_webhook", "auth": "none", "key": "id"}}
    sources |= {named(how): {"connector": "breaking", "parse": how} for how in (*READ, *KEPT, "nul spam")}
    sources |= {where: {"connector": "breaking", "where": where} for where in WHERE}
    steps = ["map", "normalize", "validate", "dedupe", "enrich", "score", "route", "assign", "taint", "deliver"]
    routes = [{"name": "all", "to": ["chat"]}]
    flow = {"name": "inbound", "from": list(sources), "steps": steps, "routes": routes}
    return json.dumps(
        {
            "hub": {"region": "CN", "answer_within": "10s"},
            "sources": sources,
            "sinks": {"chat": {"connector": "memory_sink"}},
            "flows": [flow],
        }
    )


def named(how: str) -> str:
    return how.replace(" ", "_")


def prepared(folder: Path) -> Path:
    """Return a workspace folder that has the plugin."""
    (folder / "plugins").mkdir(exist_ok=True)
    shutil.copy(Path(__file__).with_name("breaking.py"), folder / "plugins")
    return folder


@pytest.fixture(scope="module")
def broken(stored_address: str | None, workspace: Path) -> Iterator[Served]:
    """Return a hub on either database, whose connectors and step break."""
    with serving(
        prepared(made(workspace / f"broken-{bool(stored_address)}")), config(), database=stored_address
    ) as hub:
        assert hub.hub.plugins.broken == ()
        yield hub


def body(how: str) -> bytes:
    return json.dumps(
        {"id": how, "email": f"{named(how)}@acme.example.com", "full_name": "Zo\u00eb"}, ensure_ascii=False
    ).encode()


@pytest.mark.parametrize("how", READ)
def test_a_body_that_breaks_the_connector_is_kept_and_waits_for_a_person(broken: Served, how: str):
    answer = broken.post(body(how), named(how))

    assert (answer.status, answer.json()["status"]) == (202, "quarantined")
    row = broken.submission(answer)
    assert (row["body"], [p["code"] for p in row["problems"]]) == (body(how), ["unreadable"])
    assert row["reason"].isprintable()
    assert broken.takes_the_next_lead()


@pytest.mark.parametrize("how", KEPT)
def test_odd_values_of_a_connector_are_stored(broken: Served, how: str):
    answer = broken.post(body(how), named(how))
    assert (answer.status, answer.json()["status"]) == (202, "accepted")
    row = broken.submission(answer)
    assert (row["body"], row["state"]) == (body(how), "done")
    assert broken.takes_the_next_lead()


def test_odd_words_of_a_connector_are_stored(broken: Served):
    answer = broken.post(body("nul spam"), "nul_spam")
    assert (answer.status, answer.json()["status"]) == (202, "quarantined")
    assert broken.submission(answer)["body"] == body("nul spam")
    assert broken.takes_the_next_lead()


@pytest.mark.parametrize(("where", "status"), [("verify", 401), ("handshake", 401), ("answer", 202)])
def test_what_breaks_around_the_parsing_is_never_a_500(broken: Served, where: str, status: int):
    before = broken.stored()
    answer = broken.post(body(where), where)
    assert answer.status == status
    assert broken.stored() == before + (status == 202)
    assert broken.takes_the_next_lead()


@pytest.mark.parametrize("taint", ["nul", "surrogate"])
async def test_a_lead_that_cannot_be_stored_takes_none_of_its_batch_along(
    make_hub: MakeHub, tmp_path: Path, taint: str
):
    prepared(tmp_path)
    hub = await make_hub(config())
    people = [{"id": str(n), "email": f"p{n}@acme.example.com"} for n in range(60)]
    people[17]["taint"] = people[41]["taint"] = taint

    answers = await asyncio.gather(*(post(hub, json.dumps(person), "api") for person in people))
    await _done(hub)
    await settled(hub)

    assert {answer.status_code for answer in answers} == {202}
    found = {json.loads(row["body"])["id"]: row for row in await all_rows(hub, "submission")}
    assert {row["state"] for id_, row in found.items() if id_ not in ("17", "41")} == {"done"}
    aside = [row for row in found.values() if row["state"] == "quarantined"]
    assert {row["problems"][0]["code"] for row in aside} <= {"unstorable"}
    assert len(hub.plan.sinks["chat"].sent) == len(await all_rows(hub, "lead")) == 60 - len(aside)


async def test_a_lead_with_a_lone_surrogate_is_set_aside_on_either_database(make_hub: MakeHub, tmp_path: Path):
    prepared(tmp_path)
    hub = await make_hub(config())
    answer = await post(hub, json.dumps({"id": "1", "email": "p@acme.example.com", "taint": "surrogate"}), "api")
    assert (answer.status_code, answer.json()["status"]) == (202, "quarantined")
    assert [problem["code"] for problem in answer.json()["problems"]] == ["unstorable"]


async def test_a_poison_body_that_a_dead_process_left_behind_is_settled_once(make_hub: MakeHub, tmp_path: Path):
    prepared(tmp_path)
    hub = await make_hub(config())
    left = [
        submission_store.row(
            id=f"sub_{number}",
            source=named(how),
            received_at=hub.clock.now(),
            body=body(how),
            headers={},
            url="http://[/in/x",
        )
        for number, how in enumerate(READ)
    ]
    await hub.db.write(submission_store.add, left)

    assert await hub.pipeline.sweep() == len(READ)
    await _done(hub)

    assert {row["state"] for row in await all_rows(hub, "submission")} == {"quarantined"}
    hub.clock.turn(3600)
    assert await hub.pipeline.sweep() == 0


async def _done(hub: Any) -> None:
    for _ in range(200):
        if not await rows(hub, "submission", state="received"):
            return
        await asyncio.sleep(0.01)


LISTED = """
hub: {region: CN, answer_within: 10s}
sources: {list: {connector: list_file, key: id}}
sinks: {chat: {connector: memory_sink}}
flows: [{name: inbound, from: [list], routes: [{name: all, to: [chat]}]}]
"""


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(10_000)), id="72-a-key-of-30-kb"),
        pytest.param("a\x00b", id="74-nul-in-the-key"),
    ],
)
async def test_an_odd_key_in_a_file_costs_no_row(make_hub: MakeHub, tmp_path: Path, key: str):
    hub = await make_hub(LISTED)
    people = [{"id": str(n), "email": f"p{n}@acme.example.com"} for n in range(5)]
    people[2]["id"] = key
    path = tmp_path / "leads.jsonl"
    path.write_text("".join(json.dumps(person) + "\n" for person in people), "utf-8")

    imported = await hub.imports.import_file(path, "list")

    assert (imported.state, imported.counts["accepted"]) == ("done", 5)
    assert len(await all_rows(hub, "lead")) == 5


async def test_fields_with_odd_names_are_noticed_and_the_hub_can_stop(make_hub: MakeHub):
    hub = await make_hub(LISTED.replace("list_file, key: id", "json_webhook, auth: none"))
    answer = await post(
        hub, '{"email": "p@acme.example.com", "a\\u0000b": 1, "\\ud800": 2, "' + "k" * 5_000 + '": 3}', "list"
    )
    assert answer.json()["status"] == "accepted"
    await hub.flush()
    assert len(await all_rows(hub, "source_field")) == 4
