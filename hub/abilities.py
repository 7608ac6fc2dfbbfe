"""Says of a connector in single words what it can do, and how much of it was checked against the vendor's documents."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from hub.connector import Connector
from hub.families.buyer import BuyerSink
from hub.families.conversion import ConversionSink
from hub.families.message import Teller
from hub.news import Feedback
from hub.sink import Sink
from hub.source import FileSource, PollSource, WebhookSource


def kind_of(cls: type[Connector]) -> str:
    """Return `source`, `sink`, or both."""
    return "sink" if issubclass(cls, Sink) else "source"


def purpose(cls: type[Connector]) -> str:
    """Return what it is for: the first line of its module, behind its name."""
    module = inspect.getmodule(cls)
    said = (inspect.getdoc(module) or "").partition("\n")[0].partition(": ")[2] if module else ""
    return said[:1].upper() + said[1:]


def abilities(cls: type[Connector]) -> list[str]:
    """Return what it can do, in the order people ask for it."""
    return [*_of_source(cls), *(_of_sink(cls) if issubclass(cls, Sink) else ())]


def _of_source(cls: type[Connector]) -> Iterator[str]:
    for base, word in ((WebhookSource, "push"), (PollSource, "poll"), (FileSource, "files")):
        if issubclass(cls, base):
            yield word
    if issubclass(cls, PollSource) and _own(cls, "count", PollSource):
        yield "reconcile"


def _of_sink(cls: type[Sink]) -> Iterator[str]:
    if issubclass(cls, ConversionSink):
        yield "outcomes"
    elif issubclass(cls, Teller):
        yield "tell"
    if cls.batch > 1:
        yield f"batch {cls.batch}"
    if issubclass(cls, BuyerSink):
        yield "bid"
    if any("find" in base.__dict__ and base.__module__ != "hub.sink" for base in cls.__mro__):
        yield "find"
    if cls.updates:
        yield "update"
    if any("erase" in base.__dict__ and base.__module__ != "hub.sink" for base in cls.__mro__):
        yield "erase"
    if issubclass(cls, Feedback):
        asked, told = cls.news is not Feedback.news, cls.heard is not Feedback.heard
        yield "feedback by " + " and ".join([*(["poll"] if asked else []), *(["webhook"] if told else [])])


def _own(cls: Any, name: str, base: Any) -> bool:
    return getattr(cls, name) is not getattr(base, name)


def confirmed(cls: type[Connector]) -> str:
    """Return how many of its facts stand in the vendor's documents, such as `3 of 4`."""
    known = len(cls.confirmed)
    return f"{known} of {known + len(cls.unconfirmed)}"
