"""A running sandbox on a clock turned by hand, and what signs for it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

Assertion = Callable[..., str]


@pytest.fixture(scope="session")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def public_key(private_key: rsa.RSAPrivateKey) -> str:
    """Return the PEM a vendor would know."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def sandbox(clock: HandClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        yield client


@pytest.fixture
def assertion(clock: HandClock, private_key: rsa.RSAPrivateKey) -> Assertion:
    """Return a function that signs claims as RS256 (RFC 7523)."""

    def sign(**claims: object) -> str:
        now = int(clock.now().timestamp())
        head = {"alg": "RS256", "typ": "JWT"}
        parts = [_encoded(json.dumps(part).encode()) for part in (head, {"iat": now, "exp": now + 3600, **claims})]
        signed = ".".join(parts)
        return f"{signed}.{_encoded(private_key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"

    return sign


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
