"""HubSpot: contacts, leads and companies, batch upsert and search (developers.hubspot.com)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Malformed, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route
from hub.testing.sandbox.vendors.hubspot_objects import Invalid, Objects, shown, shown_time
from hub.testing.sandbox.vendors.hubspot_search import search

MAX_BATCH, MAX_LINKS = 100, 1_000
PRIMARY_CONTACT = 578  # association type of a lead and its primary contact
TYPES = {
    "0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-136": "leads", "0-27": "tasks", "0-46": "notes",
    "0-47": "meetings", "0-48": "calls", "0-49": "emails",
}  # fmt: skip

_DATED = re.compile(r"^/crm/(objects|associations|properties|owners)/\d{4}-\d{2}(?=/|$)")
_POLICIES = {"burst": "TEN_SECONDLY_ROLLING", "search": "SECONDLY", "daily": "DAILY"}
_WORDS = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}


class HubSpot(Vendor):
    """`/hubspot/…`, v3 and dated paths.

    Settings: `token`, `properties` (others are refused), `unique` (property names), `search_lag` (seconds until a
    change is found), `client_id`, `client_secret`.
    """

    name = "hubspot"
    limits: ClassVar[Mapping[str, Limit]] = {
        "burst": Limit(100, 10.0),
        "search": Limit(5, 1.0),
        "daily": Limit(250_000, 86_400.0),
    }

    def clear(self) -> None:
        """Forget all objects."""
        self.objects = Objects(self.clock, self.settings)
        self._minted: set[str] = set()

    def handle(self, call: Call) -> Reply:
        """Answer, with the rate headers on every answer but a search's."""
        call.path = _DATED.sub(r"/crm/v3/\1", call.path)
        reply = super().handle(call)
        if call.path.endswith("/search"):
            return reply
        burst = self.limit("burst") or Limit(0, 0.0)
        rates = {
            "Max": burst.count,
            "Remaining": self.left("burst"),
            "Interval-Milliseconds": int(burst.seconds * 1000),
        }
        headers = {f"x-hubspot-ratelimit-{name.lower()}": str(value) for name, value in rates.items()}
        return replace(reply, headers={**reply.headers, **headers})

    def dispatch(self, call: Call) -> Reply:
        """Check token and limits first, as HubSpot does."""
        if not call.path.startswith("/oauth/"):
            if call.bearer not in self._minted:
                self.require(call.bearer)
            for limit in ("daily", "search") if call.path.endswith("/search") else ("daily", "burst"):
                self.spend(limit)
        try:
            return super().dispatch(call)
        except Invalid as error:
            return _error(error.status, error.category, error.words)

    @route("POST", "/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token")
    def token(self, call: Call) -> Reply:
        """Give an OAuth token for half an hour."""
        form = call.form()
        for name in ("client_id", "client_secret"):
            if not form.get(name) or self.settings.get(name, form[name]) != form[name]:
                return _error(400, "BAD_CLIENT_ID", f"missing or invalid {name}")
        if form.get("grant_type") not in ("refresh_token", "authorization_code"):
            return _error(400, "BAD_GRANT_TYPE", "missing or invalid grant_type")
        token = f"sandbox-hubspot-{len(self._minted) + 1}"
        self._minted.add(token)
        refresh = form.get("refresh_token", "sandbox-refresh")
        told = {"access_token": token, "refresh_token": refresh, "expires_in": 1800, "token_type": "bearer"}
        return Reply.json(told)

    @route("POST", "/crm/v3/objects/{type}")
    def create(self, call: Call) -> Reply:
        """Create one object; a known e-mail address is a conflict."""
        kind, body = _type(call), call.json_object()
        if kind == "leads":
            self._check_lead(body)
        made = self.objects.create(kind, body.get("properties"))
        made.associations = list(body.get("associations") or [])
        self.created(call, kind, _key(call, made.properties))
        return Reply.json(shown(made), 201)

    @route("GET", "/crm/v3/objects/{type}/{id}")
    def read(self, call: Call) -> Reply:
        """Read one object by id, or by a unique property."""
        names = call.query.get("properties")
        return Reply.json(shown(self._named(call), names.split(",") if names else None))

    @route("PATCH", "/crm/v3/objects/{type}/{id}")
    def update(self, call: Call) -> Reply:
        """Change one object by id, or by a unique property."""
        body, found = call.json_object(), self._named(call)
        self.objects.change(_type(call), found, body.get("properties"))
        call.note(call.params["id"], "repeat")
        return Reply.json(shown(found))

    @route("POST", "/crm/v3/objects/{type}/batch/upsert")
    def upsert(self, call: Call) -> Reply:
        """Create or change at most 100 objects by one unique property, row by row."""
        kind, inputs = _type(call), _inputs(call)
        ids = [(str(row.get("idProperty") or "hs_object_id"), str(row.get("id") or "")) for row in inputs]
        if len({name for name, _ in ids}) > 1:
            raise Invalid("idProperty must be the same for all inputs")
        if len({value.lower() for _, value in ids}) < len(ids):
            raise Invalid("Duplicate IDs found in batch input: the same id is in it more than once")
        return self._rows(
            call,
            [(row, lambda row=row, i=i: self._upsert(call, kind, i, row)) for row, i in zip(inputs, ids, strict=True)],
        )

    @route("POST", "/crm/v3/objects/{type}/batch/create")
    def create_many(self, call: Call) -> Reply:
        """Create at most 100 objects, row by row."""
        kind = _type(call)

        def create(row: Mapping[str, Any]) -> dict[str, Any]:
            made = self.objects.create(kind, row.get("properties"))
            self.created(call, kind, row.get("objectWriteTraceId"))
            return shown(made)

        return self._rows(call, [(row, lambda row=row: create(row)) for row in _inputs(call)], 201)

    @route("POST", "/crm/v3/objects/{type}/batch/read")
    def read_many(self, call: Call) -> Reply:
        """Read at most 100 objects by id or by a unique property."""
        body, kind = call.json_object(), _type(call)
        rows = [self.objects.find(kind, body.get("idProperty"), str(row.get("id"))) for row in _inputs(call)]
        return Reply.json(
            {"status": "COMPLETE", "results": [shown(row, body.get("properties")) for row in rows if row]}
        )

    @route("POST", "/crm/v3/objects/{type}/gdpr-delete")
    def erase(self, call: Call) -> Reply:
        """Delete an object for good."""
        self.objects.drop(_type(call), str(call.json_object().get("objectId")))
        return Reply(204)

    @route("POST", "/crm/v3/objects/{type}/search")
    def find(self, call: Call) -> Reply:
        """Search; a change shows after the setting `search_lag`."""
        return Reply.json(search(self.objects.visible(_type(call)), call.json_object()))

    @route("PUT", "/crm/{version}/objects/{type}/{id}/associations/default/{to}/{to_id}")
    def associate(self, call: Call) -> Reply:
        """Link two objects."""
        found = self.objects.find(_type(call), None, call.params["id"])
        other = self.objects.find(_known(call.params["to"]), None, call.params["to_id"])
        if not found or not other:
            return _error(404, "OBJECT_NOT_FOUND", "resource not found")
        self.objects.link(found, other)
        return Reply.json({"status": "COMPLETE", "results": [{"from": {"id": found.id}, "to": {"id": other.id}}]})

    @route("POST", "/crm/v3/associations/{type}/{to}/batch/read", "/crm/v4/associations/{type}/{to}/batch/read")
    def links(self, call: Call) -> Reply:
        """Return what each of the objects is associated with; one that has nothing is an error beside the others."""
        kind, to, results, errors = _type(call), _known(call.params["to"]), [], []
        for row in _inputs(call, MAX_LINKS):
            found = self.objects.find(kind, None, str(row.get("id")))
            ids = self.objects.linked(found, to) if found else []
            ends = [{"toObjectId": one, "associationTypes": []} for one in ids]
            results += [{"from": {"id": str(row.get("id"))}, "to": ends}] if ids else []
            errors += [] if ids else [_row_error(row, Invalid(f"No {to} is associated", "OBJECT_NOT_FOUND"))]
        answer = {"status": "COMPLETE", "results": results}
        return Reply.json(
            {**answer, "numErrors": len(errors), "errors": errors} if errors else answer, 207 if errors else 200
        )

    def unauthorized(self) -> Reply:
        """Answer 401."""
        words = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
        return _error(401, "INVALID_AUTHENTICATION", words)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the policy that was broken."""
        policy = _POLICIES.get(limit, "TEN_SECONDLY_ROLLING")
        told = {"status": "error", "message": _WORDS[policy], "errorType": "RATE_LIMIT", "policyName": policy}
        return Reply.json({**told, "correlationId": "sandbox", "requestId": "sandbox"}, 429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 207 with an error for every row of a batch, 400 for a single object."""
        category = str(code or "VALIDATION_ERROR")
        if "/batch/" not in call.path:
            return _error(400, category, "Property values were not valid")
        errors = [_row_error(row, Invalid("Property values were not valid", category)) for row in _inputs(call)]
        return Reply.json({"status": "COMPLETE", "results": [], "numErrors": len(errors), "errors": errors}, 207)

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "VALIDATION_ERROR", f"Invalid input JSON: {reason}")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the objects: type, id, properties, associations."""
        for kind, found in self.objects.all():
            yield {"type": kind, **shown(found), "associations": found.associations}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Create objects: `type` (contacts when missing), `properties`."""
        for item in items:
            self.objects.create(item.get("type", "contacts"), item["properties"])

    def work(self, ref: str) -> bool:
        """Let a person take the contact up."""
        return self.objects.work(ref)

    def _named(self, call: Call) -> Any:
        found = self.objects.find(_type(call), call.query.get("idProperty"), call.params["id"])
        if not found:
            raise Refused(_error(404, "OBJECT_NOT_FOUND", "resource not found"))
        return found

    def _upsert(self, call: Call, kind: str, identity: tuple[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
        name, value = identity
        made, new = self.objects.upsert(kind, name, value, row.get("properties"))
        call.note(value, "new" if new else "repeat")
        trace = {"objectWriteTraceId": row["objectWriteTraceId"]} if row.get("objectWriteTraceId") else {}
        return {**shown(made), "new": new, **trace}

    def _rows(self, call: Call, rows: list[tuple[Mapping[str, Any], Any]], status: int = 200) -> Reply:
        """Run each row on its own; a refused one is reported beside the others with 207."""
        results, errors = [], []
        for row, run in rows:
            try:
                results.append(run())
            except Invalid as error:
                errors.append(_row_error(row, error))
        stamp = shown_time(self.clock.now())
        answer = {"status": "COMPLETE", "results": results, "startedAt": stamp, "completedAt": stamp}
        if errors:
            return Reply.json({**answer, "numErrors": len(errors), "errors": errors}, 207)
        return Reply.json(answer, status)

    def _check_lead(self, body: Mapping[str, Any]) -> None:
        links = body.get("associations")
        contacts = [
            link.get("to", {}).get("id")
            for link in (links if isinstance(links, list) else [])
            if any(kind.get("associationTypeId") == PRIMARY_CONTACT for kind in link.get("types", []))
        ]
        if not contacts or not self.objects.find("contacts", None, str(contacts[0])):
            raise Invalid("A lead must be associated with an existing contact (type 578) when it is created")
        if not (body.get("properties") or {}).get("hs_lead_name"):
            raise Invalid("Some required properties were not set: hs_lead_name")


def _known(kind: str) -> str:
    name = TYPES.get(kind, kind)
    if name not in TYPES.values():
        raise Invalid(f"Unable to infer object type from: {kind}")
    return name


def _type(call: Call) -> str:
    return _known(call.params["type"])


def _inputs(call: Call, most: int = MAX_BATCH) -> list[dict[str, Any]]:
    inputs = call.json_object().get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(row, dict) for row in inputs):
        raise Malformed("inputs must be a list of objects")
    if not 0 < len(inputs) <= most:
        raise Invalid(f"Expected 1 to {most} inputs, found {len(inputs)}")
    return inputs


def _key(call: Call, properties: Mapping[str, Any]) -> str | None:
    return call.key or properties.get("hub_id")


def _error(status: int, category: str, words: str) -> Reply:
    return Reply.json({"status": "error", "message": words, "correlationId": "sandbox", "category": category}, status)


def _row_error(row: Mapping[str, Any], error: Invalid) -> dict[str, Any]:
    trace = row.get("objectWriteTraceId")
    context = {"objectWriteTraceId": [trace]} if trace else {"ids": [str(row.get("id"))]}
    return {"status": "error", "category": error.category, "message": error.words, "context": context}
