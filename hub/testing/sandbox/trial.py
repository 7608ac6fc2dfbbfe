"""Tries a connector against the sandbox: a sink delivers and repeats, a source is pushed to or polled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hub.connector import Connector
from hub.families.conversion import ConversionSink
from hub.lead import Lead, RawLead, Sent
from hub.news import Feedback, News, asks
from hub.outcome import Disposition
from hub.sink import Sink
from hub.source import PollSource, WebhookSource
from hub.testing.cases import CaseFile, Trial
from hub.testing.fakes import HandClock
from hub.testing.sandbox import senders
from hub.testing.sandbox.listing import read_all
from hub.testing.sandbox.pushing import EMAIL, FIELDS, given, pushed
from hub.testing.sandbox.server import Sandbox


def lead(clock: HandClock, **changes: Any) -> Lead:
    """Return the sample lead as a sink is handed it."""
    at = clock.now()
    said = {name: value for name, value in FIELDS.items() if name in Lead.model_fields}
    touch = {"fields": {"utm_source": "google"}}
    made = {
        "id": "lead_1",
        "submitted_at": at,
        "created_at": at,
        "updated_at": at,
        "first_name": "美",
        "last_name": "林",
    }
    delivery = {"key": "7f3ka1b2-0000-5000-8000-000000000000", "sink": "kit", "route": "all"}
    return Lead.model_validate({**made, **said, "touch": touch, "delivery": delivery, **changes})


async def tried(cls: type[Connector], cases: CaseFile) -> list[str]:
    """Run a connector against its vendor in a sandbox of its own; returns what is wrong, in sentences."""
    trial = cases.sandbox or Trial()
    clock = HandClock(cases.now)
    vendor = trial.vendor or cls.name
    async with Sandbox(clock=clock, settings={vendor: trial.settings}) as sandbox, httpx.AsyncClient() as http:
        if vendor in sandbox.vendors and trial.seed:
            sandbox.seed(vendor, *trial.seed)
        config = cls.Config.model_validate({**cases.config, **_filled(trial.config, f"{sandbox.url}/{vendor}")})
        connector = cls("kit", config, clock)
        if isinstance(connector, Sink):
            sample = lead(clock, **{"occasion": _occasion(connector, clock), **trial.lead})
            return await _delivered(connector, sample, sandbox, vendor, clock, http)
        if isinstance(connector, WebhookSource):
            wrong = await _pushed(connector, trial, sandbox, clock, http)
            return wrong or (await _listed(cls, cases) if isinstance(connector, PollSource) else [])
        if isinstance(connector, PollSource):
            return await _polled(connector, trial, http)
    return [f"{cls.name} is neither a sink nor a source that is pushed to or polled."]


async def _delivered(
    sink: Sink, first: Lead, sandbox: Sandbox, vendor: str, clock: HandClock, http: httpx.AsyncClient
) -> list[str]:
    before = len(sandbox.records(vendor))
    (said,) = await sink.send([first], http)
    if not isinstance(said, Sent):
        return [f"the lead was not taken: {said!r:.400}"]
    made = len(sandbox.records(vendor)) - before
    wrong = [] if made else ["the vendor holds nothing afterwards"]
    if sink.repeatable is True and type(sink).recognisable is False and not _is_chat(sink):
        clock.turn(5)
        repeat = first.with_fields(delivery=first.delivery.model_copy(update={"attempt": 2}))
        (again,) = await sink.send([repeat], http)
        more = len(sandbox.records(vendor)) - before - made
        wrong += (
            [] if isinstance(again, Sent) and not more else [f"the same send again made {more} more: {again!r:.200}"]
        )
    if sink.searchable:
        seen = await sink.lookup(first, http)
        wrong += (
            [] if seen is not None and seen.ref == said.ref else [f"looking for it found {seen!r:.200}, not {said.ref}"]
        )
    if asks(sink):
        clock.turn(60)
        worked = sandbox.vendors[vendor].work(said.ref) if said.ref and vendor in sandbox.vendors else False
        pages = [page async for page in sink.news(None, http)]
        wrong += [] if pages else ["asked for news, it yields no page, and so no cursor"]
        wrong += _silent(sink, pages, said.ref) if worked else []
    gone = await sink.forget(Lead.blank(id=first.id), said.ref, http)
    return wrong + ([] if gone is None or isinstance(gone, Sent) else [f"erasing it was refused: {gone!r:.200}"])


def _silent(sink: Feedback, pages: Sequence[News], ref: str | None) -> list[str]:
    """Return what is wrong with the news of a record that somebody took up there: its status must be understood."""
    told = [one for page in pages for one in page.activities if one.ref == ref or one.lead == "lead_1"]
    known = [one for one in told if sink.disposition(one.word) not in (None, Disposition.UNKNOWN, Disposition.NEW)]
    human = any(sink.is_human(one) for one in told)
    return [] if known and human else [f"of a lead that was taken up there the news are {told!r:.400}"]


def _occasion(sink: Sink, clock: HandClock) -> dict[str, Any] | None:
    """Return the outcome that a conversion sink is told: the first one it asks for."""
    if not isinstance(sink, ConversionSink):
        return None
    return {"disposition": next(iter(sink.config.events)), "at": clock.now(), "value": 900.0, "currency": "EUR"}


def _is_chat(sink: Sink) -> bool:
    return hasattr(sink, "compose")  # told twice, a chat shows it twice


async def _pushed(
    source: WebhookSource, trial: Trial, sandbox: Sandbox, clock: HandClock, http: httpx.AsyncClient
) -> list[str]:
    if source.name not in senders.names():
        return [f"nobody plays its vendor: hub/testing/sandbox/senders/{source.name}.py is missing"]
    kept = senders.kept(source.name, FIELDS, key="kit-1", at=clock.now(), **given(source, trial))
    if kept is not None:
        sandbox.seed(kept[0], kept[1])
    whole = await pushed(source, trial, "kit-1", clock.now(), http)
    return _found(whole, trial, keyed=not source.public)


async def _listed(cls: type[Connector], cases: CaseFile) -> list[str]:
    """Return what is wrong with the list of a source that is pushed to as well, read in a sandbox of its own."""
    trial, clock = cases.sandbox or Trial(), HandClock(cases.now)
    vendor = trial.vendor or cls.name
    settings = {vendor: {**trial.settings, "limits": False}}
    async with Sandbox(clock=clock, settings=settings) as sandbox, httpx.AsyncClient() as http:
        config = {**cases.config, **_filled(trial.config, f"{sandbox.url}/{vendor}")}
        source = cls("kit", cls.Config.model_validate(config), clock)
        assert isinstance(source, WebhookSource)
        assert isinstance(source, PollSource)
        return await read_all(source, trial, sandbox, clock, http)


async def _polled(source: PollSource, trial: Trial, http: httpx.AsyncClient) -> list[str]:
    pages = [page async for page in source.fetch(None, http)]
    return _found([one for page in pages for one in page.leads], trial)


def _found(leads: list[RawLead], trial: Trial, *, keyed: bool = True) -> list[str]:
    """Return what is wrong with leads that came: the sample one must be among them, with an id of the vendor's."""
    wanted = trial.email or EMAIL
    mine = [one for one in leads if wanted in str(one.data)]
    if not mine:
        return [f"of {len(leads)} leads none is of {wanted}"]
    return [] if not keyed or all(one.key for one in mine) else ["the lead has no id of the vendor's"]


def _service_account(token_url: str) -> str:
    """Return a JSON key as Google hands it out, with a private key nobody uses for anything else."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    said = {"type": "service_account", "client_email": "kit@example.iam.gserviceaccount.com", "private_key": pem}
    return json.dumps({**said, "private_key_id": "kit", "token_uri": token_url})


def _filled(settings: Mapping[str, Any], url: str) -> dict[str, Any]:
    return {name: _at(value, url) for name, value in settings.items()}


def _at(value: Any, url: str) -> Any:
    if value == "{service_account}":
        return _service_account(f"{url}/token")
    if isinstance(value, str):
        return value.replace("{url}", url)
    if isinstance(value, Mapping):
        return {name: _at(inner, url) for name, inner in value.items()}
    return [_at(inner, url) for inner in value] if isinstance(value, list) else value
