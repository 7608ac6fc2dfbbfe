"""Reports out of tables a person can count: each figure is reckoned by hand here."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hub.insight.dealing import fairness, pools, recycle, unassigned
from hub.insight.frame import Parts
from hub.insight.promises import board, lateness, lost, target
from hub.insight.speed import speed
from hub.insight.waits import legs
from tests.insight.rounds import ZERO, Round, after, frame

TEN = [after(60.0 * minutes) for minutes in (1, 2, 3, 4, 5, 30, 60, 600, 1440, 3000)]


def test_speed_of_ten_leads_that_were_all_answered():
    found = speed(TEN, frame()).total
    assert (found["leads"], found["answered"], found["open"], found["never"]) == (10, 10, 0, 0)
    assert (found["p50"], found["p90"]) == (5 * 60, 1440 * 60)
    assert (found["p50_with_open"], found["p90_with_open"]) == (5 * 60, 1440 * 60)
    shares = [found[f"answered_after_{mark}"] for mark in ("5m", "1h", "1d")]
    assert shares == [0.5, 0.7, 0.9]


def test_open_leads_are_shown_and_count_for_as_long_as_they_wait():
    table = speed([after(60.0), after(120.0), after(None), after(None)], frame(now=90.0))
    found = table.total
    assert (found["answered"], found["open"], found["p50"]) == (2, 2, 60)
    assert found["p50_with_open"] == 120
    assert found["answered_after_1h"] == 1.0
    assert table.notes[0].startswith("2 leads still wait: p50 and p90 are those of answered leads;")


def test_the_share_after_an_hour_is_not_known_while_nobody_was_watched_for_an_hour():
    found = speed([after(60.0), after(None)], frame(now=600.0)).total
    assert (found["answered_after_5m"], found["answered_after_1h"]) == (0.5, None)
    assert (found["p50_with_open"], found["p90_with_open"]) == (60, None)


def test_a_lead_that_was_closed_unanswered_is_never_answered():
    table = speed([after(60.0), after(None, closed=ZERO + 90), after(None, current=False)], frame())
    assert (table.total["open"], table.total["never"]) == (0, 2)
    assert table.total["answered_after_1d"] == pytest.approx(1 / 3, abs=1e-4)
    assert table.total["p50_with_open"] is None
    assert table.notes == ("2 leads were closed, or their person came again, before anybody answered: never.",)


def test_groups_are_those_of_any_dimensions_and_the_total_is_of_all():
    rows = [after(60.0, source="ads", grade="A"), after(180.0, source="ads"), after(300.0, source="form", grade="A")]
    table = speed(rows, frame("source", "grade"))
    assert [(line["source"], line["grade"], line["p50"]) for line in table.rows] == [
        ("ads", "A", 60), ("ads", None, 180), ("form", "A", 300),
    ]  # fmt: skip
    assert (table.total["leads"], table.total["p50"]) == (3, 180)


def test_legs_are_in_order_and_add_up_to_the_wait():
    one = Round(
        received=ZERO + 2, decided=ZERO + 3, delivered=ZERO + 10, accepted=ZERO + 70, responded=ZERO + 100, held=7.0
    )
    assert list(legs(one)) == [("intake", 2), ("route", 1), ("deliver", 7), ("accept", 60), ("respond", 30)]
    found = speed([one], frame()).total
    assert [found[f"{leg}_p50"] for leg in ("intake", "route", "deliver", "accept", "respond")] == [2, 1, 7, 60, 30]


def test_a_lead_that_was_answered_before_a_sink_had_it_has_no_leg_below_zero():
    one = Round(received=ZERO + 2, decided=ZERO + 3, delivered=ZERO + 500, responded=ZERO + 100)
    assert dict(legs(one)) == {"intake": 2, "route": 1, "deliver": 97, "respond": 0}


def test_what_the_hub_held_is_shown_apart_and_left_out_on_request():
    rows = [after(600.0, delivered=ZERO + 400, held=400.0, waited=600.0), after(60.0, delivered=ZERO, held=0.0)]
    shown, without = speed(rows, frame()).total, speed(rows, frame(without_held=True)).total
    assert (shown["held_p90"], shown["held_over_1m"], shown["p90"], shown["p90_working"]) == (400, 0.5, 600, 600)
    assert (without["p90"], without["p90_working"]) == (200, 200)


def test_the_hub_holds_an_open_lead_until_a_sink_has_it_and_none_that_waits_in_a_pool():
    rows = [after(None, delivered=ZERO + 30), after(None), after(None, rep=None, pool="sea")]
    found = speed(rows, frame(now=3600.0)).total
    assert (found["held_p50"], found["held_p90"]) == (30, 3600)


def test_working_time_is_what_the_calendar_counted():
    found = speed([after(50_000.0, waited=120.0)], frame()).total
    assert (found["p50"], found["p50_working"]) == (50_000, 120)


def test_targets_met_and_breached():
    rows = [
        after(300.0, target=600.0, due=ZERO + 600), after(600.0, target=600.0, due=ZERO + 600),
        after(601.0, target=600.0, due=ZERO + 600), after(None, target=9e6, due=ZERO + 9e6),
        after(None, target=600.0, due=ZERO + 600), after(5.0),
    ]  # fmt: skip
    found = target(rows, frame()).total
    assert (found["leads"], found["with_target"], found["met"], found["breached"], found["waiting"]) == (6, 5, 2, 2, 1)
    assert found["share_met"] == 0.5


def test_the_cost_of_lateness_by_bucket_with_a_warning_for_small_ones():
    quick = [after(300.0, disposition="won") for _ in range(15)] + [after(10.0, disposition="lost") for _ in range(15)]
    slow = [after(301.0, disposition="qualified"), after(90_000.0), after(None), after(None, closed=ZERO + 5)]
    table = lateness(quick + slow, frame(), {})
    shown = [(line["answered"], line["leads"], line["open"], line["qualified"], line["won"]) for line in table.rows]
    assert shown == [("<=5m", 30, 0, 15, 15), ("<=1h", 1, 0, 1, 0), ("later", 1, 0, 0, 0), ("never", 2, 1, 0, 0)]
    assert [line["small"] for line in table.rows] == [False, True, True, True]
    assert table.rows[0]["share_won"] == 0.5
    assert table.notes[0] == "answered <=1h: 1 leads are too few (less than 30) for its shares to say much."


def test_a_lead_that_was_qualified_once_stays_so_though_it_was_lost_later():
    rows = [after(60.0, lead="a", disposition="lost"), after(60.0, lead="b", disposition="lost")]
    assert lateness(rows, frame(), {"a": ZERO + 100, "b": ZERO - 100}).total["qualified"] == 1


def test_the_board_of_a_rep():
    rows = [
        after(60.0, target=600.0, due=ZERO + 600, disposition="won", closed=ZERO + 900),
        after(700.0, target=600.0, due=ZERO + 600, disposition="lost", reason="price", closed=ZERO + 900),
        after(None, target=600.0, due=ZERO + 600), after(None, rep="bob"), after(None, rep=None),
    ]  # fmt: skip
    table = board(rows, frame("rep"), {})
    ann, bob = table.rows
    assert (ann["assigned"], ann["answered"], ann["met"], ann["share_met"], ann["median"]) == (3, 2, 1, 0.3333, 60)
    assert (ann["open"], ann["overdue"], ann["won"], ann["lost"], ann["lost_reasons"]) == (1, 1, 1, 1, {"price": 1})
    assert (bob["assigned"], bob["median"], table.total["assigned"]) == (1, None, 4)


def test_reasons_of_lost_leads_the_commonest_first():
    rows = [after(1.0, reason=reason) for reason in ("price", "budget", "price", None)]
    table = lost(rows, frame())
    assert [(line["reason"], line["leads"], line["share"]) for line in table.rows] == [
        ("price", 2, 0.5), ("-", 1, 0.25), ("budget", 1, 0.25),
    ]  # fmt: skip


def said(**values: object) -> SimpleNamespace:
    return SimpleNamespace(**values)


def test_fairness_is_what_was_dealt_less_what_was_due():
    dealt = [
        said(team="north", member="ann", roster="r", number=3), said(team="north", member="bob", roster="r", number=1),
    ]  # fmt: skip
    ledger = [said(team="north", member="ann", received=10, entitled=9.5), said(
        team="north", member="bob", received=9, entitled=9.5)]  # fmt: skip
    table = fairness(dealt, {"r": {"ann": 0.5, "bob": 0.5}}, ledger, frame("team", "rep"))
    assert [(line["rep"], line["received"], line["entitled"], line["balance"]) for line in table.rows] == [
        ("ann", 3, 2.0, 1.0), ("bob", 1, 2.0, -1.0),
    ]  # fmt: skip
    assert (table.total["max_balance"], table.total["max_ledger_balance"]) == (1.0, 0.5)
    team = fairness(dealt, {"r": {"ann": 0.5, "bob": 0.5}}, ledger, frame("team"))
    assert team.rows == [
        {"team": "north", "received": 4, "entitled": 4.0, "max_balance": 1.0, "max_ledger_balance": 0.5}
    ]


def test_leads_without_an_owner():
    free = {"rep": None, "pool": "sea"}
    rows = [after(1.0), after(None, **free, turns=0), after(None, **free), after(None, **free, closed=ZERO)]
    found = unassigned(rows, frame()).total
    assert (found["leads"], found["unassigned"], found["in_pool"], found["never_assigned"]) == (4, 2, 2, 1)
    assert found["share_unassigned"] == 0.5


def test_what_goes_into_pools_and_out_of_them():
    moves = [
        said(pool="sea", former_pool=None, act="pooled", number=5),
        said(pool="sea", former_pool=None, act="recycled", number=2),
        said(pool=None, former_pool="sea", act="claimed", number=4),
        said(pool="old", former_pool="sea", act="transferred", number=1),
    ]
    old, sea = pools(moves, {"sea": 2, "old": 1}).rows
    assert (sea["came"], sea["went"], sea["waiting"]) == (7, 5, 2)
    assert (sea["came_by"], sea["went_by"]) == ({"pooled": 5, "recycled": 2}, {"claimed": 4, "transferred": 1})
    assert (old["pool"], old["came"], old["went"]) == ("old", 1, 0)


def test_who_lost_leads_and_who_got_them():
    log = [
        said(lead="a", act="assigned", owner="ann", former=None, pool=None),
        said(lead="a", act="recycled", owner=None, former="ann", pool="sea"),
        said(lead="a", act="claimed", owner="bob", former=None, pool=None),
        said(lead="a", act="reassigned", owner="cho", former="bob", pool=None),
        said(lead="b", act="recycled", owner=None, former="ann", pool="sea"),
    ]
    table = recycle(log)
    assert [tuple(line.values()) for line in table.rows] == [
        ("ann", "recycled", "sea", "bob", 1), ("ann", "recycled", "sea", None, 1), ("bob", "reassigned", None, "cho", 1),
    ]  # fmt: skip
    assert table.total == {"leads": 3}


@pytest.mark.parametrize(
    ("zone", "at", "hour", "day", "week", "month"),
    [
        ("Europe/Berlin", "2026-03-29T00:59:59+00:00", 1, "2026-03-29", "2026-03-23", "2026-03"),
        ("Europe/Berlin", "2026-03-29T01:00:00+00:00", 3, "2026-03-29", "2026-03-23", "2026-03"),
        ("Europe/Berlin", "2026-10-25T00:30:00+00:00", 2, "2026-10-25", "2026-10-19", "2026-10"),
        ("Europe/Berlin", "2026-10-25T01:30:00+00:00", 2, "2026-10-25", "2026-10-19", "2026-10"),
        ("Asia/Shanghai", "2026-04-30T16:00:00+00:00", 0, "2026-05-01", "2026-04-27", "2026-05"),
        ("Asia/Kathmandu", "2026-05-03T18:14:59+00:00", 23, "2026-05-03", "2026-04-27", "2026-05"),
        ("Asia/Kathmandu", "2026-05-03T18:15:00+00:00", 0, "2026-05-04", "2026-05-04", "2026-05"),
        ("America/New_York", "2026-11-01T05:30:00+00:00", 1, "2026-11-01", "2026-10-26", "2026-11"),
    ],
)
def test_hours_and_days_are_those_of_the_wall_clock_also_when_clocks_change(zone, at, hour, day, week, month):
    from datetime import datetime
    from zoneinfo import ZoneInfo

    found = Parts(ZoneInfo(zone)).of(datetime.fromisoformat(at).timestamp())
    assert found == {"hour": hour, "day": day, "week": week, "month": month}
