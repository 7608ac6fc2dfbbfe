"""Patterns that users write run on an engine whose time is linear in the text, or are refused with a sentence."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hub import loader, rules
from hub.docs.models import described
from hub.errors import ConfigError
from hub.lead import Lead
from hub.rules import Rules
from hub.rules.syntax import MAX_LENGTH
from hub.settings import Settings
from hub.testing.fakes import START

ROOT = Path(__file__).parents[2]
LONG = "a" * 100_000 + "!"


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "(.*)*(.*)*(.*)*b$", "^(([a-z])+.)+[A-Z]$", "(a?){60}a{60}$"]
)
def test_a_pattern_that_never_ends_elsewhere_ends_here(pattern):
    """With Python's own `re` the first of them takes longer than the universe has lasted; the test's limit would end it."""
    rule = f'lead.message.matches("{pattern}")'
    together = Rules([rule])
    facts = together.facts(Lead(message=LONG), now=START)
    assert together.rules[0].verdict(facts).error is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"(a)\\1", "backreferences are not supported"),
        ("(?=a)", "look-around"),
        ("(", "unclosed group"),
        ("a{1000}{1000}", "cannot be read"),
        ("a" * MAX_LENGTH, f"{MAX_LENGTH} are the most. Split it."),
    ],
)
def test_a_pattern_that_cannot_be_is_refused_in_a_sentence(pattern, words):
    with pytest.raises(ConfigError, match=words) as caught:
        rules.compile(f'lead.message.matches("{pattern}")')
    assert str(caught.value).endswith(".")


def test_a_pattern_is_the_operators_and_never_a_senders():
    with pytest.raises(ConfigError, match="so that no sender can choose it"):
        rules.compile("lead.message.matches(extra.pattern)")


def test_no_setting_takes_a_pattern():
    """A rule is the one place for patterns; a setting that takes one must run it as rules do."""
    registry = loader.load().registry
    models = [Settings, *(cls.Config for cls in registry.all("connector").values())]
    models += [step.options for step in registry.all("step").values()]
    names = {field.name for model in models for field in described(model)}
    assert not {name for name in names if "regex" in name or "pattern" in name}


FROM_USERS = ("config", "options", "settings")


def patterns() -> list[str]:
    """Return where a pattern is compiled out of something that users write."""
    found = []
    for path in sorted([*ROOT.glob("hub/**/*.py"), *ROOT.glob("connectors/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
            )
            if called and node.func.value.id == "re" and node.args and node.func.attr != "escape":
                named = {part.attr for part in ast.walk(node.args[0]) if isinstance(part, ast.Attribute)}
                named |= {part.id for part in ast.walk(node.args[0]) if isinstance(part, ast.Name)}
                if named & set(FROM_USERS):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_no_pattern_of_a_setting_reaches_the_engine_that_may_never_end():
    assert patterns() == []
