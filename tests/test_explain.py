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
from hub.steps.assign import AssignOptions, assign
from hub.steps.map import MapOptions, map_fields
from hub.steps.route import RouteOptions, route
from hub.steps.score import ScoreOptions, score
from hub.steps.strategies import round_robin
from tests.steps.context import FakeContext, work_of

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
            decision(steps={"assign": {"reason": "nobody", "owner": None, "team": "north", "pool": "sea"}}),
            "Went to crm and north because route hot matched (grade is A and country is CN); "
            "nobody in team north can take it now, so it waits in pool sea.",
            "已送往 crm 和 north，因为路由 hot 匹配（等级为 A 且国家为 CN）；团队 north 暂时无人可接，进入公海 sea。",
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
        "problems": [{"field": "consent", "code": "odd_word"}],
    },
    "normalize": {"version": 3, "time_zone": "Europe/Berlin"},
    "validate": {"grade_down": ["email_no_mx"], "flagged": ["email_role", "a_code_of_ours"], "mx": "no"},
    "dedupe": {
        "matched": "lead_7",
        "keys": ["email", "phone"],
        "policy": "merge",
        "changed": ["company", "title"],
        "version": 2,
        "anew": True,
        "joined": ["lead_8"],
        "suggestions": [{"lead": "lead_9", "score": 0.83}],
    },
    "enrich": {
        "filled": {"company": "email_domain", "email_free": "email_domain", "industry": "clearbit"},
        "failed": {"register": "no answer"},
    },
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
            {"reason": "E-mail is a company's own", "seen": {"extra.email_free": True}},
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
    "cool_step": {"found": 3, "sure_of_it": True, "list": [1]},
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
        "Fields: 2 read by mapping site",
        "  kept beside them: hobby",
        "  problem with consent: odd word",
        "Spelling: every field is written in one way",
        "  the time of submission had no zone and was read as that of Europe/Berlin",
        "Check: 3 remarks",
        "  costs a grade: the domain of this e-mail address takes no mail",
        "  noted: this mailbox belongs to a role, not to a person",
        "  noted: a code of ours",
        "Match: merged into lead_7 (same e-mail and phone)",
        "  taken from this submission: company and title",
        "  counts as new interest",
        "  joined with lead_8",
        "  may be the same person as lead_9 (83 % alike)",
        "Additions: company and free mailbox from the e-mail domain; industry from clearbit; register failed: no answer",
        "Score: 75 points, grade B (lowered from A: the domain of this e-mail address takes no mail)",
        "  +20: Phone is known",
        "  -2.5: country is US",
        "  +10: BANT: budget is known",
        "  -5: Submitted 3.0 days ago",
        "  not given: Home market (country is unknown)",
        "  not given: E-mail is a company's own (free mailbox is true)",
        "  not given: title is known (e-mail is known)",
        "  not given: Big (It divides by zero.)",
        "Route: hot",
        "  route uk: passed over, it asks for country is GB, but country is CN",
        "  route big: cannot be judged (size is above 5): The types do not fit.",
        "  route hot: matched (grade is B)",
        "  route rest: not asked, hot took the lead",
        "Owner: ann was next in turn in team north",
        "  ann: next in turn (3 so far, weight 2)",
        "  bob: has had 5 today, the most for a day (9 so far, weight 1)",
        "  cho: does not take leads now (0 so far, weight 1)",
        "  dan: of another strategy",
        "Delivery: to crm",
        "  not to sheet: it has this lead already and takes no updates",
        "cool_step: done (found: 3, sure of it: yes)",
        "crm: sent",
    ]


def test_the_trail_speaks_chinese() -> None:
    record = decision(steps=FULL, assignment={"considered": CONSIDERED}, deliveries=[{"sink": "crm", "state": "dead"}])
    told = trail(record, "zh")
    assert [line for line in told if line.startswith("  ")] != []
    for line in (
        "字段：按映射 site 读取 2 个",
        "  另外保留：hobby",
        "写法：各字段已统一写法",
        "  提交时间未带时区，按 Europe/Berlin 读取",
        "检查：3 处提示",
        "  降级：该邮箱的域名不接收邮件",
        "  提示：这是公共邮箱，不属于个人",
        "  采用本次提交的公司和职位",
        "  可能与 lead_9 是同一人（相似度 83%）",
        "补充：公司和免费邮箱来自邮箱域名；行业来自 clearbit；register 失败：no answer",
        "评分：75 分，等级 B（由 A 降级：该邮箱的域名不接收邮件）",
        "  +20：手机号已知",
        "  +10：BANT：预算已知",
        "  -5：3.0 天前提交，每 30 天减半",
        "  未得分：Home market（国家未知）",
        "  未得分：企业邮箱（免费邮箱为真）",
        "  路由 uk：未匹配，要求国家为 GB，而国家为 CN",
        "  bob：今天已接 5 条，达到每日上限（已接 9 条，权重 1）",
        "查重：已合并到 lead_7（邮箱和手机号相同）",
        "负责人：团队 north 轮到 ann",
        "送出：送往 crm",
        "cool_step：完成（found：3，sure of it：是）",
        "crm：已放弃",
    ):
        assert line in told


