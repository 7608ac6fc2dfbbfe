"""Cognism export: contacts out of a CSV or XLSX file that was exported from Cognism."""

from collections.abc import Iterator

from pydantic import Field

from hub import ListSource, hookimpl


class CognismExport(ListSource):
    """A file as Cognism exports contacts; the mobile number is preferred to the direct one, and that to the office's.

    Flags of do-not-call registers stay in `extra` under their own names, such as `Mobile DNC`: rules may ask for them.
    """

    name = "cognism_export"
    title = "Cognism (export)"
    docs_url = "https://help.cognism.com/"
    confirmed = ()
    unconfirmed = (
        "No public file with Cognism's headings was found: they are from memory; others are read by usual names",
        "`Cognism ID` is what an integration calls the contact's id; set `key` to what your file calls it",
    )

    class Config(ListSource.Config):
        key: str | tuple[str, ...] | None = Field(
            ("Cognism ID", "Cognism Id"),
            description="Column with the row's own id; of several names the first that the file has is taken.",
        )

    config: Config


@hookimpl
def hub_register() -> Iterator[type[CognismExport]]:
    """Register the connector."""
    yield CognismExport
