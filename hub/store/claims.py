"""Takes rows of work so that nobody else takes them too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa


def claiming(table: Any, due: sa.Select[Any], values: Mapping[str, Any], *, sqlite: bool) -> Any:
    """Return the statement that sets `values` on the rows `due` selects, and returns their ids.

    On PostgreSQL the selection is a materialized CTE that skips locked rows: a plain subquery may claim more than its
    limit when the planner joins it row by row.
    """
    if not sqlite:
        due = due.with_for_update(skip_locked=True)
    chosen = due.cte("chosen").prefix_with("" if sqlite else "MATERIALIZED", dialect="postgresql")
    return (
        sa.update(table)
        .where(table.c.id.in_(sa.select(chosen.c.id)))
        .values(**values)
        .returning(table.c.id)
        .execution_options(synchronize_session=False)
    )
