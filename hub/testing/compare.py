"""Compares what a connector did with what a case expects, and says each difference in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from hub.errors import Misconfigured, Retry, Unclear
from hub.fields import to_json
from hub.http import Reply, Request
from hub.lead import Page, RawLead, Rejected, Sent
from hub.news import Activity, Feedback
from hub.sink import Outcome
from hub.testing.parts import Wanted

_WORDS: Mapping[type, str] = {
    Sent: "sent", Rejected: "rejected", Retry: "retry", Misconfigured: "misconfigured", Unclear: "unclear",
}  # fmt: skip


def short(value: Any, length: int = 300) -> str:
    """Return a value as one short line."""
    return repr(value)[:length]


def plain(value: Any) -> Any:
    """Return a value as JSON would bring it to the other side."""
    return json.loads(to_json(value))


def different(what: str, got: Any, wanted: Any) -> list[str]:
    """Return the sentence that names a difference, or nothing."""
    return [] if _same(got, wanted) else [f"{what} is {short(got)}, expected {short(wanted)}"]


def _same(got: Any, wanted: Any) -> bool:
    """Return whether two values are equal, with true and 1 apart at any depth."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(_same(value, wanted[key]) for key, value in got.items())
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(_same(*pair) for pair in zip(got, wanted, strict=True))
    return bool(got == wanted) and isinstance(got, bool) is isinstance(wanted, bool)


def different_request(wanted: Wanted, got: Request, *, arrived: bool = False) -> list[str]:
    """Return how a request differs from the one wanted; `arrived`: it went over the wire, which may escape anew."""
    said: list[str] = []
    named = wanted.model_fields_set
    own, own_params = _parted(got.url, got.params)
    if "method" in named:
        said += different("the method", got.method, wanted.method)
    if "url" in named:
        there, params = _parted(wanted.url, wanted.params)
        said += different("the url", unquote(own) if arrived else own, unquote(there) if arrived else there)
        said += different("the query", own_params, params) if params else []
    elif "params" in named:
        said += different("the query", own_params, dict(wanted.params))
    headers = {name.lower(): value for name, value in got.headers.items()}
    for name, value in wanted.headers.items():
        said += different(f"the header {name}", headers.get(name.lower()), value)
    return said + _different_body(wanted, got)


def _different_body(wanted: Wanted, got: Request) -> list[str]:
    said: list[str] = []
    named = wanted.model_fields_set
    if "value" in named:
        said += different("the JSON", _json(got), wanted.value)
    if "form" in named:
        said += different("the form", dict(got.form or {}), wanted.form)
    if "content" in named:
        said += different("the body", (got.content or b"").decode("utf-8", "replace"), wanted.content)
    return said


def _json(got: Request) -> Any:
    if got.json is not None or got.content is None:
        return plain(got.json)
    try:
        return json.loads(got.content)
    except ValueError:
        return got.content


