"""Receivers that hang up at one exact stage of a request, over TCP or TLS, and count what they had until then."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from pathlib import Path
from typing import Self

RST = struct.pack("ii", 1, 0)
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
HALF = b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"

STAGES = (
    "refused", "unanswered", "tls", "certificate", "accepted", "headers", "half", "after", "eof", "middle",
    "middle400", "middle503", "reused", "fine",
)  # fmt: skip


class Receiver:
    """Listens on a port of this machine and behaves at its stage; `requests` are whole ones, `connections` all."""

    def __init__(self, stage: str, certificate: Path | None = None) -> None:
        self.stage = stage
        self.connections = self.requests = 0
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._listener = socket.socket()
        self._crowd: list[socket.socket] = []

    @property
    def url(self) -> str:
        """Return where it is posted to."""
        scheme = "https" if self.stage in ("tls", "certificate") else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._listener.bind(("127.0.0.1", 0))
        if self.stage == "refused":  # bound, so that nobody else gets the port, and not listening
            return self
        self._listener.listen(0 if self.stage == "unanswered" else 64)
        if self.stage == "unanswered":  # its queue is full: whoever comes now hears nothing
            for _ in range(4):
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(self._listener.getsockname())
                self._crowd.append(waiting)
        else:
            threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (*self._crowd, self._listener):
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError):
            peer.settimeout(20)
            if self.stage == "certificate":
                assert self._tls
                peer = self._tls.wrap_socket(peer, server_side=True)
            if self.stage in ("tls", "headers"):
                peer.recv(16)
            elif self.stage == "accepted":
                time.sleep(0.1)  # sooner, and it never was a connection
            else:
                self._request(peer)
        _reset(peer)

    def _request(self, peer: socket.socket) -> None:
        """Read a request as far as the stage says, and answer as far as it says."""
        _read(peer, 0.5 if self.stage == "half" else 1.0)
        if self.stage == "half":
            return
        self.requests += 1
        if self.stage == "eof":
            peer.close()
        elif self.stage.startswith("middle"):
            peer.sendall(HALF % int(self.stage.removeprefix("middle") or 200))
            time.sleep(0.2)  # let it arrive: a reset takes what is on its way with it
        elif self.stage in ("fine", "reused"):
            peer.sendall(WHOLE)
            if self.stage == "fine":
                self._request(peer)
            _read(peer, 0.5)  # what comes next on the same connection is cut off
            self.requests += 1


def _read(peer: socket.socket, share: float) -> None:
    """Read a request's head, and so much of its body; raises OSError when there is none."""
    head, mark, body = b"", b"\r\n\r\n", b""
    while mark not in head:
        data = peer.recv(1)
        if not data:
            raise OSError("nothing more")
        head += data
    lines = [line.partition(b":") for line in head.lower().splitlines()]
    length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
    while len(body) < int(length * share):
        data = peer.recv(int(length * share) - len(body))
        if not data:
            raise OSError("nothing more")
        body += data


def _reset(peer: socket.socket) -> None:
    """Send RST: the other side sees a connection that broke, not a clean end."""
    with contextlib.suppress(OSError):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        peer.close()
