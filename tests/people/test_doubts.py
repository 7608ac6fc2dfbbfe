"""check on people: what is odd in teams, ladders, calendars and territories, and what the leads show of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub import loader, yamlfile
from hub.cli.doubtful import of_people
from hub.errors import ConfigError
from hub.lead import Lead
from hub.people.territory import fits, overlaps, read_table
from hub.plan import build
from hub.settings import parse_settings
from hub.settings.files import Secrets
from hub.store import leads as lead_store
from hub.store.columns import ABSENCE, LEAD
from hub.store.database import Database
from hub.store.migrations import migrate

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
CONFIG = """
hub: {database: "sqlite:///hub.db"}
sources: {site: {connector: web_form}}
sinks: {book: {connector: csv_file, path: leads.csv}}
calendars: {days: {}}
teams:
  north: {members: [{name: li}, {name: wang}]}
  south: {members: [{name: ann}]}
flows:
  - {name: inbound, from: [site], routes: [{name: all, to: [book], assign: {team: north}}]}
"""
NORTH = "  north: {members: [{name: li}, {name: wang}]}"
TABLE = "member,country,postcode\nli,DE,80*\nwang,DE,80331|90000-90999\nli,US,\n"


def said(folder: Path, text: str, now: datetime = NOW) -> list[tuple[str, str]]:
    settings, file = parse_settings(yamlfile.loads(text, "hub.yaml"))
    secrets = Secrets(folder, {}.get)
    plan = build(settings, file, loader.load().registry, folder=folder, resolve=secrets)
    return list(of_people(plan, folder, now))


def filled(folder: Path, leads: list[tuple[Lead, datetime]], absences: list[dict[str, Any]]) -> None:
    """Make a database of the hub with these leads and absences."""
    db = Database("sqlite:///hub.db", folder)
    migrate(db.writer)
    with db.writer.begin() as connection:
        for lead, at in leads:
            connection.execute(sa.insert(LEAD).values(**{**lead_store.row_of(lead, at), "created_at": at}))
        for row in absences:
            blank = {"until": None, "reason": None, "by": None, "ended_at": None}
            connection.execute(sa.insert(ABSENCE).values(**{**blank, **row}))
    db.close()


def test_nothing_is_doubtful_of_plain_teams(tmp_path: Path):
    assert said(tmp_path, CONFIG) == []


@pytest.mark.parametrize(
    ("team", "route", "says"),
    [
        ("{}", "", "It has no members and no fallback, so its leads wait in the pool unassigned."),
        ("{fallback: {owner: boss}}", "", 'Its fallback "boss" is a member of no team'),
        ("{members: [{name: li}, {name: wang, calendar: days}], on_shift: true}", "", "no calendar says when li work"),
        ("{members: [{name: li}], ladder: [{at: 80%, do: warn}]}", "", "which leads of route all do not have."),
        (
            "{members: [{name: li}], ladder: [{at: 80%, do: warn}]}", "respond_within: {A: 5m, B: 1h}",
            "which leads of route all whose grade is not A or B do not have. Give the route a respond_within, with any.",
        ),
    ],
)  # fmt: skip
def test_what_is_odd_of_a_team_is_told_with_what_to_do(tmp_path: Path, team: str, route: str, says: str):
    text = CONFIG.replace(NORTH, f"  north: {team}").replace("assign:", f"{route}, assign:" if route else "assign:")
    ((what, why),) = said(tmp_path, text)
    assert (what, says in why) == ("team north", True)


@pytest.mark.parametrize(
    ("team", "route"),
    [
        ("{fallback: {owner: ann}}", ""),
        ("{fallback: {team: south}}", ""),
        ("{members: [{name: li}], on_shift: true, calendar: days}", ""),
        ("{members: [{name: li}], ladder: [{at: 8m, do: warn}]}", ""),
        ("{members: [{name: li}], ladder: [{at: 80%, do: warn}]}", "respond_within: {A: 5m, any: 1h}"),
    ],
)
def test_what_is_meant_is_not_doubted(tmp_path: Path, team: str, route: str):
    text = CONFIG.replace(NORTH, f"  north: {team}").replace("assign:", f"{route}, assign:" if route else "assign:")
    assert said(tmp_path, text) == []


def test_holidays_that_are_known_until_a_year_that_is_over_are_told(tmp_path: Path):
    text = CONFIG.replace("{days: {}}", "{days: {holidays: CN}}")
    assert said(tmp_path, text, datetime(2024, 5, 1, tzinfo=UTC)) == []
    ((what, why),) = said(tmp_path, text, datetime(2060, 5, 1, tzinfo=UTC))
    assert what == "calendar days"
    assert why.startswith("Which days of CN are moved is known until 20")
    assert "name the days of 2060 in `closed` and `open`" in why


def with_table(folder: Path, table: str = TABLE) -> str:
    (folder / "areas.csv").write_text(table, "utf-8")
    team = "  north: {members: [{name: li}, {name: wang}], strategy: territory, territories: areas.csv}"
    return CONFIG.replace(NORTH, team)


def test_territories_that_overlap_are_told_with_an_example(tmp_path: Path):
    ((what, why),) = said(tmp_path, with_table(tmp_path))
    assert what == "team north"
    assert why.startswith("Territories overlap, so these take turns there: li and wang (country DE, postcode 80")


def test_leads_of_the_last_days_that_lie_in_no_territory_are_counted_and_named_by_id(tmp_path: Path):
    text = with_table(tmp_path, TABLE.replace("80331|", ""))
    assert said(tmp_path, text) == []  # there is no database yet, and none is made
    assert not (tmp_path / "hub.db").exists()
    leads = [
        (Lead(id="lead_in", team="north", source="site", country="DE", postcode="80331"), NOW),
        (Lead(id="lead_out", team="north", source="site", country="DE", postcode="10115", email="a@example.com"), NOW),
        (Lead(id="lead_old", team="north", source="site", country="FR"), NOW - timedelta(days=91)),
        (Lead(id="lead_of_others", team="south", source="site", country="FR"), NOW),
    ]
    filled(tmp_path, leads, [])
    assert said(tmp_path, text) == [
        (
            "team north",
            "1 of its 2 leads of the last 90 days lie in nobody's territory, such as lead_out. Add them to a territory.",
        )
    ]


def test_a_cover_who_is_in_no_team_is_told_while_it_matters(tmp_path: Path):
    absences = [
        {"member": "li", "since": NOW, "cover": "zoe"}, {"member": "wang", "since": NOW, "cover": "ann"},
        {"member": "ann", "since": NOW - timedelta(days=9), "until": NOW - timedelta(days=1), "cover": "max"},
    ]  # fmt: skip
    filled(tmp_path, [], absences)
    ((what, why),) = said(tmp_path, CONFIG)
    assert (what, 'covered by "zoe", who is a member of no team' in why) == ("rep li", True)


@pytest.mark.parametrize(
    ("one", "other"), [("zh", "zh-Hans"), ("80*", "80331"), ("80000-80999", "8033*"), ("DE", "de")]
)
def test_values_that_fit_one_lead_overlap(one: str, other: str):
    found = overlaps({"li": ({"field": (one,)},), "wang": ({"field": (other,)},)})
    assert [pair[:2] for pair in found] == [("li", "wang")]


_VALUE = st.sampled_from(["8*", "80*", "80331", "80000-80999", "90000-99999", "90210", "zh", "zh-hans", "de"])
_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["li", "wang", "ann"]),
        st.dictionaries(st.sampled_from(["language", "postcode"]), st.lists(_VALUE, min_size=1, max_size=2).map(tuple)),
    ),
    max_size=7,
)


@given(
    _ROWS,
    st.dictionaries(st.sampled_from(["language", "postcode"]), st.sampled_from(["80331", "90210", "zh-hans", "de"])),
)
def test_a_lead_that_two_have_is_in_an_overlap_of_theirs(rows: list[tuple[str, dict[str, Any]]], held: dict[str, str]):
    table: dict[str, tuple[Any, ...]] = {}
    for member, takes in rows:
        table[member] = (*table.get(member, ()), takes)
    lead = Lead(extra=held)
    have = sorted(member for member, every in table.items() if any(fits(lead, takes) for takes in every))
    pairs = {frozenset(pair[:2]) for pair in overlaps(table)}
    assert {frozenset((one, other)) for one in have for other in have if one < other} <= pairs


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('li,"a"b', r"areas\.csv:2: this is no CSV: .* Close the quotes"),
        ("li,CN,TW", r"areas\.csv:2: there are more cells than columns\. Put \"\|\" between"),
        ("lee,CN", r"areas\.csv:2: \"lee\" is no member of the team"),
    ],
)
def test_a_table_of_territories_that_cannot_be_read_names_the_line(tmp_path: Path, row: str, says: str):
    (tmp_path / "areas.csv").write_text(f"member,country\n{row}\n", "utf-8")
    with pytest.raises(ConfigError, match=says):
        read_table(tmp_path / "areas.csv", ["li", "wang"])
