"""Errors as RFC 9457 problems: a status and a sentence, never a stack or a secret."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub.errors import BadInput, ConfigError, Conflict, LeadhubError, UnsetSecret, brief

log = logging.getLogger("leadhub.api")


class ApiError(Exception):
    """An answer that says no: an HTTP status and what to do."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem."""
    body = {"type": "about:blank", "title": _TITLES.get(status, "Problem"), "status": status, "detail": detail}
    said = {**(headers or {}), "content-type": "application/problem+json"}
    if status == 401:
        said["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(body), status, said)


def status_of(error: LeadhubError) -> int:
    """Return the HTTP status of an error of ours."""
    statuses = {ConfigError: 422, UnsetSecret: 422, Conflict: 409}
    return error.status if isinstance(error, BadInput) else statuses.get(type(error), 503)


def first_of(error: RequestValidationError) -> str:
    """Return the first thing that is wrong with a request, in one sentence."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    return f"{where or 'The request'}: {first['msg']}."


async def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, LeadhubError)
    return problem(status_of(error), str(error))


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return problem(error.status, error.detail, error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(422, first_of(error))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {404: f"There is nothing at {request.url.path[:200]!r}.", 405: f"{request.method} is not taken here."}
    return problem(error.status_code, said.get(error.status_code, f"{error.detail}."), headers=error.headers)


async def _database(_: Request, error: Exception) -> Response:
    if isinstance(error, DataError):  # such as a NUL in a name that is looked for
        return problem(422, "The request holds something that no database takes.")
    log.error("event=request.failed error=%s", brief(error))
    return problem(503, "The database cannot be used now. Try again later.")


async def _other(_: Request, error: Exception) -> Response:
    log.error("event=request.failed error=%s", brief(error))
    return problem(500, "Something broke here; it is in the log.")


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(LeadhubError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(Exception, _other)


_TITLES = {
    400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    409: "Conflict", 422: "Not valid", 429: "Too many requests", 500: "Broken", 503: "Try again later",
}  # fmt: skip
