"""The records of a Salesforce org, with required fields, external ids and a duplicate rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.clock import Clock

PREFIXES = {
    "Lead": "00Q",
    "Contact": "003",
    "Account": "001",
    "Task": "00T",
    "Event": "00U",
    "Opportunity": "006",
    "CampaignMember": "00v",
}
REQUIRED = {"Lead": ("LastName", "Company"), "Contact": ("LastName",), "Account": ("Name",)}
LENGTHS = {"FirstName": 40, "LastName": 80, "Company": 255, "Title": 128, "Email": 80, "Phone": 40, "MobilePhone": 40}
_NAMES = """
    Id FirstName LastName Salutation Name Title Company Street City State PostalCode Country CountryCode
    StateCode Phone MobilePhone Fax Email Website Description LeadSource Status Industry Rating AnnualRevenue
    NumberOfEmployees OwnerId HasOptedOutOfEmail DoNotCall IsConverted ConvertedDate ConvertedContactId
    ConvertedAccountId ConvertedOpportunityId IsDeleted IsUnreadByOwner CreatedDate CreatedById
    LastModifiedDate LastModifiedById LastActivityDate SystemModstamp RecordTypeId GenderIdentity
"""
APP, PERSON = "005000000000001AAA", "005000000000002AAA"  # who calls the API, and who works in the org
OUTER = "ConvertedOpportunity."
LEAD_FIELDS = frozenset(_NAMES.split())
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Denied(Exception):
    """Salesforce refuses a record; `told` is one object of its error list."""

    def __init__(self, code: str, words: str, fields: Iterable[str] = (), *, status: int = 400, **more: Any) -> None:
        self.status = status
        self.told = {"message": words, "errorCode": code, "fields": list(fields), **more}
        super().__init__(words)


class Several(Exception):
    """More than one record has the external id."""

    def __init__(self, name: str, ids: list[str]) -> None:
        self.name, self.ids = name, ids
        super().__init__(name)


class SObjects:
    """All records by object and id; each is a dict with its `type`."""

    def __init__(self, clock: Clock, settings: Mapping[str, Any]) -> None:
        self._clock = clock
        self._settings = settings
        self._rows: dict[str, dict[str, dict[str, Any]]] = {}
        self._indexes: dict[tuple[str, str], dict[str, list[str]]] = {}

    def all(self) -> Iterator[dict[str, Any]]:
        """Yield every record."""
        for rows in self._rows.values():
            yield from rows.values()

    def rows(self, name: str) -> Iterable[dict[str, Any]]:
        """Return the records of one object; raises Denied for an object there is not."""
        self._check_name(name, "INVALID_TYPE", 400)
        return [self._joined(row) for row in self._rows.get(name, {}).values()]

    def work(self, number: str) -> None:
        """Let a person take a lead up, call, and turn it into an opportunity that is half won."""
        row = self.get("Lead", number)
        self.change(row, {"Status": "Working - Contacted"}, PERSON)
        call = {"WhoId": row["Id"], "Status": "Completed", "IsClosed": True, "TaskSubtype": "Call", "OwnerId": PERSON}
        self.create("Task", {**call, "CompletedDateTime": self._stamp()}, by=PERSON)
        deal = self.create("Opportunity", {"StageName": "Negotiation/Review", "Amount": 900.0}, by=PERSON)
        self.change(row, {"Status": "Closed - Converted", "ConvertedOpportunityId": deal["Id"]}, PERSON)
        row["IsConverted"] = True

    def _joined(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a lead with its opportunity's fields, by the names SOQL has for them."""
        deal = self._rows.get("Opportunity", {}).get(row.get("ConvertedOpportunityId") or "")
        return row if deal is None else {**row, **{f"{OUTER}{name}": value for name, value in deal.items()}}

    def get(self, name: str, number: str) -> dict[str, Any]:
        """Return a record by its id of 15 or 18 characters; raises Denied."""
        self._check_name(name)
        found = self._rows.get(name, {}).get(with_suffix(number[:15]))
        if found is None:
            raise Denied("NOT_FOUND", "The requested resource does not exist", status=404)
        return found

    def by_key(self, name: str, field: str, value: str) -> dict[str, Any] | None:
        """Return the record with this external id; raises Several."""
        self._check_name(name)
        self.check_fields(name, [field])
        ids = self._index(name, field).get(value.lower(), [])
        if len(ids) > 1:
            raise Several(name, list(ids))
        return self._rows[name][ids[0]] if ids else None

    def outer_key(self, row: Mapping[str, Any]) -> str | None:
        """Return the value of the first custom field that is an external id by its name or the settings."""
        names = [*self._settings.get("unique", ()), *(n for n in row if n.lower().endswith(("_id__c", "key__c")))]
        return next((str(row[name]) for name in names if row.get(name)), None)

    def create(
        self, name: str, fields: Mapping[str, Any], allow_duplicate: bool = False, by: str = APP
    ) -> dict[str, Any]:
        """Add a record; raises Denied."""
        self._check_name(name)
        self._check(name, fields)
        lacking = [field for field in REQUIRED.get(name, ()) if not fields.get(field)]
        if lacking:
            raise Denied("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(lacking)}]", lacking)
        self._check_unique(name, fields, None)
        self._check_duplicate(name, fields, allow_duplicate)
        number = record_id(PREFIXES.get(name, "a00"), len(self._rows.setdefault(name, {})) + 1)
        now = self._stamp()
        row = {"type": name, "Id": number, "IsDeleted": False, "OwnerId": APP, "CreatedDate": now}
        row |= {"CreatedById": by, "LastModifiedById": by}
        if name == "Lead":
            row.update(Status="Open - Not Contacted", IsConverted=False)
        self._rows[name][number] = row
        self._apply(row, fields)
        return row

    def change(self, row: dict[str, Any], fields: Mapping[str, Any], by: str = APP) -> None:
        """Set fields of a record; raises Denied."""
        self._check(row["type"], fields)
        if row.get("IsConverted"):
            raise Denied("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        emptied = [name for name in REQUIRED.get(row["type"], ()) if name in fields and not fields[name]]
        if emptied:
            raise Denied("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(emptied)}]", emptied)
        self._check_unique(row["type"], fields, row)
        self._apply(row, fields)
        row["LastModifiedById"] = by

    def drop(self, row: Mapping[str, Any]) -> None:
        """Delete a record."""
        del self._rows[row["type"]][row["Id"]]
        for (name, _), index in self._indexes.items():
            for ids in index.values() if name == row["type"] else ():
                ids[:] = [one for one in ids if one != row["Id"]]

    def upsert(self, name: str, field: str, value: str, fields: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """Create or change by external id; return the record and whether it is new."""
        if not value:
            raise Denied("MISSING_ARGUMENT", f"{field} not specified", [field])
        found = self.by_key(name, field, value)
        if found is None:
            return self.create(name, {field: value, **fields}), True
        self.change(found, fields)
        return found, False

    def check_fields(self, name: str, fields: Iterable[str]) -> None:
        """Raise Denied for a field that a Lead does not have; custom ones exist unless the settings list them."""
        custom = self._settings.get("fields")
        for field in fields if name == "Lead" else ():
            known = (
                field in LEAD_FIELDS
                or field.startswith(OUTER)
                or (field.endswith("__c") and (custom is None or field in custom))
            )
            if not known:
                raise Denied("INVALID_FIELD", f"No such column '{field}' on sobject of type {name}", [field])

    def _check_name(self, name: str, code: str = "NOT_FOUND", status: int = 404) -> None:
        if name not in PREFIXES and not name.endswith(("__c", "History")):
            raise Denied(code, "The requested resource does not exist", status=status)

    def _check(self, name: str, fields: Mapping[str, Any]) -> None:
        self.check_fields(name, fields)
        for field, value in fields.items():
            limit = LENGTHS.get(field)
            if limit and isinstance(value, str) and len(value) > limit:
                words = f"{field}: data value too large: {value[:40]} (max length={limit})"
                raise Denied("STRING_TOO_LONG", words, [field])
        email = fields.get("Email")
        if email and not _EMAIL.fullmatch(str(email)):
            raise Denied("INVALID_EMAIL_ADDRESS", f"Email: invalid email address: {email}", ["Email"])

    def _check_unique(self, name: str, fields: Mapping[str, Any], own: Mapping[str, Any] | None) -> None:
        for field in self._settings.get("unique", ()):
            ids = self._index(name, field).get(str(fields.get(field, "")).lower(), [])
            other = [one for one in ids if own is None or one != own["Id"]]
            if other:
                words = f"duplicate value found: {field} duplicates value on record with id: {other[0]}"
                raise Denied("DUPLICATE_VALUE", words, [field])

    def _check_duplicate(self, name: str, fields: Mapping[str, Any], allowed: bool) -> None:
        rule, email = self._settings.get("duplicate_rule"), str(fields.get("Email") or "").lower()
        ids = self._index(name, "Email").get(email, []) if rule and email else []
        if not ids or (rule == "alert" and allowed):
            return
        record = {"attributes": {"type": name, "url": f"/services/data/v62.0/sobjects/{name}/{ids[0]}"}, "Id": ids[0]}
        match = {"entityType": name, "matchEngine": "ExactMatchEngine", "rule": "sandbox", "size": 1, "success": True}
        match["matchRecords"] = [{"matchConfidence": 100.0, "record": record}]
        result = {"allowSave": rule == "alert", "duplicateRule": "sandbox", "duplicateRuleEntityType": name}
        result |= {"errorMessage": "Use one of these records?", "matchResults": [match]}
        raise Denied("DUPLICATES_DETECTED", "Use one of these records?", duplicateResult=result)

    def _apply(self, row: dict[str, Any], fields: Mapping[str, Any]) -> None:
        for (name, field), index in self._indexes.items():
            if name == row["type"] and field in fields:
                ids = index.get(str(row.get(field) or "").lower(), [])
                if row["Id"] in ids:
                    ids.remove(row["Id"])
                if fields[field]:
                    index.setdefault(str(fields[field]).lower(), []).append(row["Id"])
        row.update(fields)
        row["LastModifiedDate"] = row["SystemModstamp"] = self._stamp()

    def _index(self, name: str, field: str) -> dict[str, list[str]]:
        """Return value -> ids of a field, built when it is first asked for."""
        if (name, field) not in self._indexes:
            index = self._indexes[name, field] = {}
            for row in self._rows.get(name, {}).values():
                if row.get(field):
                    index.setdefault(str(row[field]).lower(), []).append(row["Id"])
        return self._indexes[name, field]

    def _stamp(self) -> str:
        return self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def record_id(prefix: str, number: int) -> str:
    """Return an id of 18 characters."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return with_suffix(prefix + digits.rjust(12, "0"))


def with_suffix(number: str) -> str:
    """Return an id of 15 characters with the three that make it safe where case is lost."""
    parts = [number[i : i + 5] for i in (0, 5, 10)]
    return number + "".join(_SUFFIX[sum(1 << i for i, c in enumerate(part) if c.isupper())] for part in parts)
