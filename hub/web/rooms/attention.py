"""What needs a person: one inbox, where a thing is mended once for all that are alike."""

from __future__ import annotations

from fastapi import APIRouter

from hub.web.entry import Page

router = APIRouter(include_in_schema=False, route_class=Page)
