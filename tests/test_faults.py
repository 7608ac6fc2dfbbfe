"""The proof is proven: the checker sees every broken promise, the power switch cuts, failpoints are off."""

import ast
import dataclasses
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from hub import failpoints
from hub.failpoints import POINTS
from tests.faults import facts
from tests.faults.facts import Facts, Request, digest
from tests.faults.invariants import broken
from tests.faults.power import Disk, Event, cuts, read_log
from tests.faults.rows import rows
from tests.faults.world import Answer

ROOT = Path(__file__).parents[1]
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
BODY = b'{"id": "w-1"}'
KEY = "3f2a9c00-0000-5000-8000-000000000001"
SINKS = ("crm",)


def good() -> Facts:
    """One lead that went its way: accepted, stored, sent once."""
    submission = {"id": "sub_1", "source": "website", "kind": "http", "key": "w-1", "state": "done", "lead": "lead_1", "duplicate_of": None, "digest": digest(BODY), "parent": None, "tries": 0}  # fmt: skip
    delivery = {"id": "dlv_1", "lead": "lead_1", "sink": "crm", "version": 1, "key": KEY, "state": "sent", "attempts": 1, "rescues": 0, "lease_by": None, "fence": 1, "test": False}  # fmt: skip
    attempt = {"delivery": "dlv_1", "number": 1, "fence": 1, "started_at": NOON, "ended_at": NOON, "outcome": "sent", "reason": None}  # fmt: skip
    lead = {"id": "lead_1", "version": 1, "state": "open", "merged_into": None, "email": "p1@w.example.com"}
    request = Request("crm", KEY, NOON + timedelta(seconds=1), "new", 200, "{}")
    return Facts([submission], [lead], [delivery], [attempt], [request])


ACCEPTED = [Answer(1, BODY, 202, {"submission": "sub_1"}, 0.1)]


def said(seen: Facts, faults: int = 0) -> list[str]:
    return broken(seen, ACCEPTED, [BODY], faults=faults, sinks=SINKS)


def change(part: str, **values: object):
    def apply(seen: Facts) -> None:
        getattr(seen, part)[0] = {**getattr(seen, part)[0], **values}

    return apply


def drop(part: str):
    return lambda seen: getattr(seen, part).clear()


def again(seen: Facts) -> None:
    seen.requests.append(dataclasses.replace(seen.requests[0], seen="repeat", at=NOON + timedelta(seconds=2)))


def twice_in_the_store(seen: Facts) -> None:
    seen.requests.append(seen.requests[0])
    seen.attempts.append({**seen.attempts[0], "number": 2, "fence": 2})


def another_key(seen: Facts) -> None:
    seen.deliveries.append({**seen.deliveries[0], "id": "dlv_2", "key": "other", "state": "superseded"})


def newer_first(seen: Facts) -> None:
    seen.deliveries.append({**seen.deliveries[0], "id": "dlv_2", "key": "two", "version": 2})
    seen.attempts.append({**seen.attempts[0], "delivery": "dlv_2"})
    seen.requests.append(dataclasses.replace(seen.requests[0], key="two", at=NOON + timedelta(microseconds=1)))


def stranger(seen: Facts) -> None:
    seen.requests.append(dataclasses.replace(seen.requests[0], key="nobody's"))


