"""The workspace that is broken: signed posts, a poll, a watched folder; sinks that know a key, chat, hold, and files."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SECRET = "faults-secret-0123456789abcdef01"
SINKS = ("crm", "chat", "paper", "file")

CONFIG = """
hub: {{name: Faults, database: "{database}", region: US, allow_networks: [127.0.0.0/8], answer_within: {answer_within}, \
per_client: 0, min_free: 0, min_free_share: 0{hub}}}
sources:
  website: {{connector: json_webhook, auth: hmac, secret: {secret}, key: id}}
{sources}
sinks:
  crm: {{connector: webhook, url: "{sink}/webhook/{name}-crm", secret: "whsec_{whsec}", rate: 0, concurrency: 8}}
  chat: {{connector: slack, webhook: "{sink}/slack/services/T/B/{name}", rate: 0, concurrency: 4}}
  paper: {{connector: webhook, url: "{sink}/webhook/{name}-paper", secret: "whsec_{whsec}", rate: 0, concurrency: 4, \
on_unclear: hold}}
  file: {{connector: csv_file, path: out/leads.csv}}
{sinks}
flows:
  - name: inbound
    from: [website{froms}]
    steps: [map, normalize, validate, dedupe{steps}, enrich, score, route, assign, deliver]
    routes:
{routes}
"""

POLL = """
from hub import Page, PollSource, RawLead, hookimpl
import json, pathlib

SIZE, OVERLAP = 10, 3  # what was read last is read again: the list may have moved

class PagesSource(PollSource):
    name = "pages_source"
    title = "Pages of a file"
    docs_url = "https://example.com"

    class Config(PollSource.Config):
        path: str

    async def fetch(self, cursor, http):
        at = max(0, int(cursor or 0) - OVERLAP)
        while True:
            rows = json.loads(pathlib.Path(self.config.path).read_text())
            page = rows[at:at + SIZE]
            if not page:
                return
            at += len(page)
            yield Page(tuple(RawLead(row["id"], row) for row in page), str(at))

@hookimpl
def hub_register():
    yield PagesSource
"""


def write(
    folder: Path, *, name: str, database: str, sink: str, poll: bool = False, lists: bool = False,
    plugin: str | None = None, step: str | None = None, also: Mapping[str, str] | None = None, **changes: str,
) -> Path:  # fmt: skip
    """Write a workspace and return its hub.yaml; `changes` fill places of the configuration, `also` are more sources."""
    for part in ("plugins", "inbox", "out"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    sources, froms = "", ""
    if poll:
        (folder / "plugins" / "pages_source.py").write_text(POLL, "utf-8")
        sources += f'  pages: {{connector: pages_source, every: 1s, path: "{folder}/pages.json"}}\n'
        froms += ", pages"
    if lists:
        sources += "  lists: {connector: list_file, path: inbox/*.csv, every: 1s, key: id}\n"
        froms += ", lists"
    for source, settings in (also or {}).items():
        sources += f"  {source}: {{{settings}}}\n"
        froms += f", {source}"
    if plugin:
        (folder / "plugins" / f"{step or 'dropin'}.py").write_text(plugin, "utf-8")
    values = {
        "hub": "", "sinks": "", "answer_within": "300ms",
        "routes": f"      - {{name: all, to: [{', '.join(SINKS)}]}}",
        "steps": f", {step}" if step else "", **changes,
    }  # fmt: skip
    whsec = base64.b64encode(SECRET.encode()).decode()
    text = CONFIG.format(
        name=name, database=database, sink=sink, secret=SECRET, whsec=whsec, sources=sources, froms=froms, **values
    )
    path = folder / "hub.yaml"
    path.write_text(text, "utf-8")
    return path


def lead(world: str, number: int) -> dict[str, Any]:
    """Return a lead; every fifth is the person before it again, with something new to say."""
    again = number % 5 == 4
    person = number - 1 if again else number
    return {
        "id": f"{world}-{number}", "first_name": "Pat", "last_name": f"Number {person}",
        "email": f"p{person}@{world}.example.com", "company": f"Company {number} Inc.",
        "message": "Please call me back." if not again else "I asked yesterday.",
    }  # fmt: skip


def body(world: str, number: int, **more: Any) -> bytes:
    """Return a lead as a request body."""
    return json.dumps({**lead(world, number), **more}).encode()


def signature(raw: bytes) -> str:
    """Return what proves the sender of a body."""
    return hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
