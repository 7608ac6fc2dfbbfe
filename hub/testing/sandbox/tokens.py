"""Access tokens the sandbox mints, and the signed assertions it mints them for."""

from __future__ import annotations

import base64
import json
from collections.abc import Container
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hub.clock import Clock

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SKEW = 60.0  # seconds a sender's clock may be ahead


class Tokens:
    """Tokens by value, each valid for its own time."""

    def __init__(self, clock: Clock, shape: str) -> None:
        self._clock = clock
        self._shape = shape  # with one {} for the number
        self._until: dict[str, float] = {}

    def mint(self, lifetime: float) -> str:
        """Return a new token that is valid for so many seconds."""
        token = self._shape.format(len(self._until) + 1)
        self._until[token] = self._clock.monotonic() + lifetime
        return token

    def valid(self, token: str | None) -> bool:
        """Return whether the token was minted here and is not too old."""
        return token in self._until and self._until[token] > self._clock.monotonic()


def claims_of(assertion: str, now: float, audiences: Container[str], public_key: str | None = None) -> dict[str, Any]:
    """Return the claims of an RS256 assertion (RFC 7523); raises ValueError for what a token endpoint refuses.

    The signature is checked where the PEM of the public key is known; audience and times always are.
    """
    head, claims, signed, signature = _parts(assertion)
    if head.get("alg") != "RS256":
        raise ValueError(f"alg is {head.get('alg')!r}, not RS256")
    if not claims.get("iss"):
        raise ValueError("iss is missing")
    if claims.get("aud") not in audiences:
        raise ValueError(f"aud is {claims.get('aud')!r}")
    if not isinstance(claims.get("exp"), int | float) or not now < claims["exp"] <= now + 3600 + _SKEW:
        raise ValueError("exp is past, or more than an hour ahead")
    if claims.get("iat", now) > now + _SKEW:
        raise ValueError("iat is in the future")
    if public_key is not None:
        _verify(signed, signature, public_key)
    return claims


def _parts(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        signed, _, tail = assertion.rpartition(".")
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        signature = _decoded(tail)
    except ValueError as error:
        raise ValueError("not a JWT") from error
    if not isinstance(head, dict) or not isinstance(claims, dict) or not signature:
        raise ValueError("not a JWT")
    return head, claims, signed.encode(), signature


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _verify(signed: bytes, signature: bytes, public_key: str) -> None:
    key = load_pem_public_key(public_key.encode())
    try:
        cast("RSAPublicKey", key).verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise ValueError("the signature does not fit") from error
