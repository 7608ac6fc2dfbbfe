"""What callers share whose vendor says in the body, by a code, whether it worked: what each code means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from hub.errors import Misconfigured, Retry
from hub.http import Response, Verdict, readable
from hub.outgoing.caller import Caller
from hub.zone import until_midnight


@dataclass(frozen=True, slots=True)
class Codes:
    """What a vendor's codes mean: each field lists codes, apart by blanks."""

    ok: str = ""
    retry: str = ""
    busy: str = ""  # too much was asked: try again after `pause_seconds`
    misconfigured: str = ""
    reject: str = ""
    pause_seconds: float = 60.0

    def verdict(self, code: str) -> Verdict | None:
        """Return what a code means; None for an unknown one."""
        meanings: tuple[tuple[Verdict, str], ...] = (
            ("ok", self.ok), ("retry", self.retry), ("retry", self.busy), ("misconfigured", self.misconfigured),
            ("reject", self.reject),
        )  # fmt: skip
        return next((verdict for verdict, codes in meanings if code in codes.split()), None)

    def pause(self, code: str) -> float | None:
        """Return the seconds to wait after a code; None where it does not say."""
        return self.pause_seconds if code in self.busy.split() else None


class Coded(Caller):
    """A connector whose vendor answers with a code; mix it in before the sink or source."""

    code_names: ClassVar[tuple[tuple[str, str], ...]] = (("code", "message"),)  # of the code and its words, in turn
    codes: ClassVar[Codes] = Codes()
    unknown: ClassVar[Verdict] = "reject"  # what an unlisted code means in an answer that is 2xx or 400
    token_codes: ClassVar[str] = ""  # codes, apart by blanks, that ask for a new token
    daily_codes: ClassVar[str] = ""  # codes of a quota that starts anew at midnight in `day`
    day: ClassVar[str] = "Asia/Shanghai"

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the vendor's code and words in an answer; None where it has none, so that the status decides."""
        said = readable(response)
        for code, words in self.code_names if isinstance(said, dict) else ():
            if isinstance(said.get(code), (int, str)) and not isinstance(said[code], bool):
                return str(said[code]), str(said.get(words) or "")
        return None

    def passing(self) -> tuple[str, ...]:
        """Return the codes that pass by themselves, beside those of `codes`."""
        return tuple(self.daily_codes.split())

    def no_token(self, response: Response) -> Retry | Misconfigured:
        """Return the error for an answer to `token_request` that has no token: most such vendors refuse with 200."""
        said, passing = f"no token: {self.refusal(response)}", self.verdict(response) == "retry"
        return Retry(said, after=self.wait(response)) if passing else Misconfigured(said)

    def expired(self, response: Response) -> bool:
        """Return whether the status or the code asks for a new token."""
        said = self.code(response)
        return super().expired(response) or (said is not None and said[0] in self.token_codes.split())

    def verdict(self, response: Response) -> Verdict:
        """Return what the code means; where there is none, or a middleman spoke, the status decides."""
        by_status, said = super().verdict(response), self.code(response)
        if said is None or by_status in ("unclear", "retry"):
            return by_status
        if said[0] in self.token_codes.split():  # it has been renewed once already
            return "misconfigured"
        if said[0] in self.passing():
            return "retry"
        undecided = by_status == "ok" or response.status == 400
        return self.codes.verdict(said[0]) or (self.unknown if undecided else by_status)

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


class CodedCaller(Coded):
    """A connector whose vendor answers with a code and does not publish all; a setting names those that pass."""

    class Config(Caller.Config):
        """What codes mean that the vendor does not publish."""

        retry_codes: tuple[str, ...] = Field(
            (), description="The vendor's codes that pass by themselves, beside those known here."
        )

    config: Config

    def passing(self) -> tuple[str, ...]:
        """Return the codes that pass by themselves, with those of the settings."""
        return (*super().passing(), *self.config.retry_codes)
