"""The ends of credentials: which warning is due, and what a certificate says of itself."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from hub.alarms.expiry import certificate_end, certificate_of, stage
from hub.testing.fakes import START, HandClock
from tests.conftest import MakeHub
from tests.core.looking import rows

ENDED = datetime(2020, 1, 1, tzinfo=UTC)
STAGES = (14 * 86400.0, 3 * 86400.0, 86400.0)


@given(st.floats(-100, 100), st.floats(0, 100))
def test_the_nearer_the_end_the_more_warnings_are_due(days, earlier):
    late, early = (START + timedelta(days=n) for n in (days, days - earlier))
    assert 0 <= stage(late, START, STAGES) <= stage(early, START, STAGES) <= 3


@pytest.mark.parametrize(("days", "due"), [(15, 0), (14, 1), (3.01, 1), (3, 2), (1, 3), (-1, 3)])
def test_each_warning_is_due_at_its_time(days, due):
    assert stage(START + timedelta(days=days), START, STAGES) == due


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://leads.acme.com/", "certificate:leads.acme.com"),
        ("http://leads.acme.com", None),
        (None, None),
        ("leads", None),
    ],
)
def test_only_an_https_address_has_a_certificate(address, name):
    assert certificate_of(address) == name


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """Return the address of a server whose certificate ended long ago."""
    import asyncio

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(ENDED - timedelta(days=9)).not_valid_after(ENDED)
    path = tmp_path / "server.pem"
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(
        made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, *form)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_certificate_that_ended_can_still_be_read(address: str):
    assert await certificate_end(address) == ENDED


async def test_where_nothing_answers_nothing_is_known():
    assert await certificate_end("https://127.0.0.1:1") is None


async def test_the_hubs_own_certificate_is_watched(address: str, tmp_path: Path):
    make = MakeHub(tmp_path, f"sqlite:///{tmp_path}/hub.db", HandClock())
    hub = await make(f"hub: {{public_url: '{address}'}}\n")
    await hub.alarms.desk.round()
    (row,) = await rows(hub, "alarm")
    assert (row["name"], row["kind"]) == ("credential:certificate:127.0.0.1", "credential.expired")
    assert hub.watching.reasons() == [
        "Certificate 127.0.0.1: Its certificate is no good any more since 2020-01-01. Renew it."
    ]
    await make.stop_all()
