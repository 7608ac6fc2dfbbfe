"""Puts the desk for people's rights together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.privacy import Privacy
from hub.settings import Environment

if TYPE_CHECKING:
    from hub.app.hub import Hub


def open_privacy(hub: Hub) -> Privacy:
    """Return the desk of a hub; its key is the environment's, or lies in the workspace."""
    given = Environment().privacy_key
    return Privacy(
        hub.db, lambda: hub.plan, hub.office.folder, key=given.get_secret_value() if given else None,
        erased=hub.pipeline.erased, clearance=hub.dispatcher.clearance, clock=hub.clock, ids=hub.ids, http=hub.http,
        emit=hub.emit, flush=hub.flush,
    )  # fmt: skip
