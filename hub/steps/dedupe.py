"""dedupe: one lead per person. Known keys merge; near matches are suggested, never merged silently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field

from hub.lead import Lead, Problem
from hub.matching import Weights, alike_names, likeness
from hub.settings.models import Duration
from hub.step import Context, Options, Stop, Suggestion, Work, step
from hub.survivorship import Trust, contest, fold, renew


class DedupeOptions(Options):
    """How known people are recognised, and what happens to them."""

    policy: Literal["merge", "reject", "reroute"] = Field("merge", description="What happens to a known person.")
    within: Duration | None = Field(None, description="Only people seen in that time are known; later is new interest.")
    suggest: float = Field(0.8, ge=0, le=1, description="Likeness from which a near match is suggested to a person.")
    near: bool = Field(True, description="Look for near matches.")
    weights: Weights = Field(default_factory=Weights, description="Evidence per field for near matches.")


@step("dedupe")
async def dedupe(work: Work, ctx: Context, options: DedupeOptions) -> Work | Stop:
    """Find the lead this submission belongs to, or make a new one."""
    work = work.change(candidate=work.lead)
    owners = await ctx.leads.owners([i.key for i in work.identities if i.exact])
    own = await ctx.leads.get(work.again) if work.again else None
    known = [lead for lead in [await ctx.leads.get(i) for i in sorted(set(owners.values()))] if lead]
    work, matches, doubtful = _weigh(work, known, owners, own)
    if own:
        return await _again(work, ctx, own, doubtful)
    if not matches:
        return await _new(work, ctx, options, doubtful)
    first, *others = matches
    policy = ctx.source.dedupe.policy if ctx.source.dedupe else options.policy
    within = ctx.source.dedupe.within if ctx.source.dedupe else options.within
    keys = sorted(k for k, lead in owners.items() if lead in {m.id for m in matches})
    work = work.note("dedupe", matched=first.id, keys=[k.partition(":")[0] for k in keys], policy=policy)
    fresh = within is not None and not await _seen(work, ctx, first, within)
    if policy == "reject" and not fresh and "duplicate" not in work.accept:
        problem = Problem(
            field="", code="duplicate", message=f"Known as {first.id}; this source's duplicates are refused."
        )
        lead = work.lead.with_fields(id=first.id)
        return Stop("rejected", problem.message, work.change(lead=lead, quarantine=(problem,)))
    return _merge(work, ctx, first, others, anew=fresh or policy == "reroute", doubtful=doubtful)


def _weigh(
    work: Work, known: list[Lead], owners: Mapping[str, str], own: Lead | None
) -> tuple[Work, list[Lead], list[Lead]]:
    """Split the leads that share a key into the same person, and those that only share a switchboard's number.

    A replay stays with its own lead and joins no others: a person may have taken them apart.
    """
    matches = [own] if own else [lead for lead in known if not _only_a_phone(work, lead, owners)]
    sure = {lead.id for lead in matches}
    doubtful = [lead for lead in known if lead.id not in sure]
    taken = {key for key, lead in owners.items() if lead in {d.id for d in doubtful}}
    identities = tuple(i for i in work.identities if i.key not in taken)
    return work.change(identities=identities), matches, doubtful


def _only_a_phone(work: Work, lead: Lead, owners: Mapping[str, str]) -> bool:
    """Say whether two people merely share a phone: another e-mail and another name."""
    kinds = {key.removeprefix("test:").partition(":")[0] for key, owner in owners.items() if owner == lead.id}
    if kinds != {"phone"}:
        return False
    others_mail = bool(work.lead.email and lead.email and work.lead.email.casefold() != lead.email.casefold())
    return others_mail and alike_names(work.lead, lead) is False


async def _seen(work: Work, ctx: Context, lead: Lead, within: float) -> bool:
    return await ctx.leads.seen_since(lead.id, None, work.received_at - timedelta(seconds=within))


async def _new(work: Work, ctx: Context, options: DedupeOptions, doubtful: list[Lead]) -> Work:
    lead = work.lead
    suggestions = [_suggest(lead, other) for other in doubtful]
    if options.near:
        blocking = [i.key for i in work.identities if not i.exact]
        for other in await ctx.leads.near(blocking) if blocking else ():
            alike = likeness(lead, other, options.weights)
            if alike.score >= options.suggest and other.id not in {s.lead for s in suggestions}:
                suggestions.append(Suggestion(other.id, round(alike.score, 3), alike.reasons))
    work = work.change(merged=False, anew=True, suggestions=tuple(suggestions))
    return work.note("dedupe", matched=None, suggestions=[{"lead": s.lead, "score": s.score} for s in suggestions])


def _suggest(lead: Lead, other: Lead) -> Suggestion:
    """Return the suggestion of a lead that shares a key, such as a switchboard's number, and yet is kept apart."""
    alike = likeness(lead, other)
    return Suggestion(other.id, round(alike.score, 3), ("same key", *alike.reasons))


async def _again(work: Work, ctx: Context, own: Lead, doubtful: list[Lead]) -> Work:
    """Put what a replayed submission says now in the place of what it said before."""
    parts = {**await ctx.leads.said(own.id), work.submission: work.lead}
    golden = renew(own, [parts[submission] for submission in sorted(parts)], _trust(ctx))
    work = work.note("dedupe", matched=own.id, keys=[], policy="replay", joined=[], anew=False)
    return _known(work, own, golden, anew=False, joined=(), doubtful=doubtful)


def _merge(work: Work, ctx: Context, first: Lead, others: list[Lead], *, anew: bool, doubtful: list[Lead]) -> Work:
    golden = first
    for other in others:
        golden = fold(golden, other, _trust(ctx))
    contests = list(contest(golden, work.lead, _trust(ctx)))
    golden = fold(golden, work.lead, _trust(ctx))
    joined = tuple(lead.id for lead in others)
    work = work.note("dedupe", joined=list(joined), anew=anew, contests=contests)
    return _known(work, first, golden, anew=anew, joined=joined, doubtful=doubtful)


def _known(work: Work, first: Lead, golden: Lead, *, anew: bool, joined: tuple[str, ...], doubtful: list[Lead]) -> Work:
    changed = sorted(name for name in golden.values if golden.values[name] != first.values.get(name))
    golden = golden.with_fields(id=first.id, version=first.version + 1, created_at=first.created_at)
    suggestions = tuple(_suggest(work.lead, other) for other in doubtful)
    work = work.change(lead=golden, merged=True, anew=anew, joined=joined, suggestions=suggestions)
    return work.note("dedupe", changed=changed, version=golden.version)


def _trust(ctx: Context) -> Trust:
    def trust(source: str) -> int:
        found = ctx.settings.sources.get(source)
        return found.trust if found else 50

    return trust
