"""Reads, checks and publishes the configuration; every one that ran is a revision in the database."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from hub import loader, yamlfile
from hub import plan as plans
from hub.app import revisions, saving
from hub.app.auditor import open_key
from hub.app.tokens import open_safe
from hub.clock import SharedClock
from hub.delivery.runner import check_runner
from hub.errors import ConfigError, Conflict, brief
from hub.events import Event
from hub.settings import parse_settings
from hub.settings.files import plugin_settings
from hub.store import audit, ground, nodes
from hub.store.database import Database
from hub.store.migrations import migrate

if TYPE_CHECKING:
    from hub.app.office import Office

Fingerprint = tuple[tuple[str, int, int, bytes], ...]
"""The files of a configuration as they lie there: path, time and size, and a digest of what is in them."""

log = logging.getLogger("leadhub")


@dataclass(frozen=True, slots=True)
class Published:
    """A configuration that is in force now; `ours`: out of this node's files, not taken over from another node."""

    plan: plans.Plan
    ours: bool = True


def told_of(result: Published | ConfigError, now: datetime) -> Event:
    """Return the event that tells of a new configuration, or of one that was refused."""
    if isinstance(result, Published):
        return Event(
            "config.published" if result.ours else "config.adopted", now, data={"revision": result.plan.revision}
        )
    return Event("config.refused", now, data={"reason": str(result)})


class Publisher:
    """Holds the plan in force and replaces it when hub.yaml changes for the better."""

    def __init__(
        self, office: Office, plugins: loader.Plugins, plan: plans.Plan, db: Database, seen: Fingerprint, file: str
    ) -> None:
        self.office, self.plugins, self.plan, self.db = office, plugins, plan, db
        self._seen = self._last = seen
        self.file = file  # the digest of hub.yaml as it was last looked at; it need not be what runs
        self.newest: revisions.Newest | None = None
        self.refused: str | None = None
        self.left_out = refusals(plugins)  # as the files lie there, also where the plugins of before go on
        self.unusable: tuple[int, str] | None = None  # a revision of another node that cannot run here, and why
        self.turn = asyncio.Lock()  # whoever looks or publishes does so alone, until what it found is in force

    @classmethod
    def open(cls, office: Office) -> Publisher:
        """Load plugins and configuration, open the database, and publish; without a role nothing is published."""
        seen = _fingerprint(office)
        plugins = load_plugins(office)
        plan = read_plan(office, plugins)
        if office.roles:
            check_runner(plan.settings.hub.runner, office.database or plan.settings.hub.database)
        db = Database(office.database or plan.settings.hub.database, office.folder)
        try:
            chosen = _opened(db, office, plan)
        except DBAPIError as error:
            where = db.url.render_as_string(hide_password=True)
            said = str(error.orig).splitlines()[0][:200]
            raise ConfigError(f"The database {where} cannot be opened: {said}. Check hub.database.") from error
        file = revisions.digest_of(plan.text)
        if chosen is not None and chosen.stale:
            log.warning("event=config.stale detail=%r", f"Another node published revision {chosen.id}; it runs here.")
            plan = _plan_of_revision(office, plugins, chosen.id, chosen.text)
        return cls(office, plugins, replace(plan, revision=chosen.id if chosen else None), db, seen, file)

    def plan_of(self, text: str, name: str) -> plans.Plan:
        """Return the plan of a configuration text, without publishing it; raises ConfigError."""
        return _plan_of(self.office, self.plugins, yamlfile.loads(text, name), text)

    async def look(self) -> Published | ConfigError | None:
        """Return the new plan when files here changed, or another node published one; the error when it is wrong."""
        return await self._look_here() or await self._look_elsewhere()

    async def _look_here(self) -> Published | ConfigError | None:
        """Look at hub.yaml, the mappings and the plugins.

        A change counts when two looks find it the same: an editor that is saving may have written half of it.
        """
        seen, last = _fingerprint(self.office), self._last
        self._last = seen
        if seen == self._seen or seen != last:
            return None
        read = self._read()
        if _fingerprint(self.office) != seen:  # saved while it was read: it may be a bit of both
            return None
        if isinstance(read, ConfigError):
            self._seen, self.refused = seen, str(read)
            return read
        plugins, plan, file = read
        revision = self.plan.revision
        if file != self.file or self.db.sqlite:
            now = self.office.clock.now()
            revision = await self.db.write(revisions.publish, plan.text, now, _author(self.office, self.db))
            self.newest = await self.db.read(revisions.newest)
        self._seen, self.refused, self.unusable, self.file = seen, None, None, file
        self.plan, self.plugins = replace(plan, revision=revision), plugins
        return Published(self.plan)

    async def _look_elsewhere(self) -> Published | ConfigError | None:
        """Look whether another node published a newer configuration: all nodes run the newest."""
        if self.db.sqlite:
            return None
        newest = self.newest = await self.db.read(revisions.newest)
        if newest is None or newest.id <= (self.plan.revision or 0) or newest.id == (self.unusable or (0,))[0]:
            return None
        if newest.digest == revisions.digest_of(self.plan.text):
            self.plan = replace(self.plan, revision=newest.id)
            return None
        text = await self.db.read(revisions.text_of, newest.id)
        try:
            plan = self._same_database(_plan_of_revision(self.office, self.plugins, newest.id, text))
        except ConfigError as error:
            self.unusable = newest.id, str(error)
            return error
        self.plan, self.unusable, self.refused = replace(plan, revision=newest.id), None, None
        return Published(self.plan, ours=False)

    async def publish(self, text: str, over: str, who: str, by: audit.Actor) -> Published:
        """Write a text into hub.yaml, and put it in force as a revision of whoever wrote it.

        `over` is the digest of what it was made from. Raises ConfigError for a text that is wrong, Conflict when
        another one is there meanwhile, OSError where the file cannot be written; then all is as before.
        """
        plan = self._same_database(self.plan_of(text, self.office.config.name))
        file = revisions.digest_of(text)
        before = self.office.config.read_text("utf-8-sig")
        there = revisions.digest_of(before)
        if revisions.digest_of(self.plan.text) != over or (there not in (over, self.file, file)):
            raise Conflict(f"{self.office.config.name} was changed meanwhile. Look at what changed in it.")
        saving.save(self.office.config, text)
        try:
            revision = await self.db.write(revisions.publish, text, self.office.clock.now(), who, by=by, over=over)
        except BaseException:
            saving.save(self.office.config, before)
            raise
        own, *_ = _fingerprint(self.office)  # what else changed meanwhile is found by the next look
        self._seen = self._last = (own, *self._seen[1:])
        self.newest = await self.db.read(revisions.newest)
        self.refused, self.unusable, self.file = None, None, file
        self.plan = replace(plan, revision=revision)
        return Published(self.plan)

    def _same_database(self, plan: plans.Plan) -> plans.Plan:
        if plan.settings.hub.database != self.plan.settings.hub.database:
            raise ConfigError("hub.database changed. Restart leadhub to use another database.")
        if plan.settings.hub.runner != self.plan.settings.hub.runner:
            raise ConfigError("hub.runner changed. Restart leadhub to use the other runner.")
        return plan

    def _read(self) -> tuple[loader.Plugins, plans.Plan, str] | ConfigError:
        try:
            plugins = load_plugins(self.office)
            self.left_out = refusals(plugins)
            plan = self._same_database(read_plan(self.office, plugins))
            file = revisions.digest_of(plan.text)
            if file == self.file:  # a mapping or a plugin changed: what another node published stays
                text = self.plan.text
                plan = _plan_of(self.office, plugins, yamlfile.loads(text, self.office.config.name), text)
        except ConfigError as error:
            return error
        except Exception as error:  # also of a plugin that looks secrets up: whatever it is, the old one stays
            return ConfigError(f"It cannot be used: {brief(error)}.")
        return plugins, plan, file


