"""Dynamics 365: Dataverse's leads, upsert by alternate key, OData lists, tokens of Entra (learn.microsoft.com)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.rows import Row, Rows
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

API = "/api/data/v9.2"
LABEL = "@OData.Community.Display.V1.FormattedValue"
LIFETIME = 3_599.0
PAGE = 5_000
TABLES = {"leads": "leadid", "activitypointers": "activityid", "opportunities": "opportunityid"}
REASONS = {
    1: "New",
    2: "Contacted",
    3: "Qualified",
    4: "Lost",
    5: "Cannot Contact",
    6: "No Longer Interested",
    7: "Canceled",
}
APP, PERSON = "0a0a0a0a-0000-0000-0000-000000000001", "0a0a0a0a-0000-0000-0000-000000000077"
LENGTHS = {"firstname": 50, "lastname": 50, "companyname": 100, "jobtitle": 100, "subject": 300, "telephone1": 50}
_NAMES = """
    leadid subject firstname lastname companyname jobtitle emailaddress1 telephone1 mobilephone websiteurl description
    address1_line1 address1_city address1_stateorprovince address1_postalcode address1_country leadsourcecode
    industrycode numberofemployees statecode statuscode modifiedon createdon _modifiedby_value _createdby_value
    _ownerid_value _qualifyingopportunityid_value
