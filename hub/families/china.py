"""What connectors to systems of mainland China share: phone numbers without the country's code, and their time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
"""The zone that times without an offset are written in there, all over the country."""

_DOMESTIC = re.compile(r"\+86(1[3-9][0-9]{9})")


def domestic(said: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return fields with the mobile numbers of the mainland among them in their eleven digits; others stay E.164."""
    return {name: _DOMESTIC.sub(r"\1", value) if name in names else value for name, value in said.items()}
