"""validate: all that is wrong is weighed at once; what a person must look at is kept back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from pydantic import ValidationError

from hub.lead import Problem
from hub.normal.verdicts import CODES
from hub.step import Stop, Work
from hub.steps.mail_exchange import takes_mail
from hub.steps.normalize import NormalizeOptions, normalize
from hub.steps.validate import ACTIONS, DEFAULT_POLICY, ValidateOptions, action, validate
from tests.steps.trial import codes, context, mapped

CN = {"source": {"region": "CN"}}
GOOD = {"full_name": "Ann Ng", "email": "ann@acme.com"}


async def run(work: Work, **options: Any) -> Work | Stop:
    """Normalize the submission, then validate it."""
    normal = await normalize.run(work, context(**CN), NormalizeOptions())
    assert isinstance(normal, Work)
    return await validate.run(normal, context(), ValidateOptions(**options))


async def passed(work: Work, **options: Any) -> Work:
    done = await run(work, **options)
    assert isinstance(done, Work), done
    assert done.quarantine == ()
    return done


async def held(work: Work, **options: Any) -> Stop:
    done = await run(work, **options)
    assert isinstance(done, Stop), done
    assert done.status == "quarantined"
    assert done.work.quarantine != ()
    return done


def reasons(stop: Stop) -> set[tuple[str, str]]:
    return {(problem.field, problem.code) for problem in stop.work.quarantine}


def test_the_step_is_registered_under_its_name():
    assert (validate.name, validate.options) == ("validate", ValidateOptions)


async def test_a_good_lead_goes_on_without_a_note():
    done = await passed(mapped(GOOD))
    assert done.notes["validate"] == {}
    assert done.lead.problems == ()


@pytest.mark.parametrize("contact", [{"email": "ann@acme.com"}, {"phone": "13800138000"}, {"wechat": "annng_88"}])
async def test_any_one_contact_is_enough(contact):
    await passed(mapped(contact))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"full_name": "Ann Ng", "message": "Call me!"},
        {"email": "not an address"},
        {"email": "", "phone": "   ", "wechat": "\u3000"},
        {"phone": "1.38E+10"},
        {"phone": "110"},
    ],
)
async def test_a_lead_nobody_can_reach_waits_for_a_person(fields):
    stop = await held(mapped(fields))
    assert ("", "unreachable") in reasons(stop)
    assert stop.reason == CODES["unreachable"].english
    assert "unreachable" in codes(stop.work)


async def test_a_doubtful_number_is_a_contact_because_unknown_is_not_invalid():
    done = await passed(mapped(phone="+8612345678901"))
    assert done.notes["validate"]["flagged"] == ["phone_doubtful"]


async def test_all_that_is_missing_is_said_at_once():
    stop = await held(
        mapped(message="hi"), required=["full_name", ["company", "website"], ["email", "phone", "wechat"]]
    )
    assert reasons(stop) == {
        ("full_name", "required_missing"),
        ("company or website", "required_missing"),
        ("", "unreachable"),
    }
    assert stop.reason == (
        "The required field full_name is missing. One of the fields company, website is required, and all are missing. "
        + CODES["unreachable"].english
    )


async def test_an_email_can_be_required_even_where_a_phone_is_there():
    stop = await held(mapped(phone="13800138000"), required=["email"])
    assert reasons(stop) == {("email", "required_missing")}


async def test_a_consent_that_was_refused_is_there():
    await passed(mapped(GOOD, consent="no"), required=["consent"])
    await held(mapped(GOOD), required=["consent"])


async def test_nothing_need_be_required():
    work = mapped(message="hi")
    assert reasons(await held(work, required=[])) == {("", "unreachable")}
    done = await passed(work, required=[], policy={"unreachable": "flag"})
    assert done.notes["validate"]["flagged"] == ["unreachable"]


async def test_spam_waits_for_a_person():
    stop = await held(mapped(GOOD, raw={"spam": "the hidden field was filled in"}))
    assert reasons(stop) == {("", "spam")}
    assert "the hidden field was filled in" in stop.reason


async def test_what_the_source_reports_waits_for_a_person_unless_the_operator_says_otherwise():
    reported = Problem(field="row", code="columns_missing", message="The row has 3 of 9 columns.")
    work = mapped(GOOD, raw={"problems": (reported,)})
    stop = await held(work)
    assert stop.work.quarantine == (reported,)
    assert stop.reason == "row: The row has 3 of 9 columns."
    done = await passed(work, policy={"columns_missing": "flag"})
    assert done.notes["validate"]["flagged"] == ["columns_missing"]


async def test_a_problem_said_by_source_and_lead_is_weighed_once():
    reported = Problem(field="row", code="columns_missing", message="The row has 3 of 9 columns.")
    stop = await held(mapped(GOOD, raw={"problems": (reported,)}, lead={"problems": (reported,)}))
    assert stop.work.quarantine == (reported,)


@pytest.mark.parametrize(
    ("policy", "note"),
    [
        ("flag", {"flagged": ["email_role"]}),
        ("grade_down", {"grade_down": ["email_role"]}),
        ("pass", {}),
    ],
)
async def test_the_operator_decides_what_a_verdict_means(policy, note):
    assert (await passed(mapped(email="info@acme.com"), role=policy)).notes["validate"] == note
    assert (await passed(mapped(email="info@acme.com"), policy={"email_role": policy})).notes["validate"] == note


async def test_a_verdict_can_keep_a_lead_back():
    assert reasons(await held(mapped(email="a@mailinator.com"), disposable="quarantine")) == {
        ("email", "email_disposable")
    }
    assert reasons(await held(mapped(GOOD, phone="1.38E+10"), policy={"phone_excel_damaged": "quarantine"})) == {
        ("phone", "phone_excel_damaged")
    }


async def test_a_code_named_in_the_policy_wins_over_its_short_form():
    done = await passed(mapped(email="a@mailinator.com"), disposable="quarantine", policy={"email_disposable": "flag"})
    assert done.notes["validate"] == {"flagged": ["email_disposable"]}


async def test_throw_away_mailboxes_lower_the_grade_by_default():
    assert (await passed(mapped(email="a@mailinator.com"))).notes["validate"] == {"grade_down": ["email_disposable"]}


async def test_a_test_lead_is_left_alone():
    for where in ({"raw": {"test": True}}, {"lead": {"test": True}}):
        done = await passed(mapped(email="<test lead: dummy data for email>", **where))
        assert done.notes["validate"] == {"test": True}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_known_action(code):
    assert action(code, ValidateOptions()) in ACTIONS


def test_every_default_is_for_a_code_that_exists():
    assert set(DEFAULT_POLICY) <= set(CODES)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"required": ["e_mail"]}, 'Did you mean "email"?'),
        ({"required": [["email", "fone"]]}, 'Did you mean "phone"?'),
        ({"policy": {"email_disposible": "flag"}}, 'Did you mean "email_disposable"?'),
        ({"policy": {"email_role": "drop"}}, "quarantine"),
        ({"requires": []}, "Extra inputs"),
    ],
)
def test_a_slip_in_the_options_is_an_error_that_helps(options, said):
    with pytest.raises(ValidationError) as error:
        ValidateOptions(**options)
    assert said in str(error.value)


def test_a_code_of_a_connectors_own_may_have_a_policy():
    options = ValidateOptions(policy={"badge_unreadable": "quarantine"})
    assert action("badge_unreadable", options) == "quarantine"


class NameServer(asyncio.DatagramProtocol):
    """A name server that knows a few domains, and counts what it is asked."""

    records = (
        ("acme.com.", "MX", "10 mail.acme.com."),
        ("null.com.", "MX", "0 ."),
        ("old.com.", "A", "192.0.2.1"),
        ("xn--mnchen-3ya.de.", "MX", "10 mail.acme.com."),
    )
    known = dict.fromkeys(
        ("acme.com.", "null.com.", "old.com.", "silent.com.", "xn--mnchen-3ya.de."), dns.rcode.NOERROR
    )

    def __init__(self) -> None:
        self.asked = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.asked += 1
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        found = [record[2] for record in self.records if record[:2] == (name, kind)]
        answer.answer = [dns.rrset.from_text(name, 300, "IN", kind, *found)] * len(found)
        answer.set_rcode(self.verdict(name))
        self.transport.sendto(answer.to_wire(), address)

    def verdict(self, name: str) -> dns.rcode.Rcode:
        return dns.rcode.SERVFAIL if name == "broken.com." else self.known.get(name, dns.rcode.NXDOMAIN)


@pytest.fixture
async def name_server() -> AsyncIterator[tuple[NameServer, str]]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield server, "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1])
    transport.close()


@pytest.mark.parametrize(
    ("domain", "answer"),
    [
        ("acme.com", "yes"),
        ("old.com", "yes"),
        ("münchen.de", "yes"),
        ("null.com", "no"),
        ("silent.com", "no"),
        ("nowhere.com", "no"),
        ("broken.com", "unknown"),
        ("a..b", "unknown"),
        ("x" * 70 + ".com", "unknown"),
    ],
)
async def test_a_domain_takes_mail_or_not_or_nobody_can_say(name_server, domain, answer):
    assert await takes_mail(domain, name_server[1]) == answer


async def test_an_answer_of_the_name_server_is_remembered(name_server):
    server, address = name_server
    assert [await takes_mail("acme.com", address) for _ in range(3)] == ["yes"] * 3
    assert server.asked == 1


async def test_a_domain_without_mail_lowers_the_grade_and_is_a_problem(name_server):
    done = await passed(mapped(email="ann@nowhere.com"), mx=True, dns=name_server[1])
    assert done.notes["validate"] == {"mx": "no", "grade_down": ["email_no_mx"]}
    assert codes(done, "email") == {"email_no_mx"}


@pytest.mark.parametrize(("domain", "answer"), [("acme.com", "yes"), ("broken.com", "unknown")])
async def test_a_domain_that_takes_mail_or_cannot_be_asked_is_no_problem(name_server, domain, answer):
    done = await passed(mapped(email=f"ann@{domain}"), mx=True, dns=name_server[1])
    assert done.notes["validate"] == {"mx": answer}
    assert done.lead.problems == ()


async def test_nobody_is_asked_unless_the_operator_wants_it(name_server):
    await passed(mapped(email="ann@nowhere.com"), dns=name_server[1])
    await passed(mapped(phone="13800138000"), mx=True, dns=name_server[1])
    assert name_server[0].asked == 0
