"""What a step of a flow is: one async function `(work, ctx, options) -> Work | Stop`."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

import httpx
from pydantic import BaseModel, ConfigDict

from hub.bids import Auctions, Sale
from hub.clock import Clock
from hub.consents import Said, stated
from hub.corrections import Corrections
from hub.errors import ConfigError
from hub.lead import Lead, Problem, RawLead, Touch
from hub.roster import Candidate, Choice, Deal, Given


class Options(BaseModel):
    """The options of a step; a step names its own subclass in its signature."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def needs(self) -> Iterable[tuple[str, str]]:
        """Return the (kind, name) of the sockets it will ask for, so that a wrong name is found at the start."""
        return ()


class Identity(NamedTuple):
    """A normalized key of a lead, such as `email:ann@acme.com`; an exact one belongs to one lead only."""

    key: str
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who got the lead and why: the chosen team and owner, and everybody considered with the reason."""

    team: str | None = None
    owner: str | None = None
    strategy: str = ""
    considered: tuple[Mapping[str, Any], ...] = ()
    pool: str | None = None  # where it waits for somebody to claim it
    deal: Deal | None = None  # where it was dealt by turns


@dataclass(frozen=True, slots=True)
class Target:
    """One sink this lead is owed to, and the route that says so."""

    sink: str
    route: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another lead that may be the same person; a person decides."""

    lead: str
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """One submission on its way through a flow; steps return a changed copy."""

    raw: RawLead
    lead: Lead  # what this submission says; after dedupe the golden record it was merged into
    submission: str
    source: str
    flow: str
    received_at: datetime
    mapped: Mapping[str, Any] = field(default_factory=dict)  # after map: field name -> value as received
    corrections: Corrections = field(default_factory=dict)  # by field: what a person put in its place
    touch: Touch = field(default_factory=Touch)
    identities: tuple[Identity, ...] = ()
    candidate: Lead | None = None  # this submission's own lead, as it was before merging
    merged: bool = False  # the lead existed before this submission
    again: str | None = None  # the lead that an earlier run of this submission made or joined: this is a replay
    anew: bool = True  # everything is decided afresh: a new lead, or a known one that counts as new interest
    joined: tuple[str, ...] = ()  # other leads that turned out to be the same person
    suggestions: tuple[Suggestion, ...] = ()
    routes: tuple[str, ...] = ()  # the routes that took it, in order
    targets: tuple[Target, ...] = ()  # the sinks owed
    sale: Sale | None = None  # the auction that sold it, whose winner is among them
    respond_within: float | None = None  # seconds, from the first route that has a target
    assign: str | None = None  # the team the route hands it to
    pool: str | None = None  # or the pool
    calendar: str | None = None  # whose working time the response is counted in
    excluded: Mapping[str, str] = field(default_factory=dict)  # reps who may not get it now, with the reason
    assignment: Assignment = field(default_factory=Assignment)
    quarantine: tuple[Problem, ...] = ()  # why a person must look at it before it goes on
    accept: frozenset[str] = frozenset()  # problem codes a person has waved through
    notes: Mapping[str, Any] = field(default_factory=dict)  # step name -> detail for the decision record

    def change(self, **changes: Any) -> Work:
        """Return a copy with these attributes changed."""
        made = object.__new__(Work)  # a dozen changes a lead: dataclasses.replace was a twentieth of a run
        made.__dict__.update(self.__dict__, **changes)
        return made

    def stated(self) -> list[dict[str, Any]]:
        """Return what this submission itself says about consent, as records."""
        return stated(self.candidate or self.lead, self.touch, self.received_at)

    def note(self, step: str, **detail: Any) -> Work:
        """Return a copy whose decision record has this detail for the step."""
        return self.change(notes={**self.notes, step: {**self.notes.get(step, {}), **detail}})


@dataclass(frozen=True, slots=True)
class Stop:
    """The polite end of a run: the submission is a duplicate, rejected, or waits in quarantine."""

    status: Literal["duplicate", "quarantined", "rejected"]
    reason: str
    work: Work