"""
COLUMNS = frozenset(_NAMES.split())

_KEYED = re.compile(r"(?P<name>\w+)='(?P<value>(?:[^']|'')*)'$")
_TEST = re.compile(r"(?P<name>\w+) (?P<operator>eq|ge|gt) (?P<value>\S+)$")


class Dynamics365(Vendor):
    """`/dynamics365/api/data/v9.2/…` and `/dynamics365/{tenant}/oauth2/v2.0/token`.

    Settings: `client_id`, `client_secret`, `keys` (columns with an alternate key), `columns` (more columns; any other
    `new_…` is refused), `duplicate_rule` (refuse a second lead of an address).
    """

    name = "dynamics365"
    limits: ClassVar[Mapping[str, Limit]] = {"requests": Limit(6_000, 300.0)}

    def clear(self) -> None:
        """Forget records and tokens."""
        self._tokens = Tokens(self.clock, "eyJ0.sandbox.{}")
        self._tables = {name: Rows(self.clock, _guid(at)) for at, name in enumerate(TABLES)}

    def dispatch(self, call: Call) -> Reply:
        """Check the token and the limit first."""
        if call.path.startswith("/api/"):
            if not self._tokens.valid(call.bearer):
                return self.unauthorized()
            self.spend("requests")
        return super().dispatch(call)

    @route("POST", "/{tenant}/oauth2/v2.0/token")
    def token(self, call: Call) -> Reply:
        """Give a token for the credentials of an app and the scope of the environment."""
        form = call.form()
        if form.get("grant_type") != "client_credentials":
            return _grant("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type")
        for name in ("client_id", "client_secret"):
            if not form.get(name) or self.settings.get(name, form[name]) != form[name]:
                return _grant("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        if form.get("scope") != f"{call.root}/.default":
            return _grant(
                "invalid_scope", f"AADSTS70011: The provided value for scope {form.get('scope')} is not valid."
            )
        return Reply.json({"token_type": "Bearer", "expires_in": 3599, "access_token": self._tokens.mint(LIFETIME)})

    @route("PATCH", f"{API}/leads({{key}})")
    def upsert(self, call: Call) -> Reply:
        """Create or change by alternate key or id: 201 or 200 with a representation, else 204."""
        body, found = self._checked(call), self._keyed(call)
        if found is None and call.headers.get("if-match") == "*":
            raise Refused(_error(404, "0x80040217", "lead Does Not Exist"))
        if found is not None and call.headers.get("if-none-match") == "*":
            raise Refused(_error(412, "0x80040237", "A record with matching key values already exists."))
        name, value = self._key(call)
        if found is None:
            self._check_duplicate(call, body)
            row = self._tables["leads"].make(_new({**body, name: value}))
        else:
            row = found
            self._tables["leads"].change(row.id, {**body, "_modifiedby_value": APP})
        call.note(value, "new" if found is None else "repeat")
        return self._answer(call, row, found is None)

    @route("POST", f"{API}/leads")
    def create(self, call: Call) -> Reply:
        """Create a lead; a repeat makes another."""
        body = self._checked(call)
        self._check_duplicate(call, body)
        row = self._tables["leads"].make(_new(body))
        self.created(call, "leads")
        return self._answer(call, row, True)

    @route("GET", f"{API}/leads({{key}})")
    def read(self, call: Call) -> Reply:
        """Read one lead."""
        return Reply.json(self._shown("leads", self._there(call)))

    @route("DELETE", f"{API}/leads({{key}})")
    def delete(self, call: Call) -> Reply:
        """Delete one lead."""
        self._tables["leads"].drop(self._there(call).id)
        return Reply(204)

    @route("GET", *(f"{API}/{name}" for name in TABLES))
    def listing(self, call: Call) -> Reply:
        """Return what fits, in pages; the next one is a link."""
        table = call.path.removeprefix(f"{API}/")
        rows = [self._shown(table, row) for row in self._tables[table]]
        for part in filter(None, call.query.get("$filter", "").split(" and ")):
            test = _test(part)
            rows = [row for row in rows if test(row)]
        order, _, direction = call.query.get("$orderby", f"{TABLES[table]} asc").partition(" ")
        rows.sort(key=lambda row: str(row.get(order)), reverse=direction == "desc")
        names, prefer = call.query.get("$select", "").split(","), call.headers.get("prefer", "")
        sizes = re.search(r"odata\.maxpagesize=(\d+)", prefer)
        size, start = min(int(sizes[1]) if sizes else PAGE, PAGE), int(call.query.get("$skiptoken", 0))
        labels = "FormattedValue" in prefer
        shown = [_chosen(row, [*names, TABLES[table]], labels) for row in rows[start : start + size]]
        following = "&".join(f"{name}={value}" for name, value in {**call.query, "$skiptoken": start + size}.items())
        more = {"@odata.nextLink": f"{call.root}{call.path}?{following}"} if start + size < len(rows) else {}
        return Reply.json({"@odata.context": f"{call.root}{API}/$metadata#{table}", "value": shown, **more})

    def unauthorized(self) -> Reply:
        """Answer 401."""
        return _error(401, "0x80072560", "The user is not a member of the organization.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with the seconds to wait."""
        words = "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
        reply = _error(429, "0x80072322", words)
        return Reply(reply.status, reply.body, {**reply.headers, "retry-after": str(int(after) + 1)})

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 400, as when a plug-in refuses."""
        return _error(400, str(code or "0x80040265"), "An error occurred in the plug-in.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 400."""
        return _error(400, "0x80048d19", f"Error identified in Payload provided by the user: {reason}")

    def missing(self, call: Call) -> Reply:
        """Answer 404."""
        return _error(404, "0x8006088a", f"Resource not found for the segment '{call.path.rpartition('/')[2]}'.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads."""
        return [self._shown("leads", row) for row in self._tables["leads"]]

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Create leads with their columns."""
        for item in items:
            self._tables["leads"].make(_new(item))

    def work(self, ref: str) -> bool:
        """Let a person contact a lead by phone, and make an opportunity of it."""
        row = self._tables["leads"].change(ref, {"statuscode": 2, "_modifiedby_value": PERSON})
        if row is None:
            return False
        now = _time(self.clock.now())
        done = {"activitytypecode": "phonecall", "statecode": 1, "actualend": now, "_ownerid_value": PERSON}
        self._tables["activitypointers"].make({**done, "_regardingobjectid_value": ref})
        deal = {"_originatingleadid_value": ref, "statecode": 0, "estimatedvalue": 900.0, "actualvalue": None}
        money = {"transactioncurrencyid": {"isocurrencycode": "EUR"}}
        self._tables["opportunities"].make({**deal, **money, "_modifiedby_value": PERSON, "_createdby_value": PERSON})
        return True

    def _key(self, call: Call) -> tuple[str, str]:
        match = _KEYED.match(call.params["key"])
        if match is None:
            return "leadid", call.params["key"]
        known = self.settings.get("keys")
        if known is not None and match["name"] not in known:
            raise Refused(_error(400, "0x80060888", "The specified key is not an alternate key of lead."))
        return match["name"], match["value"].replace("''", "'")

    def _keyed(self, call: Call) -> Row | None:
        name, value = self._key(call)
        if name == "leadid":
            return self._tables["leads"].get(value)
        return next(iter(self._tables["leads"].where(**{name: value})), None)

    def _there(self, call: Call) -> Row:
        row = self._keyed(call)
        if row is None:
            raise Refused(_error(404, "0x80040217", "lead Does Not Exist"))
        return row

    def _checked(self, call: Call) -> dict[str, Any]:
        body, more = call.json_object(), self.settings.get("columns")
        for name, value in body.items():
            bare = name.partition("@")[0]
            custom = bare.startswith("new_") and (more is None or bare in more)
            if bare not in COLUMNS and bare != "ownerid" and not custom:
                words = f"An undeclared property '{name}' which only has property annotations in the payload was found"
                raise Refused(_error(400, "0x80048d19", words))
            if isinstance(value, str) and len(value) > LENGTHS.get(name, 100_000):
                words = f"A validation error occurred. The length of the '{name}' attribute exceeded the maximum."
                raise Refused(_error(400, "0x80044331", words))
        owner = body.pop("ownerid@odata.bind", None)
        return {**body, **({"_ownerid_value": str(owner).partition("(")[2].rstrip(")")} if owner else {})}

    def _check_duplicate(self, call: Call, body: Mapping[str, Any]) -> None:
        email, wanted = body.get("emailaddress1"), call.headers.get("mscrm.suppressduplicatedetection") == "false"
        if (
            self.settings.get("duplicate_rule")
            and wanted
            and self._tables["leads"].where(emailaddress1=email)
            and email
        ):
            words = "A record was not created or updated because a duplicate of the current record already exists."
            raise Refused(_error(412, "0x80040333", words))

    def _answer(self, call: Call, row: Row, new: bool) -> Reply:
        if "return=representation" not in call.headers.get("prefer", ""):
            return Reply(204, b"", {"odata-entityid": f"{call.root}{API}/leads({row.id})"})
        names = call.query.get("$select", "").split(",")
        return Reply.json(_chosen(self._shown("leads", row), [*names, "leadid"], False), 201 if new else 200)

    def _shown(self, table: str, row: Row) -> dict[str, Any]:
        times = {"modifiedon": _time(row.updated_at), "createdon": _time(row.created_at)}
        return {**row.values, TABLES[table]: row.id, **times}


def _new(body: Mapping[str, Any]) -> dict[str, Any]:
    state = {"statecode": 0, "statuscode": 1, "_createdby_value": APP, "_modifiedby_value": APP, "_ownerid_value": APP}
    return {**state, **body}


def _chosen(row: Mapping[str, Any], names: list[str], labels: bool) -> dict[str, Any]:
    names = list(row) if names[0] == "" else [*names, "transactioncurrencyid"]
    shown = {name: row[name] for name in names if name in row}
    reason = REASONS.get(shown.get("statuscode", 0))
    return {**shown, **({f"statuscode{LABEL}": reason} if labels and reason else {})}


def _test(part: str) -> Callable[[Mapping[str, Any]], bool]:
    match = _TEST.match(part.strip())
    if match is None:
        raise Refused(_error(400, "0x80060888", f"Syntax error in '{part}'."))
    name, operator, value = match["name"], match["operator"], match["value"]
    if operator == "eq":
        wanted = value.strip("'")
        return lambda row: str(row.get(name)) == wanted
    bound, later = datetime.fromisoformat(value), operator == "gt"
    return lambda row: _after(datetime.fromisoformat(str(row[name])), bound, later)


def _after(at: datetime, bound: datetime, later: bool) -> bool:
    return at > bound if later else at >= bound


def _guid(table: int) -> Callable[[int], str]:
    return lambda number: f"9c5e7a1{table}-0000-0000-0000-{number:012x}"


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _grant(code: str, words: str, status: int = 400) -> Reply:
    return Reply.json({"error": code, "error_description": words, "error_codes": []}, status)


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"error": {"code": code, "message": words}}, status)
