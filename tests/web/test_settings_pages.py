"""The settings without a browser: who sees what, what is said beside a field, and what never stands in a page."""

from __future__ import annotations

import re

import httpx
import pytest

from hub.app import Hub
from hub.store.audit import KINDS
from hub.web.audited import WORDS
from hub.web.rooms.settings import PLACES
from tests.api.calling import calling, keys_of_all_roles
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person
from tests.core.looking import all_rows, rows

FORM = {"sec-fetch-site": "same-origin"}
PHRASE = "canary words of a passphrase"


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


def test_every_kind_of_entry_has_its_words():
    assert dict(WORDS) == dict(KINDS)


ROLES = ("viewer", "operator", "admin", "owner")


async def pages(hub: Hub, role: str, *paths: str) -> list[httpx.Response]:
    key = (await keys_of_all_roles(hub))[role]
    async with calling(hub, key) as http:
        return [await http.get(path) for path in paths]


@pytest.mark.parametrize("role", ROLES)
async def test_what_a_role_may_not_open_is_not_linked_and_what_it_may_is(hub, role):
    allowed = {f"/settings/{place.name}" for place in PLACES if ROLES.index(role) >= ROLES.index(place.role)}
    first, *others = await pages(hub, role, "/settings", *(f"/settings/{place.name}" for place in PLACES))
    linked = set(re.findall(r'href="(/settings/[a-z]+)"', first.text))
    assert linked == allowed
    opened = {f"/settings/{place.name}" for place, one in zip(PLACES, others, strict=True) if one.status_code == 200}
    assert opened == allowed


async def test_a_new_key_stands_in_the_answer_that_made_it_and_nowhere_else(hub):
    async with calling(hub) as http:
        made = await http.post("/settings/keys", data={"role": "viewer", "name": "x", "days": ""}, headers=FORM)
        (key,) = re.findall(r"<code>(lh_[\w-]{20,})</code>", made.text)
        listed = await http.get("/settings/keys")
    assert made.headers["cache-control"] == "no-store"
    assert key not in listed.text
    assert key not in str(await all_rows(hub, "audit"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"role": "nothing"}, "role"), ({"role": "viewer", "days": "many"}, "days"), ({"role": "source", "source": ""}, "source"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_new_key_is_said_and_what_was_typed_stays(hub, typed, said):
    async with calling(hub) as http:
        answer = await http.post("/settings/keys", data={"name": "for a test", **typed}, headers=FORM)
    assert answer.status_code == 422
    assert said in re.findall(r'role="alert">([^<]+)', answer.text)[0]
    assert 'value="for a test"' in answer.text


async def test_a_password_stands_in_no_page(hub):
    async with calling(hub) as http:
        data = {"name": "", "role": "viewer", "password": PHRASE}
        wrong = await http.post("/settings/users", data=data, headers=FORM)
        right = await http.post("/settings/users", data={**data, "name": "ann"}, headers=FORM)
    assert (wrong.status_code, right.status_code) == (422, 303)
    assert PHRASE not in wrong.text + right.text + str(right.headers)
    assert [row["name"] for row in await all_rows(hub, "hub_user")] == ["ann"]


async def test_a_person_is_erased_only_when_the_key_is_typed_twice(hub):
    await post(hub, person(1))
    await settled(hub)
    asked = {"key": "p1@example.com"}
    async with calling(hub) as http:
        shown = await http.post("/settings/people/look", data=asked, headers=FORM)
        typo = await http.post("/settings/people/erase", data={**asked, "typed": "p1@example.org"}, headers=FORM)
        assert await rows(hub, "erasure") == []
        done = await http.post("/settings/people/erase", data={**asked, "typed": "p1@example.com"}, headers=FORM)
        certificate = await http.get(done.headers["location"])
    assert "lead_000001" in shown.text
    assert typo.status_code == 422
    assert (done.status_code, certificate.status_code) == (303, 200)
    assert "p1@example.com" not in certificate.text + done.headers["location"]
    assert "p1@example.com" not in str(await all_rows(hub, "lead"))


async def test_nobody_is_erased_where_nobody_is_known(hub):
    async with calling(hub) as http:
        answer = await http.post("/settings/people/look", data={"key": "nobody@example.com"}, headers=FORM)
    assert answer.status_code == 404
    assert "Nobody with that key is here." in answer.text


async def test_the_copy_for_a_person_comes_as_a_file(hub):
    await post(hub, person(1))
    await settled(hub)
    async with calling(hub) as http:
        answer = await http.post(
            "/settings/people/export", data={"key": "p1@example.com", "format": "csv"}, headers=FORM
        )
    assert answer.headers["content-disposition"] == 'attachment; filename="person.csv"'
    assert "p1@example.com" in answer.text
    assert [row["what"] for row in await rows(hub, "audit", what="person.exported")] == ["person.exported"]


async def test_the_audit_log_is_filtered_by_name_kind_and_target_and_paged(hub):
    async with calling(hub) as http:
        for number in range(60):
            await http.post(f"/api/sinks/{('crm', 'chat')[number % 2]}/pause", json={})
        first = (await http.get("/settings/audit?what=sink.paused&target=crm&who=local")).text
        everything = (await http.get("/settings/audit?what=sink.paused")).text
        following = re.findall(r'href="(/settings/audit\?[^"]*after=[^"]+)"', everything)[0].replace("&amp;", "&")
        second = (await http.get(following)).text
    assert (first.count("<tr><th"), everything.count("<tr><th"), second.count("<tr><th")) == (31, 51, 11)


async def test_a_backup_is_made_with_a_passphrase_that_stands_nowhere(hub, make_hub: MakeHub):
    async with calling(hub) as http:
        other = {"passphrase": PHRASE, "again": "other words in a row"}
        wrong = await http.post("/settings/backups", data=other, headers=FORM)
        made = await http.post("/settings/backups", data={"passphrase": PHRASE, "again": PHRASE}, headers=FORM)
        await hub.backups.done()
        shown = await http.get("/settings/backups")
    assert (wrong.status_code, made.status_code) == (422, 303)
    assert shown.text.count("-sealed.backup") >= 1
    assert PHRASE not in wrong.text + shown.text + str(made.headers)


async def test_a_form_of_another_site_changes_nothing(hub):
    async with calling(hub) as http:
        answer = await http.post("/settings/retention", data={}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert await rows(hub, "audit", what="retention.purged") == []