def test_the_trail_says_where_a_run_ended_and_what_failed() -> None:
    steps = [
        {"step": "validate", "outcome": "quarantined", "flagged": ["spam"]},
        {"step": "score", "outcome": "failed", "error": "Step failed."},
    ]
    assert trail({"steps": steps}) == [
        "Check: 1 remark",
        "  noted: the submission looks as if a program sent it",
        "  it ends here: waits for a person",
        "Score: failed: Step failed.",
    ]


@pytest.mark.parametrize(
    ("step", "english", "chinese"),
    [
        (
            {"step": "normalize", "version": 2},
            ["Spelling: every field is written in one way"],
            ["写法：各字段已统一写法"],
        ),
        ({"step": "validate"}, ["Check: nothing to remark"], ["检查：没有问题"]),
        ({"step": "validate", "test": True}, ["Check: a test lead is not checked"], ["检查：测试线索，不检查"]),
        (
            {"step": "validate", "outcome": "quarantined"},
            ["Check: it ends here: waits for a person"],
            ["检查：流程到此结束：等待人工处理"],
        ),
        ({"step": "dedupe", "matched": None}, ["Match: a new person"], ["查重：新客户"]),
        (
            {"step": "dedupe", "matched": "lead_7", "keys": ["phone"], "policy": "reject", "outcome": "rejected"},
            ["Match: known as lead_7 (same phone)", "  it ends here: refused"],
            ["查重：已知为 lead_7（手机号相同）", "  流程到此结束：被拒收"],
        ),
        (
            {"step": "dedupe", "matched": "lead_7", "keys": [], "policy": "replay"},
            ["Match: stays with lead_7, decided again"],
            ["查重：仍属 lead_7，重新判断"],
        ),
        ({"step": "enrich", "filled": {}, "failed": {}}, ["Additions: nothing to add"], ["补充：没有补充"]),
        ({"step": "plugin_step"}, ["plugin_step: done"], ["plugin_step：完成"]),
        ({"step": "deliver", "to": []}, ["Delivery: nothing was owed to anybody"], ["送出：无需送出"]),
    ],
)
def test_every_step_says_what_it_did_in_plain_words(step: Any, english: list[str], chinese: list[str]) -> None:
    assert trail({"steps": [step]}, "en") == english
    assert trail({"steps": [step]}, "zh") == chinese


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_shipped_step_shows_what_only_a_programmer_needs(language: Language) -> None:
    shown = [line for line in trail(decision(steps=FULL), language) if not line.startswith("cool_step")]
    assert {step for step in FULL if f"{step}:" in " ".join(shown) or f"{step}：" in " ".join(shown)} <= {"cool_step"}
    assert [line for line in shown for mark in ("=", "_no_mx", "email_", "version") if mark in line] == []


@pytest.mark.parametrize(
    ("state", "english", "chinese"),
    [
        ("ready", "waits to be sent", "待发送"),
        ("sending", "being sent", "发送中"),
        ("sent", "sent", "已送达"),
        ("rejected", "refused", "被拒收"),
        ("unclear", "may have arrived", "结果不明"),
        ("dead", "given up", "已放弃"),
        ("superseded", "replaced by a newer version", "已被新版本取代"),
    ],
)
def test_every_state_of_a_delivery_has_words(state: str, english: str, chinese: str) -> None:
    record = {"deliveries": [{"sink": "crm", "state": state}]}
    assert (trail(record, "en"), trail(record, "zh")) == ([f"crm: {english}"], [f"crm：{chinese}"])


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
    ctx = FakeContext(settings, things=[round_robin])
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
