"""Reads the text of a CEL expression: its tokens, the fields it names, its limits, and its mistakes in plain words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import cel

from hub.errors import ConfigError

MAX_LENGTH = 2_000  # characters of one expression
MAX_LIST = 500  # items of one list that stands in an expression

MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_EMPTY = frozenset({"null", "''", '""'})
_BEFORE = frozenset({"", "(", "[", ",", "&&", "||", "?", ":"})
_AFTER = frozenset({"", ")", "]", ",", "&&", "||", "?", ":"})
_OURS: Mapping[str, str] = MappingProxyType({"size": "length", "matches": "fits"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<text>(?:[rR][bB]?|[bB][rR])(?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n]*"|'[^'\n]*')
        |[bB]?(?:\"\"\"(?:\\.|.)*?\"\"\"|'''(?:\\.|.)*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_SAID = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class Token(NamedTuple):
    """One word of an expression and the character it starts at, from 0."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Return the character after it."""
        return self.start + len(self.text)


class Path(NamedTuple):
    """A field an expression names, such as ("lead", "country"): the tokens it spans and whether has() asks for it."""

    parts: tuple[str, ...]
    first: int
    last: int
    guarded: bool


def tokens(expression: str) -> tuple[Token, ...]:
    """Return the tokens of an expression that compiles, without spaces and comments."""
    found = []
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise mistake(expression, position, f"{expression[position]!r} is not expected here.")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], position))
        position = match.end()
    return tuple(found)


def mistake(expression: str, at: int | None, said: str) -> ConfigError:
    """Return the error that names the place in a rule; `at` counts characters from 0."""
    if at is None:
        return ConfigError(f"{said} The rule: {expression[:200]!r}.")
    line = expression.count("\n", 0, at) + 1
    column = at - (expression.rfind("\n", 0, at) + 1) + 1
    where = f"line {line}, character {column}" if "\n" in expression else f"character {column}"
    return ConfigError(f"{said} It stands at {where} of the rule {expression[:200]!r}.")


def misread(expression: str, error: Exception) -> ConfigError:
    """Return the parser's complaint in plain words."""
    found = _SAID.search(str(error))
    if found is None:
        return mistake(expression, None, "The rule cannot be read.")
    lines = expression.split("\n")
    at = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    return mistake(expression, min(at, len(expression)), _plain(found[3], expression, at))


def _plain(said: str, expression: str, at: int) -> str:
    rest = expression[at:]
    word = re.match(r"\w+", rest)
    if "missing ')'" in said:
        return "A closing ) is missing."
    if not rest.strip():
        return "The rule ends too early."
    if rest[0] in "\"'":
        return "A quote is not closed." if "token recognition" in said else "A text is not expected here."
    if rest[0] == "=":
        return "A single = is no operator. Write == to compare."
    if word and word[0] in ("and", "AND", "or", "OR", "not", "NOT", "is"):
        instead = {"and": "&&", "or": "||", "not": "!", "is": "=="}[word[0].lower()]
        return f"{word[0]!r} is no operator. Write {instead} instead."
    if rest[0] in "\u201c\u201d\u2018\u2019\u300c\uff02":
        return f"{rest[0]!r} is no quote that rules know. Write straight quotes."
    if not rest[0].isascii():
        own = re.match(r"[\w.]+", rest)
        return (
            f'{rest[0]!r} may only stand in quotes. Write extra["{own[0] if own else rest[0]}"] for a field of yours.'
        )
    if "extraneous input ')'" in said:
        return "There is one ) too many."
    if said.startswith("invalid argument to has()"):
        return 'has() takes a dotted name such as lead.email; for others write "name" in extra.'
    if "invalid int literal" in said:
        return "The number is too large."
    if "recursion" in said.lower() or "nest" in said.lower():
        return "The rule is nested too deep. Split it."
    return f"{word[0] if word else rest[0]!r} is not expected here."


def check_limits(expression: str, read: Sequence[Token]) -> None:
    """Refuse what could cost too much: long lists, and loops inside loops."""
    stack: list[tuple[str, bool, int]] = []  # bracket, opened by a macro, commas seen
    for index, token in enumerate(read):
        if token.text in _CLOSING:
            macro = token.text == "(" and index > 1 and read[index - 1].text in MACROS and read[index - 2].text == "."
            if macro and any(entry[1] for entry in stack):
                said = f"{read[index - 1].text}() inside another loop could run for ever. Use one loop only."
                raise mistake(expression, read[index - 1].start, said)
            stack.append((token.text, macro, 0))
        elif token.text in _CLOSING.values() and stack:
            stack.pop()
        elif token.text == "," and stack:
            bracket, macro, commas = stack[-1]
            stack[-1] = (bracket, macro, commas + 1)
            if bracket != "(" and commas + 2 > MAX_LIST:
                raise mistake(expression, token.start, f"A list has more than {MAX_LIST} items. Split the rule.")


