"""What tests hand to a hub: a configuration with one sink, and people who fill in forms."""

from __future__ import annotations

import json

ONE_SINK = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: SINK}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm]}]}
"""


def one_sink(sink: str = "memory_sink", **settings: object) -> str:
    """Return the configuration of a hub with one sink that takes every lead."""
    more = "".join(f", {name}: {value}" for name, value in settings.items())
    return ONE_SINK.replace("SINK", sink + more)


def person(number: int, **more: object) -> str:
    """Return what the website sends of a person."""
    return json.dumps({"id": str(number), "full_name": f"P {number}", "email": f"p{number}@example.com", **more})
