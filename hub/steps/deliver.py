"""deliver: which sinks are owed this lead now; the rows are written with the lead, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from hub.consents import refusal, said_in
from hub.step import Context, Options, Stop, Work, step


class DeliverOptions(Options):
    """No options yet."""


@step("deliver")
async def deliver(work: Work, ctx: Context, options: DeliverOptions) -> Work | Stop:
    """Keep the sinks that are owed the lead; a known lead goes again only to sinks that take updates."""
    have = await ctx.leads.sinks_of(work.lead.id) if work.merged else frozenset()
    owed, skipped = [], []
    refused = await without_consent(work, ctx, [target.sink for target in work.targets])
    for target in work.targets:
        takes = getattr(ctx.registry.connector(ctx.settings.sinks[target.sink].connector), "updates", False)
        if target.sink in refused:
            skipped.append({"sink": target.sink, "why": refused[target.sink]})
        elif target.sink not in have or takes or work.anew:
            owed.append(target)
        else:
            skipped.append({"sink": target.sink, "why": "has this lead already and takes no updates"})
    return work.change(targets=tuple(owed)).note("deliver", to=[t.sink for t in owed], skipped=skipped)


async def without_consent(work: Work, ctx: Context, sinks: Iterable[str]) -> dict[str, str]:
    """Return which of these sinks may not have the lead, and why: they ask for a consent that is not there."""
    asking = {sink: ctx.settings.sinks[sink].requires_consent for sink in sinks}
    asking = {sink: required for sink, required in asking.items() if required}
    if not asking:
        return {}
    said = said_in(work.stated())
    if work.merged:
        for lead in (work.lead.id, *work.joined):
            said += await ctx.leads.consents(lead)
    found = {sink: refusal(said, sink, required) for sink, required in asking.items()}
    return {sink: why for sink, why in found.items() if why}
