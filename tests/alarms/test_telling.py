"""What changes when things change, what is told of it through which sink, and in which words."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.alarms.kinds import KINDS, Alarm, Condition, changes
from hub.alarms.letters import letters
from hub.alarms.words import over, sentence, subject
from hub.events import KINDS as EVENTS
from hub.testing.fakes import START

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DATA = {
    "since": (START - timedelta(minutes=43)).isoformat(), "expected": 17, "reason": "answered 401: no\nway", "number": 12,
    "file": "list.csv", "platform": 9, "ours": 7, "missing": 2, "ends": (START + timedelta(days=3)).isoformat(), "free": 250,
}  # fmt: skip


def alarm(id_: int = 1, kind: str = "sink.paused", name: str = "paused:crm", **more: object) -> Alarm:
    plain = Alarm(id_, name, kind, None, "crm", "open", 0, {"plugin": "acme", **DATA}, START, None, None, None, {})
    return dataclasses.replace(plain, **more)


def told(minutes: float, what: str = "at", sink: str = "chat") -> dict[str, dict[str, str]]:
    return {sink: {"at": START.isoformat(), what: (START + minutes * MINUTE).isoformat()}}


def owed(alarms: Sequence[Alarm], minutes: float, *sinks: str) -> list[tuple[str, list[int], list[int]]]:
    """Return to which sink which alarms are told, and which are over, so many minutes after the first was raised."""
    found = letters(alarms, sinks or ("chat",), START + minutes * MINUTE, every=300, remind=86400)
    return [(one.sink, [a.id for a in one.raised], [a.id for a in one.over]) for one in found]


def test_what_is_new_is_raised_what_stays_is_left_alone_and_what_went_is_over():
    stays = Condition("paused:crm", "sink.paused", sink="crm")
    new = Condition("gap:ads", "source.gap", "ads")
    gone = alarm(2, name="dead:crm")
    found = changes([alarm(), gone], [stays, new])
    assert (found.raised, found.worse, found.over) == ((new,), (), (gone,))


@pytest.mark.parametrize(
    ("level", "kind", "worse"), [(1, "sink.paused", 0), (2, "sink.paused", 1), (0, "sink.paused", 0), (0, "other", 1)]
)
def test_only_what_gets_worse_or_turns_into_another_kind_changes_an_open_alarm(level, kind, worse):
    assert len(changes([alarm(level=1)], [Condition("paused:crm", kind, level=level)]).worse) == worse


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_after_the_changes_exactly_what_is_so_is_open(before, now):
    found = changes([alarm(name=n) for n in before], [Condition(n, "sink.paused") for n in now])
    after = before - {a.name for a in found.over} | {c.name for c in found.raised}
    assert after == now
    assert bool(found) == (before != now)


def test_a_new_alarm_is_told_at_once_to_everybody_and_all_of_them_in_one_message():
    many = [alarm(n, name=f"paused:{n}") for n in range(1000)]
    assert owed(many, 0, "chat", "mail") == [("chat", [*range(1000)], []), ("mail", [*range(1000)], [])]


def test_a_second_message_waits_and_tells_all_that_came_meanwhile():
    alarms = [alarm(1, told=told(0)), alarm(2, name="b"), alarm(3, name="c")]
    assert owed(alarms, 4.9) == []
    assert owed(alarms, 5) == [("chat", [2, 3], [])]


def test_who_was_told_is_told_again_after_a_day_unless_somebody_looks_after_it():
    assert owed([alarm(told=told(0))], 1439) == []
    assert owed([alarm(told=told(0))], 1440) == [("chat", [1], [])]
    assert owed([alarm(told=told(0), acknowledged_at=START)], 2000) == []
    assert owed([alarm(acknowledged_at=START)], 0) == []


def test_a_sink_that_failed_is_tried_again_and_the_other_one_is_not_told_twice():
    assert owed([alarm(told={"chat": {"failed": "401"}, **told(0, sink="mail")})], 1, "chat", "mail") == [
        ("chat", [1], [])
    ]


def test_who_heard_of_an_alarm_hears_that_it_is_over_and_nobody_else():
    done = {"state": "closed", "closed_at": START + MINUTE}
    assert owed([alarm(told=told(0), **done)], 5, "chat", "mail") == [("chat", [], [1])]
    assert owed([alarm(told=told(2, "over"), **done)], 10) == []
    assert owed([alarm(told=told(0), **done)], 2 * 1440) == []


def test_what_comes_and_goes_is_told_once_an_hour():
    first = alarm(1, state="closed", closed_at=START + MINUTE, told=told(2, "over"))
    again = alarm(2, raised_at=START + 10 * MINUTE)
    assert owed([first, again], 20) == []
    assert owed([first, again], 61) == [("chat", [2], [])]
    assert owed([first, dataclasses.replace(again, state="closed", closed_at=START + 20 * MINUTE)], 61) == []


def test_an_alarm_that_got_worse_is_told_anew_but_not_before_its_turn():
    worse = alarm(told={"chat": {"before": START.isoformat()}})
    assert (owed([worse], 4), owed([worse], 5)) == ([], [("chat", [1], [])])


@given(st.lists(st.floats(0, 600), max_size=60))
def test_however_many_alarms_come_a_sink_gets_a_message_in_five_minutes_at_most(minutes):
    alarms: list[Alarm] = []
    sent = []
    for at in sorted(minutes):
        alarms.append(alarm(len(alarms), name=str(len(alarms)), raised_at=START + at * MINUTE))
        for letter in letters(alarms, ["chat"], START + at * MINUTE, every=300, remind=86400):
            sent.append(at)
            ids = {one.id for one in letter.raised}
            alarms = [dataclasses.replace(a, told=told(at, "at")) if a.id in ids else a for a in alarms]
    assert all(later - earlier >= 5 - 1e-6 for earlier, later in pairwise(sent))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_alarm_is_one_sentence_in_both_languages(kind, language):
    said = sentence(alarm(kind=kind), START, language)
    assert said.endswith((".", "。", "way"))
    assert "{" not in said
    assert "\n" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_alarm_is_a_kind_of_event(kind):
    assert kind in EVENTS
    assert {KINDS[kind].raised, KINDS[kind].over} - {None} <= set(EVENTS)


@pytest.mark.parametrize(
    ("more", "language", "said"),
    [
        ({"source": "website"}, "en", "Source website"),
        ({"sink": "crm"}, "zh", "去向 crm"),
        ({"sink": None, "kind": "disk.low", "name": "disk"}, "en", "The hub"),
        (
            {"sink": None, "kind": "credential.expiring", "name": "credential:certificate:leads.acme.com"},
            "en",
            "Certificate leads.acme.com",
        ),
    ],
)
def test_it_says_what_it_is_about(more, language, said):
    assert subject(alarm(**more), language) == said


def test_a_silence_says_since_when_and_what_was_usual():
    said = sentence(alarm(kind="source.silent"), START)
    assert said == "It has sent nothing for 43 min; by then it had usually sent 17."
    assert sentence(alarm(kind="source.silent", data={**DATA, "expected": None}), START) == (
        "It has sent nothing for 43 min."
    )


def test_the_end_says_how_long_it_lasted():
    assert over(alarm(closed_at=START + 3 * DAY), "en") == "All right again, after 3 days."
    assert over(alarm(closed_at=START + 90 * MINUTE), "zh") == "已恢复，历时90 分钟。"


def test_a_credential_says_when_it_ends_and_why_it_was_refused():
    what = {"kind": "credential.expiring", "name": "credential:sink:crm"}
    assert sentence(alarm(**what), START) == "Its token or key ends in 3 days, on 2026-05-07. Renew it."
    refused = sentence(alarm(**{**what, "kind": "credential.expired"}), START)
    assert refused == "Its token or key is no good any more: answered 401: no way. Renew it."
