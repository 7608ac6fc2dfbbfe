"""A TCP proxy before a PostgreSQL that forgets connections, cuts them, or loses exactly the answer to a COMMIT."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # a simple query, as psycopg ends a transaction
DONE = b"COMMIT\x00"  # in the answer: it is committed
RST = struct.pack("ii", 1, 0)

Lose = Literal["request", "answer"]


@dataclass(slots=True, eq=False)
class Pair:
    """One connection through the proxy: the client's side, the server's side."""

    client: socket.socket
    server: socket.socket
    held: bool = False  # half open: nothing goes through any more, and nobody is told
    doomed: bool = False  # the answer to what it asked last is lost

    def cut(self) -> None:
        """Reset the client, and leave the server as if it had crashed."""
        with contextlib.suppress(OSError):
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()


@dataclass(slots=True)
class Proxy:
    """Listens on a port of this machine; `address` is how a hub reaches the database through it."""

    direct: str  # address of the database
    committed: int = 0  # commits whose answer was lost, although the server had made them
    refused: int = 0  # commits that never came to the server
    opened: int = 0
    _plan: Callable[[], Lose | None] = lambda: None
    _pairs: set[Pair] = field(default_factory=set)
    _listener: socket.socket = field(default_factory=socket.socket)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()

    @property
    def address(self) -> str:
        """Return the address of the database through the proxy; in the clear, so that a COMMIT can be seen."""
        name = urlsplit(self.direct).path.lstrip("/")
        port = self._listener.getsockname()[1]
        return f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable&gssencmode=disable"

    def lose(self, plan: Callable[[], Lose | None]) -> None:
        """Ask at each COMMIT whether the request or its answer is lost."""
        self._plan = plan

    def hold(self) -> int:
        """Make every connection of now half open, for good; new ones work. Returns how many."""
        with self._mutex:
            for pair in self._pairs:
                pair.held = True
            return len(self._pairs)

    def cut(self) -> None:
        """Reset every connection of now."""
        with self._mutex:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            pair.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                pair = Pair(client, self._upstream())
            except OSError:  # the server is away: so is the proxy's other end
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
                client.close()
                continue
            with self._mutex:
                self._pairs.add(pair)
                self.opened += 1
            for work in (self._to_server, self._to_client):
                threading.Thread(target=work, args=(pair,), daemon=True).start()

    def _upstream(self) -> socket.socket:
        said = parse_qs(urlsplit(self.direct).query)
        folder, port = said["host"][0], said.get("port", ["5432"])[0]
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(Path(folder) / f".s.PGSQL.{port}"))
        return server

    def _to_server(self, pair: Pair) -> None:
        with contextlib.suppress(OSError):
            while data := pair.client.recv(1 << 16):
                if pair.held:
                    continue
                lost = self._plan() if data == COMMIT else None
                if lost == "request":
                    self.refused += 1
                    break
                pair.doomed = lost == "answer"
                pair.server.sendall(data)
        self._end(pair)

    def _to_client(self, pair: Pair) -> None:
        with contextlib.suppress(OSError):
            while data := pair.server.recv(1 << 16):
                if pair.doomed:
                    self.committed += DONE in data
                    break
                if not pair.held:
                    pair.client.sendall(data)
        self._end(pair)

    def _end(self, pair: Pair) -> None:
        if pair.held and pair.client.fileno() >= 0:
            return  # whoever waits at its other end is told nothing
        with self._mutex:
            self._pairs.discard(pair)
        pair.cut()
