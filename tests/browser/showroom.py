"""A hub full of invented leads, behind its real web server: what the pages are looked at with."""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.errors import LeadhubError, Retry
from hub.lead import Lead, Rejected, Sent
from hub.testing.fakes import CountedIds, HandClock
from tests.bad_input.serving import Served, serving

CONFIG = """
# The hub of the tests' pages.
hub: {name: Acme leads, region: CN, time_zone: Asia/Shanghai, answer_within: 20s, database: "sqlite:///data/hub.db"}
sources:
  website: {connector: open_source, tags: {party: first}}
  ads: {connector: open_source, tags: {party: first, channel: paid}, cost: {per_lead: 80, credits: [returned, invalid]}}
  expo: {connector: open_source, tags: {party: first, campaign: expo-shanghai}}
  partners: {connector: json_webhook, key: id, secret: "${file:secrets/partners}"}
  lists: {connector: list_file, path: "inbox/lists/*", trust: 20, tags: {party: third}}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: telling_sink}
  archive: {connector: csv_file, path: "out/leads-{date}.csv"}
  legacy: {connector: memory_sink}
calendars:
  cn: {time_zone: Asia/Shanghai, hours: "Mon-Fri 09:00-18:00", holidays: CN}
teams:
  north:
    calendar: cn
    members: [{name: li.wei, weight: 2, daily_cap: 20}, {name: ann.ng}, {name: wang.fang}]
    lead: zhao.min
    fallback: {pool: sea}
    ladder: [{at: 80%, do: warn}, {at: 100%, do: escalate}]
  south:
    members: [{name: max.muster}, {name: eva.lang}]
pools:
  sea: {mask: true, claims_a_day: 20}
campaigns: {currency: CNY, rates: {EUR: 7.8}}
lost_reasons: [price, timing, competitor, no budget]
flows:
  - name: inbound
    from: [website, ads, expo, partners, lists]
    steps:
      - map
      - normalize
      - validate
      - dedupe
      - enrich
      - score:
          bands: {A: 60, B: 30, C: 0}
          rules:
            - {when: has(lead.phone), points: 30, reason: Can be called}
            - {when: has(lead.company), points: 10, reason: Names a company}
            - {when: 'contains_any(lead.interest, ["trial", "试用"])', points: 25, reason: Wants a trial}
            - {when: tags.party == "third", points: -15, reason: Comes from a list}
      - route
      - assign
      - deliver
    routes:
      - {name: hot, when: 'lead.grade == "A" && lead.country == "CN"', assign: {team: north}, respond_within: 5m, to: [crm, chat]}
      - {name: abroad, when: 'lead.country != "CN" && lead.grade != "C"', assign: {team: south}, respond_within: 4h, to: [crm, legacy]}
      - {name: rest, assign: {pool: sea}, to: [archive]}
"""

CAMPAIGNS = (
    ("spring-demo", "google", "cpc"), ("spring-demo", "linkedin", "paid-social"), ("newsletter-05", "newsletter", "email"),
    ("wechat-qr", "wechat", "qr"), ("", "", ""),
)  # fmt: skip
PEOPLE = (
    ("李伟", "CN", "华东机械", "+8613812345{:03d}"), ("王芳", "CN", "北方物流", "+8613912345{:03d}"),
    ("Max Muster", "DE", "Muster GmbH", "+4915123456{:03d}"), ("Eva Lang", "AT", "Lang & Söhne", "+4366412345{:03d}"),
    ("Ann Miller", "US", "Miller Inc.", "+1415555{:04d}"), ("赵敏", "CN", "敏捷科技", ""),
)  # fmt: skip
LEADS = 48
UNANSWERED = (38, 40)
"""Leads whose reps let their target pass."""
WAITING = (60, 62, 64, 66)
"""Leads that came just now, and wait for their reps."""


class Showroom(Served):
    """A served hub with a few hands more: whoever opens it, what is called in it, and the clock it lives by."""

    clock: HandClock
    session: Any = None
    """The cookies of this machine's owner, once they signed in."""

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def api(self, method: str, path: str, value: Any = None) -> Any:
        """Ask the API as this machine's owner, and insist on a yes."""
        answer = self.call(method, path, value)
        assert answer.status < 300, (method, path, answer.status, answer.body[:500])
        return answer.json() if answer.body else None

    def leads(self) -> list[str]:
        """Return the ids of the open leads, oldest first."""
        return [row["id"] for row in self.rows("lead", state="open")]


