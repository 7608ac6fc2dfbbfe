"""E: access tokens that end while many sends use them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from cryptography.fernet import Fernet

from tests.faults.bench import Bench, until
from tests.faults.nodes import Node, done, nodes
from tests.faults.rows import Count, row

AT_ONCE = 25  # sends of each node
TOGETHER = 40  # of them on the wire at one moment: a node has 20 connections to a host
ROUNDS, LONG_ROUNDS = 2, 40

PLUGIN = '''
from collections.abc import Iterable
from typing import Any
from pydantic import Field, SecretStr
from hub import HttpSink, Lead, Request, Response, Token, hookimpl

class Rotating(HttpSink):
    """A vendor that gives a new refresh token with each access token."""
    name = "rotating"
    title = "Rotating"
    docs_url = "https://vendor.example/docs"
    rate = None
    repeatable = True

    class Config(HttpSink.Config):
        base_url: str = Field(description="Address.")
        refresh_token: SecretStr = Field(description="First refresh token.")

    def token_request(self) -> Request:
        refresh = self.refresh_token or self.config.refresh_token.get_secret_value()
        return Request("POST", "/token", form={"grant_type": "refresh_token", "refresh_token": refresh})

    def token(self, response: Response) -> Token:
        said = response.json()
        return Token(said["access_token"], said["expires_in"], refresh=said["refresh_token"])

    def request(self, lead: Lead) -> Request:
        return Request("POST", "/leads", json={"id": lead.id, "key": lead.delivery.key})

@hookimpl
def hub_register() -> Iterable[Any]:
    yield Rotating
'''


class Vendor:
    """An OAuth vendor that rotates: a refresh token that is used twice ends everything it ever gave."""

    def __init__(self) -> None:
        self.refresh, self.access, self.locked = "refresh-0", "", False
        self.asked: list[str] = []  # refresh tokens it was shown
        self.taken: list[str] = []  # keys of the deliveries it accepted
        self.refused = 0
        self._mutex = threading.Lock()
        self._together = 0  # how many refusals wait for one another
        self._gate = threading.Event()

    def end_tokens(self, together: int) -> None:
        """End the access token; so many sends are refused at the same moment."""
        with self._mutex:
            self.access, self._together = "ended", self.refused + together
            self._gate = threading.Event()

    def token(self, body: bytes) -> tuple[int, dict[str, object]]:
        """Trade a refresh token."""
        (refresh,) = parse_qs(body.decode())["refresh_token"]
        with self._mutex:
            self.asked.append(refresh)
            self.locked = self.locked or refresh != self.refresh
            if self.locked:
                return 400, {"error": "invalid_grant"}
            self.refresh, self.access = f"refresh-{len(self.asked)}", f"access-{len(self.asked)}"
            return 200, {"access_token": self.access, "refresh_token": self.refresh, "expires_in": 3600}

    def lead(self, body: bytes, authorization: str) -> tuple[int, dict[str, object]]:
        """Take a lead, or refuse its token as one of many."""
        with self._mutex:
            good = bool(self.access) and authorization == f"Bearer {self.access}" and not self.locked
            if good:
                self.taken.append(json.loads(body)["key"])
                return 201, {"id": len(self.taken)}
            self.refused += 1
            gate = self._gate
            if self.refused >= self._together:
                gate.set()
        gate.wait(20.0)  # the row counts how many came
        return 401, {"error": "expired"}


@contextmanager
def serving(vendor: Vendor) -> Iterator[str]:
    """Let the vendor listen; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/token":
                status, said = vendor.token(body)
            else:
                status, said = vendor.lead(body, self.headers.get("authorization", ""))
            raw = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@row(
    "E1",
    "an access token ends under 50 sends of two nodes",
    "one node asks for a new one, once; it is stored before it is used",
)
def e1(bench: Bench) -> Count:
    """End the token while both nodes send; then kill the one that asked, and let the other use what it stored."""
    vendor, key = Vendor(), Fernet.generate_key().decode()
    rounds = LONG_ROUNDS if bench.long else ROUNDS
    count = Count(faults=rounds)
    with serving(vendor) as address:
        sink = f'  own: {{connector: rotating, base_url: "{address}", refresh_token: refresh-0, concurrency: {AT_ONCE}, rate: 0}}'
        hub = ', token_key: "${env:TOKEN_KEY}"'
        with nodes(bench, "E1", plugin=PLUGIN, sinks=sink, hub=hub) as pair:
            for node in pair:
                node.configure(routes="      - {name: all, to: [own]}")
            for node in pair:
                node.sinks = ("own",)
                node.start(env={"TOKEN_KEY": key})
                node.post()
                done(node, count, "E1")
            count.must(vendor.asked == ["refresh-0"], f"E1: the second node asked too: {vendor.asked}")
            for number in range(1, rounds + 1):
                _race(pair, vendor, number, count)
            _restart(pair, vendor, key, count)
            count.must(not vendor.locked, "E1: the vendor locked us out: a refresh token was used twice")
            sent = pair[0].ask("SELECT key FROM delivery WHERE state = 'sent'")
            missing = {one["key"] for one in sent} - set(vendor.taken)
            count.must(not missing, f"I4 E1: {len(missing)} deliveries count as sent and the vendor never took them")
            left = pair[0].ask("SELECT count(*) AS n FROM delivery WHERE state NOT IN ('sent', 'superseded')")[0]["n"]
            count.must(not left, f"I6 E1: {left} deliveries were not sent")
            count.accepted += sum(answer.ok for answer in pair[0].answers)
            count.doubled += len(vendor.taken) - len(set(vendor.taken))
    return count


def _race(pair: tuple[Node, Node], vendor: Vendor, number: int, count: Count) -> None:
    """Refuse the sends of both nodes at one moment."""
    refused, asked = vendor.refused, len(vendor.asked)
    vendor.end_tokens(TOGETHER)
    threads = [threading.Thread(target=node.posts, args=(AT_ONCE, 8)) for node in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done(pair[0], count, "E1")
    together = vendor.refused - refused
    count.must(together >= TOGETHER, f"E1: only {together} sends were refused at once, which proves nothing")
    more = len(vendor.asked) - asked
    count.must(more == 1, f"E1: in round {number} {together} refused sends asked for {more} tokens")
    count.notes.append(f"E1: {together} sends refused at one moment in the last round")


def _restart(pair: tuple[Node, Node], vendor: Vendor, key: str, count: Count) -> None:
    """Kill both nodes and start one: what was stored is used, nobody asks again."""
    asked = len(vendor.asked)
    for node in pair:
        node.kill()
    pair[0].start(env={"TOKEN_KEY": key})
    taken = len(vendor.taken)
    pair[0].post(raw=None)
    until(lambda: len(vendor.taken) > taken, 20)
    done(pair[0], count, "E1")
    count.must(len(vendor.taken) > taken, "E1: after both nodes died, no lead arrives")
    count.must(len(vendor.asked) == asked, "E1: the stored token was not used after the restart: another was asked for")
