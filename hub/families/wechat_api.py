"""Asks the APIs of WeChat and WeCom: the token goes into the address, and a code in the body says whether it worked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.families.asking import Asking
from hub.families.coded import CodedCaller
from hub.http import Request, Response
from hub.outgoing.credential import Token
from hub.strictjson import an_object


class WeChatCaller(CodedCaller, Asking):
    """A source that asks WeChat or WeCom; authors write `token_request` and `codes`."""

    code_names = (("errcode", "errmsg"),)
    idempotency_header = None

    def token(self, response: Response) -> Token:
        """Return the token in the answer; raises Retry or Misconfigured for a refusal, which comes as 200 too."""
        said = an_object(response.json())
        if not said.get("access_token"):
            raise self.no_token(response)
        return Token(str(said["access_token"]), float(said.get("expires_in") or 7200))

    def authorization(self, token: Token) -> Mapping[str, str]:
        """Return no header."""
        return {}

    def carrying(self, request: Request, token: Token | None) -> Request:
        """Return the request with the token in its address."""
        return replace(request, params={"access_token": token.value if token else "", **request.params})
