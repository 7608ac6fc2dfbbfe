"""The survival curve, the bands of waits and the ladder: by hand, and against a count of every lead at every moment."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.insight.frame import narrowed
from hub.insight.ladder import ladder
from hub.insight.speed import AFTER, distribution, survival
from tests.insight.rounds import ZERO, Round, after, frame


def read(table, **which):
    """Return the share not answered by the name of the moment."""
    rows = [row for row in table.rows if all(row[name] == value for name, value in which.items())]
    return {row["after"]: row["unanswered"] for row in rows}


def test_with_nobody_waiting_the_curve_falls_by_one_lead_at_each_answer():
    found = read(survival([after(30.0), after(120.0), after(600.0), after(90_000.0)], frame()))
    assert {name: found[name] for name in ("0", "1m", "5m", "15m", "1d", "2d")} == {
        "0": 1.0, "1m": 0.75, "5m": 0.5, "15m": 0.25, "1d": 0.25, "2d": 0.0,
    }  # fmt: skip


def test_an_open_lead_leaves_the_count_when_nobody_knows_more_of_it():
    rows = [after(60.0), after(None), after(200.0)]
    rows[1].started = ZERO + 20.0  # at the moment of asking it has waited for 100 seconds
    found = survival(rows, frame(now=120.0))
    shares = {row["after"]: (row["unanswered"], row["watched"]) for row in found.rows}
    assert shares["0"] == (1.0, 3)
    assert shares["1m"] == (round(2 / 3, 4), 2)
    assert shares["5m"] == (0.0, 0)
    assert found.total == {"leads": 3, "open": 1}


def test_a_lead_that_was_closed_unanswered_stays_unanswered_for_ever():
    found = read(survival([after(60.0), after(None, closed=ZERO + 5)], frame()))
    assert (found["1m"], found["30d"]) == (0.5, 0.5)


def test_what_nobody_was_watched_for_is_not_known():
    found = read(survival([after(60.0), after(None)], frame(now=600.0)))
    assert (found["5m"], found["15m"], found["1d"]) == (0.5, None, None)


def test_there_is_a_curve_for_each_group_and_none_for_no_leads():
    table = survival([after(30.0, rep="ann"), after(400.0, rep="bob"), after(30.0, rep=None)], frame("rep"))
    assert (read(table, rep="ann")["1m"], read(table, rep="bob")["1m"], read(table, rep=None)["1m"]) == (0.0, 1.0, 0.0)
    assert list(survival([], frame()).rows) == []


SECONDS = st.integers(0, 40 * 86_400).map(float)
ROUNDS = st.lists(
    st.builds(
        lambda started, wait, closed: Round(
            started=ZERO + started, responded=None if wait is None else ZERO + started + wait,
            closed=ZERO + started + 1 if closed and wait is None else None,
        ),
        SECONDS, st.none() | SECONDS, st.booleans(),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def counted(rounds: list[Round], now: float, seconds: float) -> Fraction | None:
    """Reckon the share by going through every moment of an answer, looking at every lead each time."""
    waits = [(r.responded - r.started, True) for r in rounds if r.responded is not None]
    waits += [(max(0.0, now - r.started), False) for r in rounds if r.responded is None and r.closed is None]
    never = sum(r.responded is None and r.closed is not None for r in rounds)
    left = Fraction(1)
    for moment in sorted({wait for wait, answered in waits if answered and wait <= seconds}):
        watched = never + sum(wait >= moment for wait, _ in waits)
        left *= 1 - Fraction(sum(answered and wait == moment for wait, answered in waits), watched)
    known = any(not answered for _, answered in waits)
    return None if known and left > 0 and seconds > max(wait for wait, _ in waits) else left


@given(ROUNDS, st.sampled_from(sorted(AFTER)))
def test_the_curve_is_that_of_a_count_of_every_lead_at_every_moment(rounds, name):
    now = 86_400.0 * 45
    found = read(survival(rounds, frame(now=now)))[name]
    expected = counted(rounds, ZERO + now, AFTER[name])
    assert (found is None) is (expected is None)
    assert expected is None or found == pytest.approx(float(expected), abs=6e-5)


@given(ROUNDS)
def test_every_lead_is_in_one_band(rounds):
    said = distribution(rounds, frame(now=86_400.0 * 45)).total
    assert sum(number for name, number in said.items() if name != "leads") == said["leads"] == len(rounds)


def test_bands_end_before_their_moment():
    waits = [0.0, 59.9, 60.0, 299.0, 300.0, 900.0, 3_600.0, 86_400.0]
    rows = [*(after(wait) for wait in waits), after(None), after(None, closed=ZERO)]
    assert distribution(rows, frame()).total == {
        "leads": 10, "under_1m": 2, "under_5m": 2, "under_15m": 1, "under_1h": 1, "under_1d": 1, "later": 1,
        "never": 1, "open": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("hour", "leads"), [("8", 1), ("9", 1), ("10", 0)])
def test_a_report_can_be_narrowed_to_an_hour_of_the_day(hour, leads):
    rows = [after(1.0), after(1.0, started=ZERO + 3600)]
    assert len(list(narrowed(rows, replace(frame(), only={"hour": hour})))) == leads


def rung(number: int, **more) -> Round:
    found = after(None, **more)
    found.rung = number  # type: ignore[attr-defined]
    return found


def test_a_ladder_counts_each_lead_once_and_says_how_many_steps_open_ones_have_behind_them():
    rows = [rung(0, lead="a", target=300.0), rung(2, lead="b"), rung(9, lead="c", team="south"), rung(1, closed=ZERO)]
    acts = {"a": [(ZERO + 1, "warned"), (ZERO + 2, "warned"), (ZERO + 3, "escalated")], "x": [(ZERO, "warned")]}
    table = ladder(rows, frame("team"), acts)
    north, south = table.rows
    assert (north["leads"], north["with_target"], north["warned"], north["escalated"], north["open"]) == (3, 1, 1, 1, 2)
    assert (north["open_after_0"], north["open_after_2"], south["open_after_5"]) == (1, 1, 1)
    assert (table.total["leads"], table.total["warned"], table.total["reassigned"]) == (4, 1, 0)


def test_what_a_ladder_did_counts_for_the_round_in_which_it_did_it():
    rows = [rung(0, lead="a", current=False, grade="A"), rung(1, lead="a", started=ZERO + 100, grade="B")]
    acts = {"a": [(ZERO - 1, "warned"), (ZERO + 5, "recycled"), (ZERO + 150, "warned")]}
    first, second = ladder(rows, frame("grade"), acts).rows
    assert (first["recycled"], first["warned"], second["recycled"], second["warned"]) == (1, 0, 0, 1)
