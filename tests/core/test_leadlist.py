"""A list of leads shows exactly those that fit, newest first, page by page, whichever index it goes by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from hub.normal.finding import matches, question_of, words_of
from hub.store.columns import CARE, LEAD, TOUCH
from hub.store.database import Database
from hub.store.leadlist import Bounds, page
from hub.store.wanted import NOTHING, Wanted
from tests.benchmarks import million

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
LEADS = 400

FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"source": "source-1"}, {"source": "source-1", "grade": "A"}, {"owner": NOTHING}, {"owner": "rep-8"},
    {"pool": "sea"}, {"pool": NOTHING}, {"disposition": "won"}, {"disposition": NOTHING, "team": "team-1"},
    {"campaign": NOTHING, "country": "CN"}, {"campaign": "campaign-3"}, {"test": True}, {"test": False, "grade": "C"},
    {"state": "merged"}, {"state": None, "grade": "B"}, {"state": "erased"}, {"grade": "Z"},
    {"since": NOW - timedelta(days=30)}, {"until": NOW - timedelta(days=300)}, {"until": NOW - timedelta(days=900)},
    {"since": NOW - timedelta(days=200), "until": NOW - timedelta(days=100), "source": "source-0"},
    {"since": NOW + timedelta(days=1)},
)  # fmt: skip
TYPED = (
    "",
    "李",
    "上海",
    "有限公司 李",
    "Müller",
    "mueller GmbH",
    "a",
    "li",
    "gmbh nord",
    "8",
    "+86 1300",
    "zzz",
    "s@nord",
    "anna schmidt",
)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def full(request, tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("full"))
    address = f"sqlite:///{folder}/hub.db" if request.param == "sqlite" else request.getfixturevalue("postgres").take()
    db = Database(address, folder)
    million.build(db, LEADS, NOW)
    yield db, rows_of(db)
    db.close()


def rows_of(db: Database) -> list[dict[str, Any]]:
    with Session(db.reader) as session:
        care = {row["lead"]: row for row in session.execute(sa.select(CARE).where(CARE.c.current)).mappings()}
        campaigns: dict[str, set[str | None]] = {}
        for lead, campaign in session.execute(sa.select(TOUCH.c.lead, TOUCH.c.campaign)):
            campaigns.setdefault(lead, set()).add(campaign)
        rows = session.execute(sa.select(LEAD).order_by(LEAD.c.id.desc())).mappings()
        return [{**row, "care": care.get(row["id"]), "campaigns": campaigns.get(row["id"], set())} for row in rows]


def fits(row: dict[str, Any], filters: dict[str, Any], typed: str) -> bool:
    wanted = {"state": "open", **filters}
    words = words_of(row["full_name"], row["company"], row["email"], row["phone"])
    care = row["care"] or {"pool": None, "disposition": None}
    row = {**row, "pool": care["pool"], "disposition": care["disposition"]}
    said = {
        name: value
        for name, value in wanted.items()
        if name not in ("campaign", "since", "until") and value is not None
    }
    plain = all(row[name] == (None if value == NOTHING else value) for name, value in said.items())
    campaign = wanted.get("campaign")
    known = row["campaigns"] - {None}
    touched = campaign is None or (not known if campaign == NOTHING else campaign in known)
    at = row["created_at"]
    timely = at >= wanted.get("since", at) and at < wanted.get("until", at + timedelta(1))
    return plain and touched and timely and matches(question_of(typed, "86"), words)


def listed(db: Database, wanted: Wanted, bounds: Bounds) -> list[str]:
    ids: list[str] = []
    after: str | None = None
    with Session(db.reader) as session:
        for _ in range(LEADS):
            found = page(wanted, limit=7, after=after, bounds=bounds, session=session)
            assert len(found.rows) <= 7
            ids += [row["id"] for row in found.rows]
            after = found.next
            if after is None:
                return ids
    raise AssertionError("it never ends")


TINY = Bounds(index=37, joint=23, first=8, rows=16, read=11, piece=4)


@pytest.mark.parametrize("bounds", [Bounds(), TINY], ids=["usual", "tiny"])
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_every_page_together_is_what_looking_at_each_lead_finds(full, bounds, filters):
    db, rows = full
    for typed in TYPED:
        expected = [row["id"] for row in rows if fits(row, filters, typed)]
        wanted = Wanted(**filters, question=question_of(typed, "86"))
        assert listed(db, wanted, bounds) == expected, typed
