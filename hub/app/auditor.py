"""Looks after the audit log: its key, its anchor in a second place, plugins that changed, unproven senders."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub import keyfile
from hub.clock import Clock
from hub.settings import Environment
from hub.store import audit, auditcheck
from hub.store.auditcheck import Anchor, Report
from hub.store.database import Database

log = logging.getLogger("leadhub")

KEY_FILE = Path("data") / "audit.key"
EVERY = 60.0

Unproven = dict[tuple[str, datetime], int]
"""How often a source's senders failed to prove who they are, by the minute."""


class Auditor:
    """Writes what nobody's request writes, and leaves word of the newest seal beside the database."""

    def __init__(self, db: Database, folder: Path, anchor: Callable[[], str], clock: Clock, unproven: Unproven) -> None:
        self.db, self.folder, self.clock, self.unproven = db, folder, clock, unproven
        self._anchor = anchor
        self._anchored: tuple[int, str] | None = None

    async def start(self, hashes: Mapping[str, str]) -> None:
        """Note a changed key and changed plugins."""
        await self.db.write(_see_key, self.clock.now())
        await self.see(hashes)

    async def see(self, hashes: Mapping[str, str]) -> None:
        """Note every plugin's file that is new, gone, or not what it was."""
        await self.db.write(_see_plugins, dict(hashes), self.clock.now())

    async def round(self, *, last: bool = False) -> None:
        """Store the minutes that are over (at the `last` round: all), and anchor the newest seal if there is a new one.

        Raises OSError when the anchor cannot be written.
        """
        this_minute = minute_of(self.clock.now())
        over = {place: self.unproven.pop(place) for place in [*self.unproven] if last or place[1] < this_minute}
        if over:
            await self.db.write(_store_unproven, over, self.clock.now())
        head = await self.db.write(auditcheck.head)  # among our own writes, so that it is no older than they are
        if not head[0] or head == self._anchored:
            return
        try:
            self._append(Anchor(self.clock.now(), *head))
        except OSError as error:
            if not last:
                raise
            log.error("event=audit.not_anchored file=%s error=%s", self._anchor(), error.strerror)
        else:
            self._anchored = head

    def _append(self, anchor: Anchor) -> None:
        path = self.folder / self._anchor()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, orjson.dumps(asdict(anchor)) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)

    async def verify(self) -> Report:
        """Walk the whole log and hold it against the anchors."""
        keys = auditcheck.keys_by_id([self.db.info[audit.KEY], *_old_keys(self.folder)])
        return await self.db.read(auditcheck.verify, keys, read_anchors(self.folder / self._anchor()))


def minute_of(at: datetime) -> datetime:
    """Return the minute a time lies in."""
    return at.replace(second=0, microsecond=0)


def read_anchors(path: Path) -> list[Anchor]:
    """Return the anchors in a file; a line that is half written, as when the power failed, is passed over."""
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            said = orjson.loads(line)
            found.append(Anchor(datetime.fromisoformat(said["at"]), int(said["id"]), str(said["seal"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


_KEY = "the key of the audit log"


def open_key(folder: Path) -> bytes:
    """Return the key of the audit log: of the environment, of a file it names, or of the workspace; made if need be."""
    environment = Environment()
    if environment.audit_key is not None:
        return keyfile.long_enough(environment.audit_key.get_secret_value(), _KEY, "LEADHUB_AUDIT_KEY")
    path = folder / (environment.audit_key_file or KEY_FILE)
    if environment.audit_key_file is None and not path.exists():
        keyfile.make(path)
    return keyfile.long_enough(keyfile.read(path, "The key of the audit log"), _KEY, str(path))


def _old_keys(folder: Path) -> Iterable[bytes]:
    """Yield the keys that lie beside the workspace's, such as `audit.key.old`: entries may be sealed with them."""
    for path in sorted((folder / KEY_FILE).parent.glob(f"{KEY_FILE.name}*")):
        text = path.read_text("utf-8", "replace").strip()
        if len(text) >= keyfile.SHORTEST:
            yield text.encode()


def _see_key(now: datetime, *, session: Session) -> None:
    last = session.execute(sa.select(audit.AUDIT.c.key_id).order_by(audit.AUDIT.c.id.desc()).limit(1)).scalar()
    own = audit.key_id(audit.key_of(session))
    if last is not None and last != own:
        log.warning("event=audit.key_changed detail='Entries before were sealed with another key; keep it to verify.'")
        audit.note("audit.key_changed", at=now, data={"from": last, "to": own}, session=session)


def _see_plugins(hashes: dict[str, str], now: datetime, *, session: Session) -> None:
    """Note what changed since the last entry on each plugin, which is where their hashes are kept."""
    audit.alone(session)
    key = audit.key_of(session)
    query = sa.select(audit.AUDIT.c.target, audit.AUDIT.c.after, audit.AUDIT.c.key_id)
    known: dict[str, Any] = {}
    for name, after, sealed in session.execute(query.where(audit.AUDIT.c.what == "plugin.changed").order_by("id")):
        known[name] = (after, sealed)
    for name in sorted({*known, *hashes}):
        after, sealed = known.get(name, (None, None))
        is_now = audit.fingerprint(hashes.get(name), key)
        if after == is_now or (after and is_now and sealed != audit.key_id(key)):
            continue
        said = "new" if after is None else "gone" if is_now is None else "changed"
        audit.note("plugin.changed", at=now, target=name, after=hashes.get(name), data={"is": said}, session=session)


def _store_unproven(over: Unproven, now: datetime, *, session: Session) -> None:
    for (source, minute), number in sorted(over.items()):
        data = {"minute": minute.isoformat(timespec="minutes"), "requests": number}
        audit.note("signature.failed", at=now, target=source, data=data, session=session)
