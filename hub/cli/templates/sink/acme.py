"""Acme: hands each lead over to Acme's API."""

from collections.abc import Iterable

from pydantic import Field, SecretStr

from hub import HttpSink, Lead, Request, Response, Sent, bearer, fill, hookimpl

FIELDS = {"email": "email", "phone": "phone", "company": "company", "source": "touch.utm_source"}


class Acme(HttpSink):
    """Contacts in Acme, one request for each lead."""

    name = "acme"
    title = "Acme"
    docs_url = "https://example.com/docs/api"
    unconfirmed = ("path, field names and answers: compare them with the vendor's page",)
    rate = 5.0

    class Config(HttpSink.Config):
        base_url: str = Field("https://api.example.com", description="Address of the API.")
        token: SecretStr = Field(description="Access token, made in Acme's settings.")

    config: Config

    def request(self, lead: Lead) -> Request:
        """Return the creation of a contact, with what the lead has."""
        body = {"external_id": lead.id, "name": lead.name, **fill(lead, FIELDS)}
        return Request("POST", "/v1/contacts", headers={"Authorization": bearer(self.config.token)}, json=body)

    def response(self, response: Response) -> Sent:
        """Return the contact's id; an answer without one counts as unclear."""
        return Sent(str(response.json()["id"]))


@hookimpl
def hub_register() -> Iterable[type[Acme]]:
    """Register the connector."""
    yield Acme
