"""What goes wrong on a Chinese page is said in Chinese: refusals, wrong rules, wrong files, and what is held back."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.api.calling import calling
from tests.conftest import MakeHub, post, settled

CONFIG = """
hub: {region: CN, time_zone: Asia/Shanghai, language: zh}
sources:
  website: {connector: open_source}
  nowhere: {connector: open_source}
  lists: {connector: list_file}
sinks: {crm: {connector: memory_sink}}
pools: {sea: {claims_a_day: 1}}
teams: {north: {members: [{name: ann}], fallback: {pool: sea}}}
flows:
  - name: inbound
    from: [website, lists]
    routes: [{name: all, to: [crm], assign: {pool: sea}}]
"""

ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")


@pytest.fixture
def database(tmp_path) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return f"sqlite:///{tmp_path}/hub.db"


@pytest.fixture
async def http(make_hub: MakeHub):
    """Return a client of a hub, in whose browser Chinese is chosen."""
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        http.hub = hub  # type: ignore[attr-defined]
        http.headers.update({"accept-language": "zh-CN,zh;q=0.9", "accept": "text/html"})
        yield http


def bad(page: str) -> list[str]:
    """Return what a page says as an error."""
    found = re.findall(r'<(\w+)[^>]*class="[^"]*\bbad\b[^"]*"[^>]*>(.*?)</\1>', page, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]+>", "", text)).strip() for _, text in found]


async def lead(hub, number: int) -> str:
    body = {"id": str(number), "email": f"p{number}@example.com", "full_name": f"Li Wei {number}"}
    return str((await post(hub, json.dumps(body))).json()["lead"])


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/leads/lead_nobody/submissions/sub_1", "该线索没有提交 “sub_1”。"),
        ("/mine/lead_nobody", "没有线索"),
        ("/sources/nobody", "没有来源 “nobody”。已有："),
        ("/rules/flows/99/edit", "您的草稿中没有这个流程。"),
        ("/no/such/page", "处没有内容。"),
    ],
)
async def test_what_is_not_there_is_said_in_chinese(http, path, said):
    answer = await http.get(path)
    assert answer.status_code == 404
    assert said in html.unescape(answer.text)


async def test_a_refused_claim_is_said_in_chinese(http):
    await settled(http.hub)
    one = await lead(http.hub, 1)
    answer = await http.post("/pool/claim", data={"lead": one, "rep": "nobody"})
    page = (await http.get(answer.headers["location"])).text
    assert "所有团队中都没有销售 “nobody”。" in bad(page)


async def test_a_wrong_rule_is_said_in_chinese_on_its_form(http):
    form = {
        "name": "all",
        "c.mode": "text",
        "c.text": "lead.scor > 5",
        "assign": "pool:sea",
        "to": ["crm"],
        "act": "save",
    }
    answer = await http.post("/rules/flows/0/routes/0", data=form)
    assert answer.status_code == 422
    assert '您是否想写 "lead.score"？' in html.unescape(answer.text)
    assert ENGLISH.search(" ".join(bad(answer.text))) is None


@pytest.mark.parametrize(
    "text", ["hub: {nam: x}", "hub: [", "hub: {region: CN}\nflows: [{name: a, from: [wbe], routes: []}]"]
)
async def test_a_wrong_configuration_is_said_in_chinese_as_it_is_typed(http, text):
    answer = await http.post("/rules/text/check", data={"text": text})
    assert bad(answer.text)
    assert ENGLISH.search(" ".join(bad(answer.text))) is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"%PDF-1.4 x", "PDF"),
        ("a.csv", b"  \n \n", "文件为空"),
        ("a.xlsx", b"PK\x03\x04 no workbook at all", "已损坏"),
        ("a.csv", b"email,name\n", "只有表头"),
    ],
)
async def test_a_wrong_file_is_said_in_chinese(http, name, content, said):
    answer = await http.post("/imports/upload", data={"source": "lists"}, files={"file": (name, content)})
    page = answer.text if answer.status_code != 303 else (await http.get(answer.headers["location"])).text
    assert [text for text in bad(page) if said in text], bad(page)
    assert ENGLISH.search(" ".join(bad(page))) is None


async def test_why_a_submission_is_held_back_is_said_in_chinese(http):
    await post(http.hub, json.dumps({"id": "1", "full_name": "Ann Unreachable"}))
    await post(http.hub, json.dumps({"id": "2", "email": "a@example.com"}), source="nowhere")
    await settled(http.hub)
    http.headers["accept"] = "application/json"
    held = (await http.get("/api/attention", params={"kind": "quarantined"})).json()["items"]
    http.headers["accept"] = "text/html"
    pages = [html.unescape((await http.get(f"/attention/{one['id']}")).text) for one in held]
    assert any("没有流程处理来源" in page for page in pages)
    assert any("没有可用的邮箱、电话或微信号。" in page for page in pages)


async def test_a_mistake_in_a_form_is_said_beside_its_field_in_chinese(http):
    answer = await http.post("/settings/users", data={"name": "", "role": "viewer", "password": "short"})
    assert answer.status_code in (200, 422)
    assert bad(answer.text)
    assert ENGLISH.search(" ".join(bad(answer.text))) is None


async def test_a_wrong_setting_of_a_new_source_is_said_in_chinese(http):
    answer = await http.post("/sources/new/list_file", data={"name": "Not A Name!", "flow": "inbound"})
    assert answer.status_code == 422
    assert ENGLISH.search(" ".join(bad(answer.text))) is None
    assert "名称由小写字母、数字、- 和 _ 组成" in answer.text


async def test_in_english_errors_are_as_the_api_says_them(http):
    answer = await http.get("/leads/lead_nobody/submissions/sub_1", params={"lang": "en"})
    assert "There is no submission &#39;sub_1&#39; of this lead." in answer.text
    http.headers["accept"] = "application/json"
    assert (await http.get("/api/leads/lead_nobody")).json()["detail"] == "There is no lead 'lead_nobody'."
