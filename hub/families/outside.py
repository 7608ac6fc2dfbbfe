"""Guards what foreign libraries connect to and say: they know neither the hub's networks nor who may be mentioned."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable

from hub.errors import Misconfigured, Retry
from hub.escape import dingtalk_markdown
from hub.outgoing.addresses import HINT, Blocked, allowed
from hub.outgoing.sockets import open_socket

_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def check_host(host: str, networks: Iterable[str]) -> list[str]:
    """Return the addresses of a name; raises Misconfigured when one is not public and not listed. Blocks.

    A library that opens its own connections resolves the name again, so this keeps out mistakes, not an attacker who
    controls the name, unless the library is handed the address. Raises Retry when the name cannot be resolved.
    """
    listed = tuple(networks)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Retry(f"{host!r} cannot be resolved: {error.strerror or type(error).__name__}.") from error
    for *_, where in found:
        if not allowed(str(where[0]), listed):
            raise Misconfigured(f"blocked address: {host!r} is {where[0]}, which is not public. {HINT}")
    return [str(where[0]) for *_, where in found]


def guarded_socket(host: str, port: int, timeout: float, networks: Iterable[str]) -> socket.socket:
    """Return a connection for a library that takes an open one: to the very address that was checked. Blocks.

    Raises Misconfigured when a name stands for an address that is not public and not listed, Retry when nobody answers.
    """
    try:
        return open_socket(host, port, timeout, networks)
    except Blocked as error:
        raise Misconfigured(str(error)) from error
    except OSError as error:
        raise Retry(f"{host}:{port} cannot be reached: {error.strerror or type(error).__name__}.") from error


def unmentioned(text: str, limit: int = 300) -> str:
    """Return the text for markdown that turns `@name` into a mention: its marks and such an @ become look-alikes."""
    return _MENTION.sub("＠", dingtalk_markdown(text, limit))
