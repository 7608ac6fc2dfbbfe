"""What a plugin's module is looked through for."""

from __future__ import annotations

import types

import pytest

from hub import loader
from hub.errors import ConfigError
from hub.hookspecs import hookimpl


def a_module(**names: object) -> types.ModuleType:
    module = types.ModuleType("listener")
    vars(module).update(names)
    return module


def test_a_function_of_any_name_may_be_a_hook():
    heard: list[object] = []

    @hookimpl(specname="hub_event")
    def on_event(event: object) -> None:
        heard.append(event)

    loader.load(extra=[a_module(on_event=on_event, other=[], Kind=type("Kind", (), {}))]).manager.hook.hub_event(
        event="news"
    )
    assert heard == ["news"]


def test_a_plugin_may_be_a_class():
    class Listener:
        heard: list[object] = []  # noqa: RUF012

        @staticmethod
        @hookimpl
        def hub_event(event: object) -> None:
            Listener.heard.append(event)

    loader.load(extra=[Listener]).manager.hook.hub_event(event="news")
    assert Listener.heard == ["news"]


def test_a_hook_that_is_misspelt_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"listener: the hook hub_evnet is not known\. Known hooks: hub_event, "):
        loader.load(extra=[a_module(hub_evnet=print)])
