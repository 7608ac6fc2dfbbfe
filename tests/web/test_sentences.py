"""Every sentence that lower floors raise or say is there in Chinese, is found again, and no page shows it in English."""

from __future__ import annotations

import ast
import errno
import json
import os
import re
import time
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core._pydantic_core import list_all_errors

from hub import rules, yamlfile
from hub.errors import ConfigError, Conflict
from hub.settings.files import parse_settings
from hub.web import sentences, site, tongue
from hub.web.sentences import spoken
from hub.web.tongue import Tongue, translations
from tests.web.raised import HUB, RAISING, UNSAID, UNSEEN, looked_at, said
from tests.web.wordfiles import entries

ZH = Tongue("zh", ZoneInfo("Asia/Shanghai"))
EN = Tongue("en", ZoneInfo("UTC"))
WEB = Path(site.__file__).parent
FILES = sorted(tongue.WORDS.glob("errors*.zh.po"))
PARSERS = "errors.parsers.zh.po"


ENTRIES = entries(FILES)
SAID = dict(said())
KNOWN = {entry.id for _, entry in ENTRIES}


def test_every_sentence_is_translated():
    words = translations("zh")
    missing = [one for one in SAID if one not in KNOWN and words.gettext(one) == one]
    assert sorted(f"{SAID[one]}: {one}" for one in missing) == []


def test_no_translation_of_a_sentence_is_left_over():
    assert sorted(entry.id for file, entry in ENTRIES if file != PARSERS and entry.id not in SAID) == []


def test_no_sentence_is_translated_twice():
    assert [one for one, number in Counter(entry.id for _, entry in ENTRIES).items() if number > 1] == []


def _wrong(entry) -> bool:
    fields = {int(number) for number in re.findall(r"\{(\d+)(?::\w+)?\}", entry.string)}
    named = set(range(entry.id.count("{}")))
    return entry.fuzzy or not entry.string or "{}" in entry.string or not fields <= named


def test_a_translated_sentence_names_nothing_that_the_sentence_does_not():
    assert [f"{file}: {entry.id}" for file, entry in ENTRIES if _wrong(entry)] == []


NO_JSON = ("{x", "[1,", '{"a" 1}', "[1 2]", '"abc', '"a\tb"', '"\\q"', '"\\u12"', "1 2")


def _of_json(text: str) -> str:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    return caught.value.msg


def _templates():
    """Yield the phrases of pydantic, of the parsers of YAML and JSON, and of the operating system."""
    yield from ("[Errno {}] {}", "All connection attempts failed")  # of OSError, and of anyio
    yield from ("Name or service not known", "Temporary failure in name resolution")  # of getaddrinfo
    yield "No address associated with hostname"
    yield from map(os.strerror, errno.errorcode)
    yield from map(_of_json, NO_JSON)
    yield from (f"Illegal trailing comma before end of {one}" for one in ("object", "array"))  # since Python 3.13
    for one in list_all_errors():
        yield from (one[key] for key in ("message_template_python", "message_template_json") if key in one)
    for name in ("scanner", "parser", "composer", "constructor", "reader"):
        tree = ast.parse(Path(yaml.__file__).with_name(f"{name}.py").read_text("utf-8"))
        yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and _spaced(node.value))


def _spaced(value: object) -> bool:
    return isinstance(value, str) and " " in value


def test_the_phrases_of_parsers_are_theirs():
    shapes = [sentences.pattern_of(re.sub(r"\{\w+\}|%[rsd]", "{}", one), "") for one in _templates()]
    ours = [entry.id for file, entry in ENTRIES if file == PARSERS]
    assert [one for one in ours if not any(shape.fields(one) is not None for shape in shapes)] == []


@pytest.mark.parametrize("place", [*UNSEEN, *RAISING])
def test_a_place_that_is_not_looked_at_is_there(place):
    assert (HUB / place).is_dir() or (HUB / f"{place}.py").is_file()


def test_what_counts_as_unsaid_is_still_written():
    assert sorted(UNSAID - {one for one, _ in looked_at()}) == []


CATALOGUE = sentences.sentences("zh")
PATTERNS = [one for index in (CATALOGUE.begun, CATALOGUE.ended) for some in index.values() for one in some]
ANY = st.text(st.characters(codec="utf-8", exclude_characters='".?!'), max_size=30)
ONE = {"word": st.sampled_from(("sink", "quarantined")), "name": st.from_regex(r"[a-z.]{1,9}", fullmatch=True)}


