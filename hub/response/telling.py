"""Tells people of leads through chats and mail: warnings, escalations, leads that changed hands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx

from hub.clock import Clock
from hub.errors import LeadhubError, brief
from hub.families.message import Message, Teller, Wording
from hub.labels import Language
from hub.lead import Sent
from hub.plan import Plan
from hub.store import notices as store
from hub.store.database import Database

WAITS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)  # seconds between tries; after the last one a notice is given up
AT_ONCE = 50
LONGEST = 60.0  # seconds a chat or mail server may take

Row = Mapping[str, Any]


class Telling:
    """Sends notices that are due."""

    def __init__(self, db: Database, plan: Callable[[], Plan], *, clock: Clock, http: httpx.AsyncClient) -> None:
        self.db, self.plan, self.clock, self.http = db, plan, clock, http

    async def sweep(self) -> int:
        """Send what is due; a sink that cannot take it now gets it later. Returns how many were taken."""
        rows = await self.db.beside(store.take, self.clock.now(), AT_ONCE, sqlite=self.db.sqlite)
        await asyncio.gather(*(self._tell(row) for row in rows))  # within the lease, however slow one of the sinks is
        return len(rows)

    async def _tell(self, row: Row) -> None:
        failed = await self._send(row)
        tries = row["tries"] + 1
        if failed is None:
            await self.db.write(store.sent, row["id"])
        else:
            again = self.clock.now() + timedelta(seconds=WAITS[tries - 1]) if tries <= len(WAITS) else None
            await self.db.write(store.failed, row["id"], failed, again)

    async def _send(self, row: Row) -> str | None:
        """Send a notice; returns why that failed."""
        plan = self.plan()
        sink = plan.sinks.get(row["sink"])
        if not isinstance(sink, Teller):
            return "It tells people nothing. Name a chat or mail sink."
        try:
            async with asyncio.timeout(LONGEST):
                answer = await sink.tell(message(row, plan, sink.config), row["id"], self.http)
        except LeadhubError as error:
            return error.reason
        except Exception as error:
            return brief(error)
        return None if isinstance(answer, Sent) else answer.reason


def message(row: Row, plan: Plan, wording: Any) -> Message:
    """Return what people are told, in the language of the sink's own settings; the lead is named by its id."""
    language: Language = wording.language if isinstance(wording, Wording) else plan.settings.hub.language
    data = row["data"] or {}
    title = TITLES[language][row["kind"]].format(owner=data.get("owner") or "-", boss=data.get("boss") or "-")
    url = plan.settings.hub.public_url
    facts = [
        (names[language == "zh"], str(said)) for name, names in FACTS.items() if (said := _said(name, data)) is not None
    ]
    facts.insert(0, ("线索" if language == "zh" else "Lead", str(row["lead"])))
    return Message.notice(title, facts, wording, f"{url.rstrip('/')}/leads/{row['lead']}" if url else None)


def _said(name: str, data: Mapping[str, Any]) -> Any:
    value = data.get(name)
    return _time(float(value)) if name in ("waited", "target") and value is not None else value


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes >= 60 else f"{minutes} min"


FACTS: Mapping[str, tuple[str, str]] = {
    "owner": ("Owner", "负责人"),
    "former": ("Before", "此前"),
    "pool": ("Pool", "公海"),
    "team": ("Team", "团队"),
    "grade": ("Grade", "等级"),
    "source": ("Source", "来源"),
    "waited": ("Waited", "已等待"),
    "target": ("Target", "时限"),
    "reason": ("Reason", "原因"),
    "text": ("Task", "任务"),
}

TITLES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "warned": "{owner}: a lead still waits for your answer",
        "escalated": "{boss}: nobody answered a lead yet",
        "transferred": "{owner}: a lead was handed to you",
        "reassigned": "{owner}: a lead is yours now",
        "inherited": "{owner}: a lead is yours now",
        "recycled": "A lead was taken back",
        "returned": "A lead was given back",
        "claimed": "{owner} took a lead",
        "reminder": "{owner}: a task is due",
    },
    "zh": {
        "warned": "{owner}：有线索仍待您响应",
        "escalated": "{boss}：有线索尚无人响应",
        "transferred": "{owner}：有线索转给您",
        "reassigned": "{owner}：有线索现由您负责",
        "inherited": "{owner}：有线索现由您负责",
        "recycled": "线索已收回",
        "returned": "线索已退回",
        "claimed": "{owner} 领取了线索",
        "reminder": "{owner}：有任务到期",
    },
}
