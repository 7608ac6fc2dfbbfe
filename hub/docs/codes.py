"""Finds every problem code in the code itself, with what is said there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

Code = tuple[str, str, str]

_APART = frozenset(("testing", "demo", "templates", "docs"))


def codes_in(root: Path) -> set[Code]:
    """Return (code, file, message) for each Problem that is made with a code of its own."""
    paths = [path for folder in ("hub", "connectors") for path in sorted((root / folder).rglob("*.py"))]
    return {found for path in paths if not _APART & set(path.parts) for found in _codes_of(path, root)}


def _codes_of(path: Path, root: Path) -> Iterator[Code]:
    tree = ast.parse(path.read_text("utf-8"))
    inside: dict[ast.AST, Mapping[str, str]] = {}
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inside.update(dict.fromkeys(ast.walk(function), _texts(function)))
    module = _texts(tree)
    for node in ast.walk(tree):
        made = _problem(node, {**module, **inside.get(node, {})})
        if made:
            yield made[0], path.relative_to(root).as_posix(), made[1]


def _texts(node: ast.AST) -> dict[str, str]:
    """Return the texts that names stand for in a function or module."""
    texts: dict[str, str] = {}
    for below in ast.walk(node):
        if isinstance(below, ast.Assign) and isinstance(below.targets[0], ast.Name):
            text = _words(below.value, {})
            if text:
                texts.setdefault(below.targets[0].id, text)
    return texts


def _problem(node: ast.AST, texts: Mapping[str, str]) -> tuple[str, str] | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"):
        return None
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    named, message = given.get("code"), given.get("message")
    if not isinstance(named, ast.Constant):
        return None
    return str(named.value), _words(message, texts) if message is not None else ""


def _words(node: ast.expr, texts: Mapping[str, str]) -> str:
    """Return a message as it is written, with … where a value stands."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.Name):
        return texts.get(node.id, "")
    return ""