def _opened(db: Database, office: Office, plan: plans.Plan) -> revisions.Chosen | None:
    """Lock, check and migrate the database; return the configuration to run, None without a role."""
    if office.roles:
        ground.check(db, unsafe=plan.settings.hub.unsafe_storage, mounts=office.mounts)
    db.lock()
    if office.roles:
        db.guard.examine()
    db.info[audit.KEY] = open_key(office.folder)
    migrate(db.writer)
    agree(office, db)
    with Session(db.writer, info=db.info) as session:
        chosen = None
        if office.roles:
            now = office.clock.now()
            alone = db.sqlite or office.publish or not nodes.others("", now, session=session)
            chosen = revisions.choose(plan.text, now, _author(office, db), keep_newest=not alone, session=session)
        session.commit()
    return chosen


def agree(office: Office, db: Database) -> None:
    """Set the hub's clock by the database's, which all nodes share; blocks for a moment."""
    if not db.sqlite and isinstance(office.clock, SharedClock):
        asked = office.clock.monotonic()
        said = db.time()
        office.clock.agree(said, asked, office.clock.monotonic())


def _author(office: Office, db: Database) -> str:
    return office.config.name if db.sqlite else f"{office.config.name} on {socket.gethostname()}"


def _plan_of_revision(office: Office, plugins: loader.Plugins, revision: int, text: str) -> plans.Plan:
    return _plan_of(office, plugins, yamlfile.loads(text, f"revision {revision}"), text)


def load_plugins(office: Office) -> loader.Plugins:
    """Load the plugins, and say in the log which were left out and why."""
    plugins = loader.load(office.folder / "plugins", office.plugins, rules=plugin_settings(office.config))
    for broken in plugins.broken:
        log.warning("event=plugin.broken file=%s detail=%r", broken.path, broken.reason)
    return plugins


def refusals(plugins: loader.Plugins) -> dict[str, str]:
    """Return which plugins are left out for what they hold or who may write them, and why."""
    return {broken.name: broken.reason for broken in plugins.broken if broken.refused}


def read_plan(office: Office, plugins: loader.Plugins) -> plans.Plan:
    """Return the plan of a workspace's configuration file; raises ConfigError."""
    return _plan_of(office, plugins, yamlfile.load(office.config), office.config.read_text("utf-8-sig"))


def _plan_of(office: Office, plugins: loader.Plugins, file: yamlfile.YamlFile, text: str) -> plans.Plan:
    settings, _ = parse_settings(file)
    secrets = plugins.secrets(office.folder)
    if office.roles:
        open_safe(settings.hub.token_key, secrets)
    return plans.build(
        settings, file, plugins.registry, folder=office.folder, resolve=secrets,
        clock=office.clock, text=text, forgiving=not office.roles,
    )  # fmt: skip


def _fingerprint(office: Office) -> Fingerprint:
    files = [
        office.config,
        *sorted((office.folder / "mappings").glob("*.yaml")),
        *sorted((office.folder / "plugins").glob("*.py")),
    ]
    found = []
    for path in files:
        try:
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size, hashlib.sha256(path.read_bytes()).digest()))
        except OSError:
            found.append((str(path), 0, 0, b""))
    return tuple(found)
