"""The link builder in a real browser: names that are refused, a code that reads back, and what is copied."""

from __future__ import annotations

import segno
from playwright.sync_api import expect

from tests.browser.looking import LOOKS

LINK = {
    "page": "https://acme.com/demo?plan=pro#prices", "utm_source": "wechat", "utm_medium": "qr",
    "utm_campaign": "spring-demo",
}  # fmt: skip
READ = """async () => {
  const image = document.querySelector("img.qr");
  const picture = new Image(); picture.src = image.src.replace("qr.svg", "qr.png"); await picture.decode();
  const canvas = document.createElement("canvas"); canvas.width = picture.width; canvas.height = picture.height;
  const ink = canvas.getContext("2d"); ink.drawImage(picture, 0, 0);
  const size = picture.width / 12, rows = [];
  for (let y = 0; y < size; y++) {
    const row = []; rows.push(row);
    for (let x = 0; x < size; x++) row.push(ink.getImageData(x * 12 + 6, y * 12 + 6, 1, 1).data[0] < 128 ? 1 : 0);
  }
  return rows;
}"""


def fill(page, values: dict[str, str]) -> None:
    for name, value in values.items():
        page.fill(f"[name={name}]", value)


def test_the_builder_is_sound_in_every_look(visit, look):
    page = visit(look).see("/campaigns/links")
    expect(page.locator("input[name=utm_campaign]")).to_have_count(1)


def test_a_link_with_its_code_is_sound_in_every_look(visit, look, showroom):
    made = showroom.api("POST", "/api/links", LINK)
    page = visit(look).see(f"/campaigns/links/{made['id']}", "campaigns-link")
    assert page.evaluate("document.querySelector('img.qr').naturalWidth") > 0


def test_a_code_reads_back_as_the_link(visit, showroom):
    made = showroom.api("POST", "/api/links", LINK)
    page = visit().go(f"/campaigns/links/{made['id']}")
    read = page.evaluate(READ)
    assert made["link"].endswith("#prices")
    assert read == [list(row) for row in segno.make(made["link"], error="m", micro=False).matrix_iter(border=4)]


def test_a_link_is_told_as_it_is_typed_and_a_wrong_name_is_refused_with_the_right_one(workroom, visit):
    seen = visit(LOOKS[0], workroom)
    page = seen.go("/campaigns/links")
    fill(page, {**LINK, "utm_campaign": "Spring Demo"})
    page.wait_for_selector("#said code:has-text('spring-demo')")
    page.click("button:has-text('Make the link')")
    assert page.input_value("[name=utm_campaign]") == "Spring Demo"
    assert "spring-demo" in page.inner_text(".field.wrong")
    seen.check()
    page.click("button:has-text('Take the right forms')")
    assert "utm_campaign=spring-demo" in page.inner_text(".copyable")
    seen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click(".copyable button >> nth=0")
    page.wait_for_selector(".copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith(
        "https://acme.com/demo?plan=pro&utm_source=wechat"
    )
