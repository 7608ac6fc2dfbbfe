"""Reads NAME.cases.yaml: what a connector should do, written as data; every mistake names file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import Field, ValidationError, model_validator

from hub import yamlfile
from hub.errors import ConfigError
from hub.lead import Lead, RawLead
from hub.settings.files import explain
from hub.source import Receipt
from hub.testing.fakes import START
from hub.testing.parts import Answer, Exchange, Handed, Part, Post, Wanted


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

    http: tuple[Exchange, ...] = ()
    expect: list[dict[str, Any]]
    files: dict[str, str] = Field(default_factory=dict)


class EraseCase(Case):
    """The id under which a sink has an erased person's lead, and the request that deletes it, or null."""

    lead: dict[str, Any] | None = None
    ref: str
    expect: Wanted | None


class NewsCase(Case):
    """Asking for feedback: where it starts, the calls it makes, and the pages of activities it yields."""

    cursor: str | None = None
    http: tuple[Exchange, ...] = ()
    expect: list[dict[str, Any]] | dict[str, str]


class HeardCase(Case):
    """A feedback webhook and the activities in it."""

    given: Post
    expect: list[dict[str, Any]] | dict[str, str]


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
    http: tuple[Exchange, ...] = ()
    expect: dict[str, Any]

    def made(self) -> RawLead:
        """Return the lead as it came."""
        return RawLead(**{"key": None, "data": {}, **self.raw})


class FetchCase(Case):
    """A poll: where it starts, the calls it makes, and the pages it yields."""

    cursor: str | None = None
    http: tuple[Exchange, ...] = ()
    expect: list[dict[str, Any]] | dict[str, str]


class CountCase(Case):
    """How many leads the platform holds for a time."""

    since: datetime
    until: datetime
    http: tuple[Exchange, ...] = ()
    expect: int | None


class ReadCase(Case):
    """A file and the leads in it."""

    file: Handed
    expect: list[dict[str, Any]] | dict[str, str]


class StepCase(Case):
    """A step: the lead as it stands before, the options, and what it is afterwards or why the run stops."""

    lead: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    http: tuple[Exchange, ...] = ()
    expect: dict[str, Any]


class EnrichCase(Case):
    """An enricher: a lead, the calls it makes, and what it found."""

    lead: dict[str, Any] = Field(default_factory=dict)
    http: tuple[Exchange, ...] = ()
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


class Trial(Part):
    """How the connector is tried against the sandbox; `{url}` in a setting is the vendor's address there.

    `{service_account}` is a JSON key as Google hands it out.
    """

    vendor: str | None = None  # none: of the connector's own name
    settings: dict[str, Any] = Field(default_factory=dict)  # of the vendor, such as the token it takes
    config: dict[str, Any] = Field(default_factory=dict)  # of the connector, instead of those above
    seed: list[dict[str, Any]] = Field(default_factory=list)  # what the vendor holds before
    lead: dict[str, Any] = Field(default_factory=dict)  # fields of the lead that a sink is handed, beside the sample's
    options: dict[str, Any] = Field(default_factory=dict)  # of the sender
    email: str | None = None  # whose lead a poll finds; none: that of the sample lead
    many: int = 250  # leads a list of what is pushed too is read with: more than one page of them
    one_page: str | None = None  # why a poll hands them over in one page all the same
    differs: str | None = None  # why what is pushed and what is listed cannot be told to be one lead
    none: str | None = None  # why there is no trial


class CaseFile(Part):
    """A whole cases file."""

    config: dict[str, Any] = Field(default_factory=dict)
    now: datetime = START
    sandbox: Trial | None = None
    request: tuple[RequestCase, ...] = ()
    response: tuple[ResponseCase, ...] = ()
    token: tuple[TokenCase, ...] = ()
    find: tuple[FindCase, ...] = ()
    found: tuple[FoundCase, ...] = ()
    ping: tuple[RequestCase, ...] = ()
    bid: tuple[FoundCase, ...] = ()
    send: tuple[SendCase, ...] = ()
    erase: tuple[EraseCase, ...] = ()
    news: tuple[NewsCase, ...] = ()
    heard: tuple[HeardCase, ...] = ()
    verify: tuple[VerifyCase, ...] = ()
    handshake: tuple[HandshakeCase, ...] = ()
    parse: tuple[ParseCase, ...] = ()
    answer: tuple[AnswerCase, ...] = ()
    complete: tuple[CompleteCase, ...] = ()
    fetch: tuple[FetchCase, ...] = ()
    count: tuple[CountCase, ...] = ()
    read: tuple[ReadCase, ...] = ()
    step: tuple[StepCase, ...] = ()
    enrich: tuple[EnrichCase, ...] = ()
    assign: tuple[AssignCase, ...] = ()
    function: tuple[FunctionCase, ...] = ()

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
