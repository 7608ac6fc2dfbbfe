"""Drop-in files: who could change one, what it holds, and running exactly what was looked at."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import stat
import sys
from collections.abc import Collection
from pathlib import Path
from types import CodeType, ModuleType


def trusted_owners(workspace: Path) -> frozenset[int]:
    """Return who may own plugins: root, this process, and whoever owns the workspace and so hub.yaml."""
    return frozenset({0, os.geteuid(), workspace.stat().st_uid}) if hasattr(os, "geteuid") else frozenset()


def exposed(path: Path, owners: Collection[int]) -> str | None:
    """Return why others could change a file or folder, and what to do about it; None when they could not.

    Nobody can on a file system that is mounted read-only. A plugin runs as leadhub itself: whoever can write one can do
    all that leadhub can. Without owners nothing is said.
    """
    if not owners or os.statvfs(path).f_flag & os.ST_RDONLY:  # such as what Kubernetes mounts
        return None
    found = path.stat()
    if found.st_mode & stat.S_IWOTH:
        return f"Everybody on this machine may write {path}, and what is in it runs as leadhub. Run: chmod o-w {path}"
    if found.st_uid not in owners:
        said = f"{path} belongs to another user (uid {found.st_uid}), and what is in it runs as leadhub"
        return f"{said}. Look at it, then run: chown {os.geteuid()} {path} (or say plugins: any_owner: true)"
    return None


def digest(content: bytes) -> str:
    """Return the SHA-256 that a file is pinned by, as sha256sum prints it."""
    return hashlib.sha256(content).hexdigest()


class _Read(importlib.machinery.SourceFileLoader):
    """Runs the bytes that were looked at: neither a file swapped meanwhile nor a compiled copy beside it."""

    def __init__(self, name: str, path: str, content: bytes) -> None:
        super().__init__(name, path)
        self._content = content

    def get_code(self, fullname: str) -> CodeType:
        """Return the code."""
        return compile(self._content, self.path, "exec", dont_inherit=True)


def run(name: str, path: Path, content: bytes) -> ModuleType:
    """Return the module that a drop-in's content makes; raises whatever it raises."""
    spec = importlib.util.spec_from_file_location(name, path, loader=_Read(name, str(path), content))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
