"""Working time: hours, free days and days worked instead, and the arithmetic between them."""

from hub.worktime.building import build
from hub.worktime.calendar import Calendar, NeverOpen
from hub.worktime.freedays import known_until
from hub.worktime.hours import Hours, parse

__all__ = ["Calendar", "Hours", "NeverOpen", "build", "known_until", "parse"]
