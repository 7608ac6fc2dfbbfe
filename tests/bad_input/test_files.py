"""Rows 71 to 82: bad files and mails through a hub's own import, folder watch and poll; the good rows are leads."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from hub.testing.imap_server import ImapServer
from tests.bad_input.conftest import made
from tests.bad_input.serving import Served, serving
from tests.conftest import MakeHub
from tests.core.looking import all_rows, rows
from tests.files.filemaking import saved, with_part, workbook

CONFIG = """
hub: {region: CN, answer_within: 10s, allow_networks: [127.0.0.0/8]}
sources:
  api: {connector: json_webhook, auth: none, key: id}
  list: {connector: list_file}
sinks: {chat: {connector: memory_sink}}
flows: [{name: inbound, from: [api, list], routes: [{name: all, to: [chat]}]}]
"""
WATCHED = CONFIG.replace("list_file}", "list_file, path: 'inbox/*'}")
MAILBOX = CONFIG.replace(
    "list_file}", "imap_mail, host: 127.0.0.1, port: PORT, security: none, user: USER, password: PASSWORD}"
)


@pytest.fixture
def database(sqlite: str) -> str:
    """Return the address of an empty SQLite database: files come to either kind alike."""
    return sqlite


@pytest.fixture(scope="module")
def desk(workspace: Path) -> Iterator[Served]:
    """Return a hub that is handed files."""
    with serving(made(workspace / "desk"), CONFIG) as hub:
        yield hub


def imported(desk: Served, content: bytes, name: str = "leads.csv") -> dict[str, Any]:
    """Have a file imported by the API, and return the last line of its answer."""
    path = desk.hub.office.folder / name
    path.write_bytes(content)
    answer = desk.call("POST", "/api/imports", {"path": str(path), "source": "list"})
    assert answer.status == 200
    return json.loads(answer.body.splitlines()[-1])


def good(desk: Served, number: int = 2) -> str:
    """Return rows of people nobody has seen, as CSV without a header."""
    return "".join(f"{p['full_name']},{p['email']}\n" for p in (desk.person() for _ in range(number)))


def book(*rows_: list[Any]) -> bytes:
    return saved(workbook(["name", "email"], *rows_))


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("_", "."), part)
    return out.getvalue()


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet>&x;</worksheet>'
SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "0 bytes", id="71-empty"),
        pytest.param(b"\xef\xbb\xbf", "byte order mark", id="71-a-byte-order-mark"),
        pytest.param(b"name,email\n", "no rows", id="71-a-header-alone"),
        pytest.param(b" \r\n\r\n", "no text", id="71-blank-lines"),
        pytest.param((",".join(f"c{n}" for n in range(16_385)) + "\n1\n").encode(), "16,385 columns", id="74-16385-columns"),
        pytest.param(with_part(book(), SHEET, b"<worksheet>" + b" " * 60_000_000 + b"</worksheet>"), "", id="76-a-bomb-by-ratio"),
        pytest.param(zipped(inner_zip=zipped(a_csv=b"name\n")), "", id="76-a-zip-in-a-zip"),
        pytest.param(with_part(book(), SHEET, LAUGHS), "entit", id="77-billion-laughs"),
        pytest.param(with_part(book(), SHEET, OUTSIDE), "entit", id="77-an-external-entity"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0" * 9, "password", id="78-password-protected"),
        pytest.param(b"\x09\x08\x10\x00" + bytes(64), "old Excel", id="78-an-old-workbook"),
        pytest.param(b"<!doctype html><table><tr><td>a@b.example</td></tr></table>", "web page", id="78-html-that-is-called-csv"),
        pytest.param(book(["Ann", "a@b.example"])[:-40], "", id="78-a-workbook-cut-off"),
        pytest.param(b"%PDF-1.7", "PDF", id="78-a-pdf"),
        pytest.param(b"\x1f\x8b\x08\x00" + bytes(16), "gzip", id="78-gzip"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_by_name_and_leaves_nothing(desk: Served, content: bytes, words: str):
    before = desk.stored()
    said = imported(desk, content)
    assert (said["state"], desk.stored()) == ("failed", before)
    assert words in said["reason"]
    assert imported(desk, f"name,email\n{good(desk)}".encode())["counts"]["accepted"] == 2


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        pytest.param("Bo," + "x" * 140_000 + "\n", "field_too_long", id="72-a-field-past-the-limit"),
        pytest.param('"Bo,b@c.example\n', "quote", id="73-a-quote-that-is-never-closed"),
        pytest.param("B\0o,b@72.example\n", "nul", id="74-nul"),
        pytest.param("Bo\n", "ragged", id="74-a-short-row"),
        pytest.param("Bo,b@74.example,1,2,3\n", "ragged", id="74-a-long-row"),
        pytest.param("尼古拉\udcffo,b@75.example\n", "damaged_text", id="75-one-bad-byte"),
        pytest.param("Bo,1.38E+10\n", "number_shortened", id="54-mangled-by-excel"),
    ],
)
def test_one_bad_row_is_told_and_the_rows_around_it_are_leads(desk: Served, bad: str, code: str):
    before = desk.stored()
    said = imported(desk, f"name,email\n{good(desk, 3)}{bad}{good(desk, 3)}".encode("utf-8", "surrogateescape"))
    assert said["state"] == "done"
    assert said["counts"]["accepted"] >= 6
    fresh = desk.since(before)
    assert len(fresh) >= 7
    assert any(code in problem["code"] for row in fresh for problem in row["problems"] or ())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("name\temail\r\n尼古拉\t{mail}\r\n", "utf-16", id="75-utf-16-from-a-spreadsheet"),
        pytest.param("姓名,邮箱\n中村先生和他的公司,{mail}\n", "gbk", id="75-gbk"),
        pytest.param("name;email\r尼古拉;{mail}\r", "utf-8", id="74-semicolons-and-carriage-returns"),
        pytest.param("sep=|\nname|email\n尼古拉|{mail}\n", "utf-8-sig", id="74-a-sep-line"),
        pytest.param("name,email,email,\n尼古拉,{mail},,\n", "utf-8", id="74-repeated-and-blank-headers"),
        pytest.param("name,email\n尼古拉,{mail}", "utf-8", id="71-no-last-line-end"),
    ],
)
def test_a_list_in_any_usual_writing_is_read(desk: Served, text: str, encoding: str):
    person = desk.person()
    said = imported(desk, text.format(mail=person["email"]).encode(encoding))
    assert (said["state"], said["counts"]["accepted"]) == ("done", 1)
    assert [row["email"] for row in desk.rows("lead", email=person["email"])] == [person["email"]]


def test_a_workbook_gives_values_and_never_formulas_78(desk: Served):
    person = desk.person()
    content = book(
        ["=cmd|'/c calc'!A1", person["email"]], ['=HYPERLINK("http://evil.example")', desk.person()["email"]]
    )
    assert imported(desk, content, "leads.xlsm")["state"] == "done"
    assert [row["full_name"] for row in desk.rows("lead", email=person["email"])] == [None]


def test_the_same_rows_again_are_nothing_new_in_any_order_80(desk: Served):
    lines = good(desk, 4).splitlines(keepends=True)
    first = imported(desk, ("name,email\n" + "".join(lines)).encode())
    same = imported(desk, ("name,email\n" + "".join(lines)).encode(), "copy.csv")
    turned = imported(desk, ("name,email\n" + "".join(reversed(lines))).encode())
    half = imported(desk, ("name,email\n" + "".join(lines[2:]) + good(desk, 2)).encode())
    assert (first["counts"]["accepted"], same["state"]) == (4, "known")
    assert (turned["counts"]["known"], turned["counts"].get("accepted")) == (4, None)
    assert (half["counts"]["known"], half["counts"]["accepted"]) == (2, 2)


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("{0}\n{{broken\n{1}\n", id="81-a-bad-line"),
        pytest.param("{0}{1}", id="81-one-object-after-the-other"),
        pytest.param('[{0}, {{"a": nothing}}, {1}]', id="81-a-bad-object-in-a-list"),
        pytest.param("[{0}, {1}", id="81-a-list-that-is-cut-off"),
        pytest.param('{0}\n{{"n": 1e999999999}}\n{1}\n', id="31-a-number-nobody-holds"),
        pytest.param('{0}\n{{"\\u0000": "\\ud800"}}\n{1}\n', id="34-nul-and-surrogate"),
        pytest.param('{0}\n{{"n": ' + "9" * 5_000 + "}}\n{1}\n", id="30-5000-digits"),
        pytest.param("{0}\n" + '{{"a":' * 100_000 + "\n{1}\n", id="29-100000-deep"),
    ],
)
def test_one_bad_object_among_json_costs_only_itself(desk: Served, written: str):
    people = [desk.person(), desk.person()]
    said = imported(desk, written.format(*map(json.dumps, people)).encode(), "leads.jsonl")
    assert (said["state"], said["counts"]["accepted"]) == ("done", 2)
    assert {row["email"] for row in desk.rows("lead")} >= {person["email"] for person in people}


def inbox_of_a_careless_person(folder: Path) -> Path:
    """Return a watched folder with one good file, one of a long name, and what must be left alone."""
    inbox = folder / "inbox"
    inbox.mkdir()
    (folder / "secret.csv").write_text("name,email\nEve,eve@secret.example\n")
    text = "name,email\nAnn,{}@inbox.example\n"
    for name in ("ann.csv", "con.csv", ".half.csv.part", "n" * 251 + ".csv"):
        (inbox / name).write_text(text.format(name[:3].strip(".")))
    (inbox / "link.csv").symlink_to(folder / "secret.csv")
    (inbox / "folder.csv").mkdir()
    os.mkfifo(inbox / "pipe.csv")
    Path(os.fsdecode(os.fsencode(inbox) + b"/\xff.csv")).write_text(text.format("bytes"))
    (inbox / "broken.csv").write_text('name,email\n"Bo,bo@inbox.example\n')
    return inbox


async def test_only_whole_regular_files_of_a_watched_folder_are_read_79(make_hub: MakeHub, tmp_path: Path):
    growing = inbox_of_a_careless_person(tmp_path) / "growing.csv"
    growing.write_text("name,email\n")
    hub = await make_hub(WATCHED)

    for size in range(3):
        await hub.imports.watch("list", tmp_path)
        growing.write_text("name,email\n" + "".join(f"G,g{n}@inbox.example\n" for n in range(size)))

    assert {row["email"] for row in await all_rows(hub, "lead")} == {"ann@inbox.example", "nnn@inbox.example"}
    for _ in range(2):
        await hub.imports.watch("list", tmp_path)
    assert "g1@inbox.example" in {row["email"] for row in await all_rows(hub, "lead")}


@pytest.fixture
async def server():
    async with ImapServer() as running:
        yield running


def mail(number: int, content: str = "Name: Ann Ng\n", **headers: str) -> EmailMessage:
    """Return a notification mail of a lead of its own."""
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "no-reply@shop.example", "New lead", f"<{number}@shop.example>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(f"{content}Email: lead.{number}@mail.example\n")
    return made


def nested() -> bytes:
    return (
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(100))
        + b"Name: Deep\n"
    )


BAD_MAILS = [
    pytest.param(b"", id="82-empty"),
    pytest.param(b"\0\xff\xfe garbage", id="82-garbage"),
    pytest.param(b"From: a@b.example\n" + nested(), id="82-nested-100-deep"),
    pytest.param(b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 500, id="82-500-parts"),
    pytest.param(b"From: =?utf-7?q?+2AA-?= <a@b>\nSubject: =?nonsense?b?/////?=\nContent-Type: text/plain; charset=idna\n\nName: a..b\n", id="82-bad-charsets"),
    pytest.param(b"From: a@b.example\nAuto-Submitted: auto-replied\nSubject: Out of office\n\nI am away.\n", id="82-an-auto-reply"),
    pytest.param(b"From: a@b.example\n" + b"Received: x\n" * 200 + b"\nName: Loop\n", id="82-a-mail-in-circles"),
    pytest.param(b"From: a@b.example\nContent-Type: application/ms-tnef; name=winmail.dat\n\n\x78\x9f\x3e\x22", id="82-winmail-dat"),
    pytest.param(b"From: a@b.example\nMessage-ID: <" + b"m" * 20_000 + b">\n\nName: Long\n", id="82-a-message-id-of-20-kb"),
    pytest.param(b"From: a@b.example\nMessage-ID: <a\0b>\n\nName: N\0ul\n", id="82-nul"),
]  # fmt: skip


@pytest.mark.parametrize("raw", BAD_MAILS)
async def test_a_bad_mail_is_kept_and_the_next_one_is_a_lead(make_hub: MakeHub, server: ImapServer, raw: bytes):
    told = MAILBOX.replace("PORT", str(server.port)).replace("USER", server.user).replace("PASSWORD", server.password)
    hub = await make_hub(told)
    server.deliver(raw, hub.clock.now())
    server.deliver(bytes(mail(1)), hub.clock.now())

    await hub.polls.poll("list")

    found = await all_rows(hub, "submission")
    assert len(found) == 2
    assert [row["email"] for row in await rows(hub, "lead", email="lead.1@mail.example")] == ["lead.1@mail.example"]
    assert not [row for row in found if row["state"] == "received"]
    await hub.polls.poll("list")
    assert len(await all_rows(hub, "submission")) == 2
