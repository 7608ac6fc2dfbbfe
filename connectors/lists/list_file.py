"""Lists: leads bought or exported as CSV, TSV, XLSX, JSON or vCard files."""

from collections.abc import Iterator

from hub import ListSource, hookimpl


class ListFile(ListSource):
    """A list of leads, one a row, in whatever form it came; the form is told by the content.

    The lead's key is what stands in the key column. Without one it is None, and the hub takes a hash of the
    row's content: the same row is then the same lead in any file, at any place, and a corrected row is a new one.
    """

    name = "list_file"
    title = "List file"
    docs_url = "https://www.rfc-editor.org/rfc/rfc4180"
    confirmed = ("CSV quoting and line ends (RFC 4180)", "XLSX cell types and number precision (tried with real files)")


@hookimpl
def hub_register() -> Iterator[type[ListFile]]:
    """Register the connector."""
    yield ListFile
