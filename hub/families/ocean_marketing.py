"""What connectors of Ocean Engine's Marketing API share: where tokens are renewed, and what codes mean."""

from __future__ import annotations

from pydantic import Field

from hub.families.coded import Codes
from hub.families.jsontoken import JsonTokenCaller


class OceanMarketing(JsonTokenCaller):
    """A connector of the Marketing API (https://open.oceanengine.com/)."""

    token_path = "/open_api/oauth2/refresh_token/"  # noqa: S105 (an address)
    codes = Codes(ok="0", retry="40100", misconfigured="40001 40002 40107")
    token_codes = "40102 40103 40104 40105"  # noqa: S105 (codes, not a password)

    class Config(JsonTokenCaller.Config):
        """The address of the API."""

        base_url: str = Field("https://api.oceanengine.com", description="Address of the API.")

    config: Config

    def token_fields(self) -> dict[str, str]:
        """Return the kind of grant, which this platform asks for by name."""
        return {"grant_type": "refresh_token"}
