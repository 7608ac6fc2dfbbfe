"""What connectors whose tokens come by OAuth 2.0 share: client credentials or a refresh token, which may rotate."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub.errors import Misconfigured
from hub.http import Request, Response, basic
from hub.outgoing.caller import Caller
from hub.outgoing.credential import Token


class OAuthCaller(Caller):
    """A connector that renews its token by a refresh token (RFC 6749, 6), or asks with its own credentials (4.4).

    One process asks for all; a refresh token that the vendor replaces is kept, encrypted, where `hub.token_key` is set.
    """

    token_path: ClassVar[str] = "/oauth/token"  # noqa: S105 (an address, below base_url or whole)
    in_header: ClassVar[bool] = False  # whether the credentials go into Authorization instead of the form
    scope: ClassVar[str] = ""
    lifetime: ClassVar[float] = 3600.0  # seconds a token lasts where the vendor does not say

    class Config(Caller.Config):
        """The app that was registered with the vendor."""

        client_id: str = Field(description="Id of the app you registered with the vendor.")
        client_secret: SecretStr = Field(description="Secret of the app.")
        refresh_token: SecretStr | None = Field(
            None, description="Refresh token that your consent gave; none: the app's own credentials are enough."
        )
        token_url: str | None = Field(None, description="Address that gives tokens; none: the vendor's own.")

    config: Config

    def token_request(self) -> Request:
        """Return the request for a token; a vendor with more fields adds them in `token_fields`."""
        secret = self.config.client_secret.get_secret_value()
        form = {**self._grant(), **({"scope": self.scope} if self.scope else {}), **self.token_fields()}
        url = self.config.token_url or self.token_path
        if self.in_header:
            return Request("POST", url, headers={"Authorization": basic(self.config.client_id, secret)}, form=form)
        return Request("POST", url, form={**form, "client_id": self.config.client_id, "client_secret": secret})

    def token_fields(self) -> dict[str, str]:
        """Return what this vendor asks for beside the grant and the credentials."""
        return {}

    def token(self, response: Response) -> Token:
        """Return the token in the answer; raises Misconfigured for a refusal that came as 200."""
        said: Any = response.json()
        if not isinstance(said, dict) or not said.get("access_token"):
            raise Misconfigured(f"no token: {self.refusal(response)}")
        rotated = said.get("refresh_token")
        lasts = float(said.get("expires_in") or self.lifetime)
        return Token(str(said["access_token"]), lasts, refresh=str(rotated) if rotated else None)

    def _grant(self) -> dict[str, str]:
        given = self.config.refresh_token
        if given is None:
            return {"grant_type": "client_credentials"}
        return {"grant_type": "refresh_token", "refresh_token": self.refresh_token or given.get_secret_value()}
