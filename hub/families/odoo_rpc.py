"""Calls the models of an Odoo: by JSON-2 from Odoo 19 on, by JSON-RPC before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from hub.errors import Misconfigured
from hub.http import Request, Response, Verdict, readable
from hub.outgoing.caller import Caller
from hub.outgoing.credential import Token

_PASSING = ("SerializationFailure", "LockNotAvailable", "DeadlockDetected", "OperationalError", "LockError")
_SETTINGS = ("AccessDenied", "AccessError", "Unauthorized", "Forbidden", "SessionExpiredException", "TypeError")


class OdooCaller(Caller):
    """A connector that calls one model; mix it in before the sink or source."""

    model: ClassVar[str] = ""

    class Config(Caller.Config):
        """Which Odoo, and who asks."""

        base_url: str = Field(description="Address of your Odoo, https://NAME.odoo.com.")
        api_key: SecretStr = Field(description="Key made under Preferences, Account Security; it ends after 3 months.")
        api: Literal["json2", "jsonrpc"] = Field("json2", description="json2 from Odoo 19 on, jsonrpc before it.")
        database: str = Field("", description="Name of the database; json2 needs it where a host has several.")
        username: str = Field("", description="Login name the key belongs to, for jsonrpc.")

    config: Config

    def call(self, method: str, ids: list[int] | None = None, **named: Any) -> Request:
        """Return the call of a method; `create`, `write` and `unlink` take their arguments in order by JSON-RPC."""
        if self.config.api == "json2":
            return Request("POST", f"/json/2/{self.model}/{method}", json={**({"ids": ids} if ids else {}), **named})
        ordered = [*([ids] if ids else []), *(named.values() if method != "search_read" else ())]
        return Request("POST", "/jsonrpc", json=[self.model, method, ordered, named if method == "search_read" else {}])

    def result(self, response: Response) -> Any:
        """Return what a method returned; raises BadInput for what is not JSON."""
        said = response.json()
        return said["result"] if self.config.api == "jsonrpc" else said

    @property
    def wants_token(self) -> bool:
        """Return whether there is a login: JSON-2 needs none."""
        return self.config.api == "jsonrpc"

    def token_request(self) -> Request:
        """Return the login, whose answer is the number of the user that JSON-RPC calls name."""
        key = self.config.api_key.get_secret_value()
        return _rpc("common", "authenticate", [self.config.database, self.config.username, key, {}])

    def token(self, response: Response) -> Token:
        """Return the number of the user; raises Misconfigured when there is none with this key."""
        said = response.json()
        if isinstance(said, dict) and said.get("result"):
            return Token(str(said["result"]), 86_400.0)
        raise Misconfigured(f"no login: {self.refusal(response)}")

    def authorization(self, token: Token) -> Mapping[str, str]:
        """Return no headers: `carrying` puts the login where it belongs."""
        return {}

    def carrying(self, request: Request, token: Token | None) -> Request:
        """Return the request with the key, which JSON-RPC has in its body."""
        key, database = self.config.api_key.get_secret_value(), self.config.database
        if self.config.api == "json2":
            named = {"X-Odoo-Database": database} if database else {}
            return replace(request, headers={"Authorization": f"bearer {key}", **named})
        user = int(token.value) if token is not None and token.value.isdecimal() else 0
        return _rpc("object", "execute_kw", [database, user, key, *request.json])

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; the name of the error says more than its status."""
        name, message = _error(response)
        if name.endswith(_PASSING):
            return "retry"
        if name.endswith(_SETTINGS) or message.startswith("Invalid field"):
            return "misconfigured"
        by_status = super().verdict(response)
        known = name.startswith("odoo.exceptions.") or response.status == 200
        return "reject" if name and known else by_status

    def refusal(self, response: Response) -> str:
        """Return Odoo's words, without the traceback that comes with them."""
        name, message = _error(response)
        return (message or name)[:300] or super().refusal(response)


def _rpc(service: str, method: str, args: list[Any]) -> Request:
    params = {"service": service, "method": method, "args": args}
    return Request("POST", "/jsonrpc", json={"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})


def _error(response: Response) -> tuple[str, str]:
    """Return name and message of an error; both are empty when there is none."""
    said = readable(response)
    error = said.get("error") if isinstance(said, dict) and isinstance(said.get("error"), dict) else None
    told = error.get("data") if error is not None and isinstance(error.get("data"), dict) else error
    if told is None:
        told = said if isinstance(said, dict) and response.status >= 400 else {}
    name = str(told.get("name") or ("error" if error is not None else ""))
    return name, str(told.get("message") or "")
