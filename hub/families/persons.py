"""What sinks share that write persons: names in two fields, and ids of our choosing."""

from __future__ import annotations

import uuid

from hub.lead import Lead


def two_names(lead: Lead, first: str, last: str) -> dict[str, str]:
    """Return the fields of given and family name; without the latter it has the whole name, or the id."""
    if not lead.last_name:
        return {last: lead.name}
    return {last: lead.last_name, **({first: lead.first_name} if lead.first_name else {})}


def own_uuid(lead: Lead) -> str:
    """Return the UUID of a lead, for systems that let a caller choose ids: the same for the same lead, always."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"leadhub:{lead.id}"))
