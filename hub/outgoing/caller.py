"""Calls a vendor's HTTP API: tokens, keys and what an answer means are handled here, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

import httpx

from hub.clock import Clock
from hub.connector import Connector
from hub.errors import BadInput, Misconfigured, Retry, Unclear
from hub.http import Request, Response, Verdict, bearer, readable, retry_after, trouble, verdict
from hub.lead import Rejected
from hub.outgoing.credential import Credential, Keeper, Token
from hub.outgoing.transmit import transmit

_WORDS = ("message", "error_description", "error", "errmsg", "msg", "detail")
_Said = TypeVar("_Said")


class Caller(Connector):
    """A connector that calls out; what an author may override comes first, `judge` and `exchange` use it."""

    statuses: ClassVar[Mapping[int, Verdict]] = {}  # where a vendor's statuses mean something else
    idempotency_header: ClassVar[str | None] = "Idempotency-Key"

    class Config(Connector.HostConfig):
        """The address to call, and how long to wait."""

    config: Config

    def __init__(self, instance: str, config: Connector.Config | None = None, clock: Clock | None = None) -> None:
        super().__init__(instance, config, clock)
        self._credential = Credential(self.clock)

    def token_request(self) -> Request | None:
        """Return the request that gets an access token; None when the vendor needs none."""
        return None

    @property
    def wants_token(self) -> bool:
        """Return whether calls carry a token that `token_request` gets; override where the settings decide."""
        return type(self).token_request is not Caller.token_request

    @property
    def refresh_token(self) -> str | None:
        """Return the newest refresh token the vendor gave (Token.refresh), None until it gave one."""
        return self._credential.refresh

    def token(self, response: Response) -> Token:
        """Return the token in a 2xx answer to token_request; raises Misconfigured for a refusal inside it."""
        said = response.json()
        return Token(said["access_token"], float(said.get("expires_in") or 1800))

    def authorization(self, token: Token) -> Mapping[str, str]:
        """Return the headers that carry the token."""
        return {"Authorization": bearer(token.value)}

    def carrying(self, request: Request, token: Token | None) -> Request:
        """Return the request as one try sends it; override where token, time or signature go into address or body."""
        return request

    def expired(self, response: Response) -> bool:
        """Return whether an answer asks for a new token; override where the vendor says so in the body."""
        return response.status == 401

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; override where the status does not tell (a quota answered as 403)."""
        return verdict(response.status, self.statuses)

    def wait(self, response: Response) -> float | None:
        """Return the seconds an answer asks to wait; override where they are not in Retry-After."""
        return retry_after(response.header("retry-after"), self.clock.now())

    def refusal(self, response: Response) -> str:
        """Return the vendor's words for a refusal."""
        said = readable(response)
        said = said[0] if isinstance(said, list) and said else said
        if isinstance(said, dict) and isinstance(said.get("error"), dict):
            said = said["error"]
        if isinstance(said, dict):
            for key in _WORDS:
                if isinstance(said.get(key), str):
                    return str(said[key])[:300]
        return f"answered {response.status}: {response.excerpt()}"

    def judge(self, response: Response) -> Response | Rejected:
        """Return the answer when it is 2xx, Rejected when it refuses; raises what else it means. Pure."""
        what = _or(lambda: self.verdict(response), verdict(response.status, self.statuses))
        if what == "ok":
            return response
        words = _or(lambda: self.refusal(response), response.excerpt())
        if what == "reject":
            return Rejected(words, code=str(response.status))
        error = trouble(response, what, words if response.content else None)
        if isinstance(error, Retry):
            error.after = _or(lambda: self.wait(response), error.after)
        raise error

    async def exchange(self, request: Request, http: httpx.AsyncClient, *, key: str | None = None) -> Response:
        """Send one request with the token and return the raw answer, whatever its status.

        Raises Retry when nothing was sent, Unclear when it may have arrived; an expired token is renewed once.
        """
        token = await self._fresh_token(http)
        response = await self._once(request, token, http, key)
        if token is not None and _or(lambda: self.expired(response), False):
            self._credential.forget(token)
            response = await self._once(request, await self._fresh_token(http), http, key)
        return response

    async def _once(self, request: Request, token: Token | None, http: httpx.AsyncClient, key: str | None) -> Response:
        whole = self._absolute(self.carrying(request, token), (token and token.base_url) or self.config.base_url)
        headers = dict(whole.headers)
        if token is not None:
            headers.update(self.authorization(token))
        if key and self.idempotency_header:
            headers.setdefault(self.idempotency_header, key)
        return await transmit(whole, headers, http, self.config.timeout)

    def _absolute(self, request: Request, base_url: str) -> Request:
        try:
            return request.at(base_url)
        except ValueError as error:
            raise Misconfigured(f"the address {base_url[:200]!r} cannot be read: {error}. Check it.") from error

    async def _fresh_token(self, http: httpx.AsyncClient) -> Token | None:
        held = self._credential.held()
        if held is not None or not self.wants_token:
            return held
        return await self._credential.current(lambda: self._asked_token(http))

    def keep_token(self, keeper: Keeper) -> None:
        """Keep the token where other processes find it too."""
        self._credential.keeper = keeper

    async def _asked_token(self, http: httpx.AsyncClient) -> Token:
        request = self.token_request()  # not before it is needed: it may have to sign, or be given the newest grant
        if request is None:
            raise Misconfigured("no token: the settings name nothing to ask for one with.")
        whole = self._absolute(request, self.config.base_url)
        try:
            response = await transmit(whole, whole.headers, http, self.config.timeout)
        except Unclear as error:
            raise Retry(f"no token: {error.reason}") from error
        what = verdict(response.status)
        if what in ("reject", "misconfigured"):
            raise Misconfigured(f"no token: {_or(lambda: self.refusal(response), response.excerpt())}")
        if what != "ok":
            raise trouble(response, "retry")
        try:
            return self.token(response)
        except (Retry, Misconfigured):
            raise
        except Exception as error:
            raise Retry("no token in the answer to the request for one.") from error


def guarded(read: Callable[[], _Said], response: Response) -> _Said:
    """Run an author's reader of a 2xx answer; whatever it trips over means that we do not know what happened."""
    try:
        return read()
    except BadInput as error:
        raise Unclear(f"answered {response.status} with a body that is not JSON: {response.excerpt()}") from error
    except (Retry, Misconfigured, Unclear):
        raise
    except Exception as error:
        raise Unclear(f"answered {response.status} with an unexpected body: {response.excerpt()}") from error


def _or(read: Callable[[], _Said], otherwise: _Said) -> _Said:
    """Run an author's reader of an answer that is trouble; where it trips, the status speaks for itself."""
    try:
        return read()
    except (Retry, Misconfigured, Unclear):
        raise
    except Exception:
        return otherwise
