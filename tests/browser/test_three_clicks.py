"""Who has never seen it finds, from the overview and in three clicks, what people ask most."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

ASKED = [
    ("Which campaign pays?", "spring-demo"),
    ("Who is slow?", "li.wei"),
    ("Why did this lead go to that rep?", "in turn"),
    ("What is stuck?", "legacy"),
]


@pytest.mark.parametrize(("question", "answer"), ASKED)
def test_a_question_is_answered_within_three_clicks(visit, question, answer):
    page = visit().see("/")
    page.get_by_role("link", name=question).click()
    expect(page.locator(".counting")).to_have_count(0)
    assert answer in page.inner_text("main")
