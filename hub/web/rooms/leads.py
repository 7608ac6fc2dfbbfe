"""The list of leads: searched as one types, filtered, kept as views, and written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.api import search as api
from hub.api.access import ROLES, Caller, CallerDep, HubDep, needs
from hub.api.finding import NAMES, Filters, FiltersDep, found
from hub.api.leads import After
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store.leadlist import Found
from hub.web.entry import Page
from hub.web.posted import lists_of
from hub.web.site import done, partial, show, told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

AT_ONCE = 50
USUAL = ("company", "source", "campaign", "grade", "owner", "disposition", "created_at")
"""The columns of a list that nobody changed."""

COLUMNS: Mapping[str, str] = {
    "company": N_("Company"), "email": N_("E-mail"), "phone": N_("Phone"), "country": N_("Country"),
    "source": N_("Source"), "campaign": N_("Campaign"), "grade": N_("Grade"), "score": N_("Score"), "team": N_("Team"),
    "owner": N_("Owner"), "pool": N_("Pool"), "disposition": N_("Outcome"), "state": N_("State"),
    "submitted_at": N_("Submitted"), "created_at": N_("Received"), "responded_at": N_("Answered"),
    "due_at": N_("Answer due"), "id": N_("Id"),
}  # fmt: skip
"""What each column is called; the lead's name goes first and always stays."""

MAIN = ("q", "source", "grade", "owner", "disposition")
"""The filters that are always in sight."""

STATES = ("open", "merged", "erased", "undone")
DISPOSITIONS = (
    "new", "contacted", "no_answer", "qualified", "opportunity", "won", "lost", "unqualified", "invalid", "unknown",
)  # fmt: skip


@router.get("/leads", dependencies=[needs("viewer")])
async def leads_page(
    request: Request, hub: HubDep, caller: CallerDep, filters: FiltersDep, after: After = None,
    view: Annotated[int | None, Query(ge=0, lt=10**18)] = None,
    columns: Annotated[list[str], Query(max_length=40)] = [],  # noqa: B006 - never changed
    lead: Annotated[list[str], Query(max_length=200)] = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Show the newest leads that fit; `lead`: those that are marked, so that a refresh keeps the marks."""
    kept = await api.view_of(hub, caller, view) if view is not None else None
    whole = kept is not None and not any(request.query_params.get(name) for name in (*NAMES, "columns"))
    if kept is not None and whole:
        filters = replace(Filters(), **{k: v for k, v in (kept["filters"] or {}).items() if k in NAMES})
        columns = kept["columns"] or []
    shown = [name for name in columns if name in COLUMNS] or list(USUAL)
    page, errors = await _page(request, hub, caller, filters, after)
    data = _data(caller, filters, shown, page, [("view", view)] if whole else None) | {
        "errors": errors, "after": after, "view": kept, "marked": lead, "first": after is None,
    }  # fmt: skip
    if partial(request):
        answer = await show(request, "leads/found.html", **data)
        answer.headers["hx-replace-url"] = data["here_plain"]
        return answer
    return await show(request, "leads/page.html", **data, **await _chooser(request, hub, caller, filters))


async def _page(
    request: Request, hub: Hub, caller: Caller, filters: Filters, after: str | None
) -> tuple[Found, dict[str, str]]:
    """Return a page of leads, or what is wrong with which filter."""
    try:
        return await found(hub, caller, filters, limit=AT_ONCE, after=after), {}
    except ApiError as error:
        if error.status != 422:
            raise
        said = tongue_of(request).say("This is no day. Write it as 2026-01-31.")
        return Found(), {error.detail.partition(":")[0]: said}


async def _chooser(request: Request, hub: Hub, caller: Caller, filters: Filters) -> dict[str, Any]:
    """Return what filters, views and columns can be chosen from."""
    choices = (await request.app.state.kept.ask("lead choices", lambda: api.choices(hub))).value or {}
    return {
        "pairs": _pairs(choices, tongue_of(request)), "campaigns": choices.get("campaign", []), "states": STATES,
        "views": await _views(hub, caller), "unfolded": bool(set(filters.said) - set(MAIN)),
        "every": [[name, said] for name, said in COLUMNS.items()],
    }  # fmt: skip


def _pairs(choices: Mapping[str, list[str]], tongue: Tongue) -> dict[str, list[list[str]]]:
    """Return what can be chosen for each filter, with its words."""
    found = {
        name: [[value, value] for value in choices.get(name, [])]
        for name in ("source", "grade", "owner", "team", "country", "pool")
    }
    return {**found, "disposition": [[one, tongue.word(one)] for one in DISPOSITIONS]}


async def _views(hub: Hub, caller: Caller) -> list[dict[str, Any]]:
    return [{**row, "name": str(row["name"])} for row in (await api.kept_views(hub, caller))["items"]]


def _data(caller: Caller, filters: Filters, shown: list[str], page: Found, kept: Any) -> dict[str, Any]:
    """Return what the list and its acts are made of; `kept`: the address of a view that is shown as it was kept."""
    said = filters.said
    query = kept or [*said.items(), *(("columns", name) for name in shown if shown != list(USUAL))]
    path = f"/leads?{urlencode(query)}" if query else "/leads"
    joint = "&" if query else "?"
    exported = [*said.items(), *(("columns", name) for name in ("id", "full_name", *shown) if name != "id")]
    return {
        "rows": page.rows, "next": f"{path}{joint}{urlencode({'after': page.next})}" if page.next else None,
        "partly": page.next is not None and len(page.rows) < AT_ONCE, "said": said, "chosen": _chosen(filters),
        "columns": [[name, COLUMNS[name]] for name in shown], "names": shown, "usual": shown == list(USUAL),
        "here_plain": path, "query": urlencode(query), "exported": urlencode(exported),
        "may": {"act": may(caller, "operator"), "export": may(caller, "admin"), "share": may(caller, "operator")},
    }  # fmt: skip


def _chosen(filters: Filters) -> dict[str, str]:
    return {name: getattr(filters, name) or "" for name in NAMES}


def may(caller: Caller, role: str) -> bool:
    """Return whether a caller has this role or one above it."""
    return caller.role in ROLES and ROLES.index(caller.role) >= ROLES.index(role)


@router.post("/leads/views", dependencies=[needs("viewer")])
async def save(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Keep the list that is shown by a name, and go to it."""
    form = await lists_of(request, hub)
    tongue = tongue_of(request)
    back = f"/leads?{form.get('query', [''])[0]}"
    name = form.get("name", [""])[0].strip()
    if not name:
        return told(back, tongue.say("Give the view a name."), bad=True)
    filters = {key: form[key][0] for key in NAMES if form.get(key, [""])[0]}
    body = api.View(
        name=name[:80], filters=filters, columns=[one for one in form.get("columns", []) if one in COLUMNS],
        shared="shared" in form,
    )  # fmt: skip
    try:
        made = await api.save_view(hub, caller, body)
    except ApiError as error:
        return told(back, error.detail, bad=True)
    return told(f"/leads?view={made['id']}", tongue.say("Kept as “%(name)s”.", name=name[:80]))


@router.post("/leads/views/{view}/delete", dependencies=[needs("viewer")])
async def drop(request: Request, hub: HubDep, caller: CallerDep, view: int) -> Response:
    """Delete a view."""
    await lists_of(request, hub)
    return await done(request, api.drop_view(hub, caller, view), "/leads", N_("The view is deleted."))
