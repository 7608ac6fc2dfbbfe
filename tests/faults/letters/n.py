"""N: the other side is slow, flaps, hangs up, loses its answer, has no name, or comes back all at once."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import subprocess
import urllib.request
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.faults import facts
from tests.faults.bench import Bench, tool, until
from tests.faults.hangups import STAGES, Receiver
from tests.faults.rows import Count, row
from tests.faults.world import World, world


class Verdict(NamedTuple):
    """What table 2b says of a stage: what the attempt is called, whether there is doubt, and when it is due again."""

    outcome: str
    state: str = "ready"
    unclear: bool = False
    least: float = 16.0  # seconds until the next attempt: here the first wait is 20, give or take a fifth
    most: float = 24.0


NOT_SENT, DOUBT, SLOW = Verdict("retry"), Verdict("unclear", unclear=True, least=60.0, most=60.0), 600.0
TABLE = {
    "refused": NOT_SENT, "unanswered": NOT_SENT, "tls": NOT_SENT, "certificate": Verdict("retry", least=SLOW, most=SLOW),
    "accepted": DOUBT, "headers": DOUBT, "half": DOUBT, "after": DOUBT, "eof": DOUBT, "middle": DOUBT, "reused": DOUBT,
    "middle400": Verdict("rejected", "rejected", least=0.0), "middle503": NOT_SENT, "fine": Verdict("sent", "sent", least=0.0),
}  # fmt: skip
TRIED = {"certificate": 1}  # the whole sink rests then


@row(
    "N3",
    "the connection is reset at each stage of a send",
    "what was not sent is retried, what may have arrived doubted",
)
def n3(bench: Bench) -> Count:
    """Hang up on a sink at each stage, and compare with the policy's table."""
    return bench.each("N3", lambda held: _hung_up(bench, held), ("auto", "hold"))


def _hung_up(bench: Bench, held: str) -> Count:
    count, where = Count(faults=len(STAGES) - 1), f"N3 {held}"
    with contextlib.ExitStack() as stack:
        certificate = _certificate(bench.folder / bench.name("certificate"))
        peers = {stage: stack.enter_context(Receiver(stage, certificate)) for stage in STAGES}
        sinks = "\n".join(
            webhook(stage, peer.url, f"on_unclear: {held}, retry: [20s, 1h]") for stage, peer in peers.items()
        )
        routes = f"      - {{name: all, to: [{', '.join(STAGES)}]}}"
        hurt = stack.enter_context(world(bench, "N3", sinks=sinks, routes=routes))
        hurt.start()
        hurt.post(0)
        ended(hurt, "reused", 1)
        hurt.post(1)
        for stage in STAGES:
            count.must(ended(hurt, stage, TRIED.get(stage, 2)), f"{where} {stage}: the attempts did not end")
        count.accepted += 2
        for stage, peer in peers.items():
            _as_the_table_says(hurt, stage, peer, held, count, f"{where} {stage}")
    return count


def webhook(name: str, url: str, more: str, at_once: int = 1) -> str:
    return f'  {name}: {{connector: webhook, url: "{url}", rate: 0, concurrency: {at_once}, {more}}}'


