"""Google Data Manager: events of conversion actions, taken whole or not at all (developers.google.com/data-manager)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Limit, route
from hub.testing.sandbox.vendors.google_api import GoogleApi, google_error

MOST, MOST_DESTINATIONS, MOST_IDENTIFIERS = 2_000, 10, 10
SOURCES = ("WEB", "APP", "IN_STORE", "PHONE", "MESSAGE", "OTHER")
_SHA256 = re.compile("[0-9a-f]{64}")
_CURRENCY = re.compile("[A-Z]{3}")

Violation = Mapping[str, str]


class GoogleDataManagerApi(GoogleApi):
    """`/google_data_manager/v1/events:ingest`; setting `actions` (ids of conversion actions that are there)."""

    name = "google_data_manager"
    scope = "https://www.googleapis.com/auth/datamanager"
    limits: ClassVar[Mapping[str, Limit]] = {"minute": Limit(300, 60.0)}

    def clear(self) -> None:
        """Forget events and requests."""
        super().clear()
        self._events: dict[tuple[str, str], dict[str, Any]] = {}
        self._statuses: dict[str, list[dict[str, Any]]] = {}

    @route("POST", "/v1/events:ingest")
    def ingest(self, call: Call) -> Reply:
        """Take all events, or none where one of them is wrong."""
        self.signed_in(call)
        self.spend("minute")
        body = call.json_object()
        known = {str(one.get("reference")): one for one in body.get("destinations") or []}
        wrong = [*self._destinations(known), *self._wrong(body, known)]
        if wrong:
            words = "There was a problem with the request."
            return google_error("INVALID_ARGUMENT", words, wrong[0]["reason"], *wrong)
        request = f"sandbox-request-{len(self._statuses) + 1}"
        if not body.get("validateOnly"):
            self._statuses[request] = [self._taken(call, body["events"], known, name) for name in known]
        return Reply.json({"requestId": request})

    @route("GET", "/v1/requestStatus:retrieve")
    def status(self, call: Call) -> Reply:
        """Say what became of the events of a request, by destination and in numbers."""
        self.signed_in(call)
        said = self._statuses.get(call.query.get("requestId", ""))
        return Reply.json({"requestStatusPerDestination": said}) if said is not None else self.missing(call)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the events."""
        return iter(self._events.values())

    def _taken(self, call: Call, events: list[Any], known: Mapping[str, Any], name: str) -> dict[str, Any]:
        action = str(known[name]["productDestinationId"])
        mine = [event for event in events if name in (event.get("destinationReferences") or known)]
        doubled = 0
        for event in mine:
            key = action, str(event.get("transactionId"))
            doubled += key in self._events
            call.note(key[1], "repeat" if key in self._events else "new")
            self._events.setdefault(key, {"action": action, **event})
        counts = [{"reason": "PROCESSING_ERROR_REASON_DUPLICATE_TRANSACTION_ID", "recordCount": str(doubled)}]
        info = {"errorInfo": {"errorCounts": counts}} if doubled else {}
        state = "SUCCESS" if not doubled else "FAILED" if doubled == len(mine) else "PARTIAL_SUCCESS"
        return {"destination": known[name], "requestStatus": state, **info}

    def _destinations(self, known: Mapping[str, Mapping[str, Any]]) -> Iterator[Violation]:
        if not 0 < len(known) <= MOST_DESTINATIONS:
            yield _violation("destinations", "TOO_MANY_DESTINATIONS" if known else "REQUIRED_FIELD_MISSING")
        for index, one in enumerate(known.values()):
            account = one.get("operatingAccount") or {}
            if account.get("accountType") != "GOOGLE_ADS" or not str(account.get("accountId")).isdigit():
                yield _violation(f"destinations[{index}].operating_account", "INVALID_DESTINATION")
            actions = self.settings.get("actions")
            action = str(one.get("productDestinationId"))
            if not action.isdigit() or (actions is not None and action not in map(str, actions)):
                yield _violation(f"destinations[{index}].product_destination_id", "INVALID_CONVERSION_ACTION_ID")

    def _wrong(self, body: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Violation]:
        events = body.get("events")
        if not isinstance(events, list) or not 0 < len(events) <= MOST:
            yield _violation("events", "TOO_MANY_EVENTS" if events else "REQUIRED_FIELD_MISSING")
            return
        for index, event in enumerate(events):
            for name, reason in self._of_event(event, known, body.get("encoding")):
                yield _violation(f"events[{index}].{name}", reason)

    def _of_event(self, event: Mapping[str, Any], known: Mapping[str, Any], encoding: Any) -> Iterator[tuple[str, str]]:
        if not set(event.get("destinationReferences") or ()) <= set(known):
            yield "destination_references", "INVALID_DESTINATION"
        if not _past(event.get("eventTimestamp"), self.clock.now()):
            yield "event_timestamp", "EVENT_TIME_INVALID"
        if event.get("eventSource") not in SOURCES:
            yield "event_source", "REQUIRED_FIELD_MISSING"
        if event.get("currency") is not None and not _CURRENCY.fullmatch(str(event["currency"])):
            yield "currency", "INVALID_CURRENCY_CODE"
        people = (event.get("userData") or {}).get("userIdentifiers") or []
        if not people and not any((event.get("adIdentifiers") or {}).values()):
            yield "user_data", "NO_IDENTIFIERS_PROVIDED"
        if len(people) > MOST_IDENTIFIERS:
            yield "user_data.user_identifiers", "TOO_MANY_USER_IDENTIFIERS"
        if any(not _SHA256.fullmatch(value) for one in people for value in _hashes(one)) or (
            people and encoding != "HEX"
        ):
            yield "user_data.user_identifiers", "INVALID_SHA256_FORMAT"


def _hashes(person: Mapping[str, Any]) -> list[str]:
    address = person.get("address") or {}
    plain = (person.get("emailAddress"), person.get("phoneNumber"), address.get("givenName"), address.get("familyName"))
    return [str(value) for value in plain if value is not None]


def _past(text: Any, now: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(text)) <= now
    except (ValueError, TypeError):
        return False


def _violation(field: str, reason: str) -> Violation:
    return {"field": field, "description": reason.replace("_", " ").capitalize(), "reason": reason}
