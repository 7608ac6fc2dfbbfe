"""Lusha export: contacts out of a CSV or XLSX file that was exported from Lusha or enriched there."""

from collections.abc import Iterator

from pydantic import Field

from hub import ListSource, hookimpl


class LushaExport(ListSource):
    """A file as Lusha exports contacts, or one of yours that it enriched; a work address is preferred to a private one.

    A contact is known by its Lusha id where the file has it, else by the row's content.
    """

    name = "lusha_export"
    title = "Lusha (export)"
    docs_url = "https://info.lusha.com/"
    confirmed = ("The columns of a merged export (Work email, Lusha Person ID …), as two public importers name them",)
    unconfirmed = (
        "Exports of the dashboard differ by plan and time (Phone 1, Private Email); both spellings are read",
    )
    marks = (
        "Lusha Person ID",
        "Lusha Company ID",
        "Work email",
        "Private email",
        "Phone 1",
        "Direct Phone 1",
    )

    class Config(ListSource.Config):
        key: str | tuple[str, ...] | None = Field(
            ("Lusha Person ID",),
            description="Column with the row's own id; of several names the first that the file has is taken.",
        )

    config: Config


@hookimpl
def hub_register() -> Iterator[type[LushaExport]]:
    """Register the connector."""
    yield LushaExport
