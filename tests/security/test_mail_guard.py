"""Mail servers are reached as everything else is: a name is resolved once, checked, and that address is connected to."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from connectors.mail.imap_mail import ImapMail
from connectors.mail.smtp import Smtp
from hub.errors import Misconfigured, Retry
from hub.lead import Lead
from hub.outgoing.addresses import Blocked
from hub.outgoing.sockets import open_socket
from tests.conftest import MakeHub


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


PRIVATE = [
    "127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "192.168.1.1", "[::1]", "::1", "::ffff:127.0.0.1", "0.0.0.0",
    "64:ff9b::7f00:1", "fe80::1", "2130706433", "0x7f.1", "127.1",
]  # fmt: skip
HERE = ("127.0.0.0/8",)


@pytest.fixture
def listening():
    """Return a socket that counts who comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        yield server


def nobody_came(server: socket.socket) -> bool:
    try:
        server.accept()
    except TimeoutError:
        return True
    return False


@pytest.fixture
def resolved(monkeypatch):
    """Return what makes names stand for addresses, each look-up the next, and a list of the look-ups."""
    asked: list[str] = []

    def set_(*answers: list[tuple[str, int]]):
        left = list(answers)

        def getaddrinfo(host: str, port: int, **more: Any) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", where) for where in left.pop(0)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return set_


@pytest.mark.parametrize("host", PRIVATE)
def test_what_is_not_public_is_never_connected_to(listening, host):
    with pytest.raises((Blocked, socket.gaierror)):
        open_socket(host, listening.getsockname()[1], 1)
    assert nobody_came(listening)


def test_what_the_operator_lists_is(listening):
    open_socket("127.0.0.1", listening.getsockname()[1], 1, HERE).close()
    assert not nobody_came(listening)


def test_one_address_of_several_that_may_not_be_reached_refuses_them_all(listening, resolved):
    port = listening.getsockname()[1]
    resolved([("127.0.0.1", port), ("10.0.0.1", port)])
    with pytest.raises(Blocked, match=r"'mail\.example' is 10\.0\.0\.1"):
        open_socket("mail.example", port, 1, HERE)
    assert nobody_came(listening)


def test_a_name_that_means_something_else_the_second_time_is_asked_once(listening, resolved):
    port = listening.getsockname()[1]
    asked = resolved([("127.0.0.1", port)], [("10.0.0.1", port)])
    open_socket("mail.example", port, 1, HERE).close()
    assert asked == ["mail.example"]
    assert not nobody_came(listening)


def test_the_next_address_is_tried_when_the_first_does_not_answer(listening, resolved):
    port = listening.getsockname()[1]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        resolved([free.getsockname(), ("127.0.0.1", port)])
        open_socket("mail.example", port, 1, HERE).close()
    assert not nobody_came(listening)


def test_a_name_without_an_address_is_trouble_that_passes(resolved):
    resolved([])
    with pytest.raises(OSError, match="has no address"):
        open_socket("mail.example", 25, 1)


async def submit(host: str, port: int, security: str, networks: tuple[str, ...]) -> None:
    config = Smtp.Config(
        host=host, port=port, security=security, to=["a@b.example"], timeout=1, **{"from": "a@b.example"}
    )
    sink = Smtp("mail", config)
    sink.networks = networks
    (said,) = await sink.send([Lead(id="lead_1")], None)
    raise said


async def poll(host: str, port: int, security: str, networks: tuple[str, ...]) -> None:
    kind = security.replace("tls", "ssl") if security == "tls" else security
    config = ImapMail.Config(host=host, port=port, user="ann", password="canary", security=kind, timeout=1)
    source = ImapMail("box", config)
    source.networks = networks
    async for _ in source.fetch(None, None):
        pytest.fail("it was read")


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("call", [submit, poll])
async def test_a_mail_connector_says_which_setting_is_meant(listening, call, security):
    with pytest.raises(
        Misconfigured, match=r"blocked address: 'localhost' is .*, which is not public\. List its network"
    ):
        await call("localhost", listening.getsockname()[1], security, ())
    assert nobody_came(listening)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("call", [submit, poll])
async def test_a_mail_connector_reaches_what_is_listed(listening, call, security):
    with pytest.raises(Retry):  # nobody answers there
        await call("127.0.0.1", listening.getsockname()[1], security, HERE)
    assert not nobody_came(listening)


@pytest.mark.parametrize("listed", [["10.1.0.0/16"], []])
async def test_connectors_get_the_networks_of_the_settings(make_hub: MakeHub, listed):
    hub = await make_hub(f"""
hub: {{region: DE, allow_networks: {listed}}}
sinks: {{mail: {{connector: smtp, host: m.example, from: a@b.example, to: [a@b.example]}}}}
sources: {{box: {{connector: imap_mail, host: m.example, user: u, password: "${{env:HOME}}"}}}}
""")
    assert hub.plan.sinks["mail"].networks == hub.plan.sources["box"].networks == tuple(listed)
