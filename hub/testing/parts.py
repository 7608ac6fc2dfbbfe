"""The pieces cases files are made of: what the other side answers, what a sender posts, what is expected."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from hub.http import Response
from hub.inbound import Inbound

_CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


class Part(BaseModel):
    """A part of a cases file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Answer(Part):
    """What the other side answers; one of json, text and base64 is its body."""

    status: int = Field(200, ge=100, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    value: Any = Field(None, alias="json")
    text: str | None = None
    base64: str | None = None

    @property
    def body(self) -> bytes:
        """Return the body's bytes."""
        if self.base64 is not None:
            return base64.b64decode(self.base64)
        if "value" in self.model_fields_set:
            return json.dumps(self.value, ensure_ascii=False).encode()
        return (self.text or "").encode()

    def response(self) -> Response:
        """Return it as a connector sees it."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "value" in self.model_fields_set:
            headers.setdefault("content-type", "application/json")
        return Response(self.status, headers, self.body)


class Post(Part):
    """What a sender posts; one of json, form, body and base64 is its body."""

    method: str = "POST"
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str] = Field(default_factory=dict)
    value: Any = Field(None, alias="json")
    form: dict[str, str | list[str]] | None = None
    body: str | None = None
    base64: str | None = None
    client: str = ""

    def inbound(self, name: str, now: datetime) -> Inbound:
        """Return it as the hub hands it to a source of that name."""
        headers = {key.lower(): value for key, value in self.headers.items()}
        kind = "json" if "value" in self.model_fields_set else "form" if self.form is not None else ""
        if kind:
            headers.setdefault("content-type", _CONTENT_TYPES[kind])
        url = self.url or f"https://hub.test/in/{name}" + (f"?{urlencode(self.query)}" if self.query else "")
        return Inbound(self.method, url, headers, self.query, self._bytes(kind), now, self.client)

    def _bytes(self, kind: str) -> bytes:
        if self.base64 is not None:
            return base64.b64decode(self.base64)
        if kind == "json":
            return json.dumps(self.value, ensure_ascii=False, separators=(",", ":")).encode()
        if kind == "form":
            return urlencode(self.form or {}, doseq=True).encode()
        return (self.body or "").encode()


class Wanted(Part):
    """The request that is expected: only what is named counts; headers may be more, all else is exact."""

    method: str = ""
    url: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    params: dict[str, str] = Field(default_factory=dict)
    value: Any = Field(None, alias="json")
    form: dict[str, str] = Field(default_factory=dict)
    content: str = ""


class Exchange(Part):
    """One request a connector makes, and the answer it gets."""

    request: Wanted = Wanted()
    given: Answer = Answer()


class Handed(Part):
    """A file that is handed in: its text in an encoding, or its bytes in base64."""

    name: str
    text: str = ""
    base64: str | None = None
    encoding: str = "utf-8"

    def write(self, folder: Path) -> Path:
        """Write the file and return its path."""
        path = folder / self.name
        path.write_bytes(base64.b64decode(self.base64) if self.base64 else self.text.encode(self.encoding))
        return path
