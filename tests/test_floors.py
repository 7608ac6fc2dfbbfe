"""The shape of the code: floors, sizes, names, one-line docstrings, and nothing of the machine it was written on."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hub.testing.contract.shape import too_long
from tests.waivers import WAIVERS, size_waived

ROOT = Path(__file__).parents[1]
MOST_LINES = {"hub": 300, "connectors": 150, "plugins": 150}
BANNED = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
APART = {".git", ".venv", "__pycache__", "data", "dist", "build", "node_modules"}
PLACES = (
    "/wor" + r"k/(?:main|shared|\.)",
    "/roo" + "t/",
    "/hom" + "e/[a-z]+/",
    r"index-url[= ]+http",
    "pypi" + r"\.(?:org|python)",
)
MACHINE = re.compile("|".join(PLACES))

MODULES = sorted(
    path for folder in MOST_LINES for path in (ROOT / folder).rglob("*.py") if "templates" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _texts() -> list[Path]:
    inside = (path for path in ROOT.rglob("*") if not (set(path.relative_to(ROOT).parts) & APART))
    return sorted(path for path in inside if path.is_file() and ".cache" not in path.name and not _cached(path))


def _cached(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] in ("demo", ".hypothesis") or any(part.endswith("_cache") for part in parts)


def test_imports_run_down_the_floors():
    """In a process of its own: import-linter configures logging, and so switches off everybody's loggers."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout.partition("Broken contracts")[2] or said.stdout + said.stderr


def _long(path: Path) -> list[str]:
    said = too_long(path.read_text("utf-8"), MOST_LINES[path.relative_to(ROOT).parts[0]])
    named = [
        (f"{_name(path)}:{one.partition(' ')[0]}" if not one.startswith("it has") else _name(path), one) for one in said
    ]
    return [place for place, _ in named]


LONG = sorted(place for path in MODULES for place in _long(path))


def test_the_readme_of_hub_has_every_floor():
    layers = re.search(r"^layers =\n(.*?)^\S", (ROOT / ".importlinter").read_text(), re.M | re.S)
    assert layers is not None
    table = (ROOT / "hub" / "README.md").read_text("utf-8").partition("| floor |")[2].partition("\n\n")[0]
    told = [name for line in table.splitlines() for name in re.findall(r"`(\w+)/?`", line.split("|")[1])]
    assert sorted(told) == sorted(re.findall(r"\w+", layers[1]))


def test_nothing_is_longer_than_its_floor():
    wrong = [place for place in LONG if not size_waived(place)]
    assert not wrong, "\n".join(("Split these, or give the reason in tests/waivers.toml:", *wrong))


@pytest.mark.parametrize("place", WAIVERS.get("size", {}))
def test_a_waiver_of_size_is_needed(place):
    assert place in LONG


def _says_more(path: Path) -> bool:
    """Return whether a module's docstring is anything but one line; an empty module needs none."""
    text = path.read_text("utf-8")
    said = (ast.get_docstring(ast.parse(text)) or "").strip()
    return bool(text.strip()) and (not said or "\n" in said or not said.endswith((".", "`", "。")))


@pytest.mark.parametrize(
    "path", [path for path in (*MODULES, *TESTS) if _name(path) not in WAIVERS["docstring"]], ids=_name
)
def test_a_module_says_in_one_line_what_it_is_for(path):
    assert not _says_more(path)


@pytest.mark.parametrize("name", WAIVERS["docstring"])
def test_a_waiver_of_a_docstring_is_needed(name):
    assert _says_more(ROOT / name)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_nothing_has_a_name_that_says_nothing(path):
    tree = ast.parse(path.read_text("utf-8"))
    made = [node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert [name for name in (*path.relative_to(ROOT).parts[:-1], path.stem, *made) if name in BANNED] == []
    assert [name for name in classes if name.endswith(("Manager", "Helper", "Utils", "Base"))] == []


def test_nothing_tells_of_the_machine_it_was_written_on():
    told = []
    for path in _texts():
        text = path.read_bytes().decode("utf-8", "replace")
        told += [f"{_name(path)}: {found[0]}" for found in MACHINE.finditer(text)]
    assert told == []
