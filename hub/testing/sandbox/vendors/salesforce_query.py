"""The part of SOQL that integrations use: SELECT, WHERE with AND/OR, ORDER BY, LIMIT."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark><=|>=|!=|<>|[=<>(),])|(?P<word>[A-Za-z_][\w.]*))"
)
_STOPS = {"WHERE", "ORDER", "LIMIT", "OFFSET", ""}
_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}


class BadQuery(Exception):
    """The query cannot be read."""


class Query:
    """One parsed SELECT; raises BadQuery."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._word("SELECT")
        self.fields = self._names()
        self._word("FROM")
        self.table = self._next()[1]
        self._test: Test = self._any() if self._skip("WHERE") else lambda _: True
        self._sorts = self._orders() if self._skip("ORDER") else []
        self._limit = int(self._next()[1]) if self._skip("LIMIT") else None
        self._offset = int(self._next()[1]) if self._skip("OFFSET") else 0
        if self._tokens:
            raise BadQuery(f"unexpected token: {self._tokens[0][1]}")

    def run(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows that fit, in order."""
        found = [row for row in rows if self._test(row)]
        for name, down in reversed(self._sorts):
            found.sort(key=_by(name), reverse=down)
        return found[self._offset :][: self._limit]

    def _peek(self) -> str:
        return self._tokens[0][1].upper() if self._tokens else ""

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise BadQuery("unexpected end of the query")
        return self._tokens.pop(0)

    def _skip(self, word: str) -> bool:
        return bool(self._next()) if self._peek() == word else False

    def _word(self, word: str) -> None:
        if not self._skip(word):
            raise BadQuery(f"expecting {word}, found {self._peek()!r}")

    def _names(self) -> list[str]:
        names = [self._next()[1]]
        while self._skip(","):
            names.append(self._next()[1])
        return names

    def _orders(self) -> list[tuple[str, bool]]:
        self._word("BY")
        sorts = []
        while self._peek() not in _STOPS:
            name = self._next()[1]
            down = self._skip("DESC") or (self._skip("ASC") and False)
            if self._skip("NULLS"):
                self._next()
            sorts.append((name, down))
            self._skip(",")
        return sorts

    def _any(self) -> Test:
        tests = [self._all()]
        while self._skip("OR"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._skip("AND"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._skip("("):
            inner = self._any()
            self._word(")")
            return inner
        if self._skip("NOT"):
            negated = self._one()
            return lambda row: not negated(row)
        name, operator = self._next()[1], self._next()[1].upper()
        if operator == "NOT":
            self._word("IN")
            return _among(name, self._values(), False)
        if operator == "IN":
            return _among(name, self._values(), True)
        if operator == "LIKE":
            return _like(name, str(self._value()))
        if operator not in _COMPARISONS:
            raise BadQuery(f"unexpected token: {operator}")
        return _compared(name, operator, self._value())

    def _values(self) -> list[Any]:
        self._word("(")
        values = [self._value()]
        while self._skip(","):
            values.append(self._value())
        self._word(")")
        return values

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return float(text)
        if kind == "time":
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        if text.upper() not in _CONSTANTS:
            raise BadQuery(f"Bind variables only allowed in Apex code: {text}")
        return _CONSTANTS[text.upper()]


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    position, text = 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match or match.lastgroup is None:
            raise BadQuery(f"unexpected character {text[position]!r} at {position}")
        yield match.lastgroup, match.group(match.lastgroup)
        position = match.end()


def _by(name: str) -> Callable[[Row], tuple[int, float, str]]:
    return lambda row: _comparable(row.get(name))


def _among(name: str, values: list[Any], wanted: bool) -> Test:
    known = [_comparable(value) for value in values]
    return lambda row: (_comparable(row.get(name)) in known) is wanted


def _like(name: str, pattern: str) -> Test:
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    compiled = re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    return lambda row: compiled.fullmatch(str(row.get(name) or "")) is not None


def _compared(name: str, operator: str, value: Any) -> Test:
    wanted, how = _comparable(value), _COMPARISONS[operator]
    if operator in ("=", "!=", "<>"):
        return lambda row: how(_comparable(row.get(name)), wanted)
    return lambda row: row.get(name) is not None and how(_comparable(row.get(name)), wanted)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _comparable(value: Any) -> tuple[int, float, str]:
    """Return what sorts and compares: nothing first, then numbers and times, then text without regard to case."""
    if value is None or value == "":
        return 0, 0.0, ""
    if isinstance(value, bool | int | float):
        return 1, float(value), ""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d{4}", value):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return 1, value.timestamp(), ""
    return 2, 0.0, str(value).lower()
