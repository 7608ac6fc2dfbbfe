"""ActiveCampaign v3: contacts synced by address, lists, tags, deals, and its errors (developers.activecampaign.com)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_PAGE, PAGE = 100, 20
APP, PERSON = "1", "7"
STANDARD = ("email", "firstName", "lastName", "phone")

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class ActiveCampaign(Vendor):
    """`/activecampaign/api/3/…`.

    Settings: `token` (the API key), `fields` (ids of custom fields; values of others are dropped, as the vendor does),
    `lists` and `tags` (ids; any when missing).
    """

    name = "activecampaign"
    limits: ClassVar[Mapping[str, Limit]] = {"account": Limit(5, 1.0)}

    def clear(self) -> None:
        """Forget contacts, deals, memberships and tags."""
        self._contacts, self._deals = Rows(self.clock, first=113), Rows(self.clock)
        self._members, self._tagged = Rows(self.clock), Rows(self.clock)

    def dispatch(self, call: Call) -> Reply:
        """Check the key and the account's limit first."""
        self.require(call.headers.get("api-token"))
        self.spend("account")
        return super().dispatch(call)

    @route("POST", "/api/3/contact/sync")
    def sync(self, call: Call) -> Reply:
        """Create the contact of an address, or change the one there is."""
        given = _inner(call, "contact")
        email = str(given.get("email") or "").strip()
        if not _EMAIL.fullmatch(email):
            raise Refused(_error("Contact Email Address is not valid.", "email_invalid", "/data/attributes/email"))
        said = {name: given[name] for name in STANDARD if name in given}
        there = next((row for row in self._contacts if row.values["email"].lower() == email.lower()), None)
        row = there or self._contacts.make(
            {"firstName": "", "lastName": "", "phone": "", "created_by": APP, **said}, fields={}
        )
        if there is not None:
            self._contacts.change(there.id, {**said, "updated_by": APP})
        known = self.settings.get("fields")
        for one in given.get("fieldValues") or []:
            if known is None or str(one.get("field")) in known:
                self._set(row, str(one["field"]), one.get("value"), APP)
        call.note(email.lower(), "repeat" if there else "new")
        return Reply.json({"fieldValues": _values(row), "contact": _contact(row)}, 200 if there else 201)

    @route("GET", "/api/3/contacts")
    def contacts(self, call: Call) -> Reply:
        """List contacts, in the order of their ids, with the values of custom fields when asked."""
        email, after = call.query.get("email"), int(call.query.get("id_greater", 0))
        rows = [row for row in self._listed(call, self._contacts) if int(row.id) > after]
        rows = [row for row in rows if email is None or row.values["email"].lower() == email.lower()]
        page = _page(call, rows)
        beside = [one for row in page for one in _values(row)] if "fieldValues" in call.query.get("include", "") else []
        more = {"fieldValues": beside} if beside else {}
        return Reply.json({**more, "contacts": [_contact(row) for row in page], "meta": {"total": str(len(rows))}})

    @route("GET", "/api/3/contacts/{id}")
    def contact(self, call: Call) -> Reply:
        """Read a contact."""
        row = self._found(call)
        return Reply.json({"contact": _contact(row), "fieldValues": _values(row)})

    @route("DELETE", "/api/3/contacts/{id}")
    def delete(self, call: Call) -> Reply:
        """Delete a contact."""
        self._contacts.drop(self._found(call).id)
        return Reply.json({})

    @route("POST", "/api/3/contactLists")
    def join(self, call: Call) -> Reply:
        """Set what a contact is on a list; again changes it."""
        given = _inner(call, "contactList")
        return self._linked(self._members, given, "list", "lists", "contactList", status=given.get("status"))

    @route("POST", "/api/3/contactTags")
    def tag(self, call: Call) -> Reply:
        """Tag a contact; again leaves it tagged once."""
        return self._linked(self._tagged, _inner(call, "contactTag"), "tag", "tags", "contactTag")

    @route("GET", "/api/3/deals")
    def deals(self, call: Call) -> Reply:
        """List deals, in the order they were made."""
        rows = self._listed(call, self._deals)
        return Reply.json({"deals": [_deal(row) for row in _page(call, rows)], "meta": {"total": str(len(rows))}})

    def unauthorized(self) -> Reply:
        """Answer 403."""
        return Reply.json({"message": "You are not authorized to perform this action"}, 403)

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        reply = Reply.json({"message": "API rate limit exceeded"}, 429)
        left = {"retry-after": str(int(after) + 1), "ratelimit-limit": "5", "ratelimit-remaining": "0"}
        return Reply(429, reply.body, {**reply.headers, **left})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 422."""
        return _error("The data is not valid.", str(code or "invalid"), "/data/attributes")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return Reply.json({"message": "The request could not be read"}, 400)

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return Reply.json({"message": "No Route found"}, 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the contacts with their fields, tags and lists."""
        for row in self._contacts:
            lists = {one.values["list"]: one.values["status"] for one in self._members.where(contact=row.id)}
            tags = [one.values["tag"] for one in self._tagged.where(contact=row.id)]
            fields = {name: one["value"] for name, one in row.marks["fields"].items()}
            yield {**_contact(row), "fields": fields, "lists": lists, "tags": tags}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add records: `kind` (contacts when missing, or deals), and the fields."""
        for item in items:
            values = {name: value for name, value in item.items() if name != "kind"}
            (self._deals if item.get("kind") == "deals" else self._contacts).make(values, fields={})

    def work(self, ref: str) -> bool:
        """Let a person win a deal with the contact, and set its status where the settings name a field for it."""
        row = self._contacts.get(ref)
        if row is None:
            return False
        self._set(row, self.settings.get("status_field", "9"), "Contacted", PERSON)
        self._contacts.change(ref, {"updated_by": PERSON})
        deal = {"contact": ref, "owner": PERSON, "status": "1", "value": "90000", "currency": "eur", "title": "Deal"}
        self._deals.make(deal)
        return True

    def _set(self, row: Row, field: str, value: Any, by: str) -> None:
        there = row.marks["fields"].get(field)
        if there is None or there["value"] != value:
            row.marks["fields"][field] = {"value": value, "udate": _time(self.clock.now()), "updated_by": by}

    def _listed(self, call: Call, rows: Rows) -> list[Row]:
        since = call.query.get("filters[updated_after]")
        after = datetime.fromisoformat(since) if since else None
        return [row for row in rows if after is None or row.updated_at.replace(microsecond=0) > after]

    def _found(self, call: Call) -> Row:
        row = self._contacts.get(call.params["id"])
        if row is None:
            raise Refused(Reply.json({"message": f"No Result found for Subscriber with id {call.params['id']}"}, 404))
        return row

    def _linked(self, rows: Rows, given: Mapping[str, Any], what: str, setting: str, shown: str, **more: Any) -> Reply:
        contact, other, known = str(given.get("contact")), str(given.get(what)), self.settings.get(setting)
        if self._contacts.get(contact) is None or (known is not None and other not in known):
            raise Refused(_error("The related record does not exist.", "related_missing", f"/data/attributes/{what}"))
        there = rows.where(**{"contact": contact, what: other})
        row = there[0] if there else rows.make({"contact": contact, what: other})
        rows.change(row.id, more)
        return Reply.json({shown: {**row.values, "id": row.id}}, 200 if there else 201)


def _inner(call: Call, name: str) -> Mapping[str, Any]:
    given = call.json_object().get(name)
    if not isinstance(given, dict):
        raise Refused(Reply.json({"message": f"The {name} object is missing"}, 400))
    return given


def _page(call: Call, rows: list[Row]) -> list[Row]:
    start, limit = int(call.query.get("offset", 0)), min(int(call.query.get("limit", PAGE)), MAX_PAGE)
    return rows[start : start + limit]


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _values(row: Row) -> list[dict[str, Any]]:
    return [{**value, "contact": row.id, "field": name} for name, value in row.marks["fields"].items()]


def _times(made: str, changed: str) -> Callable[[Row], dict[str, Any]]:
    return lambda row: {**row.values, "id": row.id, made: _time(row.created_at), changed: _time(row.updated_at)}


_contact, _deal = _times("cdate", "udate"), _times("cdate", "mdate")


def _error(title: str, code: str, pointer: str) -> Reply:
    return Reply.json({"errors": [{"title": title, "code": code, "source": {"pointer": pointer}}]}, 422)
