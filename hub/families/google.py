"""What connectors to Google's APIs share: a service account's token, and quotas that are answered as 403."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, SecretStr

from hub.families.assertion import service_account_request
from hub.http import Request, Response, Verdict
from hub.outgoing.caller import Caller

_QUOTA = re.compile(r'"(rateLimitExceeded|userRateLimitExceeded|RATE_LIMIT_EXCEEDED|RESOURCE_EXHAUSTED)"')
_QUOTA_WAIT = 60.0  # quotas are counted by the minute


class GoogleCaller(Caller):
    """A connector that calls an API of Google's as a service account; name its `scope`."""

    scope: ClassVar[str] = ""
    idempotency_header = None

    class Config(Caller.Config):
        """The key of the account."""

        credentials: SecretStr = Field(description="JSON key of a service account, as in ${file:key.json}.")
        token_url: str | None = Field(None, description="Address that gives tokens; none: the one in the key.")

    config: Config

    def token_request(self) -> Request:
        """Return the request for a token by a signed assertion (RFC 7523)."""
        return service_account_request(self.config.credentials, self.scope, self.clock.now(), self.config.token_url)

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a quota may be answered as 403."""
        spent = response.status == 403 and _QUOTA.search(response.text)
        return "retry" if spent else super().verdict(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait: those of the header, else a minute for a quota."""
        return super().wait(response) or (_QUOTA_WAIT if response.status in (403, 429) else None)
