"""Polling a mailbox on a real IMAP server of our own."""

from __future__ import annotations

import asyncio
import datetime as dt
import imaplib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.mail.imap_mail import ImapMail
from hub import Misconfigured, Page, Retry
from hub.families.mailbox import Mailbox, encoded
from hub.families.mailfolder import PAGE
from hub.testing.imap_server import ImapServer

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


class At:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as running:
        yield running


def source(server: ImapServer, **settings: Any) -> ImapMail:
    usual = {"host": "127.0.0.1", "port": server.port, "security": "none", "user": server.user, "timeout": 5}
    usual["password"] = server.password
    made = ImapMail("mailbox", ImapMail.Config.model_validate(usual | settings), At())
    made.networks = ("127.0.0.0/8", "::1/128")
    return made


def deliver(server: ImapServer, *numbers: int, arrived: datetime = NOW, sender: str = "no-reply@shop.example") -> None:
    for number in numbers:
        head = f"From: {sender}\nSubject: New lead\nMessage-ID: <{number}@shop.example>\n\n"
        server.deliver(f"{head}Name: Lead {number}\nCity: Bonn\n".encode(), arrived)


async def pages(mailbox: ImapMail, cursor: str | None = None) -> list[Page]:
    async with httpx.AsyncClient() as http:
        return [page async for page in mailbox.fetch(cursor, http)]


def keys(found: list[Page]) -> list[list[str | None]]:
    return [[lead.key for lead in page.leads] for page in found]


async def test_mails_become_leads_and_stay_as_they_are(server: ImapServer) -> None:
    deliver(server, 1, 2)
    found = await pages(source(server))
    assert keys(found) == [["<1@shop.example>", "<2@shop.example>"]]
    assert found[0].cursor == "1:2"
    assert found[0].leads[0].data == {
        "Name": "Lead 1",
        "City": "Bonn",
        "mail_subject": "New lead",
        "mail_from": "no-reply@shop.example",
        "mail_text": "Name: Lead 1\r\nCity: Bonn",
    }
    assert found[0].leads[0].submitted_at == NOW
    assert [command.split()[0] for command in server.commands if "INBOX" in command] == ["EXAMINE"]
    assert all("PEEK" in command for command in server.commands if "FETCH" in command)


async def test_the_next_poll_goes_on_after_the_last_mail(server: ImapServer) -> None:
    deliver(server, 1, 2)
    assert await pages(source(server), "1:2") == []
    deliver(server, 3)
    assert keys(await pages(source(server), "1:2")) == [["<3@shop.example>"]]


async def test_an_empty_mailbox_gives_nothing(server: ImapServer) -> None:
    assert await pages(source(server)) == []
    assert await pages(source(server), "1:7") == []


async def test_a_poll_that_is_broken_off_goes_on_without_gap_or_repeat(server: ImapServer) -> None:
    deliver(server, *range(1, 2 * PAGE + 6))
    mailbox = source(server)
    async with httpx.AsyncClient() as http, aclosing(mailbox.fetch(None, http)) as poll:
        first = await anext(poll)
    rest = await pages(mailbox, first.cursor)
    assert first.cursor == f"1:{PAGE}"
    assert list(chain.from_iterable(keys([first, *rest]))) == [
        f"<{number}@shop.example>" for number in range(1, 2 * PAGE + 6)
    ]
    assert [len(page.leads) for page in rest] == [PAGE, 5]


async def test_a_mail_deleted_meanwhile_leaves_no_hole(server: ImapServer) -> None:
    deliver(server, 1, 2, 3)
    del server.mails[1]
    found = await pages(source(server))
    assert keys(found) == [["<1@shop.example>", "<3@shop.example>"]]
    assert found[0].cursor == "1:3"


async def test_a_renumbered_folder_is_read_again_with_the_same_keys(server: ImapServer) -> None:
    deliver(server, 1, 2)
    before = await pages(source(server))
    server.renumber()
    after = await pages(source(server), before[-1].cursor)
    assert keys(after) == keys(before)
    assert after[-1].cursor == "2:101"
    assert await pages(source(server), after[-1].cursor) == []