def _certificate(path: Path) -> Path:
    """Make a certificate that nobody trusts."""
    command = [tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "9"]
    subprocess.run([*command, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def ended(hurt: World, sink: str, number: int) -> bool:
    """Wait until so many attempts at a sink have ended."""
    query = (
        "SELECT count(*) AS n FROM attempt JOIN delivery ON delivery.id = attempt.delivery "
        f"WHERE sink = '{sink}' AND ended_at IS NOT NULL"
    )
    return bool(until(lambda: facts.ask(hurt.database, query)[0]["n"] >= number, 40, 0.1))


def _as_the_table_says(hurt: World, stage: str, peer: Receiver, held: str, count: Count, where: str) -> None:
    want = TABLE[stage]
    query = (
        "SELECT delivery.state, delivery.unclear, delivery.due_at, attempt.outcome, attempt.ended_at, attempt.reason "
        f"FROM attempt JOIN delivery ON delivery.id = attempt.delivery WHERE sink = '{stage}' ORDER BY attempt.id"
    )
    rows = facts.ask(hurt.database, query)
    if stage == "reused":
        count.must(rows[0]["outcome"] == "sent", f"{where}: the first on a connection was {rows[0]['outcome']}")
        rows = rows[1:]
    state = "unclear" if want.unclear and held == "hold" else want.state
    for one in rows:
        said = f"{where}: {one['outcome']}, {one['state']}, unclear {bool(one['unclear'])}: {one['reason']}"
        count.must((one["outcome"], one["state"]) == (want.outcome, state), said)
        count.must(bool(one["unclear"]) == want.unclear, said)
        if state == "ready":
            wait = (facts.time_of(one["due_at"]) - facts.time_of(one["ended_at"])).total_seconds()
            count.must(want.least <= wait <= want.most, f"{where}: tried again after {wait:.1f} s")
    tried = 0 if stage in ("refused", "unanswered") else TRIED.get(stage, 2)
    count.must(stage in ("fine", "reused") or peer.connections == tried, f"{where}: {peer.connections} connections")
    whole = 2 if stage in ("eof", "after") or stage.startswith("middle") else None
    count.must(whole in (None, peer.requests), f"{where}: it had {peer.requests} whole requests")


@row(
    "N4",
    "the sink took the lead, and its answer is lost",
    "no visible twin where the sink can tell, at most one in a chat",
)
def n4(bench: Bench) -> Count:
    """Reset after the vendor acted, three times for each sink, and look at what the vendor holds."""
    return bench.each("N4", lambda number: _answer_lost(bench, number), (20 if bench.long else 5,))


def _answer_lost(bench: Bench, number: int) -> Count:
    count, where = Count(faults=LOST * len(VENDORS)), "N4"
    with world(bench, "N4") as hurt:
        hurt.settings = {"sinks": _vendors(hurt), "routes": f"      - {{name: all, to: [{', '.join(VENDORS)}]}}"}
        hurt.configure()
        for path, method in VENDORS.values():
            bench.sandbox.script(path.format(name=hurt.name), {"reset": "after", "times": LOST}, method=method)
        hurt.start()
        for one in range(number):
            hurt.post(one * 5)  # people of their own
        until(lambda: not _first_tries(hurt), 30, 0.1)
        lost = {one["sink"]: one["n"] for one in facts.ask(hurt.database, _DOUBTED)}
        count.must(lost.keys() >= set(VENDORS), f"{where}: no answer was lost of {set(VENDORS) - lost.keys()}")
        for vendor in ("hubspot", "salesforce", "jiandaoyun", "sheet"):
            acted = len(_held(hurt, vendor))
            count.must(acted == number, f"N4 {vendor}: it had acted on {acted} of {number} when the answers were lost")
        _hurry(hurt)
        hurt.drain()
        for path, method in VENDORS.values():
            bench.sandbox.script(path.format(name=hurt.name), method=method)
        count.accepted += number
        _no_twins(hurt, number, lost, count)
    return count


LOST = 3
_DOUBTED = (
    "SELECT sink, count(*) AS n FROM attempt JOIN delivery ON delivery.id = attempt.delivery "
    "WHERE attempt.outcome = 'unclear' GROUP BY sink"
)
VENDORS: dict[str, tuple[str, str | None]] = {
    "crm": ("/webhook/{name}-crm", None),  # knows the key
    "paper": ("/webhook/{name}-paper", None),  # is told to hold
    "chat": ("/slack/services/T/B/{name}", None),
    "hubspot": ("/hubspot/crm/*", "POST"),  # upserts by our id
    "salesforce": ("/salesforce/services/data/*", "PATCH"),  # likewise
    "jiandaoyun": ("/jiandaoyun/*/create", "POST"),  # can be searched
    "sheet": ("/sheets/v4/*:append", "POST"),  # holds our id in a column
}


def _vendors(hurt: World) -> str:
    from hub.demo.workspace import _service_account

    (hurt.folder / "google.json").write_text(_service_account())
    (hurt.folder / "google.json").chmod(0o600)
    url = hurt.bench.sandbox.url
    return f"""
  hubspot: {{connector: hubspot, base_url: "{url}/hubspot", token: demo-token, rate: 0, batch: 1}}
  salesforce: {{connector: salesforce, base_url: "{url}/salesforce", client_id: x, client_secret: y, rate: 0, batch: 1}}
  jiandaoyun: {{connector: jiandaoyun, base_url: "{url}/jiandaoyun", api_key: k, app_id: a, entry_id: e, rate: 0, \
id_field: lead_id, fields: {{email: email}}}}
  sheet: {{connector: google_sheets, base_url: "{url}/sheets", token_url: "{url}/sheets/token", rate: 0, batch: 1, \
credentials: "${{file:google.json}}", spreadsheet_id: {hurt.name}}}
"""


def _first_tries(hurt: World) -> int:
    query = "SELECT count(*) AS n FROM attempt WHERE ended_at IS NULL UNION ALL SELECT count(*) FROM delivery WHERE attempts = 0"
    owed = facts.ask(hurt.database, query)
    return sum(int(one["n"]) for one in owed) + bool(facts.waiting(hurt.database).count("submission"))


def _hurry(hurt: World) -> None:
    """Stop, turn the next attempts' times back, and start: nobody waits for a minute here."""
    hurt.stop()
    with contextlib.closing(sqlite3.connect(hurt.database.removeprefix("sqlite:///"))) as connection:
        connection.execute("UPDATE delivery SET due_at = created_at WHERE state = 'ready'")
        connection.commit()
    hurt.start()


def _no_twins(hurt: World, number: int, lost: dict[str, int], count: Count) -> None:
    """See what each vendor holds in the end."""
    seen = hurt.facts()
    held = {vendor: Counter(_held(hurt, vendor)) for vendor in ("hubspot", "salesforce", "jiandaoyun", "sheet")}
    held["crm"] = Counter(str(r.key) for r in seen.requests if r.sink == "crm" and r.seen == "new")
    held["paper"] = Counter(str(r.key) for r in seen.requests if r.sink == "paper")
    for vendor, there in held.items():
        count.must(len(there) == number, f"N4 {vendor}: it holds {len(there)} of {number} leads")
        count.must(set(there.values()) == {1}, f"N4 {vendor}: it holds twins: {there.most_common(3)}")
    chat = Counter(r.text for r in seen.requests if r.sink == "chat")
    people = Counter(r.key for r in seen.requests if r.sink == "chat")
    count.must(max(people.values()) <= 2, f"N4 chat: a message came {max(people.values())} times")
    count.must(
        sum(chat.values()) - number == lost["chat"], f"N4 chat: {sum(chat.values()) - number} repeats of {lost['chat']}"
    )
    states = Counter(row["state"] for row in seen.deliveries if row["sink"] == "paper")
    count.must(states["unclear"] == lost["paper"], f"N4 paper: {states} although {lost['paper']} answers were lost")
    rest = {(row["sink"], row["state"]) for row in seen.deliveries if row["sink"] != "paper" and row["state"] != "sent"}
    count.must(not rest, f"N4: {rest}")
    count.doubled += seen.doubled
    count.notes.append(
        f"N4: answers lost {lost}; twins 0, repeats in the chat {lost['chat']}, held for a person {lost['paper']}"
    )


def _held(hurt: World, vendor: str) -> list[str]:
    """Return the addresses of this world's people in a vendor's store, as often as it has them."""
    name = "sheets" if vendor == "sheet" else vendor
    said = urllib.request.urlopen(f"{hurt.bench.sandbox.url}/_sandbox/records?vendor={name}").read().decode()
    items = [json.dumps(item) for item in json.loads(said)["items"]]
    return [found[0] for item in items if (found := re.search(rf"p\d+@{hurt.name}\.example\.com", item))]
