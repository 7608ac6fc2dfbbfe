"""What a hub does that starts on a restored copy of its database."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hub.delivery.policy import repeats
from hub.events import Event
from hub.store import copies

if TYPE_CHECKING:
    from hub.app.hub import Hub

log = logging.getLogger("leadhub")


async def settle(hub: Hub) -> None:
    """Settle what is in doubt after a restore, before anything is claimed or sent."""
    sinks = hub.plan.settings.sinks
    how = {name: repeats(sink, sinks[name]) for name, sink in hub.plan.sinks.items()}
    always = [name for name, said in how.items() if said == "always"]
    once = [name for name, said in how.items() if said == "once"]
    now = hub.clock.now()
    doubt = await hub.db.write(copies.settle, now, list(sinks), always, once)
    if doubt is None:
        return
    again, held = sum(doubt.again.values()), sum(doubt.held.values())
    said = {"made_at": str(doubt.made_at), "again": again, "held": held, "quarantined": doubt.set_aside}
    log.warning(
        "event=database.restored made_at=%s again=%d held=%d quarantined=%d paused=%s",
        doubt.made_at, again, held, doubt.set_aside, doubt.paused,
    )  # fmt: skip
    hub.emit([*doubt.events, Event("database.restored", now, data=said)])
