"""What connectors share that only listen: they say what was done with leads, and take none."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from hub.connector import Connector
from hub.lead import Lead, Rejected
from hub.news import Feedback
from hub.sink import Outcomes, Sink


class Listener(Feedback, Sink):
    """A mailbox, a telephone system: it stands among the sinks, and no route names it.

    Authors write `news`, or `verify` and `heard`, as for every sink with feedback, and name leads by `people`.
    """

    repeatable = True

    class Config(Connector.Config, Feedback.Settings):
        """The settings of everything that is heard."""

    config: Config

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Refuse leads: there is nothing that could take them."""
        return [Rejected(f"{self.instance} only listens. Take it out of the routes.") for _ in leads]
