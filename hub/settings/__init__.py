"""hub.yaml and the environment as typed settings."""

from hub.settings.environment import Environment
from hub.settings.files import load_settings, parse_settings
from hub.settings.models import (
    CalendarSettings,
    FlowSettings,
    HubSettings,
    MemberSettings,
    RouteSettings,
    Settings,
    SinkSettings,
    SourceSettings,
    StepSettings,
    TeamSettings,
)

__all__ = [
    "CalendarSettings",
    "Environment",
    "FlowSettings",
    "HubSettings",
    "MemberSettings",
    "RouteSettings",
    "Settings",
    "SinkSettings",
    "SourceSettings",
    "StepSettings",
    "TeamSettings",
    "load_settings",
    "parse_settings",
]
