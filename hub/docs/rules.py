"""The page about rules: what they may name, what they may call, and how they read."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from hub.docs.markdown import code, joined, page, table
from hub.labels import label
from hub.rules import FUNCTIONS, MAX_LENGTH, MAX_LIST, NAMES, words
from hub.rules.functions import CASTS, METHODS, TIME_PARTS

_EXAMPLES = (
    'lead.grade == "A" && lead.country == "CN"',
    'one_of(lead.country, ["DE", "AT", "CH"])',
    'has(lead.phone) && !has(lead.email)',
    'lead.score >= 50.0',
    'touch.utm_campaign.startsWith("spring")',
    'tags.party == "third"',
    'lead.title.matches("(?i)(ceo|founder|总经理)")',
    'number(lead.employees) >= 200.0',
    'extra.company_size == "enterprise"',
    'weekday(now, "Asia/Shanghai") <= 5 && hour(now, "Asia/Shanghai") >= 9',
)  # fmt: skip

_VARIABLES = {
    "lead": "the lead, after the steps before this one",
    "touch": "the marketing side of this submission",
    "first_touch": "the marketing side of the person's first submission",
    "tags": "the tags of the source, and of the form",
    "extra": "what no field of the lead takes, under its own name",
    "source": "the name of the source",
    "flow": "the name of the flow",
    "now": "the time now",
}


def rules_page() -> str:
    """Return docs/rules.md."""
    return page(
        "rules",
        length=str(MAX_LENGTH),
        items=str(MAX_LIST),
        examples=table(("rule", "read aloud", "中文"), ((code(e), words(e), words(e, "zh")) for e in _EXAMPLES)),
        names=joined(*_names()),
        functions=table(("function", "what it returns"), _functions()),
        methods=_listed(METHODS),
        times=_listed(TIME_PARTS),
        casts=_listed(CASTS),
    )


def _names() -> Iterator[str]:
    yield table(("name", "what it is"), ((code(name), _VARIABLES[name]) for name in NAMES))
    for name, fields in NAMES.items():
        if fields:
            yield f"### {code(name)}"
            rows = sorted(fields)
            yield table(
                ("field", "中文"), ((code(f"{name}.{field}"), label(f"{name}.{field}", "zh")) for field in rows)
            )


def _functions() -> Iterator[tuple[str, str]]:
    for name, function in FUNCTIONS.items():
        arguments = ", ".join(inspect.signature(function).parameters)
        yield code(f"{name}({arguments})"), (inspect.getdoc(function) or "").removeprefix("Return ").partition("\n")[0]
    yield code("days_since(time)"), "how many days have passed since a time; part days count."


def _listed(names: frozenset[str]) -> str:
    return ", ".join(code(f"{name}()") for name in sorted(names))
