"""Gathers what the page of one lead shows: bounded parts of its walk, each newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hub import explain
from hub.api import walk
from hub.api.access import REP, ROLES, Caller
from hub.api.problems import ApiError
from hub.app import Hub
from hub.explain import phrases
from hub.explain.values import why_won
from hub.lead import Lead
from hub.people.reps import known as known_reps
from hub.response.followup import story
from hub.settings.models import CORRECT_STEP
from hub.store import activities as activity_store
from hub.store import holds, walks
from hub.store import leads as lead_store
from hub.store.actors import called
from hub.store.listing import MOST_DIGITS
from hub.web.tongue import Tongue

Language = Literal["en", "zh"]
Row = dict[str, Any]

SHOWN = 20
DECISIONS = 10
PAGED = ("submissions", "deliveries", "touches", "merges", "activities", "moves", "rounds", "tasks", "consents")
DONE_BY_HAND = ("call", "message", "mail", "meeting", "note")
OUTCOMES = (
    "contacted", "no_answer", "qualified", "opportunity", "won", "lost", "unqualified", "invalid", "returned",
)  # fmt: skip


async def gather(hub: Hub, caller: Caller, tongue: Tongue, lead: Lead, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return everything of a lead's page; `asked` says which decision is told, and where each part goes on."""
    said = tongue.language
    may = _may(hub, caller, lead)
    parts = await _parts(hub, lead.id, asked, may)
    names = await _names(hub, lead, parts)
    told = await _told(hub, lead.id, asked, parts, said, names)
    return {
        **told,
        **_choices(hub, tongue),
        "lead": lead.model_dump(mode="json", exclude_none=True, exclude={"values"}),
        "name": lead.name,
        "care": (await hub.responding.handing.rounds([lead.id])).get(lead.id),
        "standing": await hub.db.read(activity_store.standing_of, lead.id),
        "fields": await _fields(hub, caller, lead, said, names),
        "may": may,
        "held": lead.id in await hub.db.read(holds.held, [lead.id]),
        "audit": await _audit(hub, lead.id, parts) if may["audit"] else None,
        "alike": await _alike(hub, lead.id),
        "keys": sorted({row["key"].partition(":")[0] for row in await hub.db.read(walks.keys, lead.id)}),
        "history": _history(parts, said),
        "older": {name: following for name, (_, following) in parts.items()} | {"decisions": told["following"]},
        **{name: rows for name, (rows, _) in parts.items()},
    }


