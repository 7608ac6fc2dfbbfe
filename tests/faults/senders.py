"""Senders that go on while a hub is hurt, and what they were told in the end."""

from __future__ import annotations

import threading
import time

from tests.faults import facts
from tests.faults.bench import until
from tests.faults.rows import Count
from tests.faults.world import Answer, World


def load(hurt: World, ended: threading.Event, pause: float = 0.02) -> list[threading.Thread]:
    """Post leads by four senders until told otherwise; what is not taken is sent again, as senders do."""

    def send() -> None:
        while not ended.is_set():
            answer = hurt.post(timeout=20)
            while not answer.ok and not ended.wait(0.1):
                answer = hurt.post(answer.number, answer.body, timeout=20)
            ended.wait(pause)

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    return senders


def all_taken(hurt: World) -> None:
    """Send again whatever was not taken, until it is: its sender would."""
    taken = {answer.number for answer in hurt.answers if answer.ok}
    gone = time.monotonic() + 30
    for answer in [answer for answer in hurt.answers if not answer.ok]:
        if time.monotonic() < gone and answer.number not in taken and _taken(hurt, answer):
            taken.add(answer.number)


def _taken(hurt: World, answer: Answer) -> bool:
    return bool(until(lambda: hurt.post(answer.number, answer.body).ok, 20, 0.2))


def same_answers(hurt: World, count: Count, where: str) -> None:
    """See that whoever sent the same again was told of the same submission, and that it is one lead."""
    told: dict[int, set[str]] = {}
    for answer in hurt.answers:
        if answer.ok:
            told.setdefault(answer.number, set()).add(answer.said["submission"])
    several = {number: ids for number, ids in told.items() if len(ids) > 1}
    count.must(not several, f"I3 {where}: {len(several)} senders were told of several submissions: {several}")
    query = "SELECT email, count(*) AS n FROM lead WHERE state = 'open' GROUP BY email HAVING count(*) > 1"
    twins = facts.ask(hurt.database, query)
    count.must(not twins, f"I3 {where}: {len(twins)} people are two leads")
    query = (
        "SELECT id, version, (SELECT count(*) FROM submission WHERE submission.lead = lead.id AND state = 'done') AS n "
        "FROM lead WHERE state = 'open'"
    )
    often = [row for row in facts.ask(hurt.database, query) if row["version"] > row["n"]]
    count.must(not often, f"I3 {where}: {len(often)} leads were changed more often than somebody wrote: {often[:3]}")
    refused = sum(not answer.ok for answer in hurt.answers)
    count.notes.append(f"{where}: {refused} of {len(hurt.answers)} answers were 503")
