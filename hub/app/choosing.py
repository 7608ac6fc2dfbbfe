"""How a file is read in, as a person chooses it: which source, how the text is read, which column goes where."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import BadInput
from hub.intake.imports import read_as
from hub.intake.looks import look_at
from hub.intake.uploads import Uploads
from hub.lead import LEAD_FIELDS
from hub.mapping import TARGETS, goes, written
from hub.mapping import Mapping as FieldMapping
from hub.pipeline.ownmaps import parsed
from hub.source import FileSource
from hub.store.audit import Actor, note

if TYPE_CHECKING:
    from hub.app.hub import Hub


class Choosing:
    """Looks into files, and turns what a person chose into a mapping."""

    def __init__(self, hub: Hub, uploads: Uploads) -> None:
        self._hub, self._uploads = hub, uploads

    def source(self, row: Mapping[str, Any]) -> FileSource:
        """Return the source a draft is read by, as the draft says."""
        return read_as(self._hub.imports.file_source(row["source"]), row["layout"])

    async def look(self, row: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """Return what the first rows of a file hold, and where each column would go; raises BadInput."""
        found = await asyncio.to_thread(look_at, self.source(row), path)
        usual = self.usual(row["source"], found)
        chosen = row["columns"] or {}
        for column in found["columns"]:
            column["usual"] = usual[column["name"]]
            column["field"] = chosen.get(column["name"], column["usual"])
        return {**found, "mapping": self._hub.plan.mappings[row["source"]].name, "own": row["mapping"] is not None}

    def usual(self, source: str, look: Mapping[str, Any]) -> dict[str, str]:
        """Return where each column goes by the mapping of the source."""
        columns = [(one["name"], next(iter(one["examples"]), None)) for one in look["columns"]]
        return goes(self._hub.plan.mappings[source], columns)

    def choose(self, row: Mapping[str, Any], look: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, Any]:
        """Return what a draft keeps of the fields that were chosen by column; raises BadInput for an unknown field."""
        columns = [one["name"] for one in look["columns"]]
        usual = self.usual(row["source"], look)
        for column, field in chosen.items():
            if field and field not in TARGETS:
                raise BadInput(f"{column[:80]!r}: {field[:80]!r} is no field of a lead. Choose one of the list.", 422)
            if column not in columns:
                raise BadInput(f"The file has no column {column[:80]!r}. Look at it again.", status=422)
        every = {column: chosen.get(column, usual[column]) for column in columns}
        if every == usual:
            return {"columns": None, "mapping": None}
        text = self._text(row["source"], every, f"Where the columns of {row['name']} go, as chosen by hand.")
        return {"columns": every, "mapping": text}

    def _text(self, source: str, chosen: Mapping[str, str], title: str) -> str:
        base: FieldMapping = self._hub.plan.mappings[source]
        if not any(chosen.values()):
            raise BadInput("No column goes to a field of a lead. Choose at least one.", status=422)
        if not any(field in LEAD_FIELDS for field in chosen.values()):
            raise BadInput("No column says who the lead is. Choose at least one field of a lead.", status=422)
        text = written(base, chosen, title)
        parsed(text, "what was chosen", self._hub.plan)
        return text

    async def save(self, row: Mapping[str, Any], look: Mapping[str, Any], by: Actor) -> str:
        """Write what was chosen as the mapping of the source, and return the file; all later files are read so."""
        settings = self._hub.plan.settings.sources[row["source"]]
        chosen = row["columns"] or self.usual(row["source"], look)
        text = self._text(row["source"], chosen, f"Where the fields of {row['source']} stand, as chosen at an import.")
        path = self._hub.office.folder / "mappings" / f"{settings.mapping or row['source']}.yaml"
        await asyncio.to_thread(_write, path, text)
        about = {"file": f"mappings/{path.name}"}
        at = self._hub.clock.now()
        await self._hub.db.write(note, "mapping.saved", by=by, at=at, target=row["source"], after=text, data=about)
        return about["file"]


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".leadhub-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
