"""Changes to the configuration that people make from afar: drafted, checked, published, taken back."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from hub import yamlfile
from hub.app import revisions, saving
from hub.app.hub import Hub
from hub.draft import guard, hiding
from hub.draft.merging import merged
from hub.errors import ConfigError, Conflict
from hub.store import configs as store
from hub.store import listing
from hub.store.audit import Actor
from hub.yamlfile import Where

NAME = "hub.yaml"


@dataclass(frozen=True, slots=True)
class Person:
    """Who changes the configuration: their id, what people call them, whether they are an owner, and for the audit."""

    id: str
    name: str
    owner: bool
    actor: Actor


@dataclass(frozen=True, slots=True)
class Draft:
    """A changed configuration; without a change, what runs. `running` is the digest of what runs now."""

    base: str
    base_text: str
    text: str
    running: str
    changed_at: datetime | None = None

    @property
    def stale(self) -> bool:
        """Return whether somebody published another configuration after this draft was begun."""
        return self.base != self.running

    @property
    def changes(self) -> int:
        """Return how many settings it changes; one where only words of no meaning changed, or it cannot be read."""
        if self.text == self.base_text:
            return 0
        try:
            old, new = (yamlfile.loads(text, NAME).data or {} for text in (self.base_text, self.text))
        except ConfigError:
            return 1
        return max(1, sum(1 for _ in guard.changed(old, new)))


async def draft_of(hub: Hub, who: str) -> Draft:
    """Return somebody's draft."""
    text = hub.plan.text
    running = revisions.digest_of(text)
    kept = await hub.db.read(store.find, who)
    if kept is None:
        return Draft(running, text, text, running)
    base_text = text if kept.base == running else await hub.db.read(store.text_of_digest, kept.base)
    return Draft(kept.base, base_text if base_text is not None else text, kept.text, running, kept.changed_at)


async def change(hub: Hub, person: Person, edit: Callable[[str], str]) -> Draft:
    """Change somebody's draft, or begin one; raises ConfigError for what may not be changed from afar.

    What is wrong in other ways is kept: a draft may be wrong until it is published.
    """
    draft = await draft_of(hub, person.id)
    text = edit(draft.text).replace("\r\n", "\n")
    if text == draft.text:
        return draft
    allowed(draft.base_text, text, person)
    if text == draft.base_text:
        await hub.db.write(store.drop, person.id)
        return replace(draft, text=text, changed_at=None)
    now = hub.clock.now()
    await hub.db.write(store.keep, person.id, store.Kept(draft.base, text, now))
    return replace(draft, text=text, changed_at=now)


async def discard(hub: Hub, person: Person) -> None:
    """Throw somebody's draft away."""
    await hub.db.write(store.drop, person.id)


def allowed(old: str, new: str, person: Person, known: frozenset[str] = frozenset()) -> None:
    """Raise ConfigError where a person may not change one text into the other; a new text that is no YAML yet may."""
    try:
        after = yamlfile.loads(new, NAME).data
    except ConfigError:
        return
    guard.check(yamlfile.loads(old, NAME).data, after, owner=person.owner, known=known)


def trouble(hub: Hub, text: str) -> dict[str, Any] | None:
    """Return why a configuration cannot be used, with the line, the setting and its path; None when it can."""
    try:
        hub.try_plan(text)
    except ConfigError as error:
        return {"says": error.bare, "line": error.line, "key": error.key, "at": list(error.at)}
    return None


async def publish(hub: Hub, person: Person) -> int:
    """Publish somebody's draft; returns the revision. Raises ConfigError, Conflict, and OSError as the hub does."""
    draft = await draft_of(hub, person.id)
    if draft.stale:
        raise Conflict("The configuration was changed meanwhile. Look at both changes, and bring yours onto it.")
    yamlfile.loads(draft.text, NAME)
    allowed(draft.base_text, draft.text, person)
    revision = await hub.publish(draft.text, over=draft.base, who=person.name, by=person.actor)
    await hub.db.write(store.drop, person.id)
    return revision


async def restore(hub: Hub, person: Person, revision: int) -> int:
    """Publish the text of an earlier revision again; returns the new one. Raises as `publish` does."""
    text = await text_of(hub, revision)
    allowed(hub.plan.text, text, person, guard.references(yamlfile.loads(text, NAME).data))
    return await hub.publish(text, over=revisions.digest_of(hub.plan.text), who=person.name, by=person.actor)


async def text_of(hub: Hub, revision: int) -> str:
    """Return the text of a revision; raises LookupError when there is none."""
    row = await hub.db.read(listing.one, "config_revision", str(revision))
    if row is None:
        raise LookupError(revision)
    return str(row["text"])


async def catch_up(hub: Hub, person: Person) -> Draft:
    """Bring somebody's draft onto what runs now; raises Conflict where both changed the same lines."""
    draft = await draft_of(hub, person.id)
    text = merged(draft.base_text, draft.text, hub.plan.text)
    if text is None:
        raise Conflict("Both changes touch the same lines. Make yours anew on what runs now.")
    yamlfile.loads(text, NAME)
    now = hub.clock.now()
    if text == hub.plan.text:
        await hub.db.write(store.drop, person.id)
    else:
        await hub.db.write(store.keep, person.id, store.Kept(draft.running, text, now))
    return Draft(draft.running, hub.plan.text, text, draft.running, now)


def writable(hub: Hub) -> bool:
    """Return whether this process can write hub.yaml."""
    return saving.writable(hub.office.config)


def shown(hub: Hub, text: str) -> str:
    """Return a configuration as people may see it: secrets that stand in it are hidden."""
    return hiding.hide(text, secret_places(hub, text))


def given_back(text: str, original: str) -> str:
    """Return a text that people wrote, with the secrets that were hidden from them; raises ConfigError."""
    return hiding.unhide(text, original) if hiding.HIDDEN in text else text


def secret_places(hub: Hub, text: str) -> list[Where]:
    """Return where secrets may stand in a configuration."""
    try:
        data = yamlfile.loads(text, NAME).data
    except ConfigError:
        return []
    return list(_secret_places(hub, data)) if isinstance(data, dict) else []


def _secret_places(hub: Hub, data: dict[str, Any]) -> Iterator[Where]:
    known = {**hub.plan.registry.sources(), **hub.plan.registry.sinks()}
    for section in ("sources", "sinks"):
        entries = data.get(section)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            kind = known.get(str(entry.get("connector"))) if isinstance(entry, dict) else None
            for key, field in kind.Config.model_fields.items() if kind else ():
                if key in entry and _secret(field.annotation):
                    yield (section, name, key)
    said = data.get("hub")
    database = said.get("database") if isinstance(said, dict) else None
    if isinstance(database, str) and "@" in database:
        yield ("hub", "database")


def _secret(kind: Any) -> bool:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return any(_secret(one) for one in typing.get_args(kind))
    return isinstance(kind, type) and issubclass(kind, SecretStr)
