"""The mail sink against a real SMTP server on this machine: what arrives, and what each answer means."""

import asyncio
import email
import socket
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import policy
from ipaddress import ip_address

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from connectors.mail.smtp import Smtp
from hub import Lead, MailServer, Misconfigured, Rejected, Retry, Sent, Unclear, mail_address
from hub.lead import Delivery
from hub.testing.fakes import HandClock

KEY = "7f3ka1b2-0000-5000-8000-000000000000"


class Inbox:
    """What the server keeps, and what it answers instead of taking a mail."""

    def __init__(self, **answers):
        self.mails = []
        self.answers = answers

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 (the server's name)
        if "mail" in self.answers:
            return self.answers["mail"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (the server's name)
        said = self.answers.get("rcpt", {}).get(address, "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (the server's name)
        if self.answers.get("data") == "hang up":
            server.transport.abort()
            return "250 OK"
        self.mails.append(envelope)
        return self.answers.get("data", "250 2.0.0 OK queued as 7F3K")


class NoStart(SMTP):
    """A server that hangs up at the command DATA."""

    async def smtp_DATA(self, arg):  # noqa: N802 (the server's name)
        self.transport.abort()


@asynccontextmanager
async def serving(inbox, kind=SMTP, tls=None, **options):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: kind(inbox, hostname="mail.test", loop=loop, **options), "127.0.0.1", 0, ssl=tls
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def sink(port, **settings):
    chosen = {"security": "none", "from": "Leads <leads@acme.com>", "to": ["ann@acme.com"], "hello": "hub.test"}
    made = Smtp("mail", Smtp.Config(host="127.0.0.1", port=port, timeout=5, **{**chosen, **settings}), HandClock())
    made.networks = ("127.0.0.0/8",)
    return made


def lead(**fields):
    delivery = {"key": KEY, **fields.pop("delivery", {})}
    return Lead(id="lead_1", **{"full_name": "Max Muster", **fields}, delivery=Delivery(**delivery))


async def delivered(one=None, settings=None, **options):
    inbox = Inbox()
    async with serving(inbox, **options) as port:
        outcomes = await sink(port, **(settings or {})).send([one or lead()], None)
    return outcomes[0], inbox.mails


def parsed(envelope):
    return email.message_from_bytes(envelope.content, policy=policy.default)


async def test_a_mail_says_what_the_lead_is_as_text_and_as_html():
    delivery = {"url": "https://hub.acme.com/leads/1?a=1&b=2", "sentence": "Rule hot said yes."}
    outcome, [envelope] = await delivered(lead(company="Acme", email="max@example.com", delivery=delivery))
    mail = parsed(envelope)
    assert outcome == Sent(f"<{KEY}@acme.com>")
    assert (envelope.mail_from, envelope.rcpt_tos) == ("leads@acme.com", ["ann@acme.com"])
    assert mail["Subject"] == "New lead: Max Muster, Acme #L-7F3K"
    assert (mail["From"], mail["To"]) == ("Leads <leads@acme.com>", "ann@acme.com")
    assert mail["Date"].datetime == datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)).get_content().splitlines() == [
        "New lead: Max Muster, Acme #L-7F3K",
        "Company: Acme",
        "E-mail: max@example.com",
        "Why: Rule hot said yes.",
        "Open the lead: https://hub.acme.com/leads/1?a=1&b=2",
    ]
    page = mail.get_body(("html",)).get_content()
    assert '<tr><th align="left">Company</th><td>Acme</td></tr>' in page
    assert '<a href="https://hub.acme.com/leads/1?a=1&amp;b=2">Open the lead</a>' in page


async def test_a_repeat_has_the_same_message_id_and_says_so():
    _, [first] = await delivered(lead())
    _, [second] = await delivered(lead(delivery={"attempt": 2}))
    assert parsed(first)["Message-ID"] == parsed(second)["Message-ID"] == f"<{KEY}@acme.com>"
    assert parsed(second)["Subject"].endswith("#L-7F3K (may be a repeat)")


async def test_a_mail_in_chinese_arrives_whole():
    settings = {"language": "zh", "from": "线索 <leads@例子.cn>", "to": ["安 <ann@例子.cn>"]}
    _, [envelope] = await delivered(lead(full_name="张三", message="请联系 👩‍👩‍👧"), settings)
    mail = parsed(envelope)
    assert mail["Subject"] == "新线索：张三 #L-7F3K"
    assert envelope.rcpt_tos == ["ann@xn--fsqu00a.cn"]
    assert "留言：请联系 👩‍👩‍👧" in mail.get_body(("plain",)).get_content()


HOSTILE = (
    "x\r\nBcc: evil@example.com", "x\nBcc : evil@example.com", "x\rBcc: evil@example.com", "x\r\n\r\n<h1>body</h1>",
    "x\u2028Bcc: evil@example.com", "x\x85Bcc: evil@example.com", "x\x0bBcc: evil@example.com", "x\x00y",
    "=?utf-8?q?x=0D=0ABcc:_evil@example.com?=", "=?utf-8?b?eA0KQmNjOiBldmlsQGV4YW1wbGUuY29t?=",
    "x =?utf-8?q?=0ABcc:_e@e.e?= y", "\r\n.\r\nMAIL FROM:<e@e.e>\r\n", '"x" <evil@example.com>, y', "x" * 10_000,
    "汉" * 10_000, "a\u0301" * 5_000, "\ud800", "<script>alert(1)</script>", "{{7*7}} ${7*7} <%= 1 %> {0.__class__}",
    "%n%s $(id) `id`",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_of_a_lead_adds_a_header_a_recipient_or_mark_up(text):
    fields = dict.fromkeys(("full_name", "company", "title", "phone", "email", "message", "interest", "owner"), text)
    settings = {"heading": "Lead", "reply_to_lead": True}
    _, [plain] = await delivered(lead(), settings)
    outcome, mails = await delivered(lead(**fields), settings)
    assert isinstance(outcome, Sent)
    assert [envelope.rcpt_tos for envelope in mails] == [["ann@acme.com"]]
    mail = parsed(mails[0])
    assert sorted(mail.keys()) == sorted(parsed(plain).keys())
    assert sorted(email.message_from_bytes(mails[0].content).keys()) == sorted(mail.keys())
    assert not mail.defects
    assert mail["To"].addresses[0].addr_spec == "ann@acme.com"
    assert len(mail["To"].addresses) == 1
    page = mail.get_body(("html",)).get_content()
    assert "<script" not in page
    assert "<h1" not in page


async def test_an_answer_goes_to_the_lead_only_when_asked_and_only_to_a_clean_address():
    asked = {"reply_to_lead": True}
    _, [without] = await delivered(lead(email="max@example.com"))
    _, [clean] = await delivered(lead(email="max@example.com"), asked)
    _, [doubtful] = await delivered(lead(email="max@example.com, evil@example.com"), asked)
    assert parsed(without)["Reply-To"] is None
    assert parsed(clean)["Reply-To"] == "max@example.com"
    assert parsed(doubtful)["Reply-To"] is None


async def test_the_owner_gets_the_mail_too():
    settings = {"owners": {"li.wei": "Li Wei <li@acme.com>", "ann": "ann@acme.com"}}
    _, [for_li] = await delivered(lead(owner="li.wei"), settings)
    _, [for_ann] = await delivered(lead(owner="ann"), settings)
    assert for_li.rcpt_tos == ["ann@acme.com", "li@acme.com"]
    assert for_ann.rcpt_tos == ["ann@acme.com"]


@pytest.mark.parametrize(
    ("answers", "outcome", "words"),
    [
        ({"mail": "451 4.3.0 try later"}, Retry, "sender answered 451 '4.3.0 try later'"),
        ({"rcpt": {"ann@acme.com": "450 4.2.0 greylisted"}}, Retry, "every recipient answered 450"),
        ({"rcpt": {"ann@acme.com": "552 5.2.2 mailbox full"}}, Retry, "mailbox full"),
        ({"data": "452 4.3.1 no space"}, Retry, "452"),
        ({"data": "554 5.7.1 looks like spam"}, Rejected, "looks like spam"),
        ({"data": "552 5.3.4 too big"}, Rejected, "552"),
        ({"data": "550 5.4.5 daily limit"}, Retry, "daily limit"),
        ({"data": "hang up"}, Unclear, "after the mail was sent"),
        ({"data": "999 what"}, Unclear, "999"),
    ],
)
async def test_every_answer_says_what_happens_next(answers, outcome, words):
    async with serving(Inbox(**answers)) as port:
        [said] = await sink(port).send([lead()], None)
    assert isinstance(said, outcome)
    assert words in said.reason


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"mail": "550 5.7.60 send as denied"}, "sender answered 550"),
        ({"mail": "530 5.7.0 login first"}, "530"),
        ({"rcpt": {"ann@acme.com": "550 5.1.1 no such user"}}, "every recipient answered 550"),
        ({"rcpt": {"ann@acme.com": "554 5.7.1 relay access denied"}}, "relay access denied"),
        ({"data": "535 5.7.8 log in again"}, "535"),
    ],
)
async def test_what_a_person_must_change_pauses_the_sink(answers, words):
    async with serving(Inbox(**answers)) as port:
        with pytest.raises(Misconfigured, match=words):
            await sink(port).send([lead()], None)


