"""Checks of sources that are polled, and of those that read files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import httpx

from hub.errors import BadInput, LeadhubError, Misconfigured, Retry
from hub.lead import Page, RawLead
from hub.source import FileSource, PollSource, Source
from hub.testing.cases import FetchCase
from hub.testing.compare import short
from hub.testing.contract.cases_run import now
from hub.testing.contract.samples import ODD_BODIES, ODD_FILES, TYPICAL
from hub.testing.contract.subject import Failed, Subject, empty_folder
from hub.testing.wire import Answering, Recording, client

T = TypeVar("T")

MOST_REQUESTS = 50


def check_a_broken_poll_goes_on_without_gap_or_repeat(subject: Subject) -> None:
    """Wherever a poll breaks off, the next one hands over what is left: nothing twice, nothing never."""
    for case in subject.cases.fetch:
        if not isinstance(case.expect, list) or not case.http:
            continue
        whole = Recording(case.http)
        all_keys = _keys(polled(subject, case.cursor, whole)[0])
        for broken_at in range(whole.asked):
            first, error = polled(subject, case.cursor, Recording(case.http, breaks_at=broken_at))
            if not isinstance(error, Retry):
                raise Failed(f"A line that breaks at request {broken_at + 1} gives {short(error)}. It must be Retry.")
            cursor = first[-1].cursor if first else case.cursor
            rest, error = polled(subject, cursor, Recording(case.http))
            got = _keys(first) + _keys(rest)
            if error is not None or sorted(got) != sorted(all_keys):
                raise Failed(_gap(case, broken_at, all_keys, got, error))


def _gap(case: FetchCase, broken_at: int, wanted: list[str], got: list[str], error: Exception | None) -> str:
    missing, twice = sorted(set(wanted) - set(got)), sorted({key for key in got if got.count(key) > wanted.count(key)})
    said = f"The poll that should {case.should} broke off at request {broken_at + 1}; the next one "
    return said + f"misses {missing}, repeats {twice}{f', and raised {error!r:.200}' if error else ''}."


def _keys(pages: list[Page]) -> list[str]:
    return [str(raw.key) for page in pages for raw in page.leads]


def polled(subject: Subject, cursor: str | None, wire: Answering) -> tuple[list[Page], Exception | None]:
    """Return the pages that came and the error that ended the poll, if one did."""
    return drained(wire, lambda http: subject.make().fetch(cursor, http))


def drained(
    wire: Answering, pages: Callable[[httpx.AsyncClient], AsyncIterator[T]]
) -> tuple[list[T], Exception | None]:
    """Return what came before the end, and the error that was the end, if one was."""
    came: list[T] = []

    async def work() -> None:
        async with client(Patient(wire)) as http:
            async for page in pages(http):
                came.append(page)  # noqa: PERF401 (what came before a failure counts)

    try:
        now(work())
    except Exception as error:
        return came, error
    return came, None


def check_a_poll_survives_odd_answers(subject: Subject) -> None:
    """Any answer gives pages, or raises Retry, Misconfigured or BadInput; and the poll comes to an end."""
    for status in TYPICAL:
        for body in ODD_BODIES:
            wire = Same(status, body)
            pages, error = polled(subject, None, wire)
            what = f"A poll answered {status} {body[:60]!r}"
            if wire.asked >= MOST_REQUESTS:
                raise Failed(f"{what} asks more than {MOST_REQUESTS} times. Stop when a page brings nothing new.")
            if error is not None and not isinstance(error, (Retry, Misconfigured, BadInput)):
                raise Failed(f"{what} raised {type(error).__name__}: {short(str(error))}. Raise Retry or BadInput.")
            if not all(isinstance(page, Page) for page in pages):
                raise Failed(f"{what} yields {short(pages)}. Yield Page(leads, cursor).")


class Same:
    """Gives the same answer again and again."""

    def __init__(self, status: int, body: bytes) -> None:
        self._status, self._body = status, body
        self.asked = 0

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.asked += 1
        return httpx.Response(self._status, content=self._body)


class Patient:
    """Ends the line when it was asked too often, so that a poll that never stops does."""

    def __init__(self, wire: Answering) -> None:
        self._wire = wire
        self._asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the wire does, so often and no more."""
        self._asked += 1
        if self._asked > MOST_REQUESTS:
            raise httpx.ConnectError("enough", request=request)
        return self._wire(request)


def check_odd_files_are_refused_in_words(subject: Subject) -> None:
    """A file that cannot be read raises BadInput with what to do, and nothing else; odd rows are rows."""
    with empty_folder() as folder:
        for name, content in ODD_FILES:
            path = folder / name
            path.write_bytes(content)
            try:
                leads = list(subject.make().read(path))
            except BadInput as error:
                if not error.reason.strip().endswith("."):
                    raise Failed(f"{name} is refused with {short(error.reason)}, which is no sentence.") from error
                continue
            except Exception as error:
                raise Failed(f"{name} raised {type(error).__name__}: {short(str(error))}. Raise BadInput.") from error
            if not all(isinstance(raw, RawLead) for raw in leads):
                raise Failed(f"{name} yields {short(leads)}. Yield RawLead(key, data).")


def check_the_same_file_gives_the_same_keys(subject: Subject) -> None:
    """A file that is read again, or was read halfway, gives the same leads in the same order."""
    with empty_folder() as folder:
        for case in subject.cases.read:
            path = case.file.write(folder)
            first, later = (_keys_in(subject, path) for _ in (1, 2))
            if first != later:
                raise Failed(f"{case.file.name} gives {short(first)} and then {short(later)}.")


def _keys_in(subject: Subject, path: Any) -> list[str | None]:
    try:
        return [raw.key for raw in subject.make().read(path)]
    except LeadhubError:
        return []


def source_checks(cls: type[Source]) -> tuple[Callable[[Subject], None], ...]:
    """Return the checks for a source that is polled or reads files."""
    polled = (check_a_broken_poll_goes_on_without_gap_or_repeat, check_a_poll_survives_odd_answers)
    filed = (check_odd_files_are_refused_in_words, check_the_same_file_gives_the_same_keys)
    return (*(polled if issubclass(cls, PollSource) else ()), *(filed if issubclass(cls, FileSource) else ()))
