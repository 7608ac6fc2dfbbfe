"""A vendor's consent page, and what it gives for the code: OAuth 2.0 (RFC 6749) with PKCE (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hub.clock import Clock
from hub.http import Reply

CODE_LASTS = 600.0


class Denied(Exception):
    """What the token endpoint refuses: the error's name and its words (RFC 6749, 5.2)."""

    def __init__(self, error: str, words: str) -> None:
        self.error, self.words = error, words
        super().__init__(error)


@dataclass(frozen=True, slots=True)
class _Code:
    client: str
    redirect: str
    challenge: str
    until: float


class Consent:
    """The codes one vendor has given; a code serves once, for its client, its address and its verifier."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._refresh: set[str] = set()
        self._made = 0

    def page(self, query: Mapping[str, str], settings: Mapping[str, Any]) -> Reply:
        """Answer as the page does when the person has decided: the setting `consent: denied` refuses."""
        redirect, state = query.get("redirect_uri", ""), query.get("state", "")
        if query.get("response_type") != "code" or not redirect or not self._known(query.get("client_id"), settings):
            return Reply.text("The app is not known, or response_type or redirect_uri is missing.", 400)
        if settings.get("consent") == "denied":
            words = {"error": "access_denied", "error_description": "The user did not consent", "state": state}
            return _sent_on(redirect, words)
        self._made += 1
        code = f"sandbox-code-{self._made}"
        challenge = query.get("code_challenge", "") if query.get("code_challenge_method") == "S256" else ""
        until = self._clock.monotonic() + CODE_LASTS
        self._codes[code] = _Code(str(query["client_id"]), redirect, challenge, until)
        return _sent_on(redirect, {"code": code, "state": state})

    def granted(self, form: Mapping[str, str], settings: Mapping[str, Any]) -> str:
        """Return the refresh token that a form of either grant is good for; raises Denied."""
        secret = settings.get("client_secret", form.get("client_secret"))
        if not self._known(form.get("client_id"), settings) or form.get("client_secret") != secret:
            raise Denied("invalid_client", "The OAuth client was not found.")
        if form.get("grant_type") == "refresh_token":
            given = form.get("refresh_token", "")
            if not given or given not in (settings.get("refresh_token"), *self._refresh):
                raise Denied("invalid_grant", "Token has been expired or revoked.")
            return given
        if form.get("grant_type") != "authorization_code":
            raise Denied("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        return self._exchanged(form)

    def _exchanged(self, form: Mapping[str, str]) -> str:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.until <= self._clock.monotonic():
            raise Denied("invalid_grant", "The code is malformed, was used before, or has expired.")
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        bound = not code.challenge or base64.urlsafe_b64encode(verifier).decode().rstrip("=") == code.challenge
        if not bound or (code.client, code.redirect) != (form.get("client_id"), form.get("redirect_uri")):
            raise Denied("invalid_grant", "The code is for another client, address or verifier.")
        refresh = f"sandbox-refresh-{self._made}"
        self._refresh.add(refresh)
        return refresh

    @staticmethod
    def _known(client: str | None, settings: Mapping[str, Any]) -> bool:
        return bool(client) and client == settings.get("client_id", client)


def _sent_on(redirect: str, query: Mapping[str, str]) -> Reply:
    mark = "&" if "?" in redirect else "?"
    return Reply(302, b"", {"location": f"{redirect}{mark}{urlencode(query)}"})
