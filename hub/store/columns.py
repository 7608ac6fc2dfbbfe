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
AUCTION = _table(tables.AuctionRow)
BID = _table(tables.BidRow)
EVENT = _table(tables.EventRow)
COST = _table(tables.CostRow)
COST_BATCH = _table(tables.CostBatchRow)
SCORECARD = _table(tables.ScorecardRow)
CURSOR = _table(tables.CursorRow)
IMPORT = _table(tables.ImportRow)
DRAFT = _table(tables.DraftRow)
CONSENT = _table(tables.ConsentRow)
ERASURE = _table(tables.ErasureRow)
TOMBSTONE = _table(tables.TombstoneRow)
HOLD = _table(tables.HoldRow)
NODE = _table(tables.NodeRow)
TICK = _table(tables.TickRow)
PACE = _table(tables.PaceRow)
TOKEN = _table(tables.TokenRow)
SINK = _table(tables.SinkRow)
ACTIVITY = _table(tables.ActivityRow)
STANDING = _table(tables.StandingRow)
NEWS = _table(tables.NewsRow)
LETTER = _table(tables.LetterRow)
ALARM = _table(tables.AlarmRow)
HOUR = _table(tables.HourRow)
WATCH = _table(tables.WatchRow)
CREDENTIAL = _table(tables.CredentialRow)
ABSENCE = _table(tables.AbsenceRow)
CARE = _table(tables.CareRow)
NOTICE = _table(tables.NoticeRow)
OWNERSHIP = _table(tables.OwnershipRow)
ROSTER = _table(tables.RosterRow)
SHARE = _table(tables.ShareRow)
TASK = _table(tables.TaskRow)
TIMER = _table(tables.TimerRow)
TURN = _table(tables.TurnRow)
WORD = _table(tables.WordRow)
VIEW = _table(tables.ViewRow)
