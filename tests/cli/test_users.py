"""Users, keys and the audit log from the command line, and where a hub listens while nobody has a password."""

from __future__ import annotations

import io
import json
import sqlite3
import sys

import pytest

from hub.cli import listen
from hub.errors import ConfigError
from tests.conftest import BASIC, MakeHub

PASSWORD = "three words in a row"


@pytest.fixture
def typed(monkeypatch):
    """Pipe a password into the next command."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))


def test_a_user_is_made_listed_given_a_role_and_shut_out(workspace, leadhub, typed):
    made = leadhub("user", "create", "Ann@example.com", "--role", "owner", "--password-stdin", "--json")
    assert (made.code, made.json["name"], made.json["role"]) == (0, "ann@example.com", "owner")
    (row,) = leadhub("user", "list", "--json").json["items"]
    assert (row["id"], row["sessions"]) == (made.json["id"], 0)
    assert "password" not in row
    assert "last owner" in leadhub("user", "disable", "ann@example.com").err
    assert PASSWORD not in leadhub("audit", "list", "--json").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["user", "create", "bob", "--role", "god", "--password-stdin"], "role: "),
        (["user", "role", "nobody", "--role", "viewer"], "There is no user 'nobody'."),
        (["user", "logout", "nobody"], "There is no user 'nobody'."),
        (["user", "enable", "nobody"], "There is no user 'nobody'."),
        (["key", "create", "--role", "source"], "names its source"),
        (["key", "create", "--role", "source", "--source", "nowhere"], "there is no source 'nowhere'. Known: website"),
    ],
)
def test_a_slip_is_said_in_a_sentence(workspace, leadhub, typed, arguments, said):
    answer = leadhub(*arguments)
    assert answer.code == 1
    assert said in answer.err


def test_a_password_is_never_an_argument_and_needs_a_terminal_or_a_pipe(workspace, leadhub, typed):
    answer = leadhub("user", "create", "bob", "--role", "viewer")
    assert "--password-stdin" in answer.err
    assert leadhub("user", "create", "bob", "--role", "viewer", "--password", PASSWORD).code == 2


def test_a_password_that_is_too_easy_is_refused(workspace, leadhub, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert "12 to 1024 characters" in leadhub("user", "create", "bob", "--role", "viewer", "--password-stdin").err


def test_a_key_of_a_source_is_made_and_listed(workspace, leadhub):
    made = leadhub("key", "create", "--role", "source", "--source", "website", "--days", "30", "--json").json
    (row,) = leadhub("key", "list", "--json").json["items"]
    assert (row["source"], row["role"], row["id"]) == ("website", "source", made["id"])
    assert row["expires_at"]
    assert leadhub("key", "create", "--role", "viewer").out.splitlines()[-1].startswith("lh_")


def test_the_audit_log_is_listed_and_verified(workspace, leadhub):
    leadhub("key", "create", "--role", "viewer")
    rows = leadhub("audit", "list", "--what", "key.created", "--json").json["items"]
    assert [row["who"] for row in rows] == ["local"]
    assert "key.created" in leadhub("audit", "list").out
    said = leadhub("audit", "verify")
    assert said.code == 0
    assert "The audit log is whole" in said.out


def test_a_log_that_was_tampered_with_is_exit_status_1_and_names_the_entry(workspace, leadhub):
    for _ in range(3):
        leadhub("key", "create", "--role", "viewer")
    with sqlite3.connect("data/hub.db") as raw:
        raw.execute("DROP TRIGGER audit_not_updated")
        raw.execute("UPDATE audit SET who = 'key:other' WHERE id = 2")
    raw.close()
    said = leadhub("audit", "verify", "--json")
    assert said.code == 1
    assert [one["entry"] for one in json.loads(said.out)["broken"]] == [2]
    assert "Entry 2: Its seal does not fit" in leadhub("audit", "verify").out


async def test_beyond_this_machine_it_listens_only_when_a_user_has_a_password(make_hub: MakeHub):
    hub = await make_hub()
    for host in ("127.0.0.1", "localhost", "::1", "127.5.5.5"):
        listen.check_address(hub, host, without_user=False)
    for host in ("0.0.0.0", "::", "10.0.0.5", "leads.acme.example"):
        with pytest.raises(ConfigError, match=r"leadhub user create NAME --role owner.*--without-user") as caught:
            listen.check_address(hub, host, without_user=False)
        assert host in str(caught.value)
        listen.check_address(hub, host, without_user=True)


async def test_a_user_with_a_password_opens_other_addresses(make_hub: MakeHub):
    from tests.api.test_login import make_user

    hub = await make_hub()
    assert listen.setup_token(hub)
    await make_user(hub, role="owner")
    listen.check_address(hub, "0.0.0.0", without_user=False)
    assert listen.setup_token(hub) is None


async def test_the_operator_may_say_in_the_settings_that_it_is_meant(make_hub: MakeHub):
    hub = await make_hub(BASIC.replace("hub: {", "hub: {listen_without_user: true, "))
    listen.check_address(hub, "0.0.0.0", without_user=False)


def test_run_refuses_such_an_address_with_what_to_do(workspace, leadhub):
    said = leadhub("run", "--host", "0.0.0.0", "--port", "0")
    assert said.code == 1
    assert "leadhub user create NAME --role owner" in said.err


@pytest.mark.parametrize("text", ["8401", ":8401", "host:", "host:port", "host:99999", ""])
def test_an_address_of_the_intake_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="HOST:PORT"):
        listen.intake_address(text)


@pytest.mark.parametrize(("text", "found"), [("0.0.0.0:8401", ("0.0.0.0", 8401)), ("[::1]:1", ("::1", 1))])
def test_an_address_of_the_intake(text, found):
    assert listen.intake_address(text) == found


async def test_behind_the_intakes_port_there_are_only_leads(make_hub: MakeHub):
    import httpx

    from hub.web.app import create_app
    from tests.api.calling import KEY
    from tests.core.inputs import person

    hub = await make_hub()
    app = listen.IntakeOnly(create_app(hub, local_key=KEY), 8401)
    headers = {"authorization": f"Bearer {KEY}"}
    for base, status in (("http://hub:8401", 404), ("http://hub:8400", 200)):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, headers=headers) as http:
            for path in ("/", "/health", "/api/summary", "/metrics", "/login"):
                assert (await http.get(path, follow_redirects=True)).status_code == status
            assert (await http.post("/in/website", content=person(1))).status_code == 202
