"""Checks what a rule names and calls, when it is loaded, so that a slip of the pen never waits for a lead."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

import cel

from hub.errors import suggest
from hub.rules.facts import Names
from hub.rules.functions import CASTS, KNOWN, METHODS, TIME_PARTS
from hub.rules.syntax import Path, Token, bound_names, literal, mistake


def check_names(
    expression: str, read: Sequence[Token], named: Sequence[Path], variables: Sequence[str], names: Names
) -> None:
    """Refuse variables and fields that no lead has."""
    bound = bound_names(read)
    for word in sorted(bound & names.keys()):
        raise mistake(expression, None, f'A loop may not use the name "{word}", which has a meaning. Use another one.')
    for word in variables:
        if word not in names and word not in bound and word not in CASTS:
            at = next((t.start for t in read if t.text == word), None)
            raise mistake(expression, at, f'"{word}" is not known. {_meant(word, names)}')
    for path in named:
        known = names[path.parts[0]]
        if known is None or len(path.parts) < 2:
            continue
        if path.parts[1] not in known:
            said = f'"{".".join(path.parts[:2])}" is not known. {_offer(path.parts, known, names)}'
            raise mistake(expression, read[path.first].start, said)


def _meant(word: str, names: Names) -> str:
    lead = names.get("lead") or frozenset()
    touch = names.get("touch") or frozenset()
    if word in lead or word in touch:
        return f'Did you mean "{"lead" if word in lead else "touch"}.{word}"?'
    return f"{suggest(word, names)} Write texts in quotes." if names else "Write texts in quotes."


def _offer(parts: tuple[str, ...], known: frozenset[str], names: Names) -> str:
    if not known:
        return f"{parts[0]} has no fields."
    other = "touch" if parts[0] == "lead" else "lead"
    if parts[1] in (names.get(other) or ()):
        return f'Did you mean "{other}.{parts[1]}"?'
    offer = suggest(parts[1], known).replace('mean "', f'mean "{parts[0]}.')
    return f"{offer} A field of your own is extra.{parts[1]}."


def check_calls(expression: str, read: Sequence[Token], functions: Sequence[str]) -> None:
    """Refuse functions nobody knows, and the standard ones where they are called in a way that never works."""
    called = set(functions)
    for index, token in enumerate(read):
        if token.kind != "name" or index + 1 >= len(read) or read[index + 1].text != "(" or token.text not in called:
            continue
        method = index > 0 and read[index - 1].text == "."
        inner = read[index + 2 :]
        if token.text not in KNOWN:
            said = f'The function "{token.text}" is not known. {suggest(token.text, KNOWN)}'
        elif token.text in METHODS and not method:
            said = f'Write {token.text} behind a text, such as lead.email.{token.text}("…").'
        elif token.text in TIME_PARTS and inner[0].text != ")":
            said = f'{token.text}() takes no time zone here. Write hour(now, "Asia/Shanghai") or weekday(…).'
        else:
            said = _wrong_text(token.text, inner)
        if said:
            raise mistake(expression, token.start, said)


def _wrong_text(function: str, inner: Sequence[Token]) -> str:
    """Return what is wrong with the text a call was given: a pattern or the name of a time zone."""
    if function == "matches":
        if inner[0].kind != "text":
            return "matches() takes a pattern in quotes, so that no sender can choose it."
        return _wrong_pattern(inner[0].text)
    if function in ("hour", "weekday"):
        depth = 1
        for token in inner:
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                break
            if token.kind == "text" and literal(token.text) not in available_timezones():
                return f"{token.text[:200]} is not a time zone. Write it as Asia/Shanghai or Europe/Berlin."
    return ""


def _wrong_pattern(quoted: str) -> str:
    try:
        cel.evaluate(f"''.matches({quoted})")
    except (ValueError, RuntimeError) as error:
        why = str(error).rpartition("error: ")[2].partition(". Check")[0].strip().splitlines()
        return f"The pattern {quoted[:200]} cannot be read: {why[0] if why else 'unknown reason'}."
    return ""
