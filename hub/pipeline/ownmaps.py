"""The mappings of single imports: a file that is read another way than its source usually is, also when replayed."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub import mapping as mappings
from hub import yamlfile
from hub.errors import ConfigError
from hub.mapping import Mapping
from hub.mapping.apply import Plan as Plans
from hub.plan import Plan
from hub.store.columns import IMPORT
from hub.store.database import Database

MOST = 200

log = logging.getLogger("leadhub.pipeline")


class OwnMaps:
    """Knows which imports have a mapping of their own; it does not change once a row was read by it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, Mapping | None] = {}

    async def of(self, import_id: str | None, plan: Plan) -> Mapping | None:
        """Return the mapping of an import; None where that of its source counts.

        One that cannot be read any more maps nothing: its rows wait for a person, and keep all they said.
        """
        if import_id is None:
            return None
        if import_id not in self._known:
            text = await self._db.read(_text_of, import_id)
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[import_id] = _read(text, f"import {import_id}", plan) if text else None
        return self._known[import_id]


def _read(text: str, name: str, plan: Plan) -> Mapping:
    try:
        return parsed(text, name, plan)
    except ConfigError as error:
        log.warning("event=mapping.broken name=%r detail=%r", name, str(error))
        return Mapping(name, Plans((), (), usual=False))


def parsed(text: str, name: str, plan: Plan) -> Mapping:
    """Return the mapping in a text; raises ConfigError naming the line."""
    functions: dict[str, Any] = {n: socket.run for n, socket in plan.registry.all("mapping_function").items()}
    return mappings.parse(yamlfile.loads(text, name), functions)


def _text_of(import_id: str, *, session: Session) -> str | None:
    found: str | None = session.execute(sa.select(IMPORT.c.mapping).where(IMPORT.c.id == import_id)).scalar()
    return found
