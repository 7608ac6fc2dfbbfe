"""The sandbox's own addresses, its ending, and the mail receiver."""

from __future__ import annotations

import asyncio
import imaplib
import smtplib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from hub.clock import SystemClock
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.vendor import Vendor


async def test_the_overview_names_every_vendor(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    told = (await http.get("/_sandbox")).json()
    assert sorted(told["vendors"]) == sorted(sandbox.vendors)
    assert told["vendors"]["slack"]["address"] == f"{sandbox.url}/slack"
    assert all(vendor["about"] for vendor in told["vendors"].values())


async def test_a_script_is_set_shown_and_dropped_over_http(http: httpx.AsyncClient) -> None:
    script = {"path": "/slack/*", "steps": [{"status": [503, 502]}], "seed": 3}
    (shown,) = (await http.post("/_sandbox/script", json=script)).json()["items"]
    assert (shown["path"], shown["seed"], shown["steps"]) == ("/slack/*", 3, [{"status": 503}, {"status": 502}])
    assert (await http.post("/slack/services/T/B/X", json={"text": "x"})).status_code == 503
    assert len((await http.get("/_sandbox/script")).json()["items"][0]["steps"]) == 1
    assert (await http.delete("/_sandbox/script")).json() == {"items": []}
    assert (await http.post("/slack/services/T/B/X", json={"text": "x"})).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_sandbox/script", {"path": "/x", "steps": [{"statuss": 1}]}),
        ("/_sandbox/script", {"steps": []}),
        ("/_sandbox/script", []),
        ("/_sandbox/records?vendor=meta", {"items": [{"no": "id"}]}),
        ("/_sandbox/records?vendor=slack", {"items": []}),
    ],
)
async def test_a_wrong_order_is_refused_in_words(path: str, body: Any, http: httpx.AsyncClient) -> None:
    answer = await http.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


async def test_an_unknown_vendor_is_refused_with_the_known_ones(http: httpx.AsyncClient) -> None:
    answer = await http.get("/_sandbox/records?vendor=hubspto")
    assert answer.status_code == 404
    assert "hubspot" in answer.json()["error"]


async def test_settings_are_changed_and_taken_away_over_http(http: httpx.AsyncClient) -> None:
    path, http.headers["authorization"] = "/jiandaoyun/v5/app/list", "Bearer a"
    await http.post("/_sandbox/settings", json={"jiandaoyun": {"token": "b"}})
    assert (await http.post(path, json={})).status_code == 400
    await http.post("/_sandbox/settings", json={"jiandaoyun": {"token": None}})
    assert (await http.post(path, json={})).status_code == 200


