"""mappings/NAME.yaml: mistakes name the place and the remedy, inline tests run, and the right file is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.mapping import find, load, parse
from hub.yamlfile import loads


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("fields:\n  emial: x", 2, '"emial" is not known. Did you mean "email"?'),
        ("fields:\n  utm_sourc: x", 2, 'Did you mean "utm_source"?'),
        ("fields:\n  email:\n    form: x", 3, '"form" is not known. Did you mean "from"?'),
        ("fields:\n  email: {from: x, with: lowr}", 2, "the function 'lowr' is not known. Did you mean \"lower\"?"),
        ("fields:\n  email: {from: x, with: [lower, 5]}", 2, "the function '5' is not known"),
        ('fields:\n  email: "a[?x"', 2, "is no JMESPath"),
        ("fields:\n  email: 5", 2, "takes a path as text"),
        ("fields:\n  email: {from: 5}", 2, "a path is text, not '5'"),
        ("fields:\n  email: ''", 2, "the path is empty"),
        ("fields:\n  email: {from: x, const: y}", 2, "exactly one of from, first_of and const"),
        ("fields:\n  email: {with: lower}", 2, "exactly one of from, first_of and const"),
        ("fields:\n  email: {const: x, with: lower}", 2, "a const goes through no function"),
        ("fields:\n  email: {first_of: []}", 2, "first_of is empty"),
        ("fields:\n  email: {first_of: x}", 2, "first_of must be a list"),
        ("feilds: {}", 1, 'Did you mean "fields"?'),
        ("fields: {}", 1, "The mapping maps nothing"),
        ("[1]", 1, "must be keys with values"),
        ("", None, "must be keys with values"),
        ("usual_names: yes", 1, "usual_names is true or false"),
        ("usual_names: true\nignore: x", 2, "ignore must be a list"),
        ("usual_names: true\nignore: [x, 5]", 2, "named by keys"),
        ("usual_names: true\ntests:\n  - given: {}\n    expect: {emal: x}", 4, 'Did you mean "email"?'),
        ("usual_names: true\ntests:\n  - {given: {}}", 3, "expect must be keys with values"),
        ("usual_names: true\ntests:\n  - {given: {}, expects: {}}", 3, 'Did you mean "expect"?'),
        ("fields: {email: a}\nfields: {email: b}", 2, "stands here twice"),
    ],
)
def test_a_mistake_names_its_line_and_what_would_be_right(text: str, line: int | None, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(loads(text, "mappings/site.yaml"))
    assert said in caught.value.reason
    assert caught.value.file == "mappings/site.yaml"
    assert caught.value.line == line


def test_inline_tests_that_hold_say_nothing() -> None:
    text = """
fields: {email: {from: mail, with: lower}, consent: {from: ok, with: bool}}
tests:
  - {should: read it, given: {mail: A@B.C, ok: "是", x: 1}, expect: {email: a@b.c, consent: true}, extra: {x: 1}}
"""
    assert parse(loads(text)).check() == []


def test_inline_tests_that_fail_say_what_came_instead() -> None:
    text = """
fields: {email: mail, consent: {from: ok, with: bool}}
tests:
  - given: {mail: a, ok: maybe}
    expect: {email: b, city: c}
  - should: be exact
    given: {mail: a, ok: "1", x: 1}
    expect: {email: a, consent: 1}
    extra: {}
"""
    assert parse(loads(text, "m.yaml")).check() == [
        "m.yaml:4: test 1: city is 'None', expected 'c'.",
        "m.yaml:4: test 1: consent is 'maybe', expected 'None'.",
        "m.yaml:4: test 1: email is 'a', expected 'b'.",
        'm.yaml:4: test 1: The function "bool" cannot read the value: '
        "it is neither yes nor no. It is kept as received.",
        "m.yaml:6: test 2 (should be exact): consent is 'True', expected '1'.",
        "m.yaml:6: test 2 (should be exact): extra is {'x': 1}, expected {}.",
    ]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    return own, shipped


def write(folder: Path, name: str, path: str) -> None:
    (folder / f"{name}.yaml").write_text(f"fields: {{email: {path}}}", "utf-8")


def test_the_sources_own_mapping_comes_before_its_connectors(folders: tuple[Path, Path]) -> None:
    write(folders[0], "web_form", "a")
    write(folders[1], "site", "b")
    assert find("site", "web_form", folders).apply({"a": "1", "b": "2"}).fields == {"email": "2"}


def test_the_workspaces_mapping_comes_before_the_shipped_one(folders: tuple[Path, Path]) -> None:
    write(folders[0], "web_form", "a")
    write(folders[1], "web_form", "b")
    found = find("site", "web_form", folders)
    assert found.path == folders[0] / "web_form.yaml"
    assert found.name == "web_form"


def test_without_a_mapping_usual_names_count(folders: tuple[Path, Path]) -> None:
    assert find("site", "web_form", folders).apply({"邮箱": "a@b.c"}).fields == {"email": "a@b.c"}


def test_a_named_mapping_must_be_there(folders: tuple[Path, Path]) -> None:
    write(folders[1], "partner", "a")
    with pytest.raises(ConfigError, match=r'"partnr" is not there\. Did you mean "partner"'):
        find("site", "web_form", folders, named="partnr")
    assert find("site", "web_form", folders, named="partner").name == "partner"


@pytest.mark.parametrize("name", ["../secrets", "/etc/passwd", "a/b", "", "x\n"])
def test_a_name_cannot_leave_the_folder(folders: tuple[Path, Path], name: str) -> None:
    with pytest.raises(ConfigError, match="no plain name"):
        find("site", name, folders, named=name)


def test_a_wrong_file_is_named_by_its_path(folders: tuple[Path, Path]) -> None:
    path = folders[0] / "site.yaml"
    path.write_text("fields: {emial: x}", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:1: ")