async def test_the_first_poll_looks_back_as_far_as_it_is_told(server: ImapServer) -> None:
    deliver(server, 1, arrived=NOW - timedelta(days=10))
    deliver(server, 2, arrived=NOW - timedelta(days=2))
    assert keys(await pages(source(server, since_days=3))) == [["<2@shop.example>"]]
    assert keys(await pages(source(server, since_days=30))) == [["<1@shop.example>", "<2@shop.example>"]]


async def test_only_mails_of_a_sender_are_read_where_one_is_set(server: ImapServer) -> None:
    deliver(server, 1, sender="boss@acme.example")
    deliver(server, 2, sender="leads@portal.example")
    assert keys(await pages(source(server, sender="portal.example"))) == [["<2@shop.example>"]]


async def test_the_start_of_a_huge_mail_is_read_and_told(server: ImapServer) -> None:
    server.deliver(b"Message-ID: <1@x>\n\nName: Mei\n\n" + b"x" * 100_000, NOW)
    found = await pages(source(server, max_kb=16))
    assert [problem.code for problem in found[0].leads[0].problems] == ["mail_too_large"]
    assert found[0].leads[0].data["Name"] == "Mei"


async def test_a_mail_of_rubbish_blocks_nothing(server: ImapServer) -> None:
    server.deliver(b"\xff\xfe\x00garbage", NOW)
    deliver(server, 2)
    found = await pages(source(server))
    assert len(found[0].leads) == 2
    assert found[0].cursor == "1:2"


async def test_a_wrong_password_waits_for_a_person_and_is_not_shown(server: ImapServer) -> None:
    with pytest.raises(
        Misconfigured, match=r"refuses the login: .*wrong user or password.*Check user and password\."
    ) as told:
        await pages(source(server, password="hunter2"))
    assert "hunter2" not in str(told.value)


async def test_a_folder_that_is_not_there_waits_for_a_person(server: ImapServer) -> None:
    with pytest.raises(Misconfigured, match=r"cannot open the folder 'Leads': .*no such folder"):
        await pages(source(server, folder="Leads"))


async def test_a_folder_may_have_a_chinese_name() -> None:
    async with ImapServer(folder=encoded("销售线索/A&B")) as server:
        deliver(server, 1)
        assert keys(await pages(source(server, folder="销售线索/A&B"))) == [["<1@shop.example>"]]


@pytest.mark.parametrize(
    ("name", "shown"), [("INBOX", "INBOX"), ("A&B", "A&-B"), ("台北", "&U,BTFw-"), ("Entwürfe", "Entw&APw-rfe")]
)
def test_folder_names_are_written_as_imap_wants_them(name: str, shown: str) -> None:
    assert encoded(name) == shown


@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"])
async def test_a_connection_that_breaks_off_is_tried_again_later(server: ImapServer, command: str) -> None:
    deliver(server, 1)
    server.break_off_at = command
    with pytest.raises(Retry, match=r"broke off|cannot be reached"):
        await pages(source(server))


async def test_a_server_that_is_away_is_tried_again_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = ImapMail.Config(host="127.0.0.1", port=port, security="none", user="x", password="y", timeout=2)
    away = ImapMail("mailbox", config, At())
    away.networks = ("127.0.0.0/8",)
    with pytest.raises(Retry, match="cannot be reached: Connection refused"):
        await pages(away)


async def test_the_server_learns_our_name_before_a_folder_is_opened(server: ImapServer) -> None:
    await pages(source(server))
    words = [command.split()[0] for command in server.commands]
    assert words.index("ID") < words.index("EXAMINE")


