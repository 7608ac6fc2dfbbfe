"""What sinks share that write rows of a table whose columns have names of the owner's own, and kinds."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pydantic import BaseModel, Field

from hub.errors import Misconfigured
from hub.families.table import Columns
from hub.fields import FieldPath
from hub.lead import Lead

STANDARD: Mapping[str, str] = {
    "Name": "name", "Email": "email", "Phone": "phone", "Company": "company", "Message": "message", "Source": "source",
}  # fmt: skip


class TableFields(BaseModel):
    """The settings of such a sink; mix it into its Config."""

    id_field: str = Field(
        "Lead ID",
        min_length=1,
        description="Name of the text column that keeps the lead's id; rows are told apart by it.",
    )
    fields: dict[str, FieldPath] = Field(
        default_factory=lambda: dict(STANDARD),
        description="Name of a column to a field of the lead, or to =TEXT; it takes the place of the usual ones.",
    )

    def values(self, lead: Lead) -> dict[str, str | int | float | bool]:
        """Return what the lead has for each column, the id first: numbers and truth values as such, all else as text.

        Leaving out what is unknown keeps a later version of a lead from blanking what a person has typed there.
        """
        cells = Columns(columns=("id", *self.fields.values())).cells(lead)[1:]
        known = {
            name: value for name, value in zip(self.fields, cells, strict=True) if value is not None and value != ""
        }
        return {self.id_field: lead.id, **{name: value for name, value in known.items() if name != self.id_field}}

    def check_columns(self, known: Collection[str]) -> None:
        """Raise Misconfigured for a column that the table does not have."""
        for name in (self.id_field, *self.fields):
            if name not in known:
                raise Misconfigured(f"The table has no column {name[:200]!r}. Add it there, or change `fields`.")
