"""deliver: which sinks are owed this lead now; the rows are written with the lead, in one transaction."""

from __future__ import annotations

from hub.step import Context, Options, Stop, Work, step


class DeliverOptions(Options):
    """No options yet."""


@step("deliver")
async def deliver(work: Work, ctx: Context, options: DeliverOptions) -> Work | Stop:
    """Keep the sinks that are owed the lead; a known lead goes again only to sinks that take updates."""
    have = await ctx.leads.sinks_of(work.lead.id) if work.merged else frozenset()
    owed, skipped = [], []
    for target in work.targets:
        takes = getattr(ctx.registry.connector(ctx.settings.sinks[target.sink].connector), "updates", False)
        if target.sink not in have or takes or work.anew:
            owed.append(target)
        else:
            skipped.append({"sink": target.sink, "why": "has this lead already and takes no updates"})
    return work.change(targets=tuple(owed)).note("deliver", to=[t.sink for t in owed], skipped=skipped)
