"""Hashes passwords with Argon2id and checks them, in the same time whether there is a user or not."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from hub.errors import BadInput

SHORTEST, LONGEST = 12, 1024
MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1  # OWASP Password Storage Cheat Sheet: 19 MiB, t=2, p=1

_HASHER = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)


def hashed(password: str, name: str = "") -> str:
    """Return the Argon2id hash of a new password; raises BadInput for one that is too easy."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"A password has {SHORTEST} to {LONGEST} characters. A few words in a row do well.", 422)
    if len(set(password)) < 5 or (name and password.casefold() in (name.casefold(), name.casefold()[::-1])):
        raise BadInput("This password is too easy to guess. A few words in a row do well.", 422)
    return _HASHER.hash(password)


def right(kept: str | None, password: str) -> bool:
    """Return whether a password is the one of this hash; without a hash it is not, and takes as long to say so."""
    try:
        return _HASHER.verify(kept or _nobody(), password[:LONGEST]) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Return whether a hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(kept)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Return a hash to check against where there is none."""
    return _HASHER.hash("nobody's password")
