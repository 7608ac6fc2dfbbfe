"""What callers share whose vendor answers 200 and says in the body, by a code, whether it worked."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hub.errors import Misconfigured, Retry
from hub.families.chat import Codes
from hub.http import Response, Verdict, readable
from hub.outgoing.caller import Caller
from hub.zone import until_midnight


class CodedCaller(Caller):
    """A connector whose vendor answers with a code; mix it in before the sink or source. An unlisted code refuses."""

    code_names: ClassVar[tuple[tuple[str, str], ...]] = (("code", "message"),)  # of the code and its words, in turn
    codes: ClassVar[Codes] = Codes()
    token_codes: ClassVar[str] = ""  # codes, apart by blanks, that ask for a new token

    daily_codes: ClassVar[str] = ""  # codes of a quota that starts anew at midnight in `day`
    day: ClassVar[str] = "Asia/Shanghai"

    class Config(Caller.Config):
        """What codes mean that the vendor does not publish."""

        retry_codes: tuple[str, ...] = Field(
            (), description="The vendor's codes that pass by themselves, beside those known here."
        )

    config: Config

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the vendor's code and words in an answer; None where it has none, so that the status decides."""
        said = readable(response)
        for code, words in self.code_names if isinstance(said, dict) else ():
            if isinstance(said.get(code), (int, str)) and not isinstance(said[code], bool):
                return str(said[code]), str(said.get(words) or "")
        return None

    def no_token(self, response: Response) -> Retry | Misconfigured:
        """Return the error for an answer to `token_request` that has no token: most such vendors refuse with 200."""
        said, passing = f"no token: {self.refusal(response)}", self.verdict(response) == "retry"
        return Retry(said, after=self.wait(response)) if passing else Misconfigured(said)

    def expired(self, response: Response) -> bool:
        """Return whether the status or the code asks for a new token."""
        said = self.code(response)
        return super().expired(response) or (said is not None and said[0] in self.token_codes.split())

    def verdict(self, response: Response) -> Verdict:
        """Return what the code means; where there is none, or the server broke down, the status decides."""
        by_status, said = super().verdict(response), self.code(response)
        if said is None or by_status in ("unclear", "retry"):
            return by_status
        if said[0] in self.token_codes.split():  # it has been renewed once already
            return "misconfigured"
        if said[0] in (*self.config.retry_codes, *self.daily_codes.split()):
            return "retry"
        return self.codes.verdict(said[0]) or ("reject" if by_status == "ok" else by_status)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait, by a header or by the code."""
        said = self.code(response)
        if said is not None and said[0] in self.daily_codes.split():
            return until_midnight(self.clock.now(), self.day)
        return super().wait(response) or (self.codes.pause(said[0]) if said else None)

    def refusal(self, response: Response) -> str:
        """Return the vendor's code and words."""
        said = self.code(response)
        return f"{said[0]} {said[1]}".strip()[:300] if said else super().refusal(response)
