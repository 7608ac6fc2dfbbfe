"""Ping and post: ask a buyer what a lead is worth without naming the person, and post it when the bid wins."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from hub import (
    About,
    Bid,
    BuyerSink,
    FieldPath,
    Lead,
    Rejected,
    Request,
    Response,
    Sent,
    found_at,
    hookimpl,
    lead_dict,
    pick,
    price_of,
    text,
    value_at,
    web_address,
)


class PingPost(BuyerSink):
    """One buyer of leads with two addresses: a ping that bids, and a post that takes the lead.

    Both carry our token under one name, so that the buyer sees that the lead is the one it was asked about; the post
    carries the buyer's own id of the ping too. A post whose answer never came is held for a person.
    """

    name = "ping_post"
    title = "Ping and post"
    docs_url = (
        "https://leadexechelp.clickpointsoftware.com/en/articles/"
        "11931589-setting-up-a-ping-post-lead-delivery-in-leadexec"
    )
    confirmed = (
        "A ping has part of a lead and is answered by a bid or a refusal; the post has the whole lead (LeadExec).",
    )
    unconfirmed = (
        "Buyers have no common protocol: every name, and where price and id stand in an answer, is a setting.",
        "Answers are JSON; a buyer who answers XML needs a connector of its own.",
    )
    rate = None
    concurrency = 16

    class Config(BuyerSink.Config):
        base_url: str = Field("", description="Not used: both addresses are whole.")
        ping_url: SecretStr = Field(description="The whole address to ask for a bid; kept like a secret.")
        url: SecretStr = Field(description="The whole address to post a sold lead to; kept like a secret.")
        headers: dict[str, SecretStr] = Field(default_factory=dict, description="Headers of both, such as an API key.")
        format: Literal["json", "form"] = Field("json", description="How both are written.")
        ping_fields: dict[str, str] | None = Field(
            None, description="Names in the ping: to what is told, such as {zip: postcode}, or =TEXT; none: as told."
        )
        fields: dict[str, FieldPath] | None = Field(
            None, description="Names in the post: to a field of the lead, or =TEXT; none: the whole lead."
        )
        token_field: str = Field("ping_token", description="Name of our token, in ping and post.")
        ref_field: str = Field("ping_id", description="Name of the buyer's own id of the ping, in the post.")
        price_field: str | None = Field(None, description="Name of the price it bid, in the post; none: not said.")
        bid_path: str | None = Field(
            None, description="Dotted path in the answer to a ping that tells whether it bids."
        )
        bid_value: str | None = Field(None, description="What stands there when it bids; none: anything true.")
        price_path: str = Field("price", description="Dotted path of the price in the answer to a ping.")
        currency_path: str | None = Field(None, description="Dotted path of its currency; none: the auction's.")
        ref_path: str | None = Field(
            "ping_id", description="Dotted path of the buyer's id of the ping; none: has none."
        )
        until_path: str | None = Field(None, description="Dotted path of how long the bid holds: seconds or a time.")
        success_path: str = Field("accepted", description="Dotted path in the answer to a post that tells success.")
        success_value: str | None = Field(None, description="What stands there, such as ok; none: anything true.")
        lead_path: str | None = Field(None, description="Dotted path of the lead's id in the answer to a post.")
        repeatable: bool = Field(False, description="The buyer takes a post with the same Idempotency-Key once only.")

        _web_addresses = field_validator("ping_url", "url")(web_address)

    config: Config

    def ready(self) -> None:
        """Take the addresses, and whether a post may be made again."""
        self.repeatable = self.config.repeatable
        self.headers = {name: value.get_secret_value() for name, value in self.config.headers.items()}

    def ping(self, about: About, token: str) -> Request:
        """Return the question: what is told of the lead, under the buyer's names, and our token."""
        names = self.config.ping_fields
        said = dict(about) if names is None else {name: _told(about, path) for name, path in names.items()}
        said = {name: value for name, value in said.items() if value is not None}
        return self._to(self.config.ping_url, {**said, self.config.token_field: token})

    def bid(self, response: Response) -> Bid | None:
        """Return the price and the id; an empty answer, or one without a price, is no bid."""
        if not response.content.strip():
            return None
        said, config = response.json(), self.config
        if config.bid_path and not _holds(found_at(said, config.bid_path), config.bid_value):
            return None
        price = found_at(said, config.price_path)
        if price is None or price == "":
            return None
        ref, currency = text(found_at(said, config.ref_path)), text(found_at(said, config.currency_path))
        until = self.until(found_at(said, config.until_path))
        return Bid(price=price_of(price), currency=currency, ref=ref or None, until=until)

    def request(self, lead: Lead) -> Request:
        """Return the post: the lead, our token again, and the id the buyer gave its bid."""
        config, bid = self.config, lead.delivery.bid
        said = (
            lead_dict(lead)
            if config.fields is None
            else {name: pick(lead, path) for name, path in config.fields.items()}
        )
        if bid is not None:
            ours = {config.token_field: bid.token, config.ref_field: bid.ref, config.price_field: bid.price}
            said |= {name: value for name, value in ours.items() if name and value is not None}
        return self._to(config.url, said)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent when the buyer says that it took the lead; an answer that does not tell is unclear."""
        said = response.json()
        if not _holds(value_at(said, self.config.success_path), self.config.success_value):
            return Rejected(self.refusal(response))
        return Sent(text(found_at(said, self.config.lead_path)) or None)

    def _to(self, url: SecretStr, said: Mapping[str, Any]) -> Request:
        address = url.get_secret_value().strip()
        if self.config.format == "json":
            return Request("POST", address, headers=self.headers, json=dict(said))
        return Request("POST", address, headers=self.headers, form={name: text(value) for name, value in said.items()})


def _told(about: About, path: str) -> Any:
    return path[1:] if path.startswith("=") else about.get(path)


def _holds(value: Any, wanted: str | None) -> bool:
    return bool(value) if wanted is None else text(value) == wanted


@hookimpl
def hub_register() -> Iterator[type[PingPost]]:
    """Register the connector."""
    yield PingPost
