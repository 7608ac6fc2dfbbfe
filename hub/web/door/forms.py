"""The forms people come in by: signing in, making the first user; and the page of who may not open one."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from hub.passwords import LONGEST, SHORTEST
from hub.web.site import explained, show, tongue_of
from hub.web.tongue import N_

SAYS: Mapping[str, str] = {
    "wrong": N_("Name or password is not right. Check both and try again."),
    "often": N_("Too many tries. Wait %(seconds)s s and try again."),
    "no_token": N_("The set-up token is not right. It stands in the words of the last start."),
    "weak": N_(
        "This password is too easy, or not of %(shortest)s to %(longest)s characters. Take a few words in a row."
    ),
    "no_name": N_("A name is an e-mail address or a name, of 1 to 200 characters."),
    "there": N_("There is a user already. Sign in."),
    "code_wrong": N_("The code is not right, or was used already. Wait for the next one."),
    "password_wrong": N_("The password is not right. Try again."),
    "late": N_("That took too long. Sign in again."),
}
"""What can go wrong on the way in, by the word the pages use for it."""


def told(request: Request, said: str | None, seconds: int = 0) -> str:
    """Return the line that says what went wrong, in the reader's language; empty when nothing did."""
    given = {"seconds": seconds, "shortest": SHORTEST, "longest": LONGEST}
    return tongue_of(request).say(SAYS[said], **given) if said else ""


async def login(
    request: Request, *, next_path: str = "/", said: str | None = None, seconds: int = 0, name: str = "",
    no_user: bool = False, status: int = 200,
) -> Response:  # fmt: skip
    """Return the form for signing in; `said` is a key of SAYS, for what went wrong."""
    return await show(
        request, "door/login.html", status=status, next=next_path, wrong=told(request, said, seconds), typed=name,
        no_user=no_user, longest=LONGEST,
    )  # fmt: skip


async def setup(
    request: Request, *, said: str | None = None, seconds: int = 0, name: str = "", token: str = "", status: int = 200
) -> Response:
    """Return the form for the first user; `said` is a key of SAYS, for what went wrong."""
    return await show(
        request, "door/setup.html", status=status, wrong=told(request, said, seconds), typed=name, token=token,
        shortest=SHORTEST, longest=LONGEST,
    )  # fmt: skip


async def refused(
    request: Request, said: BaseException | str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the page of who may not open one, or asks for what is not there."""
    answer = await show(request, "door/refused.html", status=status, status_code=status, says=explained(request, said))
    answer.headers.update(headers or {})
    return answer
