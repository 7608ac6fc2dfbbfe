"""Turns the HTML of a mail into lines of text; a table's row becomes one line, its cells parted by a tab."""

from __future__ import annotations

from html.parser import HTMLParser

MAX_HTML = 200_000  # characters; what comes later is not read

_TEXT = frozenset(["p", "div", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"])
_BLOCKS = _TEXT | frozenset(["tr", "table", "li", "ul", "ol", "dl", "dt", "dd", "section", "header", "footer"])
_HIDDEN = frozenset(["script", "style", "head", "title", "template"])
_BOLD = frozenset(["b", "strong", "th"])


class _Row:
    """A row being read: the text of its cells, and whether each is a label by its looks."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.labels: list[bool] = []


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line = ""
        self._rows: list[_Row] = []  # of nested tables, the innermost last
        self._headings: list[str] = []
        self._hidden = 0
        self._bold = 0
        self._plain = False  # whether the cell has text that is not bold

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "tr":
            self._end_line()
            self._rows.append(_Row())
        elif tag in ("td", "th") and self._rows:
            self._end_cell()
            self._plain = False
            self._bold = int(tag == "th")
        elif tag == "table" and self._rows:
            self._line_out()  # what stands before a table inside a cell
        elif tag in _BOLD:
            self._bold += 1
        elif tag in _BLOCKS:
            self._end_line()

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in ("td", "th") and self._rows:
            self._end_cell()
            self._bold = 0
        elif tag == "tr" and self._rows:
            self._end_cell()
            self._end_row(self._rows.pop())
        elif tag == "table":
            self._end_line()
            self.lines.append("")  # what follows a table belongs to none of its rows
        elif tag == "dt":
            self._line = self._line.strip().removesuffix(":") + "\t"
        elif tag in _BOLD:
            self._bold = max(self._bold - 1, 0)
        elif tag in _BLOCKS:
            self._end_line()

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        text = " ".join(data.replace("\xa0", " ").split())
        if text:
            self._plain |= not self._bold
            glue = " " if data[:1].isspace() and self._line and not self._line.endswith(("\t", "\n")) else ""
            self._line += glue + text + (" " if data[-1:].isspace() else "")

    def close(self) -> None:
        super().close()
        while self._rows:
            self._end_cell()
            self._end_row(self._rows.pop())
        self._line_out()

    def _end_line(self) -> None:
        if self._rows:
            self._line = self._line.rstrip() + "\n" if self._line.strip() else ""
        else:
            self._line_out()

    def _line_out(self) -> None:
        self.lines.extend(self._line.strip(" \n").split("\n"))
        self._line = ""

    def _end_cell(self) -> None:
        text = self._line.strip()
        row = self._rows[-1]
        if text:
            row.cells.append(text)
            row.labels.append(not self._plain)
        self._line = ""

    def _end_row(self, row: _Row) -> None:
        cells = [cell.replace("\t", " ") for cell in row.cells]
        if len(cells) > 2 and all(row.labels):
            self._headings = cells
            return
        if self._headings and len(cells) == len(self._headings):
            self._pairs(self._headings, cells)
        elif len(cells) == 2 or (len(cells) % 2 == 0 and all(cell.endswith((":", "：")) for cell in cells[::2])):
            self._pairs(cells[::2], cells[1::2])
        elif len(cells) == 1 and row.labels[0] and "\n" not in cells[0]:
            self.lines.append(cells[0].rstrip(":：") + ":")  # a label in a row of its own, the value in the next
        else:
            self.lines.extend(cells)

    def _pairs(self, labels: list[str], values: list[str]) -> None:
        for label, value in zip(labels, values, strict=True):
            name = " ".join(label.split()).rstrip(":： ")
            self.lines.append(f"{name}\t{' '.join(value.split(chr(10)))}")


def page_lines(html: str) -> str:
    """Return the text of an HTML page, a line for every paragraph and row; never raises."""
    page = _Page()
    try:
        page.feed(html[:MAX_HTML])
        page.close()
    except (AssertionError, ValueError):  # how the parser gives up on broken declarations
        pass
    return "\n".join(page.lines)
