"""Campaign links: naming rules that offer the right form, addresses that keep what they had, and nothing but the web."""

from __future__ import annotations

import pytest

from hub.errors import BadInput
from hub.settings.campaigns import CampaignSettings
from hub.settings.naming import NamingSettings
from hub.tagging.links import LONGEST, scene, tagged
from hub.tagging.naming import judged, mended, near
from hub.tagging.picture import qr

RULES = NamingSettings.model_validate(
    {
        "tags": {
            "utm_source": {"required": True, "values": ["google", "wechat", "linkedin"]},
            "utm_medium": {"required": True},
            "utm_campaign": {
                "required": True, "longest": 30,
                "parts": [{"name": "year", "values": ["2026", "2027"]}, {"name": "market"}, {"name": "name"}],
            },
        }
    }
)  # fmt: skip
GOOD = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "2026-cn-spring-demo"}

MENDED = [
    ("Spring Demo", "spring-demo"), ("  spring  demo ", "spring-demo"), ("SPRING/DEMO!", "spring-demo"),
    ("spring_demo.v2", "spring_demo.v2"), ("Frühling", "fruhling"),
    ("ｓｐｒｉｎｇ", "spring"), ("Ångström", "angstrom"), ("春季", ""), ("春季 demo", "demo"), ("a--b", "a-b"), ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "right"), MENDED)
def test_a_name_is_written_as_the_rules_say(typed, right):
    assert mended(typed, NamingSettings()) == right


def test_letters_of_any_script_stay_where_the_rules_allow_them():
    assert mended("春季 Demo", NamingSettings(letters="any")) == "春季-demo"


def test_upper_case_stays_where_the_rules_allow_it():
    assert mended("Spring Demo", NamingSettings(lower=False, separator="_")) == "Spring_Demo"


@pytest.mark.parametrize("typed", [one for one, _ in MENDED])
def test_what_is_offered_breaks_no_rule(typed):
    right = mended(typed, NamingSettings())
    assert mended(right, NamingSettings()) == right


def test_good_names_are_taken():
    assert judged(GOOD, RULES) == []


WRONG = [
    ({"utm_source": ""}, "utm_source", "missing", ""),
    ({"utm_source": "gogle"}, "utm_source", "values", "google"),
    ({"utm_source": "WeChat"}, "utm_source", "values", "wechat"),
    ({"utm_source": "teletext"}, "utm_source", "values", ""),
    ({"utm_medium": "Paid Social"}, "utm_medium", "form", "paid-social"),
    ({"utm_content": "Blue Button"}, "utm_content", "form", "blue-button"),
    ({"utm_campaign": "2026-cn"}, "utm_campaign", "parts", ""),
    ({"utm_campaign": "2025-cn-spring"}, "utm_campaign", "parts", ""),
    ({"utm_campaign": "2026--spring"}, "utm_campaign", "form", "2026-spring"),
    ({"utm_campaign": "2026-cn-" + "x" * 40}, "utm_campaign", "longest", "2026-cn-" + "x" * 22),
]  # fmt: skip


@pytest.mark.parametrize(("change", "tag", "code", "offer"), WRONG)
def test_a_wrong_name_is_told_with_its_right_form(change, tag, code, offer):
    (found,) = judged({**GOOD, **change}, RULES)
    assert (found.tag, found.code, found.offer) == (tag, code, offer)
    assert found.says.endswith(".")


def test_the_one_value_a_tag_may_have_is_offered_where_it_is_missing():
    rules = NamingSettings.model_validate({"tags": {"utm_source": {"required": True, "values": ["wechat"]}}})
    assert judged({}, rules)[0].offer == "wechat"


NEAR = [
    ("spring-dmeo", ["spring-demo"]), ("sprign-demo", ["spring-demo"]), ("spring-demo", []), ("", []),
    ("summer-fair", []), ("newsleter-05", ["newsletter-05", "newsletter-06"]),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "found"), NEAR)
