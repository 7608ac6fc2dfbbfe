"""Builds the web application around a hub."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send

from hub.api import (
    about,
    admin,
    alarms,
    attention,
    audit,
    backups,
    bulk,
    campaigns,
    connect,
    connectors,
    correcting,
    door,
    drafts,
    feedback,
    followup,
    keys,
    leads,
    links,
    ops,
    overview,
    owners,
    people,
    privacy,
    problems,
    queue,
    reference,
    reports,
    search,
    secrets,
    settling,
    setup,
    sinks,
    sources,
    uploads,
    users,
    vendors,
    walk,
    work,
)
from hub.api.access import check_routes
from hub.api.limits import Limits
from hub.app import Hub
from hub.failpoints import hit
from hub.observe.logs import SCOPE
from hub.web import assets, live, preferences
from hub.web.door import account, codes, login, reply, unsubscribe
from hub.web.entry import speak_html
from hub.web.kept import Kept
from hub.web.rooms import ROOMS

PARTS = (
    campaigns, vendors,  # the report on attribution goes before those that are named in the address
    ops, overview, reports, feedback, followup, alarms, search, bulk, leads, walk, links, owners, queue, people, work,
    correcting, attention, settling,
    setup, sources, sinks, connectors, secrets,
    drafts, admin, privacy, keys, connect, users, audit, reference, assets, live, preferences, login, codes, account,
    unsubscribe, reply, uploads, backups, about,
    *ROOMS,
)  # fmt: skip


class Web(FastAPI):
    """The API and pages, with the intake before them: it needs none of their layers, which cost it a tenth."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            SCOPE.set(scope)
        if scope["type"] != "http" or not scope["path"].startswith("/in/"):
            await super().__call__(*numbered(scope, receive, send, self))
            return
        scope["app"] = self
        try:
            await self.state.door(scope, receive, send)
            hit("intake.answered")
        except HTTPException as error:
            await problems.problem(error.status_code, error.detail)(scope, receive, send)


def numbered(scope: Scope, receive: Receive, send: Send, app: FastAPI) -> tuple[Scope, Receive, Send]:
    """Give a request of the API an id, which its answer and the audit log carry."""
    if scope["type"] != "http":
        return scope, receive, send
    id_ = app.state.hub.ids("req")
    scope.setdefault("state", {})["request_id"] = id_

    async def send_numbered(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-request-id", id_.encode())]
        await send(message)

    return scope, receive, send_numbered


def create_app(
    hub: Hub, *, local_key: str | None = None, bells: bool = True, setup_token: str | None = None
) -> FastAPI:
    """Return the application; the hub starts and stops with it.

    `local_key` is the key of this machine's owner, `setup_token` what the first user is made with.
    """

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await hub.start(bells=bells)
        try:
            yield
        finally:
            await hub.stop()

    app = Web(title="leadhub", version="1", lifespan=life, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.hub, app.state.local_key, app.state.keys = hub, local_key, {}
    app.state.setup_token, app.state.limits, app.state.hashing = setup_token, Limits(), asyncio.Semaphore(2)
    app.state.kept = Kept(hub.clock) if hub is not None else None
    app.state.pulse = live.Pulse(hub)
    problems.install(app)
    speak_html(app)
    _open_doors(app)
    for part in PARTS:  # as they are: to include a router builds each of its routes anew, half a second for all of them
        app.router.routes.extend(part.router.routes)
    check_routes(app.routes)
    return app


def _open_doors(app: FastAPI) -> None:
    """Let leads and news in; no layer of the application comes before them."""
    intake = Route("/in/{source}", door.intake, methods=door.METHODS)
    keyed = Route("/in/{source}/{key}", door.intake, methods=door.METHODS)
    letters = Route("/feedback/{sink}", door.feedback, methods=["GET", "POST"])
    app.state.door = Router([intake, keyed], redirect_slashes=False)
    app.router.routes[:0] = [intake, keyed, letters]  # where a list of the routes looks for them
