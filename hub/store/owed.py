"""A delivery as it is when it is first owed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.ids import delivery_key


def owed(
    id_: str, lead: str, sink: str, version: int, submission: str, now: datetime, *, route: str = "",
    sentence: str = "", test: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return the row of a delivery that is ready to be sent, with every column that it is stored with."""
    return {
        "id": id_, "lead": lead, "sink": sink, "version": version, "key": delivery_key(lead, sink, version),
        "route": route, "submission": submission, "sale": None, "sentence": sentence, "state": "ready", "priority": 0,
        "attempts": 0, "rescues": 0, "unclear": False, "test": test, "created_at": now, "due_at": now,
        "lease_until": None, "lease_by": None, "fence": 0,
    }  # fmt: skip
