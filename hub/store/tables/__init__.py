"""The tables. Work is rows: submissions to run, deliveries to send; everything else says what happened."""

from hub.store.tables.access import LoginRow, RecoveryRow, SecondFactorRow, UserRow
from hub.store.tables.alarms import AlarmRow, CredentialRow, HourRow, WatchRow
from hub.store.tables.auctions import AuctionRow, BidRow
from hub.store.tables.audit import AuditRow
from hub.store.tables.copies import CopyRow
from hub.store.tables.deliveries import AttemptRow, DeliveryRow, SinkRow
from hub.store.tables.feedback import ActivityRow, LetterRow, NewsRow, StandingRow
from hub.store.tables.intake import CursorRow, FieldRow, ImportRow, SubmissionRow
from hub.store.tables.leads import DecisionRow, IdentityRow, LeadRow, MergeRow, SuggestionRow, TouchRow
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

__all__ = [
    "AbsenceRow",
    "ActivityRow",
    "AlarmRow",
    "AttemptRow",
    "AuctionRow",
    "AuditRow",
    "BidRow",
    "CareRow",
    "ConsentRow",
    "CopyRow",
    "CredentialRow",
    "CursorRow",
    "DecisionRow",
    "DeliveryRow",
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
    "WatchRow",
]
