"""What hub.yaml says of auctions: leads that several buyers bid for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.settings.shapes import Duration, Section


class AuctionSettings(Section):
    """Buyers that are asked what a lead is worth to them, without who it is, and the best of whom gets it."""

    buyers: tuple[str, ...] = Field(min_length=1, description="The sinks that bid, in the order of a waterfall.")
    order: Literal["price", "waterfall"] = Field(
        "price", description="price: the highest bid wins; waterfall: the first that wants it, in the order above."
    )
    within: Duration = Field(0.5, description="How long bids are waited for, such as 300ms.")
    floor: float = Field(0.0, ge=0, description="The least a bid must be.")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Currency of bids that name none (ISO 4217).")
