"""A viewer works with leads and cannot recognise anybody; an operator sees them as they are."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.api import masks
from hub.app import Hub
from hub.lead import LEAD_FIELDS
from tests.api.calling import calling, keys_of_all_roles
from tests.api.test_access import CALLS, LIVE, SAMPLES
from tests.conftest import BASIC, MakeHub, post, settled
from tests.core.looking import all_rows

CANARIES = (
    "Quirinius", "Zwiebelfisch", "quirinius.zwiebelfisch", "+4915199887766", "15199887766", "Geheimgasse",
    "wxid_canary", "1971-02-03", "canary-shoe", "canary-note", "canary-question",
)  # fmt: skip
LEAD = {
    "id": "1", "full_name": "Quirinius Zwiebelfisch", "email": "quirinius.zwiebelfisch@kanarienvogel.example",
    "phone": "+4915199887766", "company": "Acme", "street": "Geheimgasse 7", "wechat": "wxid_canary",
    "birthday": "1971-02-03", "shoe size": "canary-shoe", "message": "Quirinius asks: canary-question",
    "notes": "canary-note", "country": "DE",
    "page_url": "https://acme.example/?email=quirinius.zwiebelfisch@kanarienvogel.example",
}  # fmt: skip
RULES = BASIC.replace(
    "{name: all,", "{name: his, when: 'lead.last_name == \"Zwiebelfisch\"', to: [crm]}\n      - {name: all,"
).replace("from: [website]", "from: [website]\n    match: all")


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


async def with_canary(make_hub: MakeHub) -> Hub:
    """Return a hub that knows one person well, and one from a submission that became no lead."""
    hub = await make_hub(RULES)
    await post(hub, json.dumps(LEAD))
    await post(hub, json.dumps({**LEAD, "id": "2", "title": "CEO"}))
    await post(hub, json.dumps({"id": "3", "full_name": "Quirinius Zwiebelfisch", "phone": "15199887766-"}))
    await settled(hub)
    return hub


async def read(hub: Hub, key: str) -> dict[str, str]:
    """Return what every address that can be read says to the holder of a key."""
    found = {}
    samples = SAMPLES | {"submission": "sub_000003", "delivery": (await all_rows(hub, "delivery"))[0]["id"]}
    async with calling(hub, key) as http:
        for path in (path for method, path, _ in CALLS if method == "GET" and path != LIVE):
            answer = await http.get(path.format_map(samples))
            found[path] = f"{answer.headers}{answer.text}" if answer.status_code == 200 else ""
    return found


async def test_a_viewer_recognises_nobody_anywhere(make_hub: MakeHub):
    hub = await with_canary(make_hub)
    keys = await keys_of_all_roles(hub)
    said = await read(hub, keys["viewer"])
    shown = {path for path, text in said.items() if text}
    assert {"/api/leads", "/api/leads/{lead}", "/api/leads/{lead}/explain", "/api/decisions", "/api/decisions/{decision}",
            "/api/submissions", "/api/deliveries", "/api/deliveries/{delivery}", "/", "/leads/{lead}"} <= shown  # fmt: skip
    assert {path: canary for path, text in said.items() for canary in CANARIES if canary.lower() in text.lower()} == {}


async def test_an_operator_sees_people_as_they_are(make_hub: MakeHub):
    hub = await with_canary(make_hub)
    keys = await keys_of_all_roles(hub)
    said = await read(hub, keys["operator"])
    missing = [canary for canary in CANARIES if canary not in said["/api/leads/{lead}"] + said["/api/submissions"]]
    assert missing in ([], ["15199887766"])
    assert "Zwiebelfisch" in said["/"]
    assert "Zwiebelfisch" in said["/leads/{lead}"]


async def test_a_viewer_sees_what_says_nothing_of_who_it_is(make_hub: MakeHub):
    hub = await with_canary(make_hub)
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        row = (await http.get("/api/leads")).json()["items"][-1]
        lead = (await http.get("/api/leads/lead_000001")).json()
        body = (await http.get("/api/submissions/sub_000001")).status_code
    assert (row["email"], row["phone"]) == ("q***@kanarienvogel.example", "+49***66")
    assert (row["full_name"], row["company"], row["country"]) == ("Q*** Z***", "Acme", "DE")
    assert lead["lead"]["values"]["email"]["source"] == "website"
    assert lead["lead"]["extra"].keys() >= {"shoe size"}
    assert set(lead["lead"]["extra"].values()) <= {"***", True, False}
    assert body == 403


@pytest.mark.parametrize("field", sorted(set(LEAD_FIELDS) & masks.PERSONAL))
def test_every_personal_field_is_hidden_under_its_name_however_deep(field):
    value = "Wolkenkuckuck 77"
    for shape in ({field: value}, {field: {"value": value}}, {field: [value]}, {f"lead.{field}": value}):
        assert "kuckuck" not in str(masks.masked({"a": [{"b": shape}]})).lower()


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_a_mask_keeps_the_shape_and_never_raises(value):
    def shape(one):
        return (
            {k: shape(v) for k, v in one.items()}
            if isinstance(one, dict)
            else [shape(v) for v in one]
            if isinstance(one, list)
            else None
        )

    assert shape(masks.masked(value)) == shape(value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to ann@example.com, please", "write to a***@example.com, please"),
        ("call +49 151 99887766 now", "call +49***66 now"),
        ("张伟 <wei@example.cn>", "张伟 <w***@example.cn>"),
        ("1 + 2 = 3", "1 + 2 = 3"),
    ],
)
def test_addresses_and_numbers_are_hidden_in_any_text(text, shown):
    assert masks.masked({"sentence": text}) == {"sentence": shown}


def test_a_chinese_name_is_hidden():
    assert masks.masked({"full_name": "张伟", "sentence": "交给 张伟。"}) == {
        "full_name": "张***",
        "sentence": "交给 张***。",
    }
