"""Writes Chinese characters in Latin letters, so that 张伟 and Zhang Wei can meet."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.normal.surnames import READINGS

_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")


def latin(text: str) -> str:
    """Return the text with every Chinese character replaced by its reading, without tones or spaces."""
    return text if text.isascii() else _HAN.sub(_reading, text)


def place_latin(name: str) -> str:
    """Return a place name in Latin letters, its characters read as the name is read: 重庆 is Chongqing."""
    if name.isascii():
        return name
    from pypinyin import lazy_pinyin  # takes 0.2 s to import

    return "".join(lazy_pinyin(name)).replace("lv", "lu")


def surname_reading(surname: str) -> str | None:
    """Return the reading of a family name that is irregular, or None."""
    return READINGS.get(surname)


def _reading(found: re.Match[str]) -> str:
    return _syllable(found[0])


@lru_cache(maxsize=20_000)
def _syllable(character: str) -> str:
    from pypinyin import lazy_pinyin  # takes 0.2 s to import

    syllable: str = lazy_pinyin(character)[0]
    return syllable.replace("lv", "lu").replace("nv", "nu")  # passports write 吕 as Lu
