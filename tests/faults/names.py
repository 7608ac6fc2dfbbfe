"""A name server that answers as it is told, and a listener where nobody may ever call."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

PLACE = "127.9.9.9"  # of the name server; port 53 is the only one resolv.conf knows
NOBODY, BROKEN = 3, 2  # RFC 1035, section 4.1.1: NXDOMAIN, SERVFAIL

Said = Sequence[str] | int | None  # addresses, an error, or never an answer


@dataclass(slots=True)
class NameServer:
    """Answers questions for A records out of a table: a name to what is said the n-th time it is asked."""

    table: Mapping[str, Callable[[int], Said]]
    asked: Counter[str] = field(default_factory=Counter)
    _thread: list[threading.Thread] = field(default_factory=list)
    _socket: socket.socket = field(default_factory=lambda: socket.socket(type=socket.SOCK_DGRAM))

    def __enter__(self) -> Self:
        self._socket.bind((PLACE, 53))
        self._socket.settimeout(0.1)
        self._thread.append(threading.Thread(target=self._serve, daemon=True))
        self._thread[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.pop().join()  # while it listens, the port stays taken
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while self._thread:
                try:
                    question, client = self._socket.recvfrom(512)
                except TimeoutError:
                    continue
                answer = self._answer(question)
                if answer is not None:
                    self._socket.sendto(answer, client)

    def _answer(self, question: bytes) -> bytes | None:
        name, end = _name(question)
        kind = struct.unpack("!H", question[end : end + 2])[0]
        look = self.table.get(name)
        said: Said = NOBODY
        if look is not None:
            said = look(self.asked[name]) if kind == 1 else ()
            if kind == 1:
                self.asked[name] += 1
            elif look(0) is None:
                said = None
        if said is None:
            return None
        error = said if isinstance(said, int) else 0
        found = () if isinstance(said, int) else said
        head = question[:2] + struct.pack("!HHHHH", 0x8180 | error, 1, len(found), 0, 0)
        records = (b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address) for address in found)
        return head + question[12 : end + 4] + b"".join(records)


def _name(question: bytes) -> tuple[str, int]:
    """Return the name asked for, and where it ends."""
    parts, at = [], 12
    while length := question[at]:
        parts.append(question[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(parts).lower(), at + 1


@dataclass(slots=True)
class Trap:
    """Listens where nobody may connect, and counts who does."""

    host: str
    port: int
    connections: int = 0
    _thread: list[threading.Thread] = field(default_factory=list)
    _socket: socket.socket = field(default_factory=socket.socket)

    def __enter__(self) -> Self:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((self.host, self.port))
        self._socket.settimeout(0.1)
        self._socket.listen(16)
        self._thread.append(threading.Thread(target=self._accept, daemon=True))
        self._thread[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.pop().join()  # while it listens, the port stays taken
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while self._thread:
                try:
                    peer, _ = self._socket.accept()
                except TimeoutError:
                    continue
                self.connections += 1
                peer.close()
