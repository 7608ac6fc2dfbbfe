"""Passes outcomes on to the sinks that ask for them: each lead's disposition once, as a delivery like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlmodel import Session

from hub.clock import Clock
from hub.families.conversion import ConversionSink
from hub.ids import Ids, occasion_key
from hub.lead import Lead
from hub.outcome import Occasion
from hub.plan import Plan
from hub.store import leads as lead_store
from hub.store import occasions as store
from hub.store.activities import Reached, family

SENTENCE = "Its outcome is {}."


class Passing:
    """Owes conversion sinks what leads came to."""

    def __init__(self, plan: Callable[[], Plan], *, clock: Clock, ids: Ids) -> None:
        self.plan, self.clock, self.ids = plan, clock, ids

    def owe(self, reached: Iterable[Reached], *, session: Session) -> None:
        """Write down the deliveries that outcomes are owed, in the transaction that keeps the outcomes."""
        sinks = dict(self._sinks())
        if not sinks:
            return
        for one in reached:
            whole = family(one.lead, session=session)
            lead = lead_store.load(whole[:1], session=session).get(whole[0])
            if lead is None or lead.test:
                continue
            occasion = Occasion(disposition=one.disposition, at=one.at, value=one.value, currency=one.currency)
            told = lead.with_fields(occasion=occasion)
            owed = [name for name, sink in sinks.items() if self._asks(sink, told)]
            store.owe([self._row(name, told, occasion) for name in owed], self.clock.now(), session=session)

    def _sinks(self) -> Iterator[tuple[str, ConversionSink]]:
        plan = self.plan()
        for name, sink in plan.sinks.items():
            if isinstance(sink, ConversionSink) and plan.settings.sinks[name].enabled:
                yield name, sink

    def _asks(self, sink: ConversionSink, lead: Lead) -> bool:
        assert lead.occasion is not None
        return lead.occasion.disposition in sink.config.events and (sink.config.everybody or sink.wants(lead))

    def _row(self, sink: str, lead: Lead, occasion: Occasion) -> dict[str, Any]:
        key, told = occasion_key(lead.id, sink, occasion.disposition), occasion.model_dump(mode="json")
        said = SENTENCE.format(occasion.disposition)
        return {"id": self.ids("dlv"), "lead": lead.id, "sink": sink, "key": key, "occasion": told, "sentence": said}
