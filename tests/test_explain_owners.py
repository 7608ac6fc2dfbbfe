"""Who has a lead and why: every reason that the code can give has words, and each is reached from what gives it."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest

from hub import explain
from hub.app import Hub
from hub.explain import owners
from hub.labels import Language
from hub.lead import Lead
from hub.outcome import Disposition
from hub.people import book
from hub.response import desk, handing, timers
from hub.roster import Choice
from hub.settings.people import RecycleSettings
from hub.step import Work, strategy
from hub.steps import assign as assigning
from hub.steps import strategies
from hub.store import dealing
from hub.store import pools as pool_store
from hub.store.audit import Actor
from tests.api.calling import calling
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows
from tests.response.test_ladder import answer, care, lead, turn, with_ladder
from tests.steps.context import FakeContext
from tests.steps.test_assign import assigned, away, context, deal

ANN: dict[str, Any] = {"name": "ann"}
BOB: dict[str, Any] = {"name": "bob"}
DE: dict[str, Any] = {"takes": {"country": ["DE"]}}


async def next_one(*members: dict[str, Any], after: int = 0, lead: Lead | None = None, **team: Any) -> Work:
    ctx = context(*members, **team)
    await deal(ctx, after)
    return await assigned(ctx, lead)


async def absent(*covers: tuple[str, str | None]) -> Work:
    ctx = context(ANN, BOB)
    for name, cover in covers:
        away(ctx, name, hours=4, cover=cover)
    return await assigned(ctx)


async def off_shift() -> Work:
    ctx = context(ANN, {**BOB, "calendar": "night"}, on_shift=True)
    ctx.calendars["night"] = Closed()
    return await assigned(ctx)


class Closed:
    """A calendar on which it is never working time."""

    def is_open(self, _moment: Any) -> bool:
        return False


async def of_a_company() -> Work:
    ctx = context(ANN, BOB, account=True)
    await assigned(ctx, Lead(id="lead_a", company="Acme"))
    return await assigned(ctx, Lead(id="lead_b", company="Acme"))


async def by_strategy(name: str, *members: dict[str, Any], lead: Lead | None = None) -> Work:
    return await next_one(*(members or (ANN, BOB)), strategy=name, lead=lead)


async def of_others() -> Work:
    @strategy("first")
    def first(work: Work, free: Any, settings: Any) -> Any:
        """Give it to the first one."""
        return Choice(free[0].name)

    return await assigned(FakeContext({"teams": {"north": {"strategy": "first", "members": [ANN]}}}, things=[first]))


CASES: dict[str, tuple[Any, str, str]] = {
    "chosen": (lambda: next_one(ANN, BOB), "ann was next in turn in team north", "团队 north 轮到 ann"),
    "least_loaded": (lambda: by_strategy("least_loaded"), "ann has the fewest open leads in team north", "在跟线索按权重最少"),
    "performance": (lambda: by_strategy("performance"), "whose shares follow what was won", "按成交表现分配，轮到 ann"),
    "territory": (
        lambda: by_strategy("territory", {**ANN, **DE}, BOB, lead=Lead(country="DE")),
        "ann was next in turn for this territory in team north", "团队 north 负责该区域的轮到 ann",
    ),
    "any_territory": (
        lambda: by_strategy("territory", {**ANN, **DE}, BOB, lead=Lead(country="FR")),
        "nobody in team north has this territory, so bob was next of those who take any", "由不限区域者轮到 bob",
    ),
    "no_territory": (
        lambda: by_strategy("territory", {**ANN, **DE}, lead=Lead(country="FR")),
        "nobody in team north has this territory, so ann was next of all", "全体轮到 ann",
    ),
    "account": (of_a_company, "ann has this company already (lead lead_a)", "ann 已负责该公司（线索 lead_a）"),
    "other": (of_others, "strategy first of team north chose ann", "分配策略 first 选中 ann"),
    "fallback": (
        lambda: next_one(fallback={"owner": "boss"}), "nobody in team north could take it, so boss has it", "由 boss 负责",
    ),
    "kept": (lambda: next_one(ANN, lead=Lead(owner="zoe")), "zoe keeps the lead", "仍由 zoe 负责"),
    "cover_of": (lambda: absent(("ann", "zoe")), "zoe stands in for ann", "zoe 代 ann"),
    "nobody": (lambda: next_one(), "nobody in team north can take it now, so it waits in pool unassigned", "进入公海 unassigned"),
    "pool": (lambda: pooled(), "it waits in pool sea for whoever claims it", "进入公海 sea，等待领取"),
    "test": (lambda: next_one(ANN, lead=Lead(test=True)), "ann would be next in team north", "团队 north 本应轮到 ann"),
    "test_nobody": (lambda: next_one(lead=Lead(test=True)), "nobody in team north is free", "团队 north 暂时无人可接"),
}  # fmt: skip


async def pooled() -> Work:
    return await assigned(context(ANN), assign=None, pool="sea")


def noted(work: Work) -> dict[str, Any]:
    """Return the decision as the database gives it back."""
    record = {
        "status": "accepted", "steps": [{"step": "assign", "outcome": "passed", "us": 1, **work.notes["assign"]}],
        "assignment": {"considered": list(work.assignment.considered)},
    }  # fmt: skip
    loaded: dict[str, Any] = json.loads(json.dumps(record))
    return loaded


@pytest.mark.parametrize("case", CASES)
async def test_every_way_to_an_owner_is_told_in_both_languages(case: str) -> None:
    make, english, chinese = CASES[case]
    record = noted(await make())
    assert english in explain.sentence(record, "en")
    assert chinese in explain.sentence(record, "zh")


def test_every_way_to_an_owner_that_has_words_is_reached() -> None:
    assert set(CASES) == set(owners._CHOSEN)


REASONS: dict[str, tuple[Any, str, str]] = {
    "next": (lambda: next_one(ANN, BOB), "next in turn", "轮到"),
    "later": (lambda: next_one(ANN, BOB), "later in turn", "排在后面"),
    "account": (of_a_company, "has this company already", "已负责该公司"),
    "inactive": (lambda: next_one(ANN, {**BOB, "active": False}), "does not take leads now", "当前不接线索"),
    "away": (lambda: absent(("bob", None)), "is away until 2026-05-04T12:09:41+00:00", "不在，至 2026-05-04T12:09:41"),
    "cover_away": (lambda: absent(("bob", "ann"), ("ann", None)), "and so is ann who stands in", "代班的 ann 也不在"),
    "off_shift": (off_shift, "is not at work now", "不在工作时间"),
    "daily_cap": (lambda: next_one({**ANN, "daily_cap": 1}, BOB, after=2), "has had 1 today, the most", "今天已接 1 条"),
    "cap": (
        lambda: next_one({**ANN, "caps": [{"most": 1, "within": "90m"}]}, BOB, after=2),
        "has had 1 in 90 minutes, the most is 1", "90 分钟内已接 1 条，上限 1 条",
    ),
    "team_cap": (
        lambda: next_one(ANN, BOB, after=2, caps=[{"most": 2, "each": "week"}]),
        "the team has had 2 this week, the most is 2", "团队本周已接 2 条，上限 2 条",
    ),
    "open_cap": (lambda: next_one({**ANN, "open_cap": 1}, BOB, after=2), "has 1 open leads, the most is 1", "在跟 1 条"),
    "had_it": (lambda: assigned(context(ANN, BOB), excluded={"ann": "had_it"}), "had it before", "此前负责过"),
    "other_territory": (
        lambda: by_strategy("territory", {**ANN, **DE}, BOB, lead=Lead(country="FR")), "another territory", "负责其他区域",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REASONS)
async def test_every_reason_for_and_against_a_candidate_is_told_in_both_languages(case: str) -> None:
    make, english, chinese = REASONS[case]
    record = noted(await make())
    for language, words in (("en", english), ("zh", chinese)):
        told = explain.people(record, language)["candidates"]  # type: ignore[arg-type]
        assert words in next(one["says"] for one in told if one["reason"] == case)
        assert any(words in line for line in explain.trail(record, language))  # type: ignore[arg-type]


def test_every_reason_that_has_words_is_reached() -> None:
    assert set(REASONS) == set(owners._REASONS)


def _texts(thing: Any, *pattern: str) -> set[str]:
    """Return the words that stand where a pattern says in the code of something."""
    code = inspect.getsource(thing)
    return {found for one in pattern for found in re.findall(one, code)}


def test_every_reason_that_the_code_can_give_has_words() -> None:
    seats = _texts(book.Book, r'hindrance = "(\w+)"', r'return "(\w+)", ', r'else "(\w+)", \{')
    seats |= _texts(book.Book, r'"(\w+)" if cap')
    seats |= _texts(assigning._considered, r'"(\w+)" if name', r'else "(\w+)"\)') | _texts(
        desk.Desk._deal, r', "(\w+)"\)$'
    )
    seats |= _texts(strategies, r': "(\w+)" for one in free')
    seats |= _texts(assigning._why, r'"(\w+)" if', r'else "(\w+)"')
    assert len(seats) >= 10
    assert {"daily_cap", "cap", "next", "later", "other_territory"} <= seats
    assert seats <= set(owners._REASONS)
    ways = _texts(assigning, r'reason="(\w+)"', r'Choice\(known\[0\], "(\w+)"') | _texts(strategies, r'\.name, "(\w+)"')
    ways |= _texts(strategies, r'how = "(\w+)"', r'"(\w+)" if anything', r'else "(\w+)"$')
    assert {"fallback", "least_loaded", "territory", "account"} <= ways
    assert ways - {"no_team"} <= set(owners._CHOSEN)  # without a team nobody is asked, and nothing is said


def test_every_act_of_the_log_and_every_reason_of_a_move_has_words() -> None:
    assert set(desk.SENTENCES["en"]) == set(desk.SENTENCES["zh"])
    acts = {key.partition(" ")[0] for key in desk.SENTENCES["en"]} | {"assigned", "pooled"}
    acts |= _texts(dealing, r'"act": "(\w+)"') | _texts(pool_store, r'"act": "(\w+)"') | _texts(handing, r'act="(\w+)"')
    assert acts == set(owners._MOVES)
    without = RecycleSettings.model_fields["without"].annotation.__args__  # type: ignore[union-attr]
    whys = {f"no_{one}" for one in without} | _texts(timers, r'None, "(\w+)", timer', r'"(no_\w+)"')
    whys |= _texts(handing, r'reason="(\w+)"', r'lead, "(\w+)"')
    assert {"handed_on_too_often", "left", "no_response"} <= whys
    assert whys <= set(owners._WHYS)
    for words in (owners._MOVES, owners._WHYS, owners._REASONS, owners._CHOSEN, owners._NOW):
        assert all(
            english and chinese and english != chinese for english, chinese in words.values() if "→" not in english
        )


async def says(hub: Hub, lead: str, language: Language) -> tuple[str, list[str]]:
    async with calling(hub) as http:
        said = (await http.get(f"/api/leads/{lead}/explain", params={"language": language})).json()
    assert said["revision"] == hub.plan.revision
    assert [line for line in said["trail"] if line.endswith(said["owners"][-1]["says"])] != []
    return said["sentence"], [one["says"] for one in said["owners"]]


BOSS = Actor("user:boss")


async def test_a_lead_that_was_dealt_anew_says_who_has_it_now_and_why(make_hub: MakeHub) -> None:
    hub = await make_hub(with_ladder())
    one = await lead(hub)
    await turn(hub, 10)
    had, has = next(iter((await care(hub, one))["former"])), (await care(hub, one))["owner"]
    english, log = await says(hub, one, "en")
    assert english.endswith(
        f"{had} was next in turn in team north; now {has} has it: {had} → {has}: no answer in time."
    )
    assert log == [f"{had} got it", f"{had} → {has}: no answer in time"]
    assert (await says(hub, one, "zh"))[0].endswith(f"现由 {has} 负责：{had} → {has}：未按时响应。")
    await turn(hub, 10)
    english, log = await says(hub, one, "en")
    assert english.endswith(
        f"now it waits in pool unassigned: it was taken from {has} and went to pool unassigned"
        " (nobody answered, and it was handed on often enough)."
    )
    assert len(log) == 3


async def test_a_lead_that_was_given_back_and_claimed_says_so(make_hub: MakeHub) -> None:
    hub = await make_hub(with_ladder(""))
    one = await lead(hub)
    had = (await care(hub, one))["owner"]
    await hub.responding.desk.transfer(one, "cho", reason="holidays", by=BOSS)
    await hub.responding.desk.give_back(one, "no budget", pool="sea", by=BOSS)
    assert (await says(hub, one, "en"))[0].endswith(
        "now it waits in pool sea: cho gave it back to pool sea (no budget)."
    )
    await hub.responding.pools.claim(one, "bob")
    english, log = await says(hub, one, "en")
    assert english.endswith("now bob has it: bob took it from pool sea.")
    assert log[1:3] == [
        f"{had} → cho, handed over by user:boss (holidays)", "cho gave it back to pool sea (no budget)",
    ]  # fmt: skip
    assert (await says(hub, one, "zh"))[0].endswith("现由 bob 负责：bob 从公海 sea 领取。")


async def test_what_does_not_move_a_lead_does_not_change_who_has_it_now(make_hub: MakeHub) -> None:
    hub = await make_hub(with_ladder(""))
    one = await lead(hub)
    await answer(hub, one, Disposition.DUPLICATE)
    english, log = await says(hub, one, "en")
    assert "now" not in english
    assert [row["act"] for row in await all_rows(hub, "ownership")] == ["assigned", "credited"]
    assert len(log) == 2


async def test_everybody_who_was_considered_is_told_with_the_counters(make_hub: MakeHub) -> None:
    hub = await make_hub(with_ladder("").replace("{name: bob}", "{name: bob, active: false}"))
    answered = await post(hub, json.dumps({"id": "1", "email": "p1@example.com"}))
    async with calling(hub) as http:
        said = (await http.get(f"/api/leads/{answered.json()['lead']}/explain")).json()
    assert {one["name"]: (one["team"], one["says"]) for one in said["candidates"]} == {
        "ann": ("north", "next in turn"), "bob": ("north", "does not take leads now"), "cho": ("north", "later in turn"),
    }  # fmt: skip
    assert (said["counters"]["before"]["received"], said["counters"]["after"]["received"]) == (0, 1)
