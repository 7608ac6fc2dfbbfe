"""What connectors to Google's APIs share: a service account's token or a person's consent, and quotas as 403."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr

from hub.families.assertion import GOOGLE_TOKEN_URL, service_account_request
from hub.families.oauth import KeyOrOAuth
from hub.http import Request, Response, Verdict, readable
from hub.strictjson import an_object, objects

_QUOTA = re.compile(r'"(rateLimitExceeded|userRateLimitExceeded|RATE_LIMIT_EXCEEDED|RESOURCE_EXHAUSTED)"')
_QUOTA_WAIT = 60.0  # quotas are counted by the minute


class GoogleCaller(KeyOrOAuth):
    """A connector that calls an API of Google's, as a service account or as who consented; name its `scope`."""

    token_path = GOOGLE_TOKEN_URL
    authorize_path = "https://accounts.google.com/o/oauth2/v2/auth"
    idempotency_header = None

    class Config(KeyOrOAuth.Config):
        """The key of the account, or the app and whose consent it has."""

        key_setting = "credentials"

        credentials: SecretStr | None = Field(
            None, description="JSON key of a service account, as in ${file:key.json}; none: an app and a consent."
        )
        token_url: str | None = Field(
            None, description="Address that gives tokens; none: the one in the key, or Google's."
        )

    config: Config

    @property
    def wants_token(self) -> bool:
        """Return whether there is a way in: the key of an account gets tokens too."""
        return self.config.access

    def consent_fields(self) -> dict[str, str]:
        """Return that access lasts, and that the page shows even where consent was given before."""
        return {"access_type": "offline", "prompt": "consent"}

    def token_request(self) -> Request:
        """Return the request for a token, by a signed assertion (RFC 7523) or by a refresh token."""
        if self.config.credentials is None:
            return super().token_request()
        return service_account_request(self.config.credentials, self.scope, self.clock.now(), self.config.token_url)

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a quota may be answered as 403."""
        spent = response.status == 403 and _QUOTA.search(response.text)
        return "retry" if spent else super().verdict(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait: those of the header, else a minute for a quota."""
        return super().wait(response) or (_QUOTA_WAIT if response.status in (403, 429) else None)


def google_reasons(response: Response) -> list[tuple[str, str]]:
    """Return the reasons in an error, each with its field, if any (google.rpc.ErrorInfo, BadRequest)."""
    details = objects(an_object(an_object(readable(response)).get("error")).get("details"))
    rows = [row for detail in details for row in objects(detail.get("fieldViolations"))]
    named = [(str(row["reason"]), str(row.get("field") or "")) for row in rows if row.get("reason")]
    plain = [(str(detail["reason"]), "") for detail in details if detail.get("reason")]
    return named + [one for one in plain if one[0] not in dict(named)]
