"""validate: what a lead must have, and what happens to one that has something wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal, get_args

from pydantic import Field, field_validator

from hub.errors import suggest
from hub.lead import LEAD_FIELDS, Lead, Problem
from hub.normal.email import domain_of
from hub.normal.verdicts import CODES, problem
from hub.step import Context, Options, Stop, Work, step
from hub.steps.mail_exchange import takes_mail

Action = Literal["quarantine", "flag", "grade_down", "pass"]

ACTIONS: tuple[str, ...] = get_args(Action)
CONTACTS = ("email", "phone", "wechat")
DEFAULT_POLICY: Mapping[str, Action] = MappingProxyType(
    {
        "unreachable": "quarantine",
        "required_missing": "quarantine",
        "spam": "quarantine",
        "email_newline": "grade_down",
        "email_no_mx": "grade_down",
        "email_mixed_script": "grade_down",
        "phone_premium": "grade_down",
        "text_hidden": "pass",
        "text_control": "pass",
        "phone_zero_restored": "pass",
        "phone_letters": "pass",
        "email_extracted": "pass",
        "date_unclear": "pass",
        "number_unclear": "pass",
        "wechat_unclear": "pass",
        "language_unknown": "pass",
        "time_zone_assumed": "pass",
    }
)
"""What happens by default; every other code is a flag: it is shown, and the lead goes on."""


class ValidateOptions(Options):
    """What a lead must have, and what happens for each verdict."""

    required: tuple[str | tuple[str, ...], ...] = Field(
        (CONTACTS,), description="Fields a lead must have; a list inside the list means any one of them."
    )
    policy: Mapping[str, Action] = Field(
        default_factory=dict,
        description="What happens for a code: quarantine (a person looks first), grade_down, flag (shown) or pass.",
    )
    disposable: Action = Field("grade_down", description="What happens to throw-away mailboxes.")
    role: Action = Field("flag", description="What happens to mailboxes of a role, such as info@.")
    mx: bool = Field(
        False, description="Ask the DNS whether the e-mail domain takes mail; no answer counts as unknown."
    )
    dns: str | None = Field(None, description="Name server to ask, as ADDRESS or ADDRESS:PORT; none: the system's.")

    @field_validator("required")
    @classmethod
    def _known_fields(cls, value: tuple[str | tuple[str, ...], ...]) -> tuple[str | tuple[str, ...], ...]:
        for name in (name for entry in value for name in _any_of(entry)):
            if name not in LEAD_FIELDS:
                raise ValueError(f"{name!r} is not a field of a lead. {suggest(name, LEAD_FIELDS)}")
        return value

    @field_validator("policy")
    @classmethod
    def _no_slips(cls, value: Mapping[str, Action]) -> Mapping[str, Action]:
        """Refuse a misspelt code of ours; a connector may have codes of its own."""
        for code in value:
            close = get_close_matches(code, list(CODES), n=1, cutoff=0.8)
            if close and close[0] != code:
                raise ValueError(f'{code!r} is not a known code. Did you mean "{close[0]}"?')
        return value


@step("validate")
async def validate(work: Work, ctx: Context, options: ValidateOptions) -> Work | Stop:
    """Weigh all that is wrong with a lead at once, and keep back what a person must look at."""
    if work.lead.test or work.raw.test:
        return work.note("validate", test=True)
    missing = _missing(work.lead, options.required, chats=_chats(ctx))
    found = [*_of_the_source(work), *work.lead.problems, *missing]
    note: dict[str, Any] = {}
    domain = domain_of(work.lead.email)
    if options.mx and domain:
        note["mx"] = await takes_mail(domain, options.dns)
        if note["mx"] == "no":
            missing.append(problem("email", "email_no_mx"))
            found.append(missing[-1])
    return _judge(work, found, missing, note, options)


def action(code: str, options: ValidateOptions) -> Action:
    """Return what happens for a code: what the operator says, else the default."""
    if code in options.policy:
        return options.policy[code]
    if code == "email_disposable":
        return options.disposable
    if code == "email_role":
        return options.role
    return DEFAULT_POLICY.get(code, "flag")


def _judge(
    work: Work, found: list[Problem], added: list[Problem], note: dict[str, Any], options: ValidateOptions
) -> Work | Stop:
    found = list(dict.fromkeys(found))
    by_action: dict[str, list[Problem]] = {}
    for one in found:
        by_action.setdefault(_action_for(one, work, options), []).append(one)
    for name, key in (("grade_down", "grade_down"), ("flag", "flagged")):
        if name in by_action:
            note[key] = list(dict.fromkeys(p.code for p in by_action[name]))
    if added:
        work = work.change(lead=work.lead.with_fields(problems=tuple(dict.fromkeys((*work.lead.problems, *added)))))
    work = work.change(notes={**work.notes, "validate": note})
    held = by_action.get("quarantine", [])
    if not held:
        return work
    reason = " ".join(dict.fromkeys(_sentence(p) for p in held))
    return Stop("quarantined", reason, work.change(quarantine=(*work.quarantine, *held)))


def _action_for(one: Problem, work: Work, options: ValidateOptions) -> Action:
    """Return what happens for a problem; one that a person has waved through is only shown.

    A problem the source itself reports keeps a lead back unless the operator says otherwise for its code.
    """
    reported = one in work.raw.problems and one.code not in options.policy
    what = "quarantine" if reported else action(one.code, options)
    return "flag" if what == "quarantine" and one.code in work.accept else what


def _of_the_source(work: Work) -> list[Problem]:
    spam = [Problem(field="", code="spam", message=f"It looks like spam: {work.raw.spam}.")] if work.raw.spam else []
    return [*spam, *work.raw.problems]


def _chats(ctx: Context) -> bool:
    """Return whether whoever came by this source can be answered where they wrote."""
    return bool(getattr(ctx.registry.all("connector").get(ctx.source.connector), "chats", False))


def _missing(lead: Lead, required: Iterable[str | tuple[str, ...]], *, chats: bool) -> list[Problem]:
    found = []
    for entry in required:
        names = _any_of(entry)
        if any(getattr(lead, name) not in (None, "") for name in names):
            continue
        if set(names) == set(CONTACTS):
            continue  # said once, below, in words people understand
        found.append(Problem(field=" or ".join(names), code="required_missing", message=_wanted(names)))
    if not any(getattr(lead, name) for name in CONTACTS) and not (chats and lead.external_id):
        found.append(problem("", "unreachable"))
    return found


def _wanted(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"The required field {names[0]} is missing."
    return f"One of the fields {', '.join(names)} is required, and all are missing."


def _any_of(entry: str | tuple[str, ...]) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else entry


def _sentence(one: Problem) -> str:
    message = f"{one.field}: {one.message}" if one.field and one.code != "required_missing" else one.message
    return message if message.endswith((".", "!", "?", "。")) else f"{message}."
