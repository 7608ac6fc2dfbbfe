"""What CRMs share that descend from SugarCRM: the words they ship with for where a lead stands."""

from __future__ import annotations

from collections.abc import Mapping

from hub.families.streams import CRM_WORDS
from hub.outcome import Disposition

SUGAR_WORDS: Mapping[str, Disposition] = {
    **CRM_WORDS,
    "assigned": Disposition.NEW,
    "in process": Disposition.CONTACTED,
    "converted": Disposition.OPPORTUNITY,
    "recycled": Disposition.RETURNED,
    "dead": Disposition.LOST,
}
"""Status words of leads in EspoCRM and SuiteCRM, in lower case."""
