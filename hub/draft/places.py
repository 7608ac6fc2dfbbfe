"""Which files of this machine a connector that is set up in a browser may read and write: those of the workspace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel

from hub.errors import ConfigError

FILES = frozenset({"path", "ca_file"})
"""Settings of connectors that name files of this machine."""

CLOSED = frozenset({"secrets", "plugins", "mappings", "data", "logs", "backups", "connectors", "hub"})
"""Folders of the workspace that hold what is not the connectors'."""

_ADDRESS = re.compile(r"(?:sqlite|duckdb)(?:\+\w+)?:/{0,3}([^?]*)", re.IGNORECASE)
_CODE = (".py", ".pth", ".so", ".sh", ".env")


def check(model: type[BaseModel], settings: Mapping[str, Any]) -> None:
    """Raise ConfigError for a path outside the workspace, or in a folder of it that is not for leads."""
    for name, value in settings.items():
        if isinstance(value, str) and (name not in FILES or name in model.model_fields):
            named(name, value)


def named(name: str, text: str) -> None:
    """Raise ConfigError where a setting of that name names a file that is not for leads; a database may be one."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is not None:
        _place(name, found[1] or "/")
    elif name in FILES and text:
        _place(name, text)


def _place(name: str, text: str) -> None:
    path = PurePosixPath(text.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts or text.startswith("~") or ":" in path.parts[0]
    if outside:
        raise ConfigError(f"{name} must name a place in the workspace, such as inbox/expo/*.csv or out/leads.csv.")
    first = path.parts[0].lower()
    if len(path.parts) < 2 or first in CLOSED or first.startswith(".") or "*" in first or "?" in first or "[" in first:
        raise ConfigError(f"{name} must lie in a folder for leads, such as inbox/expo/*.csv or out/leads.csv.")
    if path.name.lower().endswith(_CODE) or any(part.startswith(".") for part in path.parts):
        raise ConfigError(f"{name} must not name a hidden file or a program.")
