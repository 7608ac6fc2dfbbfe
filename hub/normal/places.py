"""Reads countries in many languages and spellings."""

from __future__ import annotations

import gettext
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

import pycountry

from hub.normal import text
from hub.normal.tables import spellings, words
from hub.normal.verdicts import EMPTY, Cleaned

_LANGUAGES = sorted(
    words(
        """
        zh_CN zh_TW zh_HK ja ko de fr es it pt pt_BR ru nl pl sv tr
        ar cs da fi nb_NO el hu ro uk vi th id he hi fa
        """
    )
)
_NAMES = ("common_name", "name", "official_name")
_ALSO = spellings(
    """
    AE: UAE, Emirates, 迪拜, 阿联酋
    AU: Oz, 澳洲
    BA: Bosnia, 波黑
    BN: Brunei, 汶莱
    BO: Bolivia
    CD: DR Congo, DRC, Congo Kinshasa, 刚果金
    CG: Congo Brazzaville, 刚果布
    CH: Swiss, Schweiz, Suisse
    CI: Ivory Coast, Cote dIvoire, 象牙海岸
    CN: China, PRC, PR China, P.R.C., Mainland China, China Mainland, People's Republic of China, Zhongguo, 中国
    CN: 中國, 中国大陆, 中國大陸, 大陆, 中国内地, 内地, 国内, 中华人民共和国
    CV: Cape Verde
    CZ: Czech Republic, Czech, 捷克
    DE: Deutschland, BRD
    DO: Dominican Rep
    FK: Falklands
    FM: Micronesia
    GB: UK, U.K., Great Britain, Britain, England, Scotland, Wales, Northern Ireland
    GB: United Kingdom of Great Britain, 英格兰, 苏格兰, 威尔士, 北爱尔兰, 大不列颠, 英
    HK: Hong Kong SAR, Hongkong, HKSAR, HK SAR China, Hong Kong China, 中国香港, 中國香港, 香港特别行政区
    HK: 香港特區
    IE: Eire
    IR: Iran, Persia, 伊朗
    KP: North Korea, DPRK, 朝鲜, 北朝鲜, 北韩
    KR: South Korea, Korea, Republic of Korea, ROK, S Korea, 韩国, 韓國, 韓国, 南韩, 南朝鲜, 한국, Südkorea
    KR: Corée du Sud, Corea del Sur, Coreia do Sul
    LA: Laos, 老挝
    MD: Moldova
    MK: Macedonia, North Macedonia
    MM: Burma, 缅甸
    MO: Macau, Macao, Macau SAR, Macao China, 中国澳门, 中國澳門, 澳门特别行政区, 澳門
    NL: Holland, The Netherlands, 荷兰, Niederlande, Pays-Bas, Países Bajos, Paesi Bassi, オランダ, 네덜란드
    NZ: Aotearoa, 纽西兰
    PH: Philippines, The Philippines, 菲律宾
    PS: Palestine
    RU: Russia, 俄罗斯, 俄国, Rossiya, Россия, РФ, Russland, Russie, Rusia, Rússia, ロシア, 러시아
    SA: KSA, Saudi, 沙特, 沙特阿拉伯
    SG: Sing, 狮城, 新加坡
    SY: Syria
    SZ: Swaziland, Eswatini
    TR: Turkey, Turkiye, Türkiye, 土耳其
    TW: Taiwan, Taiwan ROC, Taiwan China, Chinese Taipei, 中国台湾, 中國台灣, 台湾, 臺灣, 台灣省
    TZ: Tanzania
    US: USA, U.S., U.S.A., United States, United States of America, America, the States, The US, 美国, 美國
    US: 美利坚, 米国, EUA, EEUU, Estados Unidos, Etats Unis, VSA
    VA: Vatican
    VE: Venezuela
    VN: Vietnam, Viet Nam, 越南
    ZA: RSA, S Africa, 南非
    """
)
_BESIDE_CHINA = frozenset(("HK", "MO", "TW"))
_BRACKETS = re.compile(r"[()（）\[\]/|,，、]|\s[-–—]\s")


@lru_cache(maxsize=4_000)
def country(raw: str) -> Cleaned:
    """Return the ISO 3166-1 alpha-2 code of a country's name or code; an unknown one has no value.

    Names are known in English, Chinese and thirty more languages, and as people say them (UK, PRC, C.N., Deutschland).
    """
    said = text.line(raw, 100).value
    if said is None or text.is_blank_word(said):
        return EMPTY
    code = _code(said) or _code_of_parts(said)
    return Cleaned(code, True) if code else Cleaned(None, None, EMPTY.parts, ("country_unknown",))


def _code_of_parts(said: str) -> str | None:
    """Read `中国 / China`, and `Hong Kong, China` as the place that has a code of its own."""
    codes = {found for part in _BRACKETS.split(said) if part.strip() and (found := _code(part))}
    if len(codes) == 2 and codes & _BESIDE_CHINA:
        codes.discard("CN")
    return codes.pop() if len(codes) == 1 else None


def _code(name: str) -> str | None:
    return _table().get(_key(name))


def _key(name: str) -> str:
    """Fold a name, keeping the vowel signs of scripts that need them."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(c for c in folded if not "\u0300" <= c <= "\u036f")
    return "".join(c for c in unicodedata.normalize("NFKC", plain) if unicodedata.category(c)[0] in "LMN")


@lru_cache(maxsize=1)
def _table() -> Mapping[str, str]:
    """Return every known spelling; built at the first question, in about a tenth of a second."""
    table: dict[str, str] = {}
    for spelling, code in _spellings():
        key = _key(spelling)
        table.setdefault(key, code)
        table.setdefault(key.removeprefix("the"), code)
    return MappingProxyType(table)


def _spellings() -> Iterator[tuple[str, str]]:
    """Yield spelling and code, the surest first: codes, then what people say, then names, then translations."""
    countries = list(pycountry.countries)
    for item in countries:
        yield item.alpha_2, item.alpha_2
    for item in countries:
        yield item.alpha_3, item.alpha_2
    yield from _ALSO.items()
    names = [(getattr(item, kind), item.alpha_2) for item in countries for kind in _NAMES if hasattr(item, kind)]
    yield from names
    for language in _LANGUAGES:
        catalogue = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
        yield from ((catalogue.gettext(name), code) for name, code in names)
