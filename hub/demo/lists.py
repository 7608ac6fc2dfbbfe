"""Writes purchased and exported lists: five files, each in the encoding, format and columns of another vendor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from random import Random

from hub.demo.entry import Entry, Truth
from hub.demo.plan import FAIR_ZONE
from hub.demo.tables import Cell, csv_bytes, line_numbers, xlsx_bytes

FOLDER = "inbox/lists"
DUPLICATES = 2
"""How many rows of each list stand in it twice."""

Rows = Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class ListFile:
    """One list: columns (heading -> field of an entry), the damage of the whole file, and how ids look in it."""

    name: str
    columns: Mapping[str, str]  # `id` is the vendor's record id, `at` the time of collection
    damage: tuple[str, ...]
    write: Callable[[Rows, datetime], bytes]
    languages: tuple[str, ...]
    prefix: str = ""  # of the record ids; empty: the list has none


def _columns(text: str) -> dict[str, str]:
    pairs = (column.partition("=") for column in text.split("|"))
    return {heading: field for heading, _, field in pairs}


def _objects(rows: Rows, _now: datetime) -> bytes:
    head, *rest = rows
    dicts = ({str(key): value for key, value in zip(head, row, strict=True) if value not in ("", None)} for row in rest)
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in dicts).encode()


EAST_CHINA = ListFile(
    "east-china.csv",
    _columns(
        "编号=id|姓名=full_name|手机=phone|邮箱=email|公司名称=company|职位=title|省份=region|城市=city|行业=industry|"
        "意向产品=interest|备注=message|采集时间=at"
    ),
    ("gb18030", "semicolon"),
    lambda rows, _now: csv_bytes(rows, "gb18030", ";"),
    ("zh",),
    "HD",
)
DIRECTORY = ListFile(
    "directory.jsonl",
    _columns(
        "id=id|name=full_name|mobile=phone|email=email|company=company|title=title|city=city|industry=industry|"
        "created_at=at"
    ),
    ("jsonl",),
    _objects,
    ("zh",),
    "dir-",
)
DATA_VENDOR = ListFile(
    "data-vendor.xlsx",
    _columns(
        "Full Name=full_name|Company=company|Job Title=title|Email=email|Mobile=phone|Country=country|City=city|"
        "Postcode=postcode|Employees=employees|Industry=industry"
    ),
    ("xlsx",),
    lambda rows, now: xlsx_bytes(rows, "Leads", now),
    ("zh", "en", "de"),
)
FAIR_VISITORS = ListFile(
    "fair-visitors.tsv",
    _columns(
        "First Name=first_name|Last Name=last_name|Company=company|Job Title=title|E-Mail=email|Phone=phone|"
        "Country=country|City=city|Postcode=postcode|Interest=interest|Comments=message"
    ),
    ("utf16", "tab"),
    lambda rows, _now: csv_bytes(rows, "utf-16", "\t"),
    ("en", "de"),
)
OLD_CRM = ListFile(
    "old-crm.csv",
    _columns(
        "Record ID=id|Name=full_name|Email=email|Phone=phone|Company=company|Country=country|Industry=industry|"
        "Budget=budget|Consent=consent|Created=at"
    ),
    ("utf8_bom",),
    lambda rows, _now: csv_bytes(rows, "utf-8-sig"),
    ("en", "de"),
    "10",
)
FILES = (EAST_CHINA, DIRECTORY, DATA_VENDOR, FAIR_VISITORS, OLD_CRM)


def write(entries: Sequence[Entry], random: Random, now: datetime) -> tuple[dict[str, bytes], list[Truth]]:
    """Return the list files by path and the truth about every row in them."""
    files: dict[str, bytes] = {}
    truths: list[Truth] = []
    homes = list(_homes(entries))
    for file in FILES:
        mine = [entry for entry, home in zip(entries, homes, strict=True) if home is file]
        twice = [entry.damaged("duplicate_row") for entry in mine[1 :: max(len(mine) // DUPLICATES, 1)][:DUPLICATES]]
        start = random.randint(10000, 80000)
        known = {entry.person: f"{file.prefix}{start + number}" for number, entry in enumerate(mine)}
        every = (*mine, *twice)
        rows = [[_cell(file, entry, field, known) for field in file.columns.values()] for entry in every]
        path = f"{FOLDER}/{file.name}"
        files[path] = file.write([list(file.columns), *rows], now)
        truths += _truths(file, path, every, rows, known)
    return files, truths


def _homes(entries: Sequence[Entry]) -> Iterator[ListFile]:
    """Yield the list that each entry stands in: numbers that a spreadsheet damaged are in the workbook."""
    chinese = cycle((EAST_CHINA, DIRECTORY, EAST_CHINA, DATA_VENDOR))
    western = cycle((FAIR_VISITORS, OLD_CRM))
    for entry in entries:
        if {"phone_float", "leading_zero_lost"} & {*entry.damage}:
            yield DATA_VENDOR
        else:
            yield next(chinese if entry.get("language") == "zh-CN" else western)


def _truths(
    file: ListFile, path: str, entries: Sequence[Entry], rows: Rows, known: Mapping[str, str]
) -> Iterator[Truth]:
    """Yield one truth a record: a repeated row is a record of its own only where the list has no ids."""
    lines = line_numbers(rows, header=file is not DIRECTORY, one_line=file in (DIRECTORY, DATA_VENDOR))
    twice = {entry.person for entry in entries if "duplicate_row" in entry.damage}
    for entry, line in zip(entries, lines, strict=True):
        more = ["postcode_zero_lost"] if _zero_lost(file, entry) else []
        if not file.prefix:
            yield Truth.of(entry, f"{file.name}#{line}", path, line, *file.damage, *more)
        elif "duplicate_row" not in entry.damage:
            more = ["duplicate_row"] if entry.person in twice else []
            yield Truth.of(entry, known[entry.person], path, line, *file.damage, *more)


def _zero_lost(file: ListFile, entry: Entry) -> bool:
    return file is DATA_VENDOR and entry.get("postcode").startswith("0")


def _cell(file: ListFile, entry: Entry, field: str, known: Mapping[str, str]) -> Cell:
    if field == "id":
        return known[entry.person]
    if field == "at":
        return entry.at.astimezone(FAIR_ZONE).strftime("%Y-%m-%d %H:%M:%S")
    value = entry.get(field)
    if file is not DATA_VENDOR:
        return value
    if field == "phone" and "phone_float" in entry.damage:
        return float(value)
    if field == "phone" and "leading_zero_lost" in entry.damage:
        return int(value)
    return int(value) if field == "postcode" and value.isdigit() else value
