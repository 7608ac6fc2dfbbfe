"""The rows, a module per letter of the matrix; a new module is found by being here."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every letter."""
    for found in sorted(iter_modules(__path__), key=lambda module: module.name):
        import_module(f"{__name__}.{found.name}")