@st.composite
def filled(draw):
    """Return a pattern and a sentence of it."""
    pattern = draw(st.sampled_from(PATTERNS))
    kinds = dict(re.findall(r"\{(\d+):(\w+)\}", "".join(pattern.said)))
    some = [draw(ONE.get(kinds.get(str(number), ""), ANY)) for number in range(len(pattern.parts) - 1)]
    return pattern, "".join(part for pair in zip(pattern.parts, [*some, ""], strict=True) for part in pair)


@given(filled())
def test_a_sentence_is_known_by_its_pattern_or_by_one_that_knows_more_of_it(one):
    pattern, text = one
    found = CATALOGUE.best(text)
    assert found is not None
    assert found[0].weight >= pattern.weight
    assert "".join(part for pair in zip(found[0].parts, [*found[1], ""], strict=True) for part in pair) == text
    assert spoken(ZH, text)


@given(
    st.lists(st.sampled_from((*"ab. :,'\"{}?X", " ", ". ", ": ", ", ", "The file ", "There is no pool ", " is text")))
)
def test_whatever_is_asked_is_answered(parts):
    assert spoken(ZH, "".join(parts)) or not parts


@given(st.text(max_size=300))
def test_what_is_in_english_stays_as_it_is(text):
    assert spoken(EN, text) == text


@pytest.mark.parametrize(
    "text",
    ["a. " * 3400, "x: " * 3400, "There is no pool " * 700, "{}, " * 3000, "'" * 10_000, "The file " + "x: " * 3000],
)
def test_a_hostile_text_costs_no_time_and_stays(text):
    spoken(ZH, "There is no pool 'x'.")
    began = time.process_time()
    assert spoken(ZH, text) == text
    assert time.process_time() - began < 2  # hundredths of it are usual; backtracking would take for ever


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("There is no pool 'north'.", "没有公海 “north”。"),
        ("The submission sub_1 is quarantined; there is nothing to replay.", "提交 sub_1 的状态是“隔离中”，无需重跑。"),
        ("ann took the lead lead_1 first.", "ann 抢先领取了线索 lead_1。"),
        (
            "It cannot be read: The file is empty: it has 0 bytes. Export it again.",
            "无法读取：文件为空：0 字节。请重新导出。",
        ),
        (
            "The file is a PDF. Export the leads as CSV or XLSX.",
            "该文件的类型：PDF。请把线索导出为 CSV 或 XLSX。",
        ),
        ('It refuses the settings: answered 401: {"a": "b"}', '它不接受当前设置：应答 401：{"a": "b"}'),
        (
            "given up after 8 attempts: no connection: Connection refused.",
            "尝试 8 次后放弃：无法连接：对方拒绝连接。",
        ),
        (
            "Flow \"x\" has no routes. The rule of route 'a' cannot be judged for it. Add a route without `when` for "
            "the rest, then replay it.",
            '流程 "x" 没有路由。路由 “a” 的规则无法对它作出判断。请添加一条不带 `when` 的路由来兜底，然后重跑。',
        ),
        ("This is not an e-mail address.", "这不是有效的邮箱地址。"),
        ("name: String should have at most 80 characters.", "name：最多 80 个字符。"),
        ("Input should be a valid integer, unable to parse string as an integer.", "须是整数。"),
        ("hub.yaml:3: The key 'a' stands here twice. Remove one.", "hub.yaml 第 3 行：键 “a” 重复出现，请删除一个。"),
        (
            "mail.acme.com:25: host, user or password has characters that mail cannot carry.",
            "mail.acme.com:25：host、user 或 password 含有邮件协议不支持的字符。",
        ),
        ("Quota exceeded. Try again. Bob: hello.", "Quota exceeded. Try again. Bob: hello."),
        ("", ""),
    ],
)
def test_a_sentence_is_said_in_chinese(english, chinese):
    assert spoken(ZH, english) == chinese


def test_an_error_is_said_as_its_text_is():
    assert spoken(ZH, Conflict("The lead l_1 is gone.")) == "线索 l_1 已不在。"
    assert spoken(EN, Conflict("The lead l_1 is gone.")) == "The lead l_1 is gone."


ENGLISH = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")


