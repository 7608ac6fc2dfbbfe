"""Makes the keys that spellings of one province, state or city share; the text itself stays as given."""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import pycountry

from hub.normal import text
from hub.normal.pinyin import place_latin
from hub.normal.tables import spellings

_CHINESE_KIND = re.compile(
    "(?:壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|特別行政區|自治州|省|市|地区|盟|都|府|県|도|시)$"
)
_CHINESE_COUNTRY = re.compile("^(?:中国|中國)(?=.{2})")
_LATIN_KIND = re.compile(
    r"(?:\s+(?:sheng|shi|zizhiqu|zhuangzu zizhiqu|huizu zizhiqu|uygur zizhiqu|sar|province|state|region|municipality"
    r"|city|prefecture|autonomous region|county|oblast|governorate))+$|^(?:state|province|city|free state) of\s+",
    re.IGNORECASE,
)
_SHAANXI = re.compile("[陕陝]西")  # it and 山西 are both read Shanxi; the first is written Shaanxi to tell them apart
_ALSO: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "CN": spellings(
            """
            BJ: peking
            GD: canton
            GX: 广西, guangxi
            HK: 香港, hong kong
            MO: 澳门, macau, macao
            NM: 内蒙古, 内蒙, inner mongolia, neimenggu
            NX: 宁夏, ningxia
            SN: 陕西, shaanxi
            SX: 山西, shanxi
            TW: 台湾, taiwan
            XJ: 新疆, xinjiang
            XZ: 西藏, tibet
            """
        ),
        "US": spellings(
            """
            CA: calif, cali
            DC: washington dc
            MA: mass
            PA: penn
            TX: tex
            """
        ),
        "DE": spellings(
            """
            BY: bavaria
            HE: hesse
            NI: lower saxony
            NW: north rhine westphalia, nrw
            RP: rhineland palatinate
            SN: saxony
            ST: saxony anhalt
            TH: thuringia
            """
        ),
    }
)


@lru_cache(maxsize=8_000)
def match_key(name: str) -> str:
    """Return what spellings of one place share: 广东省, `Guangdong` and `Guangdong Province` give `guangdong`."""
    said = " ".join(name.split())
    said = _CHINESE_COUNTRY.sub("", said).replace("重慶", "重庆")
    plain = _CHINESE_KIND.sub("", said) if len(said) > 2 else said
    plain = _LATIN_KIND.sub("", plain) or said
    return text.key(place_latin(_SHAANXI.sub("shaanxi", plain))) or text.key(name)


@lru_cache(maxsize=8_000)
def code_of(name: str, country: str | None) -> str | None:
    """Return the ISO 3166-2 code of a province or state of that country, None when it is not known."""
    return _table(country).get(match_key(name)) if country else None


@lru_cache(maxsize=64)
def _table(country: str) -> Mapping[str, str]:
    chinese = gettext.translation("iso3166-2", pycountry.LOCALES_DIR, languages=["zh_CN"], fallback=True)
    table: dict[str, str] = {}
    for spelling, short in _ALSO.get(country, {}).items():
        table[match_key(spelling)] = f"{country}-{short}"
    for item in pycountry.subdivisions.get(country_code=country) or ():  # type: ignore[no-untyped-call]
        for spelling in (item.code.partition("-")[2], item.name, chinese.gettext(item.name)):
            table.setdefault(match_key(spelling), item.code)
    return MappingProxyType(table)
