"""What happened, as small typed records: appended to the event log and shown to watchers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `kind` is past tense, such as `lead.received`; `data` holds no personal data."""

    kind: str
    at: datetime
    lead: str | None = None
    submission: str | None = None
    source: str | None = None
    sink: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


KINDS: dict[str, str] = {
    "submission.received": "A source handed something over and its bytes are safe.",
    "submission.duplicated": "The source had handed the same thing over before.",
    "submission.quarantined": "A person must look at it before it goes on.",
    "submission.rejected": "The dedupe policy refused it.",
    "submission.replayed": "A lead's submission was decided again.",
    "submission.failed": "The pipeline broke on it; it waits in quarantine.",
    "lead.created": "A person is new to us.",
    "lead.merged": "A known person came again.",
    "lead.joined": "Two leads turned out to be one person.",
    "lead.unmerged": "A submission was taken out of a lead again.",
    "lead.assigned": "A rep or team got the lead.",
    "lead.erased": "A person's data was erased.",
    "delivery.sent": "A sink has the lead.",
    "delivery.rejected": "A sink refused the lead for good.",
    "delivery.retried": "A sink could not take the lead now.",
    "delivery.held": "It may have arrived; a person must decide.",
    "delivery.died": "The last attempt failed.",
    "sink.paused": "A person must fix the sink's settings; its leads wait.",
    "sink.resumed": "The sink takes leads again.",
    "breaker.opened": "Most sends failed; the sink gets a rest.",
    "breaker.closed": "The sink works again.",
    "source.failed": "A poll or a file could not be read.",
    "source.gap": "The platform holds more leads than we do.",
    "schema.drifted": "A source sent a field it never sent before.",
    "import.finished": "A file was read to its end.",
    "import.undone": "A person took a file's leads out again.",
    "config.published": "A new configuration is in force.",
    "config.refused": "A changed configuration is wrong; the old one stays.",
    "plugin.failed": "A plugin could not be loaded, or a watcher raised.",
}
"""Every kind of event, with what it means."""