async def test_a_recipient_that_may_pass_later_decides_for_all():
    answers = {"gone@acme.com": "550 5.1.1 no such user", "ann@acme.com": "450 4.2.0 greylisted"}
    async with serving(Inbox(rcpt=answers)) as port:
        [said] = await sink(port, to=list(answers)).send([lead()], None)
    assert isinstance(said, Retry)


async def test_a_daily_limit_asks_for_hours():
    async with serving(Inbox(data="550 5.4.5 daily limit")) as port:
        [said] = await sink(port).send([lead()], None)
    assert said.after == 4 * 3600


async def test_a_recipient_that_is_refused_does_not_keep_the_mail_from_the_others():
    inbox = Inbox(rcpt={"gone@acme.com": "550 5.1.1 no such user"})
    async with serving(inbox) as port:
        [said] = await sink(port, to=["gone@acme.com", "ann@acme.com"]).send([lead()], None)
    assert said.ref == f"<{KEY}@acme.com>"
    assert said.note == "gone@acme.com refused: 550 '5.1.1 no such user'"
    assert inbox.mails[0].rcpt_tos == ["ann@acme.com"]


async def test_nobody_listening_is_tried_again():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    [said] = await sink(port).send([lead()], None)
    assert isinstance(said, Retry)
    assert said.reason.startswith(f"no connection to 127.0.0.1:{port}")


