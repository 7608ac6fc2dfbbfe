"""Builds the hub that pages are measured with: a year of leads with all that happened to them, written in bulk."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from sqlmodel import SQLModel

from hub.ids import delivery_key
from hub.normal.finding import words_of
from hub.normal.tables import words as listed
from hub.store import bulk
from hub.store.database import Database
from hub.store.migrations import migrate

YEAR = timedelta(days=365)
AT_ONCE = 5_000

CONFIG = """
hub: {{name: A year of leads, region: CN, time_zone: Asia/Shanghai, database: "{database}", allow_networks: [127.0.0.0/8]}}
sources:
{sources}
sinks:
  crm: {{connector: webhook, url: "http://127.0.0.1:9/crm", secret: "whsec_YmVuY2htYXJrLXNlY3JldC0wMTIzNDU2Nzg5YWJjZGVm"}}
  chat: {{connector: webhook, url: "http://127.0.0.1:9/chat", secret: "whsec_YmVuY2htYXJrLXNlY3JldC0wMTIzNDU2Nzg5YWJjZGVm"}}
  archive: {{connector: csv_file, path: "out/leads-{{date}}.csv"}}
calendars:
  cn: {{time_zone: Asia/Shanghai, hours: "Mon-Fri 09:00-18:00", holidays: CN}}
teams:
{teams}
pools:
  sea: {{mask: true, claims_a_day: 20}}
lost_reasons: [price, timing, competitor, no budget]
flows:
  - name: inbound
    from: [{names}]
    routes:
      - {{name: hot, when: 'lead.grade == "A"', assign: {{team: team-1}}, respond_within: 10m, to: [crm, chat]}}
      - {{name: rest, assign: {{team: team-2}}, to: [crm]}}
"""
SOURCES = tuple(f"source-{number}" for number in range(12))
TEAMS = tuple(f"team-{number}" for number in range(8))
REPS = tuple(f"rep-{number}" for number in range(200))
CAMPAIGNS = tuple(f"campaign-{number}" for number in range(300))
DISPOSITIONS = (None, None, "contacted", "contacted", "qualified", "unqualified", "won", "lost", "no_answer")

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉萍红玲飞鹏辉鑫波斌宇浩凯健俊帆雪琳婷慧晨阳"
_PLACES = tuple(sorted(listed("上海 北京 深圳 广州 杭州 苏州 南京 成都 武汉 西安 青岛 宁波 厦门 天津 重庆 无锡")))
_TRADES = tuple(
    sorted(
        listed("机械 物流 科技 电子 贸易 软件 医疗器械 自动化 精密仪器 新材料 环保设备 信息技术 电气 模具 包装 化工")
    )
)
_PINYIN = tuple(sorted(listed("li wang zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo")))
_FIRST = tuple(
    sorted(
        listed("""Anna Max Eva Paul Lena Jonas Marie Felix Laura Tim Sophie Lukas Julia Jan Katharina Jörg Ann Bob Carla Dan
Grace Hugo Ida Jack Kim Nina Otto Peter Quentin Rosa Sam Tina Ursula Vera Walter Xaver Yvonne Zoë""")
    )
)
_LAST = tuple(
    sorted(
        listed("""Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein
Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Smith Johnson Brown Jones Garcia Miller
Davis Wilson Moore Taylor Anderson Thomas Jackson White Harris Martin Thompson Robinson Clark Lewis""")
    )
)
_FIRMS = tuple(
    sorted(
        listed("""Nord Süd Alpen Rhein Elbe Prime Global Vertex Summit Harbor Pioneer Granite Silver Blue Falcon Quantum Atlas
