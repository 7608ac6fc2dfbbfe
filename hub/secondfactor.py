"""A second factor beside the password: codes of an authenticator app (RFC 6238) and codes for when it is lost."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS, SECONDS = 6, 30  # what every authenticator app takes for granted, SHA-1 too
DRIFT = 1  # steps a clock may be off, either way
RECOVERY_CODES = 10


def new_secret() -> bytes:
    """Return the secret that an authenticator app and leadhub share: 160 bits (RFC 4226, R6)."""
    return secrets.token_bytes(20)


def typed(secret: bytes) -> str:
    """Return a secret as people type it in: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(secret: bytes, name: str, issuer: str) -> str:
    """Return the otpauth: address that opens an authenticator app on the same device."""
    return _totp(secret).get_provisioning_uri(name, issuer)


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the step of time that a code belongs to, counted since 1970; None for a wrong code."""
    said = "".join(code.split())
    if len(said) != DIGITS or not (said.isascii() and said.isdigit()):
        return None
    this = int(now.timestamp()) // SECONDS
    totp, right = _totp(secret), None
    for step in range(this - DRIFT, this + DRIFT + 1):
        if hmac.compare_digest(totp.generate(step * SECONDS), said.encode()):
            right = step
    return right


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), SECONDS)  # noqa: S303 (as an HMAC, which RFC 6238 and the apps want)


def recovery_codes() -> list[str]:
    """Return new codes for when the app is lost, each good once; 80 random bits: a plain hash of one does."""
    found = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in found]


def plain(code: str) -> str:
    """Return a recovery code as it is hashed, however it was typed."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


class Safe:
    """Encrypts what the database or a form holds, with a key that lies in neither."""

    def __init__(self, key: bytes) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"leadhub second factor").derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, what: str, user: str, value: str, now: datetime) -> str:
        """Return a value encrypted for one purpose and one user; both are part of what is encrypted."""
        said = json.dumps([what, user, value]).encode()
        return self._fernet.encrypt_at_time(said, int(now.timestamp())).decode()

    def open(self, what: str, sealed: str, now: datetime, *, within: int | None = None) -> tuple[str, str] | None:
        """Return user and value; None for another purpose, another key, and what is older than `within` seconds."""
        token = sealed.encode("ascii", "replace")
        try:
            if within is None:
                read = self._fernet.decrypt(token)
            else:
                read = self._fernet.decrypt_at_time(token, within, int(now.timestamp()))
        except InvalidToken:
            return None
        purpose, user, value = json.loads(read)
        return (user, value) if purpose == what else None
