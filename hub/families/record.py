"""What sinks share that write a lead as a record of named fields: which fields, which fixed texts, which owner."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from hub.fields import FieldPath, fill
from hub.lead import Lead


class Record(BaseModel):
    """The settings of such a sink; mix it into its Config."""

    fields: dict[str, FieldPath | None] = Field(
        default_factory=dict,
        description="Their field to a field of the lead, or to =TEXT; null leaves a standard field out.",
    )
    owners: dict[str, str] = Field(default_factory=dict, description="Owner's name here to the owner's id there.")

    def record(self, lead: Lead, standard: Mapping[str, str], owner: str | None = None) -> dict[str, str]:
        """Return the texts of the fields that the lead has: the standard ones, the settings', and who owns it."""
        said = fill(lead, {**standard, **self.fields})
        if owner and lead.owner in self.owners:
            said[owner] = self.owners[lead.owner]
        return said
