"""Writes pushed submissions the way each vendor's webhook carries them, unsigned, one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

from hub.demo import campaigns, shapes
from hub.demo.entry import SOURCES, Entry, Truth

FILE = "pushes.jsonl"
LIVE_SECONDS = 300
REDELIVERED = 12
DOUBLE_CLICKS = 4


def write(entries: Sequence[Entry], random: Random, now: datetime) -> tuple[bytes, list[Truth]]:
    """Return pushes.jsonl and the truth about its lines.

    A line is `{"source", "kind", "at", "id", "truth", "payload"}`, and `"graph"` for Meta: the answer to reading the
    lead. `at` is when to send it, in seconds after the demo starts: 0 for the past, up to 300 for what is live.
    """
    every = (*entries, *_double_clicks(entries))
    live = iter(sorted(random.randint(5, LIVE_SECONDS) for entry in every if _recent(entry, now)))
    lines: list[dict[str, Any]] = []
    truths: list[Truth] = []
    repeats = _repeated(entries, random)
    for entry in every:
        kind = SOURCES[entry.source]
        mark = "TeSter-123-" if entry.kind == "test" and entry.source == "google" else ""
        key = mark + shapes.IDS[kind](random)
        line = {"source": entry.source, "kind": kind, "at": next(live) if _recent(entry, now) else 0, "id": key}
        line |= {"truth": entry.person, "payload": shapes.SHAPES[kind](entry, key, random)}
        line |= {"graph": shapes.graph(entry, key)} if kind == "meta_lead_ads" else {}
        again = (entry.person, entry.source) in repeats
        lines += [line] * (2 if again else 1)
        truths.append(Truth.of(entry, key, FILE, None, *(["redelivered"] if again else [])))
    lines.sort(key=lambda line: int(line["at"]))
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode(), truths


def console_tests(now: datetime) -> list[Entry]:
    """Return the test leads that people send from the vendors' consoles, each marked the vendor's way."""
    google = {"full_name": "FirstName LastName", "email": "test@example.com", "phone": "+16505550123"}
    meta = {name: f"<test lead: dummy data for {name}>" for name in ("full_name", "company")}
    meta |= {"email": "test@fb.com", "phone": "<test lead: dummy data for phone_number>"}
    at = now.replace(microsecond=0)
    typeform = {"full_name": "Lorem ipsum", "first_name": "Lorem", "email": "an_account@example.com"}
    partner = {"full_name": "Test", "email": "test@example.org", "message": "Please ignore"}
    found = [
        ("google", google, "test1"),
        ("google", google, "test2"),
        ("facebook", meta, "test3"),
        ("survey", typeform, "test4"),
        ("partners", partner, "test5"),
    ]
    return [
        Entry(person, source, at, fields, campaigns.touch(source, "US", Random(1)), ("test_lead",), "test")
        for source, fields, person in found
    ]


def _recent(entry: Entry, now: datetime) -> bool:
    return (now - entry.at).total_seconds() < 240


def _repeated(entries: Sequence[Entry], random: Random) -> set[tuple[str, str]]:
    """Choose whose submission to which source is sent twice by the vendor, as after a lost answer."""
    vendors = ("survey", "product", "google", "facebook")
    patient = [(entry.person, entry.source) for entry in entries if entry.source in vendors and entry.kind == "lead"]
    return set(random.sample(patient, min(REDELIVERED, len(patient))))


def _double_clicks(entries: Sequence[Entry]) -> list[Entry]:
    """Return what the impatient posted twice, each time as a submission of its own."""
    website = [e for e in entries if e.source == "website" and e.kind == "lead"]
    return [e.damaged("double_click") for e in website[:: max(len(website) // DOUBLE_CLICKS, 1)][:DOUBLE_CLICKS]]
