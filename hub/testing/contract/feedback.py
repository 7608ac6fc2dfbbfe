"""Checks of sinks that say what became of their leads: by news they are asked for, by letters they send."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hub.errors import BadInput, Misconfigured, Retry
from hub.inbound import Inbound
from hub.news import Activity, Feedback, News
from hub.outcome import Disposition
from hub.testing.compare import short
from hub.testing.contract.polls import MOST_REQUESTS, Same, drained
from hub.testing.contract.samples import ODD_BODIES, ODD_POSTS, TYPICAL
from hub.testing.contract.subject import Failed, Subject
from hub.testing.contract.webhooks import proof_checks
from hub.testing.wire import Answering, Recording


def check_takes_the_settings_of_feedback(subject: Subject) -> None:
    """Its Config has the settings every sink with feedback has: what words mean, and who is no person."""
    missing = [name for name in Feedback.Settings.model_fields if name not in subject.cls.Config.model_fields]
    if missing:
        raise Failed(f"Config has no {', '.join(missing)}. Derive it from Feedback.Settings too.")


def check_words_have_meanings(subject: Subject) -> None:
    """The vendor's words stand in lower case and mean dispositions; a word nobody knows is unknown."""
    sink = subject.make()
    for word, meaning in sink.words.items():
        if word != word.strip().lower() or not isinstance(meaning, Disposition):
            raise Failed(f"words has {word!r}: {meaning!r}. Write words in lower case, with a Disposition each.")
    if sink.disposition("leadhub kit: no such word") is not Disposition.UNKNOWN:
        raise Failed("A word nobody knows is not unknown. Leave `disposition` to the base class.")


def check_broken_news_go_on_without_gap(subject: Subject) -> None:
    """Wherever asking breaks off, the next time hands over what is left; what comes twice has the same key."""
    for case in subject.cases.news:
        if not isinstance(case.expect, list) or not case.http:
            continue
        whole = Recording(case.http)
        wanted = _keys(asked(subject, case.cursor, whole)[0])
        for broken_at in range(whole.asked):
            first, error = asked(subject, case.cursor, Recording(case.http, breaks_at=broken_at))
            if not isinstance(error, Retry):
                raise Failed(f"A line that breaks at request {broken_at + 1} gives {short(error)}. It must be Retry.")
            cursor = next((page.cursor for page in reversed(first) if page.cursor is not None), case.cursor)
            rest, _ = asked(subject, cursor, Recording(case.http))
            missing = wanted - _keys(first) - _keys(rest)
            if missing:
                raise Failed(f"News that broke off at request {broken_at + 1} never come: {sorted(missing)}.")


def check_news_survive_odd_answers(subject: Subject) -> None:
    """Any answer gives activities, or raises Retry, Misconfigured or BadInput; and asking comes to an end."""
    for status in TYPICAL:
        for body in ODD_BODIES:
            wire = Same(status, body)
            pages, error = asked(subject, None, wire)
            what = f"Asking for news, answered {status} {body[:60]!r},"
            if wire.asked >= MOST_REQUESTS:
                raise Failed(f"{what} asks more than {MOST_REQUESTS} times. Stop when a page brings nothing new.")
            if error is not None and not isinstance(error, (Retry, Misconfigured, BadInput)):
                raise Failed(f"{what} raised {type(error).__name__}: {short(str(error))}. Raise Retry or BadInput.")
            _activities(one for page in pages for one in page.activities)


def check_hears_odd_letters(subject: Subject) -> None:
    """Odd bodies give activities or BadInput, and nothing else."""
    sink = subject.make()
    for kind, body in ODD_POSTS:
        letter = Inbound("POST", "https://hub.test/feedback/kit", {"content-type": kind}, {}, body, subject.cases.now)
        try:
            _activities(list(sink.heard(letter)))
        except BadInput:
            continue
        except Failed:
            raise
        except Exception as error:
            raise Failed(
                f"{body[:60]!r} raised {type(error).__name__}: {short(str(error))}. Raise BadInput."
            ) from error


def asked(subject: Subject, cursor: str | None, wire: Answering) -> tuple[list[News], Exception | None]:
    """Return the pages that came and the error that ended the asking, if one did."""
    return drained(wire, lambda http: subject.make().news(cursor, http))


def _keys(pages: Iterable[News]) -> set[str]:
    return {one.key for page in pages for one in page.activities}


def _activities(said: Iterable[Any]) -> None:
    for one in said:
        if not isinstance(one, Activity) or not isinstance(one.key, str) or not one.key:
            raise Failed(f"It says {short(one)}. Say Activity(key, at, kind), the key being text of the vendor's own.")
        if one.at.tzinfo is None:
            raise Failed(f"The activity {one.key} has a time without a zone.")
        if not (one.ref or one.lead or one.people):
            raise Failed(
                f"The activity {one.key} names no record. Give `ref`, as `Sent.ref` had it, `lead` or `people`."
            )


def feedback_checks(cls: type[Feedback]) -> tuple[Callable[[Subject], None], ...]:
    """Return the checks of a sink with feedback."""
    asks = (check_broken_news_go_on_without_gap, check_news_survive_odd_answers)
    hears = (check_hears_odd_letters, *proof_checks(signed=getattr(cls, "signed", True)))
    return (
        check_takes_the_settings_of_feedback, check_words_have_meanings,
        *(asks if cls.news is not Feedback.news else ()), *(hears if cls.heard is not Feedback.heard else ()),
    )  # fmt: skip
