"""What connectors to Microsoft's APIs share: a token of an app that was registered in a tenant of Microsoft Entra."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from hub.families.oauth import OAuthCaller
from hub.http import segment


class EntraCaller(OAuthCaller):
    """A connector whose tokens come from login.microsoftonline.com; name its `scope`."""

    class Config(OAuthCaller.Config):
        """The tenant the app was registered in."""

        tenant_id: str = Field(min_length=1, description="Id of your Microsoft Entra tenant.")

        @model_validator(mode="before")
        @classmethod
        def _address(cls, given: Any) -> Any:
            if not isinstance(given, dict):
                return given
            tenant = segment(str(given.get("tenant_id", "")))
            return {"token_url": f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", **given}

    config: Config
