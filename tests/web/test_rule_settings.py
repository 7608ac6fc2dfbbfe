"""Every setting of the rules has a form: a new one without, or with another default than its form says, fails here."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from hub import draft as edits
from hub import yamlfile
from hub.draft.guard import RULES
from hub.settings import CalendarSettings, FlowSettings, RouteSettings, Settings, TeamSettings
from hub.settings.campaigns import CampaignSettings
from hub.settings.people import PoolSettings, ReviewSettings
from hub.settings.shapes import Duration
from hub.step import Options
from hub.steps.dedupe import DedupeOptions
from hub.steps.enrich import EnrichOptions
from hub.steps.normalize import NormalizeOptions
from hub.steps.score import ScoreOptions
from hub.steps.validate import ValidateOptions
from hub.web.editor.faults import placed
from hub.web.editor.forms import Fields, Input, Inset, Pieces, Rows, page_of, taken_form
from hub.web.editor.kinds import SEVERAL, read
from hub.web.editor.parts import CALENDARS, CAMPAIGNS, POOLS, REVIEW, TEAMS
from hub.web.editor.steps import SCORE, form_of
from hub.web.rooms import rules_flow, rules_route, rules_score
from hub.web.tongue import Tongue

ENGLISH = Tongue("en", ZoneInfo("UTC"))
SCORE_RULES = Rows("rules", "", "points", rules_score.RULE)
FORMS: Mapping[str, tuple[type[BaseModel], Pieces]] = {
    "teams": (TeamSettings, TEAMS.pieces), "pools": (PoolSettings, POOLS.pieces),
    "calendars": (CalendarSettings, CALENDARS.pieces), "review": (ReviewSettings, REVIEW.pieces),
    "campaigns": (CampaignSettings, CAMPAIGNS.pieces), "flow": (FlowSettings, rules_flow.FORM),
    "route": (RouteSettings, rules_route.FORM), "score": (ScoreOptions, (*SCORE, SCORE_RULES)),
    "normalize": (NormalizeOptions, form_of("normalize", NormalizeOptions, ENGLISH)[0]),
    "validate": (ValidateOptions, form_of("validate", ValidateOptions, ENGLISH)[0]),
    "dedupe": (DedupeOptions, form_of("dedupe", DedupeOptions, ENGLISH)[0]),
    "enrich": (EnrichOptions, form_of("enrich", EnrichOptions, ENGLISH)[0]),
}  # fmt: skip
OTHERWISE = {
    "flow routes": "each has a form of its own; cards move, and go",
    "flow steps": "a list with buttons; each step's settings have a form",
    "route when": "the builder of conditions",
    "route respond_within": "an input for each grade",
    "score rules[].when": "the builder of conditions",
    "score bands": "two inputs for each grade",
}
"""Settings that no piece of a form has, and what they are changed with."""
NOT_RULES = {
    "hub": "the ground: some of it only on the machine, the rest by an owner",
    "sources": "the room Sources", "sinks": "the room Sinks",
    "retention": "what the law asks for; an owner writes it", "privacy": "what the law asks for; an owner writes it",
    "plugins": "which code runs is said on the machine",
}  # fmt: skip


def bare(annotation: Any) -> Any:
    """Return a type without what is noted of it, None, and the list or mapping around it."""
    args = typing.get_args(annotation)
    if typing.get_origin(annotation) is Annotated:
        return bare(args[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next((found for found in map(bare, args) if model_of(found)), args[0])
    return bare(args[-1] if args[-1] is not ... else args[0]) if args and args[0] is not annotation else annotation


def model_of(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def several(annotation: Any) -> bool:
    return "tuple[" in str(annotation) or "Mapping[" in str(annotation)


def leaves(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner, path = bare(field.annotation), field.alias or name
        if model_of(inner):
            yield from (f"{path}{'[]' if several(field.annotation) else ''}.{leaf}" for leaf in leaves(inner))
        else:
            yield path


def reached(pieces: Pieces) -> Iterator[str]:
    for one in pieces:
        prefix = "" if isinstance(one, Fields) else f"{one.path}." if isinstance(one, Inset) else f"{one.path}[]."
        yield from (f"{prefix}{put.path}" for put in one.inputs)


def under(leaf: str, path: str) -> bool:
    """Return whether a setting is the one an input has, or a part of it (`caps` has `caps[].most`), or has it as one."""
    return leaf == path or (leaf.startswith(path) and leaf[len(path)] in ".[") or path.startswith(f"{leaf}.")


@pytest.mark.parametrize("name", FORMS)
def test_every_setting_of_the_rules_has_an_input(name):
    model, pieces = FORMS[name]
    found = list(reached(pieces))
    without = [leaf for leaf in leaves(model) if not any(under(leaf, path) for path in found)]
    wanted = [place.split(" ")[1] for place in OTHERWISE if place.split(" ")[0] == name]
    assert sorted({leaf.split("[]")[0] if leaf.split("[]")[0] in wanted else leaf for leaf in without}) == sorted(
        wanted
    )


def test_every_section_belongs_to_the_rules_or_says_where_else_it_is_changed():
    with_forms = {"teams", "pools", "calendars", "review", "campaigns", "flows", "lost_reasons"}
    assert with_forms == RULES
    assert set(Settings.model_fields) == RULES | set(NOT_RULES)


def default_at(model: type[BaseModel], path: str) -> tuple[Any, Any]:
    """Return the field at a path, and what counts where it is not written."""
    first, _, rest = path.partition(".")
    field = next(f for name, f in model.model_fields.items() if first in (name, f.alias))
    if rest and model_of(bare(field.annotation)):
        return default_at(bare(field.annotation), rest)
    return field, field.get_default(call_default_factory=True, validated_data={})


def inputs_of(model: type[BaseModel], pieces: Pieces) -> Iterator[tuple[type[BaseModel], Input]]:
    for one in pieces:
        held = model if isinstance(one, Fields) else bare(default_at(model, one.path)[0].annotation)
        keyed = one.key if isinstance(one, Rows) and one.keyed else None
        yield from ((held, put) for put in one.inputs if put.path != keyed)


DEFAULTS = [(held, put) for model, pieces in FORMS.values() for held, put in inputs_of(model, pieces)]


@pytest.mark.parametrize(("model", "put"), DEFAULTS, ids=lambda one: getattr(one, "path", one.__class__.__name__))
def test_a_form_shows_what_counts_where_nothing_is_written(model, put):
    field, default = default_at(model, put.path)
    noted = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    meant = None if put.default is None else TypeAdapter(noted).validate_python(put.default)
    nothing = (None, (), {}, [])
    policy = put.path.startswith("policy.")  # a mapping from code to what happens; nothing is written for any
    assert policy or field.is_required() or meant == default or (meant in nothing and default in nothing)
    assert put.preset is None or field.is_required()


WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x85\u2028\u2029", exclude_categories=["Cc", "Cs"]),
    max_size=12,
)
NAMES = st.lists(st.sampled_from(["crm", "chat", "archive", "lost"]), max_size=3, unique=True)
VALUES = {
    "check": st.booleans(), "many": NAMES, "ordered": NAMES, "list": st.lists(WORDS, max_size=3),
    "lines": st.lists(WORDS, max_size=3), "days": st.lists(WORDS, max_size=3), "numbers": st.lists(st.integers(), max_size=3),
    "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "pairs": st.dictionaries(WORDS, st.lists(WORDS, max_size=2), max_size=2),
    "amounts": st.dictionaries(WORDS, st.integers() | WORDS, max_size=2),
    "choice": st.sampled_from([{"team": "north"}, {"pool": "sea"}]),
    "caps": st.lists(st.fixed_dictionaries({"most": st.integers(1), "within": WORDS}), max_size=2),
    "parts": st.lists(st.fixed_dictionaries({"name": WORDS}, optional={"values": st.lists(WORDS)}), max_size=2),
    "select": st.sampled_from(["a", "b c", "90d"]), "anyof": st.lists(WORDS | st.lists(WORDS), max_size=3),
}  # fmt: skip


def of_inputs(inputs: tuple[Input, ...]) -> st.SearchStrategy[dict[str, Any]]:
    flat = {put.path: VALUES.get(put.kind, WORDS | st.integers()) for put in inputs if "." not in put.path}
    needed = {put.path: flat.pop(put.path) for put in inputs if put.preset is not None}  # a form would put it right
    return st.fixed_dictionaries(needed, optional=flat)


def values_of(pieces: Pieces) -> st.SearchStrategy[dict[str, Any]]:
    """Return settings as a file may have them, right or wrong."""
    parts = []
    for one in pieces:
        each = of_inputs(one.inputs)
        if isinstance(one, Rows) and "." not in one.path:
            keyed = st.dictionaries(WORDS.filter(str.strip), each, max_size=3)
            many = keyed if one.keyed else st.lists(each.filter(bool), max_size=3)
            each = st.fixed_dictionaries({}, optional={one.path: many})
        elif isinstance(one, Inset):
            each = st.fixed_dictionaries(
                {}, optional={one.path: st.just(True) | each if one.switch else each.filter(bool)}
            )
        parts.append(each)
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


def sent(page: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return what a browser sends of a form that nobody touched."""
    form: dict[str, list[str]] = {}
    for one in page:
        rows = one["rows"] if one["kind"] == "rows" else [one]
        for row in rows:
            form.update({f"{one['path']}.{row['number']}.was": [str(row["was"])]} if "was" in row else {})
            form.update({f["name"]: values for f in row["fields"] if (values := given_by(f)) is not None})
        if one.get("switch") and one["there"]:
            form[f"{one['path']}.on"] = ["yes"]
    return form


