"""What the ad platforms of the sandbox share that answer 200 with a code: rotating tokens, leads by time, pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Vendor

BEIJING = timezone(timedelta(hours=8))
ACCESS, REFRESH = 86_400, 2_592_000


class AdPlatform(Vendor):
    """Leads with an account and a time; a refresh token may be used once, and ends the access token before.

    Settings: `token` (a fixed access token), `client_id`, `client_secret`, `refresh_token` (the first one), `account`
    (of leads seeded without one).
    """

    codes: ClassVar[Mapping[str, int]] = {}  # of: token, refresh, rate, parameter, permission, system
    words: ClassVar[Mapping[int, str]] = {}
    account: ClassVar[str] = "advertiser_id"  # what fields of a lead are called
    made_at: ClassVar[str] = "create_time"

    def clear(self) -> None:
        """Forget leads, outcomes and tokens."""
        self._leads: list[dict[str, Any]] = []
        self._outcomes: dict[str, dict[str, Any]] = {}
        self._access: tuple[str, float] | None = None
        self._refresh: str | None = None
        self._minted = 0

    def renewed(self, app: object, secret: object, refresh: object) -> tuple[str, str]:
        """Return a new pair of tokens for a refresh token; raises Refused unless it is the newest one."""
        known = all(
            str(given) == str(self.settings.get(name, given))
            for name, given in (("client_id", app), ("client_secret", secret))
        )
        if not known or not app or not secret:
            raise Refused(self.error("permission"))
        if not refresh or refresh != (self._refresh or self.settings.get("refresh_token", refresh)):
            raise Refused(self.error("refresh"))
        self._minted += 1
        self._refresh = f"sandbox-refresh-{self._minted}"
        self._access = (f"sandbox-access-{self._minted}", self.clock.monotonic() + ACCESS)
        return self._access[0], self._refresh

    def signed_in(self, token: str | None) -> None:
        """Raise Refused unless the access token is the newest one, or the one in the settings."""
        if token and token == self.settings.get("token"):
            return
        if self._access is None or token != self._access[0] or self._access[1] <= self.clock.monotonic():
            raise Refused(self.unauthorized())

    def between(self, account: object, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return an account's leads of that time, both ends included, newest first."""
        mine = [lead for lead in self._leads if str(lead[self.account]) == str(account)]
        found = [lead for lead in mine if start <= self.instant(lead[self.made_at]) <= end]
        return sorted(found, key=lambda lead: self.instant(lead[self.made_at]), reverse=True)

    def paged(
        self, rows: list[dict[str, Any]], number: object, size: object, most: int
    ) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Return one page and what the platform says of the pages; raises Refused for numbers it does not take."""
        if (
            not str(number).isdigit()
            or not str(size).isdigit()
            or not int(str(number))
            or not 0 < int(str(size)) <= most
        ):
            raise Refused(self.error("parameter", "page or page_size is out of range"))
        page, each = int(str(number)), int(str(size))
        info = {"page": page, "page_size": each, "total_number": len(rows), "total_page": -(-len(rows) // each)}
        return rows[(page - 1) * each : page * each], info

    def instant(self, text: object) -> datetime:
        """Return a time as the platform writes it; raises Refused for one that is not."""
        try:
            at = datetime.fromisoformat(str(text))
        except ValueError as error:
            raise Refused(self.error("parameter", f"{text!r} is not a time")) from error
        return at if at.tzinfo else at.replace(tzinfo=BEIJING)

    def ok(self, data: Any) -> Reply:
        """Return what was asked for."""
        return Reply.json({"code": 0, "message": "OK", "data": data, "request_id": "sandbox"})

    def error(self, what: str, words: str = "") -> Reply:
        """Return an error as the platform words it, with HTTP 200."""
        return self.coded(self.codes[what], words)

    def coded(self, code: int, words: str = "") -> Reply:
        """Return an error with a code."""
        return Reply.json({"code": code, "message": words or self.words.get(code, "error"), "request_id": "sandbox"})

    def unauthorized(self) -> Reply:
        """Answer with the code of a token that ended."""
        return self.error("token")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer with the code of too many requests; none of them says how long to wait."""
        return self.error("rate")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return self.coded(int(code) if code is not None else self.codes["system"])

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer with the code of a wrong parameter."""
        return self.error("parameter", reason)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the leads, and what the platform was told of them."""
        yield from self._leads
        yield from self._outcomes.values()

    def told(self, call: Call, key: str, outcome: Mapping[str, Any]) -> None:
        """Note what became of a lead: it has one state, whoever tells it how often."""
        call.note(key, "repeat" if key in self._outcomes else "new")
        self._outcomes[key] = {"outcome_of": key, **outcome}

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add leads as the platform shows them; the time is now where none is given."""
        now = self.clock.now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        own = {self.account: self.settings.get("account", "123"), self.made_at: now}
        self._leads += [{**own, **item} for item in items]
