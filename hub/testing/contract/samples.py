"""Leads, answers and posts that no connector may stumble over."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hub.http import Response
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS, Delivery, Lead, Touch
from hub.outcome import Disposition, Occasion
from hub.testing.fakes import START

BAREST = Lead()

HOSTILE_TEXTS = (
    "",
    "   ",
    "\x00\x1b[31m\x07\x7f",
    "\ud800 lone surrogate",
    "😀" * 2_000,
    "\u202eevil\u202c \u2066a\u2069",
    "'\"`\\ ; -- /*",
    "=cmd|' /C calc'!A0",
    "+1-1@SUM(A1)",
    "<script>alert(1)</script><!-- & -->",
    "a\r\nX-Evil: yes\r\n\r\nbody",
    "x" * 10_000,
    "{{7*7}} ${env:HOME} %s%n {0} {lead}",
    "../../etc/passwd\\..\\",
    "<!channel> <@U1> @所有人 <at user_id='all'></at> [a](https://evil.example)",
    "張\ufeff偉\u200b\u3000",
)


def hostile_leads() -> Iterator[Lead]:
    """Yield a lead for each hostile text, with that text wherever a text may stand."""
    for number, text in enumerate(HOSTILE_TEXTS):
        yield filled(text).with_fields(id=f"lead_{number}")


def filled(text: str) -> Lead:
    """Return a lead that has this text in every field that people or senders fill."""
    fields = {name: text for name in LEAD_FIELDS if name != "consent"}
    touch = Touch.model_construct(fields=dict.fromkeys(TOUCH_FIELDS, text), tags={}, submission="sub_1", source="web")
    delivery = Delivery.model_construct(sentence=text, route="all", sink="kit", version=1, attempt=1)
    more = {"extra": {"odd": [text, {"inner": text}], text: text}, "tags": {"party": text}, "owner": text, "team": text}
    return BAREST.with_fields(
        **fields, **more, consent=True, touch=touch, first_touch=touch, delivery=delivery, score=12.5, grade="A",
        submitted_at=START, created_at=START, updated_at=START, source="web",
    )  # fmt: skip


FULLEST = filled("Mei").with_fields(
    email="mei@example.com", phone="+12025550143", website="https://example.com",
    occasion=Occasion(disposition=Disposition.WON, at=START, value=900.0, currency="EUR"),
)  # fmt: skip

STATUSES = range(200, 600)
TYPICAL = (200, 201, 202, 204, 207, 302, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503)

_DEEP = b"[" * 200 + b"]" * 200
FEW_BODIES = (b"", b"<html><body>Log in</body></html>", b"{}", b"[]", b'{"error": null, "data": {}}')
ODD_BODIES = (
    *FEW_BODIES,
    b"   ", b"null", b"0", b"true", b'"text"', b"ok", b"{", b"\xff\xfe\x00", _DEEP, b'{"a": NaN}',
    b'{"code": null, "errcode": null, "ok": null, "id": null, "results": null}',
    b'{"code": {}, "errcode": [], "ok": "yes", "id": {"a": 1}, "results": [null, 1, "x"], "errors": [null]}',
    b'{"data": [], "error": [], "message": {}, "access_token": 7}',
    b'{"data": [null], "error": {"message": null, "code": "x"}, "status": null}',
    b'[null, 1, "x", {}, []]',
)  # fmt: skip
HUGE_BODY = b'{"message": "' + b"x" * 1_000_000 + b'"}'

_INSTEAD: tuple[Any, ...] = (None, {}, [], "x", 7, True)
MOST_MUTATIONS = 150


def odd_answers() -> Iterator[Response]:
    """Yield every status with a few bodies, and the usual statuses with all of them."""
    for status in STATUSES:
        yield from (Response(status, {"content-type": "application/json"}, body) for body in FEW_BODIES)
    for status in TYPICAL:
        yield from (Response(status, {"retry-after": "soon"}, body) for body in ODD_BODIES)
    yield from (Response(status, {"location": "//evil.example"}, HUGE_BODY) for status in (200, 400, 500))


def mutations(body: bytes) -> Iterator[bytes]:
    """Yield a JSON body with each of its values in turn replaced by something else, or gone."""
    try:
        value = json.loads(body)
    except ValueError:
        return
    made = 0
    for place in list(_places(value)):
        for instead in _INSTEAD:
            if made == MOST_MUTATIONS:
                return
            made += 1
            yield json.dumps(_replaced(value, place, instead)).encode()


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inside:
        yield (*at, key)
        yield from _places(below, (*at, key))


def _replaced(value: Any, place: tuple[Any, ...], instead: Any) -> Any:
    whole = copy.deepcopy(value)
    inside = whole
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = instead
    return whole


ODD_POSTS: tuple[tuple[str, bytes], ...] = tuple(
    (kind, body)
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/xml", "")
    for body in (
        *ODD_BODIES, b"a=1&b=2&a=3", b"a=%ff%fe&%00=%0a", b"&&&===", b"<lead/>", b"payload=%7B%22a%22%3A1%7D",
        "{\"姓名\": \"张伟\", \"a.b\": 1, \"\": 2, \"__proto__\": 3}".encode(), b"--x\r\n\r\n--x--",
        '{"a": "\\ud800"}'.encode("utf-16"),
    )
)  # fmt: skip

ODD_FILES: tuple[tuple[str, bytes], ...] = (
    ("empty.csv", b""), ("blank.csv", b"\r\n\r\n \r\n"), ("zeros.csv", b"\x00" * 5_000),
    ("bytes.xlsx", bytes(range(256)) * 20), ("cut.xlsx", b"PK\x03\x04" + b"\x00" * 100),
    ("page.csv", b"<html><body>no</body></html>"), ("odd.json", _DEEP),
    ("cut.json", b'[{"email": "a@example.com"}, {"ema'), ("header.csv", b"name,email\r\n"),
    ("ragged.csv", b'name,email\r\n"a,b\r\nc,d,e,f\r\n"'), ("cut.vcf", b"BEGIN:VCARD\r\nFN:A"),
    ("photo.png", b"\x89PNG\r\n\x1a\n"), ("gone.mail", b"From: a\r\n\r\n"),
    ("wide.csv", ",".join(f"c{n}" for n in range(3_000)).encode() + b"\n1,2\n"),
)  # fmt: skip
"""Files that may be unreadable as a whole, but break nothing."""
