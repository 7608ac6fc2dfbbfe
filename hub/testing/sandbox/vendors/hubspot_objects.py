"""The objects of a HubSpot portal, with its unique properties."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.clock import Clock

_NAMES = """
    address annualrevenue city company country createdate email fax firstname hs_analytics_source hs_language
    hs_lead_status hs_lead_name hs_lead_type hs_lead_label hs_object_id hs_pipeline hs_pipeline_stage
    hs_email_optout hubspot_owner_id industry jobtitle lastmodifieddate lastname lifecyclestage message
    mobilephone name domain notes numberofemployees phone salutation state website zip hs_lastmodifieddate
    description hs_timestamp hs_updated_by_user_id hs_created_by_user_id hs_call_direction hs_call_status
    hs_call_disposition hs_email_direction hs_meeting_outcome dealname dealstage amount deal_currency_code
    closed_lost_reason
"""
KNOWN_PROPERTIES = frozenset(_NAMES.split())
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Invalid(Exception):
    """HubSpot refuses an object, or one row of a batch."""

    def __init__(self, words: str, category: str = "VALIDATION_ERROR", status: int = 400) -> None:
        self.words, self.category, self.status = words, category, status
        super().__init__(words)


@dataclass(slots=True)
class Object:
    """One object of the portal."""

    id: str
    properties: dict[str, str]
    created: datetime
    updated: datetime
    changed: float  # on the clock that never jumps, for the search index
    associations: list[dict[str, Any]] = field(default_factory=list)


class Objects:
    """All objects by type and id."""

    def __init__(self, clock: Clock, settings: Mapping[str, Any]) -> None:
        self._clock = clock
        self._settings = settings
        self._objects: dict[str, dict[str, Object]] = {}
        self._indexes: dict[tuple[str, str], dict[str, str]] = {}
        self._next = 51

    def all(self) -> Iterator[tuple[str, Object]]:
        """Yield each object with its type."""
        for kind, objects in self._objects.items():
            for found in objects.values():
                yield kind, found

    def visible(self, kind: str) -> list[Object]:
        """Return what the search index has caught up with."""
        until = self._clock.monotonic() - float(self._settings.get("search_lag", 0.0))
        return [found for found in self._objects.get(kind, {}).values() if found.changed <= until]

    def find(self, kind: str, name: str | None, value: str) -> Object | None:
        """Return the object with this id, or with this value of a unique property."""
        objects = self._objects.get(kind, {})
        if name in (None, "", "hs_object_id"):
            return objects.get(value)
        identity = self._index(kind, str(name)).get(value.lower())
        return objects.get(identity) if identity else None

    def create(self, kind: str, properties: Any) -> Object:
        """Add an object; raises Invalid."""
        given = self._checked(properties)
        self._check_unique(kind, given, None)
        now = self._clock.now()
        made = Object(str(self._next), {}, now, now, 0.0)
        self._next += 1
        self._objects.setdefault(kind, {})[made.id] = made
        made.properties["createdate"] = shown_time(now)
        self._apply(kind, made, given)
        return made

    def change(self, kind: str, found: Object, properties: Any) -> None:
        """Set properties of an object; raises Invalid."""
        given = self._checked(properties)
        self._check_unique(kind, given, found)
        self._apply(kind, found, given)

    def upsert(self, kind: str, name: str, value: str, properties: Any) -> tuple[Object, bool]:
        """Create or change by a unique property; return the object and whether it is new."""
        if not value:
            raise Invalid("id is required")
        found = self.find(kind, name, value)
        given = dict(properties) if isinstance(properties, Mapping) else {}
        if found:
            self.change(kind, found, given)
            return found, False
        if name == "hs_object_id":
            raise Invalid(f"Could not find an object with id {value}", "OBJECT_NOT_FOUND", 404)
        return self.create(kind, {name: value, **given}), True

    def drop(self, kind: str, value: str) -> None:
        """Delete an object for good; raises Invalid for one that is not there."""
        found = self._objects.get(kind, {}).pop(value, None)
        if found is None:
            raise Invalid("resource not found", "OBJECT_NOT_FOUND", 404)
        for (type_, name), index in self._indexes.items():
            if type_ == kind:
                index.pop(found.properties.get(name, "").lower(), None)

    def link(self, one: Object, other: Object) -> None:
        """Associate two objects, which is seen from both."""
        one.associations.append({"to": {"id": other.id}, "types": []})
        other.associations.append({"to": {"id": one.id}, "types": []})

    def linked(self, one: Object, kind: str) -> list[str]:
        """Return the ids of the objects of a type that an object is associated with."""
        return [link["to"]["id"] for link in one.associations if link["to"]["id"] in self._objects.get(kind, {})]

    def work(self, number: str) -> bool:
        """Let a person take a contact up: set its status, call, and make a deal of it."""
        found = self.find("contacts", None, number)
        if found is None:
            return False
        self.change("contacts", found, {"hs_lead_status": "CONNECTED", "hs_updated_by_user_id": "77"})
        at = shown_time(self._clock.now())
        call = {"hs_timestamp": at, "hubspot_owner_id": "7", "hs_call_direction": "OUTBOUND"}
        self.link(self.create("calls", {**call, "hs_call_status": "COMPLETED"}), found)
        deal = {"dealname": "Demo", "dealstage": "appointmentscheduled", "amount": "900", "deal_currency_code": "EUR"}
        self.link(self.create("deals", {**deal, "hs_updated_by_user_id": "77"}), found)
        return True

    def _apply(self, kind: str, found: Object, given: Mapping[str, str]) -> None:
        for (type_, name), index in self._indexes.items():
            if type_ == kind and name in given:
                index.pop(found.properties.get(name, "").lower(), None)
                if given[name]:
                    index[given[name].lower()] = found.id
        found.updated, found.changed = self._clock.now(), self._clock.monotonic()
        stamp = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        found.properties.update(given, hs_object_id=found.id, **{stamp: shown_time(found.updated)})

    def _index(self, kind: str, name: str) -> dict[str, str]:
        """Return value -> id of a property, built when it is first asked for."""
        if (kind, name) not in self._indexes:
            objects = self._objects.get(kind, {}).values()
            self._indexes[kind, name] = {o.properties[name].lower(): o.id for o in objects if o.properties.get(name)}
        return self._indexes[kind, name]

    def _checked(self, properties: Any) -> dict[str, str]:
        if not isinstance(properties, Mapping):
            raise Invalid("Invalid input JSON: properties must be an object")
        own = self._settings.get("properties")
        wrong = []
        for name, value in properties.items():
            if own is not None and name not in KNOWN_PROPERTIES and name not in own:
                wrong.append(_wrong(name, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST"))
            elif isinstance(value, dict | list):
                raise Invalid(f"Invalid input JSON: cannot read the value of {name} as text")
            elif name == "email" and value and not _EMAIL.fullmatch(str(value)):
                wrong.append(_wrong(name, f"Email address {value} is invalid", "INVALID_EMAIL"))
        if wrong:
            raise Invalid(f"Property values were not valid: {json.dumps(wrong)}")
        return {name: _text(value) for name, value in properties.items()}

    def _check_unique(self, kind: str, given: Mapping[str, str], own: Object | None) -> None:
        names: Iterable[str] = self._settings.get("unique", ())
        for name in [*(["email"] if kind == "contacts" else []), *names]:
            other = self.find(kind, name, given[name]) if given.get(name) else None
            if other and other is not own:
                words = f"Contact already exists. Existing ID: {other.id}"
                if name == "email":
                    raise Invalid(words, "CONFLICT", 409)
                wrong = [_wrong(name, words, "CONFLICTING_UNIQUE_VALUE")]
                raise Invalid(f"Property values were not valid: {json.dumps(wrong)}")


def shown(found: Object, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Return an object as the API shows it, with all properties or those named."""
    chosen = found.properties if names is None else {name: found.properties.get(name) for name in names}
    times = {"createdAt": shown_time(found.created), "updatedAt": shown_time(found.updated)}
    return {"id": found.id, "properties": dict(chosen), **times, "archived": False}


def shown_time(at: datetime) -> str:
    """Return a time as `2026-01-02T03:04:05.678Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _wrong(name: str, words: str, code: str) -> dict[str, Any]:
    return {"isValid": False, "message": words, "error": code, "name": name}
