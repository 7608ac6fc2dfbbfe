"""Replies by mail: read on a real IMAP server of our own, under the right lead, and nothing of what they say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from connectors.mail.mail_replies import MailReplies
from hub.app import Hub
from hub.errors import ConfigError
from hub.testing.fakes import START
from hub.testing.imap_server import ImapServer
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person
from tests.core.looking import all_rows, rows

CONFIG = """
hub: {region: CN, answer_within: 30s, allow_networks: [127.0.0.0/8]}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: memory_sink}
  mailed: {connector: mail_replies, host: 127.0.0.1, port: PORT, security: none, user: leads@example.com,
           password: secret, ours: [Acme.com], reps: {li@acme.com: li.wei}, sink: crmMORE}
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], respond_within: 10m}]}
"""


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as running:
        yield running


async def started(make_hub: MakeHub, server: ImapServer, more: str = "") -> tuple[Hub, str]:
    text = CONFIG.replace("PORT", str(server.port)).replace("MORE", more)
    hub = await make_hub(text, things=[MailReplies])
    lead = (await post(hub, person(1))).json()["lead"]
    await settled(hub)
    return hub, lead


def mail(server: ImapServer, minutes: float = 5, *, number: int = 1, **heads: str) -> None:
    at: datetime = START + timedelta(minutes=minutes)
    said = {
        "From": "Li Wei <li@acme.com>", "To": "P One <P1@example.com>", "Subject": "Your offer",
        "Message-ID": f"<{number}@acme.com>", "Date": f"{at:%a, %d %b %Y %H:%M:%S +0000}",
    }  # fmt: skip
    named = {**said, **{name.replace("_", "-"): value for name, value in heads.items()}}
    lines = "".join(f"{name}: {value}\n" for name, value in named.items())
    server.deliver(f"{lines}\nThe secret price is 5.\n".encode(), at)


async def heard(hub: Hub) -> list[dict[str, Any]]:
    assert await hub.hearing.ask("mailed") is not None
    return await all_rows(hub, "activity")


async def test_a_copy_of_a_reply_is_the_answer(make_hub: MakeHub, server: ImapServer, clock):
    hub, lead = await started(make_hub, server)
    mail(server)
    clock.turn(600)
    (row,) = await heard(hub)
    assert (row["lead"], row["kind"], row["by"], row["human"], row["key"]) == (
        lead, "mail", "li.wei", True, "<1@acme.com>",
    )  # fmt: skip
    (care,) = await rows(hub, "care", lead=lead)
    assert (care["responded_at"], care["responded_by"], care["waited"]) == (
        START + timedelta(minutes=5), "li.wei", 300.0,
    )  # fmt: skip


async def test_nothing_of_a_mail_is_read_or_kept_but_its_headers(make_hub: MakeHub, server: ImapServer):
    hub, _ = await started(make_hub, server)
    mail(server)
    (row,) = await heard(hub)
    assert "price" not in repr(row)
    assert "offer" not in repr(row)
    assert row["data"] is None
    fetched = [command for command in server.commands if "FETCH" in command]
    assert fetched
    assert all("BODY.PEEK[HEADER]" in command for command in fetched)
    assert any(command.startswith("EXAMINE") for command in server.commands)


async def test_the_subject_is_kept_where_a_setting_says_so(make_hub: MakeHub, server: ImapServer):
    hub, _ = await started(make_hub, server, ", subject: true")
    mail(server)
    (row,) = await heard(hub)
    assert row["data"] == {"subject": "Your offer"}


@pytest.mark.parametrize(
    "heads",
    [
        {"Auto_Submitted": "auto-replied"}, {"X_Autoreply": "yes"}, {"Precedence": "bulk"},
        {"Subject": "Out of office: Your offer"}, {"Subject": "自动回复：您好"}, {"List_Unsubscribe": "<mailto:x@acme.com>"},
        {"Authentication_Results": "mx.acme.com; dmarc=fail"},
    ],
)  # fmt: skip
async def test_what_a_machine_sent_is_no_answer(make_hub: MakeHub, server: ImapServer, heads: dict[str, str]):
    hub, lead = await started(make_hub, server)
    mail(server, **heads)
    (row,) = await heard(hub)
    assert (row["kind"], row["human"]) == ("mail", False)
    assert row["data"]["machine"].endswith(".")
    (care,) = await rows(hub, "care", lead=lead)
    assert (care["responded_at"], care["touched_at"]) == (None, None)


async def test_a_mail_of_the_prospect_is_a_message_and_no_answer(make_hub: MakeHub, server: ImapServer):
    hub, lead = await started(make_hub, server)
    mail(server, From="p1@example.com", To="li@acme.com")
    (row,) = await heard(hub)
    assert (row["lead"], row["kind"], row["human"], row["by"]) == (lead, "message", False, None)
    (care,) = await rows(hub, "care", lead=lead)
    assert care["responded_at"] is None


async def test_a_prospect_in_copy_or_with_another_spelling_is_known(make_hub: MakeHub, server: ImapServer):
    hub, lead = await started(make_hub, server)
    mail(server, To="boss@acme.com, Else <else@example.org>", Cc="P1+shop@Example.com")
    (row,) = await heard(hub)
    assert row["lead"] == lead


async def test_who_answers_a_notice_answers_its_lead(make_hub: MakeHub, server: ImapServer):
    hub, lead = await started(make_hub, server)
    (owed,) = await rows(hub, "delivery", lead=lead)
    mail(server, To="other.address@example.org", In_Reply_To=owed["ref"])
    (row,) = await heard(hub)
    assert (row["lead"], row["human"]) == (lead, True)


async def test_mails_of_nobody_we_know_and_between_ourselves_are_left_out(make_hub: MakeHub, server: ImapServer):
    hub, _ = await started(make_hub, server)
    mail(server, To="stranger@example.org")
    mail(server, To="boss@acme.com", number=2)
    assert await heard(hub) == []
    (news,) = await rows(hub, "news")
    assert (news["skipped"], news["reasons"]) == (1, {"not_ours": 1})


async def test_it_goes_on_where_it_was_and_keeps_each_mail_once(make_hub: MakeHub, server: ImapServer):
    hub, _ = await started(make_hub, server)
    mail(server)
    assert len(await heard(hub)) == 1
    mail(server, 9, number=2)
    assert len(await heard(hub)) == 2
    server.renumber()
    assert len(await heard(hub)) == 2
    (news,) = await rows(hub, "news")
    assert (news["heard"], news["known"], news["last"]) == (2, 2, {"known": 2})


async def test_a_server_that_is_away_is_asked_again_from_the_same_place(make_hub: MakeHub, server: ImapServer, clock):
    hub, _ = await started(make_hub, server)
    mail(server)
    server.break_off_at = "UID FETCH"
    assert await hub.hearing.ask("mailed") is None
    clock.turn(60)
    assert await hub.hearing.ask("mailed") is None
    (news,) = await rows(hub, "news")
    assert (news["failing_since"], news["failed_at"]) == (START, START + timedelta(minutes=1))
    server.break_off_at = None
    assert len(await heard(hub)) == 1
    (news,) = await rows(hub, "news")
    assert (news["failing_since"], news["reason"]) == (None, None)


async def test_no_route_may_name_what_only_listens(make_hub: MakeHub, server: ImapServer):
    text = CONFIG.replace("PORT", str(server.port)).replace("MORE", "").replace("to: [crm]", "to: [mailed]")
    with pytest.raises(ConfigError, match="only listens"):
        await make_hub(text, things=[MailReplies])
