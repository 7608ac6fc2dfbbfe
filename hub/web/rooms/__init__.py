"""The rooms of the dashboard, one module for each."""

from hub.web.rooms import (
    attention,
    campaigns,
    imports,
    lead,
    leads,
    links,
    mine,
    overview,
    pool,
    response,
    rules,
    settings,
    sinks,
    sources,
)

ROOMS = (
    overview, leads, lead, attention, response, mine, pool, campaigns, links, sources, sinks, rules, imports, settings,
)  # fmt: skip
"""Every room, in the order of the navigation."""
