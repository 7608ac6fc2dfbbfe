"""U: the same thing comes again: pushed at once, polled again, imported twice."""

from __future__ import annotations

import http.client
import json
import threading
from pathlib import Path

from tests.faults import facts, workspace
from tests.faults.bench import Bench, until
from tests.faults.letters.k import KINDS, ONLY_CRM, write_list
from tests.faults.rows import Count, row
from tests.faults.world import World, world

SENDERS = 100


@row(
    "U1",
    "the same webhook 100 times at once, also with its answers lost",
    "one lead, every answer 2xx with the same id",
)
def u1(bench: Bench) -> Count:
    """Push one lead from a hundred senders at once: known by its own id, and by an Idempotency-Key."""
    trials = [(kind, how) for kind in KINDS for how in ("id", "key")]
    return bench.each("U1", lambda trial: _at_once(bench, *trial), trials)


def _at_once(bench: Bench, kind: str, how: str) -> Count:
    count, where = Count(faults=SENDERS), f"U1 {kind} {how}"
    with world(bench, "U1", kind, answer_within="20s") as hurt:
        hurt.start()
        raw = workspace.body(hurt.name, 0)
        headers = {"idempotency_key": "one-and-the-same"} if how == "key" else {}
        _lose_answers(hurt, raw, headers)
        gate = threading.Barrier(SENDERS)

        def send() -> None:
            gate.wait()
            hurt.post(0, raw, 60.0, **headers)

        senders = [threading.Thread(target=send) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        hurt.drain()
        ids = {answer.said.get("submission") for answer in hurt.answers}
        leads = {answer.said.get("lead") for answer in hurt.answers} - {None}  # None: answered before it was decided
        count.must(
            all(answer.ok for answer in hurt.answers), f"{where}: {[a.status for a in hurt.answers if not a.ok]}"
        )
        count.must(
            len(ids) == 1 and len(leads) == 1, f"{where}: answers name {len(ids)} submissions, {len(leads)} leads"
        )
        seen = hurt.judge(count, where=where)
        count.must(len(seen.leads) == 1, f"{where}: {len(seen.leads)} leads")
        count.must(len(seen.deliveries) == len(workspace.SINKS), f"{where}: {len(seen.deliveries)} deliveries")
    return count


def _lose_answers(hurt: World, raw: bytes, headers: dict[str, str]) -> None:
    """Push it and hang up before the answer comes."""
    for _ in range(3):
        connection = http.client.HTTPConnection(hurt.url.removeprefix("http://"))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/in/website", raw, {"x-signature": workspace.signature(raw), **named})
        connection.close()


@row("U4", "a poll is cut off; the platform's list shifts by one", "every lead of the platform is here, once")
def u4(bench: Bench) -> Count:
    """Kill between pages, and let the list grow in its middle before the next start."""
    points = ("poll.fetched", "poll.inserted", "poll.committed")
    trials = [(kind, point) for kind in KINDS for point in (points if bench.long else points[1:2])]
    return bench.each("U4", lambda trial: _shifted(bench, *trial), trials)


def _shifted(bench: Bench, kind: str, point: str) -> Count:
    count, where = Count(faults=1), f"U4 {kind} {point}"
    with world(bench, "U4", kind, poll=True, routes=ONLY_CRM) as hurt:
        hurt.sinks = ("crm",)
        rows = [workspace.lead(hurt.name, number) for number in range(40)]
        pages = hurt.folder / "pages.json"
        pages.write_text(json.dumps([row for row in rows if row["id"] != rows[18]["id"]]))
        hurt.launch(f"{point}:2=kill")
        count.must(hurt.ended(30) == -9, f"{where}: it never came to the point: {hurt.said()[-200:]}")
        hurt.kills += 1
        pages.write_text(json.dumps(rows))  # all behind the 18th stand one further back now
        hurt.recover(count)
        query = "SELECT key, count(*) AS n FROM submission WHERE source = 'pages' AND key IS NOT NULL GROUP BY key"
        until(lambda: len(facts.ask(hurt.database, query)) >= len(rows), 30, 0.2)
        hurt.drain()
        found = {row["key"]: row["n"] for row in facts.ask(hurt.database, query)}
        missing = {row["id"] for row in rows} - found.keys()
        count.accepted += len(found)
        count.lost += len(missing)
        count.must(not missing, f"I1 lost: {where}: {sorted(missing)[:3]} are not here")
        count.must(set(found.values()) == {1}, f"I3 {where}: some are here twice")
        hurt.judge(count, where=where)
    return count


@row("U5", "a file is imported twice, and again after an edit", "a row is a lead once; read = kept + known + refused")
def u5(bench: Bench) -> Count:
    """Import a list, the same again under another name, and an edited one."""
    return bench.each("U5", lambda kind: _imported(bench, kind), KINDS)


def _imported(bench: Bench, kind: str) -> Count:
    count, where, number = Count(faults=3), f"U5 {kind}", 60
    with world(bench, "U5", kind, lists=True, routes=ONLY_CRM) as hurt:
        hurt.sinks = ("crm",)
        hurt.start()
        first, again, edited = (hurt.folder / f"{name}.csv" for name in ("first", "again", "edited"))
        for path in (first, again, edited):
            write_list(path, hurt.name, number)
        edited.write_text(edited.read_text().replace("Company 7 Inc.", "Company Seven Ltd.") + "broken row\n")
        for path, state, fresh in ((first, "done", number), (again, "known", None), (edited, "done", 2)):
            _one_import(hurt, path, state, fresh, count, f"{where} {path.stem}")
        hurt.drain()
        seen = hurt.judge(count, where=where)
        emails = [row["email"] for row in seen.leads if row["email"] and row["state"] == "open"]
        count.accepted += len(emails)
        count.must(len(emails) == len(set(emails)), f"I3 {where}: a person is there twice")
        count.must(
            len(emails) == number - number // 5, f"{where}: {len(emails)} leads of {number - number // 5} people"
        )
    return count


def _one_import(hurt: World, path: Path, state: str, fresh: int | None, count: Count, where: str) -> None:
    connection = http.client.HTTPConnection(hurt.url.removeprefix("http://"), timeout=120)
    headers = {"authorization": f"Bearer {hurt.key}", "content-type": "application/json"}
    connection.request("POST", "/api/imports", json.dumps({"path": str(path), "source": "lists"}), headers)
    lines = [json.loads(line) for line in connection.getresponse().read().splitlines()]
    connection.close()
    last = lines[-1]
    count.must(last.get("state") == state, f"{where}: {last}")
    counts = dict(last.get("counts") or {})
    read, known = counts.pop("read", 0), counts.pop("known", 0)
    if fresh is not None:
        count.must(read == known + sum(counts.values()), f"{where}: {read} rows read, {known} known, {counts}")
        count.must(read - known == fresh, f"{where}: {read - known} rows were new, not {fresh}")
