"""backup and restore: a copy of the database that can be checked, encrypted, and put back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.app import Office
from hub.app.config import load_plugins, read_plan
from hub.backup import file as files
from hub.backup import making, sealed, server
from hub.cli.office import config_path, office
from hub.cli.serve import Config
from hub.cli.tell import Json, console, write_json, write_table
from hub.delivery.policy import repeats
from hub.errors import ConfigError, LeadhubError
from hub.plan import Plan
from hub.settings import Environment, load_settings
from hub.store.database import Database
from hub.store.migrations import knows

PassphraseFile = Annotated[Path | None, typer.Option(help="File whose first line is the passphrase.")]

_WORDS = {
    "search": "looked for on the other side, sent where it is not there",
    "always": "sent again with its key: the sink forgives a repeat",
    "once": "sent again, unless there was doubt before: a repeat is recognisable",
    "never": "held for a person: leadhub deliveries --state unclear",
    "unknown": "decided at the next start: its secret is not here",
}


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


@dataclass(frozen=True, slots=True)
class Place:
    """The database of a workspace, and who may need its secrets."""

    office: Office
    db: Database

    @property
    def path(self) -> Path:
        """Return the file of a SQLite database."""
        return Path(str(self.db.url.database))


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Ask for a passphrase and encrypt the file.")] = False,
    passphrase_file: PassphraseFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file when it is there.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Copy the database into a file while leadhub runs; with a passphrase, encrypted (AES-256-GCM, scrypt)."""
    if file.exists() and not force:
        raise LeadhubError(f"{file} is there already. Name another file, or add --force.")
    passphrase = _passphrase(passphrase_file, ask=encrypt, twice=True)
    now = datetime.now(UTC)
    _write(file.resolve(), passphrase, now, config)
    said = {"file": str(file), "bytes": file.stat().st_size, "made_at": now, "encrypted": bool(passphrase)}
    if as_json:
        write_json(said)
        return
    how = "encrypted" if passphrase else "not encrypted: it holds personal data"
    console().print(f"Wrote {file}: {said['bytes']} bytes, checked, {how}.", markup=False)
    console().print(
        "Keep hub.yaml, .env, plugins/, mappings/, keys and out/ with it: they are not in it.", markup=False
    )


def _write(file: Path, passphrase: str | None, now: datetime, config: Path | None) -> None:
    with _place(config) as place:
        making.write(place.db, file, passphrase, now)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that leadhub backup wrote, or a plain copy.", exists=True)],
    force: Annotated[bool, typer.Option("--force", help="Replace the database that is there.")] = False,
    pause: Annotated[bool, typer.Option("--pause", help="Pause every sink until a person resumes it.")] = False,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="leadhub was stopped before the backup and has not run since.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Put a backup in the place of the database; what may have been sent since is settled, never sent blindly."""
    with _place(config) as place:
        if place.db.sqlite:
            said = _restore_file(file, place, passphrase_file, force, pause=pause, stopped=stopped)
        else:
            said = _restore_server(file, place, passphrase_file, force, pause=pause, stopped=stopped)
        said["then"] = [] if stopped else _then(said.pop("owed"), place.office)
    if as_json:
        write_json(said)
        return
    made = said["made_at"] or "a time it does not say"
    console().print(f"Restored the copy of {made}, schema {said['schema']}.", markup=False)
    if said["replaced"]:
        console().print(f"The database before it is kept as {said['replaced']}.", markup=False, soft_wrap=True)
    if said["then"]:
        write_table("At the next start", ("what", "number", "becomes"), said["then"], widest=100)
    if pause:
        console().print("Every sink is paused then. Look, and let each go on: leadhub sinks resume NAME.")


