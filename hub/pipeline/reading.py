"""From a stored submission back to raw leads, the same way for a fresh one, a rescued one and a replay."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import orjson
from sqlalchemy.exc import DataError, ProgrammingError

from hub.corrections import Corrections, loaded
from hub.errors import BadInput
from hub.inbound import Inbound
from hub.lead import Problem, RawLead
from hub.source import Source, Status, WebhookSource
from hub.store.submissions import polled
from hub.store.tables import SubmissionRow
from hub.store.types import dumps

OF_A_LEAD = (DataError, ProgrammingError, ValueError, TypeError, ArithmeticError)
"""What storing a run raises because of what is in it; other errors are the database's own and pass."""

LEASE = timedelta(seconds=90)  # how long a submission that is being run is left alone
MOST_LEADS = 10_000  # in one submission
LONGEST_KEY = 500
TRIAL = "trial"  # the kind of a submission that is read as any other, and marked as a test


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a submission, for whoever waits for it."""

    submission: str
    lead: str | None
    status: Status
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Item:
    """A submission that is to be run; `raw` is known already for rows and completed ones."""

    id: str
    source: str
    received_at: datetime
    inbound: Inbound | None = None
    raw: RawLead | None = None
    digest: str | None = None
    tries: int = 1
    kind: str = "run"  # run, replay
    completed: bool = False
    polled: bool | None = False  # by a poll, or by a push; None: out of a file
    lead: str | None = None  # whose an earlier run made it
    problems: tuple[Problem, ...] = ()  # why it cannot be read at all
    empty: bool = False  # it was read, and there is no lead in it
    accept: frozenset[str] = frozenset()  # problem codes a person has waved through
    corrections: Corrections = field(default_factory=dict)  # by field: what a person put in the place of what came
    trial: bool = False  # a person of ours sent it, to see whether it works: a test, whatever the sender's body says
    import_id: str | None = None  # of which it is a row
    future: asyncio.Future[Answer] | None = field(default=None, repr=False)

    def answer(
        self, lead: str | None, status: Status, problems: tuple[Problem, ...] = (), *, first: str | None = None
    ) -> None:
        """Tell whoever waits; `first` is the submission this one repeats."""
        if self.future is not None and not self.future.done():
            self.future.set_result(Answer(first or self.id, lead, status, problems))


def digest(body: bytes) -> str:
    """Return the SHA-256 of a body, in hex."""
    return hashlib.sha256(body).hexdigest()


def pack(raw: RawLead) -> bytes:
    """Return a raw lead as the body of a submission of kind `row`."""
    value: dict[str, Any] = {"data": raw.data}
    if raw.key is not None:
        value["key"] = raw.key
    if raw.submitted_at is not None:
        value["submitted_at"] = raw.submitted_at.isoformat()
    if raw.test:
        value["test"] = True
    if raw.spam:
        value["spam"] = raw.spam
    if raw.tags:
        value["tags"] = dict(raw.tags)
    if raw.problems:
        value["problems"] = [p.model_dump() for p in raw.problems]
    return dumps(value).encode()


def unpack(body: bytes | str) -> RawLead:
    """Return the raw lead in the body of a submission of kind `row`."""
    value = orjson.loads(body)
    at = value.get("submitted_at")
    return RawLead(
        key=value.get("key"),
        data=value["data"],
        submitted_at=datetime.fromisoformat(at) if at else None,
        test=value.get("test", False),
        spam=value.get("spam"),
        problems=tuple(Problem(**p) for p in value.get("problems", ())),
        tags=value.get("tags", {}),
    )


def content_key(raw: RawLead) -> str:
    """Return the key of a row that has none of its own: the same content is the same row."""
    try:
        content = orjson.dumps(raw.data, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError):  # integers past 64 bits, lone surrogates
        content = dumps(raw.data).encode()
    return "row:" + digest(content)[:40]


def item_of(row: SubmissionRow) -> Item:
    """Return a stored submission as an item to run."""
    item = Item(row.id, row.source, row.received_at, digest=row.digest, tries=row.tries)
    item.polled = polled(row.kind, row.parent, row.import_id)
    item.import_id, item.corrections = row.import_id, loaded(row.corrections)
    item.trial = row.kind == TRIAL
    if row.completed:
        item.raw, item.completed = unpack(row.completed), True
    elif row.kind in ("row", "part"):
        raw = unpack(row.body)
        if row.key and raw.key is None:  # a row without an id of its own is known by its content
            raw = replace(raw, key=row.key)
        item.raw, item.completed = raw, row.kind == "row"
    else:
        headers: Mapping[str, str] = row.headers or {}
        item.inbound = Inbound(
            "POST", row.url or "", headers, query_of(row.url or ""), row.body, row.received_at, row.client or ""
        )
    return item


def query_of(url: str) -> dict[str, str]:
    """Return the query parameters of an address; the last value of a repeated name wins."""
    query = url.partition("?")[2].partition("#")[0]  # urlsplit raises for hosts that a sender may well write
    return dict(parse_qsl(query, keep_blank_values=True))


def storable_key(raw: RawLead) -> RawLead:
    """Return the raw lead with a key that every database and its index takes: no control characters, not too long."""
    key = raw.key
    if key is None or (len(key) <= LONGEST_KEY and key.isprintable()):
        return raw
    return replace(raw, key="key:" + digest(key.encode("utf-8", "surrogatepass")))


def parse(source: Source, item: Item) -> list[RawLead]:
    """Return the raw leads in an item; what cannot be read comes as an item's problem, never as a raised error."""
    if item.raw is not None:
        return [item.raw]
    assert item.inbound is not None
    try:
        if not isinstance(source, WebhookSource):
            raise BadInput("The source takes no pushes.")
        leads = list(islice(source.parse(item.inbound), MOST_LEADS + 1))
        if len(leads) > MOST_LEADS:
            raise BadInput(f"It holds more than {MOST_LEADS} leads. Send fewer at once.")
        if item.trial:  # sent as often as one likes: each time it is another one
            return [replace(raw, key=f"test:{item.id}:{number}", test=True) for number, raw in enumerate(leads)]
        return [storable_key(raw) for raw in leads]
    except BadInput as error:
        item.problems = (Problem(field="", code="unreadable", message=_printable(error.reason)),)
    except Exception as error:  # a connector's bug must not lose the submission
        said = f"The connector {source.name} could not read it: {type(error).__name__}: {str(error)[:200]}."
        item.problems = (Problem(field="", code="unreadable", message=_printable(said)),)
    return []


