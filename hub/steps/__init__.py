"""The core's steps, enrichers and strategies; they register through the same door as anyone's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.hookspecs import hookimpl


@hookimpl
def hub_register() -> Iterator[Any]:
    """Yield what the core ships."""
    from hub.steps import (
        assign,
        auction,
        correct,
        dedupe,
        deliver,
        enrich,
        enrichers,
        normalize,
        route,
        score,
        strategies,
        validate,
    )
    from hub.steps.map import map_fields

    yield from (map_fields, correct.correct, normalize.normalize, validate.validate, dedupe.dedupe, enrich.enrich)
    yield from (score.score, route.route, auction.auction, assign.assign, deliver.deliver)
    yield from (strategies.round_robin, strategies.least_loaded, strategies.performance, strategies.territory)
    yield from (enrichers.email_domain, enrichers.phone_region)
