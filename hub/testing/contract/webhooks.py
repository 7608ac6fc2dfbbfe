"""Checks of webhook sources: who is believed, what odd bodies do, and that a repeat has the same key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hub.errors import BadInput, Unverified
from hub.http import Reply
from hub.inbound import Inbound
from hub.lead import RawLead
from hub.source import WebhookSource
from hub.testing.compare import plain, short
from hub.testing.contract.samples import ODD_POSTS
from hub.testing.contract.subject import Failed, Subject
from hub.testing.fakes import HandClock

MARK = "leadhub-kit-7f3k"

_TOKEN = re.compile(r"[^ ,;]+")
_SECONDS = re.compile(r"(?<![0-9])[0-9]{10}(?:[0-9]{3})?(?![0-9])")
_DAY = 86_400.0


def believed(subject: Subject, *, settings: Mapping[str, Any] | None = None) -> list[Inbound]:
    """Return the posts of the cases that are believed."""
    connector = subject.make(settings)
    posts = (
        case.given.inbound(subject.name, subject.cases.now) for case in subject.cases.verify if case.expect == "ok"
    )
    return [post for post in posts if _believes(connector, post)]


def _another(secret: str) -> str:
    """Return another secret of the same shape: the part after a prefix such as `whsec_` in other letters."""
    prefix, sign, own = secret.rpartition("_")
    return f"{prefix}{sign}{own.swapcase() if own.swapcase() != own else own[::-1] + '1234'}"


def _believes(connector: Any, post: Inbound) -> bool:
    try:
        connector.verify(post)
    except (Unverified, BadInput):
        return False
    except Exception as error:
        raise Failed(f"verify raised {type(error).__name__}: {short(str(error))}. Raise Unverified.") from error
    return True


def check_refuses_a_post_without_proof(subject: Subject) -> None:
    """A post without headers, query and body fields of its own is refused."""
    connector = subject.make()
    for post in believed(subject):
        bare = replace(post, headers={}, query={}, url=post.url.partition("?")[0])
        if _believes(connector, bare if _proofs(connector, post) else replace(bare, body=b"{}")):
            raise Failed("A post without any proof of its sender is believed. verify must raise Unverified.")


def check_refuses_a_wrong_proof(subject: Subject) -> None:
    """Each header or query value that proves the sender is refused when it is altered."""
    connector = subject.make()
    for post in believed(subject):
        for where, name in _proofs(connector, post):
            if not getattr(subject.cls, "signed", True) and _is_near(
                getattr(post, where)[name], subject.cases.now.timestamp()
            ):
                continue  # a time that nobody signed may be off by a little
            altered = _changed(post, where, name, _altered(getattr(post, where)[name]))
            if _believes(connector, altered):
                raise Failed(
                    f"A post whose {name} was altered is believed. Compare it in constant time, over all of it."
                )


def check_refuses_an_altered_body(subject: Subject) -> None:
    """A signature covers every byte of the body."""
    connector = subject.make()
    for post in believed(subject):
        if any(_believes(connector, replace(post, body=body)) for body in (post.body + b" ", post.body[:-1], b"{}")):
            raise Failed(
                "A post whose body was altered is believed. Sign inbound.body, the exact bytes; "
                "where a vendor sends a key and signs nothing, say `signed = False` in the class."
            )


def check_refuses_a_stale_proof(subject: Subject) -> None:
    """Where the proof holds a time, a post is refused a day later and a day before."""
    now = subject.cases.now
    for post in believed(subject):
        if not _holds_time(post, now.timestamp()):
            continue
        for away in (_DAY, -_DAY):
            late = replace(post, received_at=now + timedelta(seconds=away))
            if _believes(subject.make(clock=HandClock(now + timedelta(seconds=away))), late):
                raise Failed(
                    "A post that was signed a day ago is believed. Call check_timestamp with the clock's time."
                )


def check_accepts_each_rotated_secret(subject: Subject) -> None:
    """While a secret is changed, posts signed with the one before it are believed, and those of others are not."""
    fields, held = subject.cls.Config.model_fields, subject.settings
    if "secret" not in fields or not held.get("secret"):
        return
    if "previous_secret" not in fields:
        raise Failed("There is a `secret` and no `previous_secret`. Nobody could change it without losing leads.")
    other = held.get("previous_secret") or _another(held["secret"])
    posts = believed(subject, settings={**held, "previous_secret": None})
    if not posts and subject.cases.verify:
        raise Failed("No verify case is `ok` under `secret` alone. Add one.")
    swapped = subject.make({**held, "secret": other, "previous_secret": held["secret"]})
    if not all(_believes(swapped, post) for post in posts):
        raise Failed("A post signed with `previous_secret` is refused. Try secrets_of(self.config), both of them.")
    alone = subject.make({**held, "secret": other, "previous_secret": None})
    if any(_believes(alone, post) for post in posts):
        raise Failed("A post signed with a secret that is not set is believed.")


def check_verifies_odd_posts(subject: Subject) -> None:
    """Odd headers and bodies raise Unverified or BadInput, and nothing else."""
    connector = subject.make()
    for post in _odd_posts(subject):
        _believes(connector, post)


def check_parses_odd_posts(subject: Subject) -> None:
    """Odd bodies give leads or BadInput, and nothing else; handshakes and answers never stumble."""
    connector = subject.make()
    for post in _odd_posts(subject):
        try:
            leads = list(connector.parse(post))
            reply = connector.handshake(replace(post, method="GET"))
        except BadInput:
            continue
        except Exception as error:
            what = f"{post.content_type or 'a body'} {post.body[:60]!r}"
            raise Failed(f"{what} raised {type(error).__name__}: {short(str(error))}. Raise BadInput.") from error
        _leads(leads)
        if reply is not None and not isinstance(reply, Reply):
            raise Failed(f"handshake gave {short(reply)}. Return a Reply or None.")


def check_same_body_gives_the_same_keys(subject: Subject) -> None:
    """A vendor that sends the same thing again is recognised: the keys and the data are equal."""
    for post in _posts(subject):
        first, later = _read(subject, post), _read(subject, replace(post, received_at=None))
        if [raw.key for raw in first] != [raw.key for raw in later]:
            raise Failed("The same body gives different keys. Take the vendor's own id, never one made here.")
        if [plain(raw.data) for raw in first] != [plain(raw.data) for raw in later]:
            raise Failed("The same body gives different data.")


def check_keeps_fields_it_does_not_know(subject: Subject) -> None:
    """A field that the vendor adds tomorrow reaches the lead's data."""
    posts = [post for post in _posts(subject) if _read(subject, post)]
    tried = [post for known in posts for post in _with_mark(known)]
    if tried and not any(MARK in str(plain(raw.data)) for post in tried for raw in _read(subject, post)):
        raise Failed("A field that is not known gets lost wherever it stands. Hand over what came, not a selection.")


