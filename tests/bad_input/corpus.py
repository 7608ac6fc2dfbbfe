"""The bad input, as data: each case begins with its number in the list of the reliability notes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

MIB = 1 << 20


@dataclass(frozen=True)
class Wire:
    """Raw bytes for the server: what it answers, and how many submissions are stored; status None hangs up silently."""

    id: str
    raw: bytes
    status: int | None
    stored: int = 0
    closed: bool = False


@dataclass(frozen=True)
class Body:
    """A body for `/in/api`: what becomes of it, with the problems found and the lead's fields it must give."""

    id: str
    raw: bytes
    becomes: str
    codes: frozenset[str] = frozenset()
    fields: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


def params(cases: list[Any]) -> list[Any]:
    """Return cases as parameters that are named by their id."""
    return [pytest.param(case, id=case.id) for case in cases]


def post(path: bytes = b"/in/api", *headers: bytes, body: bytes = b"{}") -> bytes:
    """Return a POST as bytes, with a Content-Length."""
    lines = [b"POST " + path + b" HTTP/1.1", b"host: hub", *headers, b"content-length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


def bare(*headers: bytes, body: bytes = b"", start: bytes = b"POST /in/api HTTP/1.1") -> bytes:
    """Return a request as bytes with these headers and no others."""
    return b"\r\n".join([start, *headers, b"", body])


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return a chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


TE = b"transfer-encoding: chunked"
HOST = b"host: hub"
OVER = b"x" * (MIB + 1)

HTTP = [
    Wire("1-empty-body", post(body=b""), 400),
    Wire("1-blank-body", post(body=b" \r\n\t "), 400),
    Wire("1-no-body-at-all", bare(HOST), 400),
    Wire("2-one-byte-over-the-limit", post(body=OVER), 413, closed=True),
    Wire("2-one-byte-over-the-limit-chunked", bare(HOST, TE, body=chunked(OVER)), 413, closed=True),
    Wire("2-a-declared-terabyte", bare(HOST, b"content-length: 1099511627776"), 413, closed=True),
    Wire("4-length-and-chunked", bare(HOST, b"content-length: 2", TE, body=chunked(b"{}")), 400, closed=True),
    Wire("4-chunked-and-length", bare(HOST, TE, b"content-length: 2", body=chunked(b"{}")), 400, closed=True),
    Wire("4-two-lengths", bare(HOST, b"content-length: 2", b"content-length: 3", body=b"{} "), 400, closed=True),
    Wire("4-a-list-of-lengths", bare(HOST, b"content-length: 2, 2", body=b"{}"), 400, closed=True),
    Wire("4-a-negative-length", bare(HOST, b"content-length: -1", body=b"{}"), 400, closed=True),
    Wire("4-a-signed-length", bare(HOST, b"content-length: +2", body=b"{}"), 400, closed=True),
    Wire("4-a-length-of-5000-digits", bare(HOST, b"content-length: " + b"9" * 5000), 400, closed=True),
    Wire("4-a-superscript-length", bare(HOST, b"content-length: \xb2", body=b"{}"), 400, closed=True),
    Wire("4-space-before-the-colon", bare(HOST, b"transfer-encoding : chunked", body=chunked(b"{}")), 400, closed=True),
    Wire("4-unknown-coding-last", bare(HOST, TE + b", identity", body=chunked(b"{}")), 400, closed=True),
    Wire("4-another-coding-first", bare(HOST, b"transfer-encoding: gzip, chunked", body=chunked(b"{}")), 501, closed=True),
    Wire("4-folded-header", bare(HOST, b"x: a\r\n b", b"content-length: 2", body=b"{}"), 400, closed=True),
    Wire("4-bare-line-feeds", post().replace(b"\r\n", b"\n"), 400, closed=True),
    Wire("4-chunk-size-that-is-no-number", bare(HOST, TE, body=b"zz\r\n{}\r\n0\r\n\r\n"), 400, closed=True),
    Wire("4-chunk-size-past-64-bits", bare(HOST, TE, body=b"f" * 18 + b"\r\n{}\r\n0\r\n\r\n"), 400, closed=True),
    Wire("4-trailers-are-no-headers", bare(HOST, TE, body=chunked(b"{}", end=b"0\r\ncontent-encoding: gzip\r\n\r\n")), 202, 1),
    Wire("6-gzip", post(b"/in/api", b"content-encoding: gzip", body=b"\x1f\x8b\x08\x00"), 415, closed=True),
    Wire("6-brotli", post(b"/in/api", b"content-encoding: br"), 415, closed=True),
    Wire("11-a-query-of-10000", post(b"/in/api?" + b"&".join(b"a%d=1" % n for n in range(10_000))), 400, closed=True),
    Wire("11-a-query-of-101", post(b"/in/api?" + b"&".join(b"a%d=1" % n for n in range(101))), 400, closed=True),
    Wire("11-raw-bytes-in-the-query", post(b"/in/api?a=\xff\xfe"), 400, closed=True),
    Wire("11-percent-nonsense-in-the-query", post(b"/in/api?%ff=%&%00=%zz"), 202, 1),
    Wire("12-a-header-of-64-kib", post(b"/in/api", b"x: " + b"a" * (64 << 10)), 431, closed=True),
    Wire("12-500-headers", post(b"/in/api", *(b"x-%d: 1" % n for n in range(500))), 431, closed=True),
    Wire("12-a-head-without-end", b"POST /in/api HTTP/1.1\r\n" + b"x: 1\r\n" * 20_000, 431, closed=True),
    Wire("12-a-path-without-end", b"POST /" + b"a" * 100_000, 431, closed=True),
    Wire("12-non-ascii-value", post(b"/in/api", "user-agent: Zoë/1 \xff".encode("latin-1")), 202, 1),
    Wire("12-non-ascii-name", post(b"/in/api", b"x\xe9: 1"), 400, closed=True),
    Wire("12-nul-in-a-value", post(b"/in/api", b"x: a\0b"), 400, closed=True),
    Wire("12-a-host-that-is-none", bare(b"host: [", b"content-length: 2", body=b"{}"), 202, 1),
    Wire("12-an-idempotency-key-of-256", post(b"/in/api", b"idempotency-key: " + b"k" * 256), 400),
    *(
        Wire(f"13-{name.decode().lower()}", bare(HOST, start=name + b" /in/api HTTP/1.1"), 405)
        for name in (b"GET", b"PUT", b"HEAD", b"OPTIONS", b"PATCH", b"DELETE", b"TRACE", b"PROPFIND")
    ),
    Wire("13-a-get-that-is-a-handshake", bare(HOST, start=b"GET /in/form?file=capture.js HTTP/1.1"), 200),
    Wire("13-a-preflight", bare(HOST, b"origin: https://acme.example", start=b"OPTIONS /in/form HTTP/1.1"), 204),
    Wire("13-a-get-that-is-none", bare(HOST, start=b"GET /in/form?file=../../hub.yaml HTTP/1.1"), 405),
    Wire("13-no-method", b"post /in/api HTTP/1.1\r\nhost: hub\r\n\r\n", 400, closed=True),
    *(
        Wire(f"14-{path.decode()}", post(path), 404)
        for path in (
            b"/in/%2e%2e/admin", b"/in/../admin", b"//in/api", b"/in//api", b"/in/api.", b"/in/API", b"/IN/api",
            b"/in/api%00", b"/in/%ff", b"/in/api;x=1", b"/in/api%20", b"/in/", b"/in", b"/in/nobody", b"/../in/api",
            b"*",
        )
    ),
    Wire("14-a-key-that-is-none", post(b"/in/api/x"), 401),
    Wire("15-http-1.0-without-host", b"POST /in/api HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}", 202, 1, closed=True),
    Wire("15-http-1.1-without-host", bare(b"content-length: 2", body=b"{}"), 202, 1),
    Wire("15-absolute-form", post(b"http://elsewhere.example/in/api"), 202, 1),
    Wire("15-authority-form", bare(HOST, start=b"CONNECT elsewhere.example:443 HTTP/1.1"), 400, closed=True),
    Wire("15-an-expectation-nobody-knows", post(b"/in/api", b"expect: 200-ok"), 202, 1),
    Wire("15-http-0.9", b"POST /in/api\r\n\r\n", 400, closed=True),
    Wire("15-http-2-by-prior-knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, closed=True),
    Wire("15-tls-on-a-plain-port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32), 400, closed=True),
    Wire(
        "15-an-upgrade-nobody-wants",
        post(b"/in/api", b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAMAAABk"), 202, 1,
    ),
    Wire(
        "15-a-chunked-upgrade-nobody-wants",
        bare(HOST, b"Connection: Upgrade", b"Upgrade: websocket", TE, body=chunked(b"{", b"}")), 202, 1,
    ),
]  # fmt: skip
"""Rows 1 to 15 where one write to the socket says it all; the rest of them needs a story and stands in test_http."""


def lead(number: str, **fields: Any) -> dict[str, Any]:
    """Return a lead that can be reached, of its own for this case."""
    own = f"{zlib.crc32(number.encode()):08x}"
    return {"id": f"case-{own}", "email": f"case.{own}@acme.example.com", **fields}


def plain(number: str, more: str) -> bytes:
    """Return a lead as JSON whose last member is written as given."""
    return json.dumps(lead(number)).removesuffix("}").encode() + b", " + more.encode() + b"}"


NONE = frozenset[str]()
UNREADABLE = frozenset(["unreadable"])
NINES = "9" * 5_000

JSON = [
    Body("28-truncated", b'{"id": "28", "email": "a@ex', "quarantined", UNREADABLE),
    Body("28-only-an-opening", b"{", "quarantined", UNREADABLE),
    Body("29-arrays-100000-deep", b"[" * 100_000, "quarantined", UNREADABLE),
    Body("29-arrays-100000-deep-and-closed", b"[" * 100_000 + b"]" * 100_000, "quarantined", UNREADABLE),
    Body("29-objects-100000-deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "quarantined", UNREADABLE),
    Body("29-objects-65-deep", b'{"a":' * 65 + b"{}" + b"}" * 65, "quarantined", UNREADABLE),
    Body("30-5000-digits", plain("30a", f'"visits": {NINES}'), "accepted", NONE, {}, {"visits": NINES}),
    Body("30-5000-digits-in-a-field", plain("30b", f'"budget": {NINES}'), "accepted", frozenset(["text_cut"])),
    Body("30-minus-5000-digits", plain("30c", f'"visits": -{NINES}'), "accepted", NONE, {}, {"visits": f"-{NINES}"}),
    Body("31-nan", plain("31a", '"visits": NaN'), "quarantined", UNREADABLE),
    Body("31-infinity", plain("31b", '"visits": -Infinity'), "quarantined", UNREADABLE),
    Body("31-1e999", plain("31c", '"visits": 1e999'), "quarantined", UNREADABLE),
    Body("31-1e999999999", plain("31d", '"visits": 1e999999999'), "quarantined", UNREADABLE),
    Body("31-1e-999999999", plain("31e", '"visits": 1e-999999999'), "accepted", NONE, {}, {"visits": "1e-999999999"}),
    Body(
        "32-a-key-twice", plain("32", '"plan": "team", "plan": "solo", "plan": "trial"'), "accepted", NONE, {},
        {"plan": "trial", "plan (earlier)": ["team", "solo"]},
    ),
    Body("32-an-e-mail-twice", plain("32b", '"email": "case.32c@acme.example.com"'), "accepted", NONE, {"email": "case.32c@acme.example.com"}),
    Body(
        "33-a-lone-surrogate", plain("33a", '"full_name": "Ann \\ud800Ng"'), "accepted", frozenset(["text_broken"]),
        {"full_name": "Ann \ufffdNg"},
    ),
    Body("33-a-lone-surrogate-in-a-key", plain("33b", '"\\udfff": "\\uD800"'), "accepted", NONE, {}, {"\ufffd": "\ufffd"}),
    Body("33-a-lone-surrogate-in-the-id", b'{"id": "\\ud800-33", "phone": "13800133301"}', "accepted", key="\ufffd-33"),
    Body("33-a-pair-is-no-lone-one", plain("33c", '"full_name": "\\ud83d\\ude00"'), "accepted", NONE, {"full_name": "\U0001f600"}),
    Body(
        "34-nul-in-a-field", plain("34a", '"full_name": "An\\u0000n Ng"'), "accepted", frozenset(["text_control"]),
        {"full_name": "Ann Ng"},
    ),
    Body("34-nul-in-extra", plain("34b", '"plan": ["te\\u0000am"]'), "accepted", NONE, {}, {"plan": ["team"]}),
    Body("34-nul-in-a-key", plain("34c", '"pl\\u0000an": "team"'), "accepted", NONE, {}, {"plan": "team"}),
    Body("34-nul-in-the-id", b'{"id": "a\\u0000-34", "phone": "13800133401"}', "accepted"),
    Body("34-nul-in-every-touch-field", plain("34d", '"utm_source": "a\\u0000b", "gclid": "\\u0000", "ip": "\\u0000"'), "accepted"),
    Body("34-nul-in-the-e-mail", b'{"email": "case.34e\\u0000@acme.example.com", "phone": "13800133402"}', "accepted"),
    Body("35-2-to-the-63", plain("35a", '"visits": 9223372036854775808'), "accepted", NONE, {}, {"visits": "9223372036854775808"}),
    Body("35-below-minus-2-to-the-63", plain("35b", '"visits": -9223372036854775809'), "accepted", NONE, {}, {"visits": "-9223372036854775809"}),
    Body("35-in-the-id", b'{"id": 9223372036854775808, "phone": "13800133501"}', "accepted", key="9223372036854775808"),
    Body("36-a-phone-in-scientific-notation", plain("36a", '"phone": 8.613800133601e12'), "accepted", NONE, {"phone": "+8613800133601"}),
    Body("36-a-phone-as-a-number", plain("36b", '"phone": 13800133602'), "accepted", NONE, {"phone": "+8613800133602"}),
    Body("36-an-id-of-19-digits", b'{"id": 1234567890123456789, "phone": "13800133603"}', "accepted", key="1234567890123456789"),
    Body("36-more-digits-than-a-float-has", plain("36c", '"visits": 0.1234567890123456789'), "accepted", NONE, {}, {"visits": "0.1234567890123456789"}),
    Body("36-a-trailing-zero", plain("36d", '"price": 1.10'), "accepted", NONE, {}, {"price": "1.10"}),
    Body("37-a-string", b'"lead"', "quarantined", UNREADABLE),
    Body("37-null", b"null", "quarantined", UNREADABLE),
    Body("37-a-number", b"42", "quarantined", UNREADABLE),
    Body("37-true", b"true", "quarantined", UNREADABLE),
    Body("37-an-empty-list", b"[]", "accepted"),
    Body("37-an-empty-object", b"{}", "quarantined", frozenset(["unreachable"])),
    Body("37-a-list-of-what-is-no-lead", b'[1, "a", null, []]', "quarantined", frozenset(["shape"])),
    Body("38-names-of-programs", plain("38a", '"__proto__": {"admin": true}, "constructor": 1, "__class__": 2'), "accepted", NONE, {}, {"__proto__": {"admin": True}, "constructor": 1, "__class__": 2}),
    Body("38-names-of-query-languages", plain("38b", '"$where": "1", "$ne": null'), "accepted", NONE, {}, {"$where": "1", "$ne": None}),
    Body("38-an-empty-key", plain("38c", '"": "nothing"'), "accepted", NONE, {}, {"": "nothing"}),
    Body("38-dots-in-keys", plain("38d", '"a.b.c": 1, "full_name.x": 2'), "accepted", NONE, {}, {"a.b.c": 1, "full_name.x": 2}),
    Body("38-fields-of-ours", plain("38e", '"version": 99, "owner": "me", "score": 1e3, "delivery": {"key": 1}'), "accepted", NONE, {"version": None, "owner": None}),
    Body("39-half-a-million-items", b"[" + b"1," * 500_000 + b"1]", "quarantined", UNREADABLE),
    Body("39-half-a-million-items-inside", b'{"a": [' + b"1," * 500_000 + b"1]}", "quarantined", UNREADABLE),
    Body("39-2001-keys", json.dumps({f"k{n}": n for n in range(2_001)}).encode(), "quarantined", UNREADABLE),
    Body("39-2001-keys-in-a-list", json.dumps([{f"k{n}": n for n in range(2_001)}]).encode(), "quarantined", UNREADABLE),
    Body("40-a-comment", plain("40a", '"plan": 1 // two'), "quarantined", UNREADABLE),
    Body("40-a-trailing-comma", plain("40b", '"plan": 1,'), "quarantined", UNREADABLE),
    Body("40-single-quotes", b"{'id': 'x'}", "quarantined", UNREADABLE),
    Body("40-names-without-quotes", b"{id: 1}", "quarantined", UNREADABLE),
    Body("40-something-after-the-end", b'{"id": 1} {"id": 2}', "quarantined", UNREADABLE),
    Body("40-a-raw-control-character", plain("40c", '"plan": "a\nb"'), "quarantined", UNREADABLE),
    Body("40-an-escape-nobody-knows", plain("40d", '"plan": "\\x41"'), "quarantined", UNREADABLE),
    Body("40-a-leading-zero", plain("40e", '"plan": 012'), "quarantined", UNREADABLE),
    Body("40-python", b"{'id': None}", "quarantined", UNREADABLE),
    Body("41-json-in-a-string", json.dumps(json.dumps(lead("41a", full_name="Ann Ng"))).encode(), "accepted", NONE, {"full_name": "Ann Ng"}),
    Body("41-json-in-a-string-in-a-string", json.dumps(json.dumps(json.dumps(lead("41b")))).encode(), "quarantined", UNREADABLE),
]  # fmt: skip


def said(number: str, **fields: Any) -> bytes:
    """Return a lead as JSON, in UTF-8."""
    return json.dumps(lead(number, **fields), ensure_ascii=False).encode()


def text(id_: str, given: str, kept: str | None, *codes: str) -> Body:
    """Return a case of a full name: what is kept of it, and what is said about it."""
    return Body(id_, said(id_, full_name=given), "accepted", frozenset(codes), {"full_name": kept})


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e8\U0001f1f3"

TEXT = [
    text("42-right-to-left-override", "\u202eAnn Ng", "Ann Ng", "text_hidden"),
    text("42-bidi-isolates", "\u2066Ann\u2069 Ng", "Ann Ng", "text_hidden"),
    text("42-a-joiner-in-latin", "An\u200dn\u200b Ng", "Ann Ng", "text_hidden"),
    text("42-a-byte-order-mark-inside", "Ann\ufeff Ng", "Ann Ng", "text_hidden"),
    text("42-arabic-and-its-joiner-stay", "علی\u200cرضا", "علی\u200cرضا"),
    text("43-composed", "Zoe\u0301 Mu\u0308ller", "Zo\u00e9 M\u00fcller"),
    text("43-a-ligature-stays", "\ufb01ona", "\ufb01ona"),
    text("43-hangul", "\u1112\u1161\u11ab", "\ud55c"),
    text("45-zalgo", "Z" + "\u0301" * 40 + "oe", "\u0179" + "\u0301" * 7 + "oe", "text_cut"),
    text("45-one-word-of-a-megabyte", "x" * 1_000_000, "x" * 200, "text_cut"),
    text("46-a-family", f"Ann {FAMILY}{FLAG}", f"Ann {FAMILY}{FLAG}"),
    text("47-mojibake", "\u00e4\u00bd\u00a0\u00e5\u00a5\u00bd", "\u00e4\u00bd \u00e5\u00a5\u00bd", "text_mojibake"),
    text("48-terminal-escapes", "A\x1b[31mnn\x07 Ng", "A[31mnn Ng", "text_control"),
    text("48-c1-controls", "An\x9bn\x85Ng", "Ann Ng", "text_control"),
    text("48-line-ends", "Ann\r\nNg\u2028x", "Ann Ng x"),
    *(
        text(f"49-{name}", name, name)
        for name in (
            "Null", "None", "null", "true", "NaN", "undefined", "O'Brien", "Jr.", "X", "尼古拉·特斯拉", "﷽", "3Jane",
            "X Æ A-12", "Ng", "Test", "-", "N/A", "Robert'); DROP TABLE lead;--", "<script>alert(1)</script>", "${7*7}",
        )
    ),
    text("50-space", " ", None),
    text("50-no-break-space", "\u00a0\u202f", None),
    text("50-ideographic-space", "\u3000\u3000", None),
    text("50-letters-that-print-as-nothing", "\u2800\u3164", None),
    text("50-tabs-and-lines", "\t\r\n", None),
]  # fmt: skip


def contact(id_: str, given: Mapping[str, Any], fields: Mapping[str, Any], *codes: str) -> Body:
    """Return a case of contact fields on a lead that can be reached otherwise too."""
    base = {"id": id_, "wechat": f"case_{zlib.crc32(id_.encode()):010}", **given}
    return Body(id_, json.dumps(base).encode(), "accepted", frozenset(codes), fields)


def mail(id_: str, given: str, kept: str | None, *codes: str) -> Body:
    return contact(f"{id_}", {"email": given}, {"email": kept}, *codes)


def phone(id_: str, given: Any, kept: str | None, *codes: str) -> Body:
    return contact(f"{id_}", {"phone": given}, {"phone": kept}, *codes)


CONTACT = [
    mail("51-no-top-level-domain", "a@b", None, "email_invalid"),
    mail("51-quoted-local-part", '"x y"@case51.example', '"x y"@case51.example'),
    mail("51-plus", "a+b@case51.example", "a+b@case51.example"),
    mail("51-idn", "用户@例子.广告", "用户@例子.广告"),
    mail("51-320-characters", "a" * 308 + "@example.com", None, "email_invalid"),
    mail("51-two-addresses", "one@case51.example, two@case51.example", "one@case51.example", "email_several"),
    mail("51-trailing-dot", "dot@case51.example.", "dot@case51.example"),
    mail("51-mailto", "mailto:to@case51.example", "to@case51.example"),
    mail("51-an-address-of-a-machine", "a@[127.0.0.1]", None, "email_invalid"),
    mail("44-homoglyphs", "р\u0430ypal@case44.example", "р\u0430ypal@case44.example", "email_mixed_script"),
    mail("43-full-width", "ＡＮＮ＠ＣＡＳＥ４３.example", "ANN@case43.example"),
    mail("52-crlf-and-bcc", "x@case52.example\r\nBcc: z@case52.example", None, "email_newline"),
    mail("52-line-feed", "x@case52.example\nz", None, "email_newline"),
    mail("52-percent-encoded", "x@case52.example%0aBcc:z", None, "email_invalid"),
    phone("53-spaces-and-hyphens", "+86 138-0013-5301", "+8613800135301"),
    phone("53-double-zero", "008613800135302", "+8613800135302"),
    phone("53-extension", "010-12345301 ext 12", "+861012345301"),
    phone("53-full-width", "１３８００１３５３０３", "+8613800135303"),
    phone("53-letters", "CALL ME MAYBE", None, "phone_invalid"),
    phone("53-three-digits", "123", None, "phone_invalid"),
    phone("53-two-numbers", "13800135304 / 13800135305", "+8613800135304", "phone_several"),
    phone("53-no-area", "+1 (555) 0100", None, "phone_no_area"),
    phone("53-a-lost-zero", "1012345306", "+861012345306"),
    phone("53-a-country-nobody-has", "+999 12345678", None, "phone_invalid"),
    phone("53-5000-zeros", "0" * 5_000, None, "phone_invalid"),
    phone("54-mangled-by-excel", "1.38E+10", None, "phone_excel_damaged"),
    contact("54-month-and-day", {"birthday": "3月4日"}, {"birthday": "3月4日"}, "date_unclear"),
    contact("54-three-numbers", {"birthday": "01/02/03"}, {"birthday": "01/02/03"}, "date_unclear"),
    contact("54-february-30", {"birthday": "2024-02-30"}, {"birthday": "2024-02-30"}, "date_impossible"),
    contact("54-year-0", {"birthday": "0000-01-01"}, {"birthday": "0000-01-01"}, "date_impossible"),
    contact("54-year-9999", {"birthday": "9999-12-31"}, {"birthday": "9999-12-31"}, "date_unclear"),
    contact("54-submitted-on-february-30", {"submitted_at": "2024-02-30"}, {}, "time_unclear"),
    contact("54-submitted-at-24-00", {"submitted_at": "2026-05-03 24:00"}, {}, "time_unclear"),
    contact("54-submitted-in-9999", {"submitted_at": "9999-12-31T23:59:59Z"}, {}, "time_in_future"),
    contact("54-submitted-in-year-0", {"submitted_at": "0000-01-01"}, {}, "time_unclear"),
    contact("54-submitted-in-the-gap", {"submitted_at": "2026-03-29T02:30:00"}, {"submitted_at": "2026-03-29T01:30:00Z"}, "time_zone_assumed", "time_in_gap"),
    contact("54-submitted-without-zone", {"submitted_at": "2026-05-04 09:00"}, {"submitted_at": "2026-05-04T07:00:00Z"}, "time_zone_assumed"),
    contact("54-milliseconds-since-1970", {"submitted_at": 1777881000000}, {"submitted_at": "2026-05-04T07:50:00Z"}),
    *(
        contact(f"55-money-{number}", {"budget": given}, {"budget": given})
        for number, given in enumerate(("1.234,56", "￥1,000", "1e5", "-5", "1'000", "about 10k"))
    ),
    contact("56-uk", {"country": "UK"}, {"country": "GB"}),
    contact("56-zhongguo", {"country": "中国"}, {"country": "CN"}),
    contact("56-c-n", {"country": "C.N."}, {"country": "CN"}),
    contact("56-nowhere", {"country": "XX"}, {"country": None}, "country_unknown"),
    contact("56-a-leading-zero", {"postcode": "01234"}, {"postcode": "01234"}),
    *(
        contact(f"57-consent-{number}", {"consent": given}, {"consent": agreed})
        for number, (given, agreed) in enumerate(
            ((True, True), ("yes", True), (1, True), ("是", True), ("on", True), ("false", False), ("no", False))
        )
    ),
    contact("57-consent-to-nothing", {"consent": ""}, {"consent": None}),
    contact("57-consent-perhaps", {"consent": "perhaps"}, {"consent": None}, "consent_unclear"),
    Body("58-no-way-to-reach", b'{"id": "58", "full_name": "Nobody", "company": "Acme"}', "quarantined", frozenset(["unreachable"])),
    contact("59-100-times-the-length", {"company": "x" * 50_000, "message": "y" * 500_000}, {}, "text_cut"),
    contact("60-javascript", {"website": "javascript:alert(1)"}, {"website": None}, "website_unsafe"),
    contact("60-data", {"website": "data:text/html,<script>"}, {"website": None}, "website_unsafe"),
    contact("60-file", {"website": "file:///etc/passwd"}, {"website": None}, "website_unsafe"),
    contact("60-idn", {"website": "例子.广告"}, {"website": "例子.广告"}),
    contact("60-10000-characters", {"website": "http://" + "a" * 10_000 + ".com"}, {"website": None}, "website_invalid"),
    contact("60-credentials", {"website": "http://user:pw@case60.example"}, {"website": None}, "website_invalid"),
]  # fmt: skip


VALID_JSON = [
    "{}", "[]", " [] ", "[\n]", '""', "0", "-0", "-1", "0e1", "0e+1", "1E22", "1E-2", "123e65", "123.456789", "-0.0", "1e1",
    "-123123123123123123123123123123", "null", "true", "false", '"\\""', '"\\/\\b\\f\\n\\r\\t"', '"\\u0061"', '"\\u005C"',
    '"\\u0000"', '"\\uD834\\uDD1E"', '"\\uFFFF"', '"\u2028"', '"\x7f"', '"\U0001f600"', '"asd "', '[null, 1, "1", {}]',
    '{"a":[]}', '{"":0}', '{"a":{"a":{"a":{}}}}', '{"asd":"sdf", "dfg":"fgh"}', '["\\u0012"]', "[1,null,null,null,2]", "\t[2] ",
    '{"min": -1.0e+28, "max": 1.0e+28}', '{"\\u0066\\u006f\\u006f": 1}', '"\u0430\u4e2d\u00e9"', "[[[[[[[[[[]]]]]]]]]]", '"*/"', '"// no comment"',
]  # fmt: skip
"""What any reader of JSON must take (RFC 8259), in the spirit of the well-known suites of such texts."""

INVALID_JSON = [
    "", " ", "[", "]", "{", "}", "[}", "{]", "[1", "[1,", "[,1]", "[,]", "[1,,2]", "[1,]", "[1 2]", "[1:2]", "1,", "[]]", "{}}", "[1]x",
    '{"a"', '{"a":', '{"a" 1}', '{"a":1,}', '{,"a":1}', '{"a":1 "b":2}', '{"a"::1}', '{"a":1,,"b":2}', "{a:1}", "{1:1}", "{null:1}",
    '{"a",1}', '{"a":"b",c:1}', "{'a':1}", '{"a":/*x*/1}', '{"a":1}//', '{"a":1}#', "/**/", "[True]", "[NULL]", "[nul]", "nulll", "tru",
    "[undefined]", "[NaN]", "[-NaN]", "[Infinity]", "[+1]", "[++1]", "[--1]", "[1+2]", "[01]", "[-01]", "[.5]", "[-.5]", "[1.]", "[1.e3]",
    "[1e]", "[1e+]", "[1e1.5]", "[0x1F]", "[1_000]", "[1,000.0.0]", "[- 1]", "[2.e-3]", "[\uff11]", '"', '"a', "'a'", "`a`", '"\\', '"\\"',
    '"\\x41"', '"\\u12"', '"\\u12G4"', '"\\uD834\\u"', '"\\a"', '"\\ "', '"a\nb"', '"a\tb"', '"\0"', '"\x1f"', '"a" "b"', "a", "<null>",
    "[<null>]", "\u2060[]", "[\u00a01]", "[\x0c]", "*", "abc", "<html>", "[1]\0", "[\"a\0a\"]", "(1)", "[1;2]", "[...]", "$",
]  # fmt: skip
"""What every reader of JSON must refuse, likewise."""