Orion Delta Zenith Maple Cedar River Stone""")
    )
)
_KINDS = tuple(
    sorted(
        listed("Logistik Technik Systems Software Consulting Medical Automation Foods Textiles Energy Robotics Print")
    )
)
_FORMS = ("GmbH", "GmbH & Co. KG", "AG", "Inc.", "Ltd", "LLC", "KG")


def config(database: str) -> str:
    """Return the hub.yaml of the hub; its secrets open nothing."""
    sources = "\n".join(
        f"  {name}: {{connector: json_webhook, auth: hmac, secret: benchmark-secret-0123456789abcdef, key: id}}"
        for name in SOURCES
    )
    teams = "\n".join(
        f"  {name}: {{calendar: cn, fallback: {{pool: sea}}, members: "
        f"[{', '.join(f'{{name: {rep}}}' for rep in REPS[place :: len(TEAMS)])}]}}"
        for place, name in enumerate(TEAMS)
    )
    return CONFIG.format(database=database, sources=sources, teams=teams, names=", ".join(SOURCES))


class Writer:
    """Writes rows of any table, with every column that a row leaves out at its default."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"
        self._rows: dict[str, list[Mapping[str, Any]]] = {}

    def put(self, table: str, row: Mapping[str, Any]) -> None:
        """Take a row."""
        self._rows.setdefault(table, []).append(row)

    def flush(self) -> None:
        """Write what was taken."""
        for name, rows in self._rows.items():
            table = SQLModel.metadata.tables[name]
            names = tuple(c.name for c in table.columns if c.autoincrement is not True)
            names = tuple(name for name in names if name in rows[0] or table.c[name].default is not None)
            self._write(table, names, rows)
        self._rows.clear()

    def _write(self, table: sa.Table, names: tuple[str, ...], rows: list[Mapping[str, Any]]) -> None:
        encoders = bulk._encoders(table, names, self._connection.dialect)
        blank = [getattr(table.c[name].default, "arg", None) for name in names]
        values = (
            tuple(
                encode(cell) if encode and cell is not None else cell
                for encode, cell in zip(
                    encoders, (row.get(name, empty) for name, empty in zip(names, blank, strict=True)), strict=True
                )
            )
            for row in rows
        )
        columns = ", ".join(f'"{name}"' for name in names)
        raw: Any = self._connection.connection.driver_connection
        if self._sqlite:
            raw.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join("?" * len(names))})', values)
            return
        with raw.cursor().copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in values:
                copy.write_row(row)


def build(db: Database, leads: int, now: datetime | None = None) -> None:
    """Fill an empty database with a year of leads that ends now."""
    now = now or datetime.now(UTC)
    migrate(db.writer)
    with db.writer.connect() as connection:
        _relax(connection, db.sqlite)
        writer, rng = Writer(connection), random.Random(7)
        for start in range(0, leads, AT_ONCE):
            for number in range(start, min(start + AT_ONCE, leads)):
                _lead(writer, number, now - YEAR * (1 - (number + 1) / leads), now, rng)
            writer.flush()
            if not start % 50_000:
                print(f"  {start:,} leads", flush=True)
        _ends(writer, now)
        writer.flush()
        connection.commit()
    settle(db)


def settle(db: Database) -> None:
    """Let the database know its own figures, as it does by itself within a day, and make what newer tables need."""
    SQLModel.metadata.create_all(db.writer, checkfirst=True)
    for table in SQLModel.metadata.sorted_tables:
        for index in table.indexes:
            index.create(db.writer, checkfirst=True)
    if not db.sqlite:
        with psycopg.connect(
            db.writer.url.set(drivername="postgresql").render_as_string(False), autocommit=True
        ) as line:
            line.execute("VACUUM ANALYZE")  # longer than the hub would wait for an answer


def _relax(connection: sa.Connection, sqlite: bool) -> None:
    if sqlite:
        connection.commit()
        raw: Any = connection.connection.driver_connection
        for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-2000000", "secure_delete=OFF"):
            raw.execute(f"PRAGMA {pragma}")
        connection.begin()
    else:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("SET synchronous_commit = off")