@dataclass(frozen=True)
class Furnished:
    """A hub's folder full of leads, and when and after which ids it was left: copies of it go on from there."""

    folder: Path
    at: datetime
    ids: CountedIds

    @contextlib.contextmanager
    def copied(self, folder: Path) -> Iterator[Showroom]:
        """Serve a copy."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        with opened(folder, clock=HandClock(self.at), ids=copy.deepcopy(self.ids)) as room:
            yield room


@contextlib.contextmanager
def opened(
    folder: Path, config: str = CONFIG, *, clock: HandClock | None = None, ids: CountedIds | None = None
) -> Iterator[Showroom]:
    """Serve a hub; there is nothing in it where the folder is empty."""
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "partners").write_text("a-secret-of-the-partners", "utf-8")
    clock = clock or HandClock()
    with serving(folder, config, clock=clock, ids=ids) as served:
        room = Showroom(served.hub, served.port)
        room.clock = clock
        for sink in filter(None, [room.hub.plan.sinks.get("legacy")]):
            sink.answer = _grumble  # type: ignore[attr-defined]
        yield room


def furnish(room: Showroom) -> None:
    """Fill a hub: leads of ten days from several sources, answered, won, lost, stuck and waiting."""
    for number in range(LEADS):
        room.clock.turn(timedelta(hours=5).total_seconds())
        source = ("website", "ads", "expo", "website")[number % 4]
        lead = room.post_json(person(number), source).json()["lead"]
        if lead:
            _tell(room, number, lead)
    _spend(room)
    room.post_json({"id": "no-way", "full_name": "Nobody Reachable"}, "website")
    room.post_json({"id": "bad-mail", "email": "ann@@example", "company": "Miller Inc."}, "ads")
    room.post_json({**person(2), "id": "again"}, "ads")
    for number in WAITING:
        room.clock.turn(45.0)
        room.post_json({**person(number), "wechat": f"wx_{number}"}, "website")
    room.until(lambda: room.rows("delivery", state="sent"), LEADS // 2)


def _spend(room: Showroom) -> None:
    """Let campaigns cost something."""
    today = room.clock.now().date()
    days = {"from": (today - timedelta(days=14)).isoformat(), "to": today.isoformat()}
    items = [
        {**days, "campaign": "spring-demo", "cost": 6000, "currency": "CNY"},
        {**days, "campaign": "newsletter-05", "cost": 150, "currency": "EUR"},
        {**days, "campaign": "Spring_Demo", "cost": 300, "currency": "CNY"},
        {**days, "source": "expo", "cost": 9000, "currency": "CNY"},
    ]
    room.api("POST", "/api/costs", {"name": "May.csv", "items": items})


def person(number: int) -> dict[str, Any]:
    """Return what a form sends of the person of a number."""
    name, country, company, phone = PEOPLE[number % len(PEOPLE)]
    campaign, origin, medium = CAMPAIGNS[number % len(CAMPAIGNS)]
    touch = {"utm_campaign": campaign, "utm_source": origin, "utm_medium": medium, "gclid": f"g-{number}"}
    said = {
        "id": f"web-{number}", "full_name": f"{name} {number}", "email": f"person{number}@example.com",
        "phone": phone.format(number) if phone else "", "company": company, "country": country,
        "interest": ("free trial", "price list", "试用")[number % 3], "message": "Please call me.", "room": f"hall {number % 3}",
        **touch,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _tell(room: Showroom, number: int, lead: str) -> None:
    """Let somebody answer most leads, some of them late, and let some be won or lost."""
    acts: list[Mapping[str, Any]] = []
    if number % 6 != 5 and number not in UNANSWERED:
        room.clock.turn(60.0 + 240.0 * (number % 5))
        acts.append({"kind": "call", "by": "li.wei", "disposition": "contacted"})
    if number % 4 == 1:
        acts.append({"kind": "call", "by": "ann.ng", "disposition": "qualified"})
    if number % 8 == 1:
        acts.append({"kind": "status", "disposition": "won", "value": 12_000.0 + number, "currency": "CNY"})
    if number % 8 == 3:
        acts.append({"kind": "status", "disposition": "lost", "reason": "price"})
    for act in acts:
        room.api("POST", f"/api/leads/{lead}/activities", dict(act))


def _grumble(lead: Lead) -> Sent | Rejected | LeadhubError:
    """Answer as an old system does: now and then no, now and then nothing."""
    last = int(lead.id[-1])
    if last % 5 == 0:
        return Rejected("The field 'title' is missing.")
    return Retry("It answered 503.") if last % 5 == 1 else Sent(f"old-{lead.id}")


def hostile(room: Showroom, texts: list[str]) -> None:
    """Fill a hub with what nobody should send, in every field that people can fill."""
    for number, text in enumerate(texts):
        said = {
            **person(number), "id": f"h-{number}", "full_name": text, "company": text, "message": text, "title": text,
            "city": text, "interest": text, "utm_campaign": text, "utm_source": text, "utm_medium": text,
            "referrer": text, "notes": text, text or "empty": text,
        }  # fmt: skip
        room.post(json.dumps(said), "website")
