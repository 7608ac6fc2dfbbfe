"""Checks the signatures of the large clouds as their documentation says they check them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from hub.testing.sandbox.call import Call

SKEW = 900.0  # seconds that a signed time may be away
_PART = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")


class Claim(NamedTuple):
    """What an Authorization header says: the key's id, the rest of its scope, the signed headers, the signature."""

    key: str
    scope: str
    headers: tuple[str, ...]
    signature: str


def claim_of(call: Call, scheme: str) -> Claim | None:
    """Return what the Authorization header claims; None where it is not of this scheme."""
    said, _, rest = call.headers.get("authorization", "").partition(" ")
    parts = dict(_PART.findall(rest))
    if said != scheme or len(parts) != 3:
        return None
    key, _, scope = parts["Credential"].partition("/")
    return Claim(key, scope, tuple(parts["SignedHeaders"].split(";")), parts["Signature"])


def is_signed(call: Call, claim: Claim, scheme: str, key: bytes, text_start: str, path: str | None = None) -> bool:
    """Return whether the signature is that of the request; `text_start` are the lines before the request's hash."""
    lines = [call.method, path or call.path, _query(call.query)]
    lines += ["".join(f"{name}:{call.headers.get(name, '').strip()}\n" for name in claim.headers)]
    lines += [";".join(claim.headers), hashlib.sha256(call.body).hexdigest()]
    text = f"{scheme}\n{text_start}{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), claim.signature)


def derived(start: str, scope: str) -> bytes:
    """Return the key that AWS and Tencent Cloud sign with: an HMAC of an HMAC for each part of the scope."""
    made = start.encode()
    for part in scope.split("/"):
        made = hmac.digest(made, part.encode(), "sha256")
    return made


def is_near(stamp: str, form: str, now: datetime) -> bool:
    """Return whether a signed time is near enough to now."""
    try:
        said = datetime.strptime(stamp, form).replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs((now - said).total_seconds()) <= SKEW


def _query(query: Mapping[str, str]) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    return "&".join(f"{name}={value}" for name, value in pairs)
