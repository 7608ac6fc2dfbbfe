"""The JSON webhook: each way to prove the origin, settings that cannot work, and batches."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.forms.json_webhook import JsonWebhook
from hub import BadInput, Inbound, Unverified, sign_hmac

TOKEN = "kQ3vX9mZ2rT7wY5pL8nB4d"
BODY = b'{"email":"a@example.com"}'
SHA512 = sign_hmac(b"s3cret", BODY, "sha512", "base64")


def hook(**settings):
    return JsonWebhook("partner", JsonWebhook.Config(**settings))


def posted(**given):
    return Inbound(body=BODY, **given)


def parsed(source, value, **given):
    return list(source.parse(Inbound(body=json.dumps(value).encode(), **given)))


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({}, "x-signature", sign_hmac(b"s3cret", BODY)),
        ({"algorithm": "sha1", "prefix": "sha1="}, "x-signature", "sha1=" + sign_hmac(b"s3cret", BODY, "sha1")),
        ({"algorithm": "sha512", "encoding": "base64", "header": "X-A"}, "x-a", SHA512),
        ({"auth": "key"}, "x-api-key", "s3cret"),
        ({"auth": "key", "header": "Authorization", "prefix": "Bearer "}, "authorization", "Bearer s3cret"),
    ],
)  # fmt: skip
def test_the_proof_that_was_agreed_on_passes_and_no_other(settings, header, value):
    source = hook(secret="s3cret", **settings)
    source.verify(posted(headers={header: value}))
    for other in ({}, {header: ""}, {header: value + "x"}, {header: "é"}, {header: value[1:]}, {"x-other": value}):
        with pytest.raises(Unverified) as caught:
            source.verify(posted(headers=other))
        assert "s3cret" not in caught.value.reason


def test_the_token_in_the_address_passes_and_no_other():
    source = hook(auth="token", secret=TOKEN)
    source.verify(posted(query={"token": TOKEN}))
    for query in ({}, {"token": ""}, {"token": TOKEN[:-1]}, {"token": TOKEN.lower()}, {"Token": TOKEN}):
        with pytest.raises(Unverified) as caught:
            source.verify(posted(query=query))
        assert TOKEN not in caught.value.reason


@pytest.mark.parametrize("auth", ["hmac", "key", "token"])
def test_a_proof_needs_a_secret(auth):
    with pytest.raises(ValidationError, match=f"auth: {auth} needs `secret`"):
        hook(auth=auth)


def test_a_token_that_can_be_guessed_is_refused_without_showing_it():
    with pytest.raises(ValidationError, match="at least 22 characters") as caught:
        hook(auth="token", secret="letmein")
    assert "letmein" not in str(caught.value)


def test_anyone_may_post_where_that_was_chosen():
    hook(auth="none").verify(posted())


def test_a_batch_is_found_at_its_path():
    source = hook(auth="none", items="data.leads", key="id")
    leads = parsed(source, {"data": {"leads": [{"id": "a"}, {"id": "b"}]}})
    assert [(lead.key, lead.data) for lead in leads] == [("a", {"id": "a"}), ("b", {"id": "b"})]


def test_one_lead_at_the_path_of_a_batch_is_a_batch_of_one():
    assert [lead.key for lead in parsed(hook(auth="none", items="lead", key="id"), {"lead": {"id": 7}})] == ["7"]


def test_an_empty_batch_has_no_leads():
    assert parsed(hook(auth="none"), []) == []


@pytest.mark.parametrize("body", [{}, {"data": 1}, {"data": {"leads": "x"}}])
def test_a_path_that_leads_nowhere_is_named(body):
    with pytest.raises(BadInput, match=r"'data\.leads' \(setting `items`\)"):
        parsed(hook(auth="none", items="data.leads"), body)


def test_what_is_no_object_in_a_batch_has_a_problem_and_the_rest_is_read():
    good, bad = parsed(hook(auth="none"), [{"email": "a@example.com"}, "b@example.com"])
    assert good.problems == ()
    assert bad.data == {"value": "b@example.com"}
    assert [problem.message for problem in bad.problems] == ["A lead must be a JSON object, not str."]


@pytest.mark.parametrize(
    ("value", "key"), [("a", "a"), (7, "7"), ("", None), (True, None), (None, None), ([1], None), ("x" * 257, None)]
)
def test_only_short_text_and_whole_numbers_are_keys(value, key):
    (lead,) = parsed(hook(auth="none", key="id"), {"id": value})
    assert lead.key == key


def test_a_key_with_dots_of_its_own_is_found():
    (lead,) = parsed(hook(auth="none", key="meta.id"), {"meta.id": "1", "meta": {"id": "2"}})
    assert lead.key == "1"


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-05-04 09:00", datetime(2026, 5, 4, 9)),
        ("2026-05-04T09:00:00+02:00", datetime(2026, 5, 4, 7, tzinfo=UTC)),
        (1777878000, datetime(2026, 5, 4, 7, tzinfo=UTC)),
        ("soon", None),
    ],
)
def test_a_time_without_a_zone_is_left_for_the_hub_which_knows_the_zone_of_the_source(said, at):
    (lead,) = parsed(hook(auth="none", submitted_at="at"), {"at": said})
    assert (lead.submitted_at, lead.data) == (at, {"at": said})


@given(st.binary())
def test_any_body_is_read_or_refused(body):
    source = hook(auth="none", key="id", items=None, submitted_at="at")
    try:
        leads = list(source.parse(Inbound(body=body)))
    except BadInput:
        leads = []
    assert all(isinstance(lead.data, dict) for lead in leads)
