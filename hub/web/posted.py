"""What people post from our pages: forms, read within limits and from our own pages only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import parse_qs

from fastapi import Request
from starlette.requests import ClientDisconnect

from hub.api.address import same_origin
from hub.api.problems import ApiError
from hub.app import Hub

T = TypeVar("T")

LONGEST_FORM = 16 << 10


LONGEST_TEXT = 2 << 20
"""Bytes of a form that holds a whole configuration or a mapping."""


async def form_of(request: Request, hub: Hub, *, longest: int = LONGEST_FORM) -> dict[str, str]:
    """Return the fields of a posted form; raises ApiError for another site's, and for what is no form."""
    return {name: values[-1] for name, values in (await lists_of(request, hub, longest=longest)).items()}


async def lists_of(request: Request, hub: Hub, *, longest: int = LONGEST_TEXT) -> Mapping[str, list[str]]:
    """Return the fields of a posted form that may give one several times, as marked rows do."""
    if same_origin(request.headers, hub.plan.settings.hub) is False:
        raise ApiError(403, "This form was sent from another site. Open leadhub's own page.")
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise ApiError(415, "Send a form.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > longest:
                raise ApiError(413, "The form is too long.")
    except ClientDisconnect as error:  # a form that is checked as somebody types is given up for the next one
        raise ApiError(400, "The form did not arrive whole.") from error
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=2_000)
    except ValueError as error:
        raise ApiError(422, "The form cannot be read.") from error


async def hashing(request: Request, work: Callable[[], T]) -> T:
    """Run what takes memory and a core, few at a time, beside the loop."""
    async with request.app.state.hashing:
        return await asyncio.to_thread(work)