async def _told(
    hub: Hub,
    lead: str,
    asked: Mapping[str, str],
    parts: Mapping[str, tuple[list[Row], str | None]],
    language: Language,
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Return the decisions on a lead, the one that is told whole, and the sentence of the newest."""
    after, wanted = asked.get("decisions"), asked.get("decision", "")
    rows, following = await hub.db.read(walks.part, "decisions", lead, limit=DECISIONS, after=after)
    chosen = int(wanted) if wanted.isdecimal() and len(wanted) < MOST_DIGITS else rows[0]["id"] if rows else None
    story_ = await walk.told(hub, chosen, language) if chosen is not None else None
    if story_ is not None and story_["lead"] != lead:
        raise ApiError(404, f"The lead {lead} has no decision {chosen}.")
    return {
        "sentence": _sentence(rows, parts, language),
        "story": _worded(story_, language, names) if story_ else None,
        "dealt": _dealt(story_, rows, language),
        "newest": rows[0]["id"] if rows else None,
        "decisions": [_line(row) for row in rows],
        "following": following,
    }


def _choices(hub: Hub, tongue: Tongue) -> dict[str, Any]:
    """Return what the forms of the page choose from, as pairs of what is sent and what is read."""
    settings = hub.plan.settings
    return {
        "rep_pairs": [(name, name) for name in sorted(known_reps(settings))],
        "pool_pairs": [(name, name) for name in sorted(settings.pools)],
        "reasons": list(settings.lost_reasons),
        "reason_pairs": [(one, one) for one in settings.lost_reasons],
        "act_pairs": [(one, tongue.word(one)) for one in DONE_BY_HAND],
        "outcome_pairs": [(one, tongue.word(one)) for one in OUTCOMES],
    }


def _may(hub: Hub, caller: Caller, lead: Lead) -> dict[str, bool]:
    """Return what a caller may do on the page; the actions ask again."""
    rank = ROLES.index(caller.role) if caller.role in ROLES else -1
    operator = rank >= ROLES.index("operator")
    return {
        "act": operator or caller.role == REP, "operate": operator, "audit": rank >= ROLES.index("admin"),
        "bytes": operator, "deal": operator and bool(lead.team and lead.team in hub.plan.settings.teams),
    }  # fmt: skip


async def _parts(
    hub: Hub, lead: str, asked: Mapping[str, str], may: Mapping[str, bool]
) -> dict[str, tuple[list[Row], str | None]]:
    found: dict[str, tuple[list[Row], str | None]] = {}
    for name in PAGED:
        if name in walk.OPERATORS and not may["operate"]:
            found[name] = [], None
            continue
        found[name] = await hub.db.read(walks.part, name, lead, limit=SHOWN, after=asked.get(name))
    rows, following = found["deliveries"]
    attempts = await hub.db.read(walks.attempts, [row["id"] for row in rows])
    found["deliveries"] = [{**row, "tries": attempts.get(row["id"], [])} for row in rows], following
    return found


def _sentence(decisions: list[Row], parts: Mapping[str, tuple[list[Row], str | None]], language: Language) -> str:
    """Return why the lead went where it went and who has it now, by its newest decision."""
    if not decisions or not decisions[0]["body"]:
        return ""
    newest = decisions[0]
    deliveries = [row for row in parts["deliveries"][0] if row["submission"] == newest["submission"]]
    moves = list(reversed(parts["moves"][0]))
    return explain.sentence({**newest["body"], "deliveries": deliveries, "moves": moves}, language)


def _dealt(told: Row | None, decisions: list[Row], language: Language) -> Row | None:
    """Return who was considered in a decision; where it was nobody, in the newest one that dealt the lead."""
    if told and told["candidates"]:
        return {name: told[name] for name in ("id", "candidates", "counters")}
    found = next((row for row in decisions if (row["body"].get("assignment") or {}).get("considered")), None)
    return {"id": found["id"], **explain.people(found["body"], language)} if found else None


def _line(row: Row) -> Row:
    """Return one line of the list of decisions."""
    body = row["body"]
    given, scored = body.get("assignment") or {}, _step(body, "score")
    return {
        **{name: row[name] for name in ("id", "submission", "kind", "flow", "revision", "status", "at")},
        "routes": body.get("routes") or [], "owner": given.get("owner"), "team": given.get("team"),
        "grade": scored.get("grade"), "score": scored.get("score"),
    }  # fmt: skip


def _step(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next((one for one in body.get("steps") or () if one.get("step") == name), {})


def _worded(told: Row, language: Language, names: Mapping[str, str]) -> Row:
    """Return a decision's story with every code in words, and `names` of those of us who did something."""
    return {**told, "steps": [_step_worded(one, language, names) for one in told["steps"]]}


def _step_worded(one: Row, language: Language, names: Mapping[str, str]) -> Row:
    if one["step"] == CORRECT_STEP:
        return _corrected(one, language, names)
    fields = {name: {**change, "why": _why(change, one["step"], language)} for name, change in one["fields"].items()}
    codes = [{**code, "says": phrases.problem(str(code["code"]), language)} for code in one["codes"]]
    title = phrases.step(one["step"], language)
    lines = [line.strip() for line in one["says"]]
    lines = [line.removeprefix(title).lstrip(":： ") if at == 0 else line for at, line in enumerate(lines)]
    return {**one, "title": title, "fields": fields, "codes": codes, "lines": lines}


def _corrected(one: Row, language: Language, names: Mapping[str, str]) -> Row:
    """Return what people corrected: beside each field who it was."""
    fields = {
        name: {**to, "why": to["code"], "corrector": names.get(str(to["code"]), to["code"])}
        for name, to in one["fields"].items()
    }
    return {**one, "title": phrases.step(one["step"], language), "fields": fields, "codes": [], "lines": []}


def _why(change: Row, step: str, language: Language) -> str:
    code = str(change.get("code") or "")
    if not code:
        return ""
    if step == "enrich":
        return phrases.enricher(code, language).strip()
    return why_won({"by": code}, language) if step == "dedupe" else phrases.fields(code.split("+"), language)


async def _names(hub: Hub, lead: Lead, parts: Mapping[str, tuple[list[Row], str | None]]) -> dict[str, str]:
    """Return what those are called who corrected something of the lead, and put it beside each correction."""
    rows = [one for row in parts["submissions"][0] for one in (row["corrections"] or {}).values()]
    who = {str(one["by"]) for one in rows} | {value.corrected for value in lead.values.values() if value.corrected}
    names = await hub.db.read(called, who)
    for one in rows:
        one["corrector"] = names.get(str(one["by"]), one["by"])
    return names


async def _fields(hub: Hub, caller: Caller, lead: Lead, language: Language, names: Mapping[str, str]) -> Row:
    told = await walk.fields(hub, caller, lead.id)
    fields = {
        name: {
            **one, "by": phrases.enricher(one["finder"], language).strip() if one["finder"] else "",
            "corrector": names.get(one["corrected"], one["corrected"]),
            "rivals": [{**r, "why": why_won({"by": r["code"]}, language)} for r in one["rivals"]],
        }
        for name, one in told["fields"].items()
    }  # fmt: skip
    return {**told, "fields": fields}


async def _audit(hub: Hub, lead: str, parts: Mapping[str, tuple[list[Row], str | None]]) -> list[Row]:
    about = [lead, *(row["id"] for name in ("submissions", "deliveries") for row in parts[name][0])]
    rows = await hub.db.read(walks.noted, about, SHOWN)
    return [{name: row[name] for name in ("id", "at", "who", "what", "target", "data")} for row in rows]


async def _alike(hub: Hub, lead: str) -> list[Row]:
    """Return the leads that may be the same person, each with its name."""
    rows = await hub.db.read(walks.alike, lead)
    others = {row["id"]: row["other"] if row["lead"] == lead else row["lead"] for row in rows}
    found = await hub.db.read(lead_store.load, others.values())
    return [
        {
            "suggestion": row["id"], "score": row["score"], "reasons": row["reasons"] or [],
            "lead": found[others[row["id"]]].model_dump(
                mode="json", exclude_none=True, include={"id", "full_name", "company", "email", "phone", "source"}
            ),
        }
        for row in rows
        if others[row["id"]] in found
    ]  # fmt: skip


def _history(parts: Mapping[str, tuple[list[Row], str | None]], language: Language) -> list[Row]:
    """Return what happened to who has it, and what was done with it, newest first."""
    names = {"round": "rounds", "owner": "moves", "activity": "activities", "task": "tasks"}
    rows = {what: [row for row in parts[name][0] if row.get("act") != "viewed"] for what, name in names.items()}
    told = story(rows)
    key = "says_zh" if language == "zh" else "says"
    return [
        {**{name: one.get(name) for name in ("at", "what", "id", "due_at", "done_at", "owner")}, "text": one[key]}
        for one in reversed(told)
    ]