def first_part(sources: Mapping[str, Source], row: SubmissionRow) -> bytes:
    """Return what a submission of several leads says of its first one, as the body of a submission of kind `row`."""
    source = sources.get(row.source)
    raws = parse(source, item_of(row)) if source and row.body else []
    return pack(raws[0]) if raws else b""


def _printable(said: str) -> str:
    """Return a connector's words as every database takes them, whatever they quote."""
    return said if said.isprintable() else "".join(c if c.isprintable() else " " for c in said)


def no_source(item: Item) -> Problem:
    """Return the problem of a submission whose source is gone."""
    said = f'The source "{item.source}" is not configured any more. Add it again, then replay.'
    return Problem(field="", code="no_source", message=said)


def poison(tries: int) -> Problem:
    """Return the problem of a submission that took the process with it each time."""
    said = f"Running it ended the process {tries} times. Mend what breaks on it, then replay."
    return Problem(field="", code="poison", message=said)


def set_aside(item: Item, error: Exception) -> tuple[Item, RawLead]:
    """Return a submission that no database takes as it was decided, so that it can be stored for a person instead."""
    said = f"What was made of it cannot be stored ({type(error).__name__}). Mend the connector or step, then replay."
    item.problems, item.empty = (Problem(field="", code="unstorable", message=said),), True
    return item, RawLead(None, {})
