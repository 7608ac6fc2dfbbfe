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
    "submission.rejected": "The dedupe policy refused it, or a person did.",
    "submission.replayed": "A lead's submission was decided again.",
    "submission.corrected": "A person corrected fields of a submission by hand; which ones, never the values.",
    "submission.suppressed": "It was an erased person's: nothing of it is kept.",
    "submission.returned": "An erased person sent a new form with a consent, which was suppressed; see `unerase`.",
    "submission.failed": "The pipeline broke on it; it waits in quarantine.",
    "lead.created": "A person is new to us.",
    "lead.merged": "A known person came again.",
    "lead.joined": "Two leads turned out to be one person.",
    "lead.unmerged": "A submission was taken out of a lead again.",
    "suggestion.dismissed": "A person said that two leads that look alike are two people.",
    "lead.assigned": "A rep or team got the lead.",
    "lead.pooled": "A lead waits in a pool: its route says so, or nobody in the team could take it.",
    "lead.claimed": "A rep took a lead from a pool.",
    "lead.transferred": "A person handed a lead to another rep.",
    "lead.returned": "A rep gave a lead back, with a reason.",
    "lead.recycled": "A lead was taken from its rep: nothing happened with it for too long.",
    "lead.reassigned": "A lead went to the next rep: nobody answered in time.",
    "lead.inherited": "Who had a lead has left; it was dealt anew.",
    "lead.breached": "Nobody answered the prospect within the target.",
    "lead.warned": "A rep was told that a lead still waits for an answer.",
    "lead.escalated": "Whoever leads the team was told that a lead still waits for an answer.",
    "rep.left": "A rep takes no leads for a time.",
    "rep.back": "A rep takes leads again.",
    "lead.responded": "A person answered the prospect for the first time.",
    "lead.disposed": "What became of the lead is known, or is something else now.",
    "feedback.failed": "A sink could not be asked what became of its leads, or its letter could not be read.",
    "feedback.silent": "A sink could not be asked for so long that answers to prospects may go unseen.",
    "feedback.back": "A sink that could not be asked what became of its leads can be asked again.",
    "lead.silent": "Leads of a team with which nobody did anything for too long.",
    "lead.unassigned": "Leads wait in the pool `unassigned`: nobody has them.",
    "lead.overdue": "Leads of a team whose prospects wait for an answer beyond the target.",
    "lead.erased": "A person's data was erased.",
    "lead.purged": "A lead had reached its age, and its personal data was deleted.",
    "lead.held": "A lead may not be deleted, for a legal reason.",
    "lead.released": "The legal hold of a lead was lifted.",
    "lead.withdrew": "A person does not want to be contacted any more; what waits for them is stopped.",
    "lead.consented": "A consent was noted by hand.",
    "retention.warned": "Something that was never delivered, or waits for a person, goes for good in a week.",
    "retention.purged": "What had reached its age was deleted.",
    "delivery.sent": "A sink has the lead.",
    "delivery.rejected": "A sink refused the lead for good.",
    "delivery.retried": "A sink could not take the lead now.",
    "delivery.held": "It may have arrived; a person must decide.",
    "delivery.died": "The last attempt failed.",
    "auction.sold": "A buyer has the lead for what it bid; in the log only.",
    "auction.passed_on": "A buyer that won did not take the lead; the next one is sent it; in the log only.",
    "auction.unsold": "No buyer that bid took it; the route's sinks get it, unless it was stopped; in the log only.",
    "sink.paused": "A person must fix the sink's settings; its leads wait.",
    "sink.resumed": "The sink takes leads again.",
    "breaker.opened": "Most sends failed; the sink gets a rest.",
    "breaker.closed": "The sink works again.",
    "source.failed": "A poll or a file could not be read.",
    "import.failed": "A file was not read to its end.",
    "source.gap": "The platform holds more leads than we do, also after all of that time was read again.",
    "source.filled": "Leads that were missing came in when their time was read again.",
    "source.silent": "A source has sent nothing for longer than is usual in these hours.",
    "source.back": "A source that was silent sends again.",
    "credential.expiring": "A token, a key or the certificate ends soon; told 14, 3 and 1 days before.",
    "credential.expired": "A token or key was refused, or its day is over.",
    "credential.renewed": "A token, key or certificate that was about to end, or had ended, is good again.",
    "delivery.piled": "A sink has so many dead deliveries that a person should look; told again tenfold.",
    "queue.grown": "More waits than the hub can keep up with: polls and imports pause.",
    "queue.drained": "The hub keeps up again.",
    "disk.low": "The disk of the database is nearly as full as it may get.",
    "disk.freed": "The disk has room again.",
    "intake.closed": "No leads are taken; senders are told to come back.",
    "intake.opened": "Leads are taken again.",
    "schema.drifted": "A source sent a field it never sent before.",
    "schema.noted": "A person saw that a source sends new fields; in the log only.",
    "import.finished": "A file was read to its end.",
    "import.undone": "A person took a file's leads out again.",
    "database.restored": "The hub started on a restored copy; what may have been sent since was settled.",
    "config.published": "A new configuration is in force.",
    "config.adopted": "A configuration that another node published is in force here.",
    "config.refused": "A changed configuration is wrong; the old one stays.",
    "plugin.refused": "A plugin is not what hub.yaml pins, or others may write it; it is left out.",
    "plugin.accepted": "A plugin that was refused is as it should be again, or gone.",
    "plugin.failed": "A plugin could not be loaded, or a watcher raised.",
}
"""Every kind of event, with what it means."""
