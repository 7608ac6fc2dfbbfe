"""Splits and joins people's names in the order of their script; what a person wrote is never altered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from hub.normal import text
from hub.normal.pinyin import latin, surname_reading
from hub.normal.surnames import DOUBLE, KOREAN_DOUBLE, SINGLE
from hub.normal.tables import words
from hub.normal.verdicts import NOTHING

_MOST_WORDS = 8
_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_HANGUL = re.compile("[\uac00-\ud7af]+")
_EAST_ASIAN = re.compile("[\u3005\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\U00020000-\U000323af]+")
_DOT = re.compile(r"\s*[·•・‧]\s*")
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")

_HONORIFICS = words(
    """
    总经理 副总经理 董事长 工程师 先生 女士 小姐 太太 夫人 老师 教授 博士 医生 大夫 经理 总监 总裁 副总 主任 主管
    董事 老板 店长 校长 院长 同学 师傅 律师 会计 助理 部长 处长 科长 局长 书记 厂长 队长 站长 女生 男士 總經理
    董事長 工程師 老師 醫生 經理 總監 總裁 老闆 님 씨 様 さん
    """
)
_CHINESE_TITLE = re.compile(f"^(.+?)\\s*({'|'.join(sorted(_HONORIFICS, key=len, reverse=True))})$")
_SHORT_TITLES = frozenset("总總董工")  # only after a bare family name: 李总, but never 张工程
_WESTERN_TITLES = words(
    """
    mr mrs ms miss mx dr prof professor sir madam mme mlle monsieur madame herr frau fräulein señor señora sr sra
    dott ing dipl-ing rev fr hon eng
    """
)
_SUFFIXES = words(
    """
    jr sr ii iii iv phd md esq mba dds cpa
    """
)
_PREFIXES = words(
    """
    de da di do del della van von der den ter ten la le el al bin ibn abu st st. dos das du
    """
)


class Name(NamedTuple):
    """Given and family name, and the rest (`honorific`, `middle`, `suffix`); None where it cannot be told."""

    first: str | None = None
    last: str | None = None
    parts: Mapping[str, Any] = NOTHING


@lru_cache(maxsize=20_000)
def split(full: str) -> Name:
    """Return the parts of a whole name; a name whose order cannot be told stays whole."""
    if _EAST_ASIAN.search(full):
        return _split_east_asian(full)
    words = full.split()
    if len(words) == 1 and "," not in full:
        return Name() if words[0].rstrip(".").lower() in _WESTERN_TITLES else Name(first=full)
    if len(words) == 2 and _plain(words):
        return Name(words[0], words[1])
    return _split_western(full) if 0 < len(words) <= _MOST_WORDS else Name()


def join(first: str, last: str) -> str:
    """Return the whole name: family name first and without a space in Chinese, Japanese and Korean."""
    if _EAST_ASIAN.fullmatch(first) and _EAST_ASIAN.fullmatch(last):
        return last + first
    return f"{first} {last}"


def complete(full: str | None, first: str | None, last: str | None) -> tuple[str | None, str | None, str | None]:
    """Return whole, given and family name, each missing one made from the others where that is sure."""
    if full is None:
        return (join(first, last) if first and last else first or last), first, last
    if not first and not last:
        return full, *split(full)[:2]
    if first and last:
        return full, first, last
    given = first or last or ""
    rest = full.removeprefix(given).strip() if full.startswith(given) else full.removesuffix(given).strip()
    if rest == full or not rest or not text.key(rest):
        return full, first, last
    return full, first or rest, last or rest


def key(full: str | None, first: str | None, last: str | None) -> str:
    """Return what spellings of one name share, in any order and script: its Latin letters, sorted.

    张伟, `Zhang Wei` and `WEI, Zhang` share one key; so do 张小明 and `Zhang Xiao Ming`, `Ann B. Ng` and `Ann Ng`.
    """
    if first and last:
        return _key(first, last)
    return _whole_key(full or first or last or "")


def family(full: str | None, last: str | None) -> str:
    """Return the family name in Latin letters where it is known, otherwise an empty text."""
    name = last or (split(full).last if full else None)
    return _family(name) if name else ""


@lru_cache(maxsize=20_000)
def _key(first: str, last: str) -> str:
    return "".join(sorted(text.key(latin(first)) + _family(last)))


@lru_cache(maxsize=20_000)
def _whole_key(full: str) -> str:
    name = split(full)
    if not (name.first and name.last):
        return "".join(sorted(text.key(latin(full))))
    middle = [word for word in name.parts.get("middle", "").split() if len(word.rstrip(".")) > 1]
    return _key("".join((name.first, *middle)), name.last)


@lru_cache(maxsize=8_000)
def _family(last: str) -> str:
    return surname_reading(last) or text.key(latin(last))


def _plain(words: list[str]) -> bool:
    """Return whether two words need no parser: it would take `King Wong` and `Master Li` for titles."""
    first, last = words
    if not (_WORD.fullmatch(first) and _WORD.fullmatch(last)):
        return False
    before, after = first.rstrip(".").lower(), last.rstrip(".").lower()
    return before not in _WESTERN_TITLES and before not in _PREFIXES and after.replace(".", "") not in _SUFFIXES


def _split_western(full: str) -> Name:
    from nameparser import HumanName  # takes 0.1 s to import, for few names

    try:
        parsed = HumanName(full)
    except Exception:  # a parser made for names may trip over what is none; the whole name is kept anyway
        return Name()
    found = {"honorific": parsed.title, "middle": parsed.middle, "suffix": parsed.suffix, "nickname": parsed.nickname}
    return Name(parsed.first or None, parsed.last or None, {name: part for name, part in found.items() if part})


def _split_east_asian(full: str) -> Name:
    name, honorific = _without_title(full)
    parts = {"honorific": honorific} if honorific else NOTHING
    words = _DOT.sub(" ", name).split()
    if len(words) == 1:
        first, last = _split_run(words[0], bare=honorific is not None)
        return Name(first, last, parts)
    if len(words) != 2:
        return Name(None, None, parts)
    one, two = words
    if _DOT.search(name):  # a foreign name written in characters keeps its own order: 尼古拉·特斯拉
        return Name(one, two, parts)
    if _EAST_ASIAN.fullmatch(one) and _EAST_ASIAN.fullmatch(two):
        return Name(two, one, parts)
    family_last = two in SINGLE or two in DOUBLE
    family_first = one in SINGLE or one in DOUBLE
    return Name(one, two, parts) if family_last else Name(two, one, parts) if family_first else Name(None, None, parts)


def _without_title(full: str) -> tuple[str, str | None]:
    found = _CHINESE_TITLE.match(full)
    if found:
        return found[1], found[2]
    bare = full[:-1]
    return (bare, full[-1]) if full[-1:] in _SHORT_TITLES and (bare in SINGLE or bare in DOUBLE) else (full, None)


def _split_run(run: str, bare: bool) -> tuple[str | None, str | None]:
    """Split characters written without a space into given and family name."""
    if bare and (run in SINGLE or run in DOUBLE):
        return None, run
    if _HAN.fullmatch(run):
        size = 2 if run[:2] in DOUBLE and len(run) > 2 else 1 if run[0] in SINGLE else 0
        return (run[size:], run[:size]) if size and size < len(run) <= size + 2 else (None, None)
    if _HANGUL.fullmatch(run) and 2 <= len(run) <= 4:
        size = 2 if run[:2] in KOREAN_DOUBLE and len(run) > 2 else 1
        return run[size:], run[:size]
    return None, None