def _read(subject: Subject, post: Inbound) -> list[RawLead]:
    try:
        return _leads(list(subject.make().parse(post)))
    except BadInput:
        return []


def _leads(leads: list[Any]) -> list[RawLead]:
    for raw in leads:
        if not isinstance(raw, RawLead) or not isinstance(raw.data, Mapping):
            raise Failed(f"parse yields {short(raw)}. Yield RawLead(key, data).")
        if raw.key is not None and (not isinstance(raw.key, str) or not raw.key):
            raise Failed(f"parse yields the key {raw.key!r}. A key is text; None when the vendor has no id.")
    return leads


def _posts(subject: Subject) -> Iterator[Inbound]:
    for case in subject.cases.parse:
        if isinstance(case.expect, list):
            yield case.given.inbound(subject.name, subject.cases.now)


def _odd_posts(subject: Subject) -> Iterator[Inbound]:
    real = [*_posts(subject), *believed(subject)][:6]
    headers = {name: value for post in real for name, value in post.headers.items() if name != "content-type"}
    for kind, body in ODD_POSTS:
        typed = {"content-type": kind} if kind else {}
        yield Inbound("POST", "https://hub.test/in/kit", typed, {}, body, subject.cases.now)
        yield Inbound("POST", "https://hub.test/in/kit", headers | typed, {"a": "1"}, body, subject.cases.now)
    for post in real:
        yield from (replace(post, body=body) for body in (post.body[: len(post.body) // 2], post.body[::-1]))
        yield replace(post, headers=dict.fromkeys(post.headers, "é\x00'\""))


def _proofs(connector: Any, post: Inbound) -> list[tuple[str, str]]:
    """Return the headers and query values without which the post is refused."""
    places = [("headers", name) for name in post.headers] + [("query", name) for name in post.query]
    return [(where, name) for where, name in places if not _believes(connector, _changed(post, where, name, None))]


def _changed(post: Inbound, where: str, name: str, value: str | None) -> Inbound:
    held = {key: text for key, text in getattr(post, where).items() if key != name}
    if value is not None:
        held[name] = value
    return replace(post, headers=held) if where == "headers" else replace(post, query=held)


def _altered(value: str) -> str:
    """Return a value with the last letter or digit of each of its parts changed."""
    return _TOKEN.sub(lambda found: _last_changed(found[0]), value)


def _last_changed(text: str) -> str:
    for at in range(len(text) - 1, -1, -1):
        if text[at].isalnum():
            return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]
    return text + "x"


def _holds_time(post: Inbound, now: float) -> bool:
    return any(_is_near(value, now) for value in (*post.headers.values(), *post.query.values()))


def _is_near(value: str, now: float) -> bool:
    """Return whether a time of around now stands in a header, in seconds or milliseconds."""
    return any(abs(int(digits[:10]) - now) < _DAY for digits in _SECONDS.findall(value))


def _with_mark(post: Inbound) -> Iterator[Inbound]:
    """Yield the post with one more field, at each place where the body has fields."""
    if post.content_type == "application/x-www-form-urlencoded":
        pairs = parse_qsl(post.body.decode("latin-1"), keep_blank_values=True)
        yield replace(post, body=urlencode([*pairs, ("new_field", MARK)]).encode())
        return
    try:
        count = len(list(_objects(json.loads(post.body))))
    except ValueError:
        return
    for number in range(count):
        value = json.loads(post.body)
        list(_objects(value))[number]["new_field"] = MARK
        yield replace(post, body=json.dumps(value).encode())


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(below)


def webhook_checks(cls: type[WebhookSource]) -> tuple[Callable[[Subject], None], ...]:
    """Return the checks for a webhook source of this class."""
    every = (
        check_verifies_odd_posts, check_parses_odd_posts, check_same_body_gives_the_same_keys,
        check_keeps_fields_it_does_not_know,
    )  # fmt: skip
    return every if cls.public else (*every, *proof_checks(signed=cls.signed))


def proof_checks(*, signed: bool) -> tuple[Callable[[Subject], None], ...]:
    """Return the checks of how a sender is proven; `signed`: the proof covers the body."""
    proof = (check_refuses_a_post_without_proof, check_refuses_a_wrong_proof, check_refuses_a_stale_proof)
    covered = (check_refuses_an_altered_body,) if signed else ()
    return (*proof, *covered, check_accepts_each_rotated_secret)