async def test_records_are_seeded_shown_and_forgotten_over_http(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    items = [{"properties": {"email": "a@b.de"}}]
    seeded = await http.post("/_sandbox/records", params={"vendor": "hubspot"}, json={"items": items})
    assert (seeded.status_code, seeded.json()) == (201, {"seeded": 1})
    (shown,) = (await http.get("/_sandbox/records?vendor=hubspot")).json()["items"]
    assert shown["properties"]["email"] == "a@b.de"
    assert (await http.delete("/_sandbox/records?vendor=slack")).status_code == 204
    assert len(sandbox.records("hubspot")) == 1
    assert (await http.delete("/_sandbox/records")).status_code == 204
    assert sandbox.records("hubspot") == []


SEEDS: dict[str, dict[str, Any]] = {
    "hubspot": {"type": "companies", "properties": {"name": "Acme"}},
    "salesforce": {"LastName": "Ng", "Company": "Acme"},
    "jiandaoyun": {"app_id": "a", "entry_id": "e", "data": {"name": "张三"}},
    "sheets": {"spreadsheet": "b", "sheet": "Leads", "values": ["x"]},
    "webhook": {"name": "crm", "key": "1"},
    "meta": {"id": "1", "created_time": "2026-05-04T08:00:00+0000", "form_id": "5", "field_data": []},
    "typeform": {"form_id": "f", "token": "t", "submitted_at": "2026-05-04T08:00:00Z", "answers": []},
}


@pytest.mark.parametrize("vendor", SEEDS)
async def test_a_seed_is_a_record(vendor: str, sandbox: Sandbox) -> None:
    sandbox.seed(vendor, SEEDS[vendor])
    (kept,) = sandbox.records(vendor)
    assert str(next(iter(SEEDS[vendor].values()))) in str(kept)


async def test_a_fault_of_the_sandbox_is_a_500_that_the_ledger_has(
    sandbox: Sandbox, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.configure("hubspot", limits={"daily": ["not", "numbers"]})
    answer = await http.get("/hubspot/crm/v3/objects/contacts/1", headers={"authorization": "Bearer t"})
    assert answer.status_code == 500
    assert [entry.status for entry in sandbox.entries()] == [500]
    assert "The sandbox failed at GET" in caplog.text


class StoppedClock(SystemClock):
    """A clock on which a sleep never ends."""

    def __init__(self) -> None:
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asleep.set()
        await asyncio.Event().wait()


async def test_the_end_does_not_wait_for_slow_answers() -> None:
    clock = StoppedClock()
    async with httpx.AsyncClient(timeout=None) as http:
        async with Sandbox(clock=clock) as sandbox:
            sandbox.script("/slack/*", [{"delay": 3_600}])
            waiting = asyncio.ensure_future(http.post(f"{sandbox.url}/slack/services/T/B/X", json={"text": "x"}))
            await clock.asleep.wait()
            address = (sandbox.url.split(":")[1].strip("/"), int(sandbox.url.split(":")[2]))
        with pytest.raises(httpx.TransportError):
            await waiting
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


async def test_another_server_ends_with_the_sandbox() -> None:
    ended = []

    @asynccontextmanager
    async def other() -> AsyncIterator[str]:
        yield "an IMAP server"
        ended.append(True)

    async with Sandbox() as sandbox:
        assert await sandbox.start(other()) == "an IMAP server"
        assert not ended
    assert ended


def test_every_vendor_tells_a_wrong_key_from_too_many_requests(sandbox: Sandbox) -> None:
    vendors: list[Vendor] = list(sandbox.vendors.values())
    refusals = {vendor.name: (vendor.unauthorized(), vendor.throttled(2.5)) for vendor in vendors}
    alike = [name for name, (no, later) in refusals.items() if (no.status, no.body) == (later.status, later.body)]
    assert alike == []


# -- mail


def mail(number: int = 1) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "hub@acme.com", "sales@acme.com", "新线索"
    message["Message-ID"] = f"<{number}@hub>"
    message.set_content("New lead")
    return message


def send(port: int, message: EmailMessage, *logins: tuple[str, str]) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        for login in logins:
            smtp.login(*login)
        smtp.send_message(message)


@pytest.fixture
async def mailbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(smtp_port=0) as running:
        yield running


async def test_a_mail_is_taken_and_a_repeat_is_told_by_its_message_id(mailbox: Sandbox) -> None:
    for number in (1, 1, 2):
        await asyncio.to_thread(send, mailbox.smtp_port, mail(number))
    entries = list(mailbox.entries("smtp"))
    assert [(entry.key, entry.seen) for entry in entries] == [
        ("<1@hub>", "new"),
        ("<1@hub>", "twin"),
        ("<2@hub>", "new"),
    ]
    assert b"New lead" in entries[0].body
    assert entries[0].headers["rcpt-to"] == "sales@acme.com"


async def test_a_mail_is_refused_with_the_code_of_the_script(mailbox: Sandbox) -> None:
    mailbox.script("/smtp/data", [{"status": 451}, {"status": 554, "body": "5.7.1 no"}])
    for code in (451, 554):
        with pytest.raises(smtplib.SMTPDataError) as caught:
            await asyncio.to_thread(send, mailbox.smtp_port, mail())
        assert caught.value.smtp_code == code
    mailbox.script("/smtp/rcpt", [{"status": 550}])
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(send, mailbox.smtp_port, mail())
    await asyncio.to_thread(send, mailbox.smtp_port, mail())
    assert [(entry.status, entry.seen) for entry in mailbox.entries()] == [(451, None), (554, None), (250, "new")]


async def test_a_mail_may_arrive_without_an_answer(mailbox: Sandbox) -> None:
    mailbox.script("/smtp/data", [{"reset": "after"}])
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        await asyncio.to_thread(send, mailbox.smtp_port, mail())
    await asyncio.to_thread(send, mailbox.smtp_port, mail())
    assert [(entry.status, entry.seen) for entry in mailbox.entries()] == [(None, "new"), (250, "twin")]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_mailbox_with_a_password_wants_it() -> None:
    settings = {"smtp": {"username": "hub", "password": "right"}}
    async with Sandbox(smtp_port=0, settings=settings) as sandbox:
        with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
            await asyncio.to_thread(send, sandbox.smtp_port, mail(), ("hub", "wrong"))
        assert caught.value.smtp_code == 535
        with pytest.raises(smtplib.SMTPException):
            await asyncio.to_thread(send, sandbox.smtp_port, mail())
        await asyncio.to_thread(send, sandbox.smtp_port, mail(), ("hub", "right"))
        assert len(list(sandbox.entries())) == 1


async def test_a_mail_that_was_taken_can_be_read_by_imap() -> None:
    async with Sandbox(smtp_port=0, imap_port=0) as sandbox:
        sandbox.script("/smtp/data", [{"status": 451}])
        with pytest.raises(smtplib.SMTPDataError):
            await asyncio.to_thread(send, sandbox.smtp_port, mail(1))
        await asyncio.to_thread(send, sandbox.smtp_port, mail(2))
        (read,) = await asyncio.to_thread(inbox, sandbox.imap.port, sandbox.imap.user, sandbox.imap.password)
        assert b"Message-ID: <2@hub>" in read
        assert sandbox.addresses()[-1] == f"  imap://127.0.0.1:{sandbox.imap.port}"


def inbox(port: int, user: str, password: str) -> list[bytes]:
    with imaplib.IMAP4("127.0.0.1", port, timeout=10) as imap:
        imap.login(user, password)
        imap.select("INBOX", readonly=True)
        _, (found,) = imap.uid("SEARCH", "ALL")
        return [imap.uid("FETCH", number.decode(), "(BODY.PEEK[])")[1][0][1] for number in found.split()]


async def test_without_a_port_there_is_no_mail(sandbox: Sandbox) -> None:
    with pytest.raises(LookupError):
        _ = sandbox.smtp_port
    with pytest.raises(LookupError):
        _ = sandbox.imap
