"""Asks a vendor's API a question whose answer is a JSON object: what may be asked again is never in doubt."""

from __future__ import annotations

from typing import Any

import httpx

from hub.errors import BadInput, Retry, Unclear
from hub.http import Request, readable
from hub.lead import Rejected
from hub.outgoing.caller import Caller
from hub.outgoing.transmit import MAX_RESPONSE


class TooLong(BadInput):
    """The answer is longer than what is read of one: ask for less at once."""


class Asking(Caller):
    """A source that calls out, with a token where the vendor wants one."""

    async def ask(self, request: Request, http: httpx.AsyncClient) -> dict[str, Any]:
        """Send a read-only request and return the object in its answer; raises Retry, Misconfigured or BadInput.

        One past 1 MiB raises TooLong.
        """
        try:
            answer = self.judge(await self.exchange(request, http))
        except Unclear as error:
            raise Retry(error.reason) from error  # a question that may have arrived can be asked again
        if isinstance(answer, Rejected):
            raise BadInput(f"The platform refuses the question: {answer.reason[:300]!r}.")
        body = readable(answer)
        if not isinstance(body, dict):
            if len(answer.content) >= MAX_RESPONSE:
                raise TooLong(f"The platform answers with more than {MAX_RESPONSE >> 20} MiB at once.")
            raise Retry(f"answered {answer.status} with a body that is no JSON object: {answer.excerpt()}.")
        return body
