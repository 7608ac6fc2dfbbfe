"""What the environment may say of the hub, by variables that begin with LEADHUB_."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """What the environment may say; it wins over hub.yaml."""

    model_config = SettingsConfigDict(env_prefix="LEADHUB_", extra="ignore")

    config: str = Field("hub.yaml", description="The configuration file.")
    database: str | None = Field(None, description="Database address, instead of hub.yaml's.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8400, description="Port to listen on.")
    log: Literal["text", "json"] | None = Field(None, description="How log lines are written, instead of hub.log.")
    passphrase: str | None = Field(None, description="Passphrase that backups are encrypted with.")
    url: str | None = Field(None, description="Address of a running hub that commands talk to.")
    key: str | None = Field(None, description="API key that commands use.")
    audit_key: SecretStr | None = Field(
        None, description="Key of the audit log's seals, the same on every node; without: data/audit.key."
    )
    privacy_key: SecretStr | None = Field(
        None, description="Key of the marks of erased people, the same on every node; without: data/privacy.key."
    )
    audit_key_file: str | None = Field(None, description="File that holds it, instead.")
