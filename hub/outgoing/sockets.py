"""Opens plain sockets, for protocols that are not HTTP, to addresses that may be reached."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

from hub.outgoing.addresses import HINT, Blocked, allowed


def trusting(file: Path | str | None) -> ssl.SSLContext:
    """Return what checks a server's certificate and name, over TLS 1.2 or newer; there is no way to switch it off.

    `file` has the certificates to trust instead of the system's, in PEM. Raises OSError when it cannot be read.
    """
    context = ssl.create_default_context(cafile=file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def open_socket(host: str, port: int, timeout: float, networks: Iterable[str] = ()) -> socket.socket:
    """Return a connection to a host; blocks.

    The name is resolved once, every address it stands for is checked, and the socket is connected to one of those
    very addresses. Raises Blocked when one may not be reached, OSError when none answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    listed = tuple(networks)
    for *_, where in found:
        if not allowed(str(where[0]), listed):
            raise Blocked(f"blocked address: {host!r} is {where[0]}, which is not public. {HINT}")
    failed: OSError = OSError(f"{host!r} has no address")
    for family, kind, proto, _, where in found:
        made = socket.socket(family, kind, proto)
        made.settimeout(timeout)
        try:
            made.connect(where)
        except OSError as error:
            made.close()
            failed = error
        else:
            return made
    raise failed
