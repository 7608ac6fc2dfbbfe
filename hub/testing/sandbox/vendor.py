"""What every vendor of the sandbox is: routes, settings, limits, and its own way of saying no."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeVar
from urllib.parse import unquote

from hub.clock import Clock
from hub.http import Reply
from hub.testing.sandbox.call import Call, Malformed, Refused

Code = int | str | None
Handler = Callable[[Any, Call], Reply]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests within `seconds`."""

    count: int
    seconds: float


class _Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    handler: Handler


def route(method: str, *templates: str) -> Callable[[H], H]:
    """Mark a method as the handler of these paths; `{name}` matches one percent-encoded segment."""

    def mark(handler: H) -> H:
        handler.__dict__["routes"] = [(method, _compiled(template)) for template in templates]
        return handler

    return mark


def _compiled(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(parts)) + "$")


class Vendor:
    """A vendor's protocol with a store in memory. Subclasses write routes and how the vendor words a refusal."""

    name: ClassVar[str] = ""
    limits: ClassVar[Mapping[str, Limit]] = {}  # the vendor's published ones; the setting `limits` changes them
    routes: ClassVar[Sequence[_Route]] = ()

    def __init_subclass__(cls) -> None:
        members = [member for base in reversed(cls.__mro__) for member in vars(base).values()]
        cls.routes = [
            _Route(method, pattern, member)
            for member in members
            for method, pattern in getattr(member, "__dict__", {}).get("routes", ())
        ]

    def __init__(self, clock: Clock, settings: Mapping[str, Any] | None = None) -> None:
        self.clock = clock
        self.settings: dict[str, Any] = dict(settings or {})
        self.forget()

    def forget(self) -> None:
        """Empty the store; settings stay."""
        self._spent: dict[tuple[str, str], deque[float]] = {}
        self._keys: set[tuple[str, str]] = set()
        self.clear()

    # -- what a vendor writes ----------------------------------------------------------------------------

    def clear(self) -> None:
        """Start with an empty store."""

    def unauthorized(self) -> Reply:
        """Return the vendor's answer to a credential it does not know."""
        raise NotImplementedError

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Return the vendor's answer to too many requests."""
        raise NotImplementedError

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Return an error in the vendor's own way, with HTTP 200 where the vendor does that."""
        raise NotImplementedError

    def malformed(self, call: Call, reason: str) -> Reply:
        """Return the vendor's answer to a body it cannot read."""
        raise NotImplementedError

    def missing(self, call: Call) -> Reply:
        """Return the vendor's answer to a path it does not have."""
        return Reply.json({"message": "Not Found"}, 404)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield what the store holds, one plain object a record."""
        raise NotImplementedError

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Put records into the store as if they had always been there."""
        raise NotImplementedError(f"{self.name} takes no seeds.")

    def work(self, ref: str) -> bool:
        """Let somebody there take a record up, as the vendor's own pages would; return whether this vendor can."""
        return False

    # -- what is written once ----------------------------------------------------------------------------

    def handle(self, call: Call) -> Reply:
        """Return the vendor's answer and change the store."""
        try:
            return self.dispatch(call)
        except Refused as refusal:
            return refusal.reply
        except Malformed as error:
            return self.malformed(call, str(error))

    def dispatch(self, call: Call) -> Reply:
        """Find the route and run it; raises Refused and Malformed."""
        for found in self.routes:
            match = found.pattern.match(call.path) if found.method == call.method else None
            if match:
                call.params = {name: unquote(value) for name, value in match.groupdict().items()}
                return found.handler(self, call)
        return self.missing(call)

    def spend(self, limit: str, subject: str = "") -> None:
        """Count one request against a limit; raises Refused when the vendor's is used up."""
        allowed = self.limit(limit)
        if allowed is None:
            return
        now = self.clock.monotonic()
        times = self._spent.setdefault((limit, subject), deque())
        while times and times[0] <= now - allowed.seconds:
            times.popleft()
        if len(times) >= allowed.count:
            raise Refused(self.throttled(max(times[0] + allowed.seconds - now, 0.001) if times else 1.0, limit))
        times.append(now)

    def left(self, limit: str, subject: str = "") -> int:
        """Return how many requests a limit still allows now."""
        allowed = self.limit(limit)
        return 0 if allowed is None else max(allowed.count - len(self._spent.get((limit, subject), ())), 0)

    def limit(self, limit: str) -> Limit | None:
        """Return a limit as the settings have it, None when there is none."""
        own = self.settings.get("limits", {})
        if own is False:
            return None
        return Limit(*own[limit]) if limit in own else self.limits.get(limit)

    def require(self, credential: str | None, setting: str = "token") -> str:
        """Return the credential; raises Refused unless it is the one in the settings, or any when none is set."""
        wanted = self.settings.get(setting)
        if not credential or (wanted is not None and credential not in _listed(wanted)):
            raise Refused(self.unauthorized())
        return credential

    def created(self, call: Call, where: str = "", key: str | None = None) -> None:
        """Note a record that a vendor without keys has made, whether or not it had one with this key."""
        key = key or call.key
        seen = key is not None and (where, key) in self._keys
        if key is not None:
            self._keys.add((where, key))
        call.note(key, "twin" if seen else "new")


def _listed(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]
