"""Reads JSON as bytes from strangers: digit-exact, bounded, and without values that other stores refuse."""

from __future__ import annotations

import json
from decimal import Decimal
from math import isinf
from typing import Any, NoReturn

from hub.errors import BadInput

MAX_DEPTH = 64
MAX_KEYS = 2_000
MAX_ITEMS = 10_000
MAX_ANSWER = 100_000  # keys or items in what a vendor answers us: one page of a list has hundreds of records


def _refuse_constant(word: str) -> NoReturn:
    raise BadInput(f"The JSON has {word}, which is not a JSON number.")


def _number(text: str) -> str | float:
    """Keep what a float would change: `8.613800138000e12` stays as its digits, and `1e-400` as it is written."""
    value = float(text)
    if repr(value) == text:
        return value
    if isinf(value):
        raise BadInput(f"The JSON has the number {text[:40]}, which is too large.")
    exact = Decimal(text)
    return format(exact, "f") if len(text) < 40 and abs(exact.adjusted()) < 40 else text


def _integer(text: str) -> int | str:
    return int(text) if len(text) < 19 else text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; where a key stands twice the last value counts, and `KEY (earlier)` keeps the others."""
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    last = {name: index for index, (name, _) in enumerate(pairs)}
    earlier: dict[str, Any] = {}
    for index, (name, one) in enumerate(pairs):
        if last[name] != index:
            earlier.setdefault(f"{name} (earlier)", []).append(one)
    return {**earlier, **value}


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_refuse_constant
)


def decode_text(body: bytes) -> str:
    """Return the text of a JSON body in UTF-8, UTF-16 or UTF-32, with or without BOM."""
    try:
        return body.decode(json.detect_encoding(body)).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        raise BadInput(
            f"The body is not text in UTF-8, UTF-16 or UTF-32: {getattr(error, 'reason', error)}."
        ) from error


def loads(body: bytes | str, *, answer: bool = False) -> Any:
    """Return the JSON value; long integers and inexact floats come as text, lone surrogates as U+FFFD.

    Of a key that stands twice the last value counts; `KEY (earlier)` lists the others. Raises BadInput for anything
    that is not JSON, has a number too large for a float, is nested past 64 levels, or has more than 2,000 keys;
    `answer` allows 100,000, for what a vendor says to a question of ours.
    """
    text = decode_text(body) if isinstance(body, bytes) else body
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise BadInput(f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as error:
        raise BadInput(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
    except (ValueError, ArithmeticError) as error:
        raise BadInput(f"The JSON has a number that cannot be read: {str(error)[:100]}.") from error
    most = (MAX_ANSWER, MAX_ANSWER) if answer else (MAX_KEYS, MAX_ITEMS)
    return _checked(value, "\\ud" in text.lower(), *most)


def _checked(value: Any, has_surrogates: bool, max_keys: int, max_items: int) -> Any:
    keys = 0
    items = 0
    batch = isinstance(value, list)  # a list of leads may hold more keys in all, but no lead may
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for thing in level:
            if type(thing) is dict:
                keys = max(keys, len(thing)) if batch else keys + len(thing)
                below += [v for v in thing.values() if type(v) is dict or type(v) is list]
            elif type(thing) is list:
                items += len(thing)
                below += [v for v in thing if type(v) is dict or type(v) is list]
        if keys > max_keys or items > max_items:
            raise BadInput(f"The JSON has more than {max_keys} keys or {max_items} items.", status=413)
        if not below:
            return clean(value) if has_surrogates else value
        level = below
    raise BadInput(f"The JSON is nested deeper than {MAX_DEPTH} levels.")


def clean(value: Any) -> Any:
    """Return the value with lone surrogates replaced by U+FFFD, in keys too."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {clean(k): clean(v) for k, v in value.items()}
    if isinstance(value, list):
        return [clean(v) for v in value]
    return value


def an_object(value: Any) -> dict[str, Any]:
    """Return the value when it is a JSON object, else an empty one: for reading what may be absent or malformed."""
    return value if isinstance(value, dict) else {}


def value_at(value: Any, path: str) -> Any:
    """Return what stands at a dotted path such as data.0.id; raises LookupError, TypeError or ValueError."""
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def found_at(value: Any, path: str | None) -> Any:
    """Return what stands at a dotted path, None when nothing does, or there is no path."""
    try:
        return value_at(value, path) if path else None
    except (LookupError, TypeError, ValueError):
        return None


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a JSON list and leave out what is none; an empty list when it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
