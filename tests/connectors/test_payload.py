"""Bodies of strangers: what is JSON, what is a form, and what is neither, whatever the Content-Type claims."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadInput
from hub.inbound import Inbound, folded

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
UPLOAD = b'--x\r\nContent-Disposition: form-data; name="rawRequest"\r\n\r\n{"a":1}\r\n--x--\r\n'


def payload(body, content_type=""):
    return Inbound(headers={"content-type": content_type}, body=body).payload()


@pytest.mark.parametrize("content_type", ["", JSON, FORM, "text/plain; charset=utf-8", "application/vnd.api+json", "x"])
def test_json_is_read_under_any_content_type(content_type):
    assert payload(b' {"a": [1]} ', content_type) == {"a": [1]}


@pytest.mark.parametrize("content_type", ["", FORM, "text/plain", "text/html", FORM + "; charset=nonsense"])
def test_a_form_is_read_under_any_content_type(content_type):
    assert payload(b"a=1&a=2&b=%E6%9D%8E+x&c", content_type) == {"a": ["1", "2"], "b": "李 x", "c": ""}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_json_is_read_in_every_unicode_encoding(encoding):
    assert payload('{"name":"李雷"}'.encode(encoding)) == {"name": "李雷"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'"{\\"a\\":1}"', JSON),
        (b'"{\\"a\\":1}"', "text/plain"),
        (urlencode({"payload": '{"a":1}'}).encode(), FORM),
        (UPLOAD, "multipart/form-data; boundary=x"),
    ],
    ids=["string", "string as text", "form", "upload form"],
)
def test_json_wrapped_in_something_else_is_unwrapped(body, content_type):
    assert payload(body, content_type) == {"a": 1}


def test_one_field_with_braces_that_are_no_json_stays_text():
    assert payload(b"message=%7Bhello", FORM) == {"message": "{hello"}


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", "", "empty"),
        (b" \n", JSON, "empty"),
        (b"hello", "", "neither JSON nor a form"),
        (b"name=a\r\nmail=b", "text/plain", "neither JSON nor a form"),
        (b"<a b='c'>\n</a>", "text/xml", "neither JSON nor a form"),
        (b'{"a":', FORM, "not JSON"),
        (b"{'a':1}", JSON, "not JSON"),
        (b'{"a":1,}', JSON, "not JSON"),
        (b"a=1", JSON, "not JSON"),
        (b'"plain"', JSON, "not JSON"),
        (b"[" * 100_000, JSON, "nested deeper"),
        (b'{"a":Infinity}', JSON, "Infinity"),
        (b"--x", "multipart/form-data", "multipart"),
        (b"a=1&" * 1_001, FORM, "cannot be read"),
        (b'{"a":"\xff"}', JSON, "not text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(body, content_type, reason):
    with pytest.raises(BadInput, match=reason):
        payload(body, content_type)


@given(st.binary(), st.sampled_from(["", JSON, FORM, "text/plain", "multipart/form-data; boundary=x", "é"]))
def test_any_bytes_are_read_or_refused(body, content_type):
    inbound = Inbound(headers={"content-type": content_type}, body=body)
    with suppress(BadInput):
        inbound.payload("gb18030")


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"a": ["1"]}, {"a": "1"}),
        ({"a": ["1", "2"]}, {"a": ["1", "2"]}),
        ({"a[]": ["1"]}, {"a": ["1"]}),
        ({"a[2]": ["c"], "a[0]": ["a"], "a[1]": ["b"]}, {"a": ["a", "b", "c"]}),
        ({"a": ["0"], "a[]": ["1"]}, {"a": ["0", "1"]}),
        ({"a[x]": ["1"], "[]": ["2"], "a[12345]": ["3"]}, {"a[x]": "1", "[]": "2", "a[12345]": "3"}),
        ({"a[١]": ["4"]}, {"a[١]": "4"}),
    ],
)  # fmt: skip
def test_repeated_and_numbered_names_become_lists(form, fields):
    assert folded(form) == fields
