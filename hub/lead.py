"""What flows through leadhub: frozen records of a lead, its touch, its values and what became of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.outcome import Occasion

LEAD_FIELDS: dict[str, str] = {
    "full_name": "The person's whole name, in the order the person writes it.",
    "first_name": "Given name.",
    "last_name": "Family name.",
    "email": "E-mail address, normalized.",
    "phone": "Phone number in E.164.",
    "wechat": "WeChat id.",
    "external_id": "The person's id in another system of yours.",
    "company": "Company name as given.",
    "title": "Job title.",
    "country": "Country, ISO 3166-1 alpha-2.",
    "region": "Province, state or region.",
    "city": "City.",
    "postcode": "Postal code, kept as text.",
    "street": "Street address.",
    "website": "Web address of the person or company.",
    "industry": "Industry.",
    "employees": "Number of employees, as given (often a range).",
    "budget": "Budget, as given.",
    "authority": "The person's say in the purchase (BANT, CHAMP).",
    "need": "What the person needs or is challenged by (BANT, CHAMP).",
    "timeline": "When the person wants to buy (BANT, CHAMP: priority).",
    "message": "Free text the person wrote.",
    "interest": "Product or topic of interest.",
    "language": "Language, BCP 47.",
    "birthday": "Date of birth, as given.",
    "consent": "Whether the person agreed to be contacted: true, false or unknown.",
    "consent_text": "The text the person agreed to.",
    "notes": "Notes of whoever handed the lead over, such as booth staff.",
}
"""The fixed English names of a lead's fields, with what each one holds."""

TOUCH_FIELDS: dict[str, str] = {
    "campaign": "Campaign name or id in the platform that sent the lead.",
    "medium": "Medium when no utm_medium is given.",
    "utm_source": "UTM source.",
    "utm_medium": "UTM medium.",
    "utm_campaign": "UTM campaign.",
    "utm_term": "UTM term.",
    "utm_content": "UTM content.",
    "utm_id": "UTM id.",
    "ad_group": "Ad group or ad set.",
    "ad": "Ad or creative.",
    "form": "Form name or id.",
    "page_url": "Page the form stood on.",
    "landing_page": "First page of the visit.",
    "referrer": "Where the visit came from.",
    "gclid": "Google click id.",
    "gbraid": "Google click id (app to web).",
    "wbraid": "Google click id (web to app).",
    "dclid": "Display click id.",
    "fbclid": "Meta click id.",
    "fbp": "Meta browser cookie.",
    "fbc": "Meta click cookie.",
    "msclkid": "Microsoft click id.",
    "ttclid": "TikTok click id.",
    "twclid": "X click id.",
    "li_fat_id": "LinkedIn click id.",
    "bd_vid": "Baidu click id.",
    "qz_gdt": "Tencent click id.",
    "clickid": "Any other platform's click id.",
    "platform_lead_id": "The lead's id in the ad platform.",
    "cost": "What this lead cost, as a plain number.",
    "currency": "Currency of the cost, ISO 4217.",
    "ip": "IP address of the prospect.",
    "user_agent": "Browser of the prospect.",
}
"""The fixed names of a touch's fields, with what each one holds."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(_Record):
    """One thing that is wrong with one field."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Value:
    """How a field got its value: as received, normalized, and whether it is valid (None: unknown).

    `corrected` is who put it by hand in the place of what was received, such as `user:ID`; empty: nobody did.
    """

    raw: Any = None
    value: Any = None
    valid: bool | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    submission: str = ""
    at: datetime | None = None
    corrected: str = ""


class Touch(_Record):
    """The marketing side of a submission; `fields` has only names out of TOUCH_FIELDS."""

    submission: str = ""
    source: str = ""
    at: datetime | None = None
    fields: Mapping[str, str] = Field(default_factory=dict)
    tags: Mapping[str, str] = Field(default_factory=dict)

    def __getattr__(self, name: str) -> str | None:
        if name in TOUCH_FIELDS:
            return self.fields.get(name)
        raise AttributeError(name)


class Bid(_Record):
    """What a buyer offers for a lead it was asked about; `token` is ours and ties the later post to the question."""

    price: float
    currency: str = ""  # ISO 4217; empty: the auction's
    ref: str | None = None  # the buyer's own id of the question
    until: datetime | None = None
    token: str = ""


