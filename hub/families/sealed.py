"""Opens what a vendor sealed with AES-256-GCM under a key it gave: what opens is from the vendor, and unaltered."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TAG = 16
NONCES = (12, 16)
MAX_TRIES = 64  # of one record: each costs a decryption, and strangers choose how many strings there are


def opened(item: Mapping[str, Any], keys: Sequence[bytes]) -> tuple[str, str] | None:
    """Return the name of the field that opens under one of the keys (base64), and the text in it; None: none does.

    The nonce may stand before the text or in a field of its own, and so may the tag: the seal itself tells what is
    right, so every place is tried.
    """
    blobs = {name: blob for name, value in item.items() if (blob := _decoded(value)) is not None}
    ciphers = [AESGCM(key) for key in map(_decoded_key, keys) if key is not None]
    tries = ((cipher, *one) for cipher in ciphers for one in _places(blobs))
    for cipher, name, nonce, text in islice(tries, MAX_TRIES):
        try:
            return name, cipher.decrypt(nonce, text, None).decode("utf-8", "replace")
        except (InvalidTag, ValueError):
            continue
    return None


def _places(blobs: Mapping[str, bytes]) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield a field, a nonce, and the text with its tag, longest field first."""
    for name, blob in sorted(blobs.items(), key=lambda one: -len(one[1])):
        others = [other for other_name, other in blobs.items() if other_name != name]
        for size in NONCES:
            if len(blob) > size + TAG:
                yield name, blob[:size], blob[size:]
        for nonce in (other for other in others if len(other) in NONCES):
            yield name, nonce, blob
            yield from ((name, nonce, blob + tag) for tag in others if len(tag) == TAG and tag is not nonce)


def _decoded(value: Any) -> bytes | None:
    if not isinstance(value, str) or not 16 <= len(value) <= 1 << 20:
        return None
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None


def _decoded_key(key: bytes) -> bytes | None:
    """Return the 32 bytes of a key; None for a text that is none, with which nothing opens."""
    try:
        plain = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return None
    return plain if len(plain) == 32 else None
