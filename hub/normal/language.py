"""Reads languages, by code or name, as BCP 47 tags."""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType

import pycountry

from hub.normal import text
from hub.normal.tables import spellings
from hub.normal.verdicts import EMPTY, Cleaned

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?(?:[-_.@].*)?")
_SAID = MappingProxyType(
    {
        text.key(name): tag
        for name, tag in spellings(
            """
    zh: 中文, 汉语, 漢語, 普通话, 国语, 华语, chinese, mandarin
    zh-Hans: 简体中文, 中文简体, chinesesimplified, simplifiedchinese
    zh-Hant: 繁体中文, 繁體中文, 中文繁體, chinesetraditional, traditionalchinese
    yue: 粤语, cantonese
    en: 英语, 英文
    ja: 日语, 日文, 日本語
    ko: 韩语, 한국어
    de: 德语, deutsch
    fr: 法语, français, francais
    es: 西班牙语, español, espanol
    ru: 俄语, русский
    pt: 葡萄牙语, portugues
    it: italiano, 意大利语
    ar: 阿拉伯语
    nl: nederlands
    pl: polski
    el: greek
    no: norwegian
    """
        ).items()
    }
)


@lru_cache(maxsize=2_000)
def language(raw: str) -> Cleaned:
    """Return the BCP 47 tag, such as `zh-CN`, of a tag, an Accept-Language header or a name; unknown ones have none."""
    said = text.line(raw, 200).value
    if said is None:
        return EMPTY
    tag = _tag(re.split(r"[,;]", said)[0].strip()) or _SAID.get(text.key(said)) or _named(said)
    return Cleaned(tag, True) if tag else Cleaned(None, None, EMPTY.parts, ("language_unknown",))


def _tag(said: str) -> str | None:
    found = _TAG.fullmatch(said)
    if not found or not _known(found[1].lower()):
        return None
    script, region = found[2], found[3]
    return "-".join([found[1].lower(), *([script.title()] if script else []), *([region.upper()] if region else [])])


def _known(code: str) -> bool:
    key = "alpha_2" if len(code) == 2 else "alpha_3"
    return pycountry.languages.get(**{key: code}) is not None


def _named(said: str) -> str | None:
    found = pycountry.languages.get(name=said.title())
    return (getattr(found, "alpha_2", None) or found.alpha_3) if found else None
