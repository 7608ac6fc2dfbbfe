"""What docs/security.md says of every control has a test that is there, and what it says of the project holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from hub.api.access import declared, flat
from hub.web.app import create_app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \|(.*?)\|$", PAGE, re.MULTILINE)


TRIED = {"/api/sources/{source}/test": None, "/api/sinks/{sink}/try": None}
"""What is tried, and what its caller may say beside the name: never an address."""


def test_every_control_has_one_line():
    assert sorted(int(number) for number, _, _ in ROWS) == list(range(1, 48))


@pytest.mark.parametrize(("number", "said", "shown"), ROWS, ids=[number for number, _, _ in ROWS])
def test_a_line_names_tests_that_there_are_or_says_what_is_not_built(number, said, shown):
    named = re.findall(r"`(tests/[^`]+)`", shown)
    assert [path for path in named if not (ROOT / path).is_file()] == []
    assert named or "not built" in said


def test_only_what_is_configured_is_tried_by_any_route():
    routes = [route for route in flat(create_app(None).routes) if isinstance(route, APIRoute)]
    trying = [route for route in routes if declared(route)[0].right == "send_test"]
    api = {route.path: route.body_field for route in trying if route.path.startswith("/api/")}
    assert {path: field and set(field.field_info.annotation.model_fields) for path, field in api.items()} == TRIED
    assert {declared(route)[0].role for route in trying} == {"operator"}


SOURCES = sorted(path for folder in ("hub", "connectors", "plugins") for path in (ROOT / folder).rglob("*.py"))
EXCEPTIONS = [
    (f"{path.relative_to(ROOT)}", line.strip())
    for path in SOURCES
    if "testing" not in path.parts
    for line in path.read_text("utf-8").splitlines()
    if re.search(r"noqa:[^#]*\bS\d", line)
]


@pytest.mark.parametrize(("path", "line"), EXCEPTIONS)
def test_an_exception_from_the_rules_of_security_has_a_reason(path, line):
    assert re.search(r"noqa: [A-Z0-9, ]+(\(\w.+\)| - \w.+)$", line), line


def test_the_rules_of_security_are_a_gate():
    said = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"S"' in re.search(r"^select = (.*)$", said, re.MULTILINE)[1]
    ignored = re.findall(r'"([^"]+)" = \[[^]]*"S"', said)
    assert sorted(ignored) == ["hub/testing/**", "tests/**"]
    assert "ruff check ." in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_package_is_locked_with_hashes(lock):
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text("utf-8").strip())
    assert len(entries) > 50
    assert [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_pages_name_plugins_as_full_trust():
    assert "A plugin is full trust" in PAGE
    assert "full trust" in (ROOT / "docs" / "guide" / "plugins.md").read_text("utf-8")