def _restore_file(
    file: Path, place: Place, passphrase_file: Path | None, force: bool, *, pause: bool, stopped: bool
) -> dict[str, Any]:
    if place.path.exists() and not force:
        raise LeadhubError(
            f"There is a database: {place.path}. Add --force to replace it; it is kept under another name."
        )
    with files.alone(place.path), making.draft(place.path.parent) as draft:
        _opened(file, draft, files.MAGIC, passphrase_file)
        schema, made = files.check(draft)
        _check_schema(schema, file)
        files.remark(draft, paused=pause, stopped=stopped)
        owed = files.owed(draft)
        kept = files.place(draft, place.path, datetime.now(UTC))
    return {"made_at": made, "schema": schema, "replaced": kept and str(kept), "owed": owed}


def _restore_server(
    file: Path, place: Place, passphrase_file: Path | None, force: bool, *, pause: bool, stopped: bool
) -> dict[str, Any]:
    engine = place.db.writer
    server.refuse_running(engine, datetime.now(UTC))
    with making.draft(Path(tempfile.gettempdir())) as draft:
        _opened(file, draft, server.MAGIC, passphrase_file)
        if server.is_used(engine) and not force:
            raise LeadhubError("The database holds leadhub's tables already. Add --force to replace what they hold.")
        schema = server.check(draft)
        _check_schema(schema, file)
        made = server.restore(draft, engine, place.db.url, paused=pause, stopped=stopped)
    return {"made_at": made, "schema": schema, "replaced": None, "owed": server.owed(engine)}


def _opened(file: Path, draft: Path, magic: bytes, passphrase_file: Path | None) -> None:
    """Write the plain form of a backup; raises LeadhubError when it is one of another kind of database."""
    with file.open("rb") as source, draft.open("wb") as target:
        start = source.read(making.HEAD)
        source.seek(0)
        if sealed.is_sealed(start):
            passphrase = _passphrase(passphrase_file, ask=True, twice=False)
            sealed.unseal(source, target, passphrase or "")
        else:
            while piece := source.read(sealed.PIECE):
                target.write(piece)
    with draft.open("rb") as plain:
        if not plain.read(making.HEAD).startswith(magic):
            kind = "SQLite" if magic == files.MAGIC else "PostgreSQL"
            raise LeadhubError(f"{file} is no backup of a {kind} database, which hub.database names.")


def _then(owed: dict[str, int], place: Office) -> list[dict[str, Any]]:
    """Return what becomes of what was open, for people."""
    try:
        place.roles = frozenset()  # it is only read: secrets that are not here yet are forgiven
        plan: Plan | None = read_plan(place, load_plugins(place))
    except ConfigError:
        plan = None
    rows = [
        {"what": f"deliveries to {sink}", "number": number, "becomes": _WORDS[_how(plan, sink)]}
        for sink, number in sorted(owed.items())
        if sink
    ]
    if owed.get(""):
        words = "set aside in quarantine: leadhub replay decides them"
        rows.append({"what": "submissions that were not decided", "number": owed[""], "becomes": words})
    return rows


def _how(plan: Plan | None, name: str) -> str:
    if plan is None or name not in plan.sinks:
        return "unknown" if plan is None else "never"
    try:
        sink = plan.sinks[name]
    except ConfigError:
        return "unknown"
    how = repeats(sink, plan.settings.sinks[name])
    return "search" if how == "always" and sink.searchable else how


def _check_schema(schema: str, file: Path) -> None:
    if not knows(schema):
        raise LeadhubError(f"{file} has schema {schema}, which this leadhub does not know. Install a newer leadhub.")


def _passphrase(file: Path | None, *, ask: bool, twice: bool) -> str | None:
    """Return the passphrase of a file, of LEADHUB_PASSPHRASE, or of whoever sits there."""
    if file is not None:
        found = file.read_text("utf-8").partition("\n")[0].strip()
        if not found:
            raise LeadhubError(f"The first line of {file} is empty: it must hold the passphrase.")
        return found
    return Environment().passphrase or (
        typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True) if ask else None
    )


@contextmanager
def _place(config: Path | None) -> Iterator[Place]:
    path = config_path(config)
    place = office(path)
    settings, _ = load_settings(path)
    db = Database(place.database or settings.hub.database, place.folder)
    try:
        yield Place(place, db)
    finally:
        db.close()
