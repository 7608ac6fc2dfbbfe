"""A hub behind its real web server on a free port, spoken to through plain sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sized
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn
from sqlmodel import SQLModel

from hub.app import Hub, Office
from hub.cli.serve import server
from hub.testing.fakes import FAKES, CountedIds, HandClock, plugin

KEY = "the-key-of-this-machine"

CONFIG = """
hub: {region: CN, answer_within: 10s}
sources:
  api: {connector: json_webhook, auth: none, key: id, time_zone: Europe/Berlin}
  timed: {connector: json_webhook, auth: none, key: id, submitted_at: sent, time_zone: Europe/Berlin}
  form: {connector: web_form}
  website: {connector: open_source}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: memory_sink}
flows:
  - name: inbound
    from: [api, timed, form, website]
    routes:
      - {name: all, to: [crm, chat]}
"""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer as it came off the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Served:
    """A running hub: posts to it, sends it raw bytes, and looks into its database."""

    def __init__(self, hub: Hub, port: int) -> None:
        self.hub, self.port = hub, port
        self._people = itertools.count(1)

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            yield line

    def send(self, *pieces: bytes) -> Answer | None:
        """Send raw bytes and return the first answer; None when the line is closed without one."""
        with self.connection() as line:
            with contextlib.suppress(ConnectionError):  # an answer may come before everything is sent
                for piece in pieces:
                    line.sendall(piece)
            return read_answer(line, pieces[0].partition(b" ")[0].decode("latin-1"))

    def post(self, body: bytes | str, source: str = "api", query: str = "", **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else body.encode()
        named = {
            "host": "hub",
            "content-type": "application/json",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        answer = self.send(request(f"/in/{source}{query}", raw, named))
        assert answer is not None
        return answer

    def post_json(self, value: Any, source: str = "api", **headers: str) -> Answer:
        return self.post(json.dumps(value), source, **headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def call(self, method: str, path: str, value: Any = None, **headers: str) -> Answer:
        """Ask the API, as the owner of this machine unless the headers say otherwise."""
        named = {"host": "hub", "content-type": "application/json", "authorization": f"Bearer {KEY}", **headers}
        answer = self.send(request(path, b"" if value is None else json.dumps(value).encode(), named, method=method))
        assert answer is not None
        return answer

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        found = SQLModel.metadata.tables[table]
        query = sa.select(found).order_by(*found.primary_key.columns)
        for name, value in where.items():
            query = query.where(found.c[name] == value)
        return self._read(query)

    def since(self, before: int) -> list[dict[str, Any]]:
        """Return the submissions after the first so many."""
        found = SQLModel.metadata.tables["submission"]
        return self._read(sa.select(found).order_by(found.c.id).offset(before))

    def _read(self, query: Any) -> list[dict[str, Any]]:
        return self.hub.db_read_now(lambda *, session: [dict(row) for row in session.execute(query).mappings()])

    def submission(self, answer: Answer) -> dict[str, Any]:
        """Return what was stored for an answer."""
        return self.rows("submission", id=answer.json()["submission"])[0]

    def lead(self, answer: Answer) -> dict[str, Any]:
        """Return the lead an answer names; an empty one when it names none."""
        found = self.rows("lead", id=answer.json()["lead"] or "")
        return json.loads(found[0]["body"]) if found else {}

    def until(self, look: Callable[[], Sized], number: int) -> Any:
        """Return what a look finds, as soon as it finds so many; the last look's when it never does."""
        for _ in range(6_000):
            if len(found := look()) >= number:
                break
            threading.Event().wait(0.01)
        return found

    def stored(self) -> int:
        """Return how many submissions there are."""
        return self._read(
            sa.select(sa.func.count().label("number")).select_from(SQLModel.metadata.tables["submission"])
        )[0]["number"]

    def person(self) -> dict[str, str]:
        """Return a person nobody has seen before."""
        number = next(self._people)
        return {"id": f"good-{number}", "full_name": f"Ann N{number}", "email": f"ann@acme-{number}.example"}

    def takes_the_next_lead(self) -> bool:
        """Return whether a good lead, posted now, becomes a lead."""
        said = self.post_json(self.person()).json()
        return said["status"] == "accepted" and said["lead"] is not None


def request(
    path: str, body: bytes, headers: Mapping[str, str], *, method: str = "POST", length: int | None = None
) -> bytes:
    """Return the bytes of a request; `length` is what Content-Length says when it is not the truth."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if "content-length" not in headers and "transfer-encoding" not in headers:
        lines.append(f"content-length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def read_answer(line: socket.socket, method: str = "POST") -> Answer | None:
    """Return the next answer on a line, None when it is closed; one to HEAD has no body."""
    response = HTTPResponse(line, method=method)
    try:
        response.begin()
        body = response.read()
    except (ConnectionError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        return None
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


@contextmanager
def serving(
    folder: Path, config: str = CONFIG, *, database: str | None = None, clock: HandClock | None = None,
    ids: CountedIds | None = None,
) -> Iterator[Served]:  # fmt: skip
    """Start a hub with its web server in a thread; both end with the block."""
    (folder / "hub.yaml").write_text(config, "utf-8")
    office = Office(
        folder, folder / "hub.yaml", database=database, clock=clock or HandClock(), ids=ids or CountedIds(),
        plugins=(plugin(*FAKES.values()),), seed=1,
    )  # fmt: skip
    hub = Hub.open(office)
    web = uvicorn.Server(server(hub, "127.0.0.1", 0, KEY).config)  # signals are for the main thread
    thread = threading.Thread(target=asyncio.run, args=(web.serve(),))
    thread.start()
    try:
        yield Served(hub, _port(web, thread))
    finally:
        web.should_exit = True
        thread.join()


def _port(web: uvicorn.Server, thread: threading.Thread) -> int:
    while not web.started:
        assert thread.is_alive(), "the server ended before it began"
        thread.join(0.01)
    return web.servers[0].sockets[0].getsockname()[1]
