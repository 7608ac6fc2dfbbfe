"""The form made of a connector's settings, for every connector there is."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError

from hub import loader
from hub.registry import Registry
from hub.web.configform import inputs, mistakes, typed
from hub.web.site import environment

CANARY = "canary-of-a-secret-5f2c"


@cache
def registry() -> Registry:
    return loader.load(Path("/nonexistent"), ()).registry


def configs() -> list[Any]:
    every = sorted(registry().all("connector").items())
    return [pytest.param(cls.Config, id=name) for name, cls in every]


def as_it_opens(model: type[BaseModel]) -> dict[str, str]:
    return {one.name: one.default for one in inputs(model)}


@pytest.mark.parametrize("model", configs())
def test_a_form_left_as_it_opens_says_nothing(model):
    found = typed(inputs(model), as_it_opens(model))
    assert (found.settings, found.secrets, found.wrong) == ({}, {}, {})


@pytest.mark.parametrize("model", configs())
def test_every_setting_has_one_input_with_words_about_it(model):
    names = {one.path[0] for one in inputs(model)}
    assert names == {field.alias or name for name, field in model.model_fields.items()}
    assert all(one.hint for one in inputs(model))


@pytest.mark.parametrize("model", configs())
def test_what_must_be_given_and_what_is_secret_is_marked(model):
    by_path = {one.path: one for one in inputs(model)}
    for name, field in model.model_fields.items():
        one = by_path[(field.alias or name,)]
        assert one.required == field.is_required(), name
        secret = "SecretStr" in str(field.annotation)
        assert (one.kind in ("secret", "secret_pairs")) == secret, name


@pytest.mark.parametrize("model", configs())
def test_defaults_written_out_are_read_as_the_same_settings(model):
    """Whoever types a default in by hand gets what the default is."""
    form = as_it_opens(model)
    open_ones = [one for one in inputs(model) if not one.required and one.kind not in ("secret", "secret_pairs")]
    blank = {one.name: "" for one in open_ones}
    for one in open_ones:
        found = typed(inputs(model), {**form, one.name: f" {one.default} "})
        assert found.settings == {}, one.path
    assert typed(inputs(model), {**form, **blank}).wrong == {}


@pytest.mark.parametrize("model", configs())
def test_each_mistake_stands_at_an_input(model):
    given = {one.path[0]: {"wrong": ["shape"]} for one in inputs(model)}
    with pytest.raises(ValidationError) as raised:
        model.model_validate({**given, "nobody_knows": 1})
    found = mistakes(raised.value, model)
    assert set(found) <= {"", *(one.name for one in inputs(model))}
    assert found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("model", configs())
def test_the_form_is_shown_and_tells_no_secret(model, language):
    shown = environment(language, "UTC").get_template("connectors/inputs.html")
    values = {one.name: CANARY for one in inputs(model) if one.kind in ("secret", "secret_pairs")}
    html = shown.render(inputs=[one.plain() for one in inputs(model)], values=values, errors={})
    assert CANARY not in html
    assert all(f'name="{one.name}"' in html for one in inputs(model))


class Below(BaseModel):
    model_config = {"extra": "forbid"}
    size: int = Field(3, description="Size.")
    word: str = Field(description="Word.")


class Sample(BaseModel):
    model_config = {"extra": "forbid"}
    key: SecretStr = Field(description="Key.")
    on: bool = Field(True, description="On.")
    maybe: bool | None = Field(None, description="Maybe.")
    way: Literal["a", "b"] = Field("a", description="Way.")
    many: tuple[str, ...] = Field(("x", "y"), description="Many.")
    pairs: dict[str, str] = Field({}, description="Pairs.")
    headers: dict[str, SecretStr] = Field({}, description="Headers.")
    below: Below = Field(description="Below.")
    odd: str | int | None = Field(None, description="Odd.")
    share: float = Field(0.5, description="Share.")


def test_what_is_typed_becomes_settings_in_their_own_types():
    form = {
        **as_it_opens(Sample), "set.key": " s3cret ", "set.on": "", "set.maybe": "false", "set.way": "b",
        "set.many": "one\r\n\r\ntwo ", "set.pairs": "a: 1\nb: x: y", "set.headers": "X-Key: hush", "set.below.size": "7",
        "set.below.word": "hi", "set.odd": "12", "set.share": "0.25",
    }  # fmt: skip
    found = typed(inputs(Sample), form)
    assert found.settings == {
        "on": False, "maybe": False, "way": "b", "many": ["one", "two"], "pairs": {"a": "1", "b": "x: y"},
        "below": {"size": 7, "word": "hi"}, "odd": 12, "share": 0.25,
    }  # fmt: skip
    assert found.secrets == {("key",): "s3cret", ("headers", "X-Key"): "hush"}
    assert found.wrong == {}


@pytest.mark.parametrize(
    ("name", "text", "said"), [("set.pairs", "no colon", "name: value"), ("set.odd", "{a: [", "YAML")]
)
def test_what_cannot_be_read_is_said_at_its_input(name, text, said):
    found = typed(inputs(Sample), {**as_it_opens(Sample), name: text})
    assert said in found.wrong[name]


def test_a_list_emptied_by_hand_is_empty():
    assert typed(inputs(Sample), {**as_it_opens(Sample), "set.many": ""}).settings == {"many": []}


def test_what_is_no_number_is_left_for_the_model_to_refuse():
    found = typed(inputs(Sample), {**as_it_opens(Sample), "set.share": "much", "set.below.word": "hi"})
    with pytest.raises(ValidationError) as raised:
        Sample.model_validate({**found.settings, "key": "x"})
    assert set(mistakes(raised.value, Sample)) == {"set.share"}
