"""A drop-in whose source and step break in every way there is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import Field

from hub import Inbound, Options, RawLead, Receipt, Reply, WebhookSource, Work, hookimpl, step


def forever(number: int = 0) -> Any:
    return forever(number + 1)


def raising(error: BaseException) -> Any:
    raise error


BREAKS: Mapping[str, Callable[[Inbound], Any]] = {
    "recursion": lambda inbound: forever(),
    "memory": lambda inbound: raising(MemoryError()),
    "key": lambda inbound: {}["a\x00b\ud800"],
    "text": lambda inbound: raising(ValueError("bad \x00\ud800\r\n" + inbound.body.decode("latin-1") * 100)),
    "unicode": lambda inbound: inbound.body.decode("ascii"),
    "stop": lambda inbound: raising(StopIteration()),
    "assert": lambda inbound: raising(AssertionError()),
    "endless": lambda inbound: (RawLead(str(n), {"email": f"{n}@endless.example"}) for n in itertools.count()),
    "none": lambda inbound: None,
    "strings": lambda inbound: ["lead"],
    "halfway": lambda inbound: (raising(KeyError(n)) if n else RawLead("1", {}) for n in range(2)),
    "number key": lambda inbound: [RawLead(42, inbound.json())],  # type: ignore[arg-type]
    "long key": lambda inbound: [RawLead("k" * 100_000, inbound.json())],
    "nul key": lambda inbound: [RawLead("k\x00", inbound.json())],
    "surrogate key": lambda inbound: [RawLead("k\ud800", inbound.json())],
    "nul spam": lambda inbound: [RawLead("s", inbound.json(), spam="a\x00b")],
    "surrogate data": lambda inbound: [RawLead("d", {**inbound.json(), "company": "\ud800", "\ud800": "\ud800"})],
    "odd data": lambda inbound: [RawLead("o", {**inbound.json(), "x": 10**400, "y": object(), "z": {1}, "b": b"\xff"})],
    "tags": lambda inbound: [RawLead("t", inbound.json(), tags={"a": "\x00"})],
}


class Breaking(WebhookSource):
    """A source that breaks as it is told."""

    name = "breaking"
    title = "Breaking"

    class Config(WebhookSource.Config):
        parse: str = Field("", description="How parsing breaks.")
        where: str = Field("", description="What else breaks.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        if self.config.where == "verify":
            raise TypeError("bytes and str")

    def handshake(self, inbound: Inbound) -> Reply | None:
        return {}["challenge"] if self.config.where == "handshake" else None

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        broken: Iterable[RawLead] = BREAKS.get(self.config.parse, lambda i: [RawLead(None, i.json())])(inbound)
        return broken

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        return {}["page"] if self.config.where == "answer" else None


class TaintOptions(Options):
    """None."""


OWNERS: Mapping[Any, Any] = {"nul": "a\x00", "surrogate": "\ud800"}


@step("taint")
async def taint(work: Work, ctx: Any, options: TaintOptions) -> Work:
    """Make a lead that no database can take."""
    owner = OWNERS.get(work.raw.data.get("taint"))
    return work.change(lead=work.lead.with_fields(owner=owner)) if owner else work


@hookimpl
def hub_register() -> Iterable[Any]:
    yield Breaking
    yield taint
