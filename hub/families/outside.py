"""Guards what foreign libraries connect to and say: they know neither the hub's networks nor who may be mentioned."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable

from hub.errors import Misconfigured, Retry
from hub.escape import dingtalk_markdown
from hub.outgoing.addresses import HINT, allowed

_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def check_host(host: str, networks: Iterable[str]) -> None:
    """Raise Misconfigured when a name stands for an address that is not public and not listed; blocks.

    A library that opens its own connections resolves the name again, so this keeps out mistakes, not an attacker who
    controls the name. Raises Retry when the name cannot be resolved.
    """
    listed = tuple(networks)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Retry(f"{host!r} cannot be resolved: {error.strerror or type(error).__name__}.") from error
    for *_, where in found:
        if not allowed(str(where[0]), listed):
            raise Misconfigured(f"blocked address: {host!r} is {where[0]}, which is not public. {HINT}")


def unmentioned(text: str, limit: int = 300) -> str:
    """Return the text for markdown that turns `@name` into a mention: its marks and such an @ become look-alikes."""
    return _MENTION.sub("＠", dingtalk_markdown(text, limit))
