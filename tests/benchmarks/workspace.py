"""The hub that is measured: everything on, SQLite with synchronous=FULL, twenty rules, a signed source and sink."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from pathlib import Path
from typing import Any

SECRET = "benchmark-secret-0123456789abcdef"

CONFIG = """
hub: {{name: Benchmark, database: "{database}", region: US, time_zone: America/New_York, allow_networks: [127.0.0.0/8]}}
sources:
  website: {{connector: json_webhook, auth: hmac, secret: {secret}, key: id, tags: {{party: first}}}}
  bought: {{connector: list_file, tags: {{party: third}}}}
sinks:
  crm: {{connector: webhook, url: "{sink}/webhook/crm", secret: "whsec_{whsec}", rate: 0, concurrency: 64}}
teams:
  west: {{members: [{{name: ann, weight: 2}}, {{name: bob}}, {{name: cat}}]}}
flows:
  - name: inbound
    from: [website, bought]
    steps:
      - map
      - normalize
      - validate
      - dedupe
      - enrich
      - score: {{rules: [{rules}]}}
      - route
      - assign
      - deliver
    routes:
      - {{name: big, when: 'lead.grade == "A" && lead.employees in ["1000+", "501-1000"]', assign: {{team: west}}, respond_within: 5m, to: [crm]}}
      - {{name: west, when: 'lead.country == "US" && lead.region in ["CA", "WA", "OR"]', assign: {{team: west}}, to: [crm]}}
      - {{name: demo, when: 'lead.interest == "demo"', assign: {{team: west}}, to: [crm]}}
      - {{name: paid, when: 'touch.utm_medium == "cpc"', to: [crm]}}
      - {{name: rest, to: [crm]}}
"""

_RULES = [
    ("lead.interest == 'demo'", 20, "asked for a demo"), ("lead.interest == 'pricing'", 15, "asked for prices"),
    ("lead.title.contains('CEO') || lead.title.contains('Head')", 15, "decides"), ("lead.employees == '1000+'", 20, "large company"),
    ("lead.employees == '51-200'", 10, "middle company"), ("lead.country == 'US'", 5, "home market"),
    ("touch.utm_medium == 'cpc'", 5, "came by an ad"), ("touch.utm_source == 'google'", 3, "came by Google"),
    ("has(lead.phone)", 5, "left a phone"), ("has(lead.company)", 5, "left a company"),
    ("lead.email.endsWith('.edu')", -20, "student"), ("size(lead.message) > 40", 5, "wrote at length"),
    ("lead.city == 'Seattle'", 2, "near us"), ("lead.language == 'en'", 1, "speaks English"), ("lead.region == 'CA'", 2, "California"),
]  # fmt: skip


def config(database: str, sink: str) -> str:
    """Return the hub.yaml of a measurement."""
    import base64

    rules = ", ".join(f"{{when: {json.dumps(w)}, points: {p}, reason: {r}}}" for w, p, r in _RULES)
    whsec = base64.b64encode(SECRET.encode()).decode()
    return CONFIG.format(database=database, sink=sink, secret=SECRET, whsec=whsec, rules=rules)


def lead(number: int, rng: random.Random) -> dict[str, Any]:
    """Return a lead as a form would send it; about one in twenty is a person who came before."""
    person = number if number < 100 or rng.random() > 0.05 else rng.randrange(number)
    first, last = f"{_FIRST[person % 97 % len(_FIRST)]}", f"{_LAST[person // 7 % len(_LAST)]}{person:x}"
    return {
        "id": f"s-{number}", "first_name": first, "last_name": last.title(), "email": f"{first}.{last}@Company{person % 5000}.example.com",
        "phone": f"({_AREAS[person % len(_AREAS)]}) {200 + person // 10_000 % 700}-{person % 10_000:04d}", "company": f"Company {person % 5000} Inc.", "title": _TITLES[person % len(_TITLES)],
        "city": "Seattle", "region": "WA", "employees": ["1-50", "51-200", "501-1000", "1000+"][person % 4],
        "interest": ["demo", "pricing", "newsletter"][number % 3], "message": "We are looking for a way to route our leads quickly and fairly.",
        "language": "en", "consent": "yes", "utm_source": ["google", "bing", "linkedin"][number % 3], "utm_medium": ["cpc", "organic"][number % 2],
        "utm_campaign": f"spring-{number % 12}", "gclid": f"Cj0KCQ{number:012d}", "page_url": "https://www.example.com/demo",
        "favourite": "blue",
    }  # fmt: skip


def body(number: int, rng: random.Random) -> tuple[bytes, str]:
    """Return a request body and its signature."""
    raw = json.dumps(lead(number, rng)).encode()
    return raw, hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()


def write(folder: Path, sink: str) -> Path:
    """Write a workspace and return its hub.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hub.yaml"
    path.write_text(config(f"sqlite:///{folder}/data/hub.db", sink), "utf-8")
    return path


_AREAS = [
    201,
    206,
    212,
    213,
    214,
    216,
    303,
    305,
    310,
    312,
    404,
    408,
    415,
    503,
    512,
    602,
    617,
    619,
    702,
    713,
    773,
    818,
    917,
]
_FIRST = [
    "Ann",
    "Bob",
    "Carla",
    "Dan",
    "Eve",
    "Frank",
    "Grace",
    "Hugo",
    "Ida",
    "Jack",
    "Kim",
    "Lena",
    "Max",
    "Nina",
    "Otto",
]
_LAST = ["smith", "miller", "garcia", "chen", "novak", "rossi", "dubois", "kowalski", "jensen", "silva", "tanaka"]
_TITLES = ["CEO", "Head of Sales", "Engineer", "Buyer", "Student", "Marketing Manager"]
