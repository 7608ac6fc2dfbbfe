"""Acme Leads: asks for a bid, and posts the lead when it wins."""

from pydantic import Field

from hub import About, Bid, BuyerSink, Lead, Request, Response, Sent, hookimpl, price_of


class Buyer(BuyerSink):
    """One buyer."""

    name = "buyer"
    title = "Acme Leads"
    docs_url = "https://example.com/docs/buyers"

    class Config(BuyerSink.Config):
        base_url: str = Field("https://buyers.example.com", description="Address of the API.")

    def ping(self, about: About, token: str) -> Request:
        """Ask."""
        return Request("POST", "/ping", json={"about": dict(about), "token": token})

    def bid(self, response: Response) -> Bid | None:
        """Read the price."""
        said = response.json()
        return Bid(price=price_of(said["price"]), ref=str(said["id"])) if said["price"] else None

    def request(self, lead: Lead) -> Request:
        """Post."""
        bid = lead.delivery.bid
        return Request("POST", "/leads", json={"name": lead.name, "ref": bid.ref if bid else None})

    def response(self, response: Response) -> Sent:
        """Read the id."""
        return Sent(str(response.json()["id"]))


@hookimpl
def hub_register():
    """Register the connector."""
    yield Buyer
