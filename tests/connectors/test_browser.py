"""Browsers: who may post from a script, who waits for the answer, and where a browser may be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import by_script, cors, listed, return_page

PAGES = ["https://acme.example/thanks", "https://acme.example/danke?from=form"]
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("origin", "sites", "answer"),
    [
        ("https://acme.example", ["https://acme.example"], True),
        ("https://acme.example", ["https://acme.example/"], True),
        ("https://ACME.example", ["https://Acme.example"], True),
        ("https://acme.example:8443", ["https://acme.example"], False),
        ("https://www.acme.example", ["https://acme.example"], False),
        ("http://acme.example", ["https://acme.example"], False),
        ("null", ["https://acme.example"], False),
        ("null", ["null"], True),
        ("https://any.example", ["*"], True),
        ("https://acme.example", [], False),
    ],
)
def test_a_site_is_listed_as_a_whole(origin, sites, answer):
    assert listed(origin, sites) is answer


def test_only_a_listed_site_gets_leave():
    assert cors({"origin": "https://evil.example"}, ["https://acme.example"]) == {"vary": "Origin"}
    assert cors({}, ["*"]) == {"vary": "Origin"}
    assert cors({"origin": "https://acme.example"}, ["*"])["access-control-allow-origin"] == "https://acme.example"


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        (FORM, False),
        (FORM | {"sec-fetch-mode": "navigate", "accept": "application/json"}, False),
        (FORM | {"sec-fetch-mode": "cors"}, True),
        (FORM | {"sec-fetch-mode": "no-cors"}, True),
        (FORM | {"accept": "application/json, text/plain, */*"}, True),
        (FORM | {"accept": "text/html,*/*;q=0.8"}, False),
        (FORM | {"x-requested-with": "XMLHttpRequest"}, True),
        ({"content-type": "Multipart/Form-Data; boundary=x"}, False),
        ({"content-type": "application/json"}, True),
        ({"content-type": "text/plain"}, True),
        ({}, True),
    ],
)
def test_who_waits_for_the_answer_is_told_by_the_headers(headers, answer):
    assert by_script(headers) is answer


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ("https://acme.example/danke", "https://acme.example/danke"),
        ("https://acme.example/danke?lang=de&name=李#top", "https://acme.example/danke?lang=de&name=%E6%9D%8E#top"),
        ("https://acme.example/thanks?a=%20b", "https://acme.example/thanks?a=%20b"),
        ("https://acme.example/thanks?x=\r\nSet-Cookie: a=b", "https://acme.example/thanks?x=%0D%0ASet-Cookie:%20a=b"),
    ],
)
def test_a_listed_page_is_used_with_whatever_query(given, page):
    assert return_page(given, PAGES) == page


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        7,
        ["https://acme.example/danke"],
        "/danke",
        "//acme.example/danke",
        "http://acme.example/danke",
        "https://acme.example",
        "https://acme.example/danke/../logout",
        "https://acme.example/dankeschoen",
        "https://acme.example:443/danke",
        "https://user@acme.example/danke",
        "https://acme.example/danke@evil.example",
        "https://evil.example/https://acme.example/danke",
        "https://evil.example?https://acme.example/danke",
        "https://acme.example\\@evil.example/danke",
        " https://acme.example/danke",
        "javascript:alert(1)",
        "data:text/html,x",
    ],
)
def test_every_other_address_leads_to_the_first_page(given):
    assert return_page(given, PAGES) == PAGES[0]


@given(st.text())
def test_no_text_leads_off_the_list_or_ends_the_header(given):
    page = return_page(given, PAGES)
    assert page is not None
    assert page.partition("?")[0].partition("#")[0] in ("https://acme.example/thanks", "https://acme.example/danke")
    assert page.isascii()
    assert page.isprintable()


def test_without_a_list_there_is_no_page():
    assert return_page("https://acme.example/danke", []) is None
