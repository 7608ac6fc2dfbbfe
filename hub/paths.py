"""Where the parts that travel with leadhub lie, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_HUB = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Return the folder of shipped `connectors`, `mappings` or `plugins`."""
    inside = _HUB / "shipped" / name
    return inside if inside.is_dir() else _HUB.parent / name
