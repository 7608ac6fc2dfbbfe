"""Meta lead ads: what each error of the Graph API makes us do, and polls of a whole Page."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.ads.meta_lead_ads import MetaLeadAds
from hub import BadInput, Misconfigured, RawLead, Retry
from hub.testing.fakes import HandClock

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
RAW = RawLead("7", {"leadgen_id": "7", "page_id": "1"})


def ads(**settings):
    base = {"secret": "app-s3cret", "token": "EAABtoken"}
    return MetaLeadAds("meta", MetaLeadAds.Config(**{**base, **settings}), HandClock(NOW))


def answering(*answers):
    """Return a client that gives these answers in turn, and the list of what was asked."""
    asked, left = [], list(answers)

    def answer(request):
        asked.append(request)
        given = left.pop(0)
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    return httpx.AsyncClient(transport=httpx.MockTransport(answer)), asked


def error(code, status=400, message="No", headers=None, **more):
    body = {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more}}
    return httpx.Response(status, json=body, headers=headers)


def page(*ids, after=None):
    items = [{"id": key, "created_time": "2026-05-04T08:00:00+0000", "field_data": []} for key in ids]
    paging = {"cursors": {"before": "B", "after": after or "last"}, **({"next": "https://next"} if after else {})}
    return {"data": items, "paging": paging}


def usage(*minutes):
    items = [{"type": "leadgen", "call_count": 100, "estimated_time_to_regain_access": each} for each in minutes]
    return {"X-Business-Use-Case-Usage": json.dumps({"1": items})}


@pytest.mark.parametrize("code", [1, 2, 4, 17, 32, 341, 368, 613, 80005])
async def test_a_limit_or_a_passing_fault_is_tried_again(code):
    http, _ = answering(error(code))
    with pytest.raises(Retry, match=f"Meta error {code}/None 'No', trace 'A1'") as caught:
        await ads().complete(RAW, http)
    assert caught.value.after is None


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        (usage(7), 420.0),
        (usage(0, 12, 3), 720.0),
        (usage(0), None),
        (usage(10**9), 86_400.0),
        (usage("soon"), None),
        (usage(), None),
        ({"X-Business-Use-Case-Usage": "{"}, None),
        ({"X-Business-Use-Case-Usage": "[1]"}, None),
        ({"X-Business-Use-Case-Usage": '{"1": 7}'}, None),
    ],
)
async def test_the_wait_is_as_long_as_meta_says(headers, after):
    http, _ = answering(error(80005, headers=headers))
    with pytest.raises(Retry) as caught:
        await ads().complete(RAW, http)
    assert caught.value.after == after


@pytest.mark.parametrize("code", [10, 102, 190, 200, 294, 299])
@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_token_or_permission_that_is_gone_asks_for_a_person(code, status):
    http, _ = answering(error(code, status, error_subcode=463))
    with pytest.raises(Misconfigured, match="Connect the Page anew"):
        await ads().complete(RAW, http)


@pytest.mark.parametrize("code", [100, 803])
async def test_a_lead_that_is_not_shown_is_told_of(code):
    http, _ = answering(error(code, error_subcode=33))
    with pytest.raises(BadInput, match="deleted, or the token's person lost access"):
        await ads().complete(RAW, http)


async def test_a_form_that_is_not_shown_asks_for_a_person():
    http, _ = answering(error(100))
    with pytest.raises(Misconfigured, match="lost access"):
        [each async for each in ads(forms=["555"]).fetch(None, http)]


@pytest.mark.parametrize(
    "answer",
    [
        error(99, is_transient=True),
        error("190"),
        error(None),
        error([1]),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, text='{"id":'),
        httpx.Response(503, text="busy"),
        httpx.Response(502, text="<html>"),
        httpx.Response(400, text="<html>"),
        httpx.Response(302, headers={"Location": "http://169.254.169.254/"}),
    ],
)
async def test_any_other_answer_is_one_of_our_errors(answer):
    http, asked = answering(answer)
    with pytest.raises((Retry, Misconfigured, BadInput)):
        await ads().complete(RAW, http)
    assert len(asked) == 1


async def test_a_line_that_is_down_is_tried_again():
    def down(request):
        raise httpx.ConnectError("refused")

    with pytest.raises(Retry):
        await ads().complete(RAW, httpx.AsyncClient(transport=httpx.MockTransport(down)))


async def test_the_token_is_neither_in_the_address_nor_in_an_error_that_quotes_it():
    http, asked = answering(error(190, message="Malformed access token EAABtoken"))
    with pytest.raises(Misconfigured) as caught:
        await ads().complete(RAW, http)
    assert "EAABtoken" not in str(asked[0].url)
    assert asked[0].headers["authorization"] == "Bearer EAABtoken"
    assert "EAABtoken" not in caught.value.reason
    assert "app-s3cret" not in repr(ads().__dict__)


async def test_an_id_cannot_lead_to_another_path():
    http, asked = answering({"id": "x"})
    await ads().complete(RawLead("../me?fields=email#", {}), http)
    assert asked[0].url.raw_path.startswith(b"/v24.0/..%2Fme%3Ffields%3Demail%23?fields=id")


async def test_a_repeated_webhook_is_the_same_lead():
    http, _ = answering({"id": "7", "field_data": []}, {"id": "7", "field_data": []})
    assert await ads().complete(RAW, http) == await ads().complete(RAW, http)


async def test_all_forms_of_a_page_are_polled():
    forms = [{"data": [{"id": "a"}], "paging": {"cursors": {"after": "F"}, "next": "n"}}, {"data": [{"id": "b"}]}]
    http, asked = answering(*forms, page("1", "2"), page("3"))
    pages = [each async for each in ads(account_id="104").fetch(None, http)]
    assert [[lead.key for lead in each.leads] for each in pages] == [["1", "2"], ["3"]]
    assert [each.url.path for each in asked] == [
        "/v24.0/104/leadgen_forms",
        "/v24.0/104/leadgen_forms",
        "/v24.0/a/leads",
        "/v24.0/b/leads",
    ]
    assert asked[1].url.params["after"] == "F"
    assert set(json.loads(pages[-1].cursor)) == {"a", "b"}


async def test_without_forms_nothing_is_asked():
    http, asked = answering()
    assert [each async for each in ads().fetch(None, http)] == []
    assert await ads().count(NOW, NOW, http) is None
    assert asked == []


async def test_a_form_that_is_gone_does_not_keep_the_others_waiting():
    http, _ = answering(error(100), page("3"))
    pages = []
    with pytest.raises(Misconfigured):
        [each async for each in _kept(ads(forms=["a", "b"]).fetch(None, http), pages)]
    assert [lead.key for each in pages for lead in each.leads] == ["3"]


async def _kept(stream, pages):
    async for each in stream:
        pages.append(each)
        yield each


async def test_a_page_mark_that_has_expired_starts_anew_and_loses_nothing():
    http, _ = answering(page("2", after="M"), error(100, message="Invalid cursor"))
    pages = []
    with pytest.raises(Retry, match="not known any more"):
        [each async for each in _kept(ads(forms=["a"]).fetch(None, http), pages)]
    http, asked = answering(page("3", "2"))
    more = [each async for each in ads(forms=["a"]).fetch(pages[-1].cursor, http)]
    assert "after" not in asked[0].url.params
    assert [lead.key for each in pages + more for lead in each.leads] == ["2", "3"]


async def test_pages_that_never_end_are_left_after_three_without_progress():
    http, asked = answering(*[page("1", after="same")] * 4)
    pages = []
    with pytest.raises(Retry, match="3 pages in a row had nothing new"):
        [each async for each in _kept(ads(forms=["a"]).fetch(None, http), pages)]
    assert len(asked) == 4
    assert [lead.key for each in pages for lead in each.leads] == ["1"]


async def test_a_count_that_goes_round_in_circles_ends():
    http, asked = answering(*[page("1", after="same")] * 3)
    with pytest.raises(Retry, match="circles"):
        await ads(forms=["a"]).count(NOW - timedelta(days=1), NOW, http)
    assert len(asked) == 2


async def test_the_platforms_count_and_ours_agree_after_a_poll():
    http, _ = answering(page("1", "2", after="M"), page("3"))
    held = {lead.key async for each in ads(forms=["a"]).fetch(None, http) for lead in each.leads}
    http, _ = answering(page("1", "2", after="M"), page("3"))
    assert await ads(forms=["a"]).count(NOW - timedelta(days=1), NOW, http) == len(held) == 3


async def test_a_version_and_host_can_be_set():
    http, asked = answering({"id": "7"})
    await ads(base_url="http://127.0.0.1:9/graph/", version="v25.0").complete(RAW, http)
    assert str(asked[0].url).startswith("http://127.0.0.1:9/graph/v25.0/7?")
