"""Notes who did what, in the transaction of the change: one sealed entry each, chained to the one before it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import LeadhubError
from hub.store.tables import AuditRow

T = TypeVar("T")

AUDIT: sa.Table = AuditRow.__table__  # type: ignore[attr-defined]

KEY = "audit_key"
"""Where a session carries the key of the seals: `Database` hands it over in `session.info`."""

FIRST = "0" * 64  # the seal before the first entry
_LOCK = 0x6C6561646875  # every node appends under this lock, so that there is one chain
_FIELDS = ("id", "who", "what", "target", "address", "request", "before", "after", "data", "key_id")

KINDS: Mapping[str, str] = {
    "login.ok": "Somebody signed in.",
    "login.failed": "Somebody tried to sign in and was refused.",
    "login.ended": "Somebody signed out.",
    "login.ended_everywhere": "Every session of a user was ended.",
    "setup.done": "The first user was made with the set-up token.",
    "user.created": "A user was made.",
    "user.role_changed": "A user got another role.",
    "user.password_changed": "A user's password was changed.",
    "user.disabled": "A user was shut out.",
    "user.enabled": "A user was let in again.",
    "user.second_factor_set": "A user's sign-in asks for a code from here on.",
    "user.second_factor_removed": "A user's sign-in asks for no code any more.",
    "key.created": "An API key was made.",
    "key.revoked": "An API key was revoked.",
    "tokens.resealed": "The stored access tokens were encrypted with the newest key.",
    "consent.connected": "A person's consent at a vendor was taken, and its tokens stored encrypted.",
    "data.exported": "A whole table was written out.",
    "person.exported": "What is known of one person was written out.",
    "person.erased": "A person's data was erased.",
    "person.unerased": "An erased person may come back.",
    "consent.withdrawn": "A person's consent was withdrawn.",
    "consent.given": "A person's consent was noted by hand.",
    "retention.purged": "Data that had reached its age was deleted.",
    "hold.set": "Data was kept from erasure and retention for a legal reason.",
    "hold.lifted": "Such a hold was lifted.",
    "submission.corrected": "A person's data was corrected by hand.",
    "submission.replayed": "A submission was decided again.",
    "submission.refused": "A submission in quarantine was refused.",
    "file.uploaded": "A file of leads was uploaded, to be looked at.",
    "import.begun": "A file of leads was begun to be read in by a person.",
    "import.undone": "An import was taken out again.",
    "mapping.saved": "A mapping of a source was saved.",
    "delivery.retried": "Deliveries were made due again.",
    "delivery.decided": "A held delivery was settled by a person.",
    "test.sent": "Something was sent to try a source or a sink; no real lead.",
    "secret.written": "A secret was written into a file of the workspace.",
    "secret.removed": "A secret's file, which nothing refers to any more, was deleted.",
    "letter.retried": "Letters of feedback that could not be read were to be read again.",
    "schema.noted": "Somebody saw that a source sends new fields.",
    "view.saved": "A view of the list of leads was kept, for oneself or for everybody.",
    "view.deleted": "A view of the list of leads was deleted.",
    "sink.paused": "A sink was paused by a person.",
    "sink.resumed": "A sink was let go on.",
    "lead.unmerged": "A submission or lead was taken out of a lead again.",
    "lead.joined": "Two leads were joined by a person.",
    "lead.transferred": "A person handed a lead to another rep.",
    "lead.returned": "A lead was given back into a pool, with a reason.",
    "lead.reassigned": "A person let a lead be dealt anew in its team.",
    "lead.recycled": "A person took a lead from its rep.",
    "lead.inherited": "A lead of somebody who left was handed on.",
    "lead.claimed": "A lead was taken out of a pool for a rep, by them or a manager.",
    "member.credited": "A member of a team is owed more leads, or fewer, by a person's hand.",
    "rep.left": "It was said that a rep takes no leads for a time, or for good.",
    "rep.back": "It was said that a rep takes leads again.",
    "costs.imported": "Costs of campaigns came in.",
    "costs.undone": "Costs of campaigns were taken out again.",
    "link.made": "A campaign link was made.",
    "scorecard.shared": "A link was made by which a vendor sees the numbers of its leads.",
    "scorecard.revoked": "Such a link was ended.",
    "alarm.acknowledged": "Somebody looks after an alarm.",
    "backup.made": "A copy of the whole database was made.",
    "backup.checked": "A copy of the database was checked.",
    "config.published": "A new configuration is in force.",
    "plugin.changed": "A plugin's file is new, gone, or not what it was.",
    "signature.failed": "Senders did not prove who they are; counted for a source and a minute.",
    "audit.key_changed": "Entries are sealed with another key from here on.",
}
"""Every kind of entry, with what it means."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, from which address, in which request; `who` is an id, never a name or an e-mail address."""

    who: str
    address: str | None = None
    request: str | None = None


