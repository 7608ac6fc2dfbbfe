"""Tells what a rule means before it is used: in words, and by the newest leads it would hold for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub import rules
from hub.app.hub import Hub
from hub.errors import ConfigError
from hub.lead import Lead
from hub.store.columns import LEAD

NEWEST = 500
"""Leads a rule is tried on."""
EXAMPLES = 5


async def judged(hub: Hub, expression: str, flow: str | None = None) -> dict[str, Any]:
    """Return what is wrong with a rule, or what it says in both languages and which of the newest leads it takes.

    With `flow`, the leads of its sources only.
    """
    try:
        rule = rules.compile(expression)
    except ConfigError as error:
        return {"ok": False, "error": error.reason}
    words = {"en": rule.words("en"), "zh": rule.words("zh")}
    settings = next((one for one in hub.plan.settings.flows if one.name == flow), None)
    leads = await hub.db.read(_newest, tuple(settings.sources) if settings else ())
    together = rules.rules_of(expression)
    found: list[Lead] = []
    troubles: dict[str, int] = {}
    for lead in leads:
        facts = together.facts(lead, now=hub.clock.now(), source=lead.source, flow=flow or "")
        verdict = rule.verdict(facts)
        if verdict.error:
            troubles[verdict.error] = troubles.get(verdict.error, 0) + 1
        if verdict.value:
            found.append(lead)
    examples = [
        {"id": one.id, "name": one.name, "company": one.company, "source": one.source, "grade": one.grade}
        for one in found[:EXAMPLES]
    ]
    said = [{"says": text, "leads": number} for text, number in troubles.items()]
    return {
        "ok": True, "words": words, "of": len(leads), "matched": len(found), "examples": examples, "troubles": said,
    }  # fmt: skip


def _newest(sources: tuple[str, ...], *, session: Session) -> list[Lead]:
    """Return the newest open leads as they are now, with their grade and score."""
    query = sa.select(LEAD.c.body, LEAD.c.source).where(LEAD.c.state == "open", ~LEAD.c.test)
    rows = session.execute(query.order_by(LEAD.c.id.desc()).limit(NEWEST)).all()
    return [Lead.model_validate_json(row.body) for row in rows if not sources or row.source in sources]


async def own_fields(hub: Hub, most: int = 60) -> list[str]:
    """Return the names of fields that the newest leads have and no lead has by itself."""
    leads = await hub.db.read(_newest, ())
    return sorted({name for lead in leads[:100] for name in lead.extra})[:most]
