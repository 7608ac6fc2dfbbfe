"""The one intake address: verify over the raw bytes, keep them, answer, and only then understand them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.delivery.gate import Bucket
from hub.errors import BadInput, LeadhubError, Unverified
from hub.failpoints import hit
from hub.http import Reply
from hub.ids import Ids
from hub.inbound import Inbound
from hub.intake.crowd import Crowd
from hub.intake.guard import Guard
from hub.intake.replies import Refusal, accepted, refused
from hub.intake.volumes import Volumes
from hub.lead import Problem
from hub.pipeline.engine import Pipeline
from hub.pipeline.reading import LEASE, TRIAL, Answer, Item, digest
from hub.plan import Plan
from hub.source import Receipt, Status, WebhookSource
from hub.store import submissions as store
from hub.store.database import Database
from hub.store.tables import SubmissionRow
from hub.store.together import Together

log = logging.getLogger("leadhub")

STORE_SECONDS = 1.0  # the strictest sender waits 1.25 s; who may wait longer for the answer may wait for this too
WAITING = 5_000  # submissions that may wait in this process before senders are told to come back
MAX_KEY = 255
KEPT_HEADERS = 64

_PROOFS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_STATUS: dict[str, Status] = {"duplicate": "duplicate", "quarantined": "quarantined", "rejected": "rejected"}


class Door:
    """Receives what sources push."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        pipeline: Pipeline,
        *,
        clock: Clock,
        ids: Ids,
        guard: Guard | None = None,
        volumes: Volumes | None = None,
    ) -> None:
        self._guard, self._metrics = guard, pipeline.observer.metrics
        self._volumes = volumes or Volumes(db, clock)
        self.db, self.plan, self.pipeline, self.clock, self.ids = db, plan, pipeline, clock, ids
        self._add: Together[dict[str, Any]] = Together(db, store.add)
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._rates: dict[str, Bucket] = {}
        self.crowd = Crowd()
        self.counts: dict[tuple[str, int], int] = {}
        self.shut: str | None = None  # why nothing is taken here
        self.unproven: dict[tuple[str, datetime], int] = {}  # senders without proof, by source and minute

    async def receive(self, name: str, inbound: Inbound) -> Reply:
        """Return the answer to a request to `/in/{name}`; whatever is answered with 2xx is kept."""
        started = time.perf_counter()
        source = self.plan().sources.get(name)
        try:
            reply = await self._receive(name, inbound)
        except Refusal as refusal:
            reply = refused(refusal, source)
        except Unverified as error:
            self.count_unproven(name)
            reply = refused(Refusal(401, f"The sender did not prove who it is: {error.reason}"), source)
        except BadInput as error:
            reply = refused(Refusal(error.status, error.reason), source)
        self._metrics.answered(name if source else "", time.perf_counter() - started)
        return self._counted(name, source, reply)

    async def try_out(self, name: str, inbound: Inbound) -> Answer:
        """Take a request that a person of ours sends as a test, as if its sender had; raises what refuses it."""
        plan = self.plan()
        source = plan.sources.get(name)
        if not isinstance(source, WebhookSource):
            raise BadInput(f"The source {name[:64]!r} takes no pushes.", status=404)
        try:
            _checked(source, inbound)
            self._check_load(name, None)
            return await self._keep(name, inbound, plan, trial=True)
        except Refusal as refusal:
            raise BadInput(refusal.reason, status=refusal.status) from refusal

    def turn_away(self, name: str) -> Reply:
        """Return the answer to a client that has too many requests inside."""
        source = self.plan().sources.get(name)
        said = "Too many requests of this address are being answered. Send it again in a moment."
        return self._counted(name, source, refused(Refusal(429, said, retry_after=1), source))

    def count_unproven(self, name: str) -> None:
        """Count a sender who did not prove who it is."""
        place = name, self.clock.now().replace(second=0, microsecond=0)
        self.unproven[place] = self.unproven.get(place, 0) + 1

    def _counted(self, name: str, source: Any, reply: Reply) -> Reply:
        place = name if source else "", reply.status
        self.counts[place] = self.counts.get(place, 0) + 1
        return reply

    async def _receive(self, name: str, inbound: Inbound) -> Reply:
        if self.shut:
            raise Refusal(503, self.shut, retry_after=5)
        plan = self.plan()
        source = plan.sources.get(name)
        settings = plan.settings.sources.get(name)
        if source is None or settings is None or not settings.enabled or not isinstance(source, WebhookSource):
            raise Refusal(404, f"There is no source {name[:64]!r} here that takes pushes.")
        shaken = _checked(source, inbound)
        if shaken is not None:
            return shaken
        self._check_load(name, settings.rate)
        if not inbound.body.strip():
            raise Refusal(400, "The body is empty.")
        answer = await self._keep(name, inbound, plan)
        receipt = Receipt(answer.submission, answer.lead, answer.status, answer.problems)
        return _answered(source, inbound, receipt) or accepted(receipt)

    def _check_load(self, name: str, rate: float | None) -> None:
        if self._guard and self._guard.refusing:
            raise Refusal(503, "Nothing is taken now. Send it again later.", retry_after=60)
        if self.pipeline.waiting > WAITING:
            raise Refusal(503, "Too much is waiting to be processed. Send it again later.", retry_after=5)
        bucket = self._rates.get(name)
        if bucket is None or bucket.rate != (rate or 0.0):
            bucket = self._rates[name] = Bucket(rate)
        if bucket.wait(self.clock.monotonic()) > 1.0:
            bucket.give_back()
            raise Refusal(429, f"The source {name} may send {rate:g} a second.", retry_after=1)

    async def _keep(self, name: str, inbound: Inbound, plan: Plan, *, trial: bool = False) -> Answer:
        """Store the bytes, hand the submission to the pipeline, and wait a moment for what becomes of it."""
        now = inbound.received_at or self.clock.now()
        key = _idempotency_key(inbound)
        body_digest = digest(inbound.body)
        row = store.row(
            id=self.ids("sub"), source=name, received_at=now, body=inbound.body, digest=body_digest,
            headers=_kept(inbound, plan.secrets), url=_without_secrets(inbound.url, plan.secrets)[:2000],
            client=inbound.client or None, idempotency_key=key,
            due_at=now + LEASE, kind=TRIAL if trial else "http", test=trial,
        )  # fmt: skip
        within = plan.settings.hub.answer_within
        tracer = self.pipeline.observer.tracer
        walk = tracer.receive(row["id"], name, inbound.headers) if tracer else None
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        item = Item(row["id"], name, now, inbound, digest=body_digest, trial=trial, future=future)
        first = await self._store(row, max(STORE_SECONDS, within), item)
        hit("intake.committed")
        if first is not None:
            return await self._again(first, body_digest, within)
        if walk:
            walk.stored()
        self._offer(item, future)
        answer = await self._wait(item.id, future, within)
        if walk:
            walk.answered(answer.status)
        return answer

    def _offer(self, item: Item, future: asyncio.Future[Answer]) -> None:
        """Let a submission be run that is kept."""
        if not item.trial:
            self._volumes.note(item.source)
        self._waiting[item.id] = future
        future.add_done_callback(lambda _: self._waiting.pop(item.id, None))
        self.pipeline.offer(item)

    def _kept_late(self, item: Item, keeping: asyncio.Future[Any]) -> None:
        """Run what was kept after its sender was told to come back; a repeat is recognised."""
        if keeping.cancelled() or keeping.exception() is not None or keeping.result() is not None:
            return
        if item.future is not None:
            self._offer(item, item.future)

    async def _store(self, row: dict[str, Any], within: float, item: Item) -> SubmissionRow | None:
        """Keep the row; returns the submission that had its Idempotency-Key first, if there was one."""
        keeping: asyncio.Future[Any] = asyncio.ensure_future(
            self.db.write(store.add_once, row) if row["idempotency_key"] else self._add([row])
        )
        done, _ = await asyncio.wait((keeping,), timeout=within)
        if not done:
            keeping.add_done_callback(partial(self._kept_late, item))
            raise Refusal(503, "It could not be kept in time. Send it again.", retry_after=5)
        try:
            first: SubmissionRow | None = keeping.result()
        except (SQLAlchemyError, LeadhubError, OSError) as error:
            raise Refusal(503, "It could not be kept. Send it again.", retry_after=5) from error
        return first

    async def _again(self, first: SubmissionRow, body_digest: str, within: float) -> Answer:
        """Answer a repeated Idempotency-Key as the first time (draft-ietf-httpapi-idempotency-key-header)."""
        if first.digest != body_digest:
            raise Refusal(422, "This Idempotency-Key was used with another body. Use a new key for a new submission.")
        waiting = self._waiting.get(first.id)
        if waiting is not None:
            return await self._wait(first.id, waiting, within)
        problems = tuple(Problem(**p) for p in first.problems or ())
        return Answer(first.duplicate_of or first.id, first.lead, _STATUS.get(first.state, "accepted"), problems)

    async def _wait(self, submission: str, future: asyncio.Future[Answer], within: float) -> Answer:
        """Return what became of a submission, or that it is accepted: its bytes are kept, the sweep runs it again."""
        await asyncio.wait((future,), timeout=within)
        if not future.done() or future.cancelled() or future.exception() is not None:
            return Answer(submission, None, "accepted")
        return future.result()


