"""The pages of who is not inside yet, and of one's own account, in a real browser."""

from __future__ import annotations

import re

import pytest

from tests.bad_input.serving import KEY

PASSWORD = "correct horse battery staple"


@pytest.fixture
def people(workroom):
    """Return a hub with one user, a viewer."""
    workroom.api("POST", "/api/users", {"name": "ann@example.com", "role": "viewer", "password": PASSWORD})
    return workroom


def test_signing_in_looks_right(visit, look, showroom):
    visit(look, showroom, user="nobody").see("/login")


def test_ones_own_account_looks_right(visit, look):
    visit(look).see("/account")


def test_an_address_that_is_not_there_is_a_page(visit):
    seen = visit()
    answer = seen.page.goto(f"{seen.room.url}/nowhere")
    assert answer.status == 404
    assert seen.page.inner_text("h1") == "Not found"
    seen.check()


def test_a_user_signs_in_sees_nobody_and_signs_out(visit, people):
    seen = visit(room=people, user="ann@example.com")
    page = seen.go_in("ann@example.com", PASSWORD)
    assert page.inner_text("h1") == "Overview"
    assert "@example.com" not in page.inner_text("main")
    page.click('header a[href="/account"]')
    page.get_by_role("button", name="Sign out").click()
    assert page.inner_text("h1") == "Sign in"
    seen.check()


def test_a_wrong_password_is_said_and_the_name_stays(visit, people):
    page = visit(room=people, user="ann@example.com").go_in("ann@example.com", "something else")
    assert "Name or password is not right." in page.inner_text("[role=alert]")
    assert page.input_value("#name") == "ann@example.com"


def test_a_second_factor_is_shown_as_a_picture_and_a_key(visit, people):
    seen = visit(room=people, user="ann@example.com")
    seen.go_in("ann@example.com", PASSWORD)
    page = seen.go("/account")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Ask for a code").click()
    assert re.fullmatch(r"[A-Z2-7 ]+", page.inner_text("main code"))
    assert page.locator("svg.qr").is_visible()
    seen.check()


def test_the_language_and_the_colours_are_kept(visit):
    page = visit().go("/account")
    page.get_by_role("link", name="中文").click()
    assert page.inner_text("h1") == "我的账户"
    page.get_by_role("link", name="深色").click()
    assert page.get_attribute("html", "data-colours") == "dark"
    page.reload()
    assert page.get_attribute("html", "lang") == "zh-Hans"


def test_a_key_in_an_address_does_not_stay_there(visit):
    assert KEY not in visit().page.url