async def test_a_token_is_fetched_and_used_in_place_of_a_password(server: ImapServer) -> None:
    server.token = "short-lived"
    deliver(server, 1)
    mailbox = source(
        server, token_url="https://login.example/token", client_id="me", client_secret="s", refresh_token="r"
    )
    with respx.mock(using="httpx") as web:
        route = web.post("https://login.example/token").respond(json={"access_token": "short-lived"})
        assert keys(await pages(mailbox)) == [["<1@shop.example>"]]
    assert route.calls[0].request.content == b"grant_type=refresh_token&client_id=me&client_secret=s&refresh_token=r"


@pytest.mark.parametrize(("answer", "error"), [({"error": "no"}, Misconfigured), ([], Misconfigured)])
async def test_an_answer_without_a_token_waits_for_a_person(
    server: ImapServer, answer: Any, error: type[Exception]
) -> None:
    with respx.mock(using="httpx") as web:
        web.post("https://login.example/token").respond(json=answer)
        with pytest.raises(error, match="gave no access_token"):
            await pages(source(server, token_url="https://login.example/token"))


async def test_a_token_that_was_taken_back_waits_for_a_person(server: ImapServer) -> None:
    with respx.mock(using="httpx") as web:
        web.post("https://login.example/token").respond(400, json={"error": "invalid_grant"})
        with pytest.raises(Misconfigured, match=r"invalid_grant.*Give access to the mailbox again\."):
            await pages(source(server, token_url="https://login.example/token"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and its own certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize(("security", "start_tls"), [("ssl", False), ("starttls", True)])
async def test_encrypted_connections_are_read(
    certificate: Path, serving: ssl.SSLContext, security: Any, start_tls: bool
) -> None:
    async with ImapServer(context=serving, start_tls=start_tls) as server:
        deliver(server, 1)

        def polled() -> tuple[str, int]:
            box = Mailbox(
                "localhost",
                port=server.port,
                security=security,
                timeout=5,
                ca_file=str(certificate),
                networks=("127.0.0.0/8", "::1/128"),
            )
            box.login(server.user, password=server.password)
            found = box.open("INBOX"), len(box.fetch(box.search(after=None, since=NOW - timedelta(days=1)), 1000))
            box.close()
            return found

        assert await asyncio.to_thread(polled) == ("1", 1)


@pytest.mark.parametrize(("security", "start_tls"), [("ssl", False), ("starttls", True)])
async def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password(
    serving: ssl.SSLContext, security: str, start_tls: bool
) -> None:
    async with ImapServer(context=serving, start_tls=start_tls) as server:
        with pytest.raises(Misconfigured, match="a certificate that is not valid"):
            await pages(source(server, host="localhost", security=security))
        assert "LOGIN" not in server.commands


async def test_a_server_without_starttls_gets_no_password(server: ImapServer) -> None:
    with pytest.raises((Retry, Misconfigured)):
        await pages(source(server, security="starttls"))
    assert "LOGIN" not in server.commands


@pytest.mark.parametrize("setting", [{"folder": 'a"b'}, {"folder": "a\nb"}, {"sender": 'x" ALL'}, {"port": 0}])
def test_settings_that_could_change_a_command_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        ImapMail.Config.model_validate({"host": "h", "user": "u", "password": "p"} | setting)


async def test_the_server_of_the_tests_speaks_to_imaplib_as_a_real_one(server: ImapServer) -> None:
    deliver(server, 1, 2)

    def said() -> list[Any]:
        client = imaplib.IMAP4("127.0.0.1", server.port, timeout=5)
        early = client.login(server.user, server.password)[0], client.noop()[0]
        selected = client.select("INBOX")
        every = client.uid("SEARCH", "ALL")[1][0]
        last = client.uid("SEARCH", "UID", "9:*")[1][0]
        whole = client.uid("FETCH", "2", "(BODY.PEEK[])")[1][0][1]
        client.logout()
        return [early, selected, every, last, whole[:41]]

    assert await asyncio.to_thread(said) == [
        ("OK", "OK"),
        ("OK", [b"2"]),
        b"1 2",
        b"2",
        b"From: no-reply@shop.example\r\nSubject: New",
    ]
