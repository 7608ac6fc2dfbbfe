"""What platforms share that answer 200 with a code of their own, and give tokens for JSON, as ad platforms in China."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub.errors import Misconfigured, Retry
from hub.families.coded import Coded, Codes
from hub.families.oauth import OAuthCaller
from hub.http import Request, Response, Verdict, readable
from hub.outgoing.credential import Token
from hub.strictjson import an_object

TOLD = (
    ("access_token", "accessToken"),
    ("refresh_token", "refreshToken"),
    ("expires_in", "access_token_expires_in", "expiresIn"),
)
"""Under which names platforms give a token, its successor, and for how many seconds it lasts."""


class JsonTokenCaller(Coded, OAuthCaller):
    """A platform that says in its body whether it did what it was asked, under `code`, and rotates refresh tokens.

    A code that is not known is taken for trouble that passes: what is asked here can be asked again.
    """

    codes: ClassVar[Codes] = Codes(ok="0")
    unknown: ClassVar[Verdict] = "retry"
    token_header: ClassVar[str] = "Access-Token"  # noqa: S105 (the name of a header)

    class Config(OAuthCaller.Config):
        """The app, and the consent it was given."""

        refresh_token: SecretStr = Field(description="Refresh token that your consent gave; its successors are kept.")

    config: Config

    def verdict(self, response: Response) -> Verdict:
        """Return what the code means; an answer without one is not the platform's."""
        what = super().verdict(response)
        return "retry" if what == "ok" and self.code(response) is None else what

    def authorization(self, token: Token) -> Mapping[str, str]:
        """Return the header that carries the token."""
        return {self.token_header: token.value}

    def renewal(self) -> str:
        """Return the newest refresh token there is."""
        return super().renewal() or ""

    def token_request(self) -> Request:
        """Return the request for a token: the app and the refresh token, as JSON."""
        app = self.config.client_id
        said = {"app_id": int(app) if app.isascii() and app.isdigit() else app, **self.token_fields()}
        secret = self.config.client_secret.get_secret_value()
        json = {**said, "secret": secret, "refresh_token": self.renewal()}
        return Request("POST", self._token_url, json=json)

    def token(self, response: Response) -> Token:
        """Return the token in `data`; raises Misconfigured when the consent has ended."""
        said: dict[str, Any] = an_object(an_object(readable(response)).get("data"))
        value, rotated, lasts = (next((said[name] for name in names if said.get(name)), None) for names in TOLD)
        code = self.code(response)
        if not value or code is None or self.codes.verdict(code[0]) != "ok":
            words = f"no token: {self.refusal(response)[:200]!r}."
            if code is None or self.codes.verdict(code[0]) == "retry":
                raise Retry(words)
            raise Misconfigured(f"{words} Give the app its consent anew and set `refresh_token`.")
        return Token(str(value), float(lasts or self.lifetime), refresh=str(rotated) if rotated else None)
