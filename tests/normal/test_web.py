"""Only http and https count as web, and an address hides nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.normal.web import host_of, ip, website


@pytest.mark.parametrize(
    ("raw", "value", "domain"),
    [
        ("acme.com", "acme.com", "acme.com"),
        ("https://www.Acme.com/x?y=1", "https://www.Acme.com/x?y=1", "acme.com"),
        ("//acme.com", "acme.com", "acme.com"),
        ("acme.com:8080/x", "acme.com:8080/x", "acme.com"),
        ("münchen.de", "münchen.de", "münchen.de"),
        (" https://acme.com ", "https://acme.com", "acme.com"),
        ("ｗｗｗ.acme.com", "www.acme.com", "acme.com"),
        ("http://例子.中国", "http://例子.中国", "例子.中国"),
    ],
)
def test_a_web_address_stays_as_given_and_tells_its_domain(raw, value, domain):
    cleaned = website(raw)
    assert (cleaned.value, cleaned.valid, cleaned.parts["domain"], cleaned.codes) == (value, True, domain, ())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("javascript:alert(1)", "website_unsafe"),
        ("JavaScript:alert(1)//acme.com", "website_unsafe"),
        ("data:text/html,<b>", "website_unsafe"),
        ("file:///etc/passwd", "website_unsafe"),
        ("ftp://acme.com", "website_unsafe"),
        ("mailto:ann@acme.com", "website_unsafe"),
        ("http://good.com\\@evil.com", "website_invalid"),
        ("https://user:pw@acme.com", "website_invalid"),
        ("http://[::ffff:127.0.0.1]", "website_invalid"),
        ("http://localhost", "website_invalid"),
        ("http://0/", "website_invalid"),
        ("http://acme.com:99999", "website_invalid"),
        ("acme", "website_invalid"),
        ("http://acme.com:0/", "website_invalid"),
        ("acme .com", "website_invalid"),
        ("http://acme.com/" + "x" * 10_000, "website_invalid"),
    ],
)
def test_what_is_no_safe_web_address_has_no_value(raw, code):
    cleaned = website(raw)
    assert (cleaned.value, cleaned.valid) == (None, False)
    assert code in cleaned.codes


def test_a_script_hidden_by_a_control_character_is_no_address():
    assert website("java\tscript:alert(1)").value is None
    assert website("java\x00script:alert(1)").value is None


@given(st.text(max_size=60) | st.from_regex(r"(https?://)?[a-z@:.\\/\[\]%]{1,20}", fullmatch=True))
def test_no_text_is_too_hostile_to_be_a_web_address(raw):
    value = website(raw).value
    assert value is None or website(value).value == value
    assert host_of(raw) is None or "." in host_of(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:443", "1.2.3.4"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("1.2.3.4, 10.0.0.1", "1.2.3.4"),
        ("2001:0db8:0:0::1", "2001:db8::1"),
    ],
)
def test_an_ip_address_is_short_and_alone(raw, value):
    assert ip(raw)[:2] == (value, True)


@pytest.mark.parametrize("raw", ["x", "1.2.3", "999.1.1.1", "01.2.3.4", "::1::"])
def test_what_is_no_ip_address_has_no_value(raw):
    assert ip(raw) == (None, False, {}, ("ip_invalid",))
