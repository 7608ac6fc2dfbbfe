"""Proves who sent something: HMACs, shared keys, timestamps and signed form times, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TypeVar

from pydantic import SecretStr

from hub.errors import Unverified

Algorithm = Literal["sha256", "sha1", "sha512"]
Encoding = Literal["hex", "base64"]

MAX_SIGNATURES = 10
_DIGITS = re.compile(r"[0-9]{1,14}")
_FORM_TIME = b"leadhub form time "  # keeps a signed form time from passing as any other signature


class Signed(Protocol):
    """What can be verified: the exact bytes received and the headers beside them."""

    @property
    def body(self) -> bytes:
        """Return the exact bytes received."""
        ...

    def header(self, name: str) -> str | None:
        """Return a header by name, in any case."""
        ...


S = TypeVar("S", bound=Signed)


@dataclass(frozen=True, slots=True)
class Check:
    """What a check looked for: a signature in a header, or (without a header) a key that was given."""

    header: str = ""
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""
    message: bytes = b""
    secrets: tuple[bytes, ...] = ()
    given: str | None = None
    stamped: bool = False  # the header says the time, too


_OVERHEARD: ContextVar[list[Check] | None] = ContextVar("overheard", default=None)


@contextmanager
def overheard() -> Iterator[list[Check]]:
    """Note what is looked for by the checks within: how a sender of a connector proves who it is, whoever wrote it."""
    checks: list[Check] = []
    token = _OVERHEARD.set(checks)
    try:
        yield checks
    finally:
        _OVERHEARD.reset(token)


def _note(check: Callable[[], Check]) -> None:
    checks = _OVERHEARD.get()
    if checks is not None:
        checks.append(check())


def secrets_of(config: Any, *names: str) -> list[bytes]:
    """Return the settings `secret` and `previous_secret` (or those named) that are set, as bytes, in that order."""
    values = (getattr(config, name, None) for name in names or ("secret", "previous_secret"))
    plain = (value.get_secret_value() if isinstance(value, SecretStr) else value for value in values)
    return [value.encode() for value in plain if value]


def sign_hmac(secret: bytes, message: bytes, algorithm: Algorithm = "sha256", encoding: Encoding = "hex") -> str:
    """Return the HMAC (RFC 2104) of the message as lower-case hex or as padded base64."""
    digest = hmac.new(secret, message, getattr(hashlib, algorithm)).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def check_hmac(
    inbound: S,
    secrets: Sequence[bytes],
    *,
    header: str,
    algorithm: Algorithm = "sha256",
    encoding: Encoding = "hex",
    prefix: str = "",
    signed: Callable[[S], bytes] | None = None,
) -> None:
    """Raise Unverified unless a signature in the header is the HMAC of the body under one of the secrets.

    `signed` returns the bytes that are signed where they are not the body alone. The header may hold up to ten
    signatures, apart by spaces or commas; those without the prefix (`sha256=`, `v1,`, `v1=`) are not looked at.
    """
    if _OVERHEARD.get() is not None:
        said = inbound.body if signed is None else signed(inbound)
        _note(lambda: Check(header, algorithm, encoding, prefix, said, tuple(secrets)))
    given = _signatures(inbound.header(header), header, prefix)
    if not secrets:
        raise Unverified("No secret is set to check the signature with. Set `secret`.")
    message = inbound.body if signed is None else signed(inbound)
    matches = False
    for secret in secrets:
        expected = _comparable(sign_hmac(secret, message, algorithm, encoding), encoding)
        for signature in given:
            matches |= hmac.compare_digest(expected, _comparable(signature, encoding))
    if not matches:
        raise Unverified(f"The signature in header {header} is not that of the body. Compare the secret on both sides.")


def check_stamped(inbound: S, secrets: Sequence[bytes], *, header: str, now: datetime, tolerance: float = 300) -> None:
    """Raise Unverified unless a header such as `t=1700000000,v1=…` signs its own time and the body, and is fresh."""
    at = header_parts(inbound.header(header)).get("t", "")
    _note(lambda: Check(header, prefix="v1=", secrets=tuple(secrets), stamped=True))
    check_hmac(
        inbound, secrets, header=header, prefix="v1=",
        signed=lambda post: at.encode("utf-8", "replace") + b"." + post.body,
    )  # fmt: skip
    check_timestamp(at, now, tolerance)


def check_key(given: str | None, secrets: Sequence[bytes], what: str = "key") -> None:
    """Raise Unverified unless the given text is one of the secrets; `what` names it in the reason."""
    _note(lambda: Check(given=given or "", secrets=tuple(secrets)))
    if not secrets:
        raise Unverified(f"No secret is set to check the {what} with. Set it in the settings of the source.")
    if not given:
        raise Unverified(f"The {what} is missing.")
    raw = given.encode("utf-8", "replace")
    if not any(hmac.compare_digest(raw, secret) for secret in secrets):
        raise Unverified(f"The {what} is wrong. Compare it on both sides.")


def check_timestamp(
    text: str | None, now: datetime, tolerance: float = 300, unit: Literal["s", "ms"] = "s"
) -> datetime:
    """Return the time a sender signed; raises Unverified unless it is within `tolerance` seconds of now, either way.

    Only 1 to 14 ASCII digits are read: `int()` would also take `١٢٣`, ` 1_0 ` and `-1`.
    """
    if not text:
        raise Unverified("The timestamp is missing.")
    if not _DIGITS.fullmatch(text):
        raise Unverified(f"The timestamp {text[:40]!r} is not 1 to 14 digits.")
    seconds = int(text) / (1000 if unit == "ms" else 1)
    away = now.timestamp() - seconds
    if abs(away) > tolerance:
        side = "old" if away > 0 else "ahead of our clock"
        raise Unverified(
            f"The timestamp is {abs(away):.0f} seconds {side}, more than {tolerance:.0f}. Compare the clocks."
        )
    return datetime.fromtimestamp(seconds, UTC)


def header_parts(value: str | None) -> dict[str, str]:
    """Return the parts of a header such as `t=1777882181,v1=ab12`; of a repeated name the first."""
    parts: dict[str, str] = {}
    for part in (value or "").split(","):
        name, equals, content = part.strip().partition("=")
        if equals:
            parts.setdefault(name, content)
    return parts


def sign_time(secret: bytes, at: datetime) -> str:
    """Return a time as text that only we can make, for a hidden form field: `1777882181.<hex>`."""
    seconds = str(int(at.timestamp()))
    return f"{seconds}.{sign_hmac(secret, _FORM_TIME + seconds.encode())}"


def read_time(secrets: Sequence[bytes], text: str | None) -> datetime:
    """Return the time in a text made by `sign_time` with one of the secrets; raises Unverified for anything else."""
    seconds, _, signature = (text or "").partition(".")
    if not _DIGITS.fullmatch(seconds) or len(seconds) > 11:
        raise Unverified("The form's time is missing or not ours.")
    given = signature.encode("utf-8", "replace")
    expected = [sign_hmac(secret, _FORM_TIME + seconds.encode()).encode() for secret in secrets]
    if not any(hmac.compare_digest(given, own) for own in expected):
        raise Unverified("The form's time was not signed by us.")
    return datetime.fromtimestamp(int(seconds), UTC)


def _signatures(value: str | None, header: str, prefix: str) -> list[str]:
    """Return the signatures in a header value, without their prefix."""
    if not value or not value.strip():
        raise Unverified(f"The header {header} is missing.")
    if not value.isascii():
        raise Unverified(f"The header {header} has characters that no signature has.")
    parts = value.split() if prefix.endswith(",") else value.replace(",", " ").split()
    marked = [part[len(prefix) :].rstrip(",") for part in parts if part.startswith(prefix)]
    if len(marked) > MAX_SIGNATURES:
        raise Unverified(f"The header {header} has more than {MAX_SIGNATURES} signatures.")
    if not any(marked):
        raise Unverified(f"The header {header} has no signature{f' that starts with {prefix!r}' if prefix else ''}.")
    return marked


def _comparable(signature: str, encoding: Encoding) -> bytes:
    """Return a signature as the bytes to compare: its text, because several base64 texts decode to the same bytes."""
    return (signature.lower() if encoding == "hex" else signature).encode()


_TOKEN_MAC = 16  # bytes of the signature that a token carries: 128 bits


def token_of(secret: bytes, purpose: str, said: bytes) -> str:
    """Return a token for a web address that says something and proves that we said it, for one purpose only."""
    return base64.urlsafe_b64encode(_token_mac(secret, purpose, said) + said).decode().rstrip("=")


def read_token(secret: bytes, purpose: str, token: str) -> bytes | None:
    """Return what a token of ours says; None for one that is not ours, or not whole."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        proof, said = raw[:_TOKEN_MAC], raw[_TOKEN_MAC:]
        return said if hmac.compare_digest(proof, _token_mac(secret, purpose, said)) else None
    except ValueError:
        return None


def _token_mac(secret: bytes, purpose: str, said: bytes) -> bytes:
    return hmac.digest(secret, f"leadhub {purpose} ".encode() + said, "sha256")[:_TOKEN_MAC]
