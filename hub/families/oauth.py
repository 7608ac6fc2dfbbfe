"""What connectors whose tokens come by OAuth 2.0 share: a person's consent, or the app's own credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urljoin

from pydantic import Field, SecretStr, model_validator

from hub.errors import Misconfigured
from hub.http import Request, Response, basic, bearer
from hub.outgoing.caller import Caller
from hub.outgoing.credential import Token


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Where a person gives an app its consent, and where the code that comes of it is exchanged (RFC 6749, 4.1)."""

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    in_header: bool = False  # whether the credentials go into Authorization instead of the form
    pkce: bool = True  # whether the code is bound to who asked for it (RFC 7636)
    asked: Mapping[str, str] = field(default_factory=dict)  # what this vendor's page wants beside the standard's


class OAuthCaller(Caller):
    """A connector that renews its token by a refresh token (RFC 6749, 6), or asks with its own credentials (4.4).

    One process asks for all; a refresh token that the vendor replaces is kept, encrypted, where `hub.token_key` is set.
    There `leadhub connect` puts the first one too, for vendors with an `authorize_path`.
    """

    token_path: ClassVar[str] = "/oauth/token"  # noqa: S105 (an address, below base_url or whole)
    authorize_path: ClassVar[str] = ""  # the consent page, below base_url or whole; none: consent is given elsewhere
    in_header: ClassVar[bool] = False  # whether the credentials go into Authorization instead of the form
    scope: ClassVar[str] = ""
    consent_scope: ClassVar[str] = ""  # what a person is asked for, where that is not `scope`
    pkce: ClassVar[bool] = True  # False where a consent page refuses what RFC 7636 adds
    own_grant: ClassVar[bool] = True  # whether the app's own credentials get a token; False: a consent is needed
    lifetime: ClassVar[float] = 3600.0  # seconds a token lasts where the vendor does not say

    class Config(Caller.Config):
        """The app that was registered with the vendor."""

        client_id: str = Field(description="Id of the app you registered with the vendor.")
        client_secret: SecretStr = Field(description="Secret of the app.")
        refresh_token: SecretStr | None = Field(
            None,
            description="Refresh token that your consent gave; none: the one that `leadhub connect` keeps, "
            "or the app's own credentials are enough.",
        )
        token_url: str | None = Field(None, description="Address that gives tokens; none: the vendor's own.")
        authorize_url: str | None = Field(None, description="Address of the consent page; none: the vendor's own.")

    config: Config

    def consent_page(self) -> ConsentPage | None:
        """Return where a person consents; None where this vendor's consent is given elsewhere. Pure."""
        page = self.config.authorize_url or self.authorize_path
        if not page:
            return None
        base = self.config.base_url.rstrip("/") + "/"
        page, exchange = (one if "://" in one else urljoin(base, one.lstrip("/")) for one in (page, self._token_url))
        asked, own = self.consent_fields(), self.config.client_id or ""
        return ConsentPage(page, exchange, own, self._secret(), self.consenting(), self.in_header, self.pkce, asked)

    def consenting(self) -> str:
        """Return the scopes a person is asked for, apart by blanks."""
        return self.consent_scope or self.scope

    def consent_fields(self) -> dict[str, str]:
        """Return what this vendor's consent page wants beside the standard's, such as that access lasts."""
        return {}

    def token_request(self) -> Request:
        """Return the request for a token; a vendor with more fields adds them in `token_fields`."""
        form = {**self._grant(), **({"scope": self.scope} if self.scope else {}), **self.token_fields()}
        own, secret = self.config.client_id or "", self._secret()
        if self.in_header:
            return Request("POST", self._token_url, headers={"Authorization": basic(own, secret)}, form=form)
        return Request("POST", self._token_url, form={**form, "client_id": own, "client_secret": secret})

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

    def renewal(self) -> str | None:
        """Return the newest refresh token there is; None where there is none."""
        given = self.config.refresh_token
        return self.refresh_token or (given.get_secret_value() if given is not None else None)

    @property
    def _token_url(self) -> str:
        return self.config.token_url or self.token_path

    def _secret(self) -> str:
        return self.config.client_secret.get_secret_value() if self.config.client_secret else ""

    def _grant(self) -> dict[str, str]:
        held = self.renewal()
        if held is not None:
            return {"grant_type": "refresh_token", "refresh_token": held}
        if not self.own_grant:
            raise Misconfigured(
                f"there is no consent yet. Run `leadhub connect {self.instance}`, or set `refresh_token`."
            )
        return {"grant_type": "client_credentials"}


class KeyOrOAuth(OAuthCaller):
    """A connector that calls with a key out of its settings, or by OAuth where they name an app instead."""

    own_grant = False

    class Config(OAuthCaller.Config):
        """The key, or the app and whose consent it has."""

        key_setting: ClassVar[str] = "token"  # what makes OAuth needless
        optional: ClassVar[bool] = False  # whether the connector does something without either

        client_id: str | None = Field(  # type: ignore[assignment]
            None, description="Id of the app you registered with the vendor, for OAuth; see `leadhub connect`."
        )
        client_secret: SecretStr | None = Field(None, description="Secret of the app.")  # type: ignore[assignment]
        refresh_token: SecretStr | None = Field(
            None, description="Refresh token that your consent gave; none: the one that `leadhub connect` keeps."
        )

        @model_validator(mode="after")
        def _one_way(self) -> KeyOrOAuth.Config:
            keyed, name = self.keyed, self.key_setting
            if self.client_id and keyed:
                raise ValueError(f"There are two ways in. Name either `{name}`, or `client_id`.")
            if bool(self.client_id) != bool(self.client_secret):
                raise ValueError("`client_id` and `client_secret` come together.")
            if not (self.client_id or keyed or self.optional):
                raise ValueError(f"There is no way in. Name `{name}`, or `client_id` and `client_secret`.")
            return self

        @property
        def keyed(self) -> bool:
            """Return whether the key is set."""
            return getattr(self, self.key_setting) is not None

        @property
        def access(self) -> bool:
            """Return whether there is a way in at all."""
            return self.keyed or self.client_id is not None

    config: Config

    @property
    def wants_token(self) -> bool:
        """Return whether calls carry a token of OAuth's."""
        return not self.config.keyed

    def key_headers(self) -> dict[str, str]:
        """Return the headers that carry the key; none where a token of OAuth's goes along."""
        key = getattr(self.config, self.config.key_setting)
        return {"Authorization": bearer(key)} if key is not None else {}

    def consent_page(self) -> ConsentPage | None:
        """Return where a person consents; None where the key makes it needless."""
        return super().consent_page() if self.config.client_id else None
