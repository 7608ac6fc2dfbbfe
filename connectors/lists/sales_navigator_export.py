"""Sales Navigator export: people out of a file that a tool made of LinkedIn Sales Navigator, or of your contacts."""

from collections.abc import Iterator

from pydantic import Field

from hub import ListSource, hookimpl


class SalesNavigatorExport(ListSource):
    """Files of tools that read Sales Navigator, such as PhantomBuster; LinkedIn itself exports no people from it.

    LinkedIn's own file of your connections is read, too, with the notes above its header. A person is known by the id
    or address of the profile. Whether you may use such a file is between you, LinkedIn and the person: tag the source.
    """

    name = "sales_navigator_export"
    title = "LinkedIn Sales Navigator (export)"
    docs_url = "https://www.linkedin.com/help/sales-navigator"
    confirmed = (
        "The columns of PhantomBuster's Sales Navigator export, as public importers and their tests name them",
        "Sales Navigator itself has no CSV export of leads (its help pages name CSV for uploads of accounts alone)",
    )
    unconfirmed = (
        "The columns of LinkedIn's file of connections are from memory; most of its rows have no e-mail address",
        "Other tools name their columns otherwise; those that have usual names are read with list_file",
    )
    marks = (
        "vmid",
        "linkedInProfileUrl",
        "defaultProfileUrl",
        "profileUrl",
        "salesNavigatorUrl",
        "Connected On",
    )

    class Config(ListSource.Config):
        key: str | tuple[str, ...] | None = Field(
            ("vmid", "linkedInProfileUrl", "defaultProfileUrl", "profileUrl", "URL"),
            description="Column with the row's own id; of several names the first that the file has is taken.",
        )

    config: Config


@hookimpl
def hub_register() -> Iterator[type[SalesNavigatorExport]]:
    """Register the connector."""
    yield SalesNavigatorExport
