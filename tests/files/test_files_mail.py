"""Notification mails, and what strangers send to the same mailbox (reliability 82)."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.files import mail_lead
from hub.lead import RawLead

ARRIVED = datetime(2026, 5, 4, 8, 10, tzinfo=UTC)
TEXT = "New enquiry\n\nName: Mei Lin\nEmail: mei.lin@example.com\nPhone: +1 202 555 0143\n"


def mail(text: str = TEXT, *, html: str | None = None, **headers: str) -> bytes:
    """Return a mail as a website sends it."""
    message = EmailMessage()
    usual = {"From": "Shop <no-reply@shop.example>", "Subject": "New lead", "Message-ID": "<1@shop.example>"}
    usual["Date"] = "Mon, 4 May 2026 16:09:41 +0800"
    for name, value in (usual | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        message[name] = value
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def only_html(page: str) -> RawLead:
    message = EmailMessage()
    message["From"] = "no-reply@shop.example"
    message.set_content(page, subtype="html")
    return mail_lead(message.as_bytes())


def said(lead: RawLead) -> dict[str, object]:
    """The data without what is about the mail itself."""
    return {name: value for name, value in lead.data.items() if not name.startswith("mail_")}


def codes(lead: RawLead) -> list[str]:
    return [problem.code for problem in lead.problems]


def test_labelled_lines_become_data() -> None:
    lead = mail_lead(mail(), ARRIVED)
    assert said(lead) == {"Name": "Mei Lin", "Email": "mei.lin@example.com", "Phone": "+1 202 555 0143"}
    assert (lead.key, lead.spam, lead.problems) == ("<1@shop.example>", None, ())
    assert lead.submitted_at == datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
    assert lead.data["mail_subject"] == "New lead"
    assert lead.data["mail_from"] == "no-reply@shop.example"
    assert str(lead.data["mail_text"]).startswith("New enquiry")


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (
            "姓名：张伟\n手机：13800138000\n邮箱：z@example.cn",
            {"姓名": "张伟", "手机": "13800138000", "邮箱": "z@example.cn"},
        ),
        ("【姓名】张伟\n【手机】：13800138000", {"姓名": "张伟", "手机": "13800138000"}),
        ("Name:\nMei Lin\n\nMail:\nm@x.com", {"Name": "Mei Lin", "Mail": "m@x.com"}),
        ("Name:\n\nMei Lin\n", {"Name": "Mei Lin"}),
        ("* Name: Mei\n• City : Bonn\n*Phone:* 123", {"Name": "Mei", "City": "Bonn", "Phone": "123"}),
        ("Name\tMei\nCity\tBonn", {"Name": "Mei", "City": "Bonn"}),
        ("Message: first\nsecond\n\nthird\nName: Mei", {"Message": "first\nsecond\nthird", "Name": "Mei"}),
        ("Name: Mei\n\nSent from our site at 10:30 today", {"Name": "Mei"}),
        ("Name: Mei\nMail: m@x.com <mailto:m@x.com>", {"Name": "Mei", "Mail": "m@x.com"}),
        ("Name: Mei\nName: Ann\nName: Mei", {"Name": "Mei", "Name (2)": "Ann"}),
        ("Name: Mei\n-- \nPhone: of the shop", {"Name": "Mei"}),
        ("Page: https://x.com/a?b=c:d", {"Page": "https://x.com/a?b=c:d"}),
    ],
)
def test_labels_are_found_in_many_shapes(text: str, data: dict[str, str]) -> None:
    assert said(mail_lead(mail(text))) == data


@pytest.mark.parametrize(
    ("page", "data"),
    [
        (
            "<table><tr><td>Name</td><td>Mei&nbsp;Lin</td></tr><tr><th>Email:</th><td><a href='x'>m@x.com</a></td></tr>"
            "</table>",
            {"Name": "Mei Lin", "Email": "m@x.com"},
        ),
        ("<p><b>Name:</b> Mei<br>Email: m@x.com</p>", {"Name": "Mei", "Email": "m@x.com"}),
        (
            "<p><strong>Name:</strong><br>Mei</p><p><strong>City:</strong></p><p>Bonn</p>",
            {"Name": "Mei", "City": "Bonn"},
        ),
        ("<dl><dt>Name</dt><dd>Mei</dd><dt>City:</dt><dd>Bonn</dd></dl>", {"Name": "Mei", "City": "Bonn"}),
        (
            "<table><tr><td colspan=2><strong>Name</strong></td></tr><tr><td>&nbsp;</td><td>Mei</td></tr>"
            "<tr><td colspan=2><strong>Message</strong></td></tr><tr><td></td><td>a<br>b</td></tr></table>",
            {"Name": "Mei", "Message": "a\nb"},
        ),
        (
            "<table><tr><th>Name</th><th>Email</th><th>City</th></tr><tr><td>Mei</td><td>m@x.com</td><td>Bonn</td></tr>"
            "</table>",
            {"Name": "Mei", "Email": "m@x.com", "City": "Bonn"},
        ),
        (
            "<table><tr><td>Name:</td><td>Mei</td><td>City:</td><td>Bonn</td></tr></table>",
            {"Name": "Mei", "City": "Bonn"},
        ),
        (
            "<table><tr><td>Dear team,<table><tr><td>姓名</td><td>张伟</td></tr></table>bye</td></tr></table>",
            {"姓名": "张伟"},
        ),
        ("<style>p: red</style><script>var a: 1</script><p>Name: Mei", {"Name": "Mei"}),
    ],
)
def test_a_mail_of_html_only_is_read(page: str, data: dict[str, str]) -> None:
    assert said(only_html(f"<html><head><title>a: b</title></head><body>{page}</body></html>")) == data


def test_html_is_read_where_the_text_says_nothing() -> None:
    raw = mail("Your program shows no HTML.", html="<p>Name: Mei</p><p>Email: m@x.com</p>")
    assert said(mail_lead(raw)) == {"Name": "Mei", "Email": "m@x.com"}


def test_a_plain_question_is_a_lead_of_its_sender() -> None:
    raw = mail("Hello, what does it cost?\n", From="Mei Lin <mei@example.com>")
    assert said(mail_lead(raw)) == {
        "message": "Hello, what does it cost?",
        "email": "mei@example.com",
        "full_name": "Mei Lin",
    }


def test_the_address_to_reply_to_stands_in_for_a_missing_one() -> None:
    raw = mail("Name: Mei\nCity: Bonn", Reply_To="Mei L <mei@example.com>")
    assert said(mail_lead(raw)) == {"Name": "Mei", "City": "Bonn", "email": "mei@example.com"}


@pytest.mark.parametrize(
    "sender", ["no-reply@x.com", "noreply@x.com", "do_not_reply@x.com", "wordpress@x.com", "broken"]
)
def test_the_address_of_a_robot_is_no_leads_address(sender: str) -> None:
    assert "email" not in said(mail_lead(mail("Name: Mei", From=sender)))


def test_a_forwarded_mail_is_not_a_lead_of_the_colleague() -> None:
    text = (
        "FYI\n\n---------- Forwarded message ----------\nFrom: Mei Lin <mei@example.com>\nDate: Mon, 4 May 2026\n"
        "Subject: Price\nTo: sales@acme.example\n\nName: Mei\nCity: Bonn\n"
    )
    lead = mail_lead(mail(text, From="Boss <boss@acme.example>", Subject="Fwd: Price"))
    assert said(lead) == {"Name": "Mei", "City": "Bonn", "email": "mei@example.com"}


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("gb2312", "gb18030"),
        ("iso-8859-1", "cp1252"),
        ("nonsense", "gb18030"),
        ("utf-7", "utf-8"),
        ("us-ascii", "utf-8"),
    ],
)
def test_a_wrong_charset_is_read_as_it_was_meant(declared: str, written: str) -> None:
    text = "Name: “José”" if written == "cp1252" else "姓名: 张伟 镕"
    raw = f"Content-Type: text/plain; charset={declared}\nContent-Transfer-Encoding: 8bit\n\n".encode()
    assert list(said(mail_lead(raw + text.encode(written))).values()) == [text.partition(": ")[2]]


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (b"=?gb2312?B?0MK1xNGvxcw=?=", "新的询盘"),
        (b"=?utf-8?Q?M=C3=BCller?= and =?nonsense?B?YWJj?=", "Müller and abc"),
        ("新的询盘".encode(), "新的询盘"),
        ("新的询盘".encode("gbk"), "新的询盘"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
        (b"hi\r\n folded", "hi folded"),
    ],
)
def test_subjects_are_decoded(header: bytes, shown: str) -> None:
    assert mail_lead(b"Subject: " + header + b"\r\n\r\nName: Mei").data["mail_subject"] == shown


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "an automatic reply"),
        ({"X_Autoreply": "yes"}, "an automatic reply"),
        ({"Precedence": "auto_reply"}, "an automatic reply"),
        ({"From": "MAILER-DAEMON@mx.example.com"}, "reports on the delivery"),
        ({"Return_Path": "<>"}, "reports on the delivery"),
        ({"Subject": "Automatic reply: your mail"}, "subject is that of an automatic mail"),
        ({"Subject": "Re: Out of office"}, "subject is that of an automatic mail"),
        ({"Subject": "自动回复: 您好"}, "subject is that of an automatic mail"),
        ({"Subject": "Undelivered Mail Returned to Sender"}, "subject is that of an automatic mail"),
        (
            {"Auto_Submitted": "auto-generated", "Message_ID": "<7c9e6679-7425-50de-944b-e07fc1f90ae7@acme.example>"},
            "leadhub sent this mail itself",
        ),
    ],
)
def test_automatic_mails_are_marked_with_the_reason(headers: dict[str, str], reason: str) -> None:
    assert reason in str(mail_lead(mail(**headers)).spam)


def test_a_mail_that_went_in_circles_is_marked() -> None:
    hops = b"".join(b"Received: from a by b; Mon, 4 May 2026 16:09:41 +0800\r\n" for _ in range(31))
    assert "as in a loop" in str(mail_lead(hops + mail()).spam)


def test_a_generated_notification_is_a_lead_and_other_generated_mail_is_not() -> None:
    assert mail_lead(mail(Auto_Submitted="auto-generated")).spam is None
    assert "auto-generated" in str(mail_lead(mail("Backup done.", Auto_Submitted="auto-generated")).spam)


def test_a_delivery_report_is_marked() -> None:
    raw = b'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\n\r\nName: Mei\r\n--b--\r\n'
    assert "reports on the delivery" in str(mail_lead(raw).spam)


@pytest.mark.parametrize(
    ("results", "found", "forged"),
    [
        ("mx.x; dmarc=fail header.from=shop.example; spf=pass; dkim=none", "dmarc=fail spf=pass dkim=none", True),
        ("mx.x; spf=fail smtp.mailfrom=x; dkim=fail", "spf=fail dkim=fail", True),
        ("mx.x; dmarc=pass; spf=fail; dkim=pass", "dmarc=pass spf=fail dkim=pass", False),
        ("mx.x; dkim=fail; dkim=pass", "dkim=pass", False),
        ("mx.x; none", None, False),
    ],
)
def test_a_forged_sender_is_noted(results: str, found: str | None, forged: bool) -> None:
    lead = mail_lead(mail(Authentication_Results=results))
    assert lead.data.get("mail_authentication") == found
    assert (codes(lead) == ["sender_unproven"]) is forged


def test_only_the_topmost_results_count_as_the_receiving_servers() -> None:
    raw = b"Authentication-Results: mx.x; dmarc=fail\r\nAuthentication-Results: forged; dmarc=pass\r\n" + mail()
    assert codes(mail_lead(raw)) == ["sender_unproven"]


def test_attachments_are_named_and_not_read() -> None:
    message = EmailMessage()
    message.set_content("Name: Mei")
    message.add_attachment(b"Email: not@me.com", maintype="text", subtype="plain", filename="../../x.txt")
    message.add_attachment(b"\x78\x9f\x3e\x22", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    lead = mail_lead(message.as_bytes())
    assert said(lead) == {"Name": "Mei"}
    assert lead.data["mail_attachments"] == ["../../x.txt", "winmail.dat"]


def test_an_attachment_bomb_takes_no_memory() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nName: Mei\r\n'
    part = b"--b\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename=a.zip\r\n"
    raw += part + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * 250_000 + b"\r\n--b--\r\n"
    tracemalloc.start()
    lead = mail_lead(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said(lead) == {"Name": "Mei"}
    assert peak < 15 * len(raw)


def nested(depth: int, kind: str = "multipart/mixed") -> bytes:
    raw = b"".join(
        f'Content-Type: {kind}; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode() for level in range(depth)
    )
    return raw + b"\r\nName: Mei\r\nCity: Bonn\r\n"


def test_a_mail_nested_a_hundred_deep_is_told_and_still_read() -> None:
    lead = mail_lead(nested(100))
    assert codes(lead) == ["mail_too_nested"]
    assert said(mail_lead(nested(10))) == {"Name": "Mei", "City": "Bonn"}
    assert codes(mail_lead(nested(30))) == ["mail_too_nested"]


def test_a_mail_of_five_hundred_parts_is_read_as_far_as_the_cap() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    raw += b"".join(b"--b\r\n\r\nName %d: Mei\r\n" % number for number in range(500)) + b"--b--\r\n"
    lead = mail_lead(raw)
    assert codes(lead) == ["mail_too_nested"]
    assert 150 < len(said(lead)) <= 200


def test_a_mail_that_was_cut_off_says_so() -> None:
    assert codes(mail_lead(mail()[:-20], cut=True)) == ["mail_too_large"]


def test_a_mail_without_an_id_has_one_by_its_content() -> None:
    raw = mail().replace(b"Message-ID: <1@shop.example>\n", b"")
    key = mail_lead(raw).key
    assert key is not None
    assert key.startswith("sha256:")
    assert (mail_lead(raw).key, mail_lead(raw + b"x").key == key) == (key, False)


@pytest.mark.parametrize(
    "date", ["Mon, 4 May 2027 16:09:41 +0800", "Wed, 32 Foo 2026", "", "Mon, 4 May 99999 10:00 +0"]
)
def test_a_date_that_makes_no_sense_gives_way_to_the_arrival(date: str) -> None:
    assert mail_lead(b"Date: " + date.encode() + b"\r\n\r\nName: Mei", ARRIVED).submitted_at == ARRIVED


ADF = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<?adf version="1.0"?>\n<adf><prospect><id source="Portal">991</id>'
    "<requestdate>2026-05-04T08:09:41+08:00</requestdate><vehicle><year>2026</year><make>Acme</make><model>One</model>"
    '</vehicle><customer><contact><name part="first">Mei</name><name part="last">Lin</name>'
    "<email>mei@example.com</email><phone>123</phone></contact><comments>red one</comments></customer>"
    '<provider><name part="full">Portal</name></provider></prospect></adf>'
)
PROSPECT = {
    "first_name": "Mei",
    "last_name": "Lin",
    "email": "mei@example.com",
    "phone": "123",
    "message": "red one",
    "interest": "2026 Acme One",
    "provider": "Portal",
    "prospect_id": "991",
}


def test_a_lead_as_adf_is_read_from_an_attachment_and_from_the_text() -> None:
    message = EmailMessage()
    message.set_content("A new prospect, see the attachment.\n")
    message.add_attachment(ADF.encode(), maintype="application", subtype="xml", filename="lead.adf.xml")
    attached, written = mail_lead(message.as_bytes(), ARRIVED), mail_lead(mail(ADF))
    assert said(attached) == said(written) == PROSPECT
    assert attached.submitted_at == datetime(2026, 5, 4, 0, 9, 41, tzinfo=UTC)


def test_adf_that_declares_entities_is_refused_and_told() -> None:
    bomb = ADF.replace("<adf>", '<!DOCTYPE adf [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><adf>')
    assert codes(mail_lead(mail(bomb))) == ["bad_adf"]


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"Content-Type: ", b"Subject: ", b"From: ", b"Date: ", b"Authentication-Results: ", b""]),
    st.sampled_from(
        [b"", b'multipart/mixed; boundary="b"\r\n\r\n--b\r\n', b"text/html\r\n\r\n<table><tr><td>", b"=?utf-8?B?"]
    ),
)
def test_no_bytes_raise_anything(noise: bytes, name: bytes, start: bytes) -> None:
    lead = mail_lead(name + start + noise + b"\r\n\r\n" + noise, ARRIVED)
    assert lead.key
    str(lead.data).encode()


TAGS = ["<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<th>", "<b>", "<dt>", "</dt>", "<br>", "</p>"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*TAGS, "<!--", "<!", "<![", "&#0;", "a:", "b", "x"])))
def test_no_page_raises_anything(pieces: list[str]) -> None:
    assert only_html(" ".join(pieces)).key