async def test_a_server_that_hangs_up_before_the_mail_was_sent_is_tried_again():
    async with serving(Inbox(), NoStart) as port:
        [said] = await sink(port).send([lead()], None)
    assert isinstance(said, Retry)


async def test_one_lead_that_fails_does_not_keep_the_others_back():
    inbox = Inbox(data="451 later")
    async with serving(inbox) as port:
        outcomes = await sink(port).send([lead(), lead()], None)
    assert [type(outcome) for outcome in outcomes] == [Retry, Retry]
    assert len(inbox.mails) == 2


async def test_lines_that_start_with_a_dot_arrive_as_they_were():
    inbox = Inbox()
    async with serving(inbox) as port:
        server = MailServer("127.0.0.1", port, "none", hello="hub.test", timeout=5, networks=("127.0.0.0/8",))
        mail = b"Subject: x\r\n\r\n.one\r\n..two\r\n.\r\nthree\r\n"
        await asyncio.to_thread(server.submit, "a@acme.com", ["b@acme.com"], mail)
    assert inbox.mails[0].content == mail


async def test_an_address_outside_ascii_needs_a_server_that_takes_it():
    settings = {"to": ["李@例子.cn"]}
    said, [envelope] = await delivered(lead(), settings, enable_SMTPUTF8=True)
    assert isinstance(said, Sent)
    assert envelope.rcpt_tos == ["李@xn--fsqu00a.cn"]
    assert "SMTPUTF8" in envelope.mail_options
    with pytest.raises(Misconfigured, match="SMTPUTF8"):
        await delivered(lead(), settings, enable_SMTPUTF8=False)


