"""Writes the reference out of the code, and says which page is stale."""

from __future__ import annotations

from pathlib import Path

from hub.docs import access, connectors, metrics, reference, rules, schema
from hub.paths import shipped
from hub.registry import Registry
from hub.sink import Sink
from hub.source import Source

BEGIN, END = "<!-- connectors: written by `leadhub docs` -->", "<!-- end of connectors -->"


def build(registry: Registry, root: Path) -> dict[str, str]:
    """Return every generated file: its path below the root, and its text."""
    own = [
        cls for name, cls in sorted(registry.all("connector").items()) if registry.provider("connector", name).shipped
    ]
    entries = [connectors.entry_of(cls, shipped("mappings")) for cls in own if issubclass(cls, (Source, Sink))]
    return {
        "README.md": between((root / "README.md").read_text("utf-8"), connectors.overview(entries)),
        "connectors/README.md": connectors.catalogue(entries),
        **{f"docs/connectors/{entry.cls.name}.md": connectors.connector_page(entry) for entry in entries},
        "docs/settings.md": reference.settings_page(),
        "docs/fields.md": reference.fields_page(),
        "docs/steps.md": reference.steps_page(registry),
        "docs/rules.md": rules.rules_page(),
        "docs/hooks.md": reference.hooks_page(),
        "docs/access.md": access.access_page(),
        "docs/events.md": reference.events_page(),
        "docs/metrics.md": metrics.metrics_page(),
        "docs/problems.md": reference.problems_page(root),
        "docs/hub.schema.json": schema.schema(registry),
    }


def between(text: str, part: str) -> str:
    """Return a hand-written page with its generated part, which stands between two marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{part}\n\n{END}{tail}" if rest else text


def stale(built: dict[str, str], root: Path) -> list[str]:
    """Return the paths whose file is missing or differs, and pages of connectors that are gone."""
    wrong = [path for path, text in built.items() if not _same(root / path, text)]
    there = {f"docs/connectors/{path.name}" for path in (root / "docs" / "connectors").glob("*.md")}
    return sorted([*wrong, *(there - built.keys())])


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


def write(built: dict[str, str], root: Path) -> list[str]:
    """Write what is stale, delete pages of connectors that are gone, and return the paths."""
    changed = stale(built, root)
    for path in changed:
        if path in built:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(built[path], "utf-8")
        else:
            (root / path).unlink()
    return changed