def person(number: int, rng: random.Random) -> dict[str, Any]:
    """Return who a lead is: two in three Chinese, the others German or English."""
    if number % 3:
        name = rng.choice(_SURNAMES) + "".join(rng.sample(_GIVEN, rng.choice((1, 2, 2))))
        company = f"{rng.choice(_PLACES)}{rng.choice(_GIVEN)}{rng.choice(_GIVEN)}{rng.choice(_TRADES)}有限公司"
        domain = rng.choice(("qq.com", "163.com", f"{rng.choice(_PINYIN)}{rng.choice(_PINYIN)}{number % 9973}.com.cn"))
        email = f"{rng.choice(_PINYIN)}.{rng.choice(_PINYIN)}{number}@{domain}"
        return {
            "full_name": name, "company": company, "email": email, "phone": f"+86{13000000000 + number * 7:011d}",
            "country": "CN", "language": "zh",
        }  # fmt: skip
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    firm = f"{rng.choice(_FIRMS)}{rng.choice(_FIRMS).lower()} {rng.choice(_KINDS)}"
    plain = last.lower().translate(str.maketrans({"ü": "ue", "ä": "ae", "ö": "oe", "ë": "e"}))
    country, code = rng.choice((("DE", "49151"), ("US", "1415"), ("GB", "447"), ("AT", "43664")))
    return {
        "full_name": f"{first} {last}", "company": f"{firm} {rng.choice(_FORMS)}",
        "email": f"{first.lower()[:1]}.{plain}{number}@{firm.split()[0].lower()}.example.com",
        "phone": f"+{code}{number:08d}", "country": country, "language": "de" if country in ("DE", "AT") else "en",
    }  # fmt: skip


def _id(prefix: str, at: datetime, rng: random.Random, more: int = 0) -> str:
    return f"{prefix}_{int(at.timestamp() * 1000) + more:012x}{rng.getrandbits(80):020x}"


def _lead(writer: Writer, number: int, at: datetime, now: datetime, rng: random.Random) -> None:
    """Take one lead with all that happened to it."""
    who = person(number, rng)
    state = rng.choices(("open", "merged", "erased"), (985, 13, 2))[0]
    test = state == "open" and rng.random() < 0.002
    grade, source = rng.choices("ABC", (2, 3, 5))[0], SOURCES[int(rng.triangular(0, len(SOURCES), 0))]
    team_at = rng.randrange(len(TEAMS))
    owner = None if rng.random() < 0.03 else rng.choice(REPS[team_at :: len(TEAMS)])
    lead, submission = _id("lead", at, rng), _id("sub", at, rng)
    plain: dict[str, Any] = {
        "id": lead, "version": 1, "state": state, "source": source, "flow": "inbound", "score": rng.randrange(100) * 1.0,
        "grade": grade, "team": TEAMS[team_at], "owner": owner, "test": test, "submitted_at": at, "created_at": at,
        "updated_at": at, **{name: who[name] for name in ("full_name", "email", "phone", "company", "country")},
    }  # fmt: skip
    touch = _touched(number, rng)
    body = _body(plain, who, submission, touch)
    shown = {**plain, "body": body} if state != "erased" else {**plain, **_NOBODY}
    writer.put("lead", {**shown, "merged_into": lead if state == "merged" else None})
    _submitted(writer, number, plain, submission, body, touch, rng)
    if state == "open":
        _found(writer, plain, who, submission)
    _kept(writer, number, plain, submission, now, rng)


_NOBODY = {**dict.fromkeys(("full_name", "email", "phone", "company", "country", "owner")), "body": "{}"}


def _touched(number: int, rng: random.Random) -> dict[str, str]:
    campaign = CAMPAIGNS[int(rng.triangular(0, len(CAMPAIGNS), 0))] if number % 5 else ""
    medium = rng.choice(("cpc", "email", "organic", "paid-social", "qr"))
    found = {"utm_campaign": campaign, "utm_source": rng.choice(("google", "baidu", "linkedin", "wechat")),
             "utm_medium": medium}  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _body(lead: Mapping[str, Any], who: Mapping[str, Any], submission: str, touch: Mapping[str, str]) -> str:
    values = {
        name: {"raw": said, "value": said, "valid": True, "source": lead["source"], "submission": submission,
               "at": lead["created_at"]}
        for name, said in who.items()
    }  # fmt: skip
    one = {"submission": submission, "source": lead["source"], "at": lead["created_at"], "fields": touch, "tags": {}}
    known = {name: value for name, value in lead.items() if name not in ("state", "flow", "test")}
    said = {
        **known, **who, "message": "Please call me about your prices.", "interest": "free trial", "values": values,
        "first_touch": one, "touch": one, "extra": {"room": "hall 1"},
    }  # fmt: skip
    return orjson.dumps(said).decode()


