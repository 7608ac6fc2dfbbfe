"""What the forms of a flow's steps ask: leadhub's own in the words of people, a plugin's after its options."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from hub.normal.verdicts import CODES
from hub.steps.validate import ACTIONS, DEFAULT_POLICY
from hub.web import configform
from hub.web.editor.forms import Choices, Fields, Input, Inset, Pieces
from hub.web.editor.kinds import read
from hub.web.tongue import N_, Tongue

NORMALIZE: Pieces = (
    Fields((
        Input("region", N_("Country of phone numbers"),
              hint=N_("Such as CN, for numbers without +86; empty: the hub's.")),
        Input("time_zone", N_("Time zone"), hint=N_("Such as Asia/Shanghai, for times without one; empty: the hub's.")),
    )),
)  # fmt: skip
VALIDATE: Pieces = (
    Fields((
        Input("required", N_("What a lead must have"), "anyof",
              N_("A line each; any one of a line is enough, such as email, phone, wechat."),
              default=[["email", "phone", "wechat"]]),
        Input("disposable", N_("A throw-away mailbox"), "select", "", "actions", default="grade_down"),
        Input("role", N_("A mailbox of a role, such as info@"), "select", "", "actions", default="flag"),
        Input("mx", N_("Ask whether the mail domain takes mail"), "check", N_("A question to the DNS for each lead."),
              default=False),
        Input("dns", N_("Name server"), hint=N_("Such as 10.0.0.2; empty: the system's.")),
    )),
)  # fmt: skip
DEDUPE: Pieces = (
    Fields((
        Input("policy", N_("When a person is known"), "select", "", "known", default="merge"),
        Input("within", N_("Known for"), hint=N_("Such as 90d: later it is new interest; empty: for ever.")),
        Input("near", N_("Look for people who may be the same"), "check", N_("A person decides on each."),
              default=True),
        Input("suggest", N_("How alike they must be"), "number", N_("From 0 to 1, such as 0.8."), default=0.8),
    )),
    Fields((
        Input("weights.prior", N_("Two leads that share a key"), "number", default=-7),
        Input("weights.name", N_("Name"), "numbers", N_("Equal, close, different."), default=[7, 4.5, -5]),
        Input("weights.email", N_("E-mail"), "numbers", N_("Equal, close, different."), default=[9, 4, -1]),
        Input("weights.domain", N_("Mail domain"), "numbers", N_("Equal, different."), default=[4, -0.5]),
        Input("weights.phone", N_("Phone"), "numbers", N_("Equal, one digit off, different."), default=[10, 5, -2]),
        Input("weights.company", N_("Company"), "numbers", N_("Equal, close, different."), default=[4, 2.5, -1.5]),
        Input("weights.city", N_("City"), "numbers", N_("Equal, different."), default=[2, -0.5]),
        Input("weights.title", N_("Job title"), "numbers", N_("Equal, different."), default=[2, -0.5]),
    ), N_("What counts how much"), N_("Evidence in bits; what training found may be put here."), folded=True),
)  # fmt: skip
ENRICH: Pieces = (
    Fields((
        Input("use", N_("Who is asked, in order"), "ordered", N_("The first to know a field fills it in."), "enrichers",
              default=("email_domain", "phone_region")),
        Input("required", N_("Without these a lead waits"), "many", N_("All others may fail."), "enrichers"),
        Input("timeout", N_("Seconds each may take"), "number", default=5),
    )),
)  # fmt: skip
SCORE: Pieces = (
    Fields((
        Input("base", N_("Points every lead begins with"), "number", "", default=0),
        Input("decay.half_life", N_("Points halve after"), "text",
              N_("Such as 30d, for lists of old leads; empty: never.")),
    )),
    Inset("bant", "BANT", (
        Input("budget", N_("Budget"), "number", default=10), Input("authority", N_("Authority"), "number", default=10),
        Input("need", N_("Need"), "number", default=10), Input("timeline", N_("Timeline"), "number", default=10),
    ), switch=N_("Points for each of budget, authority, need and timeline that is known")),
    Inset("champ", "CHAMP", (
        Input("challenges", N_("Challenges"), "number", default=10),
        Input("authority", N_("Authority"), "number", default=10),
        Input("money", N_("Money"), "number", default=10),
        Input("prioritization", N_("Prioritization"), "number", default=10),
    ), switch=N_("Points for each of challenges, authority, money and prioritization that is known")),
)  # fmt: skip

FORMS: Mapping[str, Pieces] = {"normalize": NORMALIZE, "validate": VALIDATE, "dedupe": DEDUPE, "enrich": ENRICH}

ACTS: Mapping[str, str] = {
    "quarantine": N_("a person looks first"), "grade_down": N_("one grade less"), "flag": N_("it is shown"),
    "pass": N_("nothing"),
}  # fmt: skip
KNOWN: Mapping[str, str] = {
    "merge": N_("It becomes one lead"), "reject": N_("It is refused"),
    "reroute": N_("It becomes one, and is new interest"),
}  # fmt: skip

_OWN = frozenset({"email_disposable", "email_role"})  # what becomes of these has an input of its own
_KINDS: Mapping[str, str] = {"checkbox": "check", "pairs": "amounts", "yaml": "yaml", "lines": "lines"}


def form_of(step: str, model: type[BaseModel], tongue: Tongue) -> tuple[Pieces, Choices]:
    """Return the form of a step, with the options that only it offers; no pieces where there is nothing to say."""
    if step == "validate":
        return (*VALIDATE, _verdicts(tongue)), _actions(tongue)
    return (FORMS[step], {}) if step in FORMS else _after(model)


def _verdicts(tongue: Tongue) -> Fields:
    """Return what becomes of each thing a cleaner may say, which has its Chinese beside its English."""
    inputs = tuple(
        Input(
            f"policy.{code}", (one.chinese if tongue.language == "zh" else one.english).replace("%", "%%"), "select",
            options=f"usual {DEFAULT_POLICY.get(code, 'flag')}",
        )
        for code, one in CODES.items()
        if code not in _OWN
    )  # fmt: skip
    return Fields(inputs, N_("What happens when …"), folded=True)


def _actions(tongue: Tongue) -> Choices:
    said = [(name, tongue.say(ACTS[name])) for name in ACTIONS]
    usual = {name: tongue.say(N_("as usual: %(what)s"), what=words) for name, words in said}
    return {"actions": said, **{f"usual {name}": [("", usual[name]), *said] for name in ACTIONS}}


def _after(model: type[BaseModel]) -> tuple[Pieces, Choices]:
    """Return a form made of a plugin's options, with their descriptions."""
    asked = configform.inputs(model)
    choices = {one.words: _choices(one) for one in asked if one.options}
    inputs = tuple(map(_input, asked))
    return ((Fields(inputs),) if inputs else ()), choices


def _choices(one: configform.Input) -> list[tuple[str, str]]:
    none = [("", "–")] if one.optional and one.kind == "select" else []
    return [*none, *((value, value) for value in one.options)]


def _input(one: configform.Input) -> Input:
    kind = "many" if one.kind == "lines" and one.options else _KINDS.get(one.kind, one.kind)
    default = one.default.split("\n") if kind == "many" and one.default else read(kind, [one.default])
    options = one.words if one.options else ""
    return Input(one.words, one.label.replace("%", "%%"), kind, one.hint.replace("%", "%%"), options, default)