class Leads(Protocol):
    """What a step may ask about leads that exist."""

    async def owners(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the lead id that owns each exact identity key; unknown keys are absent."""
        ...

    async def get(self, lead: str) -> Lead | None:
        """Return a lead by id, following merges to the one that survived."""
        ...

    async def said(self, lead: str) -> Mapping[str, Lead]:
        """Return what each submission of a lead said by itself, by submission, oldest first."""
        ...

    async def near(self, keys: Sequence[str], limit: int = 50) -> Sequence[Lead]:
        """Return leads that share a blocking key, at most `limit`."""
        ...

    async def sinks_of(self, lead: str) -> frozenset[str]:
        """Return the sinks that have or are owed this lead already."""
        ...

    async def sold(self, leads: Sequence[str]) -> Mapping[str, str]:
        """Return which of these leads are in an auction now (open) or were sold in one (sold); others are absent."""
        ...

    async def seen_since(self, lead: str, source: str | None, since: datetime) -> bool:
        """Return whether that lead had a submission (of that source) since then."""
        ...

    async def consents(self, lead: str) -> Sequence[Said]:
        """Return what the person said about being contacted, oldest first."""
        ...


class Teams(Protocol):
    """The books of teams while leads are dealt."""

    async def book(self, team: str) -> Any:
        """Return the hub.people.book.Book of a team, when it is this lead's turn to be dealt."""
        ...

    async def account(self, lead: Lead) -> tuple[str, str] | None:
        """Return the owner and the lead that have this lead's company already; None when nobody does."""
        ...

    def given(self, lead: Lead, owner: str, how: Given = "dealt", deal: Deal | None = None) -> None:
        """Note that a rep has a lead now: dealt by a book, which counted it; kept from its source; or as fallback."""
        ...


class Context(Protocol):
    """What a step may reach."""

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        ...

    @property
    def http(self) -> httpx.AsyncClient:
        """Return the client for calls out."""
        ...

    @property
    def leads(self) -> Leads:
        """Return what is known of leads."""
        ...

    @property
    def teams(self) -> Teams:
        """Return the books of teams."""
        ...

    @property
    def auctions(self) -> Auctions | None:
        """Return who asks buyers; None where nobody may be asked, as in a trial."""
        ...

    @property
    def settings(self) -> Any:
        """Return the hub.settings.Settings in force."""
        ...

    @property
    def source(self) -> Any:
        """Return the hub.settings.SourceSettings of the submission's source."""
        ...

    @property
    def flow(self) -> Any:
        """Return the hub.settings.FlowSettings of the run."""
        ...

    @property
    def registry(self) -> Any:
        """Return the hub.registry.Registry."""
        ...

    def mapping_of(self, source: str) -> Any:
        """Return the hub.mapping.Mapping of a source."""
        ...


StepFunction = Callable[[Work, Context, Any], Awaitable["Work | Stop"]]
Enricher = Callable[[Lead, Context], Awaitable[Mapping[str, Any]] | Mapping[str, Any]]
Strategy = Callable[[Work, Sequence[Candidate], Any], Choice]
MappingFunction = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A registered step: its name, function and options model."""

    name: str
    run: StepFunction
    options: type[Options]
    doc: str


@dataclass(frozen=True, slots=True)
class Socket:
    """A finer plug than a step: an enricher, an assignment strategy, a mapping function or an attribution model."""

    kind: Literal["enricher", "strategy", "mapping_function", "attribution_model"]
    name: str
    run: Any
    doc: str
    needs: frozenset[str] = frozenset()  # of a strategy: figures that cost a look, `open` and `outcomes`


def step(name: str) -> Callable[[StepFunction], Step]:
    """Make an async function a step of that name; its third parameter's annotation is its options model."""

    def wrap(function: StepFunction) -> Step:
        if not inspect.iscoroutinefunction(function):
            raise ConfigError(f'Step "{name}": {function.__qualname__} must be an async function.')
        hints = typing.get_type_hints(function)
        options = hints.get(list(inspect.signature(function).parameters)[2], Options)
        return Step(name, function, options, _first_line(function))

    return wrap


def enricher(name: str) -> Callable[[Enricher], Socket]:
    """Make a function `(lead, ctx) -> {field: value}` an enricher of that name; async only where it asks somebody."""
    return lambda function: Socket("enricher", name, function, _first_line(function))


def strategy(name: str, *, needs: Collection[Literal["open", "outcomes"]] = ()) -> Callable[[Strategy], Socket]:
    """Make a function `(work, free, settings) -> Choice` an assignment strategy of that name.

    `free` are the candidates who can take the lead now, in the order they are listed, and `settings` the TeamSettings;
    those who are away or have had enough were left out before. `needs` are the figures of theirs that it looks at
    and that are not always there: `open` (their open leads), `outcomes` (won and closed ones).
    """
    return lambda function: Socket("strategy", name, function, _first_line(function), frozenset(needs))


def mapping_function(name: str) -> Callable[[MappingFunction], Socket]:
    """Make a pure function `(value) -> value` usable as `with: name` in mappings."""
    return lambda function: Socket("mapping_function", name, function, _first_line(function))


def attribution_model(name: str) -> Callable[[Callable[[Sequence[Any], Any], Sequence[float]]], Socket]:
    """Make a pure function `(touches, milestones) -> weights` an attribution model: a weight of any size each."""
    return lambda function: Socket("attribution_model", name, function, _first_line(function))


def _first_line(function: Any) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]
