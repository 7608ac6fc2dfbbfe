"""Writes the mails a lead mailbox holds: notifications in several shapes, and what is no lead at all."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from random import Random
from xml.sax.saxutils import escape as xml

from hub.demo.entry import Entry, Truth

FOLDER = "mails"
FORWARDED = 3

_LABELS = {
    "en": {
        "Name": "full_name",
        "Email": "email",
        "Phone": "phone",
        "Company": "company",
        "Job title": "title",
        "Country": "country",
        "City": "city",
        "Interest": "interest",
        "Message": "message",
    },
    "zh": {
        "姓名": "full_name",
        "邮箱": "email",
        "手机": "phone",
        "公司": "company",
        "职位": "title",
        "城市": "city",
        "意向产品": "interest",
        "留言": "message",
    },
}
_NOISE = (
    (
        "Automatic reply: Your quote",
        "I am out of the office until Monday.",
        {"From": "Anna Keller <anna.keller@buyer.example.org>", "Auto-Submitted": "auto-replied"},
    ),
    (
        "Undelivered Mail Returned to Sender",
        "The mail system could not deliver.",
        {"From": "Mail system <mailer-daemon@notify.example.com>", "Auto-Submitted": "auto-generated"},
    ),
)


def write(entries: Sequence[Entry], random: Random) -> tuple[dict[str, bytes], list[Truth]]:
    """Return the mails by path, oldest first, and the truth about each; its key is the Message-ID."""
    forwarded = [entry.damaged("forwarded") for entry in entries[2::7][:FORWARDED]]
    noise = [Entry("", "mailbox", entries[0].at, {}, damage=("auto_submitted",), kind="noise") for _ in _NOISE]
    files: dict[str, bytes] = {}
    truths: list[Truth] = []
    for number, entry in enumerate((*entries, *forwarded, *noise), start=1):
        key = f"<{random.getrandbits(64):016x}@notify.example.com>"
        path = f"{FOLDER}/{number:03d}.eml"
        mail, shape = _noise(number) if entry.kind == "noise" else _notification(entry, number)
        mail["Message-ID"], mail["Date"] = key, entry.at
        mail["To"] = "leads@acme.example.com"
        files[path] = _bytes(mail, number)
        truths.append(Truth.of(entry, key, path, None, shape))
    return files, truths


def _notification(entry: Entry, number: int) -> tuple[EmailMessage, str]:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Website <no-reply@notify.example.com>"
    if _address(entry.get("email")):
        mail["Reply-To"] = entry.get("email")
    chinese = entry.get("language") == "zh-CN"
    subject = "新的询盘" if chinese else "New lead"
    mail["Subject"] = ("Fwd: " if "forwarded" in entry.damage else "") + subject
    labels = _LABELS["zh" if chinese else "en"]
    rows = [(label, entry.get(field)) for label, field in labels.items() if entry.get(field)]
    return mail, _body(mail, entry, rows, number, chinese)


def _body(mail: EmailMessage, entry: Entry, rows: list[tuple[str, str]], number: int, chinese: bool) -> str:
    """Fill the body in one of the four shapes such mails have; return the shape's name."""
    text = "".join(f"{label}{'：' if chinese else ': '}{value}\n" for label, value in rows)
    if "forwarded" in entry.damage:
        head = "---------- Forwarded message ----------\nFrom: no-reply@notify.example.com\n"
        mail.set_content(f"FYI\n\n{head}Subject: {mail['Subject'][5:]}\n\n{text}")
        return "text_mail"
    if number % 4 == 1 and chinese:  # declared narrower than it is, as Chinese programs do
        mail.set_content(text, charset="gb18030", cte="base64")
        mail.set_param("charset", "gb2312")
        return "gb18030_mail"
    if number % 4 == 2:
        cells = "".join(f"<tr><td>{escape(label)}</td><td>{escape(value)}</td></tr>" for label, value in rows)
        mail.set_content(f"<html><body><table>{cells}</table></body></html>", subtype="html")
        return "html_mail"
    if number % 8 == 3 and not chinese:
        mail.set_content("A new prospect, see the attachment.\n")
        mail.add_attachment(
            _adf(entry, number).encode(), maintype="application", subtype="xml", filename="lead.adf.xml"
        )
        return "adf_mail"
    mail.set_content(text)
    return "text_mail"


def _adf(entry: Entry, number: int) -> str:
    """Return the lead as ADF 1.0, the XML that portals attach."""
    name = "".join(
        f'<name part="{part}">{xml(entry.get(field))}</name>'
        for part, field in (("first", "first_name"), ("last", "last_name"))
    )
    contact = f"{name}<email>{xml(entry.get('email'))}</email><phone>{xml(entry.get('phone'))}</phone>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?adf version="1.0"?>\n<adf><prospect>'
        f'<id sequence="1" source="Portal">{900 + number}</id><requestdate>{entry.at.isoformat()}</requestdate>'
        f"<customer><contact>{contact}</contact><comments>{xml(entry.get('message'))}</comments></customer>"
        '<provider><name part="full">Portal</name></provider></prospect></adf>\n'
    )


def _noise(number: int) -> tuple[EmailMessage, str]:
    subject, text, headers = _NOISE[number % len(_NOISE)]
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    return mail, "text_mail"


def _bytes(mail: EmailMessage, number: int) -> bytes:
    if mail.is_multipart():
        mail.set_boundary(f"=_leadhub_demo_{number:03d}")  # the library would draw one at random
    return mail.as_bytes()


def _address(text: str) -> bool:
    """Return whether a text can stand in an address header."""
    local, at, host = text.partition("@")
    return (
        bool(local and at)
        and "." in host
        and text.isascii()
        and not set(text) & set(" \r\n:@#") - {"@"}
        and "@" not in host
    )
