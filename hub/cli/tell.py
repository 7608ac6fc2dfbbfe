"""How commands speak: a table or JSON, a progress bar on a terminal and plain lines elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.escape import line

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]

_WIDEST = 60
_WHOLE = frozenset({"id", "lead", "submission", "source", "sink", "what", "code"})


def console() -> Console:
    """Return where answers go."""
    plain = not sys.stdout.isatty()  # a file or a pipe is as wide as it needs to be: ids must stay whole
    return Console(highlight=False, width=240 if plain else None)


def write_json(value: Any) -> None:
    """Write a value as JSON."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def tell(said: Any, words: str, as_json: bool) -> None:
    """Write what a command did: in one line of plain words, or what the hub answered as JSON."""
    if as_json:
        write_json(said)
    else:
        console().print(line(words), markup=False, soft_wrap=True)


def write_table(
    title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, widest: int = _WIDEST
) -> None:
    """Write rows as a table; text from outside is one line each of at most `widest` characters, and never markup."""
    if not rows:
        console().print(f"{title}: none.")
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in _WHOLE)
    for row in rows:
        table.add_row(*(_cell(row.get(column), widest) for column in columns))
    console().print(table, markup=False)


def _cell(value: Any, widest: int) -> Any:
    from rich.text import Text

    return Text("" if value is None else line(str(value), widest))


class Bar:
    """Shows how far long work has come."""

    def __init__(self, words: str) -> None:
        self._console = Console(stderr=True)
        self._words = words
        self._bar: Progress | None = None
        self._last = 0

    def __enter__(self) -> Callable[[int, str], None]:
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._words, total=None)
        return self._step

    def _step(self, number: int, words: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=f"{self._words}: {number} {words}", completed=number)
        elif number - self._last >= 10_000:
            self._last = number
            self._console.print(f"{self._words}: {number} {words}", highlight=False)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
