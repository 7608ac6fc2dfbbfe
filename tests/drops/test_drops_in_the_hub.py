"""A hub that polls a drop keeps rows and place together: however often it is stopped, each row is one lead."""

from __future__ import annotations

from tests.conftest import MakeHub, settled
from tests.core.looking import all_rows
from tests.drops.conftest import Broken, Sftp

CONFIG = """
hub: {{region: CN, allow_networks: [127.0.0.0/8]}}
sources:
  drop:
    connector: sftp_drop
    host: 127.0.0.1
    port: {port}
    host_key: "{print}"
    user: leads
    password: s3cret
    path: /inbox
    settle: 0
    after: move
sinks:
  crm: {{connector: updating_sink}}
flows:
  - {{name: inbound, from: [drop], routes: [{{name: all, to: [crm]}}]}}
"""


def people(first: int, last: int) -> str:
    return "Name,E-Mail\n" + "".join(f"P {n},p{n}@example.com\n" for n in range(first, last))


async def test_rows_come_in_once_also_when_a_file_comes_twice_and_the_hub_ends_between(make_hub: MakeHub, sftp: Sftp):
    config = CONFIG.format(port=sftp.port, print=sftp.print)
    sftp.write("inbox/a.csv", people(0, 20))
    hub = await make_hub(config)
    assert (await hub.polls.poll("drop"))["accepted"] == 20
    await make_hub.crash(hub)
    sftp.write("inbox/again.csv", people(10, 30))
    hub = await make_hub(config)
    counts = await hub.polls.poll("drop")
    assert (counts["known"], counts["accepted"]) == (10, 10)
    await settled(hub)
    assert len(await all_rows(hub, "lead")) == 30
    assert [name.split("/")[1] for name in sftp.names()] == ["done", "done"]


async def test_a_file_that_was_committed_and_not_moved_is_only_moved(make_hub: MakeHub, sftp: Sftp):
    config = CONFIG.format(port=sftp.port, print=sftp.print)
    sftp.write("inbox/a.csv", people(0, 5))
    hub = await make_hub(config.replace("after: move", "after: remember"))
    assert (await hub.polls.poll("drop"))["accepted"] == 5
    await make_hub.crash(hub)
    hub = await make_hub(config)
    Broken.cuts = 1  # would be seen if the file were opened again
    assert (await hub.polls.poll("drop"))["read"] == 0
    assert sftp.names() == ["inbox/done/20260424T030640Z-a.csv"]


async def test_a_file_that_cannot_be_read_is_an_event_with_its_name(make_hub: MakeHub, sftp: Sftp):
    sftp.write("inbox/bad.csv", "<html></html>")
    hub = await make_hub(CONFIG.format(port=sftp.port, print=sftp.print))
    assert await hub.polls.poll("drop") is None
    await settled(hub)
    (row,) = await all_rows(hub, "cursor")
    assert row["reason"].startswith("The file 'bad.csv' cannot be read: The file is a web page")
    assert sftp.names() == ["inbox/failed/20260424T030640Z-bad.csv"]
