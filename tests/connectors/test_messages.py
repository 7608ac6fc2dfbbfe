"""People who write to a business: a message that comes again is known by its id, and a person is one lead."""

import pytest

from hub.inbound import Inbound
from hub.testing.sandbox import senders
from tests.conftest import MakeHub, settled
from tests.core.looking import all_rows

SECRET = "7f3ka1b2_wX-Qp9s8T6u5V4r"
FIELDS = {"full_name": "Mei Lin", "phone": "+12025550143", "email": "mei@example.com"}
CONFIG = """
hub: {region: US, answer_within: 30s}
sources: {chat: {connector: NAME, secret: SECRET}}
sinks: {crm: {connector: memory_sink}}
flows:
  - name: inbound
    from: [chat]
    routes: [{name: all, to: [crm]}]
"""


async def arrived(hub, name, key, **options):
    sent = senders.payload(name, FIELDS, key=key, at=hub.clock.now(), secret=SECRET, **options)
    inbound = Inbound("POST", "http://hub/in/chat", sent.headers, dict(sent.query), sent.body, hub.clock.now())
    reply = await hub.door.receive("chat", inbound)
    await settled(hub)
    return reply.status


@pytest.mark.parametrize(
    ("name", "first", "touch"),
    [
        ("whatsapp_cloud", {"ad": "120210000000000001"}, {"ad": "120210000000000001", "clickid": "ARA-1"}),
        ("line", {"type": "follow"}, {}),
        ("telegram_inbound", {"start": "spring-fair"}, {"campaign": "spring-fair"}),
    ],
)
async def test_a_message_that_comes_again_is_one_and_a_person_is_one_lead(make_hub: MakeHub, name, first, touch):
    hub = await make_hub(CONFIG.replace("NAME", name).replace("SECRET", SECRET))
    said = [
        await arrived(hub, name, "1", **first),
        await arrived(hub, name, "1", **first),
        await arrived(hub, name, "2"),
    ]
    leads, touches = await all_rows(hub, "lead"), await all_rows(hub, "touch")
    assert all(200 <= status < 300 for status in said)
    assert len(leads) == 1
    assert len(touches) == 2
    assert touch.items() <= {**touches[0]["fields"], **touches[1]["fields"]}.items()
