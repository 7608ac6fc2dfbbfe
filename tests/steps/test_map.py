"""map: data becomes fields as received, and tags, test marks and times come along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from hub.lead import Lead, Problem, RawLead
from hub.mapping import parse
from hub.step import Work
from hub.steps.map import MapOptions, map_fields
from hub.yamlfile import loads
from tests.steps.context import NOW, FakeContext, work_of


async def mapped(work: Work, **context: Any) -> Work:
    result = await map_fields.run(work, FakeContext(**context), MapOptions())
    assert isinstance(result, Work)
    return result


async def test_fields_come_as_received_and_the_rest_is_kept() -> None:
    work = await mapped(work_of({"邮箱": " Ann@ACME.com ", "utm_source": "x", "hobby": ["go"]}))
    assert work.mapped == {"email": " Ann@ACME.com ", "utm_source": "x"}
    assert work.lead.extra == {"hobby": ["go"]}
    assert work.lead.email is None


async def test_the_sources_own_mapping_is_used() -> None:
    mapping = parse(loads("fields: {email: contact.mail}", "site"))
    work = await mapped(work_of({"contact": {"mail": "a"}, "email": "b"}), mapping=mapping)
    assert work.mapped == {"email": "a"}
    assert work.lead.extra == {"email": "b"}
    assert work.notes["map"] == {"mapping": "site", "fields": ["email"], "extra": ["email"]}


async def test_tags_of_the_source_the_lead_and_the_submission_come_together() -> None:
    raw = RawLead("1", {}, tags={"party": "third", "list": "may"})
    work = work_of(raw=raw, lead=Lead(tags={"party": "second", "old": "1"}))
    work = await mapped(work, source={"tags": {"party": "first", "event": "expo"}})
    assert work.lead.tags == {"party": "third", "event": "expo", "old": "1", "list": "may"}


@pytest.mark.parametrize(
    ("raw", "source", "test"),
    [
        (RawLead("1", {}), {}, False),
        (RawLead("1", {}, test=True), {}, True),
        (RawLead("1", {}), {"test": True}, True),
    ],
)
async def test_a_lead_is_a_test_when_the_sender_or_the_source_says_so(
    raw: RawLead, source: dict[str, Any], test: bool
) -> None:
    work = await mapped(work_of(raw=raw), source=source)
    assert work.lead.test is test


async def test_the_time_is_the_senders_else_the_receipts() -> None:
    said = NOW - timedelta(hours=5)
    assert (await mapped(work_of(raw=RawLead("1", {}, said)))).lead.submitted_at == said
    assert (await mapped(work_of())).lead.submitted_at == NOW


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-05-04T15:00:00+08:00", datetime(2026, 5, 4, 7, tzinfo=UTC)),
        ("2026-05-04 15:00:00", datetime(2026, 5, 4, 15)),
        ("2026/5/4 7:05", datetime(2026, 5, 4, 7, 5)),
        ("2026年5月4日 15:00", datetime(2026, 5, 4, 15)),
        ("2026-05-04", datetime(2026, 5, 4)),
        (1777878000, datetime(2026, 5, 4, 7, tzinfo=UTC)),
        ("1777878000000", datetime(2026, 5, 4, 7, tzinfo=UTC)),
        (datetime(2026, 5, 4, 15), datetime(2026, 5, 4, 15)),
    ],
)
async def test_a_column_with_the_time_is_read_where_the_source_names_none(said: Any, moment: datetime) -> None:
    work = await mapped(work_of({"提交时间": said}))
    assert work.raw.submitted_at == moment
    assert "submitted_at" not in work.mapped


async def test_a_time_without_a_zone_stands_in_the_sources_zone() -> None:
    work = await mapped(work_of({"created_at": "2026-05-04 15:00"}), source={"time_zone": "Asia/Shanghai"})
    assert work.lead.submitted_at == datetime(2026, 5, 4, 15, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize("said", ["yesterday", "04/05/2026", "2026-02-30", "2026-13-01 10:00", ["x"], "99/99/99 25:00"])
async def test_a_time_that_cannot_be_read_is_kept_and_the_receipts_counts(said: Any) -> None:
    work = await mapped(work_of({"created_at": said}))
    assert work.lead.submitted_at == NOW
    assert work.lead.extra == {"submitted_at": said}
    assert [(p.field, p.code) for p in work.lead.problems] == [("submitted_at", "time_unclear")]


async def test_the_sources_time_beats_a_column() -> None:
    said = NOW - timedelta(hours=1)
    work = await mapped(work_of(raw=RawLead("1", {"created_at": "2026-01-01"}, said)))
    assert work.raw.submitted_at == said
    assert work.lead.extra == {"submitted_at": "2026-01-01"}


async def test_problems_of_the_source_and_of_the_mapping_are_the_leads() -> None:
    mapping = parse(loads("fields: {consent: {from: ok, with: bool}}"))
    odd = Problem(field="row", code="ragged", message="The row is short.")
    work = await mapped(work_of(raw=RawLead("1", {"ok": "hm"}, problems=(odd,))), mapping=mapping)
    assert work.mapped == {"consent": "hm"}
    assert [p.code for p in work.lead.problems] == ["ragged", "unmapped_value"]
    assert work.notes["map"]["problems"] == [{"field": "consent", "code": "unmapped_value"}]