def _submitted(
    writer: Writer, number: int, lead: Mapping[str, Any], submission: str, body: str, touch: Mapping[str, str],
    rng: random.Random,
) -> None:  # fmt: skip
    """Take what came in, and what was decided on it; some people come twice."""
    at = lead["created_at"]
    for again in range(2 if rng.random() < 0.15 else 1):
        id_ = submission if not again else _id("sub", at, rng, 60_000)
        said = orjson.dumps({"id": number, "full_name": lead["full_name"], "email": lead["email"], **touch})
        writer.put("submission", {
            "id": id_, "source": lead["source"], "received_at": at, "state": "done", "body": said,
            "headers": {"content-type": "application/json"}, "url": "http://hub/in/x", "client": "127.0.0.1",
            "digest": hashlib.sha256(said + id_.encode()).hexdigest(), "key": f"{number}.{again}", "lead": lead["id"],
            "candidate": body if not number % 20 else None, "test": lead["test"], "done_at": at,
        })  # fmt: skip
        writer.put("touch", {
            "submission": id_, "lead": lead["id"], "source": lead["source"], "at": at,
            "campaign": touch.get("utm_campaign"), "medium": touch["utm_medium"], "origin": touch["utm_source"],
            "cost": 12.5 if touch["utm_medium"] == "cpc" else None, "currency": "CNY", "test": lead["test"],
            "fields": dict(touch), "tags": {},
        })  # fmt: skip
        decision = {
            "lead": lead["id"], "submission": id_, "source": lead["source"], "flow": "inbound", "revision": 1,
            "status": "accepted", "steps": [{"step": "map", "us": 90, "outcome": "passed"}], "routes": ["rest"],
            "targets": [{"sink": "crm", "route": "rest"}],
            "assignment": {"team": lead["team"], "owner": lead["owner"], "strategy": "round_robin"},
        }  # fmt: skip
        writer.put("decision", {
            "submission": id_, "lead": lead["id"], "kind": "run", "flow": "inbound", "revision": 1,
            "status": "accepted", "at": at, "body": orjson.dumps(decision).decode(),
        })  # fmt: skip
        writer.put("event", {
            "at": at, "kind": "lead.updated" if again else "lead.created", "lead": lead["id"], "submission": id_,
            "source": lead["source"], "sink": None, "data": None,
        })  # fmt: skip


def _found(writer: Writer, lead: Mapping[str, Any], who: Mapping[str, Any], submission: str) -> None:
    """Take what a lead is found by."""
    for word in words_of(who["full_name"], who["company"], who["email"], who["phone"]):
        writer.put("word", {"term": word, "lead": lead["id"]})
    keys = {f"email:{who['email']}": True, f"phone:{who['phone']}": True, f"block:phone:{who['phone'][-8:]}": False,
            f"block:name+phone:{who['full_name']}|{who['phone'][-4:]}": False}  # fmt: skip
    for key, exact in keys.items():
        writer.put("identity", {"key": key, "lead": lead["id"], "exact": exact, "submission": submission})


