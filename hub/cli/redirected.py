"""Listens on this machine for where a vendor sends a browser on to after a consent (RFC 8252, 7.3)."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.errors import ConfigError

MOST = 16_384  # bytes of a request's head
PATIENCE = 10.0  # seconds a browser has to say what it wants

_PAGE = "<!doctype html><meta charset=utf-8><title>leadhub</title><p>{}</p>"
_THANKS = "leadhub has the vendor's answer. Go back to the terminal, which says whether it worked."
_NOT_HERE = "leadhub waits here for a vendor's answer, and this is none."


class Redirected:
    """The address a browser came to with a vendor's answer."""

    def __init__(self, base: str, path: str) -> None:
        self.base, self.path = base, path
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def answer(self, patience: float) -> str:
        """Return the whole address; raises ConfigError when nobody came in so many seconds."""
        try:
            return await asyncio.wait_for(asyncio.shield(self._answer), patience)
        except TimeoutError as error:
            said = f"Nobody came back from the consent page in {patience / 60:.0f} minutes"
            raise ConfigError(f"{said}. Run it again; with --paste no browser of this machine is needed.") from error

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; the first with an answer in its address is the one waited for."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            writer.close()
            return
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        path, _, query = target.partition("?")
        ours = method == "GET" and path == self.path and ("code=" in query or "error=" in query)
        body = _PAGE.format(html.escape(_THANKS if ours else _NOT_HERE)).encode()
        status = "200 OK" if ours else "404 Not Found"
        kind = f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        safe = "Connection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{kind}{safe}\r\n".encode() + body)
        await writer.drain()
        writer.close()
        if ours and not self._answer.done():
            self._answer.set_result(f"{self.base}{target}")


@asynccontextmanager
async def listening(port: int, path: str) -> AsyncIterator[Redirected]:
    """Listen on the loopback address until the block ends; port 0 takes a free one. Raises ConfigError."""
    found = Redirected("", path)
    try:
        server = await asyncio.start_server(found.serve, "127.0.0.1", port, limit=MOST)
    except OSError as error:
        said = f"Port {port} of this machine is taken ({error.strerror})"
        raise ConfigError(f"{said}. Name another with --port, and register its address with the vendor.") from error
    found.base = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found
