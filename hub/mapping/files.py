"""Loads mappings/NAME.yaml: every mistake names file, line and key; tests stand beside the fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hub.errors import ConfigError, suggest
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS
from hub.mapping.apply import Function, Mapped, Pick, Plan
from hub.mapping.functions import FUNCTIONS
from hub.mapping.getters import Getter, getter
from hub.yamlfile import Where, YamlFile
from hub.yamlfile import load as load_yaml

TARGETS: Dict[str, str] = MappingProxyType(
    {
        **LEAD_FIELDS,
        **TOUCH_FIELDS,
        "submitted_at": "When the prospect pressed the button, where the source does not say.",
    }
)
"""What a mapping may fill, with what each one holds."""

_SECTIONS = ("fields", "ignore", "usual_names", "tests")
_FORMS = ("from", "with", "first_of", "const")
_CASE = ("should", "given", "expect", "extra")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Case:
    """One inline test of a mapping."""

    given: Dict[str, Any]
    expect: Dict[str, Any]
    extra: Dict[str, Any] | None
    where: str  # "file:line, test 1", as a failure names it


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping that was read and checked; `path` is None for the one that goes by usual names alone."""

    name: str
    plan: Plan
    path: Path | None = None
    cases: tuple[Case, ...] = field(default=(), repr=False)

    def apply(self, data: Dict[str, Any]) -> Mapped:
        """Return (fields, extra, problems): lead and touch fields as received, what is left, what went wrong."""
        return self.plan.apply(data)

    def check(self) -> list[str]:
        """Run the inline tests and return what failed, one sentence each."""
        return [failure for case in self.cases for failure in _failures(case, self.plan.apply(case.given))]


def by_usual_names() -> Mapping:
    """Return the mapping for sources that have none: columns are matched by their usual names."""
    return Mapping("usual_names", Plan((), (), usual=True))


def load(path: Path, functions: Dict[str, Function] = MappingProxyType({})) -> Mapping:
    """Return the mapping in a file; `functions` are the registered ones by name. Raises ConfigError."""
    return parse(load_yaml(path), functions, path)


def parse(file: YamlFile, functions: Dict[str, Function] = MappingProxyType({}), path: Path | None = None) -> Mapping:
    """Return the mapping in a YAML file that is read already; raises ConfigError."""
    data = _object(file.data, file, (), "The mapping", _SECTIONS)
    usual = data.get("usual_names", False)
    if not isinstance(usual, bool):
        raise _wrong("Setting usual_names is true or false.", file, ("usual_names",))
    fields = _object(data.get("fields") or {}, file, ("fields",), "fields", tuple(TARGETS))
    if not fields and not usual:
        raise _wrong("The mapping maps nothing. Add fields, or usual_names: true.", file, ())
    known = {**FUNCTIONS, **functions}
    picks = [_pick(name, spec, file, known) for name, spec in fields.items()]
    noise = enumerate(_sequence(data.get("ignore"), file, ("ignore",)))
    ignored = [keys for index, key in noise for keys in _ignored(key, file, index)]
    name = path.stem if path else file.name
    return Mapping(name, Plan(picks, ignored, usual), path, _cases(data.get("tests"), file))


def find(
    source: str,
    connector: str,
    folders: Sequence[Path],
    functions: Dict[str, Function] = MappingProxyType({}),
    *,
    named: str | None = None,
) -> Mapping:
    """Return the mapping of a source: the one it names, else its own, else its connector's, else usual names.

    Earlier folders win, so the workspace's comes before the shipped one. Raises ConfigError for a wrong file and
    when the named one is not there.
    """
    for name in (named,) if named else (source, connector):
        if not _NAME.fullmatch(name):
            raise ConfigError(f"The mapping {name[:200]!r} is no plain name. Write the file's name without .yaml.")
        for folder in folders:
            path = folder / f"{name}.yaml"
            if path.is_file():
                return load(path, functions)
    if named:
        known = {path.stem for folder in folders for path in folder.glob("*.yaml")}
        raise ConfigError(f'Source "{source}": the mapping "{named}" is not there. {suggest(named, known)}', key=named)
    return by_usual_names()


