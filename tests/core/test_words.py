"""The index of words says of each open lead what making it anew would say, whatever happened to the lead."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from hub.normal.finding import question_of
from hub.store import leadlist, search
from hub.store.audit import Actor
from hub.store.columns import LEAD, WORD
from hub.store.wanted import Wanted
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink

ANN = {"id": "1", "full_name": "Ann Ng", "email": "ann@example.com", "company": "Acme"}
BY_PHONE = {"id": "2", "full_name": "王秀英", "phone": "138 0013 8000", "company": "上海机械有限公司"}
BOTH = {
    "id": "3",
    "full_name": "Ann Ng-Müller",
    "email": "ann@example.com",
    "phone": "138 0013 8000",
    "company": "Umbrella",
}
AGAIN = {"id": "4", "full_name": "Anna Renamed", "email": "ann@example.com", "company": "Initech"}
OTHER = {"id": "5", "full_name": "Bob", "email": "bob@other.example.com"}


async def send(hub, data: dict[str, Any], clock) -> dict[str, Any]:
    clock.turn(60)
    said = (await post(hub, json.dumps(data))).json()
    await settled(hub)
    return said


async def kept(hub) -> set[tuple[str, str]]:
    """Return what the index says."""
    return await hub.db.read(_kept)


def _kept(*, session: Session) -> set[tuple[str, str]]:
    return {tuple(row) for row in session.execute(sa.select(WORD.c.term, WORD.c.lead))}


async def made_anew(hub) -> set[tuple[str, str]]:
    """Return what it would say if it were made from nothing."""
    return await hub.db.read(_made_anew)


def _made_anew(*, session: Session) -> set[tuple[str, str]]:
    rows = session.execute(sa.select(LEAD).where(LEAD.c.state == "open")).mappings()
    return {(word, row["id"]) for row in rows for word in search.words(dict(row))}


async def typed(hub, text: str) -> list[str]:
    found = await hub.db.read(leadlist.page, Wanted(question=question_of(text, "86")))
    return [row["id"] for row in found.rows]


async def nothing(hub, clock):
    """Leave everything as it is."""


async def updated(hub, clock):
    await send(hub, AGAIN, clock)


async def joined(hub, clock):
    await send(hub, BOTH, clock)


async def taken_apart(hub, clock):
    said = await send(hub, BOTH, clock)
    (other,) = {row["id"] for row in await hub.db.read(_closed)}
    await hub.lineage.unmerge(said["lead"], other=other)


def _closed(*, session: Session) -> list[Any]:
    return list(session.execute(sa.select(LEAD).where(LEAD.c.state == "merged")).mappings())


async def one_taken_out(hub, clock):
    said = await send(hub, AGAIN, clock)
    await hub.lineage.unmerge(said["lead"], submission=said["submission"])


async def replayed(hub, clock):
    said = await send(hub, AGAIN, clock)
    await hub.replays.replay(said["submission"])


async def erased(hub, clock):
    await hub.privacy.erase(email="ann@example.com", by=Actor("test"))


async def joined_and_erased(hub, clock):
    await joined(hub, clock)
    await hub.privacy.erase(phone="+8613800138000", by=Actor("test"))


async def accepted(hub, clock):
    await send(hub, {"id": "7", "full_name": "Ann Ng", "email": "ann.ng@private.example.com", "company": "Acme"}, clock)
    for suggestion in await hub.db.read(_suggestions):
        await hub.lineage.accept(suggestion)


def _suggestions(*, session: Session) -> list[int]:
    return list(session.execute(sa.text("SELECT id FROM suggestion WHERE state = 'open'")).scalars())


HAPPENED = (nothing, updated, joined, taken_apart, one_taken_out, replayed, erased, joined_and_erased, accepted)


@pytest.mark.parametrize("happens", HAPPENED, ids=lambda one: one.__name__)
async def test_the_index_is_as_if_it_were_made_anew(make_hub: MakeHub, clock, happens):
    hub = await make_hub()
    for data in (ANN, BY_PHONE, OTHER):
        await send(hub, data, clock)
    await happens(hub, clock)
    assert await kept(hub) == await made_anew(hub)
    assert await kept(hub)


async def test_an_undone_import_leaves_no_words(make_hub: MakeHub, clock, tmp_path):
    config = one_sink("updating_sink").replace("sources: {", "sources: {list: {connector: list_file}, ")
    hub = await make_hub(config.replace("from: [website]", "from: [website, list]"))
    await send(hub, ANN, clock)
    (tmp_path / "list.csv").write_text(
        "full name,email,phone\nAnn Listed,ann@example.com,\nNew Person,new@list.example.com,\n"
    )
    done = await hub.imports.import_file(tmp_path / "list.csv", "list")
    assert await typed(hub, "new person")
    await hub.lineage.undo_import(done.id)
    assert await kept(hub) == await made_anew(hub)
    assert await typed(hub, "new person") == []


async def test_who_was_renamed_is_found_by_the_new_name_only(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    assert await typed(hub, "ann acme") == [first["lead"]]
    await send(hub, AGAIN, clock)
    assert await typed(hub, "anna initech") == [first["lead"]]
    assert await typed(hub, "acme") == []


async def test_who_was_erased_is_in_no_word(make_hub: MakeHub, clock):
    hub = await make_hub()
    first = await send(hub, ANN, clock)
    await erased(hub, clock)
    assert [word for word, lead in await kept(hub) if lead == first["lead"]] == []
