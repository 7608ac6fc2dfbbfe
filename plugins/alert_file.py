"""alert_file: writes a line for everything that needs a person, for whatever watches files."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub import hookimpl

WANTED: Mapping[str, str] = {
    "submission.quarantined": "a submission waits for a person",
    "submission.failed": "a submission broke the pipeline",
    "delivery.held": "a delivery may have arrived",
    "delivery.died": "a delivery failed for the last time",
    "sink.paused": "a sink is paused until its settings are right",
    "source.failed": "a source cannot be read",
    "source.gap": "a platform holds more leads than we do",
    "plugin.failed": "a plugin failed",
}


@hookimpl
def hub_event(event: Any) -> None:
    """Append one JSON line to `LEADHUB_ALERTS` (alerts.jsonl here, when that is not set); no personal data is in it."""
    if event.kind not in WANTED:
        return
    said = {
        "at": event.at.isoformat(), "what": WANTED[event.kind], "kind": event.kind, "lead": event.lead,
        "submission": event.submission, "source": event.source, "sink": event.sink, "data": dict(event.data),
    }  # fmt: skip
    line = json.dumps({name: value for name, value in said.items() if value}, ensure_ascii=False, default=str)
    with Path(os.environ.get("LEADHUB_ALERTS", "alerts.jsonl")).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
