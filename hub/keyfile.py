"""Keys that lie in a file of their own: made when first needed, and for their owner's eyes only."""

from __future__ import annotations

import logging
import os
import secrets
import stat
from pathlib import Path

from hub.errors import ConfigError

log = logging.getLogger("leadhub")

SHORTEST = 32


def make(path: Path) -> None:
    """Write a new key, whole or not at all; when another process was first, its key stands."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, secrets.token_hex(32).encode() + b"\n")
        os.fsync(file)
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        os.close(file)
        new.unlink()


def read(path: Path, what: str) -> str:
    """Return the text of a key file, warning of one that others can read; raises ConfigError when it cannot be read."""
    try:
        others = stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        said = f"{what}, {path}, cannot be read ({type(error).__name__})."
        raise ConfigError(f"{said} Put it back, or let leadhub read it.") from error
    if others and path.stat().st_uid == os.geteuid():
        log.warning("event=secret.exposed file=%s detail='Others can read it: chmod 600.'", path)
    return text


def long_enough(text: str, what: str, where: str) -> bytes:
    """Return a key as bytes; raises ConfigError for one that could be guessed."""
    if len(text.strip()) < SHORTEST:
        raise ConfigError(f"{where}: {what} needs at least {SHORTEST} random characters.")
    return text.strip().encode()
