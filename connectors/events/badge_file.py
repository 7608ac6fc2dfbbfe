"""Badge scanners: leads scanned at a booth, exported as CSV, XLSX or vCard files."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from hub import BadInput, FileSource, Problem, RawLead, Row, TimeZone, card_fields, hookimpl, is_card, local_time

SCAN_IDS = ("scan id", "lead id", "lead retrieval id", "capture id", "扫码编号", "线索编号", "uid")
BADGE_IDS = (
    *("badge id", "badge number", "badge no", "badge", "registration id", "registration number", "attendee id"),
    *("barcode", "胸卡编号", "胸卡号", "证件编号", "参会编号", "报名编号"),
)
EVENTS = (
    "event id",
    "event code",
    "event",
    "event name",
    "show",
    "show name",
    "exhibition",
    "活动",
    "展会",
    "展会名称",
)
MOMENTS = (
    *("scan time", "scanned at", "scan date time", "scan datetime", "scan date/time", "captured at", "capture time"),
    *("date scanned", "scan timestamp", "扫码时间", "扫描时间", "采集时间", "登记时间", "创建时间", "created time"),
)
DATES = ("scan date", "capture date", "date", "扫码日期", "扫描日期", "日期")
CLOCKS = ("scan time", "capture time", "time", "扫码时间", "扫描时间", "时间")


class BadgeFile(FileSource):
    """What a lead scanner exports: one row a scan, or one vCard a card; badges may hold a vCard or MECARD text.

    The key is the scan's own id or the badge's, after the event's where the file names it. So a second sync of the
    same scans changes nothing, and a scan that comes again with more (released contact data, notes) adds to its lead.
    """

    name = "badge_file"
    title = "Badge scanner file"
    docs_url = "https://www.rfc-editor.org/rfc/rfc6350"
    confirmed = ("vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350)",)
    unconfirmed = (
        "Names of columns differ by scanner; the settings badge_id, event and scanned_at name others",
        "MECARD and BIZCARD as described by ZXing; other delimited badge texts are kept as they are",
    )

    class Config(FileSource.Config):
        time_zone: TimeZone | None = Field(
            None, description="Time zone of the event, for times without one; none: the hub's own zone."
        )
        day_first: bool | None = Field(
            None, description="Whether 01/02/2026 is the first of February; none: such dates are not read."
        )
        scan_id: str | None = Field(None, description="Column with the id of the scan; none: the usual names.")
        badge_id: str | None = Field(None, description="Column with the id of the badge; none: the usual names.")
        event: str | None = Field(None, description="Column with the event; none: the usual names.")
        scanned_at: str | None = Field(None, description="Column with the time of the scan; none: the usual names.")

    config: Config

    def read(self, file: Path) -> Iterator[RawLead]:
        with self.table(file) as table:
            above = _event_above(table.preamble)
            for row in table.rows:
                yield self._lead(row, above)

    def _lead(self, row: Row, event: str) -> RawLead:
        data, problems = _with_cards(row)
        if event and not {_plain(name) for name in data} & {*EVENTS}:
            data["Event"] = event
        named = {_plain(name): str(value).strip() for name, value in data.items() if value not in (None, "")}
        scanned, unread = self._scanned(named)
        return RawLead(self._key(named), data, submitted_at=scanned, problems=(*row.problems, *problems, *unread))

    def _key(self, named: Mapping[str, str]) -> str | None:
        scan = _first(named, self.config.scan_id, SCAN_IDS)
        own = scan or _first(named, self.config.badge_id, BADGE_IDS)
        event = _first(named, self.config.event, EVENTS)
        return (f"{event}/{own}" if event else own) if own else None

    def _scanned(self, named: Mapping[str, str]) -> tuple[datetime | None, list[Problem]]:
        """Return the time of the scan; times that are impossible or ahead are the hub's to judge."""
        said = _first(named, self.config.scanned_at, MOMENTS)
        date, clock = _first(named, None, DATES).removesuffix("T00:00:00"), _first(named, None, CLOCKS)
        tellings = [said] if self.config.scanned_at else [said, f"{date} {clock}".strip(), date]
        if not any(tellings):
            return None, []
        times = (local_time(telling, self.config.day_first) for telling in tellings)
        time = next((time for time in times if time is not None), None)
        if time is None:
            words = f"The scan time {(said or date)[:50]!r} is not sure; the time of receipt counts. See day_first."
            return None, [Problem(field="submitted_at", code="time_unclear", message=words)]
        zone = self.config.time_zone
        return (time.replace(tzinfo=ZoneInfo(zone)) if zone and time.tzinfo is None else time), []


def _event_above(lines: Sequence[str]) -> str:
    """Return the event that a line above the header names, such as `Event: Expo 2026`."""
    pairs = (line.replace("：", ":").partition(":") for line in lines)
    return next((value.strip() for label, _, value in pairs if _plain(label) in EVENTS), "")


def _with_cards(row: Row) -> tuple[dict[str, Any], list[Problem]]:
    """Put what a badge's text says in its place, under names the row does not fill itself."""
    data, problems = dict(row.data), []
    for column, value in row.data.items():
        if not isinstance(value, str) or not is_card(value):
            continue
        try:
            card = card_fields(value)
        except BadInput as error:
            problems.append(Problem(field=column, code="bad_card", message=str(error.reason)))
            continue
        del data[column]
        filled = {_plain(name) for name, cell in data.items() if cell}
        data.update((name, text) for name, text in card.items() if _plain(name) not in filled)
    return data, problems


def _first(named: Mapping[str, str], setting: str | None, usual: tuple[str, ...]) -> str:
    """Return the value of the column that is set, or of the first usual one that has any."""
    names = (setting,) if setting else usual
    return next((named[_plain(name)] for name in names if _plain(name) in named), "")


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split()).casefold()


@hookimpl
def hub_register() -> Iterator[type[BadgeFile]]:
    """Register the connector."""
    yield BadgeFile
