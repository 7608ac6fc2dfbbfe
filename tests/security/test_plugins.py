"""Plugins are full trust, so nobody but the operator may put one there: owners, modes, pins."""

from __future__ import annotations

import json
import os
import py_compile
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub import dropins, loader
from hub.alarms.kinds import Alarm
from hub.alarms.words import sentence
from hub.app import Hub
from hub.cli.check import of_workspace
from hub.errors import ConfigError
from hub.settings.files import plugin_settings
from hub.settings.plugins import PluginSettings
from hub.testing.fakes import START
from tests.api.calling import calling
from tests.conftest import BASIC, MakeHub, reloaded
from tests.core.looking import all_rows

SOURCE = '''"""Acme: a mapping function."""

from hub import hookimpl, mapping_function


@mapping_function("shout")
def shout(value):
    """Write it large."""
    return str(value).upper()


@hookimpl
def hub_register():
    yield shout
'''


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Return a plugin as a person would write it."""
    path = tmp_path / "plugins" / "acme.py"
    path.parent.mkdir(mode=0o755)
    path.write_text(SOURCE, "utf-8")
    path.chmod(0o644)
    return path


def loaded(plugin: Path, **rules: object) -> loader.Plugins:
    return loader.load(plugin.parent, rules=PluginSettings.model_validate(rules))


def works(plugins: loader.Plugins) -> bool:
    return "shout" in plugins.registry.all("mapping_function")


def test_without_a_word_in_the_settings_a_new_file_just_works(plugin):
    plugins = loaded(plugin)
    assert works(plugins)
    assert plugins.hashes == {"acme.py": dropins.digest(plugin.read_bytes())}


@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_everybody_may_write_is_left_out_with_the_command_that_mends_it(plugin, which):
    path = {"file": plugin, "folder": plugin.parent}[which]
    path.chmod(path.stat().st_mode | 0o002)
    plugins = loaded(plugin)
    (broken,) = plugins.broken
    assert not works(plugins)
    assert broken.refused
    command = broken.reason.partition("Run: ")[2]
    assert command == f"chmod o-w {path}"
    assert os.system(command) == 0
    assert works(loaded(plugin))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("which", ["file", "folder"])
def test_what_belongs_to_another_user_is_left_out(plugin, which):
    path = {"file": plugin, "folder": plugin.parent}[which]
    os.chown(path, 4321, -1)
    plugins = loaded(plugin)
    assert not works(plugins)
    assert "belongs to another user (uid 4321)" in plugins.broken[0].reason
    assert works(loaded(plugin, any_owner=True))


def test_what_lies_on_a_read_only_file_system_nobody_may_write(plugin, monkeypatch):
    plugin.parent.chmod(0o777)
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))
    assert works(loaded(plugin))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_whoever_owns_the_workspace_may_own_its_plugins(plugin):
    for path in (plugin.parent.parent, plugin.parent, plugin):
        os.chown(path, 4321, -1)
    assert works(loaded(plugin))


def test_a_pinned_file_that_holds_what_it_should_is_loaded(plugin):
    assert works(loaded(plugin, pinned={"acme.py": dropins.digest(plugin.read_bytes())}, only_pinned=True))


def test_a_pinned_file_that_changed_is_left_out_and_says_the_new_hash(plugin):
    pin = dropins.digest(plugin.read_bytes())
    plugin.write_text(SOURCE + "\n# changed\n", "utf-8")
    plugins = loaded(plugin, pinned={"acme.py": pin})
    assert not works(plugins)
    assert "not what hub.yaml pins" in plugins.broken[0].reason
    assert f"acme.py: {dropins.digest(plugin.read_bytes())}" in plugins.broken[0].reason


def test_a_pin_of_one_file_lets_others_be(plugin):
    other = plugin.with_name("other.py")
    other.write_text('"""Nothing."""\n', "utf-8")
    assert works(loaded(plugin, pinned={"other.py": dropins.digest(other.read_bytes())}))


def test_a_file_nobody_pinned_is_left_out_where_only_pinned_ones_count(plugin):
    plugins = loaded(plugin, only_pinned=True)
    assert not works(plugins)
    assert "only_pinned" in plugins.broken[0].reason


def test_a_refused_file_is_not_run_at_all(plugin, tmp_path):
    plugin.write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n", "utf-8")
    loaded(plugin, only_pinned=True)
    assert not (tmp_path / "ran").exists()
    loaded(plugin)
    assert (tmp_path / "ran").exists()


def test_what_runs_is_what_was_hashed_and_no_compiled_copy_beside_it(plugin, tmp_path):
    good, times = plugin.read_bytes(), plugin.stat()
    evil = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n".encode()
    plugin.write_bytes(evil + b"#" * (len(good) - len(evil)))
    os.utime(plugin, ns=(times.st_atime_ns, times.st_mtime_ns))
    py_compile.compile(str(plugin))
    plugin.write_bytes(good)
    os.utime(plugin, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert works(loaded(plugin, pinned={"acme.py": dropins.digest(good)}))
    assert not (tmp_path / "ran").exists()


def test_a_file_that_cannot_be_read_is_told_and_the_rest_goes_on(plugin):
    plugin.with_name("gone.py").symlink_to("nowhere.py")
    plugins = loaded(plugin)
    assert works(plugins)
    assert [(one.name, one.refused) for one in plugins.broken] == [("gone", False)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plugins: {pinned: {acme.py: abc}}", "acme.py"),
        ("plugins: {pined: {}}", "pinned"),
        ("plugins: [acme.py]", "plugins"),
        ("plugins: {only_pinned: perhaps}", "only_pinned"),
    ],
)
def test_a_slip_in_the_pins_is_an_error_and_not_no_pin(tmp_path, text, words):
    (tmp_path / "hub.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        plugin_settings(tmp_path / "hub.yaml")


def config(pin: str) -> str:
    return f"{BASIC}plugins: {{pinned: {{acme.py: {pin}}}}}\n"


async def listed(hub: Hub) -> list[tuple[str, bool, str]]:
    async with calling(hub) as http:
        return [
            (one["sha256"], one["pinned"], one["state"]) for one in (await http.get("/api/plugins")).json()["items"]
        ]


async def test_a_change_behind_the_operators_back_disables_the_plugin_and_raises_one_alarm(make_hub: MakeHub, plugin):
    pin = dropins.digest(plugin.read_bytes())
    hub = await make_hub(config(pin))
    assert await listed(hub) == [(pin, True, "loaded")]
    assert works(hub.plugins)
    plugin.write_text(SOURCE + "\n# changed\n", "utf-8")
    await reloaded(hub)
    changed = dropins.digest(plugin.read_bytes())
    assert await listed(hub) == [(changed, True, "refused")]
    assert not works(hub.plugins)
    await hub.alarms.desk.round()
    await hub.alarms.desk.round()
    (row,) = await all_rows(hub, "alarm")
    assert (row["name"], row["kind"], row["state"]) == ("plugin:acme", "plugin.refused", "open")
    data = row["data"] if isinstance(row["data"], dict) else json.loads(row["data"])
    alarm = Alarm(1, row["name"], row["kind"], None, None, "open", 0, data, START, None, None, None, {})
    assert sentence(alarm, START).startswith("The plugin acme is left out: It is not what hub.yaml pins.")
    assert "插件 acme 未加载" in sentence(alarm, START, "zh")
    plugin.write_text(SOURCE, "utf-8")
    await reloaded(hub)
    assert works(hub.plugins)
    await hub.alarms.desk.round()
    assert [one["state"] for one in await all_rows(hub, "alarm")] == ["closed"]


async def test_a_plugin_in_use_goes_on_as_it_was_pinned_and_the_change_raises_an_alarm(make_hub: MakeHub, plugin):
    mapping = plugin.parent.parent / "mappings" / "website.yaml"
    mapping.parent.mkdir()
    mapping.write_text("fields: {email: email, company: {from: company, with: shout}}\n")
    hub = await make_hub(config(dropins.digest(plugin.read_bytes())))
    plugin.write_text(SOURCE.replace("upper", "lower"), "utf-8")
    await reloaded(hub)
    assert hub.plugins.registry.all("mapping_function")["shout"].run("a") == "A"
    assert hub.publisher.refused is not None
    await hub.alarms.desk.round()
    assert [one["name"] for one in await all_rows(hub, "alarm")] == ["plugin:acme"]


def test_check_shows_every_hash_and_what_is_pinned(plugin):
    digest = dropins.digest(plugin.read_bytes())
    path = plugin.parent.parent / "hub.yaml"
    path.write_text("hub: {name: x}\n")
    assert ("ok", "plugin acme.py", f"sha256 {digest}") in [(f.level, f.what, f.said) for f in of_workspace(path)]
    path.write_text(f"plugins: {{pinned: {{acme.py: {digest}, gone.py: {digest}}}}}\n")
    said = {f.what: (f.level, f.said) for f in of_workspace(path)}
    assert said["plugin acme.py"] == ("ok", f"sha256 {digest}, as pinned")
    assert said["plugin gone.py"][0] == "error"
    path.write_text(f"plugins: {{pinned: {{acme.py: {'0' * 64}}}}}\n")
    assert {f.what: f.level for f in of_workspace(path)}["plugin acme"] == "error"
