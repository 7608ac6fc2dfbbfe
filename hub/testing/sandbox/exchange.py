"""From a request on the wire to the vendor's answer: the script is asked, the ledger written, then it is sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from hub.clock import Clock
from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.ledger import Ledger
from hub.testing.sandbox.script import Scripts, Step
from hub.testing.sandbox.vendor import Vendor
from hub.testing.sandbox.wire import Receive, Scope, Send, answer, play, reset

_log = logging.getLogger(__name__)

KEPT_HEADERS = ("content-type", "user-agent", "idempotency-key", "webhook-id", "webhook-timestamp", "webhook-signature")
MASKED = ("access_token", "appsecret_proof", "corpsecret", "key", "sign")


class Exchange:
    """An ASGI app in front of one vendor; its mount is `/<name of the vendor>`."""

    def __init__(self, vendor: Vendor, scripts: Scripts, ledger: Ledger, clock: Clock) -> None:
        self.vendor = vendor
        self._scripts = scripts
        self._ledger = ledger
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        step = self._scripts.take(scope["path"], scope["method"]) if self._scripts else None
        if step is not None and step.reset == "before":
            await self._record(scope, _call(scope, self.vendor.name), b"", None, step)
            await reset(scope, receive)
            return
        body = await read(receive)
        if body is None:  # the client left before it had sent everything
            return
        call = _call(scope, self.vendor.name)
        call.body = body
        reply = self._reply(step, call)
        cut = step is not None and step.reset is not None
        await self._record(scope, call, body, None if cut else reply.status, step)
        if step is None:
            await answer(reply, send)
        else:
            await play(step, reply, scope, receive, send, self._clock)

    def _reply(self, step: Step | None, call: Call) -> Reply:
        try:
            reply = self.vendor.handle(call) if step is None or step.acts else Reply()
            return scripted(step, self.vendor, call) if step is not None and step.instead else reply
        except Exception:  # a fault of the sandbox: it is shown, and the ledger still has the request
            _log.exception("The sandbox failed at %s %s.", call.method, call.path)
            return Reply.text("The sandbox failed; its log says why.", 500)

    async def _record(self, scope: Scope, call: Call, body: bytes, status: int | None, step: Step | None) -> None:
        entry = self._entry(scope, call.query, call.headers, status)
        entry["records"] = [{"key": record.key, "seen": record.seen} for record in call.records]
        entry["step"] = step.model_dump(exclude_defaults=True, mode="json") if step is not None else None
        await self._ledger.append(entry, body)

    def _entry(
        self, scope: Scope, query: Mapping[str, str], headers: Mapping[str, str], status: int | None
    ) -> dict[str, Any]:
        return {
            "time": self._clock.now().isoformat(),
            "vendor": self.vendor.name,
            "method": scope["method"],
            "path": scope["path"],
            "query": {name: "***" if name in MASKED else value for name, value in query.items()},
            "headers": {name: headers[name] for name in KEPT_HEADERS if name in headers},
            "status": status,
        }


def scripted(step: Step, vendor: Vendor, call: Call) -> Reply:
    """Return the answer a step gives instead of the vendor's."""
    if step.unauthorized:
        return vendor.unauthorized()
    if step.throttle is not None:
        return vendor.throttled(step.throttle)
    if step.body_error is not False:
        return vendor.failure(call, None if step.body_error is True else step.body_error)
    status = step.status or 200
    if step.body is None or isinstance(step.body, str):
        return Reply(status, (step.body or "").encode(), {"content-type": "text/plain", **step.headers})
    return Reply.json(step.body, status, **step.headers)


async def read(receive: Receive) -> bytes | None:
    """Return the whole body, None when the client left before it was complete."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    return None


def _call(scope: Scope, name: str) -> Call:
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    mount = f"/{name}"
    return Call(
        scope["method"],
        scope["raw_path"].decode("latin-1").removeprefix(mount),
        _query(scope["query_string"]),
        headers,
        root=f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}{mount}",
    )


def _query(raw: bytes) -> Mapping[str, Any]:
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)) if raw else {}
