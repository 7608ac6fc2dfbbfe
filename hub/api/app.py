"""Builds the web application around a hub."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.routing import Route

from hub.api import admin, door, leads, ops, problems, setup, work
from hub.app import Hub
from hub.web import overview


def create_app(hub: Hub, *, local_key: str | None = None, bells: bool = True) -> FastAPI:
    """Return the application; the hub starts and stops with it. `local_key` is the key of this machine's owner."""

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await hub.start(bells=bells)
        try:
            yield
        finally:
            await hub.stop()

    app = FastAPI(
        title="leadhub", version="1", lifespan=life, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
    )
    app.state.hub, app.state.local_key, app.state.keys = hub, local_key, {}
    problems.install(app)
    app.router.routes.insert(0, Route("/in/{source}", door.intake, methods=door.METHODS))
    for part in (ops, leads, work, setup, admin, overview):
        app.include_router(part.router)
    return app
