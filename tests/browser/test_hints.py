"""What connectors say of themselves and of their settings, in a real browser and in Chinese."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import LOOKS

CHINESE = [pytest.param(look, id=str(look)) for look in LOOKS if look.language == "zh"]
PATHS = ["/sources/new", "/sources/new/ocean_engine", "/sinks/new/aliyun_sms", "/sinks/archive"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("look", CHINESE)
def test_the_page_is_sound_in_chinese(visit, look, path):
    page = visit(look).see(path)
    expect(page.locator("h1")).to_have_count(1)


def test_a_source_is_found_and_its_mistakes_are_named_in_chinese(visit):
    page = visit(LOOKS[1]).go("/sources/new?q=名单 导出")
    page.get_by_role("link", name="名单文件").click()
    page.get_by_text("其余 7 项设置").click()
    page.get_by_text("行自身编号所在的列；写多个列名时取文件中最先有的。以 YAML 书写。").wait_for()
    page.get_by_label("名称", exact=True).fill("bought")
    page.get_by_label("文件大小上限").fill("900000")
    page.locator("#checked").get_by_role("link", name="文件大小上限").wait_for()
