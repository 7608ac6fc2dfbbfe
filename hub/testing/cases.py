"""Reads NAME.cases.yaml: what a connector should do, written as data; every mistake names file, line and key."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hub import yamlfile
from hub.errors import ConfigError
from hub.http import Response
from hub.inbound import Inbound
from hub.lead import Lead, RawLead
from hub.settings.files import explain
from hub.source import Receipt
from hub.testing.fakes import START

_CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


class Part(BaseModel):
    """A part of a cases file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    def named(self) -> dict[str, Any]:
        """Return only what the file names, by the names it uses."""
        return self.model_dump(exclude_unset=True, by_alias=True)


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


class Case(Part):
    """One thing that should hold."""

    should: str = Field(min_length=1)


class _OfLeads(Case):
    lead: dict[str, Any] | None = None
    leads: list[dict[str, Any]] | None = None

    def made(self) -> list[Lead]:
        """Return the leads; one that says nothing where none is given."""
        return [Lead.model_validate(said) for said in (self.leads if self.leads is not None else [self.lead or {}])]

    @model_validator(mode="after")
    def _are_leads(self) -> _OfLeads:
        self.made()
        return self


class RequestCase(_OfLeads):
    """A lead and the request that hands it over."""

    expect: Wanted


class ResponseCase(Case):
    """An answer and what it means for the leads sent."""

    leads: int | list[dict[str, Any]] = 1
    given: Answer
    expect: dict[str, Any] | list[dict[str, Any]]

    def made(self) -> list[Lead]:
        """Return the leads that were sent."""
        if isinstance(self.leads, int):
            return [Lead(id=f"lead_{number}") for number in range(1, self.leads + 1)]
        return [Lead.model_validate(said) for said in self.leads]


class TokenCase(Case):
    """An answer to the request for a token, and the token in it."""

    given: Answer
    expect: dict[str, Any]


class FindCase(_OfLeads):
    """A lead and the request that looks for it."""

    expect: Wanted | None


class FoundCase(Case):
    """An answer to a search, and whether the lead is there."""

    given: Answer
    expect: dict[str, Any] | None


class SendCase(_OfLeads):
    """Leads, what became of them, and the files that are there afterwards."""

    http: list[Exchange] = []
    expect: list[dict[str, Any]]
    files: dict[str, str] = Field(default_factory=dict)


class VerifyCase(Case):
    """A request, and whether its sender is believed."""

    given: Post
    expect: str = Field(pattern="^(ok|unverified)$")


class HandshakeCase(Case):
    """A challenge and the answer to it."""

    given: Post
    expect: dict[str, Any] | None


class ParseCase(Case):
    """A request and the leads in it."""

    given: Post
    expect: list[dict[str, Any]] | dict[str, str]


class AnswerCase(Case):
    """A request, what became of it, and what its sender hears."""

    given: Post
    receipt: dict[str, Any]
    expect: dict[str, Any] | None

    def made(self) -> Receipt:
        """Return what the hub can say of the submission."""
        return Receipt(**{"submission": "sub_1", "lead": None, "status": "accepted", **self.receipt})


class CompleteCase(Case):
    """A lead as it came, the calls it takes to read the rest, and the whole lead."""

    raw: dict[str, Any]
    http: list[Exchange] = []
    expect: dict[str, Any]

    def made(self) -> RawLead:
        """Return the lead as it came."""
        return RawLead(**{"key": None, "data": {}, **self.raw})


class FetchCase(Case):
    """A poll: where it starts, the calls it makes, and the pages it yields."""

    cursor: str | None = None
    http: list[Exchange] = []
    expect: list[dict[str, Any]] | dict[str, str]


class CountCase(Case):
    """How many leads the platform holds for a time."""

    since: datetime
    until: datetime
    http: list[Exchange] = []
    expect: int | None


class ReadCase(Case):
    """A file and the leads in it."""

    file: Handed
    expect: list[dict[str, Any]] | dict[str, str]


class StepCase(Case):
    """A step: the lead as it stands before, the options, and what it is afterwards or why the run stops."""

    lead: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    http: list[Exchange] = []
    expect: dict[str, Any]


class EnrichCase(Case):
    """An enricher: a lead, the calls it makes, and what it found."""

    lead: dict[str, Any] = Field(default_factory=dict)
    http: list[Exchange] = []
    expect: dict[str, Any]


class AssignCase(Case):
    """An assignment strategy: a lead, the team, what each member was given so far, and who gets it."""

    lead: dict[str, Any] = Field(default_factory=dict)
    team: dict[str, Any]
    given: dict[str, int] = Field(default_factory=dict)
    expect: str | None


class FunctionCase(Case):
    """A mapping function: a value as received, and what it becomes."""

    given: Any
    expect: Any


class CaseFile(Part):
    """A whole cases file."""

    config: dict[str, Any] = Field(default_factory=dict)
    now: datetime = START
    request: list[RequestCase] = []
    response: list[ResponseCase] = []
    token: list[TokenCase] = []
    find: list[FindCase] = []
    found: list[FoundCase] = []
    send: list[SendCase] = []
    verify: list[VerifyCase] = []
    handshake: list[HandshakeCase] = []
    parse: list[ParseCase] = []
    answer: list[AnswerCase] = []
    complete: list[CompleteCase] = []
    fetch: list[FetchCase] = []
    count: list[CountCase] = []
    read: list[ReadCase] = []
    step: list[StepCase] = []
    enrich: list[EnrichCase] = []
    assign: list[AssignCase] = []
    function: list[FunctionCase] = []

    def all(self) -> Iterator[tuple[str, Any]]:
        """Yield every case with its kind, in the order of the kinds."""
        for kind in KINDS:
            for case in getattr(self, kind):
                yield kind, case


KINDS: tuple[str, ...] = tuple(
    name
    for name, field in CaseFile.model_fields.items()
    if any(isinstance(inner, type) and issubclass(inner, Case) for inner in get_args(field.annotation))
)
"""Every kind of case, in the order of a lead's walk."""


def load(path: Path) -> CaseFile:
    """Return the cases in a file; raises ConfigError."""
    return parse(yamlfile.load(path))


def parse(file: yamlfile.YamlFile) -> CaseFile:
    """Return the cases in a YAML file that is read already; raises ConfigError that offers the known keys."""
    if not isinstance(file.data, Mapping):
        raise ConfigError("A cases file holds config, now and kinds of cases.", file=file.name, line=1)
    try:
        return CaseFile.model_validate(file.data)
    except ValidationError as error:
        raise explain(error, CaseFile, file, ()) from error