def given_by(field: dict[str, Any]) -> list[str] | None:
    if field["kind"] == "check":
        return ["yes"] if field["value"] else None
    return ["", *field["value"]] if field["kind"] in SEVERAL else [field["value"]]


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(name, data):
    pieces = FORMS[name][1]
    old = data.draw(values_of(pieces))
    assert taken_form(pieces, sent(page_of(pieces, old, {})), old) == old


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_typed_is_written_read_and_shown_again(name, data):
    pieces = FORMS[name][1]
    wanted = data.draw(values_of(pieces))
    typed = {key: values for key, values in sent(page_of(pieces, wanted, {})).items() if not key.endswith(".was")}
    new = taken_form(pieces, typed, {})
    text = edits.put("# kept\nhub: {name: x}  # this, too\n", ("part",), new)
    read_again = yamlfile.loads(text).data["part"]
    assert read_again == new
    assert text.startswith("# kept\nhub: {name: x}  # this, too\n")
    assert taken_form(pieces, sent(page_of(pieces, read_again, {})), read_again) == read_again


@pytest.mark.parametrize(
    ("form", "where", "field"),
    [
        ("route", ("auction", "buyers", 1), "auction.buyers"), ("teams", ("members", 2, "weight"), "members.2.weight"),
        ("campaigns", ("models", "ours", "first"), "models.0.first"), ("campaigns", ("half_life",), "half_life"),
        ("campaigns", ("naming", "tags", "utm_term", "longest"), "naming.tags.0.longest"),
        ("teams", ("nurture", "to"), "nurture.to"), ("teams", ("fallback", "team"), "fallback"),
        ("campaigns", ("models", "ours"), "models.0.name"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_beside_its_input(form, where, field):
    values = {"models": {"ours": {}}, "naming": {"tags": {"utm_term": {}}}}
    assert placed(FORMS[form][1], values, where)["field"] == field


@pytest.mark.parametrize(
    ("kind", "text"), [("check", ""), ("many", ""), ("amounts", " "), ("yaml", "\n"), ("text", "")]
)
def test_nothing_typed_is_no_setting(kind, text):
    assert not read(kind, [text])


class PluginOptions(Options):
    """What a step of a plugin may ask."""

    table: str = Field("prices", description="Name of the table, 100% of it.")
    most: int = Field(5, description="How many.")
    strict: bool = Field(True, description="Whether it is strict.")
    mode: Literal["fast", "safe"] | None = Field(None, description="How.")
    words: tuple[str, ...] = Field(("a", "b"), description="Words.")
    shares: Mapping[str, float] = Field(default_factory=dict, description="Shares.")
    after: Duration = Field(60.0, description="When.")


def test_the_step_of_a_plugin_gets_a_form_after_its_options():
    pieces, choices = form_of("prices", PluginOptions, ENGLISH)
    assert sorted(reached(pieces)) == sorted(PluginOptions.model_fields)
    page = page_of(pieces, {}, choices)
    assert taken_form(pieces, sent(page), {}) == {}
    assert [one["value"] for one in page[0]["fields"]][:5] == ["prices", "5", True, "", "a\nb"]
    form = {
        **sent(page),
        "most": ["7"],
        "strict": [],
        "mode": ["safe"],
        "shares": ["x: 0.5"],
        "after": ["2m"],
        "words": ["c"],
    }
    new = taken_form(pieces, form, {})
    assert new == {"most": 7, "strict": False, "mode": "safe", "shares": {"x": 0.5}, "after": "2m", "words": ["c"]}
    assert PluginOptions.model_validate(new).after == 120
    assert taken_form(pieces, sent(page_of(pieces, new, choices)), new) == new
