"""The web form: what its capture script does in a page, and how the two work together against bots."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import dukpy
import pytest
from pydantic import ValidationError

from connectors.forms import web_form
from connectors.forms.web_form import WebForm
from hub import Inbound, Receipt, read_time
from hub.testing.fakes import HandClock

OPENED = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
SCRIPT = Path(web_form.__file__).with_suffix(".js").read_text("utf-8")

PAGE = """
var listeners = {}, window = {}, storage = {}, console = {log: function () {}};
var location = {href: '', search: ''};
function visit(address) {
  location.href = address; location.search = (address.split('#')[0].match(/[?].*/) || [''])[0];
}
var localStorage = {
  getItem: function (key) { return storage.hasOwnProperty(key) ? storage[key] : null; },
  setItem: function (key, value) { storage[key] = value; }
};
function Form(marked, given) {
  this.elements = given || {}; this.marked = marked;
  this.hasAttribute = function () { return this.marked; };
  this.appendChild = function (input) { var form = this; input.form = form;
    Object.defineProperty(input, 'name', {set: function (name) { form.elements[name] = input; }}); return input; };
  this.values = function () { var all = {};
    for (var name in this.elements) { all[name] = this.elements[name].value; } return all; };
}
var forms = [];
var document = {
  cookie: '', referrer: '', readyState: 'complete',
  createElement: function () { return {value: ''}; },
  querySelectorAll: function () { return forms.filter(function (form) { return form.marked; }); },
  addEventListener: function (name, listener) { listeners[name] = listener; }
};
"""


def run(before, after="forms.map(function (form) { return form.values(); })", script=SCRIPT):
    """Return what a page holds after the script ran in it; Duktape knows ES5 and nothing newer."""
    return dukpy.evaljs([PAGE, before, script, after])


def form(source, fields, at=OPENED, headers=None, query=None, client=""):
    body = urlencode(fields).encode()
    kind = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    (lead,) = source.parse(Inbound(body=body, headers=kind, query=query or {}, received_at=at, client=client))
    return lead


def web(clock=None, **settings):
    return WebForm("website", WebForm.Config(**settings), clock or HandClock(OPENED))


def capture(source):
    return source.handshake(Inbound("GET", query={"file": "capture.js"})).body.decode()


def test_the_script_is_short():
    assert len(SCRIPT.splitlines()) < 60


def test_the_script_fills_a_marked_form_and_no_other():
    marked, other = run("""
        visit('https://acme.example/demo?utm_source=google&utm_campaign=spring+sale&gclid=Cj0%4B&x=1#top');
        document.referrer = 'https://www.google.com/'; document.cookie = 'a=b; _fbp=fb.1.2.3; _fbc=fb.1.2.abc';
        forms = [new Form(true, {email: {value: 'a@example.com'}}), new Form(false)];
    """)
    assert marked.pop("submission_id").count("-") == 4
    assert marked.pop("_time") == "__TIME__"
    assert marked == {
        "email": "a@example.com",
        "utm_source": "google",
        "utm_campaign": "spring sale",
        "gclid": "Cj0K",
        "landing_page": "https://acme.example/demo?utm_source=google&utm_campaign=spring+sale&gclid=Cj0%4B&x=1#top",
        "referrer": "https://www.google.com/",
        "page_url": "https://acme.example/demo?utm_source=google&utm_campaign=spring+sale&gclid=Cj0%4B&x=1#top",
        "fbp": "fb.1.2.3",
        "fbc": "fb.1.2.abc",
    }
    assert other == {}


def test_the_script_uses_the_hidden_fields_a_form_has_and_keeps_what_is_in_them():
    (values,) = run("""
        visit('https://acme.example/?utm_source=google&utm_medium=cpc');
        forms = [new Form(true, {utm_source: {value: ''}, utm_medium: {value: 'fixed'}})];
    """)
    assert (values["utm_source"], values["utm_medium"]) == ("google", "fixed")


FIRST = """
visit('https://acme.example/blog'); document.referrer = 'https://news.example/';
"""
SECOND = "visit('https://acme.example/offer?utm_source=google'); document.referrer = '';"
THIRD = "visit('https://acme.example/demo?utm_source=bing'); forms = [new Form(true)];"


@pytest.mark.parametrize(
    ("visits", "landing_page", "utm_source"),
    [
        ([FIRST, SECOND, THIRD], "https://acme.example/offer?utm_source=google", "google"),
        ([SECOND, FIRST, THIRD], "https://acme.example/offer?utm_source=google", "google"),
        ([FIRST, "visit('https://acme.example/'); forms = [new Form(true)];"], "https://acme.example/blog", None),
    ],
    ids=["the first with tags replaces one without", "the first with tags stays", "the first stays"],
)
def test_the_script_remembers_the_first_visit_that_tells_something(visits, landing_page, utm_source):
    between = [part for visit in visits[:-1] for part in (visit, SCRIPT)]
    (values,) = dukpy.evaljs([PAGE, *between, visits[-1], SCRIPT, "forms.map(function (f) { return f.values(); })"])
    assert values["landing_page"] == landing_page
    assert values.get("utm_source") == utm_source


def test_the_script_forgets_after_ninety_days():
    old = {"at": 0, "tagged": True, "fields": {"utm_source": "old"}}
    (values,) = run(f"""
        visit('https://acme.example/'); storage.leadhub = {json.dumps(json.dumps(old))}; forms = [new Form(true)];
    """)
    assert "utm_source" not in values


@pytest.mark.parametrize(
    "broken",
    [
        "localStorage.getItem = localStorage.setItem = function () { throw new Error('denied'); };",
        "localStorage = null;",
        "storage.leadhub = '{broken';",
        "storage.leadhub = '7';",
        "location.search = '?utm_source=google&utm_term=%E0%A4%A';",
    ],
    ids=["storage denied", "no storage", "storage is not JSON", "storage is something else", "broken escapes"],
)
def test_the_script_works_in_a_page_where_something_is_broken(broken):
    (values,) = run(f"visit('https://acme.example/?utm_source=google'); {broken} forms = [new Form(true)];")
    assert values["utm_source"] == "google"


def test_the_script_waits_until_the_page_is_there():
    before, after = run(
        "visit('https://acme.example/'); document.readyState = 'loading'; forms = [new Form(true)];",
        "var early = forms[0].values(); listeners.DOMContentLoaded(); [early, forms[0].values()]",
    )
    assert before == {}
    assert after["page_url"] == "https://acme.example/"


def test_a_double_click_is_one_submission_and_a_change_after_it_another():
    first, second, third = run(
        "visit('https://acme.example/'); var late = new Form(true, {email: {value: 'a'}});",
        """
        listeners.submit({target: late}); var first = late.values().submission_id;
        listeners.submit({target: late}); var second = late.values().submission_id;
        listeners.input({target: {form: late}});
        [first, second, late.values().submission_id]
        """,
    )
    assert first == second
    assert first != third
    assert len(first) == 36


def test_what_the_script_fills_in_passes_and_is_read_back():
    clock = HandClock(OPENED)
    source = web(clock, secret="form-s3cret")
    (values,) = run(
        "visit('https://acme.example/?utm_source=google'); forms = [new Form(true)];", script=capture(source)
    )
    lead = form(source, values, at=OPENED + timedelta(seconds=20))
    assert lead.spam is None
    assert lead.key == values["submission_id"]
    assert lead.data == {
        "utm_source": "google",
        "landing_page": "https://acme.example/?utm_source=google",
        "page_url": "https://acme.example/?utm_source=google",
    }


def test_each_call_of_the_script_has_the_time_of_that_call():
    clock = HandClock(OPENED)
    source = web(clock, secret="form-s3cret")
    clock.turn(60)
    signed = capture(source).rpartition("})('")[2].removesuffix("');\n")
    assert read_time([b"form-s3cret"], signed) == OPENED + timedelta(seconds=60)


def test_without_a_secret_there_is_no_time_and_no_check_of_it():
    source = web()
    assert capture(source).endswith("})('');\n")
    assert form(source, {"email": "a@example.com"}).spam is None


@pytest.mark.parametrize(("seconds", "is_spam"), [(0, True), (4.9, True), (5, False), (3600, False), (700_000, True)])
def test_the_least_time_can_be_set(seconds, is_spam):
    source = web(secret="form-s3cret", min_seconds=5)
    signed = capture(source).rpartition("})('")[2].removesuffix("');\n")
    lead = form(source, {"_time": signed}, at=OPENED + timedelta(seconds=seconds))
    assert (lead.spam is not None) is is_spam


def test_a_reason_for_spam_never_shows_the_secret():
    lead = form(web(secret="form-s3cret"), {"_time": "1777882181.00"})
    assert "form-s3cret" not in lead.spam


def test_the_address_of_the_browser_is_kept_unless_a_field_says_better():
    source = web()
    assert form(source, {"email": "a"}, client="203.0.113.7").data["ip"] == "203.0.113.7"
    assert form(source, {"email": "a", "ip": "198.51.100.9"}, client="203.0.113.7").data["ip"] == "198.51.100.9"
    assert form(source, {"email": "a", "ip": ""}, client="203.0.113.7").data["ip"] == "203.0.113.7"


def test_the_same_body_has_the_same_key():
    fields = {"email": "a@example.com", "submission_id": "4f0c0c0e-6c7c-4d43-9a53-0c6f3b1f2a10"}
    source = web()
    assert (
        form(source, fields).key == form(source, fields, at=OPENED + timedelta(days=1)).key == fields["submission_id"]
    )


def test_an_own_name_for_the_trap_frees_the_usual_one():
    source = web(honeypot="fax")
    assert form(source, {"website2": "https://a.example"}).spam is None
    assert form(source, {"fax": "1"}).spam == "the hidden field 'fax' was filled"


def test_the_field_of_a_form_names_its_page_in_json_too():
    source = web(return_urls=["https://acme.example/thanks"])
    body = b"_next=https%3A%2F%2Facme.example%2Fthanks%3Fa%3D1&email=a"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = source.answer(Inbound(headers=headers, body=body), Receipt("sub_1", None, "accepted"))
    assert (reply.status, reply.headers["location"]) == (303, "https://acme.example/thanks?a=1")


def test_a_browser_is_thanked_where_no_page_is_set():
    headers = {"content-type": "multipart/form-data; boundary=x", "sec-fetch-mode": "navigate"}
    reply = web().answer(Inbound(headers=headers, body=b"broken"), Receipt("sub_1", None, "quarantined"))
    assert (reply.status, reply.body.decode()) == (200, "Thank you. 谢谢。")


@pytest.mark.parametrize(
    "settings",
    [
        {"origins": ["acme.example"]},
        {"origins": ["https://acme.example/form"]},
        {"return_urls": ["javascript:alert(1)"]},
        {"return_urls": ["/thanks"]},
        {"return_urls": ["https://acme.example/a b"]},
    ],
)
def test_a_setting_that_cannot_work_is_refused(settings):
    with pytest.raises(ValidationError):
        web(**settings)
