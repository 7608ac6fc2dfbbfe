"""Every shipped connector that speaks to a vendor is tried against the sandbox."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.connector import Connector
from hub.source import FileSource
from hub.testing.contract.subject import Subject, load_plug, subject_of
from hub.testing.sandbox.trial import tried

ROOT = Path(__file__).parents[2]
SUBJECTS = [
    subject_of(plug, thing)
    for path in sorted(ROOT.glob("connectors/*/*.py"))
    for plug in [load_plug(path)]
    for thing in plug.things
    if isinstance(thing, type) and issubclass(thing, Connector)
]
TRIED = [one for one in SUBJECTS if one.cases.sandbox is not None and one.cases.sandbox.none is None]


@pytest.mark.parametrize("subject", TRIED, ids=[one.name for one in TRIED])
async def test_it_works_against_the_sandbox(subject: Subject):
    assert await tried(subject.cls, subject.cases) == []


def test_whoever_is_not_tried_says_why():
    silent = [one.name for one in SUBJECTS if not issubclass(one.cls, FileSource) and one.cases.sandbox is None]
    assert silent == []


class Forgetful:
    """A poll that loses what stands last on each page."""

    async def fetch(self, cursor, http):
        async for page in super().fetch(cursor, http):
            yield replace(page, leads=page.leads[:-1])


class Doubling:
    """A poll that hands every lead over twice."""

    async def fetch(self, cursor, http):
        async for page in super().fetch(cursor, http):
            yield replace(page, leads=(*page.leads, *page.leads))


class Miscounting:
    """A list that counts one lead too many."""

    async def count(self, since, until, http):
        return await super().count(since, until, http) + 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [(Forgetful, "the poll misses"), (Doubling, "over twice"), (Miscounting, "of 9 leads it counts 10")],
)
async def test_a_list_that_is_read_wrongly_is_told(fault: type, said: str):
    (jotform,) = (one for one in TRIED if one.name == "jotform")
    wrong = await tried(type("Jotform", (fault, jotform.cls), {}), jotform.cases)
    assert said in " ".join(wrong)