def _checked(source: WebhookSource, inbound: Inbound) -> Reply | None:
    """Let the connector shake hands, or verify the sender; what it trips over is no proof and never a 500."""
    try:
        shaken = source.handshake(inbound)
        if shaken is not None:
            return shaken
        if inbound.method != "POST":
            raise Refusal(405, f"The source {source.instance} takes POST only.")
        source.verify(inbound)
    except (LeadhubError, Refusal):
        raise
    except Exception as error:
        log.error("event=connector.failed connector=%s in=verify error=%s", type(source).name, type(error).__name__)
        raise Unverified(f"the connector could not check it ({type(error).__name__}).") from error
    return None


def _answered(source: WebhookSource, inbound: Inbound, receipt: Receipt) -> Reply | None:
    """Return the connector's own answer; when it breaks, the hub's does, because the bytes are kept."""
    try:
        return source.answer(inbound, receipt)
    except Exception as error:
        log.error("event=connector.failed connector=%s in=answer error=%s", type(source).name, type(error).__name__)
        return None


def _idempotency_key(inbound: Inbound) -> str | None:
    key = inbound.header("idempotency-key")
    if key is None:
        return None
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise Refusal(400, f"The Idempotency-Key must be 1 to {MAX_KEY} printable characters.")
    return key


def _kept(inbound: Inbound, secrets: tuple[str, ...]) -> dict[str, str]:
    """Return the headers worth keeping; what proves the sender has done its work and is not stored."""
    pairs = [
        (name, _without_secrets(value, secrets)[:1000])
        for name, value in inbound.headers.items()
        if name not in _PROOFS
    ]
    return dict(pairs[:KEPT_HEADERS])


def _without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, "***")
    return text