@pytest.mark.parametrize(
    "rule",
    [
        "lead.scor > 5", "lead.score >", 'lead.country = "DE"', "lead.email and lead.phone", "lead.score > lead.country",
        'country == "x"', "foo(lead.email)", 'lead.email.matches("(")', "(lead.score > 1", "lead.score + 1",
        "lead.city == “x”", "", "lead.tags.all(t, lead.tags.all(u, u == t))", "has(x) > 1", "lead.score > 1 \n&& ",
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_said_in_chinese(rule):
    with pytest.raises(ConfigError) as caught:
        rules.compile(rule)
    text = spoken(ZH, caught.value).replace(rule, "")
    assert text != str(caught.value)
    assert ENGLISH.search(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "hub: {nam: x}", "a: b: c", "a: [1, 2", "a: 'x", "\tb: 1", "a: *x", "- a\nb: 1", "a: @x", "a: 1\na: 2",
        "hub: {name: x}\nsources: {web: {conector: web_form}}", "hub: {name: 3}", "flows: 3", "- 1",
        "hub: {name: x}\nflows: [{name: a, from: [wbe], routes: []}]", "hub: {language: fr}",
        "hub: {name: x}\nteams: {a: {members: [{name: x, caps: [{within: 5x, most: 1}]}]}}",
        "hub: {name: x}\nflows: [{name: a, from: [], routes: [{name: b, to: [crm], respond_within: 5x}]}]",
        "hub: {name: x}\nflows: [{name: a, from: [], routes: [{name: b, when: 'lead.scor > 5', to: []}]}]",
        "hub: {name: x}\nflows: [{name: a, from: [], routes: [{name: b, to: [crm]}]}]",
        "hub: {name: x}\ncalendars: {c: {hours: 'Foo 9-18'}}", "hub: {name: x, time_zone: Mars}",
        "hub: {name: x}\nteams: {a: {calendar: cn, members: []}}", "hub: {name: x, retention: {raw: -3d}}",
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_configuration_is_said_in_chinese(text):
    with pytest.raises(ConfigError) as caught:
        parse_settings(yamlfile.loads(text, "hub.yaml"))
    assert ENGLISH.search(spoken(ZH, caught.value)) is None


SHOWN_BY = {"explained", "spoken", "told"}
"""The functions by which an error becomes a text of a page; `told` says it on the next page, which explains it."""
LATER = {
    "imports.py:preview", "imports_file.py:work",  # kept for readers of every language
    "connectors.py:_mistakes", "configform.py:_read", "configform.py:mistakes",  # whoever calls them explains them
    "conditions.py:_rows_asked", "rules.py:wrong_with", "desk.py:_wrong", "rules_draft.py:write",
    "rules_draft.py:judged",
    "app.py:__call__",  # for programs
}  # fmt: skip
"""Functions that hand an error on in English: the template shows it by the filter `sentence`, or somebody explains it."""


def _words_of_errors(path: Path):
    """Yield where a module takes the words of an error, outside of what explains them."""
    tree = ast.parse(path.read_text("utf-8"))
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if _takes_words(node) and not _explained(node, above):
            yield f"{path.name}:{_function(node, above)}"


def _takes_words(node: ast.AST) -> bool:
    plain = {"error"}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return any(isinstance(one, ast.Name) and one.id in plain for one in node.args)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id in plain and node.attr in ("reason", "bare", "detail")
    return isinstance(node, ast.Constant) and node.value == "msg"


def _explained(node: ast.AST, above) -> bool:
    """Return whether a node is given to a function that explains it, is raised, or is only looked at."""
    while node in above:
        under, node = node, above[node]
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {*SHOWN_BY, "_field", "_stopped", "refused"}:
            return True
        if isinstance(node, (ast.Raise, ast.Compare)):
            return True
        if isinstance(node, ast.Attribute) and node.attr in ("startswith", "partition") and node.value is under:
            return True
    return False


def _function(node: ast.AST, above) -> str:
    while node in above:
        node = above[node]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return node.name
    return ""


def test_no_room_shows_the_words_of_an_error_without_explaining_them():
    found = {place for path in sorted(WEB.rglob("*.py")) for place in _words_of_errors(path)}
    assert sorted(found - LATER) == []
    assert sorted(LATER - found) == []


ENGLISH_DATA = re.compile(
    r"\{\{ (?:(?:wrong|draft\.trouble)\.says|(?:row|verdict|simulation|step|route)\.error|(?:look|found|route|rule)\.wrong"
    r"|(?:draft|trial|row|one|try|news|group\.about|source\.poll)\.reason(?: or \"\")?|(?:one|problem)\.message|error) \}\}"
)


def test_no_template_shows_what_lower_floors_say_without_the_filter():
    found = [
        f"{path.relative_to(WEB)}: {text}"
        for path in sorted(WEB.rglob("*.html"))
        for text in ENGLISH_DATA.findall(path.read_text("utf-8"))
    ]
    assert found == []
