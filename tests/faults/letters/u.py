"""U: the same thing comes again: pushed at once, polled again, imported twice."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.faults import facts, workspace
from tests.faults.bench import Bench, until
from tests.faults.letters.k import KINDS, ONLY_CRM, write_list
from tests.faults.rows import Count, row
from tests.faults.world import Answer, World, world

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


@row(
    "U2", "the same key with another body", "422 by Idempotency-Key; by the source's own id it is kept beside the first"
)
def u2(bench: Bench) -> Count:
    """Use a key again for another body: after the first is done, and ten at once."""
    return bench.each("U2", lambda kind: _other_body(bench, kind), KINDS)


def _other_body(bench: Bench, kind: str) -> Count:
    count, where = Count(faults=3), f"U2 {kind}"
    with world(bench, "U2", kind, answer_within="20s", routes=ONLY_CRM) as hurt:
        hurt.sinks = ("crm",)
        hurt.start()
        first, again = (hurt.post(1, idempotency_key="one") for _ in range(2))
        other = hurt.post(2, idempotency_key="one")
        count.must(first.ok and again.said == first.said, f"{where}: a repeat was answered {again.status} {again.said}")
        count.must(other.status == 422, f"{where}: another body under a used key was answered {other.status}")
        at_once: list[Answer] = []
        senders = [threading.Thread(target=_with_key, args=(hurt, number, at_once)) for number in range(20, 30)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        statuses = sorted(answer.status or 0 for answer in at_once)
        count.must(statuses == [202] + [422] * 9, f"{where}: ten bodies at once under one key were answered {statuses}")
        count.must(hurt.post(40, workspace.body(hurt.name, 40)).ok, f"{where}: a lead was refused")
        updated = hurt.post(40, workspace.body(hurt.name, 40, company="Another Ltd."))
        hurt.drain()
        seen = hurt.judge(count, where=where)
        said = {row["id"]: row for row in seen.submissions}
        kept = said.get(updated.said.get("submission", ""), {})
        count.must(
            updated.ok and kept.get("state") == "done", f"{where}: the other body was not kept: {updated.status}"
        )
        count.must(kept.get("duplicate_of") is None, f"{where}: the other body passes as a repeat of the first")
        count.must(len(said) == 4, f"{where}: {len(said)} submissions are stored, not 4")
        versions = [row["version"] for row in seen.leads if row["id"] == kept.get("lead")]
        count.must(versions == [2], f"{where}: the lead has the versions {versions}: the other body was not taken over")
    return count


def _with_key(hurt: World, number: int, heard: list[Answer]) -> None:
    heard.append(hurt.post(number, idempotency_key="ten at once"))


@row(
    "U3", "create, update and withdrawal in every order", "what was said last in the source's time holds, in any order"
)
def u3(bench: Bench) -> Count:
    """Send what happened to a person in all six orders: one after the other, and each after the last is done."""
    return bench.each("U3", lambda kind: _in_every_order(bench, kind), KINDS)


HAPPENED: Mapping[str, Mapping[str, Any]] = {
    "create": {"at": "2026-05-04T08:00:00Z", "company": "First Ltd.", "city": "Oslo", "consent": "yes"},
    "update": {"at": "2026-05-05T08:00:00Z", "company": "Second Ltd.", "title": "Head of Sales"},
    "withdraw": {"at": "2026-05-06T08:00:00Z", "consent": "no"},
}
HOLDS = {"company": "Second Ltd.", "city": "Oslo", "title": "Head of Sales", "consent": False}
DATED = f"connector: json_webhook, auth: hmac, secret: {workspace.SECRET}, key: id, submitted_at: at"


def _in_every_order(bench: Bench, kind: str) -> Count:
    orders = list(itertools.permutations(HAPPENED))
    count, where = Count(faults=2 * len(orders)), f"U3 {kind}"
    with world(bench, "U3", kind, also={"dated": DATED}, routes=ONLY_CRM) as hurt:
        hurt.sinks = ("crm",)
        hurt.start()
        for gaps in (False, True):
            posts = [[_happens(hurt, f"{place}{gaps:d}", what) for what in order] for place, order in enumerate(orders)]
            for step in range(len(HAPPENED)):  # all persons take a step, then all take the next
                for person in posts:
                    hurt.post(raw=person[step], source="dated")
                if gaps:
                    hurt.drain()
        hurt.drain()
        seen = hurt.judge(count, where=where)
        count.must(len(seen.leads) == 2 * len(orders), f"{where}: {len(seen.leads)} leads of {2 * len(orders)} people")
        for lead in seen.leads:
            said = hurt.call("GET", f"/api/leads/{lead['id']}")[1]["lead"]
            found = {name: said.get(name) for name in HOLDS}
            count.must(found == HOLDS, f"{where}: {said.get('email')} became {found}")
    return count


def _happens(hurt: World, person: str, what: str) -> bytes:
    told = {"id": f"{person}-{what}", "email": f"p{person}@{hurt.name}.example.com", **HAPPENED[what]}
    return json.dumps(told).encode()


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
