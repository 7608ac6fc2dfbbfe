"""Keeps secrets that people type in a browser: as files of the workspace that only its user may read."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from hub.errors import ConfigError

FOLDER = "secrets"
LONGEST = 64 << 10
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_ODD = re.compile(r"[^a-z0-9_-]+")
_OURS = re.compile(r"\$\{file:secrets/([a-z0-9][a-z0-9_-]{0,99})\}")
MOST = 1000  # secrets that may have had one name


def name_of(kind: str, owner: str, where: tuple[str, ...]) -> str:
    """Return the plain name of a setting's secret, such as `sink-crm-api_key`."""
    plain = _ODD.sub("-", "-".join((kind, owner, *where)).lower()).strip("-_")
    return plain[:90]


def keep(workspace: Path, wanted: str, value: str) -> str:
    """Write a secret into a file of its own, and return the reference to it; an older one of its name stays.

    Raises ConfigError for a name that is not plain, a value that no file gives back as it was, and where the folder
    is none of ours or cannot be written.
    """
    if not _NAME.fullmatch(wanted):
        raise ConfigError(f"{wanted[:100]!r} is no plain name of a secret. Use small letters, digits, - and _.")
    raw = _checked(value)
    try:
        folder = _folder(workspace)
        for number in range(1, MOST):
            name = wanted if number == 1 else f"{wanted}-{number}"
            if _write(folder / name, raw):
                return f"${{file:{FOLDER}/{name}}}"
    except OSError as error:
        said = error.strerror or type(error).__name__
        raise ConfigError(f"The secret cannot be written into the folder {FOLDER}: {said}.") from error
    raise ConfigError(f"There are too many files named {wanted} in the folder {FOLDER}. Remove old ones.")


def drop(workspace: Path, reference: str) -> bool:
    """Delete the file of a reference that `keep` gave; returns whether it was there."""
    found = _OURS.fullmatch(reference)
    if found is None:
        return False
    path = workspace / FOLDER / found[1]
    if path.is_symlink() or not path.is_file():
        return False
    path.unlink()
    return True


def ours(reference: object) -> bool:
    """Return whether a setting's value is a reference to a file that may be ours."""
    return isinstance(reference, str) and _OURS.fullmatch(reference) is not None


def _checked(value: str) -> bytes:
    try:
        raw = value.encode()
    except UnicodeEncodeError as error:
        raise ConfigError("The secret holds characters that no text has.") from error
    if not value.strip() or value != value.rstrip("\r\n") or "\0" in value or value.startswith("\ufeff"):
        raise ConfigError("The secret is empty, or begins or ends with what a file does not give back.")
    if len(raw) > LONGEST:
        raise ConfigError(f"The secret is longer than {LONGEST >> 10} KiB.")
    return raw


def _folder(workspace: Path) -> Path:
    """Return the folder, made for its user alone; one that is a link could be anywhere."""
    folder = workspace / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise ConfigError(
            f"The folder {FOLDER} of the workspace is a link or no folder. Secrets are not written there."
        )
    return folder


def _write(path: Path, raw: bytes) -> bool:
    """Write a new file, whole or not at all; returns False where there is one of its name."""
    if path.exists() or path.is_symlink():
        return False
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)  # it fails where somebody else made one meanwhile
        except FileExistsError:
            return False
    finally:
        beside.unlink(missing_ok=True)
    _sync(path.parent)
    return True


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