def _kept(
    writer: Writer, number: int, lead: Mapping[str, Any], submission: str, now: datetime, rng: random.Random
) -> None:
    """Take who has a lead, what was sent of it, and what became of it."""
    at = lead["created_at"]
    answered = rng.random() < 0.8 and at < now - timedelta(hours=1)
    waits = min(rng.lognormvariate(6.5, 2.0), 3_000_000.0)
    heard = at + timedelta(seconds=waits + 1) if answered else None
    word = rng.choice(DISPOSITIONS) if answered else None
    pool = None if lead["owner"] else rng.choice(("sea", "unassigned"))
    open_ = lead["state"] == "open"
    writer.put("care", {
        "lead": lead["id"], "round": 1, "current": open_, "source": lead["source"], "flow": "inbound", "route": "rest",
        "grade": lead["grade"], "test": lead["test"], "revision": 1, "team": lead["team"], "owner": lead["owner"],
        "pool": pool, "since": at, "turns": int(pool is None), "started_at": at, "received_at": at, "decided_at": at,
        "delivered_at": at + timedelta(seconds=1), "responded_at": heard, "responded_by": lead["owner"] if heard else None,
        "target": 600.0, "calendar": "cn", "due_at": at + timedelta(seconds=600),
        "breached_at": at + timedelta(seconds=600) if waits > 600 else None, "waited": waits if heard else None,
        "held": 0.8 if heard else None, "touched_at": heard, "disposition": word, "disposed_at": heard if word else None,
        "reason": rng.choice(("price", "timing", "competitor")) if word == "lost" else None,
        "closed_at": at + timedelta(days=20) if word in ("won", "lost") or not open_ else None,
    })  # fmt: skip
    writer.put("ownership", {
        "at": at, "act": "pooled" if pool else "assigned", "lead": lead["id"], "owner": lead["owner"],
        "team": lead["team"], "pool": pool, "gained": int(pool is None), "turn_of": lead["owner"], "roster": "all",
        "strategy": "round_robin", "reason": "chosen", "submission": submission, "revision": 1,
    })  # fmt: skip
    _delivered(writer, number, lead, submission, now, rng)
    if word is not None:
        writer.put("activity", {
            "lead": lead["id"], "sink": "api", "key": f"act-{number}", "kind": "call", "at": heard, "heard_at": heard,
            "by": lead["owner"], "human": True, "word": word, "disposition": word, "reason": None, "ref": None,
            "value": 9000.0 if word == "won" else None, "currency": "CNY" if word == "won" else None, "data": None,
        })  # fmt: skip
        writer.put("standing", {
            "lead": lead["id"], "disposition": word, "disposed_at": heard, "responded_at": heard,
            "responded_by": lead["owner"], "responded_through": "api", "value": 9000.0 if word == "won" else None,
            "currency": "CNY" if word == "won" else None, "reason": "price" if word == "lost" else None,
        })  # fmt: skip


def _delivered(
    writer: Writer, number: int, lead: Mapping[str, Any], submission: str, now: datetime, rng: random.Random
) -> None:
    at = lead["created_at"]
    for sink in ("crm", "chat") if lead["grade"] == "A" else ("crm",):
        state = rng.choices(("sent", "dead", "rejected", "unclear", "superseded"), (975, 8, 5, 2, 10))[0]
        id_ = _id("dlv", at, rng)
        writer.put("delivery", {
            "id": id_, "lead": lead["id"], "sink": sink, "version": 1, "key": delivery_key(lead["id"], sink, 1),
            "route": "rest", "submission": submission, "state": state, "attempts": 1, "test": lead["test"],
            "sentence": "Went to crm because route rest matched.", "created_at": at, "due_at": None, "fence": 1,
            "done_at": at if state == "sent" else None, "ref": f"{sink}-{number}" if state == "sent" else None,
            "outcome": state, "reason": None if state == "sent" else "It answered 503.",
        })  # fmt: skip
        writer.put("attempt", {
            "delivery": id_, "number": 1, "fence": 1, "started_at": at, "ended_at": at, "outcome": state,
            "reason": None if state == "sent" else "It answered 503.", "ms": 80.0,
        })  # fmt: skip


def _ends(writer: Writer, now: datetime) -> None:
    """Take what waits for people, and what fairness is reckoned from."""
    rng = random.Random(8)
    for number in range(3_000):
        at = now - YEAR * (1 - (number + 1) / 3_000)
        said = orjson.dumps({"id": f"q{number}", "full_name": "Nobody Reachable"})
        writer.put("submission", {
            "id": _id("sub", at, rng), "source": rng.choice(SOURCES), "received_at": at, "state": "quarantined",
            "body": said, "headers": {}, "digest": hashlib.sha256(said).hexdigest(), "key": f"q{number}", "done_at": at,
            "problems": [{"field": "email", "code": "no_contact", "message": "There is no way to reach this person."}],
            "reason": "There is no way to reach this person.",
        })  # fmt: skip
    writer.put("roster", {"digest": "all", "shares": {name: 1 / len(REPS) for name in REPS}})
    for place, rep in enumerate(REPS):
        writer.put("share", {"team": TEAMS[place % len(TEAMS)], "member": rep, "received": 5, "entitled": 5.0})