def _parted(url: str, params: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    base, _, query = url.partition("?")
    return base, {**dict(parse_qsl(query, keep_blank_values=True)), **params}


def outcome_words(outcome: Any) -> str:
    """Return an outcome the way a cases file writes it."""
    word = _WORDS.get(type(outcome))
    if word is None:
        return short(outcome)
    return f"{word}: {short(_detail(outcome))}"


def _detail(outcome: Outcome) -> Any:
    if isinstance(outcome, Sent):
        return outcome.ref
    return outcome.after if isinstance(outcome, Retry) else outcome.reason


def different_outcome(expect: Mapping[str, Any], got: Outcome) -> list[str]:
    """Return how an outcome differs; reasons need only contain the text, refs and waits are exact."""
    if len(expect) != 1 or next(iter(expect)) not in _WORDS.values():
        return [f"expect must be one of {', '.join(_WORDS.values())}, not {short(dict(expect))}"]
    (word, wanted), held = next(iter(expect.items())), _detail(got) if type(got) in _WORDS else None
    same = held == wanted if word in ("sent", "retry") else str(wanted) in str(held)
    if _WORDS.get(type(got)) == word and same:
        return []
    reason = f" ({got.reason[:200]})" if isinstance(got, Retry) else ""
    return [f"the outcome is {outcome_words(got)}{reason}, expected {word}: {short(wanted)}"]


def different_outcomes(
    expect: Mapping[str, Any] | Sequence[Mapping[str, Any]], got: Outcome | Sequence[Outcome]
) -> list[str]:
    """Return how outcomes differ; one expectation stands for all leads, a list for each in order."""
    held: list[Any] = list(got) if isinstance(got, list) else [got]
    if isinstance(expect, Mapping):
        return [said for one in held for said in different_outcome(expect, one)]
    if len(held) != len(expect):
        return [f"{len(held)} outcomes ({', '.join(map(outcome_words, held))}), expected {len(expect)}"]
    pairs = enumerate(zip(expect, held, strict=True), 1)
    return [f"lead {at}: {said}" for at, (wanted, one) in pairs for said in different_outcome(wanted, one)]


_PAGE = ("keys", "leads", "cursor")
_REPLY = ("status", "text", "json", "headers")


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")) if value is not None else None
    except ValueError:
        return value


_RAW: Mapping[str, Callable[[RawLead], Any]] = {
    "key": lambda raw: raw.key,
    "data": lambda raw: plain(raw.data),
    "submitted_at": lambda raw: raw.submitted_at,
    "test": lambda raw: raw.test,
    "spam": lambda raw: raw.spam,
    "problems": lambda raw: [problem.code for problem in raw.problems],
    "tags": lambda raw: dict(raw.tags),
}


def different_raw(expect: Mapping[str, Any], got: RawLead) -> list[str]:
    """Return how a lead differs in what the case names; problems are compared by their codes."""
    said = []
    for name, wanted in expect.items():
        if name not in _RAW:
            said.append(f"expect has {name!r}; known are {', '.join(_RAW)}")
            continue
        said += different(name, _RAW[name](got), _moment(wanted) if name == "submitted_at" else wanted)
    return said


def different_raws(expect: Sequence[Mapping[str, Any]], got: Sequence[RawLead]) -> list[str]:
    """Return how leads differ, in order."""
    if len(expect) != len(got):
        return [f"{len(got)} leads, expected {len(expect)}"]
    pairs = enumerate(zip(expect, got, strict=True), 1)
    return [f"lead {at}: {said}" for at, (wanted, raw) in pairs for said in different_raw(wanted, raw)]


def different_page(expect: Mapping[str, Any], got: Page) -> list[str]:
    """Return how a page differs: `keys`, `leads` and `cursor`, as far as they are named."""
    said = [
        f"expect has {name!r}; known are keys, leads, cursor" for name in expect.keys() - {"keys", "leads", "cursor"}
    ]
    if "keys" in expect:
        said += different("the page's keys", [raw.key for raw in got.leads], expect["keys"])
    if "leads" in expect:
        said += different_raws(expect["leads"], got.leads)
    if "cursor" in expect:
        said += different("the cursor", got.cursor, expect["cursor"])
    return said


def different_activities(expect: Sequence[Mapping[str, Any]], got: Sequence[Activity], sink: Feedback) -> list[str]:
    """Return how activities differ in what is named; `disposition` and `human` are what the sink makes of them."""
    said = different("the number of activities", len(got), len(expect))
    known = {field.name for field in fields(Activity)} | {"disposition"}
    for at, (wanted, one) in enumerate(zip(expect, got, strict=False), 1):
        made = {"disposition": sink.disposition(one.word), "human": sink.is_human(one)}
        for name, value in wanted.items():
            if name not in known:
                said.append(f"expect has {name!r}; known are {', '.join(sorted(known))}")
                continue
            found = made[name] if name in made else getattr(one, name)
            found = list(found) if isinstance(found, tuple) else found
            said += different(f"activity {at}: {name}", found, _moment(value) if name == "at" else value)
    return said


def different_reply(expect: Mapping[str, Any] | None, got: Reply | None) -> list[str]:
    """Return how an answer to a sender differs; headers are a subset."""
    if expect is None or got is None:
        return different("the answer", got, expect)
    said = [f"expect has {name!r}; known are {', '.join(_REPLY)}" for name in expect if name not in _REPLY]
    if "status" in expect:
        said += different("the status", got.status, expect["status"])
    if "text" in expect:
        said += different("the text", got.body.decode("utf-8", "replace"), expect["text"])
    if "json" in expect:
        said += different("the JSON", json.loads(got.body or b"null"), expect["json"])
    headers = {name.lower(): value for name, value in got.headers.items()}
    for name, value in (expect.get("headers") or {}).items():
        said += different(f"the header {name}", headers.get(name.lower()), value)
    return said