def test_nothing_is_said_of_a_lead_that_went_its_way():
    assert said(good()) == []


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        (drop("submissions"), "I1 lost: sub_1 was answered 202 and is stored 0 times"),
        (change("submissions", digest="else"), "I1 lost: the bytes of sub_1 are stored nowhere"),
        (drop("deliveries"), "I1 lost: lead_1 is owed to crm and nothing is scheduled"),
        (drop("leads"), "I1 lost: sub_1 is done and its lead lead_1 is not there"),
        (change("submissions", digest="else"), "I2: nobody sent what sub_1 holds"),
        (stranger, "I2: crm received nobody's, which is no delivery"),
        (again, "I3: dlv_1 went out 2 times after 0 faults"),
        (twice_in_the_store, f"I3: crm holds {KEY} 2 times"),
        (another_key, "I3: ('lead_1', 'crm', 1) is 2 deliveries with keys of their own"),
        (drop("requests"), "I4: dlv_1 counts as sent and crm never had it"),
        (lambda seen: seen.attempts.append(seen.attempts[0]), "I5: the fence ('dlv_1', 1) was held 2 times"),
        (change("deliveries", lease_by="node_x"), "I5: dlv_1 is sent and held by node_x"),
        (change("submissions", state="received"), "I6: sub_1 is received after the backlog drained"),
        (change("deliveries", state="sending"), "I6: dlv_1 is still sending"),
        (newer_first, "I7: crm had the versions of lead_1 in the order [2, 1]"),
        (drop("attempts"), "I8: dlv_1 has 1 requests and 0 attempts"),
        (change("attempts", started_at=NOON + timedelta(seconds=9)), "I8: dlv_1 was sent before its attempt was written down"),
    ],
)  # fmt: skip
def test_the_checker_sees_a_broken_promise(breaks, words):
    seen = good()
    breaks(seen)
    assert words in said(seen)


def test_one_fault_allows_one_more_request():
    seen = good()
    again(seen)
    seen.attempts.append({**seen.attempts[0], "number": 2, "fence": 2})
    assert said(seen, faults=1) == []


def test_a_row_missing_in_the_file_is_seen():
    seen = good()
    change("deliveries", sink="file")(seen)
    seen.requests.clear()
    assert "I4: dlv_1 counts as sent and is not in the file" in said(seen)
    seen.written["lead_1", "1"] = 2
    assert "I3: the file has lead_1 version 1 2 times" in said(seen)


# The power switch


def images(disk: Disk, number: int = 200) -> list[dict[str, bytes]]:
    rng = Random(1)
    return [disk.image(choice, rng) for choice in ("none", "all", *["random"] * number, *["torn"] * number)]


def happen(disk: Disk, *events: Event) -> Disk:
    for event in events:
        disk.happen(event)
    return disk


def test_what_is_synced_is_in_every_image_and_what_is_not_may_be_missing():
    disk = happen(Disk({"a": b""}), Event("write", "a", 0, b"one"), Event("sync", "a"), Event("write", "a", 3, b"two"))
    found = {image["a"] for image in images(disk)}
    assert found == {b"one", b"onetwo"}


def test_a_write_is_torn_at_sectors():
    disk = happen(Disk({"a": bytes(1536)}), Event("write", "a", 0, b"x" * 1536))
    found = {image["a"] for image in images(disk)}
    assert bytes(512) + b"x" * 512 + bytes(512) in found
    assert all(image[at : at + 512] in (bytes(512), b"x" * 512) for image in found for at in (0, 512, 1024))


def test_a_new_name_is_safe_once_its_folder_is_synced():
    disk = happen(Disk({"f/a": b"old"}), Event("create", "f/b"), Event("write", "f/b", 0, b"new"), Event("sync", "f/b"))
    happen(disk, Event("rename", "f/b", target="f/a"))
    assert {image["f/a"] for image in images(disk)} == {b"old", b"new"}
    happen(disk, Event("sync", "f"))
    assert {image["f/a"] for image in images(disk)} == {b"new"}


def test_a_cut_knows_what_was_answered_before_it():
    events = [Event("ack", data=b"sub_1"), Event("write", "a", 0, b"x"), Event("ack", data=b"sub_2")]
    found = {(cut.place, cut.acked) for cut in cuts({"a": b""}, events, 400, Random(1))}
    assert found == {
        (0, frozenset()), (1, frozenset({"sub_1"})), (2, frozenset({"sub_1"})), (3, frozenset({"sub_1", "sub_2"}))
    }  # fmt: skip