class Delivery(_Record):
    """What a sink may know of the delivery at hand; `key` is equal on every attempt."""

    key: str = "00000000-0000-5000-8000-000000000000"
    attempt: int = 1
    version: int = 1
    sink: str = ""
    route: str = ""
    sentence: str = ""
    url: str | None = None
    links: Mapping[str, str] = Field(default_factory=dict)  # by act: the address a rep clicks to say it is done
    bid: Bid | None = None  # of the buyer who gets it, where it was sold in an auction

    @property
    def short(self) -> str:
        """Return a short mark that people can recognise a repeat by, such as `#L-7F3K`."""
        return f"#L-{self.key.replace('-', '')[:4].upper()}"

    @property
    def repeat(self) -> bool:
        """Return whether an earlier attempt may have arrived."""
        return self.attempt > 1


class Lead(_Record):
    """The golden record of one person's interest; plain attributes are normalized values, None when unknown."""

    id: str = "lead_0"
    version: int = 1
    source: str = ""
    submitted_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    test: bool = False

    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    wechat: str | None = None
    external_id: str | None = None
    company: str | None = None
    title: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postcode: str | None = None
    street: str | None = None
    website: str | None = None
    industry: str | None = None
    employees: str | None = None
    budget: str | None = None
    authority: str | None = None
    need: str | None = None
    timeline: str | None = None
    message: str | None = None
    interest: str | None = None
    language: str | None = None
    birthday: str | None = None
    consent: bool | None = None
    consent_text: str | None = None
    notes: str | None = None

    extra: Mapping[str, Any] = Field(default_factory=dict)
    tags: Mapping[str, str] = Field(default_factory=dict)
    values: Mapping[str, Value] = Field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    first_touch: Touch = Field(default_factory=Touch)
    touch: Touch = Field(default_factory=Touch)

    score: float | None = None
    grade: str | None = None
    team: str | None = None
    owner: str | None = None

    delivery: Delivery = Field(default_factory=Delivery, exclude=True)
    occasion: Occasion | None = Field(default=None, exclude=True)

    @property
    def name_text(self) -> str:
        """Return the person's name, from whichever fields hold it; empty when none does."""
        return self.full_name or " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def name(self) -> str:
        """Return the best short name for a person to read; never empty."""
        return self.name_text or self.company or self.email or self.phone or self.id

    @classmethod
    def blank(cls, **fields: Any) -> Lead:
        """Return a new lead with these attributes; values are trusted, and nothing is built anew but the copy."""
        return _BLANK.with_fields(**fields)

    def with_fields(self, **changes: Any) -> Lead:
        """Return a copy with these attributes changed; values are trusted, not validated again."""
        made = object.__new__(Lead)  # as model_copy does, without its notes of what was set: a dozen copies a lead
        object.__setattr__(made, "__dict__", {**self.__dict__, **changes})
        object.__setattr__(made, "__pydantic_fields_set__", _ALL)
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made


_ALL = set(Lead.model_fields)
_BLANK = Lead()


def misfit(record: Lead | Touch, before: Lead | Touch | None) -> tuple[str, str] | None:
    """Return the first attribute changed since `before` that the record cannot hold, and why; None when all of it fits.

    Copies trust what they are given: this is for records out of code that is not ours. Values are never quoted.
    """
    known = before.__dict__ if before is not None else {}
    changed = {name: value for name, value in record.__dict__.items() if value is not known.get(name)}
    plain = {name: value.__dict__ if isinstance(value, Touch) else value for name, value in changed.items()}
    try:
        checked = type(record).model_validate(plain).__dict__
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "extra_forbidden":
            return ".".join(map(str, first["loc"])), "there is no such field"
        return ".".join(map(str, first["loc"])), first["msg"][:1].lower() + first["msg"][1:]
    bytes_ = (name for name, value in changed.items() if isinstance(value, bytes | bytearray) and name in checked)
    return next(((name, "input should be text, not bytes") for name in bytes_), None)


@dataclass(frozen=True, slots=True)
class RawLead:
    """One lead as a source hands it over, before mapping; `key` is the source's own id for it."""

    key: str | None
    data: Mapping[str, Any]
    submitted_at: datetime | None = None
    test: bool = False
    spam: str | None = None  # why it looks like a bot's; such a lead is stored and quarantined
    problems: tuple[Problem, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a poll and the cursor that stands after it; both are committed together."""

    leads: tuple[RawLead, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """The sink has the lead; `ref` is its id or address there."""

    ref: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The sink refuses this lead for good; the next one may pass. `code` is the vendor's own."""

    reason: str
    code: str | None = None
