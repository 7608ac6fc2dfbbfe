"""Countries, provinces and cities in the spellings people use."""

from __future__ import annotations

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.normal.places import country
from hub.normal.regions import code_of, match_key


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("CN", "CN"),
        ("cn", "CN"),
        ("CHN", "CN"),
        ("C.N.", "CN"),
        ("China", "CN"),
        ("中国", "CN"),
        ("中國", "CN"),
        ("PRC", "CN"),
        ("P.R. China", "CN"),
        ("中华人民共和国", "CN"),
        ("Mainland China", "CN"),
        ("大陆", "CN"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("GB", "GB"),
        ("Great Britain", "GB"),
        ("England", "GB"),
        ("英国", "GB"),
        ("United Kingdom", "GB"),
        ("US", "US"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("America", "US"),
        ("美国", "US"),
        ("United States of America", "US"),
        ("United States (US)", "US"),
        ("Deutschland", "DE"),
        ("germany", "DE"),
        ("德国", "DE"),
        ("Allemagne", "DE"),
        ("España", "ES"),
        ("Österreich", "AT"),
        ("Россия", "RU"),
        ("日本", "JP"),
        ("Korea", "KR"),
        ("韩国", "KR"),
        ("South Korea", "KR"),
        ("North Korea", "KP"),
        ("Hong Kong", "HK"),
        ("香港", "HK"),
        ("中国香港", "HK"),
        ("Hong Kong, China", "HK"),
        ("澳门", "MO"),
        ("Taiwan", "TW"),
        ("台灣", "TW"),
        ("Holland", "NL"),
        ("the Netherlands", "NL"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("UAE", "AE"),
        ("阿联酋", "AE"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Côte d'Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("中国 / China", "CN"),
        ("CN - China", "CN"),
        (" 中国 ", "CN"),
        ("ＵＳＡ", "US"),
        ("NA", "NA"),
        ("भारत", "IN"),
    ],
)
def test_a_country_is_known_by_many_names(raw, code):
    assert tuple(country(raw))[:2] == (code, True)


@pytest.mark.parametrize("raw", ["Atlantis", "EU", "Asia", "China or Japan?", "China, Japan", "12", "86"])
def test_an_unknown_country_is_not_invalid(raw):
    cleaned = country(raw)
    assert (cleaned.value, cleaned.valid, cleaned.codes) == (None, None, ("country_unknown",))


@pytest.mark.parametrize("raw", ["", "  ", "N/A", "-", "无"])
def test_no_country_is_no_problem(raw):
    assert country(raw) == (None, None, {}, ())


@pytest.mark.parametrize("item", list(pycountry.countries), ids=lambda item: item.alpha_2)
def test_every_country_is_known_by_its_codes_and_its_name(item):
    assert country(item.alpha_2).value == country(item.alpha_3).value == country(item.name).value == item.alpha_2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("广东省", "Guangdong"),
        ("广东", "Guangdong Province"),
        ("北京市", "Beijing"),
        ("重庆", "Chongqing"),
        ("重慶市", "Chongqing"),
        ("厦门", "Xiamen"),
        ("内蒙古自治区", "内蒙古"),
        ("广西壮族自治区", "广西"),
        ("陕西省", "Shaanxi"),
        ("山西省", "Shanxi"),
        ("中国广东", "广东省"),
        ("State of New York", "New York"),
        ("New York City", "new york"),
        ("München", "Munchen"),
        ("São Paulo", "Sao Paulo"),
    ],
)
def test_spellings_of_one_place_share_a_key(one, other):
    assert match_key(one) == match_key(other)


def test_two_provinces_that_sound_alike_stay_apart():
    assert match_key("陕西") != match_key("山西")


@pytest.mark.parametrize(
    ("name", "of", "code"),
    [
        ("广东省", "CN", "CN-GD"),
        ("Guangdong", "CN", "CN-GD"),
        ("陕西", "CN", "CN-SN"),
        ("Shanxi", "CN", "CN-SX"),
        ("宁夏", "CN", "CN-NX"),
        ("内蒙古自治区", "CN", "CN-NM"),
        ("上海", "CN", "CN-SH"),
        ("California", "US", "US-CA"),
        ("CA", "US", "US-CA"),
        ("Calif.", "US", "US-CA"),
        ("Bayern", "DE", "DE-BY"),
        ("Bavaria", "DE", "DE-BY"),
        ("NRW", "DE", "DE-NW"),
        ("東京都", "JP", "JP-13"),
        ("Tokyo", "JP", "JP-13"),
        ("CA", None, None),
        ("Narnia", "US", None),
        ("CA", "XX", None),
        ("广东", "US", None),
    ],
)
def test_a_province_or_state_has_its_code_within_its_country(name, of, code):
    assert code_of(name, of) == code


def test_every_chinese_province_is_known_in_chinese():
    provinces = [
        "北京",
        "天津",
        "河北",
        "山西",
        "内蒙古",
        "辽宁",
        "吉林",
        "黑龙江",
        "上海",
        "江苏",
        "浙江",
        "安徽",
        "福建",
        "江西",
        "山东",
        "河南",
        "湖北",
        "湖南",
        "广东",
        "广西",
        "海南",
        "重庆",
        "四川",
        "贵州",
        "云南",
        "西藏",
        "陕西",
        "甘肃",
        "青海",
        "宁夏",
        "新疆",
        "香港",
        "澳门",
        "台湾",
    ]
    assert len({code_of(name, "CN") for name in provinces} - {None}) == len(provinces) == 34


@given(st.text(max_size=80), st.sampled_from(["CN", "US", None, "ZZ"]))
def test_no_text_is_too_hostile_to_be_a_place(raw, of):
    assert country(raw).value is None or len(country(raw).value) == 2
    assert isinstance(match_key(raw), str)
    assert code_of(raw, of) is None or code_of(raw, of).startswith(of)
