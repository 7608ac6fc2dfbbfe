"""Reads, checks and publishes the configuration; every one that ran is a revision in the database."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from hub import loader, yamlfile
from hub import plan as plans
from hub.errors import ConfigError, brief
from hub.settings import parse_settings
from hub.settings.files import shipped_secret
from hub.store.database import Database
from hub.store.migrations import migrate
from hub.store.tables import RevisionRow

if TYPE_CHECKING:
    from hub.app.hub import Office

REVISION = RevisionRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Published:
    """A configuration that is in force now."""

    plan: plans.Plan


class Publisher:
    """Holds the plan in force and replaces it when hub.yaml changes for the better."""

    def __init__(self, office: Office, plugins: loader.Plugins, plan: plans.Plan, db: Database) -> None:
        self.office, self.plugins, self.plan, self.db = office, plugins, plan, db
        self._seen = _fingerprint(office)
        self.refused: str | None = None

    @classmethod
    def open(cls, office: Office) -> Publisher:
        """Load plugins and configuration, open the database, and publish."""
        plugins = loader.load(office.folder / "plugins", office.plugins)
        plan = read_plan(office, plugins)
        db = Database(office.database or plan.settings.hub.database, office.folder)
        db.lock()
        try:
            migrate(db.writer)
            with Session(db.writer) as session:
                revision = _publish(plan.text, office.clock.now(), str(office.config.name), session=session)
                session.commit()
        except DBAPIError as error:
            where = db.url.render_as_string(hide_password=True)
            said = str(error.orig).splitlines()[0][:200]
            raise ConfigError(f"The database {where} cannot be opened: {said}. Check hub.database.") from error
        return cls(office, plugins, replace(plan, revision=revision), db)

    def plan_of(self, text: str, name: str) -> plans.Plan:
        """Return the plan of a configuration text, without publishing it; raises ConfigError."""
        return _plan_of(self.office, self.plugins, yamlfile.loads(text, name), text)

    async def look(self) -> Published | ConfigError | None:
        """Return the new plan when hub.yaml, a mapping or a plugin changed; the error when the change is wrong."""
        seen = _fingerprint(self.office)
        if seen == self._seen:
            return None
        try:
            plugins = loader.load(self.office.folder / "plugins", self.office.plugins)
            plan = read_plan(self.office, plugins)
            if plan.settings.hub.database != self.plan.settings.hub.database:
                raise ConfigError("hub.database changed. Restart leadhub to use another database.")
        except Exception as error:  # also of a plugin that looks secrets up: whatever it is, the old one stays
            refusal = error if isinstance(error, ConfigError) else ConfigError(f"It cannot be used: {brief(error)}.")
            self._seen, self.refused = seen, str(refusal)
            return refusal
        now = self.office.clock.now()
        revision = await self.db.write(_publish, plan.text, now, self.office.config.name)
        self._seen, self.refused = seen, None
        self.plan, self.plugins = replace(plan, revision=revision), plugins
        return Published(self.plan)


def read_plan(office: Office, plugins: loader.Plugins) -> plans.Plan:
    """Return the plan of a workspace's configuration file; raises ConfigError."""
    return _plan_of(office, plugins, yamlfile.load(office.config), office.config.read_text("utf-8-sig"))


def _plan_of(office: Office, plugins: loader.Plugins, file: yamlfile.YamlFile, text: str) -> plans.Plan:
    settings, _ = parse_settings(file)
    resolve = partial(_resolve, plugins, office.folder)
    return plans.build(
        settings, file, plugins.registry, folder=office.folder, resolve=resolve, clock=office.clock, text=text
    )


def _resolve(plugins: loader.Plugins, folder: Path, reference: str) -> str | None:
    return plugins.secret(reference) or shipped_secret(reference, folder)


def _fingerprint(office: Office) -> tuple[Any, ...]:
    files = [
        office.config,
        *sorted((office.folder / "mappings").glob("*.yaml")),
        *sorted((office.folder / "plugins").glob("*.py")),
    ]
    found = []
    for path in files:
        try:
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append((str(path), 0, 0))
    return tuple(found)


def _publish(text: str, now: Any, who: str, *, session: Session) -> int:
    """Store the configuration unless it is the newest already; returns its revision."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    last = session.execute(
        sa.select(REVISION.c.id, REVISION.c.digest, REVISION.c.text).order_by(REVISION.c.id.desc()).limit(1)
    ).first()
    if last and last.digest == digest:
        return int(last.id)
    lines = difflib.unified_diff(
        (last.text if last else "").splitlines(), text.splitlines(), "before", "after", lineterm=""
    )
    values = {"digest": digest, "text": text, "published_at": now, "published_by": who, "diff": "\n".join(lines)}
    made = session.execute(sa.insert(REVISION).values(**values).returning(REVISION.c.id))
    return int(made.scalar_one())
