"""What connectors of HubSpot share: a private app's token, or a consent by OAuth."""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.families.oauth import KeyOrOAuth


class HubSpotCaller(KeyOrOAuth):
    """A connector that calls HubSpot (https://developers.hubspot.com/docs/api-reference/latest/authentication)."""

    token_path = "/oauth/v1/token"  # noqa: S105 (an address)
    authorize_path = "https://app.hubspot.com/oauth/authorize"
    consent_scope = "oauth crm.objects.contacts.read crm.objects.contacts.write crm.objects.owners.read"
    lifetime = 1800.0

    class Config(KeyOrOAuth.Config):
        """The token, or the app."""

        token: SecretStr | None = Field(
            None, description="Service key or private app token that may write contacts; none: OAuth."
        )

    config: Config
