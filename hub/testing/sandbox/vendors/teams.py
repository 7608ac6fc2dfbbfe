"""Microsoft Teams: a Workflows (Power Automate) flow that posts what its webhook is sent into a channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_BYTES = 28 * 1024
CARD = "application/vnd.microsoft.card.adaptive"


class Teams(Vendor):
    """`…/workflows/{id}/triggers/manual/paths/invoke?sig=`; settings: `token` (the sig), `disabled` (the flow is off).

    A flow answers 202 whatever the card is worth; one that Teams cannot show is in `records` as `failed`.
    """

    name = "teams"
    limits: ClassVar[Mapping[str, Limit]] = {"flow": Limit(4, 1.0)}

    def clear(self) -> None:
        """Forget the runs."""
        self._runs: list[dict[str, Any]] = []

    @route(
        "POST",
        "/workflows/{flow}/triggers/manual/paths/invoke",
        "/powerautomate/automations/direct/workflows/{flow}/triggers/manual/paths/invoke",
    )
    def invoke(self, call: Call) -> Reply:
        """Start a run of the flow."""
        self.require(call.query.get("sig"))
        if self.settings.get("disabled"):
            words = "Could not execute workflow trigger 'manual' with state 'Disabled'."
            return _error(400, "WorkflowTriggerIsNotEnabled", words)
        if len(call.body) > MAX_BYTES:
            return _error(413, "RequestEntityTooLarge", "The request entity is too large.")
        message = call.json_object()
        self.spend("flow", call.params["flow"])
        self.created(call, call.params["flow"])
        run = f"0858{len(self._runs) + 1:08d}CU00"
        state = "succeeded" if _shown(message) else "failed"
        self._runs.append({"run": run, "state": state, "key": call.key, **message})
        return Reply(202, b"", {"x-ms-workflow-run-id": run})

    def unauthorized(self) -> Reply:
        """Answer as for a wrong signature in the address."""
        words = "The authentication credentials are not valid."
        return _error(401, "AuthorizationFailed", words)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with Retry-After in whole seconds."""
        words = "The flow is throttled, as it was called too often."
        reply = _error(429, "WorkflowTriggerThrottled", words)
        return Reply(429, reply.body, {**reply.headers, "retry-after": str(ceil(after))})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as a flow that nobody owns any more."""
        return _error(404, str(code or "WorkflowNotFound"), "The workflow could not be found.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON object."""
        return _error(400, "InvalidRequestContent", "The input body for trigger 'manual' is not valid.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the runs: run, state, key and the message."""
        return iter(self._runs)


def _shown(message: Mapping[str, Any]) -> bool:
    """Return whether Teams can show the cards of a message."""
    attachments = message.get("attachments")
    return message.get("type") == "message" and isinstance(attachments, list) and all(map(_card, attachments))


def _card(attachment: Any) -> bool:
    if not isinstance(attachment, dict) or attachment.get("contentType") != CARD:
        return False
    card = attachment.get("content")
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard" or not card.get("version"):
        return False
    actions = card.get("actions", [])
    return bool(card.get("body")) and all(action.get("title") and action.get("url") for action in actions)


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"error": {"code": code, "message": words}}, status)
