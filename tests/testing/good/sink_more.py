"""sink_more: a sink with a token, a search, and a file beside it."""

from collections.abc import Iterable

from pydantic import Field, SecretStr

from hub import HttpSink, Lead, Request, Response, Sent, Token, hookimpl


class SinkMore(HttpSink):
    """A vendor that can be searched."""

    name = "sink_more"
    title = "Sink"
    docs_url = "https://example.com/docs"

    class Config(HttpSink.Config):
        base_url: str = Field("https://api.example.com", description="Address of the API.")
        client_secret: SecretStr = Field(description="The secret.")

    config: Config

    def token_request(self) -> Request:
        return Request("POST", "/token", form={"client_secret": self.config.client_secret.get_secret_value()})

    def token(self, response: Response) -> Token:
        return Token(str(response.json()["token"]), 60.0)

    def request(self, lead: Lead) -> Request:
        return Request("POST", "/leads", json={"id": lead.id})

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["id"]))

    def find(self, lead: Lead) -> Request:
        return Request("GET", "/leads", params={"id": lead.id})

    def found(self, response: Response) -> Sent | None:
        items = response.json()["items"]
        return Sent(str(items[0]["id"])) if items else None


@hookimpl
def hub_register() -> Iterable[type[SinkMore]]:
    yield SinkMore
