"""Builds the web application around a hub."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from hub.api import admin, door, leads, ops, problems, setup, work
from hub.app import Hub
from hub.web import overview


class Web(FastAPI):
    """The API and pages, with the intake before them: it needs none of their layers, which cost it a tenth."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/in/"):
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        try:
            await self.state.door(scope, receive, send)
        except HTTPException as error:
            await problems.problem(error.status_code, error.detail)(scope, receive, send)


def create_app(hub: Hub, *, local_key: str | None = None, bells: bool = True) -> FastAPI:
    """Return the application; the hub starts and stops with it. `local_key` is the key of this machine's owner."""

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await hub.start(bells=bells)
        try:
            yield
        finally:
            await hub.stop()

    app = Web(
        title="leadhub", version="1", lifespan=life, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.hub, app.state.local_key, app.state.keys = hub, local_key, {}
    problems.install(app)
    intake = Route("/in/{source}", door.intake, methods=door.METHODS)
    app.state.door = Router([intake], redirect_slashes=False)
    app.router.routes.insert(0, intake)  # where a list of the routes looks for it
    for part in (ops, leads, work, setup, admin, overview):
        app.include_router(part.router)
    return app
