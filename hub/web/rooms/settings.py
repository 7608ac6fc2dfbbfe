"""Users, keys, the audit log, what is kept how long, backups, plugins."""

from __future__ import annotations

from fastapi import APIRouter

from hub.web.entry import Page

router = APIRouter(include_in_schema=False, route_class=Page)
