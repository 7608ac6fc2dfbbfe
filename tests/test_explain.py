"""Every decision explains itself in one plain sentence and a trail, in English and Chinese."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.explain import sentence, trail
from hub.labels import Language
from hub.lead import Lead
from hub.step import Stop, Work
from hub.steps.assign import AssignOptions, assign, round_robin
from hub.steps.map import MapOptions, map_fields
from hub.steps.route import RouteOptions, route
from hub.steps.score import ScoreOptions, score
from tests.steps.context import Counters, FakeContext, work_of

HOT = {
    "name": "hot",
    "when": 'lead.grade == "A" && lead.country == "CN"',
    "assign": {"team": "north"},
    "to": ["crm", "north"],
}
REST = {"name": "rest", "to": ["crm"]}


def decision(**changes: Any) -> dict[str, Any]:
    steps = {
        "route": {
            "routes": [
                {
                    "route": "uk",
                    "verdict": "passed_over",
                    "when": 'lead.country == "GB"',
                    "seen": {"lead.country": "CN"},
                },
                {"route": "hot", "verdict": "matched", "when": HOT["when"]},
                {"route": "rest", "verdict": "not_asked", "after": "hot"},
            ]
        },
        "assign": {"team": "north", "owner": "li.wei", "strategy": "round_robin", "reason": "chosen"},
        **changes.pop("steps", {}),
    }
    return {
        "lead": "lead_1",
        "submission": "sub_1",
        "status": "accepted",
        "reason": None,
        "steps": [{"step": name, "outcome": "passed", "us": 5, **note} for name, note in steps.items()],
        "targets": [{"sink": "crm", "route": "hot"}, {"sink": "north", "route": "hot"}],
        "assignment": {"team": "north", "owner": "li.wei", "strategy": "round_robin", "considered": []},
        **changes,
    }


REST_MATCHED = {"routes": [{"route": "rest", "verdict": "matched", "when": None}]}
NOBODY = {"team": None, "owner": None, "strategy": "", "reason": "no_team"}
NONE: dict[str, Any] = {"assignment": {}}


@pytest.mark.parametrize(
    ("record", "english", "chinese"),
    [
        (
            decision(),
            "Went to crm and north because route hot matched (grade is A and country is CN); "
            "li.wei was next in turn in team north.",
            "已送往 crm 和 north，因为路由 hot 匹配（等级为 A 且国家为 CN）；团队 north 轮到 li.wei。",
        ),
        (
            decision(
                steps={"route": REST_MATCHED, "assign": NOBODY}, targets=[{"sink": "crm", "route": "rest"}], merged=True
            ),
            "Went to crm because route rest takes every lead; this person came before.",
            "已送往 crm，因为路由 rest 接收所有线索；此人之前来过。",
        ),
        (
            decision(
                steps={
                    "route": {
                        "routes": [
                            {"route": "vip", "verdict": "matched", "when": "extra.vip"},
                            {"route": "rest", "verdict": "matched", "when": None},
                        ]
                    },
                    "assign": {"reason": "kept", "owner": "zoe", "team": "south"},
                },
                targets=[{"sink": "crm", "route": "vip"}, {"sink": "sheet", "route": "rest"}],
            ),
            "Went to crm because route vip matched (vip is true), and to sheet because route rest takes every lead; "
            "zoe keeps the lead.",
            "已送往 crm，因为路由 vip 匹配（vip 为真）；以及 sheet，因为路由 rest 接收所有线索；仍由 zoe 负责。",
        ),
        (
            decision(steps={"assign": {"reason": "nobody", "owner": None, "team": "north"}}),
            "Went to crm and north because route hot matched (grade is A and country is CN); "
            "nobody in team north is free, so it stays with the team.",
            "已送往 crm 和 north，因为路由 hot 匹配（等级为 A 且国家为 CN）；团队 north 暂时无人可接，线索留在团队。",
        ),
        (
            decision(
                test=True,
                steps={"assign": {"reason": "test", "owner": None, "team": "north", "would_be": "ann"}},
            ),
            "Test lead: would go to crm and north because route hot matched (grade is A and country is CN); "
            "ann would be next in team north.",
            "测试线索：本应送往 crm 和 north，因为路由 hot 匹配（等级为 A 且国家为 CN）；团队 north 本应轮到 ann。",
        ),
        (
            decision(
                steps={"assign": {"reason": "chosen", "strategy": "best_seller", "owner": "ann", "team": "north"}},
                targets=[{"sink": "crm", "route": "hot"}],
            ),
            "Went to crm because route hot matched (grade is A and country is CN); "
            "strategy best_seller of team north chose ann.",
            "已送往 crm，因为路由 hot 匹配（等级为 A 且国家为 CN）；团队 north 的分配策略 best_seller 选中 ann。",
        ),
        (
            decision(
                steps={"assign": NOBODY, "deliver": {"to": [], "skipped": [{"sink": "crm", "why": "x"}]}}, targets=[]
            ),
            "Went nowhere new: not to crm: it has this lead already and takes no updates.",
            "没有新的送出：不送往 crm：该处已有此线索且不接受更新。",
        ),
        (
            decision(steps={"assign": NOBODY}, targets=[]),
            "Went nowhere: route hot matched (grade is A and country is CN), but it names no sinks.",
            "未送出：路由 hot 匹配（等级为 A 且国家为 CN），但该路由没有设置送往何处。",
        ),
        (
            decision(steps={"route": {"routes": []}, "assign": NOBODY}, targets=[], **NONE),
            "Went nowhere: no route takes it.",
            "未送出：没有路由接收。",
        ),
        (
            decision(
                status="quarantined", reason="No route takes the lead.", steps={"route": {"outcome": "quarantined"}}
            ),
            "Waits for a person: No route takes the lead.",
            "等待人工处理：没有路由接收该线索。",
        ),
        (
            decision(status="rejected", reason="Known as lead_7; this source's duplicates are refused."),
            "Refused: Known as lead_7; this source's duplicates are refused.",
            "已拒收：Known as lead_7; this source's duplicates are refused.",
        ),
        ({}, "Nothing was owed to anybody.", "无需送出。"),
        ({"status": "quarantined"}, "Waits for a person: no reason is on record.", "等待人工处理：没有记录原因。"),
    ],
)
def test_a_decision_is_one_plain_sentence(record: dict[str, Any], english: str, chinese: str) -> None:
    assert sentence(record, "en") == english
    assert sentence(record, "zh") == chinese


FULL = {
    "map": {
        "mapping": "site",
        "fields": ["email", "phone"],
        "extra": ["hobby"],
        "problems": [{"field": "consent", "code": "x"}],
    },
    "normalize": {"version": 3},
    "validate": {"grade_down": ["email_no_mx"], "flagged": ["email_role"]},
    "dedupe": {
        "matched": "lead_7",
        "keys": ["email", "phone"],
        "anew": True,
        "joined": ["lead_8"],
        "suggestions": [{"lead": "lead_9", "score": 0.83}],
    },
    "enrich": {"filled": {"company": "email_domain"}, "failed": {"clearbit": "no answer"}},
    "score": {
        "score": 75.0,
        "grade": "B",
        "lowered_from": "A",
        "lowered_for": ["email_no_mx"],
        "reasons": [
            {"points": 20.0, "reason": "Phone is known"},
            {"points": -2.5, "when": 'lead.country == "US"'},
            {"points": 10.0, "reason": "BANT: budget is known", "field": "budget"},
            {"points": -5.0, "reason": "Submitted 3.0 days ago", "days": 3.0, "half_life_days": 30.0},
        ],
        "passed_over": [
            {"reason": "Home market", "missing": ["lead.country"]},
            {"when": "has(lead.title)", "known": ["lead.email"]},
            {"reason": "Big", "error": "It divides by zero."},
        ],
    },
    "route": {
        "routes": [
            {"route": "uk", "verdict": "passed_over", "when": 'lead.country == "GB"', "seen": {"lead.country": "CN"}},
            {"route": "big", "verdict": "error", "when": "extra.size > 5", "error": "The types do not fit."},
            {"route": "hot", "verdict": "matched", "when": 'lead.grade == "B"'},
            {"route": "rest", "verdict": "not_asked", "after": "hot"},
        ]
    },
    "assign": {"team": "north", "owner": "ann", "strategy": "round_robin", "reason": "chosen"},
    "deliver": {"to": ["crm"], "skipped": [{"sink": "sheet", "why": "has it"}]},
    "cool_step": {"found": 3, "list": [1]},
}
CONSIDERED = [
    {"name": "ann", "reason": "next", "weight": 2.0, "given": 3, "today": 1},
    {"name": "bob", "reason": "daily_cap", "weight": 1.0, "given": 9, "today": 5, "daily_cap": 5},
    {"name": "cho", "reason": "inactive", "weight": 1.0, "given": 0, "today": 0},
    {"name": "dan", "reason": "of another strategy"},
]


def test_the_trail_tells_every_step() -> None:
    record = decision(steps=FULL, assignment={"considered": CONSIDERED}, deliveries=[{"sink": "crm", "state": "sent"}])
    assert trail({**record, "steps": sorted(record["steps"], key=lambda s: list(FULL).index(s["step"]))}) == [
        "map: fields filled by mapping site: 2",
        "  kept as extra: hobby",
        "  problems: consent (x)",
        "normalize: passed (version=3)",
        "validate: costs a grade: email_no_mx; flagged: email_role",
        "dedupe: merged into lead_7 (same e-mail and phone)",
        "  counts as new interest",
        "  joined with lead_8",
        "  may be lead_9 (0.83)",
        "enrich: company from email_domain; clearbit failed: no answer",
        "score: 75 points, grade B (lowered from A for email_no_mx)",
        "  +20: Phone is known",
        "  -2.5: country is US",
        "  +10: BANT: budget is known",
        "  -5: Submitted 3.0 days ago",
        "  not given: Home market (country is unknown)",
        "  not given: title is known (e-mail is known)",
        "  not given: Big (It divides by zero.)",
        "route: hot",
        "  route uk: passed over, it asks for country is GB, but country is CN",
        "  route big: cannot be judged (size is above 5): The types do not fit.",
        "  route hot: matched (grade is B)",
        "  route rest: not asked, hot took the lead",
        "assign: ann was next in turn in team north",
        "  ann: next in turn (3 so far, weight 2)",
        "  bob: has had 5 today, the most for a day (9 so far, weight 1)",
        "  cho: does not take leads now (0 so far, weight 1)",
        "  dan: of another strategy",
        "deliver: to crm",
        "  not to sheet: it has this lead already and takes no updates",
        "cool_step: passed (found=3)",
        "crm: sent",
    ]


def test_the_trail_speaks_chinese() -> None:
    record = decision(steps=FULL, assignment={"considered": CONSIDERED}, deliveries=[{"sink": "crm", "state": "dead"}])
    told = trail(record, "zh")
    assert [line for line in told if line.startswith("  ")] != []
    for line in (
        "score: 75 分，等级 B (由 A 降级，原因：email_no_mx)",
        "  +20：手机号已知",
        "  +10：BANT：预算已知",
        "  -5：3.0 天前提交，每 30 天减半",
        "  未得分：Home market (国家未知)",
        "  路由 uk：未匹配，要求国家为 GB，而国家为 CN",
        "  bob: 今天已接 5 条，达到每日上限 (已接 9 条，权重 1)",
        "dedupe: 已合并到 lead_7 (邮箱和手机号相同)",
        "crm：已放弃",
    ):
        assert line in told


def test_the_trail_says_where_a_run_ended_and_what_failed() -> None:
    steps = [
        {"step": "validate", "outcome": "quarantined", "flagged": ["spam"]},
        {"step": "score", "outcome": "failed", "error": "Step failed."},
    ]
    assert trail({"steps": steps}) == [
        "validate: flagged: spam",
        "  the run ends here: quarantined",
        "score: failed: Step failed.",
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_what_the_steps_note_is_what_the_explanation_reads(language: Language) -> None:
    settings = {
        "teams": {"north": {"members": [{"name": "li.wei", "weight": 2}, {"name": "ann", "active": False}]}},
        "flows": [
            {
                "name": "inbound",
                "from": ["website"],
                "routes": [{"name": "uk", "when": "lead.city == 'London'"}, HOT, REST],
            }
        ],
    }
    ctx = FakeContext(settings, counters=Counters(), things=[round_robin])
    work = work_of({"姓名": "王小明", "手机": "13800138000"}, Lead(grade="A", country="CN"))
    records = []
    for step, options in (
        (map_fields, MapOptions()),
        (score, ScoreOptions(bands={"A": 0})),
        (route, RouteOptions()),
        (assign, AssignOptions()),
    ):
        result = await step.run(work, ctx, options)
        assert not isinstance(result, Stop)
        work = result
        records.append({"step": step.name, "outcome": "passed", "us": 1, **work.notes[step.name]})
    record = _stored(work, records)
    assert "li.wei" in sentence(record, language)
    told = "\n".join(trail(record, language))
    assert all(word in told for word in ("uk", "hot", "rest", "ann", "li.wei"))
    assert "王小明" not in told
    assert "13800138000" not in told


def _stored(work: Work, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the decision as the database gives it back."""
    assignment = work.assignment
    record = {
        "status": "accepted",
        "steps": records,
        "targets": [{"sink": target.sink, "route": target.route} for target in work.targets],
        "assignment": {"team": assignment.team, "owner": assignment.owner, "considered": list(assignment.considered)},
    }
    loaded: dict[str, Any] = json.loads(json.dumps(record))
    return loaded


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"step": st.text(max_size=8)}, optional={"outcome": st.text(), "note": _ANY}), max_size=4
    )
)
def test_a_step_of_a_plugin_may_note_what_it_likes(steps: list[dict[str, Any]]) -> None:
    assert len(trail({"steps": steps})) >= len(steps)
    assert sentence({"steps": steps}).endswith(".")
