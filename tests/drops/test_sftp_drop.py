"""Files on an SFTP server are taken when they are whole, once, from a server whose key is known."""

from __future__ import annotations

import importlib
from typing import Any

import asyncssh
import httpx
import pytest
from pydantic import ValidationError

from connectors.lists.sftp_drop import SftpDrop
from hub import BadInput, HostKey, Misconfigured, Retry
from hub.testing.fakes import HandClock
from tests.drops.conftest import LOOPBACK, Broken, Looker, Sftp

LIST = 'Nr,Name,E-Mail\r\n1,Mei Lin,mei@example.com\r\n2,"Ng, Ann",ann@example.com\r\n'
SETTLE = 60.0


def drop(sftp: Sftp, http: httpx.AsyncClient, **settings: Any) -> Looker:
    known = {
        "host": "127.0.0.1", "port": sftp.port, "host_key": sftp.print, "user": "leads", "password": "s3cret",
        "path": "/inbox", "key": "Nr",
    }  # fmt: skip
    source = SftpDrop("drop", SftpDrop.Config(**{**known, **settings}), HandClock())
    source.networks = LOOPBACK
    return Looker(source, http)


async def test_a_file_is_read_when_it_stayed_the_same_and_only_once(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/list.csv", LIST)
    looker = drop(sftp, http)
    assert await looker.keys() == []
    assert await looker.keys(SETTLE - 1) == []
    leads = await looker.look(1)
    assert [(lead.key, lead.data["Name"]) for lead in leads] == [("1", "Mei Lin"), ("2", "Ng, Ann")]
    assert await looker.keys(SETTLE) == []
    assert looker.trouble == []


async def test_a_file_that_still_grows_is_not_read(sftp: Sftp, http: httpx.AsyncClient):
    looker = drop(sftp, http)
    for lines in range(1, 4):
        sftp.write("inbox/list.csv", "\r\n".join(LIST.split("\r\n")[:lines]), at=1_777_000_000 + lines)
        assert await looker.keys(SETTLE * 2) == []
    assert await looker.keys(SETTLE) == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "keys"), [(LIST + "3,Bo,bo@example.com\r\n", ["1", "2", "3"]), (LIST.replace("2,", "7,"), ["1", "7"])],
    ids=["longer", "of the same length"],
)  # fmt: skip
async def test_a_file_that_is_written_to_while_it_is_read_is_left_for_later(
    text: str, keys: list[str], sftp: Sftp, http: httpx.AsyncClient
):
    sftp.write("inbox/list.csv", LIST)
    looker = drop(sftp, http)
    await looker.look()
    Broken.at_open = lambda: sftp.write("inbox/list.csv", text, at=1_777_000_009)
    assert await looker.keys(SETTLE) == []
    assert await looker.keys(1) == []
    assert await looker.keys(SETTLE) == keys
    assert looker.trouble == []


