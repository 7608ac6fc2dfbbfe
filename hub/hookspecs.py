"""The four hooks: for registering, for being told, for watching and for resolving secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("leadhub")
hookimpl = pluggy.HookimplMarker("leadhub")


@hookspec
def hub_register() -> Iterable[Any]:  # type: ignore[empty-body]
    """Yield connector classes, steps, enrichers, assignment strategies, mapping functions, attribution models."""


@hookspec(historic=True)
def hub_started(hub: Any) -> None:
    """The hub is ready; a plugin loaded later is called on arrival."""


@hookspec
def hub_event(event: Any) -> None:
    """Something happened. Look, do not touch; what you return is ignored."""


@hookspec(firstresult=True)
def hub_secret(reference: str) -> str | None:
    """Turn a reference such as `env:NAME` or `vault:path` into its value, or return None."""
