"""The page about metrics."""

from __future__ import annotations

from collections.abc import Iterable

from hub.docs.markdown import code, page, table
from hub.observe.measures import MEASURES, Measure


def metrics_page() -> str:
    """Return docs/metrics.md."""
    own = _table(measure for measure in MEASURES if not measure.shared)
    return page("metrics", own=own, shared=_table(measure for measure in MEASURES if measure.shared))


def _table(measures: Iterable[Measure]) -> str:
    rows = ((code(m.name), m.kind, ", ".join(map(code, m.labels)), m.words) for m in measures)
    return table(("metric", "kind", "labels", "what it says"), rows)
