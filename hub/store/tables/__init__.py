"""The tables. Work is rows: submissions to run, deliveries to send; everything else says what happened."""

from hub.store.tables.access import LoginRow, RecoveryRow, SecondFactorRow, UserRow
from hub.store.tables.alarms import AlarmRow, CredentialRow, HourRow, WatchRow
from hub.store.tables.auctions import AuctionRow, BidRow
from hub.store.tables.audit import AuditRow
from hub.store.tables.copies import CopyRow
from hub.store.tables.costs import CostBatchRow, CostRow, ScorecardRow
from hub.store.tables.deliveries import AttemptRow, DeliveryRow, SinkRow
from hub.store.tables.drafts import ConfigDraftRow
from hub.store.tables.feedback import ActivityRow, LetterRow, NewsRow, StandingRow
from hub.store.tables.imports import DraftRow
from hub.store.tables.intake import CursorRow, FieldRow, ImportRow, SubmissionRow
from hub.store.tables.leads import DecisionRow, IdentityRow, LeadRow, MergeRow, SuggestionRow, TouchRow
from hub.store.tables.links import LinkRow
from hub.store.tables.nodes import FloorRow, NodeRow, PaceRow, TickRow, TokenRow
from hub.store.tables.people import (
    AbsenceRow,
    CareRow,
    NoticeRow,
    OwnershipRow,
    RosterRow,
    ShareRow,
    TaskRow,
    TimerRow,
    TurnRow,
)
from hub.store.tables.privacy import ConsentRow, ErasureRow, HoldRow, TombstoneRow
from hub.store.tables.record import EventRow, KeyRow, RevisionRow
from hub.store.tables.search import WordRow
from hub.store.tables.views import ViewRow

__all__ = [
    "AbsenceRow",
    "ActivityRow",
    "AlarmRow",
    "AttemptRow",
    "AuctionRow",
    "AuditRow",
    "BidRow",
    "CareRow",
    "ConfigDraftRow",
    "ConsentRow",
    "CopyRow",
    "CostBatchRow",
    "CostRow",
    "CredentialRow",
    "CursorRow",
    "DecisionRow",
    "DeliveryRow",
    "DraftRow",
    "ErasureRow",
    "EventRow",
    "FieldRow",
    "FloorRow",
    "HoldRow",
    "HourRow",
    "IdentityRow",
    "ImportRow",
    "KeyRow",
    "LeadRow",
    "LetterRow",
    "LinkRow",
    "LoginRow",
    "MergeRow",
    "NewsRow",
    "NodeRow",
    "NoticeRow",
    "OwnershipRow",
    "PaceRow",
    "RecoveryRow",
    "RevisionRow",
    "RosterRow",
    "ScorecardRow",
    "SecondFactorRow",
    "ShareRow",
    "SinkRow",
    "StandingRow",
    "SubmissionRow",
    "SuggestionRow",
    "TaskRow",
    "TickRow",
    "TimerRow",
    "TokenRow",
    "TombstoneRow",
    "TouchRow",
    "TurnRow",
    "UserRow",
    "ViewRow",
    "WatchRow",
    "WordRow",
]
