"""What the kit looks at: a file, what it registers, its cases, and connectors built from them."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import traceback
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import SecretStr, ValidationError

from hub.connector import Connector
from hub.errors import ConfigError, LeadhubError
from hub.paths import shipped
from hub.testing.cases import CaseFile, load
from hub.testing.fakes import HandClock
from hub.testing.stillness import stillness


class Failed(AssertionError):
    """A check does not hold; the text says what happened and what would be right."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold for one connector, step or file; `run` raises Failed when it does not."""

    of: str
    name: str
    run: Callable[[], None]
    advice: bool = False  # a drop-in may do without

    @property
    def words(self) -> str:
        """Return the name as people read it."""
        return self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Plug:
    """A Python file that registers things; `broken` says why it could not be loaded."""

    path: Path
    text: str
    module: ModuleType | None
    things: tuple[Any, ...]
    broken: str | None = None
    tried: tuple[str, ...] = ()  # what importing it did that it may not

    @property
    def shipped(self) -> bool:
        """Return whether leadhub ships it, so that all of the kit holds for it."""
        return shipped("connectors") in self.path.parents

    @property
    def name(self) -> str:
        """Return the file's stem."""
        return self.path.stem

    def cases_path(self, name: str) -> Path:
        """Return where the cases of a thing in this file stand."""
        return self.path.with_name(f"{name}.cases.yaml")

    @property
    def mapping_folders(self) -> tuple[Path, ...]:
        """Return the folders its mapping may stand in."""
        own = () if self.shipped else (self.path.resolve().parent.parent / "mappings",)
        return (*own, shipped("mappings"))


def load_plug(path: Path) -> Plug:
    """Load a file afresh, apart from what the process has loaded already; never raises."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Plug(path, "", None, (), f"{path} cannot be read: {error}.")
    name = f"leadhub_kit.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        return Plug(path, text, None, (), f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    tried: list[str] = []
    try:
        with stillness() as tried:
            spec.loader.exec_module(module)
        register = getattr(module, "hub_register", None)
        things = tuple(register() or ()) if register else ()
    except (Exception, SystemExit) as error:
        return Plug(path, text, None, (), _where(path, error), tuple(tried))
    return Plug(path, text, module, things, None, tuple(tried))


def _where(path: Path, error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)
    at = f"{path}:{line or getattr(error, 'lineno', None) or 1}"
    return f"{at}: {type(error).__name__}: {error}"


@dataclass(frozen=True, slots=True)
class Subject:
    """One connector under test."""

    plug: Plug
    cls: type[Connector]
    cases: CaseFile = field(default_factory=CaseFile)
    no_cases: str | None = None  # why there are none

    @property
    def name(self) -> str:
        """Return the connector's name."""
        return self.cls.name or self.cls.__name__

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings to build it with: those of its cases, else made up."""
        return {**_made_up(self.cls), **self.cases.config}

    def make(self, settings: Mapping[str, Any] | None = None, clock: HandClock | None = None) -> Any:
        """Build the connector; raises Failed when the settings are wrong."""
        data = dict(self.settings if settings is None else settings)
        try:
            config = self.cls.Config.model_validate(data)
            made = self.cls("kit", config, clock or HandClock(self.cases.now))
            made.networks = ("127.0.0.0/8",)  # nothing is sent further than this machine
            return made
        except (ValidationError, LeadhubError) as error:
            first = error.errors(include_url=False)[0] if isinstance(error, ValidationError) else None
            said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
            raise Failed(
                f"It cannot be built: {said}. Give `config` in {self.name}.cases.yaml what it needs."
            ) from error


def subject_of(plug: Plug, cls: type[Connector]) -> Subject:
    """Return a connector with its cases; broken cases are told by a check, not here."""
    path = plug.cases_path(cls.name)
    if not path.is_file():
        return Subject(plug, cls, no_cases=f"{path.name} is missing. Write it beside {plug.path.name}.")
    try:
        return Subject(plug, cls, load(path))
    except ConfigError as error:
        return Subject(plug, cls, no_cases=str(error))


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Work in an empty folder, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="leadhub-kit-") as name, chdir(name):
        yield Path(name)


def _made_up(cls: type[Connector]) -> dict[str, Any]:
    """Return a value for each setting that must be given, by its type."""
    needed = {f.alias or n: f.annotation for n, f in cls.Config.model_fields.items() if f.is_required()}
    return {name: _sample(kind) for name, kind in needed.items()}


def _sample(kind: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (list, tuple, set):
        return [_sample(typing.get_args(kind)[0])] if typing.get_args(kind) else []
    if origin is dict or kind is dict:
        return {}
    if kind is SecretStr or kind is str:
        return "kit-sample"
    return {int: 1, float: 1.0, bool: False}.get(kind, "kit-sample")
