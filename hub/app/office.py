"""What a hub is put together from: its workspace, and what it is handed to work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hub.clock import Clock, SharedClock
from hub.ids import Ids, RandomIds
from hub.intake.guard import Disk, disk_of_machine
from hub.store.ground import MOUNTS

ROLES = frozenset({"intake", "worker", "scheduler"})


@dataclass(slots=True)
class Office:
    """What a hub is handed: its workspace, and the clock, ids and transport it shall use."""

    folder: Path
    config: Path
    database: str | None = None  # instead of hub.yaml's
    clock: Clock = field(default_factory=SharedClock)
    ids: Ids = field(default_factory=RandomIds)
    http: httpx.AsyncClient | None = None
    plugins: tuple[Any, ...] = ()
    roles: frozenset[str] = ROLES  # none: it only looks, and needs no secrets
    seed: int | None = None
    publish: bool = False  # its hub.yaml, although another node replaced that one
    mounts: Path = MOUNTS
    disk: Disk = disk_of_machine
    spans: Any = None  # an exporter of OpenTelemetry, instead of the address hub.traces names
