"""Asks for an access token with a signed assertion instead of a password (RFC 7523), as service accounts do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from hub.errors import Misconfigured
from hub.http import Request

GOOGLE_TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 3600  # seconds; the longest Google takes


def service_account_request(
    credentials: SecretStr, scope: str, now: datetime, url: str | None = None, subject: str | None = None
) -> Request:
    """Return the token request of a Google service account; `credentials` is its JSON key, `subject` whom it acts for.

    `url` is called instead of the key's own `token_uri`. Raises Misconfigured when the key cannot be read.
    """
    key = _key(credentials)
    audience = str(key.get("token_uri") or GOOGLE_TOKEN_URL)
    issued = int(now.timestamp())
    claims = {"iss": key["client_email"], "scope": scope, "aud": audience, "iat": issued, "exp": issued + LIFETIME}
    if subject:
        claims["sub"] = subject
    header = {"alg": "RS256", "typ": "JWT", "kid": str(key.get("private_key_id") or "")}
    try:
        assertion = jwt.encode(header, claims, RSAKey.import_key(str(key["private_key"])), algorithms=["RS256"])
    except (JoseError, ValueError, TypeError) as error:
        raise Misconfigured(
            "The private_key in `credentials` is not an RSA key. Use the JSON key as downloaded."
        ) from error
    return Request("POST", url or audience, form={"grant_type": GRANT, "assertion": assertion})


def _key(credentials: SecretStr) -> Mapping[str, Any]:
    try:
        key = json.loads(credentials.get_secret_value())
    except ValueError:
        key = None
    if not isinstance(key, dict) or not {"client_email", "private_key"} <= key.keys():
        raise Misconfigured(
            "`credentials` is not the JSON key of a service account. Refer to the downloaded file as ${file:key.json}."
        )
    return key
