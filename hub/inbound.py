"""One request as it came in: bytes, headers and query, with readers that refuse instead of crash."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from encodings import normalize_encoding
from encodings.aliases import aliases
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError

from hub import strictjson
from hub.errors import BadInput

MAX_FORM_FIELDS = 1_000
_BLANK = b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"  # also what a BOM and UTF-16 put before the first character
_CHARSETS = frozenset(("koi8_u", "cp874", *aliases, *aliases.values())) - {
    "punycode",
    "utf_7",
    "u7",
    "unicode_1_1_utf_7",
    "utf7",
}
"""Python's text encodings by their normalized names, but those that make lone surrogates or take quadratic time."""
_INDEXED = re.compile(r"(.+)\[([0-9]{0,4})\]", re.DOTALL)

Form = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request to `/in/{source}`; `headers` have lower-case names, `body` is the exact bytes received."""

    method: str = "POST"
    url: str = ""  # the whole public address, as the sender called it
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    received_at: datetime | None = None
    client: str = ""  # IP address, from trusted proxies only

    def header(self, name: str) -> str | None:
        """Return a header by name, in any case."""
        return self.headers.get(name.lower())

    @property
    def content_type(self) -> str:
        """Return the media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the body as JSON; raises BadInput for what is not JSON or past the limits."""
        if not self.body.strip():
            raise BadInput("The body is empty.")
        return strictjson.loads(self.body)

    def json_object(self) -> dict[str, Any]:
        """Return the body as one JSON object; raises BadInput for anything else."""
        value = self.json()
        if not isinstance(value, dict):
            raise BadInput(f"The body must be a JSON object, not {type(value).__name__}.")
        return value

    def form(self, fallback_charset: str = "utf-8") -> Form:
        """Return the body's form fields, every value of a repeated name kept in order.

        Takes urlencoded and multipart bodies; uploads come as their file names. The charset is the hidden
        `_charset_` field's, then UTF-8, then the fallback. Raises BadInput past 1,000 fields.
        """
        if not self.body.strip():
            raise BadInput("The body is empty.")
        pairs = self._multipart() if self.content_type == "multipart/form-data" else self._urlencoded()
        return _decoded(pairs, fallback_charset)

    def payload(self, fallback_charset: str = "utf-8") -> Any:
        """Return the body as a JSON value or as folded form fields: the bytes decide, the Content-Type is a hint.

        JSON inside a JSON string, or that is all of a form (`payload={...}`), is unwrapped. Raises BadInput for what
        is neither, as for a `text/plain` form.
        """
        if self.content_type == "multipart/form-data":
            return _unwrapped(folded(self.form(fallback_charset)))
        if "json" in self.content_type or self.body.lstrip(_BLANK)[:1] in (b"{", b"[", b'"'):
            value = self.json()
            return strictjson.loads(value) if isinstance(value, str) else value
        if b"=" not in self.body or b"\n" in self.body.strip():  # urlencoded text has no bare line ends
            raise BadInput("The body is neither JSON nor a form." if self.body.strip() else "The body is empty.")
        return _unwrapped(folded(self.form(fallback_charset)))

    def _urlencoded(self) -> list[tuple[bytes, bytes]]:
        try:
            pairs = parse_qsl(
                self.body.decode("latin-1"),
                keep_blank_values=True,
                encoding="latin-1",
                max_num_fields=MAX_FORM_FIELDS,
            )
        except ValueError as error:
            raise BadInput(f"The form cannot be read: {error}.") from error
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]

    def _multipart(self) -> list[tuple[bytes, bytes]]:
        pairs: list[tuple[bytes, bytes]] = []

        def keep(name: bytes | None, value: bytes | None) -> None:
            if len(pairs) == MAX_FORM_FIELDS:  # said at once: reading thousands of parts to the end takes its time
                raise BadInput(f"The form has more than {MAX_FORM_FIELDS} fields.", status=413)
            pairs.append((name or b"", value or b""))

        headers = {"Content-Type": self.headers["content-type"].encode("latin-1", "replace")}
        try:
            parse_form(
                headers,
                io.BytesIO(self.body),
                lambda part: keep(part.field_name, part.value),
                lambda part: keep(part.field_name, part.file_name),
            )
        except (FormParserError, ValueError, KeyError) as error:
            raise BadInput(f"The multipart form cannot be read: {error}.") from error
        return pairs


def folded(form: Form) -> dict[str, str | list[str]]:
    """Return one value alone as text and several as a list; `interest[]` and `interest[0]` are the list `interest`."""
    lists: dict[str, list[tuple[int, str]]] = {}
    single: set[str] = set()
    for name, values in form.items():
        match = _INDEXED.fullmatch(name)
        if match is None and len(values) == 1:
            single.add(name)
        plain, index = (match[1], int(match[2] or 0)) if match else (name, 0)
        lists.setdefault(plain, []).extend((index, value) for value in values)
    ordered = {name: [value for _, value in sorted(values, key=itemgetter(0))] for name, values in lists.items()}
    return {name: values[0] if name in single and len(values) == 1 else values for name, values in ordered.items()}


def _unwrapped(fields: dict[str, str | list[str]]) -> Any:
    only = next(iter(fields.values())) if len(fields) == 1 else None
    if isinstance(only, str) and only.lstrip()[:1] in ("{", "["):
        try:
            return strictjson.loads(only)
        except BadInput:
            return fields
    return fields


def _decoded(pairs: list[tuple[bytes, bytes]], fallback: str) -> Form:
    named = _charset(next((value for name, value in pairs if name == b"_charset_"), b""))
    form: Form = {}
    for name, value in pairs:
        form.setdefault(_text(name, named, fallback), []).append(_text(value, named, fallback))
    return form


def _text(raw: bytes, named: str, fallback: str) -> str:
    for charset in (named, "utf-8", fallback):
        try:
            return raw.decode(charset or "utf-8")
        except (ValueError, LookupError):
            continue
    return raw.decode("utf-8", "replace")


def _charset(said: bytes) -> str:
    """Return the charset a page names for itself; looking up made-up names would fill Python's memory of them."""
    name = said[:40].decode("ascii", "replace")
    return name if normalize_encoding(name).lower() in _CHARSETS else ""