def bound_names(read: Sequence[Token]) -> frozenset[str]:
    """Return the names that loops such as `tags.exists(t, …)` introduce."""
    return frozenset(
        read[i + 2].text
        for i in range(1, len(read) - 3)
        if read[i].text in MACROS and read[i - 1].text == "." and read[i + 1].text == "(" and read[i + 3].text == ","
    )


def paths(read: Sequence[Token], roots: Collection[str]) -> Iterator[Path]:
    """Yield every field named through one of the roots, in order: `extra.a`, `extra["a b"].c` and a root alone."""
    for index, token in enumerate(read):
        if token.kind != "name" or token.text not in roots or _text(read, index - 1) == ".":
            continue
        parts, last = [token.text], index
        while True:
            step = _step(read, last)
            if step is None:
                break
            parts.append(step[0])
            last = step[1]
        guarded = _text(read, index - 2) == "has" and _text(read, index - 1) == "("
        yield Path(tuple(parts), index, last, guarded)


def _step(read: Sequence[Token], last: int) -> tuple[str, int] | None:
    """Return the next part of a path and the token it ends with."""
    after = _text(read, last + 1)
    if after == "." and last + 2 < len(read) and _text(read, last + 3) != "(":
        return read[last + 2].text, last + 2
    if after == "[" and last + 3 < len(read) and read[last + 2].kind == "text" and read[last + 3].text == "]":
        return literal(read[last + 2].text), last + 3
    return None


def literal(quoted: str) -> str:
    """Return the text that a quoted literal stands for."""
    return str(cel.evaluate(quoted))


def standard(expression: str, read: Sequence[Token], named: Sequence[Path]) -> str:
    """Return the expression as the engine gets it.

    Unknown fields are absent, so `lead.owner == null` (or == "") becomes `!has(lead.owner)`. The engine's `size`
    counts bytes where the standard counts characters, so our `length` takes its place; its `matches` reads the
    pattern for every lead, so `fits` does.
    """
    calls = [token for index, token in enumerate(read) if token.text in _OURS and _text(read, index + 1) == "("]
    edits = [(token.start, token.end, _OURS[token.text]) for token in calls]
    for path in named:
        sign, empty = _text(read, path.last + 1), _text(read, path.last + 2)
        alone = _text(read, path.first - 1) in _BEFORE and _text(read, path.last + 3) in _AFTER
        if sign in ("==", "!=") and empty in _EMPTY and alone and len(path.parts) > 1:
            source = expression[read[path.first].start : read[path.last].end]
            known = _known(source, path, read)
            edits.append((read[path.first].start, read[path.last + 2].end, known if sign == "!=" else f"!({known})"))
    for start, end, instead in sorted(edits, reverse=True):
        expression = expression[:start] + instead + expression[end:]
    return expression


def asked(path: Path, read: Sequence[Token]) -> str:
    """Return whether the expression only asks if the field is `known` or `unknown`; empty when it uses the value."""
    sign = _text(read, path.last + 1)
    if path.guarded:
        return "unknown" if _text(read, path.first - 3) == "!" else "known"
    if sign in ("==", "!=") and _text(read, path.last + 2) in _EMPTY and len(path.parts) > 1:
        return "unknown" if sign == "==" else "known"
    return ""


def _known(source: str, path: Path, read: Sequence[Token]) -> str:
    """Return the test that a path and everything above it is there."""
    offset = read[path.first].start
    tests = []
    last = path.first
    while last < path.last:
        step = _step(read, last)
        if step is None:
            break
        above, token = source[: read[last].end - offset], read[last + 2]
        dotted = _text(read, last + 1) == "."
        tests.append(f"has({above}.{token.text})" if dotted else f"({token.text} in {above})")
        last = step[1]
    return " && ".join(tests) if len(tests) == 1 else f"({' && '.join(tests)})"


def _text(read: Sequence[Token], index: int) -> str:
    return read[index].text if 0 <= index < len(read) else ""
