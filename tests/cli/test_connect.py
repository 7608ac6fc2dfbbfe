"""leadhub connect: from the consent page in a browser to the tokens that are kept, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from hub.cli.redirected import listening
from hub.errors import ConfigError
from hub.testing.sandbox.server import Sandbox

VENDOR = "google_data_manager"
CONFIG = """
hub: {{name: Acme, database: sqlite:///data/hub.db, token_key: "${{env:TOKEN_KEY}}", allow_networks: [127.0.0.0/8]}}
sources:
  website: {{connector: web_form}}
sinks:
  ads:
    connector: google_data_manager
    base_url: "{url}"
    token_url: "{url}/token"
    authorize_url: "{url}/auth"
    client_id: app-1
    client_secret: "${{env:APP_SECRET}}"
    account_id: 123-456-7890
    events: {{won: "4002"}}
  book: {{connector: csv_file, path: out/leads.csv}}
flows:
  - {{name: inbound, from: [website], routes: [{{name: all, to: [book]}}]}}
"""
BROWSER = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1]).read().decode(), file=open("page.html", "w"))
"""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    settings = {"client_id": "app-1", "client_secret": "s3cret"}
    async with Sandbox(settings={VENDOR: settings}) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox) -> Path:
    """Return a workspace whose browser consents to everything."""
    (tmp_path / "hub.yaml").write_text(CONFIG.format(url=f"{sandbox.url}/{VENDOR}"), "utf-8")
    (tmp_path / "browser.py").write_text(BROWSER, "utf-8")
    return tmp_path


async def leadhub(folder: Path, *arguments: str, typed: str | None = None) -> tuple[int, str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEADHUB_")}
    key = Fernet.generate_key().decode()
    more = {"TOKEN_KEY": key, "APP_SECRET": "s3cret", "BROWSER": f"{sys.executable} {folder}/browser.py %s"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.cli", *arguments, cwd=folder, env={**own, **more},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(typed.encode() if typed is not None else None)
    return process.returncode or 0, out.decode(), err.decode()


async def test_the_browser_consents_and_comes_back_to_this_machine(folder: Path):
    code, out, err = await leadhub(folder, "connect", "ads", "--port", "0")
    assert (code, "is connected" in out) == (0, True), err
    assert "The consent page: http://127.0.0.1:" in err
    assert "Go back to the terminal" in (folder / "page.html").read_text()
    assert "sandbox-refresh" not in out + err


async def test_a_consent_that_is_refused_ends_with_one_sentence(folder: Path, sandbox: Sandbox):
    sandbox.vendors[VENDOR].settings["consent"] = "denied"
    code, out, err = await leadhub(folder, "connect", "ads", "--port", "0")
    assert (code, out) == (1, "")
    assert "says that the consent was refused: 'The user did not consent'" in err
    assert "Traceback" not in err


async def test_an_address_that_is_pasted_must_answer_this_question(folder: Path):
    typed = "http://localhost:8765/callback?code=c&state=somebody-elses\n"
    code, _, err = await leadhub(folder, "connect", "ads", "--paste", typed=typed)
    assert (code, "its state is another one" in err) == (1, True), err


async def test_a_port_that_is_taken_is_named():
    async with listening(0, "/callback") as first:
        port = int(first.base.rpartition(":")[2])
        with pytest.raises(ConfigError, match=f"Port {port} of this machine is taken"):
            async with listening(port, "/callback"):
                pass


async def test_what_is_no_answer_is_not_taken_for_one():
    async with listening(0, "/callback") as found:
        port = int(found.base.rpartition(":")[2])
        for target in ("/favicon.ico", "/callback", "/other?code=1"):
            assert b"404" in await asked(port, target)
        assert b"200 OK" in await asked(port, "/callback?code=1&state=2")
        assert await found.answer(5) == f"{found.base}/callback?code=1&state=2"


async def test_nobody_is_waited_for_for_ever():
    async with listening(0, "/callback") as found:
        with pytest.raises(ConfigError, match="Nobody came back from the consent page"):
            await found.answer(0)


async def asked(port: int, target: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer
