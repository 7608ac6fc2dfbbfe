"""What hub.yaml says of campaigns: what leads cost, in which money it is counted, and how credit is shared out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from hub.outcome import Disposition
from hub.settings.naming import LinkSettings
from hub.settings.shapes import Duration, Name, Section


def _money(value: str) -> str:
    if not (len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
        raise ValueError(f"{value!r} is no currency; write three capital letters such as EUR or CNY (ISO 4217)")
    return value


Currency = Annotated[str, AfterValidator(_money)]


class CostSettings(Section):
    """What each lead costs, where its vendor has a fixed price."""

    per_lead: float | None = Field(
        None, ge=0, description="Price of one lead; none: what the lead itself says (its touch field `cost`)."
    )
    currency: Currency | None = Field(None, description="Currency of the price; none: that of `campaigns`.")
    credits: tuple[Disposition, ...] = Field(
        (),
        description="What the vendor takes back: returned, invalid, duplicate. Such leads cost nothing; a person the "
        "hub knew already is a duplicate.",
    )

    @model_validator(mode="after")
    def _taken_back(self) -> CostSettings:
        able = (Disposition.RETURNED, Disposition.INVALID, Disposition.DUPLICATE)
        if any(one not in able for one in self.credits):
            raise ValueError("a vendor can take back only: returned, invalid, duplicate")
        return self


class SharesSettings(Section):
    """An attribution model: what each place on a lead's way gets, in any unit; they are brought to one."""

    first: float = Field(0, ge=0, description="The first touch.")
    created: float = Field(0, ge=0, description="The touch that made the lead.")
    qualified: float = Field(0, ge=0, description="The last touch before the lead was qualified.")
    last: float = Field(0, ge=0, description="The last touch before the outcome.")
    others: float = Field(0, ge=0, description="All other touches together.")

    @model_validator(mode="after")
    def _some(self) -> SharesSettings:
        if not self.first + self.created + self.qualified + self.last + self.others:
            raise ValueError("a model gives something to at least one of first, created, qualified, last, others")
        return self


class CampaignSettings(LinkSettings):
    """How campaigns are named and reckoned."""

    currency: Currency | None = Field(None, description="Currency that amounts are counted in, such as EUR.")
    rates: Mapping[Currency, float] = Field(
        default_factory=dict,
        description="What one unit of another currency is worth in that one, such as {USD: 0.92}. Amounts of a "
        "currency without a rate are shown apart.",
    )
    model: str = Field("linear", description="The attribution model that is shown first.")
    half_life: Duration = Field(7 * 86_400.0, description="For the model time_decay, such as 7d.")
    models: Mapping[Name, SharesSettings] = Field(
        default_factory=dict, description="Models of your own, such as {ours: {first: 50, last: 30, others: 20}}."
    )

    @model_validator(mode="after")
    def _rated(self) -> CampaignSettings:
        if self.rates and not self.currency:
            raise ValueError("`rates` need a `currency` they lead to")
        if any(not 0 < rate < 1e9 for rate in self.rates.values()):
            raise ValueError("a rate is above zero")
        return self
