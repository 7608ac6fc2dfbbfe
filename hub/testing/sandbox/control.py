"""The sandbox's own addresses under `/_sandbox`: scripts, settings, records, ledger."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.testing.sandbox.ledger import Entry, Ledger
from hub.testing.sandbox.script import Scripts
from hub.testing.sandbox.vendor import Vendor

MAX_ENTRIES = 1_000


class Control:
    """Handlers of `/_sandbox/…`; errors are `{"error": text}` with status 400 or 404."""

    def __init__(self, vendors: Mapping[str, Vendor], scripts: Scripts, ledger: Ledger) -> None:
        self._vendors = vendors
        self._scripts = scripts
        self._ledger = ledger

    def routes(self) -> list[Route]:
        """Return the routes of all handlers."""
        return [
            Route("/_sandbox", self.overview),
            Route("/_sandbox/script", self.script, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/settings", self.settings, methods=["POST"]),
            Route("/_sandbox/records", self.records, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/ledger", self.ledger),
        ]

    async def overview(self, request: Request) -> Response:
        """Return each vendor with its address, what its settings are, and how many records it holds."""
        told = {
            name: {
                "address": f"{str(request.base_url).rstrip('/')}/{name}",
                "about": (type(vendor).__doc__ or "").strip(),
                "records": sum(1 for _ in vendor.records()),
            }
            for name, vendor in self._vendors.items()
        }
        return JSONResponse({"vendors": told, "scripts": self._scripts.listing(), "entries": self._ledger.next_id - 1})

    async def script(self, request: Request) -> Response:
        """GET: the scripts in force. POST `{path, steps, seed, method}`: replace one. DELETE: drop all."""
        if request.method == "DELETE":
            self._scripts.clear()
        elif request.method == "POST":
            given = await _object(request)
            path, steps = given.get("path"), given.get("steps", [])
            if not isinstance(path, str) or not isinstance(steps, list):
                raise HTTPException(400, "path must be a text and steps a list.")
            try:
                self._scripts.set(path, steps, seed=int(given.get("seed", 0)), method=given.get("method"))
            except ValidationError as error:
                raise HTTPException(400, f"A step is wrong: {error.errors()[0]['msg']}.") from error
        return JSONResponse({"items": self._scripts.listing()})

    async def settings(self, request: Request) -> Response:
        """POST `{vendor: {setting: value}}`: change settings of vendors; null takes one away."""
        given = await _object(request)
        for name, changes in given.items():
            configure(self._vendor(name), changes)
        return JSONResponse({name: self._vendor(name).settings for name in given})

    async def records(self, request: Request) -> Response:
        """GET `?vendor=`: what it holds. POST `{items}`: seed. DELETE: forget; without a vendor all do."""
        name = request.query_params.get("vendor")
        if request.method == "DELETE":
            for vendor in self._vendors.values() if name is None else [self._vendor(name)]:
                vendor.forget()
            return Response(status_code=204)
        vendor = self._vendor(name or "")
        if request.method == "POST":
            items = (await _object(request)).get("items", [])
            try:
                vendor.seed(items)
            except Exception as error:  # a seed may be wrong in as many ways as there are vendors
                raise HTTPException(400, f"A seed is wrong: {type(error).__name__}: {error}.") from error
            return JSONResponse({"seeded": len(items)}, 201)
        return JSONResponse({"items": list(vendor.records())})

    async def ledger(self, request: Request) -> Response:
        """Return entries, `?vendor=`, `?after=` an id, `?limit=` at most 1,000."""
        query = request.query_params
        try:
            after, limit = int(query.get("after", "0")), min(int(query.get("limit", MAX_ENTRIES)), MAX_ENTRIES)
        except ValueError as error:
            raise HTTPException(400, "after and limit must be numbers.") from error
        found = list(islice(self._ledger.entries(query.get("vendor"), after), limit + 1))
        more = found[limit - 1].id if len(found) > limit else None
        return JSONResponse({"items": [_shown(entry) for entry in found[:limit]], "next": more})

    def _vendor(self, name: str) -> Vendor:
        if name not in self._vendors:
            raise HTTPException(404, f"There is no vendor {name!r}; there are {', '.join(self._vendors)}.")
        return self._vendors[name]


def configure(vendor: Vendor, changes: Mapping[str, Any]) -> None:
    """Change settings of a vendor; None takes one away."""
    for name, value in changes.items():
        vendor.settings[name] = value
        if value is None:
            del vendor.settings[name]


async def refused(_: Request, error: Exception) -> Response:
    """Return the answer to a request that is not right."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse({"error": getattr(error, "detail", str(error))}, status)


async def _object(request: Request) -> dict[str, Any]:
    try:
        value = await request.json()
    except ValueError as error:
        raise HTTPException(400, f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise HTTPException(400, "The body must be a JSON object.")
    return value


def _shown(entry: Entry) -> dict[str, Any]:
    shown = asdict(entry)
    try:
        shown["body"] = entry.body.decode()
    except UnicodeDecodeError:
        shown["body64"] = base64.b64encode(shown.pop("body")).decode()
    return shown
