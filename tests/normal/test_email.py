"""E-mail addresses are read generously, stored in one form and compared by mailbox."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.normal import email as email_module
from hub.normal.email import domain_of, email, match_key
from hub.normal.mailboxes import is_disposable, is_free, is_role
from hub.normal.verdicts import CODES


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("ann@acme.com", "ann@acme.com"),
        ("Ann.Ng@ACME.com", "Ann.Ng@acme.com"),
        (" ann@acme.com \r\n", "ann@acme.com"),
        ("ann+expo@acme.com", "ann+expo@acme.com"),
        ("mailto:ann@acme.com", "ann@acme.com"),
        ("MAILTO:ann@acme.com?subject=Hi", "ann@acme.com"),
        ("mailto:ann%40acme.com", "ann@acme.com"),
        ("Ann Ng <ann@acme.com>", "ann@acme.com"),
        ('"Ng, Ann" <ann@acme.com>', "ann@acme.com"),
        ("<ann@acme.com>", "ann@acme.com"),
        ("ann@acme.com.", "ann@acme.com"),
        ("ann@acme.com,", "ann@acme.com"),
        ("ann @ acme.com", "ann@acme.com"),
        ("ann＠acme。com", "ann@acme.com"),
        ("ａｎｎ@ａｃｍｅ.com", "ann@acme.com"),
        ('"x y"@d.com', '"x y"@d.com'),
        ("o'brien@x.ie", "o'brien@x.ie"),
        ("a/b@x.com", "a/b@x.com"),
        ("ann@münchen.de", "ann@münchen.de"),
        ("ann@xn--mnchen-3ya.de", "ann@münchen.de"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("ann@acme.test", "ann@acme.test"),
    ],
)
def test_an_address_is_stored_in_one_form(raw, value):
    cleaned = email(raw)
    assert (cleaned.value, cleaned.valid, cleaned.codes) == (value, True, ())


@pytest.mark.parametrize(
    ("raw", "value", "valid", "codes"),
    [
        ("a@b", None, False, ("email_invalid",)),
        ("a+b@d", None, False, ("email_invalid",)),
        ("no address", None, False, ("email_invalid",)),
        ("@acme.com", None, False, ("email_invalid",)),
        ("ann@", None, False, ("email_invalid",)),
        ("a..b@acme.com", None, False, ("email_invalid",)),
        ("ann@[127.0.0.1]", None, False, ("email_invalid",)),
        ("ann@localhost", None, False, ("email_invalid",)),
        ("ann@-acme.com", None, False, ("email_invalid",)),
        ("a" * 310 + "@acme.com", None, False, ("email_invalid",)),
        ("x@y\r\nBcc: z", None, False, ("email_newline",)),
        ("ann@acme.com\r\nBcc: eve@evil.com", None, False, ("email_newline",)),
        ("ann@acme.com\nbob@acme.com", None, False, ("email_newline",)),
        ("ann@acme.com; bob@acme.com", "ann@acme.com", True, ("email_several",)),
        ("ann@acme.com / bob@acme.com", "ann@acme.com", True, ("email_several",)),
        ("ann@acme.com/bob@acme.com", "ann@acme.com", True, ("email_several",)),
        ("ann@acme.com、bob@acme.com", "ann@acme.com", True, ("email_several",)),
        ("ann@acme.com, ANN@acme.com", "ann@acme.com", True, ()),
        ("broken@, bob@acme.com", "bob@acme.com", True, ()),
        ("write to ann@acme.com please", "ann@acme.com", True, ("email_extracted",)),
        ("раypal@x.com", "раypal@x.com", True, ("email_mixed_script",)),
        ("ann@раypal.com", "ann@раypal.com", True, ("email_mixed_script",)),
        ("ann@\u0430\u0440\u0440.com", "ann@\u0430\u0440\u0440.com", True, ("email_mixed_script",)),
        ("анна@пример.рф", "анна@пример.рф", True, ()),
        ("an\u200bn@acme.com", "ann@acme.com", True, ("text_hidden",)),
        ("ann@mailinator.com", "ann@mailinator.com", True, ("email_disposable",)),
        ("ann@mx.mailinator.com", "ann@mx.mailinator.com", True, ("email_disposable",)),
        ("info@acme.com", "info@acme.com", True, ("email_role",)),
        ("Sales+cn@acme.com", "Sales+cn@acme.com", True, ("email_role",)),
        ("No-Reply@acme.com", "No-Reply@acme.com", True, ("email_role",)),
        ("", None, None, ()),
        ("   ", None, None, ()),
        ("\u3000", None, None, ()),
    ],
)
def test_what_is_odd_about_an_address_is_said(raw, value, valid, codes):
    assert tuple(email(raw))[:2] == (value, valid)
    assert email(raw).codes == codes


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann@Acme.com", "ann@acme.com"),
        ("ann+expo@acme.com", "ann@acme.com"),
        ("a.n.n@gmail.com", "ann@gmail.com"),
        ("Ann+x@googlemail.com", "ann@gmail.com"),
        ("ann@münchen.de", "ann@xn--mnchen-3ya.de"),
    ],
)
def test_spellings_of_one_mailbox_share_a_key(one, other):
    assert match_key(one) == match_key(other)


@pytest.mark.parametrize(("one", "other"), [("a.nn@acme.com", "ann@acme.com"), ("+ann@acme.com", "+bob@acme.com")])
def test_different_mailboxes_do_not_share_a_key(one, other):
    assert match_key(one) != match_key(other)


def test_the_parts_of_an_address_are_told():
    parts = email("Ann.Ng+expo@Gmail.com").parts
    assert parts["local"] == "Ann.Ng+expo"
    assert parts["domain"] == "gmail.com"
    assert parts["tag"] == "expo"
    assert parts["key"] == "annng@gmail.com"
    assert (parts["free"], parts["disposable"], parts["role"]) == (True, False, False)


@pytest.mark.parametrize(
    "domain", ["gmail.com", "qq.com", "163.com", "126.com", "sina.com", "outlook.com", "vip.163.com"]
)
def test_free_mail_is_known(domain):
    assert is_free(domain)


@pytest.mark.parametrize("domain", ["acme.com", "siemens.com", "huawei.com"])
def test_company_mail_is_not_free(domain):
    assert not is_free(domain)
    assert not is_disposable(domain)


@pytest.mark.parametrize("local", ["info", "SALES", "no.reply", "customer-service", "kefu"])
def test_role_mailboxes_are_known(local):
    assert is_role(local)


@pytest.mark.parametrize("local", ["ann", "ann.sales", "informatik.huber"])
def test_people_are_not_roles(local):
    assert not is_role(local)


@pytest.mark.parametrize(("address", "domain"), [("ann@acme.com", "acme.com"), (None, None), ("", None)])
def test_the_domain_is_read_off(address, domain):
    assert domain_of(address) == domain


ADDRESSES = st.text(st.sampled_from("ab.@+<>,; \r\n\"'/()é张а\u200b:%25"), max_size=30)


@given(ADDRESSES | st.text(max_size=60) | st.emails())
@example("a@b.c" * 50)
@example('"@"@"@"')
@example("mailto:%ff%0d%0a@x.com")
@example("mailto:ann%0d%0aBcc:eve@acme.com")
@example("a@xn--a.com")
def test_no_text_is_too_hostile_to_be_an_address(raw):
    cleaned = email(raw)
    assert set(cleaned.codes) <= set(CODES)
    assert not any(mark in (cleaned.value or "") for mark in "\r\n\x00")
    assert email(cleaned.value or "").value == cleaned.value
    assert match_key(raw) == match_key(raw)


@given(st.emails())
def test_a_good_address_is_accepted_and_compares_with_itself(raw):
    address = raw.partition("@")[2]
    cleaned = email(f"ann@{address}")
    assert (cleaned.valid is True) == (cleaned.value is not None)
    assert match_key(f"ANN+tag@{address}") == match_key(f"ann@{address}") or not cleaned.valid


LOCALS = st.text(st.sampled_from("aZ9.+_-'*@ \"é"), max_size=20) | st.sampled_from(
    ["Postmaster", "INFO", "a" * 64, "x.y"]
)
DOMAINS = st.sampled_from(
    ["acme.com", "ACME.Com", "bücher.de", "xn--bcher-kva.de", "a..b", "localhost", "[1.2.3.4]", "", "-a.com"]
)


@given(LOCALS, DOMAINS)
def test_a_domain_checked_once_judges_every_address_as_a_whole_check_would(local, domain):
    whole = email_module._validated(f"{local}@{domain}".strip(email_module._EDGES))
    assert email_module._valid(f"{local}@{domain}") == whole


def test_answers_are_remembered():
    email("remembered@acme.com")
    before = email_module.email.cache_info().hits
    email("remembered@acme.com")
    assert email_module.email.cache_info().hits == before + 1
