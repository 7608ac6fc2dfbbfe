"""WeCom customer contact (企业微信客户联系): members, customers and who follows them (path/92114, 92994, 92571)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import route
from hub.testing.sandbox.vendors.wecom import WeCom

MAX_MEMBERS, MAX_PAGE, FOLLOWERS = 100, 100, 500
_WORDS = {
    40058: "Invalid Request Parameter",
    41001: "access_token missing",
    42001: "access_token expired",
    48002: "api forbidden",
    84061: "not external contact",
}


class WeComContact(WeCom):
    """`/wecom_contact/cgi-bin/…`; settings: `corp_id`, `corp_secret`, `members`, `followers` (a page), `forbidden`."""

    name = "wecom_contact"

    def clear(self) -> None:
        """Forget customers and tokens."""
        super().clear()
        self._customers: dict[str, dict[str, Any]] = {}

    @route("GET", "/cgi-bin/externalcontact/get_follow_user_list")
    def followers(self, call: Call) -> Reply:
        """List the members who have the feature."""
        self._check_token(call)
        known = [one["userid"] for customer in self._customers.values() for one in customer["follow_user"]]
        return _ok(follow_user=self.settings.get("members", list(dict.fromkeys(known))))

    @route("GET", "/cgi-bin/externalcontact/get")
    def customer(self, call: Call) -> Reply:
        """Show a customer and who follows, 500 members on a page."""
        self._check_token(call)
        found = self._customers.get(call.query.get("external_userid", ""))
        if found is None:
            return _refused(84061)
        size = int(self.settings.get("followers", FOLLOWERS))
        page, after = _cut(found["follow_user"], call.query.get("cursor", ""), size)
        return _ok(external_contact=found["external_contact"], follow_user=page, next_cursor=after)

    @route("POST", "/cgi-bin/externalcontact/batch/get_by_user")
    def customers(self, call: Call) -> Reply:
        """Show the customers of members, at most 100 on a page, each beside one follow_info."""
        self._check_token(call)
        asked = call.json_object()
        members, limit = asked.get("userid_list"), asked.get("limit", 50)
        if not isinstance(members, list) or not 0 < len(members) <= MAX_MEMBERS or not isinstance(limit, int):
            return _refused(40058)
        rows = [
            {"external_contact": one["external_contact"], "follow_info": follow}
            for one in self._customers.values()
            for follow in one["follow_user"]
            if follow["userid"] in members
        ]
        page, after = _cut(rows, str(asked.get("cursor") or ""), min(max(limit, 1), MAX_PAGE))
        return _ok(external_contact_list=page, next_cursor=after)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the customers with who follows them."""
        return iter(self._customers.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add customers: `external_contact` and `follow_user`, as externalcontact/get shows them."""
        for item in items:
            self._customers[str(item["external_contact"]["external_userid"])] = {
                "external_contact": dict(item["external_contact"]),
                "follow_user": [dict(one) for one in item["follow_user"]],
            }

    def _check_token(self, call: Call) -> None:
        token = call.query.get("access_token")
        if not self._tokens.valid(token):
            raise Refused(_refused(42001 if token else 41001))
        if self.settings.get("forbidden"):
            raise Refused(_refused(48002))


def _cut(rows: list[dict[str, Any]], cursor: str, size: int) -> tuple[list[dict[str, Any]], str]:
    """Return a page and the mark of the next, empty after the last; a mark nobody gave is refused."""
    if cursor and not (cursor.startswith("page-") and cursor[5:].isdigit()):
        raise Refused(_refused(40058))
    start = int(cursor[5:]) if cursor else 0
    return rows[start : start + size], f"page-{start + size}" if start + size < len(rows) else ""


def _ok(**said: Any) -> Reply:
    return Reply.json({"errcode": 0, "errmsg": "ok", **said})


def _refused(code: int) -> Reply:
    return Reply.json({"errcode": code, "errmsg": f"{_WORDS[code]}, hint: [sandbox]"})