def _pick(name: str, spec: Any, file: YamlFile, known: Dict[str, Function]) -> Pick:
    where: Where = ("fields", name)
    if isinstance(spec, str):
        get, plain = _getter(spec, file, where)
        return Pick(name, (get,), key=spec if plain else None)
    if not isinstance(spec, dict):
        raise _wrong(f'Field "{name}" takes a path as text, or from, first_of or const.', file, where)
    form = _object(spec, file, where, f'Field "{name}"', _FORMS)
    kinds = [kind for kind in ("from", "first_of", "const") if kind in form]
    if len(kinds) != 1:
        raise _wrong(f'Field "{name}" needs exactly one of from, first_of and const.', file, where)
    functions = _functions(name, form.get("with"), file, known)
    if kinds[0] == "const":
        if functions:
            raise _wrong(f'Field "{name}": a const goes through no function. Write what should come out.', file, where)
        return Pick(name, constant=form["const"])
    paths = [form["from"]] if kinds[0] == "from" else _sequence(form["first_of"], file, (*where, "first_of"))
    if not paths:
        raise _wrong(f'Field "{name}": first_of is empty. List where the value may stand.', file, where)
    getters = [_getter(path, file, (*where, kinds[0])) for path in paths]
    plain = len(paths) == 1 and getters[0][1] and not functions
    return Pick(name, tuple(get for get, _ in getters), functions, key=paths[0] if plain else None)


def _getter(path: Any, file: YamlFile, where: Where) -> tuple[Getter, bool]:
    """Return the getter of a path, and whether it is nothing but one key."""
    if not isinstance(path, str):
        raise _wrong(f'Field "{where[1]}": a path is text, not {str(path)[:80]!r}. Put it in quotes.', file, where)
    try:
        get = getter(path)
    except ValueError as error:
        raise _wrong(f'Field "{where[1]}": {error}.', file, where) from error
    return get, get.__qualname__.startswith("_literal")


def _functions(name: str, wanted: Any, file: YamlFile, known: Dict[str, Function]) -> tuple[tuple[str, Function], ...]:
    if wanted is None:
        return ()
    where: Where = ("fields", name, "with")
    names = [wanted] if isinstance(wanted, str) else _sequence(wanted, file, where)
    for function in names:
        if function not in known:
            said = f'Field "{name}": the function {str(function)[:80]!r} is not known. {suggest(str(function), known)}'
            raise _wrong(said, file, where)
    return tuple((function, known[function]) for function in names)


def _ignored(key: Any, file: YamlFile, index: int) -> set[tuple[str, ...]]:
    """Return where a key may stand: under its own name, or further down when it has dots."""
    if not isinstance(key, str) or not key:
        raise _wrong("What is ignored is named by keys, as text.", file, ("ignore", index))
    return {(key,), tuple(key.split("."))}


def _cases(tests: Any, file: YamlFile) -> tuple[Case, ...]:
    cases = []
    for number, test in enumerate(_sequence(tests, file, ("tests",))):
        where: Where = ("tests", number)
        case = _object(test, file, where, f"Test {number + 1}", _CASE)
        given = _object(case.get("given"), file, (*where, "given"), f"Test {number + 1}: given")
        expect = _object(case.get("expect"), file, (*where, "expect"), f"Test {number + 1}: expect", tuple(TARGETS))
        extra = case.get("extra")
        if extra is not None:
            extra = _object(extra, file, (*where, "extra"), f"Test {number + 1}: extra")
        should = f" (should {case['should']})" if case.get("should") else ""
        cases.append(Case(given, expect, extra, f"{file.name}:{file.line(where)}: test {number + 1}{should}"))
    return tuple(cases)


def _failures(case: Case, got: Mapped) -> Iterable[str]:
    for name in sorted(case.expect.keys() | got.fields.keys()):
        want, have = case.expect.get(name), got.fields.get(name)
        if want != have or type(want) is not type(have):
            yield f"{case.where}: {name} is {str(have)[:200]!r}, expected {str(want)[:200]!r}."
    if case.extra is not None and case.extra != got.extra:
        yield f"{case.where}: extra is {str(got.extra)[:200]}, expected {str(case.extra)[:200]}."
    for problem in got.problems:
        if problem.field not in case.expect:
            yield f"{case.where}: {problem.message}"


def _object(value: Any, file: YamlFile, where: Where, what: str, known: Sequence[str] = ()) -> dict[str, Any]:
    """Return the value when it is an object with known keys only."""
    if not isinstance(value, dict):
        raise _wrong(f"{what} must be keys with values.", file, where)
    for key in value:
        if known and key not in known:
            raise _wrong(f'{what}: "{key}" is not known. {suggest(key, known)}', file, (*where, key))
    return value


def _sequence(value: Any, file: YamlFile, where: Where) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(f"{where[-1]} must be a list.", file, where)
    return value


def _wrong(said: str, file: YamlFile, where: Where) -> ConfigError:
    key = str(where[-1]) if where else None
    return ConfigError(said, file=file.name, line=file.line(where), key=key)
