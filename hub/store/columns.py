"""The tables as statements see them: their columns under `.c`."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store import tables


def _table(row: type) -> sa.Table:
    found: sa.Table = row.__table__  # type: ignore[attr-defined]
    return found


SUBMISSION = _table(tables.SubmissionRow)
LEAD = _table(tables.LeadRow)
IDENTITY = _table(tables.IdentityRow)
TOUCH = _table(tables.TouchRow)
DECISION = _table(tables.DecisionRow)
SUGGESTION = _table(tables.SuggestionRow)
MERGE = _table(tables.MergeRow)
DELIVERY = _table(tables.DeliveryRow)
ATTEMPT = _table(tables.AttemptRow)
EVENT = _table(tables.EventRow)
CURSOR = _table(tables.CursorRow)
IMPORT = _table(tables.ImportRow)
ROTATION = _table(tables.RotationRow)
