"""Apollo export: contacts out of a CSV file that was exported from Apollo.io."""

from collections.abc import Iterator

from pydantic import Field

from hub import ListSource, hookimpl


class ApolloExport(ListSource):
    """A file as Apollo exports contacts; the mobile number is preferred to the direct one, and that to the company's.

    A contact is known by its Apollo id. `Do Not Call`, `Email Status`, second addresses and columns of your own stay in
    `extra`: rules may ask for them.
    """

    name = "apollo_export"
    title = "Apollo.io (export)"
    docs_url = "https://knowledge.apollo.io/"
    confirmed = (
        "The columns of a contact export, older and newer, as several public importers of such files name them",
        "Numbers have an apostrophe in front, against spreadsheets that count with them; they are read without it",
    )
    unconfirmed = ("Whether the id stays the same for a contact that is deleted at Apollo and added again",)
    marks = (
        "Apollo Contact Id",
        "Apollo Record Id",
        "Apollo Account Id",
        "Company Name for Emails",
        "Person Linkedin Url",
    )

    class Config(ListSource.Config):
        key: str | tuple[str, ...] | None = Field(
            ("Apollo Contact Id", "Apollo Record Id"),
            description="Column with the row's own id; of several names the first that the file has is taken.",
        )

    config: Config


@hookimpl
def hub_register() -> Iterator[type[ApolloExport]]:
    """Register the connector."""
    yield ApolloExport
