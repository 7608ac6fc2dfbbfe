"""What leaves is encrypted, and goes to nobody who cannot prove the name that was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from connectors.mail.imap_mail import ImapMail
from connectors.mail.smtp import Smtp
from hub.app import Hub, Office
from hub.errors import Misconfigured, Retry, Unclear
from hub.http import Request
from hub.lead import Lead
from hub.outgoing.client import make_client
from hub.outgoing.sockets import trusting
from hub.outgoing.transmit import CERTIFICATE_WAIT, transmit
from hub.settings.models import HubSettings

HERE = ("127.0.0.0/8", "::1/128")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
OLD = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return who vouches for the good server, and whom a user may choose to trust."""
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def good(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("localhost"))


def expired(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("localhost", not_before=OLD, not_after=OLD + dt.timedelta(days=90)))


def wrong_host(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("crm.example.com"))


def of_another(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(trustme.CA().issue_cert("localhost"))


def old_tls(version: ssl.TLSVersion, authority: trustme.CA) -> ssl.SSLContext:
    context = good(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    return context


def tls_1_0(authority: trustme.CA) -> ssl.SSLContext:
    return old_tls(ssl.TLSVersion.TLSv1, authority)


def tls_1_1(authority: trustme.CA) -> ssl.SSLContext:
    return old_tls(ssl.TLSVersion.TLSv1_1, authority)


BAD = [expired, wrong_host, of_another, tls_1_0, tls_1_1]


@contextlib.asynccontextmanager
async def serving(context: ssl.SSLContext) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Yield the port of a server that answers anything, and what it was told."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def asked(port: int, trust: dict[str, Path]) -> int:
    async with make_client(lambda: HERE, lambda: trust) as http:
        request = Request("POST", f"https://localhost:{port}/", json={"secret": "canary"})
        return (await transmit(request, {}, http, 5)).status


async def test_a_host_whose_authority_the_operator_trusts_is_called(authority, ca_file):
    async with serving(good(authority)) as (port, heard):
        assert await asked(port, {"localhost": ca_file}) == 200
        assert heard[0].startswith(b"POST / HTTP/1.1")


@pytest.mark.parametrize("bad", BAD)
async def test_a_server_that_proves_nothing_is_told_nothing_and_tried_again_later(authority, ca_file, bad):
    async with serving(bad(authority)) as (port, heard):
        with pytest.raises(Retry, match="no connection") as caught:
            await asked(port, {"localhost": ca_file})
    assert not isinstance(caught.value, Unclear)
    assert heard == []


@pytest.mark.parametrize("bad", [expired, wrong_host, of_another])
async def test_a_bad_certificate_is_not_asked_after_every_few_seconds(authority, ca_file, bad):
    async with serving(bad(authority)) as (port, _):
        with pytest.raises(Retry) as caught:
            await asked(port, {"localhost": ca_file})
    assert caught.value.after == CERTIFICATE_WAIT


@pytest.mark.parametrize("trust", [{}, {"crm.example.com": "ca"}])
async def test_trust_in_an_authority_is_for_its_host_alone(authority, ca_file, trust):
    async with serving(good(authority)) as (port, heard):
        with pytest.raises(Retry, match="no connection"):
            await asked(port, dict.fromkeys(trust, ca_file))
    assert heard == []


@pytest.mark.parametrize("text", [None, "no certificate"])
async def test_certificates_that_cannot_be_read_are_a_matter_of_settings(tmp_path, text):
    path = tmp_path / "ca.pem"
    [path.write_text(said) for said in (text,) if said]
    with pytest.raises(Misconfigured, match=r"hub: trust: .*ca\.pem, the certificates for localhost, cannot be read"):
        await asked(443, {"localhost": path})


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_the_old_servers_do_speak_to_who_lets_them(authority, version):
    """Without this the refusals above could be those of a server that speaks to nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = version
    async with serving(old_tls(version, authority)) as (port, heard):
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context, family=2)
        writer.write(b"hello\r\n\r\n")
        assert await reader.read() == ANSWER
        writer.close()
    assert heard == [b"hello\r\n\r\n"]


def test_every_context_checks_names_and_is_new_enough(ca_file):
    for context in (trusting(None), trusting(ca_file)):
        assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", ["smtp", "imap"])
async def test_mail_servers_that_prove_nothing_get_no_password(authority, ca_file, bad, kind):
    async with serving(bad(authority)) as (port, heard):
        with pytest.raises((Retry, Misconfigured), match=r"TLS|certificate|cannot be reached"):
            await {"smtp": submit, "imap": poll}[kind](port, ca_file)
    assert heard == []


async def submit(port: int, ca_file: Path) -> None:
    config = Smtp.Config(
        host="localhost", port=port, security="tls", user="ann", password="canary", ca_file=str(ca_file), to=["a@b.example"],
        timeout=5, **{"from": "a@b.example"},
    )  # fmt: skip
    sink = Smtp("mail", config)
    sink.networks = HERE
    (said,) = await sink.send([Lead(id="lead_1")], None)
    raise said


async def poll(port: int, ca_file: Path) -> None:
    config = ImapMail.Config(
        host="localhost", port=port, user="ann", password="canary", ca_file=str(ca_file), timeout=5
    )
    source = ImapMail("box", config)
    source.networks = HERE
    async for _ in source.fetch(None, None):
        pytest.fail("it was read")


@pytest.mark.parametrize("host", ["Localhost", "a b", "", "-x", "https://crm.example.com"])
def test_what_is_no_host_cannot_be_trusted(host):
    with pytest.raises(ValueError, match="trust"):
        HubSettings(trust={host: "ca.pem"})


@pytest.mark.parametrize("trust", ["trust: {localhost: ca.pem}", "name: without"])
async def test_a_hub_trusts_what_its_settings_say_and_no_more(tmp_path, authority, ca_file, trust):
    (tmp_path / "ca.pem").write_bytes(ca_file.read_bytes())
    (tmp_path / "hub.yaml").write_text(f"hub: {{allow_networks: [127.0.0.0/8, '::1/128'], {trust}}}\n")
    hub = Hub.open(Office(tmp_path, tmp_path / "hub.yaml"))
    trusted = contextlib.nullcontext() if trust.startswith("trust") else pytest.raises(Retry, match="CERTIFICATE")
    async with serving(good(authority)) as (port, _):
        with trusted:
            assert (await transmit(Request("GET", f"https://localhost:{port}/"), {}, hub.http, 5)).status == 200
    await hub.http.aclose()
    hub.db.close()
