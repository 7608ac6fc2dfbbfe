"""enrich: what a lead lacks is asked for by name; what is there stays, and a failure stops nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from hub.errors import ConfigError, Retry
from hub.lead import Lead, Value
from hub.step import Work, enricher
from hub.steps.enrich import EnrichOptions, enrich
from hub.steps.enrichers import company_guess, email_domain, phone_region
from tests.steps.trial import RECEIVED, context, mapped

SHIPPED = (email_domain, phone_region)


@enricher("register")
async def register(lead: Lead, ctx: Any) -> Mapping[str, Any]:
    """Know everything."""
    return {
        "company": "Acme (register)",
        "phone": "138 0013 8000",
        "country": "中国",
        "consent": True,
        "consent_text": "forged",
        "title": "   ",
        "website": "javascript:alert(1)",
        "street": {"line": 1},
        "vat_id": "DE\x00123",
        "nothing": None,
    }


@enricher("broken")
async def broken(lead: Lead, ctx: Any) -> Mapping[str, Any]:
    """Fail."""
    raise Retry("no answer from register.example", after=5)


@enricher("stray")
async def stray(lead: Lead, ctx: Any) -> Mapping[str, Any]:
    """Fail in a way nobody planned, with a secret in the message."""
    raise RuntimeError("token=s3cret")


@enricher("slow")
async def slow(lead: Lead, ctx: Any) -> Mapping[str, Any]:
    """Never answer."""
    await asyncio.Event().wait()
    return {}


@enricher("wrong")
async def wrong(lead: Lead, ctx: Any) -> Any:
    """Return what is no mapping."""
    return ["company"]


@enricher("after")
async def after(lead: Lead, ctx: Any) -> Mapping[str, Any]:
    """Use what another enricher found."""
    return {"industry": f"that of {lead.company}"}


ALL = (*SHIPPED, register, broken, stray, slow, wrong, after)


async def run(lead: Lead, *use: str, **options: Any) -> Work:
    work = mapped().change(lead=lead)
    done = await enrich.run(work, context(things=ALL), EnrichOptions(**({"use": use} if use else {}), **options))
    assert isinstance(done, Work)
    return done


def test_the_step_is_registered_under_its_name():
    assert (enrich.name, enrich.options) == ("enrich", EnrichOptions)
    assert [one.name for one in SHIPPED] == list(EnrichOptions().use)


async def test_a_company_is_guessed_from_its_domain():
    done = await run(Lead(email="ann@acme-tools.com.cn"), "email_domain")
    assert done.lead.company == "Acme Tools"
    assert done.lead.extra == {"email_free": False}
    value = done.lead.values["company"]
    assert (value.value, value.valid, value.source, value.submission) == (
        "Acme Tools",
        None,
        "enrich:email_domain",
        "sub_1",
    )
    assert value.at == RECEIVED
    assert done.notes["enrich"] == {"filled": {"company": "email_domain", "email_free": "email_domain"}, "failed": {}}


@pytest.mark.parametrize("address", ["ann@gmail.com", "ann@qq.com", "ann@163.com"])
async def test_a_free_mailbox_tells_no_company(address):
    done = await run(Lead(email=address), "email_domain")
    assert (done.lead.company, done.lead.extra) == (None, {"email_free": True})


async def test_a_throw_away_mailbox_tells_no_company():
    assert (await run(Lead(email="ann@mailinator.com"), "email_domain")).lead.company is None


async def test_a_phone_number_tells_country_carrier_and_region():
    done = await run(Lead(phone="+8613912345678"), "phone_region")
    assert done.lead.country == "CN"
    assert done.lead.extra == {"phone_region": "CN", "phone_carrier": "China Mobile"}
    assert done.lead.values["country"].source == "enrich:phone_region"


async def test_what_is_there_is_never_overwritten():
    held = Value(raw="Acme", value="Acme", source="web")
    lead = Lead(
        email="ann@acme-tools.com", phone="+8613912345678", company="Acme", country="DE", values={"company": held},
        extra={"email_free": "asked"},
    )  # fmt: skip
    done = await run(lead)
    assert (done.lead.company, done.lead.country) == ("Acme", "DE")
    assert done.lead.values["company"] == held
    assert done.lead.extra["email_free"] == "asked"


async def test_a_lead_without_contacts_is_left_as_it_was():
    done = await run(Lead())
    assert done.lead == Lead()
    assert done.notes["enrich"] == {"filled": {}, "failed": {}}


async def test_what_is_found_is_spelt_as_the_leads_own_fields_are():
    done = await run(Lead(country="CN"), "register")
    assert (done.lead.phone, done.lead.values["phone"].raw) == ("+8613800138000", "138 0013 8000")
    assert done.lead.extra == {"vat_id": "DE123"}


async def test_nonsense_from_an_enricher_fills_nothing():
    done = await run(Lead(), "register")
    assert (done.lead.title, done.lead.website, done.lead.street) == (None, None, None)


async def test_nobody_but_the_person_gives_consent():
    done = await run(Lead(), "register")
    assert (done.lead.consent, done.lead.consent_text) == (None, None)
    assert not {"consent", "consent_text"} & set(done.lead.values)


async def test_the_first_to_know_a_field_wins_and_later_ones_see_it():
    done = await run(Lead(email="ann@acme.com"), "email_domain", "register", "after")
    assert (done.lead.company, done.lead.industry) == ("Acme", "that of Acme")
    assert done.notes["enrich"]["filled"]["company"] == "email_domain"


async def test_a_failure_is_noted_and_the_lead_goes_on():
    done = await run(Lead(email="ann@acme.com"), "broken", "stray", "wrong", "email_domain")
    assert done.lead.company == "Acme"
    assert done.notes["enrich"]["failed"] == {
        "broken": "Retry: no answer from register.example",
        "stray": "RuntimeError",
        "wrong": "AttributeError",
    }


async def test_an_enricher_that_never_answers_holds_nobody_up():
    done = await run(Lead(email="ann@acme.com"), "slow", "email_domain", timeout=0.001)
    assert done.lead.company == "Acme"
    assert done.notes["enrich"]["failed"] == {"slow": "no answer in 0.001 seconds"}


async def test_an_enricher_the_operator_cannot_do_without_stops_the_lead():
    with pytest.raises(Retry):
        await run(Lead(), "broken", required=["broken"])


async def test_an_unknown_enricher_is_a_mistake_in_the_settings():
    with pytest.raises(ConfigError, match=r'"email_domian" is not known\. Did you mean "email_domain"'):
        await run(Lead(), "email_domian")


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": 600}, {"uses": []}])
def test_a_slip_in_the_options_is_an_error(options):
    with pytest.raises(ValidationError):
        EnrichOptions(**options)


@pytest.mark.parametrize(
    ("domain", "company"),
    [
        ("acme.com", "Acme"),
        ("mail.acme.com", "Acme"),
        ("acme.co.uk", "Acme"),
        ("sales.acme.com.au", "Acme"),
        ("acme-tools.de", "Acme Tools"),
        ("ibm.com", "Ibm"),
        ("münchen.de", "München"),
        ("例子.中国", "例子"),
        ("co.uk", "Co"),
        ("localhost", None),
        ("", None),
    ],
)
def test_a_domain_hints_at_a_company(domain, company):
    assert company_guess(domain) == company
