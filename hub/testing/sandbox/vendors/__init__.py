"""The vendors of the sandbox; every module of this folder is asked for its own."""

from __future__ import annotations

import importlib
import pkgutil

from hub.testing.sandbox.vendor import Vendor


def vendors() -> list[type[Vendor]]:
    """Return the vendors by name."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    classes = [thing for module in modules for thing in vars(module).values() if _is_own(thing, module.__name__)]
    return sorted(classes, key=lambda cls: cls.name)


def _is_own(thing: object, module: str) -> bool:
    return isinstance(thing, type) and issubclass(thing, Vendor) and bool(thing.name) and thing.__module__ == module
