"""What every connector is: a class chosen by name and configured by its nested Config."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from hub.clock import Clock, SystemClock


class Connector:
    """One vendor; a configured instance of it is a source or a sink. Construction does no I/O."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    docs_url: ClassVar[str] = ""
    confirmed: ClassVar[tuple[str, ...]] = ()  # what was checked against the vendor's documentation
    unconfirmed: ClassVar[tuple[str, ...]] = ()  # what was not; each such fact is a setting
    translations: ClassVar[Mapping[str, Mapping[str, str]]] = MappingProxyType({})
    """What pages say of it in other languages, by language: texts of this class, and names of its settings.

    Such as {"zh": {"Nova CRM": "新星 CRM", "shop_id": "店铺编号", "Key of the shop.": "店铺的密钥。"}}.
    """

    class Config(BaseModel):
        """The settings of the connector; every field has a description, secrets are SecretStr."""

        model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    class HostConfig(Config):
        """The settings every connector with a vendor host has; give `base_url` its default in a subclass."""

        base_url: str = Field(description="Address of the vendor's API; point it at a sandbox or a proxy.")
        timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for an answer.")

    config: Config
    networks: tuple[str, ...] = ()
    """The networks that may be reached although they are not public, for connectors that open their own sockets."""

    def __init__(self, instance: str, config: Config | None = None, clock: Clock | None = None) -> None:
        self.instance = instance
        self.config = config if config is not None else self.Config()
        self.clock = clock or SystemClock()
        self.ready()

    def ready(self) -> None:
        """Prepare what the settings imply (parsed keys, compiled patterns), without I/O."""

    async def expiry(self, http: httpx.AsyncClient) -> datetime | None:
        """Return when the token or key ends, where the vendor says it; None when it never does, or nobody knows.

        Raises Misconfigured when it is refused already. Asked every few hours, and told days before.
        """
        return None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.instance}>"