async def test_a_changed_file_is_read_again(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/list.csv", LIST)
    looker = drop(sftp, http, settle=0)
    assert await looker.keys() == ["1", "2"]
    sftp.write("inbox/list.csv", LIST + "3,Bo,bo@example.com\r\n")
    assert await looker.keys() == ["1", "2", "3"]


async def test_only_regular_files_of_the_folder_are_taken(sftp: Sftp, http: httpx.AsyncClient):
    for name in ("secret.csv", "inbox/deep/er/b.csv", "inbox/c.csv.filepart", "inbox/.d.csv", "inbox/done/e.csv"):
        sftp.write(name, LIST)
    (sftp.root / "inbox" / "link.csv").symlink_to(sftp.root / "secret.csv")
    assert await drop(sftp, http, settle=0).keys() == []
    assert await drop(sftp, http, settle=0, recursive=True).keys() == ["1", "2"]


async def test_what_was_read_is_moved_and_what_cannot_be_goes_apart_and_is_told_once(
    sftp: Sftp, http: httpx.AsyncClient
):
    sftp.write("inbox/bad.csv", "<html></html>")
    sftp.write("inbox/list.csv", LIST)
    looker = drop(sftp, http, settle=0, after="move")
    assert await looker.keys() == ["1", "2"]
    assert sftp.names() == [
        "inbox/done/20260424T030640Z-list.csv",
        "inbox/failed/20260424T030640Z-bad.csv",
    ]
    (told,) = looker.trouble
    assert isinstance(told, BadInput)
    sftp.write("inbox/list.csv", "Nr\n5\n")
    assert await looker.keys() == ["5"]
    assert sftp.names()[:2] == ["inbox/done/20260424T030640Z-list.csv", "inbox/done/20260424T030640Z-list.csv~"]


async def test_a_bad_file_that_stays_is_told_once(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/bad.csv", "%PDF-1.7")
    sftp.write("inbox/con.csv", LIST)
    looker = drop(sftp, http, settle=0)
    assert await looker.keys() == []
    assert await looker.keys() == []
    assert sftp.names() == ["inbox/bad.csv", "inbox/con.csv"]
    (told,) = looker.trouble
    assert "'bad.csv' cannot be read: The file is a PDF" in str(told)
    assert "'con.csv' cannot be read: its name is that of a device" in str(told)


async def test_a_bad_file_is_told_also_when_the_line_breaks_after_it(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/bad.csv", "%PDF-1.7")
    sftp.write("inbox/list.csv", LIST, at=1_777_000_001)
    looker = drop(sftp, http, settle=0)
    Broken.cuts, Broken.spares = 1, 1
    assert await looker.keys() == []
    assert [type(error) for error in looker.trouble] == [BadInput]
    assert await looker.keys() == ["1", "2"]


async def test_a_server_that_lists_names_alone_is_asked_about_each(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/list.csv", LIST)
    sftp.write("inbox/done/old.csv", LIST)
    Broken.bare = True
    assert await drop(sftp, http, settle=0).keys() == ["1", "2"]


async def test_a_name_that_is_not_utf_8_is_told_and_left(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/ok.csv", LIST)
    (sftp.root / "inbox" / b"\xe4\xb8.csv".decode("utf-8", "surrogateescape")).write_text("Nr\n9\n")
    looker = drop(sftp, http, settle=0)
    assert await looker.keys() == ["1", "2"]
    assert "its name is not UTF-8" in str(looker.trouble[0])


async def test_a_line_that_breaks_in_the_middle_loses_and_repeats_nothing(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/a.csv", LIST)
    sftp.write("inbox/b.csv", "Nr\n" + "".join(f"{n}\n" for n in range(3, 900)), at=1_777_000_001)
    looker = drop(sftp, http, settle=0)
    Broken.cuts, Broken.spares = 1, 1
    first = await looker.keys()
    assert isinstance(looker.trouble.pop(), Retry)
    assert first == ["1", "2"]
    assert first + await looker.keys() == [str(n) for n in range(1, 900)]
    assert looker.trouble == []


@pytest.mark.parametrize("pin", ["print", "line"])
async def test_a_pinned_key_is_written_as_fingerprint_or_as_a_line(pin: str, sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/list.csv", LIST)
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode()
    for pins in (getattr(sftp, pin), f"# a comment\n{other}\n{getattr(sftp, pin)}\n"):
        looker = drop(sftp, http, host_key=pins, settle=0)
        assert await looker.keys() == ["1", "2"]


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_a_server_with_another_key_is_not_logged_in_to(kind: str, sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/list.csv", LIST)
    other = asyncssh.generate_private_key(kind)
    for pins in (str(other.get_fingerprint()), other.export_public_key().decode()):
        looker = drop(sftp, http, host_key=pins, settle=0)
        assert await looker.keys() == []
        assert isinstance(looker.trouble[0], Misconfigured)
        assert "host_key" in str(looker.trouble[0])
    assert sftp.logins == []


async def test_the_key_that_a_stranger_shows_is_told(sftp: Sftp, http: httpx.AsyncClient):
    looker = drop(sftp, http, host_key="SHA256:" + "A" * 43)
    await looker.look()
    assert f"shows the key {sftp.print}. It is not in host_key: ask its operator" in str(looker.trouble[0])


async def test_the_login_may_be_by_a_key_with_a_passphrase(sftp: Sftp, http: httpx.AsyncClient):
    sftp.write("inbox/list.csv", LIST)
    pem = sftp.private_key.export_private_key(passphrase="open sesame").decode()
    looker = drop(sftp, http, password=None, private_key=pem, passphrase="open sesame", settle=0)
    assert await looker.keys() == ["1", "2"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"password": "wrong"}, "refuses the login"),
        ({"password": None}, "refuses the login"),
        ({"password": None, "private_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nx"}, "private_key cannot be read"),
        ({"path": "/nowhere"}, "folder '/nowhere' is not there"),
    ],
)
async def test_a_wrong_setting_is_named(settings: dict[str, Any], words: str, sftp: Sftp, http: httpx.AsyncClient):
    looker = drop(sftp, http, **settings)
    await looker.look()
    assert isinstance(looker.trouble[0], Misconfigured)
    assert words in str(looker.trouble[0])
    assert "s3cret" not in str(looker.trouble[0])


async def test_it_goes_to_no_address_that_is_not_listed(sftp: Sftp, http: httpx.AsyncClient):
    looker = drop(sftp, http)
    looker.source.networks = ()
    await looker.look()
    assert "127.0.0.1, which is not public" in str(looker.trouble[0])
    assert sftp.logins == []


async def test_a_server_that_is_away_is_tried_again(sftp: Sftp, http: httpx.AsyncClient, unused_tcp_port: int):
    looker = drop(sftp, http, port=unused_tcp_port)
    await looker.look()
    assert isinstance(looker.trouble[0], Retry)


@pytest.mark.parametrize(
    "text", ["", "SHA256:short", "MD5:16:27:ac", "host ssh-ed25519", "host ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA=="]
)
def test_a_host_key_that_is_none_is_refused(text: str):
    with pytest.raises(ValidationError, match="host_key"):
        SftpDrop.Config(host="h", user="u", host_key=text)


def test_a_line_of_ssh_keyscan_has_the_fingerprint_that_ssh_keygen_shows():
    line = "h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"  # GitHub's, published
    assert HostKey.of(line) == HostKey("SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU", "ssh-ed25519")


async def test_without_the_library_it_says_what_to_install(sftp: Sftp, http: httpx.AsyncClient, monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    looker = drop(sftp, http)
    await looker.look()
    assert "pip install 'leadhub[sftp]'" in str(looker.trouble[0])
