"""normalize: one spelling for every field, every oddity said, and the keys a lead is recognised by."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.lead import LEAD_FIELDS, TOUCH_FIELDS, Lead, Problem, Touch
from hub.normal import VERSION
from hub.normal.verdicts import CODES
from hub.step import Work
from hub.steps.normalize import NormalizeOptions, normalize
from tests.steps.trial import RECEIVED, SUBMITTED, codes, context, mapped

CN = {"source": {"region": "CN"}}


async def run(work: Work, options: dict[str, Any] | None = None, **ctx: Any) -> Work:
    done = await normalize.run(work, context(**ctx), NormalizeOptions(**(options or {})))
    assert isinstance(done, Work)
    return done


def test_the_step_is_registered_under_its_name():
    assert (normalize.name, normalize.options) == ("normalize", NormalizeOptions)


async def test_a_lead_of_a_form_is_normalized():
    form = {
        "full_name": "张伟 ",
        "email": "Wei.Zhang+expo@Example.COM",
        "phone": "138 0013 8000",
        "company": "示例科技（北京）有限公司",
        "country": "中国",
        "region": "广东省",
        "city": "深圳市",
        "interest": ["Pricing", "Demo"],
        "consent": "on",
        "utm_source": " google ",
        "gclid": "Cj0",
    }
    done = await run(mapped(form), **CN)
    lead = done.lead
    assert (lead.full_name, lead.first_name, lead.last_name) == ("张伟", "伟", "张")
    assert (lead.email, lead.phone, lead.country) == ("Wei.Zhang+expo@example.com", "+8613800138000", "CN")
    assert (lead.region, lead.city, lead.interest, lead.consent) == ("广东省", "深圳市", "Pricing, Demo", True)
    assert lead.values["region"].parts == {"key": "guangdong", "code": "CN-GD"}
    assert lead.problems == ()
    assert done.touch == lead.touch == lead.first_touch
    assert dict(done.touch.fields) == {"utm_source": "google", "gclid": "Cj0"}
    assert [i.key for i in done.identities if i.exact] == ["email:wei.zhang@example.com", "phone:+8613800138000"]
    assert all(i.key.startswith("block:") for i in done.identities if not i.exact)
    assert done.notes["normalize"] == {"version": VERSION}


async def test_every_value_tells_where_it_comes_from():
    value = (await run(mapped(phone="138 0013 8000"), **CN)).lead.values["phone"]
    assert (value.raw, value.value, value.valid) == ("138 0013 8000", "+8613800138000", True)
    assert (value.source, value.submission, value.at) == ("web", "sub_1", SUBMITTED)
    assert value.parts["type"] == "mobile"


async def test_a_derived_name_says_what_it_was_made_from():
    lead = (await run(mapped(full_name="Dr. Ann Ng"))).lead
    assert (lead.full_name, lead.first_name, lead.last_name) == ("Dr. Ann Ng", "Ann", "Ng")
    assert lead.values["first_name"].parts == {"from": "full_name"}
    assert lead.values["full_name"].parts == {"honorific": "Dr."}
    joined = (await run(mapped(first_name="伟", last_name="张"))).lead
    assert (joined.full_name, joined.values["full_name"].parts) == ("张伟", {"from": "first_name+last_name"})


async def test_given_names_are_not_replaced():
    lead = (await run(mapped(full_name="Ann Ng", first_name="Annie", last_name="Nguyen"))).lead
    assert (lead.full_name, lead.first_name, lead.last_name) == ("Ann Ng", "Annie", "Nguyen")


@pytest.mark.parametrize(
    ("source", "lead", "options", "hub", "value"),
    [
        ("CN", None, None, "US", "+8613800138000"),
        (None, "中国", None, "US", "+8613800138000"),
        (None, None, "CN", "US", "+8613800138000"),
        (None, None, None, "CN", "+8613800138000"),
        ("GB", None, None, "CN", "+8613800138000"),
        (None, None, None, None, None),
        (None, "Atlantis", None, None, None),
    ],
)
async def test_the_country_of_a_number_is_sought_in_source_lead_and_hub(source, lead, options, hub, value):
    work = mapped(phone="13800138000", country=lead)
    done = await run(work, {"region": options}, source={"region": source}, hub={"region": hub})
    assert done.lead.phone == value
    assert ("phone_no_country" in codes(done)) is (value is None)


async def test_a_number_without_a_country_is_kept_raw_and_still_found_near():
    done = await run(mapped(phone="13800138000"))
    assert (done.lead.phone, done.lead.values["phone"].raw) == (None, "13800138000")
    assert [i.key for i in done.identities] == ["block:phone:00138000"]


@pytest.mark.parametrize(
    ("field", "raw", "value", "code"),
    [
        ("email", "not an address", None, "email_invalid"),
        ("email", "x@y\r\nBcc: z", None, "email_newline"),
        ("email", "info@acme.com", "info@acme.com", "email_role"),
        ("email", "a@mailinator.com", "a@mailinator.com", "email_disposable"),
        ("phone", "1.38E+10", None, "phone_excel_damaged"),
        ("phone", "13800138000/13900139000", "+8613800138000", "phone_several"),
        ("country", "Atlantis", None, "country_unknown"),
        ("language", "Gibberish", None, "language_unknown"),
        ("website", "javascript:alert(1)", None, "website_unsafe"),
        ("consent", "perhaps", None, "consent_unclear"),
        ("birthday", "2024-02-30", "2024-02-30", "date_impossible"),
        ("full_name", "evil\u202eman", "evilman", "text_hidden"),
        ("message", "a\x00b", "ab", "text_control"),
        ("company", {"name": "Acme"}, None, "not_text"),
    ],
)
async def test_no_oddity_is_silent(field, raw, value, code):
    done = await run(mapped({field: raw}), **CN)
    assert getattr(done.lead, field) == value
    assert code in codes(done, field)
    assert all(problem.message.endswith(".") for problem in done.lead.problems)


async def test_problems_never_quote_the_person():
    done = await run(mapped(email="Ann Secretname", phone="Secretname", country="Secretname", website="secret:name"))
    assert len(done.lead.problems) == 4
    assert "secret" not in str(done.lead.problems).lower()


async def test_a_structure_is_kept_in_extra():
    done = await run(mapped({"company": {"name": "Acme"}, "campaign": {"id": 1}}, lead={"extra": {"q1": "yes"}}))
    assert done.lead.extra == {"q1": "yes", "company": {"name": "Acme"}}
    assert codes(done) == {"not_text"}


async def test_a_name_nobody_knows_is_kept_in_extra():
    assert (await run(mapped({"shoe_size": 44}))).lead.extra == {"shoe_size": 44}


async def test_a_value_that_cannot_be_read_stops_nobody():
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    done = await run(mapped({"company": Broken(), "campaign": Broken(), "email": "ann@acme.com"}))
    assert done.lead.email == "ann@acme.com"
    assert codes(done) == {"not_understood"}


async def test_the_wording_of_a_consent_is_kept_as_evidence():
    done = await run(mapped(consent="I agree to receive calls from Acme."))
    assert (done.lead.consent, done.lead.consent_text) == (True, "I agree to receive calls from Acme.")
    given_text = await run(mapped(consent="I agree to receive calls from Acme.", consent_text="v2"))
    assert given_text.lead.consent_text == "v2"


@pytest.mark.parametrize(
    ("answer", "consent"), [("yes", True), ("", False), ("false", False), (None, None), ("hm", None)]
)
async def test_consent_is_never_assumed(answer, consent):
    assert (await run(mapped(consent=answer))).lead.consent is consent


async def test_no_answer_about_consent_leaves_it_unknown():
    done = await run(mapped(email="ann@acme.com"))
    assert done.lead.consent is None
    assert "consent" not in done.lead.values


async def test_tags_of_source_lead_and_submission_meet_in_touch_and_lead():
    work = mapped(email="ann@acme.com", raw={"tags": {"booth": "7"}}, lead={"tags": {"region": "north"}})
    done = await run(work, source={"tags": {"party": "first", "booth": "1"}})
    assert done.touch.tags == done.lead.tags == {"party": "first", "region": "north", "booth": "7"}


async def test_a_touch_names_its_submission_source_and_time():
    touch = (await run(mapped(utm_campaign="spring"))).touch
    assert touch == Touch(submission="sub_1", source="web", at=SUBMITTED, fields={"utm_campaign": "spring"})


async def test_a_touch_that_is_there_already_is_kept():
    work = dataclasses.replace(mapped(utm_source="google"), touch=Touch(fields={"ip": "1.2.3.4"}, tags={"a": "b"}))
    done = await run(work)
    assert dict(done.touch.fields) == {"ip": "1.2.3.4", "utm_source": "google"}
    assert done.touch.tags == {"a": "b"}


async def test_a_cost_is_a_plain_number_with_its_currency():
    touch = (await run(mapped(cost="€12,50"))).touch
    assert (touch.cost, touch.currency) == ("12.50", "EUR")


async def test_odd_touch_fields_are_said():
    done = await run(mapped(cost="a lot", ip="nowhere"))
    assert dict(done.touch.fields) == {}
    assert {(p.field, p.code) for p in done.lead.problems} == {("cost", "number_unclear"), ("ip", "ip_invalid")}


@pytest.mark.parametrize(
    ("said", "options", "source", "moment", "code"),
    [
        (SUBMITTED, {}, {}, SUBMITTED, None),
        (None, {}, {}, RECEIVED, None),
        (datetime(2026, 5, 4, 16, 0), {}, {}, datetime(2026, 5, 4, 8, 0, tzinfo=UTC), "time_zone_assumed"),
        (
            datetime(2026, 5, 4, 10, 0),
            {"time_zone": "Europe/Berlin"},
            {},
            datetime(2026, 5, 4, 8, 0, tzinfo=UTC),
            "time_zone_assumed",
        ),
        (
            datetime(2026, 5, 4, 3, 0),
            {},
            {"time_zone": "America/New_York"},
            datetime(2026, 5, 4, 7, 0, tzinfo=UTC),
            "time_zone_assumed",
        ),
        (datetime(2030, 1, 1, tzinfo=UTC), {}, {}, RECEIVED, "time_in_future"),
        (datetime(1, 1, 1, tzinfo=UTC), {}, {}, RECEIVED, "time_impossible"),
    ],
)
async def test_the_time_of_submission_is_in_utc_and_not_ahead(said, options, source, moment, code):
    work = mapped(email="ann@acme.com", raw={"submitted_at": said})
    done = await run(work, options, source=source, hub={"time_zone": "Asia/Shanghai"})
    assert (done.lead.submitted_at, done.touch.at) == (moment, moment)
    assert codes(done, "submitted_at") == {code} - {None}


async def test_an_assumed_zone_is_stated_in_the_record():
    done = await run(mapped(raw={"submitted_at": datetime(2026, 5, 4, 9)}), hub={"time_zone": "Asia/Shanghai"})
    assert done.notes["normalize"]["time_zone"] == "Asia/Shanghai"


@pytest.mark.parametrize("where", [{"raw": {"test": True}}, {"lead": {"test": True}}])
async def test_a_test_lead_has_keys_of_its_own(where):
    done = await run(mapped(email="ann@acme.com", **where))
    assert done.lead.test
    assert [i.key for i in done.identities] == ["test:email:ann@acme.com"]


async def test_every_lead_of_a_test_source_is_a_test():
    done = await run(mapped(email="ann@acme.com"), source={"test": True})
    assert done.lead.test
    assert done.identities[0].key == "test:email:ann@acme.com"


async def test_a_platform_lead_id_and_an_id_of_ones_own_are_identities():
    done = await run(mapped(platform_lead_id="4417", external_id="C-9"))
    assert [(i.key, i.exact) for i in done.identities] == [("external:web:C-9", True), ("platform:web:4417", True)]


async def test_problems_of_the_map_step_stay_and_nothing_is_said_twice():
    known = Problem(field="budget", code="mapping_failed", message="The path found nothing.")
    work = mapped(email="nope", lead={"problems": (known,)})
    once = await run(work)
    twice = await run(dataclasses.replace(once, mapped=work.mapped))
    assert once.lead.problems[0] == known
    assert once.lead.problems == twice.lead.problems
    assert len(once.lead.problems) == 2


async def test_a_barest_submission_passes():
    done = await run(mapped())
    assert done.lead == Lead(
        id="lead_1", source="web", submitted_at=SUBMITTED, touch=done.touch, first_touch=done.touch, tags={}
    )
    assert done.identities == ()


@pytest.mark.parametrize(
    ("row", "fields", "expected"),
    [
        ("42 bidi", {"full_name": "a\u202eb\u2066c\u200dd"}, {"full_name": "abcd"}),
        ("43 nfd", {"city": "Zu\u0308rich"}, {"city": "Zürich"}),
        ("43 full width", {"phone": "１３８００１３８０００"}, {"phone": "+8613800138000"}),
        ("44 homoglyph", {"email": "раypal@x.com"}, {"email": "раypal@x.com"}),
        ("46 emoji", {"full_name": "Ann 👩\u200d🚀"}, {"full_name": "Ann 👩\u200d🚀"}),
        ("48 controls", {"title": "CTO\x1b[31m\x00\x85now"}, {"title": "CTO[31m now"}),
        ("49 Null", {"full_name": "Null"}, {"full_name": "Null"}),
        ("49 None", {"first_name": "None", "last_name": "true"}, {"first_name": "None", "last_name": "true"}),
        ("49 O'Brien", {"last_name": "O'Brien"}, {"last_name": "O'Brien"}),
        ("49 Jr.", {"full_name": "Jr."}, {"full_name": "Jr."}),
        ("49 single letter", {"full_name": "X"}, {"full_name": "X"}),
        ("49 transliterated", {"full_name": "尼古拉·特斯拉"}, {"full_name": "尼古拉·特斯拉"}),
        ("49 one long ligature", {"full_name": "﷽"}, {"full_name": "﷽"}),
        ("49 digits", {"full_name": "R2 D2"}, {"full_name": "R2 D2"}),
        (
            "50 blank",
            {"full_name": " ", "company": "\u00a0", "title": "\u3000"},
            {"full_name": None, "company": None, "title": None},
        ),
        ("51 no dot", {"email": "a@b"}, {"email": None}),
        ("51 quoted", {"email": '"x y"@d.com'}, {"email": '"x y"@d.com'}),
        ("51 320 characters", {"email": "a" * 320 + "@b.com"}, {"email": None}),
        ("51 trailing dot", {"email": "ann@acme.com."}, {"email": "ann@acme.com"}),
        ("51 mailto", {"email": "mailto:ann@acme.com"}, {"email": "ann@acme.com"}),
        ("52 line break", {"email": "x@y.com\r\nBcc: z@z.com"}, {"email": None}),
        ("53 plus", {"phone": "+86 138-0013-8000"}, {"phone": "+8613800138000"}),
        ("53 zeros", {"phone": "008613800138000"}, {"phone": "+8613800138000"}),
        ("53 too short", {"phone": "123"}, {"phone": None}),
        ("53 no area", {"phone": "+1 (555) 0100"}, {"phone": None}),
        ("54 excel", {"phone": "1.38E+10"}, {"phone": None}),
        ("54 dates", {"birthday": "3月4日"}, {"birthday": "3月4日"}),
        ("55 money", {"budget": "1.234,56"}, {"budget": "1.234,56"}),
        ("55 exponent", {"budget": "1e5"}, {"budget": "1e5"}),
        ("56 UK", {"country": "UK"}, {"country": "GB"}),
        ("56 dotted", {"country": "C.N."}, {"country": "CN"}),
        ("56 zero", {"postcode": "01067"}, {"postcode": "01067"}),
        ("57 consent", {"consent": "是"}, {"consent": True}),
        ("57 unknown", {"consent": "2"}, {"consent": None}),
        ("60 script", {"website": "javascript:alert(1)"}, {"website": None}),
        ("60 idn", {"website": "https://münchen.de"}, {"website": "https://münchen.de"}),
    ],
)
async def test_the_corpus_of_bad_input_is_handled(row, fields, expected):
    done = await run(mapped(fields), **CN)
    assert {field: getattr(done.lead, field) for field in expected} == expected
    assert all(done.lead.values[field].raw is not None for field in expected), row


async def test_zalgo_and_a_name_of_a_megabyte_are_cut_and_said_45():
    done = await run(mapped(full_name="e" + "\u0301" * 10_000, company="x" * 1_000_000))
    assert len(done.lead.full_name) < 20
    assert len(done.lead.company) == 300
    assert codes(done) == {"text_cut"}


async def test_text_in_the_wrong_encoding_is_flagged_47():
    assert "text_mojibake" in codes(await run(mapped(company="ä½\u00a0å¥½")))


async def test_money_is_kept_raw_and_parsed_55():
    parts = (await run(mapped(budget="￥1,000"))).lead.values["budget"].parts
    assert (parts["low"], parts["high"]) == ("1000", "1000")


async def test_five_hundred_unknown_fields_are_kept_and_storable_59():
    extra = {f"q{n}": "x\x00\ud800" for n in range(500)}
    kept = (await run(mapped(lead={"extra": extra}))).lead.extra
    assert len(kept) == 500
    assert set(kept.values()) == {"x\ufffd"}


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.datetimes()
SCALARS = PLAIN | st.text(st.characters(), max_size=40) | st.binary(max_size=20)
ANY_VALUE = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
ANY_MAPPED = st.dictionaries(st.sampled_from([*LEAD_FIELDS, *TOUCH_FIELDS, "odd"]), ANY_VALUE, max_size=12)
TEXT_FIELDS = sorted(set(LEAD_FIELDS) - {"consent"})


@settings(deadline=None)
@given(ANY_MAPPED)
@example({"cost": Decimal("1E+400"), "phone": float("inf"), "email": b"\xff\xfe"})
@example({"full_name": "," * 50, "first_name": "\u200d", "last_name": "\x00"})
async def test_nothing_is_too_hostile_to_be_normalized(data):
    done = await run(mapped(data, lead={"extra": {"kept": data}}), **CN)
    assert codes(done) <= set(CODES) - {"not_understood"}
    for field in TEXT_FIELDS:
        assert getattr(done.lead, field) is None or isinstance(getattr(done.lead, field), str)
    stored = json.dumps(done.lead.model_dump(mode="json"), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in stored
    assert Lead.model_validate_json(stored.encode("utf-8")).email == done.lead.email


@settings(deadline=None)
@given(ANY_MAPPED)
async def test_normalizing_twice_is_the_same_as_once(data):
    once = await run(mapped(data), **CN)
    again = await run(dataclasses.replace(once, mapped=data), **CN)
    assert again.lead == once.lead
    assert again.identities == once.identities
    cleaned = {field: getattr(once.lead, field) for field in LEAD_FIELDS} | dict(once.touch.fields)
    clean = await run(mapped(cleaned), **CN)
    assert {field: getattr(clean.lead, field) for field in LEAD_FIELDS} == {
        field: getattr(once.lead, field) for field in LEAD_FIELDS
    }
    assert dict(clean.touch.fields) == dict(once.touch.fields)