HUB = Actor("hub")
"""The hub itself, when nobody asked it to."""


def note(
    what: str,
    *,
    by: Actor = HUB,
    at: datetime,
    target: str | None = None,
    before: Any = None,
    after: Any = None,
    data: Mapping[str, Any] | None = None,
    session: Session,
) -> int:
    """Append one entry in the transaction of the change, and return its number.

    `what` is one of KINDS. `target` and `data` hold ids, names of settings and numbers: no person, no secret.
    `before` and `after` may be anything JSON takes; only their keyed hashes are kept.
    """
    if what not in KINDS:
        raise LeadhubError(f"{what!r} is no kind of audit entry. Add it to KINDS in hub/store/audit.py.")
    key = key_of(session)
    alone(session)
    last = session.execute(sa.select(AUDIT.c.id, AUDIT.c.seal).order_by(AUDIT.c.id.desc()).limit(1)).first()
    entry: dict[str, Any] = {
        "id": (last.id if last else 0) + 1, "at": at, "who": by.who, "what": what, "target": target,
        "address": by.address, "request": by.request, "before": fingerprint(before, key),
        "after": fingerprint(after, key), "data": dict(data) if data else None, "key_id": key_id(key),
    }  # fmt: skip
    entry["seal"] = seal(entry, last.seal if last else FIRST, key)
    session.execute(sa.insert(AUDIT).values(**entry))
    return int(entry["id"])


def noted(
    fn: Callable[..., T],
    what: str,
    *,
    by: Actor | None,
    at: datetime,
    target: str | None = None,
    told: Callable[[T], Mapping[str, Any] | None] = lambda _: {},
) -> Callable[..., T]:
    """Return a store function that appends one entry after `fn`; without `by`, which is nobody's wish, it does not.

    `told` returns the entry's data for what `fn` returned; None when nothing was changed, and no entry is owed.
    """
    if by is None:
        return fn

    def run(*args: Any, session: Session, **kwargs: Any) -> T:
        result = fn(*args, session=session, **kwargs)
        data = told(result)
        if data is not None:
            note(what, by=by, at=at, target=target, data=data, session=session)
        return result

    return run


def key_of(session: Session) -> bytes:
    """Return the key that this session seals with; raises LeadhubError when it has none."""
    key = session.info.get(KEY)
    if not isinstance(key, bytes):
        raise LeadhubError("This database was opened without a key for its audit log.")
    return key


def key_id(key: bytes) -> str:
    """Return the name of a key, which does not tell the key."""
    return hashlib.sha256(b"leadhub audit key\0" + key).hexdigest()[:12]


def fingerprint(value: Any, key: bytes) -> str | None:
    """Return the keyed hash of a value: equal for equal values, and nothing can be guessed from it without the key."""
    if value is None:
        return None
    text = orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hmac.new(key, b"value\0" + text, hashlib.sha256).hexdigest()


def seal(entry: Mapping[str, Any], before: str, key: bytes) -> str:
    """Return the seal of an entry after the one whose seal is `before`."""
    said = {name: entry[name] for name in _FIELDS} | {"at": entry["at"].astimezone(UTC).isoformat()}
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return hmac.new(key, before.encode() + b"\0" + text, hashlib.sha256).hexdigest()


def alone(session: Session) -> None:
    """Wait until no other node appends, until the end of the transaction; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
