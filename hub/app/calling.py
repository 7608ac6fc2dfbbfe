"""Opens the client of a hub for all that it calls, with what its settings of the moment allow and trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from hub.outgoing.client import make_client

if TYPE_CHECKING:
    from hub.app.hub import Hub


def open_client(hub: Hub) -> httpx.AsyncClient:
    """Return the client; files of certificates are named from the workspace."""
    folder = hub.office.folder
    return make_client(
        lambda: hub.plan.settings.hub.allow_networks,
        lambda: {host: folder / file for host, file in hub.plan.settings.hub.trust.items()},
    )
