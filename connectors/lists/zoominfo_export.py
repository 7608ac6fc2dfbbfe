"""ZoomInfo export: contacts out of a CSV or XLSX file that was exported from ZoomInfo."""

from collections.abc import Iterator

from pydantic import Field

from hub import ListSource, hookimpl


class ZoomInfoExport(ListSource):
    """A file as ZoomInfo exports contacts; a mobile number is preferred to a direct one, and that to the switchboard.

    A contact is known by its ZoomInfo id, so a later export of it is a later version. `Notice Provided Date`, accuracy
    and what else is said of the company stay in `extra`.
    """

    name = "zoominfo_export"
    title = "ZoomInfo (export)"
    docs_url = "https://help.zoominfo.com/"
    confirmed = (
        "The columns of a contact export, 80 and more in number, as several public importers of such files name them",
    )
    unconfirmed = (
        "Which columns an export has is chosen at ZoomInfo; other headings are read by their usual names",
        "A file of companies alone gives leads without a person, known by the company's id",
    )
    marks = (
        "ZoomInfo Contact ID",
        "ZoomInfo Company ID",
        "ZoomInfo Contact Profile URL",
        "Contact Accuracy Score",
        "Contact Accuracy Grade",
    )

    class Config(ListSource.Config):
        key: str | tuple[str, ...] | None = Field(
            ("ZoomInfo Contact ID", "ZoomInfo Company ID"),
            description="Column with the row's own id; of several names the first that the file has is taken.",
        )

    config: Config


@hookimpl
def hub_register() -> Iterator[type[ZoomInfoExport]]:
    """Register the connector."""
    yield ZoomInfoExport