def hexed(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def test_a_log_is_read_with_calls_that_others_interrupted(tmp_path):
    place = hexed("/w/data/hub.db-wal")
    lines = [
        f'7 pwrite64(5<{place}>, "{hexed("abc")}", 3, 32) = 3',
        f"8 fdatasync(5<{place}> <unfinished ...>",
        f'7 write(9<{hexed("socket:[3]")}>, "{hexed("HTTP/1.1 202")}"..., 12) = 12',
        "8 <... fdatasync resumed>) = 0",
        f'7 write(9<socket:[3]>, "{hexed("{" + chr(34) + "submission" + chr(34) + ":" + chr(34) + "sub_a1" + chr(34))}", 9) = 9',
        f"8 fdatasync(5<{place}>) = -1 EIO (Input/output error)",
        f'7 write(4<{hexed("/elsewhere/x")}>, "{hexed("no")}", 2) = 2',
        f'7 openat(AT_FDCWD<{hexed("/w")}>, "{hexed("out/l.csv")}", O_WRONLY|O_CREAT|O_APPEND, 0660) = 6<{hexed("/w/out/l.csv")}>',
        f'7 write(6<{hexed("/w/out/l.csv")}>, "{hexed("row")}", 3) = 3',
        f'7 rename("{hexed("out/p")}", "{hexed("/w/out/q")}") = 0',
    ]
    log = tmp_path / "log"
    log.write_text("\n".join(lines) + "\n")
    assert read_log(log, Path("/w"), {"out/l.csv": b"0123"}) == [
        Event("write", "data/hub.db-wal", 32, b"abc"),
        Event("sync", "data/hub.db-wal"),
        Event("ack", data=b"sub_a1"),
        Event("create", "out/l.csv"),
        Event("write", "out/l.csv", 4, b"row"),
        Event("rename", "out/p", target="out/q"),
    ]


# Failpoints


def test_every_failpoint_is_in_the_code_once_and_every_one_in_the_code_is_known():
    calls = [
        node.args
        for path in (ROOT / "hub").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("hit", "failpoints.hit")
    ]
    found = re.findall(r"'([a-z]+\.[a-z_]+)'", " ".join(ast.unparse(arg) for args in calls for arg in args))
    assert sorted(found) == sorted(POINTS)
    assert len(POINTS) >= 21


def struck(setting: str, code: str = "") -> subprocess.CompletedProcess[str]:
    program = f"from hub import failpoints\n{code or 'failpoints.check()'}"
    env = {**os.environ, "HUB_FAILPOINT": setting, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)


def test_failpoints_are_off_unless_the_environment_names_one():
    assert failpoints.check() is None
    assert not failpoints.on()
    failpoints.hit("intake.read")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("intake.raed=kill", 'Did you mean "intake.read"? There are: intake.read, intake.inserted'),
        ("intake.read=explode", "is no failpoint. Write NAME[:NTH]=kill|raise|sleep:SECONDS."),
        ("intake.read:0=kill", "is no failpoint."),
    ],
)
def test_a_failpoint_that_is_not_known_is_refused_with_the_list(setting, words):
    assert words in struck(setting).stderr


def test_a_failpoint_strikes_the_time_it_is_told_to():
    code = "[failpoints.hit('intake.read') for _ in range(2)]\nprint('two', flush=True)\nfailpoints.hit('intake.read')"
    killed = struck("intake.read:3=kill", code)
    assert (killed.returncode, killed.stdout) == (-9, "two\n")
    raised = struck("intake.read:2=raise,route.decided=sleep:0", code)
    assert "Struck: the failpoint intake.read was told to raise" in raised.stderr


def test_a_run_with_a_failpoint_warns_loudly(tmp_path):
    command = [sys.executable, "-m", "hub.cli", "run", "--config", str(tmp_path / "none.yaml")]
    env = {**os.environ, "HUB_FAILPOINT": "intake.read=kill", "PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=False).stderr
    assert "WARNING: HUB_FAILPOINT=intake.read=kill. This leadhub breaks on purpose." in said


# The table


def test_every_row_says_what_it_breaks_and_what_must_hold():
    known = rows()
    assert {
        "K1",
        "K2",
        "K3",
        "K4",
        "P1",
        "P2",
        "P3",
        "P4",
        "D1",
        "D2",
        "D3",
        "D4",
        "U1",
        "U4",
        "U5",
        "M1",
        "M2",
        "S5",
    } <= set(known)
    assert [name for name, row in known.items() if not row.fault or not row.proves] == []


def test_a_csv_file_is_counted_by_lead_and_version():
    text = '\ufeff"id","name","version"\r\n"lead_1","A\nB","1"\r\n"lead_1","A","2"\r\n'
    assert facts.rows_of(text.encode()) == {("lead_1", "1"): 1, ("lead_1", "2"): 1}
