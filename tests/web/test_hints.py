"""What connectors say of themselves and of their settings is there in Chinese, and nothing is left over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from pydantic import Field, SecretStr

from hub import loader
from hub.abilities import purpose
from hub.app import adding
from hub.connector import Connector
from hub.registry import Registry
from hub.settings import SinkSettings, SourceSettings
from hub.web import tongue
from hub.web.configform import Input, inputs
from hub.web.hints import LABELS, TITLES, Hints
from hub.web.tongue import Tongue
from tests.web.wordfiles import entries

ZH = Tongue("zh", ZoneInfo("UTC"))
QUOTED = re.compile(r"`[^`]+`")

Key = tuple[str, str]
"""A context, which may be empty, and an English text in it."""


@cache
def registry() -> Registry:
    return loader.load(Path("/nonexistent"), ()).registry


def of_settings(settings: Iterable[Input]) -> Iterator[Key]:
    for one in settings:
        yield "", one.hint
        yield LABELS, one.words
        yield from ((f"option {one.words}", option) for option in one.options if one.kind == "select")


def of(cls: type[Connector]) -> set[Key]:
    """Return every text that pages show of a connector, but for those it brings in Chinese by itself."""
    own = cls.translations.get("zh", {})
    facts = (purpose(cls), *cls.confirmed, *cls.unconfirmed)
    found = {(TITLES, cls.title), *(("", fact) for fact in facts), *of_settings(inputs(cls.Config))}
    return {(context, text) for context, text in found if text and {text, f"{context[7:]}={text}"}.isdisjoint(own)}


def of_all() -> set[Key]:
    """Return every text that pages show of connectors, and of the settings that each source or sink has."""
    both = ((SourceSettings, "source"), (SinkSettings, "sink"))
    common = [one for model, kind in both for one in inputs(model) if one.path[0] in adding.OPEN[kind]]
    return set(of_settings(common)).union(*map(of, registry().all("connector").values()))


def translated(pattern: str) -> list[tuple[str, Key, str]]:
    found = entries(sorted(tongue.WORDS.glob(pattern)))
    return [(file, (one.context or "", str(one.id)), str(one.string)) for file, one in found]


SAID = translated("hints.*.zh.po")
KNOWN = {key for _, key, _ in SAID}


def test_every_description_fact_title_label_and_option_is_translated():
    assert sorted(of_all() - KNOWN) == []


def test_no_translation_is_left_over():
    assert sorted(KNOWN - of_all()) == []


def test_no_text_is_translated_twice_in_any_file():
    times = Counter(key for _, key, _ in translated("*.zh.po"))
    ours = {key for key, number in times.items() if number > 1 and key in KNOWN}
    assert ours == set()


def test_every_translation_says_something():
    assert [key for _, key, said in SAID if not said.strip()] == []


def test_a_translation_names_the_settings_and_commands_that_the_text_names():
    wanted = [(key, set(QUOTED.findall(key[1])), set(QUOTED.findall(said))) for _, key, said in SAID]
    assert [key for key, english, chinese in wanted if len(english) != len(chinese)] == []


@pytest.mark.parametrize("name", sorted(registry().all("connector")))
def test_in_one_form_every_label_names_one_setting(name):
    labels = Counter(Hints(ZH, {}).label(one.words) for one in inputs(registry().all("connector")[name].Config))
    assert [label for label, number in labels.items() if number > 1] == []


def test_in_english_a_setting_is_called_by_its_name():
    english = Hints(Tongue("en", ZoneInfo("UTC")), {})
    assert english.named("api_key") == {"label": "API key", "also": ""}
    assert english.named("headers.X-Key") == {"label": "Headers X-Key", "also": ""}


def test_in_chinese_its_name_in_hub_yaml_stands_beside_it():
    chinese = Hints(ZH, {})
    assert chinese.named("api_key") == {"label": "API 密钥", "also": "api_key"}
    assert chinese.named("headers.X-Key") == {"label": "附加请求头: X-Key", "also": "headers.X-Key"}


class Shop(registry().all("connector")["json_webhook"]):
    """A connector of somebody else, with words of its own."""

    name = "shop"
    title = "Shop"
    translations: ClassVar = {
        "zh": {"Shop": "小店", "shop_id": "店铺编号", "Key of the shop.": "店铺的密钥。", "auth=key": "店铺密钥（key）"}
    }

    class Config(registry().all("connector")["json_webhook"].Config):
        shop_id: str = Field(description="Key of the shop.")
        other: SecretStr = Field(description="Something else.")


def test_a_plugin_brings_words_of_its_own_and_what_it_does_not_say_stays_english():
    hints = Hints(ZH, Shop.translations["zh"])
    by_name = {one.words: hints.input(one) for one in inputs(Shop.Config)}
    assert hints.about(Shop)["title"] == "小店"
    assert (by_name["shop_id"]["label"], by_name["shop_id"]["hint"]) == ("店铺编号", "店铺的密钥。")
    assert (by_name["other"]["label"], by_name["other"]["hint"]) == ("Other", "Something else.")
    assert by_name["auth"]["label"] == "验证方式"
    assert by_name["auth"]["choices"][1:3] == [["key", "店铺密钥（key）"], ["token", "地址中的令牌（token）"]]


def test_what_a_plugin_brings_need_not_be_in_the_catalogues():
    assert of(Shop) - KNOWN == {("", "Something else."), (LABELS, "other")}


@pytest.mark.parametrize("text", ["", "nobody ever translated this"])
def test_what_is_not_translated_is_shown_as_it_is(text):
    assert (ZH.within(TITLES, text), Hints(ZH, {}).said(text)) == (text, text)
