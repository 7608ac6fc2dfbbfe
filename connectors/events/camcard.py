"""CamCard 名片全能王: business cards that were scanned, exported as XLSX, CSV or vCard files."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hub import FileSource, RawLead, Row, fingerprint, hookimpl

EMAILS = ("email", "e-mail", "e mail", "邮箱", "电子邮箱", "邮件", "电子邮件", "郵箱", "電子郵箱", "電子郵件")
MOBILES = ("mobile", "mobile phone", "cell", "cell phone", "手机", "手机号", "移动电话", "手機", "行動電話")
PHONES = ("phone", "tel", "telephone", "work phone", "电话", "固定电话", "电话号码", "電話", "fax", "传真", "傳真")
NAMES = ("name", "full name", "姓名", "名字")
COMPANIES = ("company", "公司", "公司名称", "公司名稱")
_NUMBERED = re.compile(r"[\s_]*[0-9]{1,2}$")
_SEVERAL = re.compile(r"\s*[\r\n;；|]+\s*")
_CHINA = re.compile(r"(?:0086|86)(?=1[0-9]{10}$)")  # a mobile number with the country's code


class Camcard(FileSource):
    """What the app or its web page exports: one card a row, in whatever form it came; the form is told by the content.

    The key is made of the card's e-mail address, else its mobile number, else name and company. So an export of all
    cards that comes again changes nothing, and a card that was corrected adds to its lead. Nobody's consent is on a
    card: what it was given for is for your own policy to say, by a tag of the source.
    """

    name = "camcard"
    title = "CamCard (名片全能王)"
    docs_url = "https://www.camcard.com/"
    confirmed = (
        "vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350); text in UTF-8, GB18030 and UTF-16, also named .xls, and "
        "workbooks are told by their content (tried with such files)",
        "cards can be exported as Excel files out of the app (guides in public repositories)",
    )
    unconfirmed = (
        "the names of the columns, in English and both kinds of Chinese characters; a mapping of your own changes them",
        "several numbers of a card stand in numbered columns (Mobile1, Mobile2) or in one cell, apart by lines or ;",
        "a web page that is named .xls is refused, with what to do about it",
        "a second card of one person in another language has the same e-mail address or mobile number",
    )

    def read(self, file: Path) -> Iterator[RawLead]:
        with self.table(file) as table:
            for row in table.rows:
                yield _lead(row)


def _lead(row: Row) -> RawLead:
    data = dict(_apart(row.data))
    return RawLead(_key(data), data, problems=row.problems)


def _apart(card: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield the fields, several numbers or addresses in one cell as `Mobile`, `Mobile 2` and so on."""
    for column, value in card.items():
        parts = [value]
        if isinstance(value, str) and _plain(column) in (*EMAILS, *MOBILES, *PHONES):
            parts = [part for part in _SEVERAL.split(value.strip()) if part] or [value]
        yield column, parts[0]
        for number, part in enumerate(parts[1:], 2):
            yield f"{column} {number}" if f"{column} {number}" not in card else f"{column} {number} (cell)", part


def _key(card: Mapping[str, Any]) -> str | None:
    """Return what tells the person of a card from others; None when the card says too little."""
    email = _first(card, EMAILS).casefold()
    if "@" in email:
        return fingerprint("email", email)
    mobile = _CHINA.sub("", re.sub(r"\D", "", _first(card, MOBILES)))
    if len(mobile) >= 7:
        return fingerprint("mobile", mobile)
    name, company = _first(card, (*NAMES, "full_name")), _first(card, COMPANIES)
    return fingerprint("name", name.casefold(), company.casefold()) if name and company else None


def _first(card: Mapping[str, Any], names: Iterable[str]) -> str:
    known = frozenset(names)
    found = (value for column, value in card.items() if value not in (None, "") and _plain(column) in known)
    return str(next(found, "")).strip()


def _plain(column: str) -> str:
    """Return a column's name in small letters, without the number of `Mobile1` or `手机2`."""
    return _NUMBERED.sub("", column.strip()).casefold()


@hookimpl
def hub_register() -> Iterator[type[Camcard]]:
    """Register the connector."""
    yield Camcard
