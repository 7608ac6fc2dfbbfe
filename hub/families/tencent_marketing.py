"""What connectors of Tencent's Marketing API share: what a call carries, how tokens are renewed, what codes mean."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field

from hub.families.coded import Codes
from hub.families.jsontoken import JsonTokenCaller
from hub.fields import to_json
from hub.http import Request
from hub.outgoing.credential import Token

_REFUSED = "11004 11005 11007 11009 11010 11011 11012 11013 11014 12000 31033"


class TencentMarketing(JsonTokenCaller):
    """A connector of the Marketing API (https://developers.e.qq.com/v3.0/docs/errors)."""

    token_path = "/oauth/token"  # noqa: S105 (an address)
    codes = Codes(ok="0", retry="10000 11008 11016 11019", busy="11017", misconfigured=_REFUSED)
    token_codes = "11000 11002"  # noqa: S105 (codes, not a password)
    daily_codes = "11018"

    class Config(JsonTokenCaller.Config):
        """The address of the API."""

        base_url: str = Field("https://api.e.qq.com", description="Address of the API.")
        version: str = Field("v3.0", description="Version of the API.")

    config: Config

    def authorization(self, token: Token) -> Mapping[str, str]:
        """Return no header: the token stands in the address."""
        return {}

    def carrying(self, request: Request, token: Token | None) -> Request:
        """Return the request with the token, the time, and a nonce that no other try has."""
        now, held = self.clock.now(), token.value if token else ""
        body = [] if request.json is None else [request.json]
        unique = to_json([held, now.isoformat(), self.clock.monotonic(), request.url, dict(request.params), *body])
        own = {"timestamp": str(int(now.timestamp())), "nonce": hashlib.sha256(unique).hexdigest()[:32]}
        return replace(request, params={**request.params, "access_token": held, **own})

    def token_request(self) -> Request:
        """Return the request for a token, whose answer has a new refresh token."""
        secret = self.config.client_secret.get_secret_value()
        app = {"client_id": self.config.client_id, "client_secret": secret}
        asked = {**app, "grant_type": "refresh_token", "refresh_token": self.renewal()}
        return Request("GET", self._token_url, params=asked)