def test_a_misspelt_campaign_is_recognised(typed, found):
    assert near(typed, ["spring-demo", "newsletter-05", "newsletter-06"]) == found


TAGGED = [
    ("https://acme.com", "https://acme.com?utm_source=google"),
    ("https://acme.com/", "https://acme.com/?utm_source=google"),
    ("https://acme.com/a?b=1&c=%20x", "https://acme.com/a?b=1&c=%20x&utm_source=google"),
    ("https://acme.com/a?b=1#part", "https://acme.com/a?b=1&utm_source=google#part"),
    ("https://acme.com/#/shop?x=1", "https://acme.com/?utm_source=google#/shop?x=1"),
    ("https://acme.com/?utm_source=old&b=2", "https://acme.com/?b=2&utm_source=google"),
    ("https://acme.com/?utm%5Fsource=old", "https://acme.com/?utm_source=google"),
    ("HTTPS://Acme.com:8443/x", "https://acme.com:8443/x?utm_source=google"),
    ("http://[::1]:8080/x", "http://[::1]:8080/x?utm_source=google"),
    ("https://例子.中国/路径?词=值", "https://xn--fsqu00a.xn--fiqs8s/%E8%B7%AF%E5%BE%84?%E8%AF%8D=%E5%80%BC&utm_source=google"),
    ("https://Müller.de", "https://xn--mller-kva.de?utm_source=google"),
    ("https://acme.com/a?x=1&x=2&flag", "https://acme.com/a?x=1&x=2&flag&utm_source=google"),
    ("  https://acme.com/a  ", "https://acme.com/a?utm_source=google"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "link"), TAGGED)
def test_a_link_keeps_what_the_address_had(page, link):
    assert tagged(page, {"utm_source": "google"}) == link


def test_values_are_escaped_and_empty_ones_left_out():
    link = tagged("https://acme.com/", {"utm_source": "a&b=c d#e", "utm_medium": "", "utm_campaign": "春季"})
    assert link == "https://acme.com/?utm_source=a%26b%3Dc%20d%23e&utm_campaign=%E6%98%A5%E5%AD%A3"


REFUSED = [
    "", "   ", "acme.com", "/path", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,<b>", "file:///etc/passwd",
    "ftp://acme.com", "https://", "https:///path", "https://user:pass@acme.com", "https://acme.com@evil.com/",
    "https://acme.com:port/", "https://acme.com:99999/", "https://acme.com/\nX: y", "https://acme.com/a b", "https://a<b>.com",
    "https://acme.com\\@evil.com", "https://xn--\u200b.com/", "https://[::1", "java\tscript:alert(1)", "https://acme.com/\x00",
    "https://" + "ä" * 300 + ".de", "mailto:ann@acme.com", "https://acme.com/" + "x" * LONGEST,
]  # fmt: skip


@pytest.mark.parametrize("page", REFUSED)
def test_what_is_no_address_of_the_web_is_refused(page):
    with pytest.raises(BadInput):
        tagged(page, {"utm_source": "google"})


SCENES = [
    ("spring-demo", True, True), ("", False, False), ("x" * 32, True, True), ("x" * 33, True, False),
    ("x" * 65, False, False), ("春季", True, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "official", "mini"), SCENES)
def test_a_scene_value_fits_what_wechat_takes(name, official, mini):
    assert scene(name) == {"official_account": official, "mini_program": mini}


def test_a_code_is_a_picture_of_either_kind():
    assert b"<svg" in qr("https://acme.com/", "svg")
    assert qr("https://acme.com/", "png").startswith(b"\x89PNG\r\n")


def test_known_campaigns_are_names_or_tell_more():
    settings = CampaignSettings.model_validate(
        {"known": ["fair", {"name": "spring", "source": "wechat", "medium": "qr", "short": "sp"}]}
    )
    assert [one.name for one in settings.known] == ["fair", "spring"]
    assert settings.shorts == {"sp": {"utm_campaign": "spring", "utm_source": "wechat", "utm_medium": "qr"}}
