"""What the invented reps of the demo did: nothing of it lies ahead, and there is something of everything."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hub.demo.answers import LOST, Owned, answers, costs

NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
LEADS = [Owned(f"lead_{n}", f"rep-{n % 4}", "ABC"[n % 3], NOW - timedelta(hours=n)) for n in range(1, 400)]
ROWS = list(answers(LEADS, NOW, 7))


def test_nothing_is_done_before_the_lead_came_or_after_now():
    since = {one.lead: one.since for one in LEADS}
    assert all(since[row["lead"]] < datetime.fromisoformat(row["at"]) < NOW for row in ROWS)


def test_some_are_answered_some_won_some_lost_and_some_forgotten():
    said = Counter(row["disposition"] for row in ROWS)
    assert set(said) == {"contacted", "qualified", "won", "lost"}
    assert 0.6 < said["contacted"] / len(LEADS) < 0.95
    assert {row["reason"] for row in ROWS if row["disposition"] == "lost"} == set(LOST)


def test_every_campaign_costs_something_in_the_days_until_now():
    rows = list(costs(["spring-demo", "expo"], NOW, 7))
    assert [row["campaign"] for row in rows] == ["spring-demo", "expo"]
    assert all(row["cost"] > 0 and row["from"] < row["to"] == "2026-05-04" for row in rows)


def test_the_same_seed_says_the_same():
    assert list(answers(LEADS, NOW, 7)) == ROWS
