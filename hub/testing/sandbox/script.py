"""Failure injection by script: which request is answered wrongly, and how."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Step(BaseModel):
    """What happens to the next requests; without any setting a step lets them through.

    An answer of the script's own is given instead of processing the request, unless `processed` says otherwise;
    `delay`, `drip`, `huge`, `malformed` and `reset: after` change how the vendor's own answer arrives.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int | None = Field(None, ge=200, le=599, description="Answer with this status; 2xx: let through.")
    headers: Mapping[str, str] = Field(default_factory=dict, description="Headers of that answer.")
    body: Any = Field(None, description="Body of that answer: text, or anything else as JSON.")
    body_error: bool | int | str = Field(False, description="The vendor's own error answer; a code chooses which.")
    throttle: float | None = Field(None, gt=0, description="The vendor's own answer to too many requests, in seconds.")
    unauthorized: bool = Field(False, description="The vendor's own answer to a wrong credential.")
    processed: bool | None = Field(None, description="Whether the vendor acts on the request before it fails.")
    delay: float = Field(0.0, ge=0, description="Seconds to hold the answer back.")
    drip: float | None = Field(None, gt=0, description="Send the body at this many bytes a second.")
    huge: int | None = Field(None, gt=0, description="Put so many blanks before the body.")
    malformed: bool | str = Field(False, description="Cut the body in the middle; a text: an HTML page instead.")
    reset: Literal["before", "during", "after"] | None = Field(
        None, description="Reset the connection before the body is read, in the middle of the answer, or before it."
    )
    times: int | Literal["always"] | None = Field(
        None, description="How many requests the step is for; none: one, or all of them with a rate."
    )
    rate: float | None = Field(None, ge=0, le=1, description="Hit only this share of the requests, at random.")

    @property
    def instead(self) -> bool:
        """Return whether the script gives an answer of its own."""
        own_status = self.status is not None and (self.status >= 300 or self.body is not None)
        return own_status or self.body_error is not False or self.throttle is not None or self.unauthorized

    @property
    def acts(self) -> bool:
        """Return whether the vendor acts on the request."""
        if self.reset == "before":
            return False
        return self.processed if self.processed is not None else not self.instead


@dataclass(slots=True)
class _Script:
    path: str
    method: str | None
    steps: deque[Step]
    seed: int
    random: random.Random = field(init=False)
    left: int | None = field(init=False, default=None)  # of the first step; None: not started

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def matches(self, path: str, method: str) -> bool:
        return bool(self.steps) and self.method in (None, method) and fnmatchcase(path, self.path)

    def take(self) -> Step | None:
        step = self.steps[0]
        if step.times != "always" and not (step.times is None and step.rate is not None):
            self.left = (self.left if self.left is not None else step.times or 1) - 1
            if self.left <= 0:
                self.steps.popleft()
                self.left = None
        if step.rate is not None and self.random.random() >= step.rate:
            return None
        return step


class Scripts:
    """The scripts in force; the one set first wins where several match."""

    def __init__(self) -> None:
        self._scripts: dict[tuple[str, str | None], _Script] = {}

    def __bool__(self) -> bool:
        return bool(self._scripts)

    def set(
        self, path: str, steps: Iterable[Step | Mapping[str, Any]], *, seed: int = 0, method: str | None = None
    ) -> None:
        """Replace the script of a path pattern such as `/slack/*`; raises pydantic.ValidationError for a bad step."""
        parsed = deque(step for given in steps for step in _steps(given))
        self._scripts.pop((path, method), None)
        if parsed:
            self._scripts[path, method] = _Script(path, method, parsed, seed)

    def clear(self) -> None:
        """Drop every script."""
        self._scripts.clear()

    def take(self, path: str, method: str) -> Step | None:
        """Return what is to happen to this request, None for nothing."""
        for name, script in self._scripts.items():
            if script.matches(path, method):
                step = script.take()
                if not script.steps:
                    del self._scripts[name]
                return step
        return None

    def listing(self) -> list[dict[str, Any]]:
        """Return the scripts and the steps they still have."""
        return [
            {
                "path": script.path,
                "method": script.method,
                "seed": script.seed,
                "left": script.left,
                "steps": [step.model_dump(exclude_defaults=True) for step in script.steps],
            }
            for script in self._scripts.values()
        ]


def _steps(given: Step | Mapping[str, Any]) -> list[Step]:
    """Return one step, or one per status where `status` is a list."""
    if isinstance(given, Step):
        return [given]
    if isinstance(given.get("status"), list):
        return [Step.model_validate({**given, "status": status}) for status in given["status"]]
    return [Step.model_validate(given)]
