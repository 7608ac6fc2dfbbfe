"""The contract kit: everything that must hold for a connector or drop-in, as a list that tests and `check` run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hub.connector import Connector
from hub.news import Feedback
from hub.sink import Sink
from hub.source import Source, WebhookSource
from hub.step import Socket, Step
from hub.testing.contract import about, canary, shape
from hub.testing.contract.buyers import buyer_checks
from hub.testing.contract.cases_run import run_case
from hub.testing.contract.feedback import feedback_checks
from hub.testing.contract.polls import source_checks
from hub.testing.contract.sinks import sink_checks
from hub.testing.contract.sockets import checks_of_thing
from hub.testing.contract.subject import Check, Failed, Plug, Subject, load_plug, subject_of
from hub.testing.contract.webhooks import webhook_checks

ADVICE = frozenset(("has_cases", "has_a_mapping_that_holds", "is_small", "has_title_and_docs"))
"""What a drop-in may do without; all that is shipped has it."""


class Verdict(NamedTuple):
    """What one check said: `reason` is empty when it holds; `advice` marks what a drop-in may do without."""

    check: str
    ok: bool
    reason: str
    advice: bool = False


def run_kit(what: Path | type[Connector]) -> list[Verdict]:
    """Run the kit over a file, or over the file of a connector class, and return every check's verdict."""
    path = what if isinstance(what, Path) else Path(inspect.getfile(what))
    return [verdict_of(check) for check in checks_of(load_plug(path))]


def verdict_of(check: Check) -> Verdict:
    """Run one check; what it trips over itself counts as not held."""
    name = f"{check.of}: {check.words}"
    try:
        check.run()
    except Failed as error:
        return Verdict(name, False, str(error), check.advice)
    except Exception as error:
        return Verdict(name, False, f"The check broke: {type(error).__name__}: {error}", check.advice)
    return Verdict(name, True, "", check.advice)


def checks_of(plug: Plug) -> list[Check]:
    """Return what must hold for a file and everything it registers."""
    found = [_check(plug, plug.name, plug, one) for one in _FILE]
    if plug.broken:
        return found
    found += [_check(plug, plug.name, plug, one) for one in _LOADED]
    if hasattr(plug.module, "hub_event"):
        found.append(_check(plug, plug.name, plug, shape.check_watches_every_event))
    for thing in plug.things:
        if isinstance(thing, type) and issubclass(thing, Connector):
            found += _of_connector(plug, subject_of(plug, thing))
        elif isinstance(thing, (Step, Socket)):
            found += checks_of_thing(plug, thing)
    return found


_FILE = (
    shape.check_loads, shape.check_imports_without_doing_anything, shape.check_says_in_one_line_what_it_is_for,
    shape.check_imports_only_what_it_may, shape.check_is_small,
)  # fmt: skip
_LOADED = (shape.check_hooks_are_known, shape.check_registers_what_the_hub_knows)
_CONNECTOR = (
    about.check_is_named_like_its_file, about.check_has_title_and_docs, about.check_facts_are_lists_of_sentences,
    about.check_translations_are_of_what_it_says,
    about.check_settings_are_described, about.check_settings_have_the_usual_names,
    about.check_refuses_unknown_settings, about.check_keeps_secrets_apart,
    about.check_is_built_without_doing_anything, about.check_has_cases, canary.check_shows_no_secret,
)  # fmt: skip


def _check(plug: Plug, of: str, target: Plug | Subject, check: Callable[..., None]) -> Check:
    name = check.__name__.removeprefix("check_")
    return Check(of, name, partial(check, target), advice=name in ADVICE and not plug.shipped)


def _of_connector(plug: Plug, subject: Subject) -> Iterator[Check]:
    for check in _for_class(subject.cls):
        yield _check(plug, subject.name, subject, check)
    for kind, case in subject.cases.all():
        yield Check(subject.name, f"{kind} should {case.should}", partial(run_case, subject, kind, case))


def _for_class(cls: type[Connector]) -> Iterable[Callable[[Subject], None]]:
    yield from _CONNECTOR
    if issubclass(cls, Source):
        yield about.check_has_a_mapping_that_holds
        yield from source_checks(cls)
    if issubclass(cls, WebhookSource):
        yield from webhook_checks(cls)
    if issubclass(cls, Sink):
        yield from sink_checks(cls)
        yield from buyer_checks(cls)
    if issubclass(cls, Feedback):
        yield from feedback_checks(cls)