async def test_without_starttls_nothing_is_sent():
    inbox = Inbox()
    async with serving(inbox) as port:
        with pytest.raises(Misconfigured, match="offers no STARTTLS"):
            await sink(port, security="starttls", user="hub", password="pass").send([lead()], None)
    assert inbox.mails == []


def logins(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"hub", b"right"), handled=False)


async def test_a_login_that_fails_asks_a_person_and_does_not_show_the_password():
    options = {"authenticator": logins, "auth_require_tls": False}
    said, _ = await delivered(lead(), {"user": "hub", "password": "right"}, **options)
    assert isinstance(said, Sent)
    with pytest.raises(Misconfigured, match="535") as caught:
        await delivered(lead(), {"user": "hub", "password": "wrong-canary"}, **options)
    assert "canary" not in caught.value.reason


async def test_a_server_without_login_is_named():
    with pytest.raises(Misconfigured, match="takes no login"):
        await delivered(lead(), {"user": "hub", "password": "right"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a self-signed certificate for 127.0.0.1 and its key, as PEM files."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(today - timedelta(1))
        .not_valid_after(today + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def tls(certificate):
    """Return the TLS context of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


async def test_starttls_sends_only_to_a_server_that_proves_its_name(tls, certificate):
    options = {"tls_context": tls, "require_starttls": True}
    trusted = {"security": "starttls", "ca_file": str(certificate[0])}
    said, [envelope] = await delivered(lead(), trusted, **options)
    assert isinstance(said, Sent)
    assert envelope.rcpt_tos == ["ann@acme.com"]
    with pytest.raises(Misconfigured, match=r"TLS with 127\.0\.0\.1"):
        await delivered(lead(), {"security": "starttls"}, **options)


async def test_tls_from_the_first_byte_sends_only_to_a_server_that_proves_its_name(tls, certificate):
    said, mails = await delivered(lead(), {"security": "tls", "ca_file": str(certificate[0])}, tls=tls)
    assert isinstance(said, Sent)
    assert len(mails) == 1
    with pytest.raises(Misconfigured, match=r"TLS with 127\.0\.0\.1"):
        await delivered(lead(), {"security": "tls"}, tls=tls)


async def test_a_certificate_file_that_is_not_there_is_named():
    with pytest.raises(Misconfigured, match=r"missing\.pem"):
        await delivered(lead(), {"security": "tls", "ca_file": "missing.pem"})


ADDRESSES = (
    "x@y.com\r\nBcc: z@z.z", "x@y.com\nRCPT TO:<z@z.z>", "a@b@c", "x y@z.com", "x@y.com, z@z.com", "nobody", "@y.com",
    "x@", "", "x@y.com>\r\n", "Ann <x@y.com> <z@z.com>", "x@" + "y" * 300, 'Ann\x00 <x@y.com>', "x;y@z.com",
)  # fmt: skip


@pytest.mark.parametrize("text", ADDRESSES)
@pytest.mark.parametrize("where", ["from", "to", "owners"])
def test_a_doubtful_address_in_the_settings_is_refused_at_the_start(text, where):
    value = {"from": text, "to": [text], "owners": {"ann": text}}[where]
    with pytest.raises(ValidationError, match=where):
        sink(25, **{where: value})


@pytest.mark.parametrize(
    ("said", "name", "plain"),
    [
        ("ann@acme.com", "", "ann@acme.com"),
        ("Ann Ng <a+b@acme.co.uk>", "Ann Ng", "a+b@acme.co.uk"),
        ("李雷 <li@例子.cn>", "李雷", "li@xn--fsqu00a.cn"),
        ('"Ng, Ann" <ann@acme.com>', "Ng, Ann", "ann@acme.com"),
    ],
)
def test_an_address_may_have_a_name(said, name, plain):
    address = mail_address(said)
    assert (address.display_name, address.addr_spec) == (name, plain)


def test_a_mail_that_may_have_been_sent_can_be_left_to_a_person():
    assert sink(25).repeatable is True
    assert sink(25, at_most_once=True).repeatable is False
