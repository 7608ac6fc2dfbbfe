"""Writes foreign text so that the place it goes to shows it as text: cells, chat dialects, headers, single lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

CELL_LIMIT = 32_767  # characters; Excel's own limit for one cell

_LINE_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
# C0 and C1 controls (but tab and line feeds), zero-width marks, bidi controls, byte order mark, noncharacters
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HEADING = re.compile(r"\A#+")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_LOOSE_MARK = re.compile(r"(?<![^\W_])[*_~`]|[*_~`](?![^\W_])")  # not between two letters or digits
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,10})?")
_BREAKS = frozenset("\t\r\n")
_FORMULA_STARTS = frozenset("=+-@;")

_ANGLES = str.maketrans({"<": "＜", ">": "＞"})
_LOOK_ALIKES = str.maketrans(
    {"<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "`": "ˋ", "~": "～", "|": "｜", "\\": "＼"}
)
_MARKS = str.maketrans({"*": "∗", "_": "＿", "~": "∼", "`": "ˋ"})
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

_MOST_MARKS = 6  # combining marks on one letter; no living script needs more
_LONGEST_CLUSTER = 16  # code points; the longest emoji families have 11


def printable(text: str) -> str:
    """Return the text without controls, bidi overrides and zero-width marks; lone surrogates become U+FFFD."""
    return _UNPRINTABLE.sub("", _SURROGATE.sub("\ufffd", text))


def line(text: str, limit: int = 200) -> str:
    """Return the text as one printable line of at most `limit` characters, cut between graphemes."""
    return _calm(cut(printable(_LINE_BREAKS.sub(" ", text)).strip(), limit))


def header(text: str, limit: int = 200) -> str:
    """Return the text as one line that is safe as a mail subject or display name: no line break, no control.

    Encoded words are broken up: some Python releases decode a line break out of them (CVE-2024-6923).
    """
    return line(text.replace("=?", "= ?"), limit)


def cell(text: str, *, number: bool = False) -> str:
    """Return the text so that no spreadsheet reads it as a formula: an apostrophe goes before = + - @ ; TAB CR LF.

    Full-width and other compatibility forms count too, also behind blanks. With `number`, meant for columns that hold
    numbers or phone numbers, plain ones such as `-5` and `+8613800138000` are left as they are.
    """
    said = printable(text)
    start = unicodedata.normalize("NFKC", said.lstrip()[:1])[:1]
    if said[:1] not in _BREAKS and (not start or start not in _FORMULA_STARTS):
        return said[:CELL_LIMIT]
    if number and _PLAIN_NUMBER.fullmatch(said):
        return said
    return "'" + said[: CELL_LIMIT - 1]


def slack(text: str, limit: int = 300) -> str:
    """Return the text for Slack's mrkdwn: no mention, no link, no formatting (docs.slack.dev, formatting text)."""
    return _LOOSE_MARK.sub(lambda found: found.group().translate(_MARKS), line(text, limit)).translate(_SLACK)


def dingtalk_markdown(text: str, limit: int = 300) -> str:
    """Return the text for DingTalk's markdown; marks become look-alikes, as its escapes differ between clients."""
    return _tame(line(text, limit))


def wecom_markdown(text: str, limit: int = 300) -> str:
    """Return the text for WeCom's markdown, which knows no escapes: no `<@user>`, no font, no link."""
    return _tame(line(text, limit))


def feishu_text(text: str, limit: int = 300) -> str:
    """Return the text for Feishu and Lark texts, where only tags such as `<at user_id="all">` have a meaning."""
    return _ENTITY.sub("＆", line(text, limit)).translate(_ANGLES)


def cut(text: str, limit: int, *, size: Callable[[str], int] = len) -> str:
    """Return the text, cut between graphemes, so that its size (characters) is at most `limit`; `…` shows the cut."""
    if size(text) <= limit:
        return text
    room = limit - size("…")
    if room < 0:
        return ""
    kept: list[str] = []
    for cluster in _clusters(text):
        room -= size(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + "…"


def cut_bytes(text: str, limit: int) -> str:
    """Return the text cut between graphemes so that it has at most `limit` bytes in UTF-8."""
    return cut(text, limit, size=utf8_size)


def utf8_size(text: str) -> int:
    """Return the number of bytes a text has in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def _tame(text: str) -> str:
    said = _LOOSE_MARK.sub(lambda found: found.group().replace("_", "＿"), _ENTITY.sub("＆", text))
    return _HEADING.sub(lambda found: "＃" * len(found.group()), said).translate(_LOOK_ALIKES)


def _calm(text: str) -> str:
    """Drop the combining marks that pile up past what any script writes."""
    if text.isascii():
        return text
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _clusters(text: str) -> Iterator[str]:
    """Yield what a reader takes for one character: letter with marks, emoji family, flag, Hangul syllable."""
    cluster = ""
    for char in text:
        if cluster and (len(cluster) >= _LONGEST_CLUSTER or not _joins(cluster, char)):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _joins(cluster: str, char: str) -> bool:
    if char < "\u0300":
        return False
    if cluster[-1] == "\u200d" or char in "\u200c\u200d" or unicodedata.category(char)[0] == "M":
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f" or "\u1160" <= char <= "\u11ff":
        return True  # skin tones, flag tags, Hangul vowels and finals
    return len(cluster) == 1 and _is_flag_half(cluster) and _is_flag_half(char)


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
