"""Files over the API: uploaded into the workspace and nowhere else, looked at, mapped, tried, read in, taken back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from typing import Any

import httpx
import pytest

from hub.app import Hub
from tests.api.calling import KEY, calling, keys_of_all_roles, problem
from tests.bad_input.serving import Served, read_answer, request, serving
from tests.conftest import MakeHub, reloaded, settled
from tests.core.looking import all_rows, rows

LISTS = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source}
  list: {connector: list_file, max_mb: 1}
sinks:
  crm: {connector: updating_sink}
flows:
  - {name: inbound, from: [website, list], routes: [{name: all, to: [crm]}]}
"""
HEAD = "姓名,Mail box,手机,Firma,colour"
PEOPLE = [f"Person {n},person{n}@example.com,138001380{n:02},Acme {n},red" for n in range(12)]
CSV = "\n".join([HEAD, *PEOPLE]).encode()


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


@pytest.fixture
async def hub(make_hub: MakeHub) -> Hub:
    return await make_hub(LISTS)


async def send(http: httpx.AsyncClient, content: bytes = CSV, name: str = "list.csv", source: str = "list"):
    return await http.post("/api/uploads", data={"source": source}, files={"file": (name, content)})


async def upload(http: httpx.AsyncClient, content: bytes = CSV, name: str = "list.csv") -> dict[str, Any]:
    answer = await send(http, content, name)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def worked(hub: Hub, http: httpx.AsyncClient, draft: str, what: str) -> dict[str, Any]:
    """Begin a dry run or a run, and return the file when it is done."""
    answer = await http.post(f"/api/uploads/{draft}/{what}")
    assert answer.status_code == 202, answer.text
    await asyncio.gather(*hub.importing._tasks.values())
    return (await http.get(f"/api/uploads/{draft}")).json()


async def test_a_file_is_looked_at_before_it_is_read_in(hub):
    async with calling(hub) as http:
        draft = await upload(http)
        look = (await http.get(f"/api/uploads/{draft['id']}/look")).json()
    assert (look["kind"], look["rows"], look["whole"]) == ("CSV", 12, True)
    assert look["facts"] == {"encoding": "utf-8", "how": "read", "delimiter": ",", "header_row": 1}
    columns = {one["name"]: (one["field"], one["filled"], one["examples"][0]) for one in look["columns"]}
    assert columns["姓名"] == ("full_name", 1.0, "Person 0")
    assert columns["手机"][0] == "phone"
    assert columns["colour"] == ("", 1.0, "red")
    assert await all_rows(hub, "submission") == []


async def test_how_full_a_column_is_comes_from_the_first_rows_of_a_large_file_and_says_so(hub):
    lines = [f"P {n},p{n}@example.com,{'x' * (n % 4 == 0)}" for n in range(700)]
    async with calling(hub) as http:
        draft = await upload(http, "\n".join(["name,email,more", *lines]).encode())
        look = (await http.get(f"/api/uploads/{draft['id']}/look")).json()
    assert (look["rows"], look["whole"]) == (500, False)
    assert [one["filled"] for one in look["columns"]] == [1.0, 1.0, 0.25]


async def test_what_was_chosen_counts_for_this_import_and_its_replays_alone(hub):
    async with calling(hub) as http:
        draft = (await upload(http))["id"]
        assert (
            await http.put(
                f"/api/uploads/{draft}",
                json={"columns": {"Mail box": "email", "Firma": "company", "colour": "interest"}},
            )
        ).status_code == 200
        done = await worked(hub, http, draft, "run")
        leads = await all_rows(hub, "lead")
        assert (done["state"], len(leads)) == ("done", 12)
        (third,) = [row for row in leads if row["email"] == "person3@example.com"]
        (row,) = await rows(hub, "submission", lead=third["id"])
        again = (await http.post(f"/api/submissions/{row['id']}/replay", json={})).json()
        said = (await http.get(f"/api/leads/{again['lead']}")).json()["lead"]
        assert (said["interest"], said["company"]) == ("red", "Acme 3")
        second = await upload(http, CSV.replace(b"Person", b"Human"), "b.csv")
        look = (await http.get(f"/api/uploads/{second['id']}/look")).json()
    assert {one["name"]: one["field"] for one in look["columns"]}["colour"] == ""


async def test_a_mapping_is_saved_on_wish_and_then_counts_for_every_file(hub, make_hub):
    async with calling(hub) as http:
        draft = (await upload(http))["id"]
        await http.put(f"/api/uploads/{draft}", json={"columns": {"colour": "interest"}})
        assert (await http.post(f"/api/uploads/{draft}/mapping")).json() == {"saved": "mappings/list.yaml"}
        assert await reloaded(hub)
        second = await upload(http, CSV.replace(b"Person", b"Human"), "b.csv")
        look = (await http.get(f"/api/uploads/{second['id']}/look")).json()
    assert {one["name"]: one["field"] for one in look["columns"]}["colour"] == "interest"
    assert "# Where the fields of list stand" in (make_hub.folder / "mappings" / "list.yaml").read_text("utf-8")
    assert [row["target"] for row in await rows(hub, "audit", what="mapping.saved")] == ["list"]


async def test_a_dry_run_says_what_the_run_does_and_writes_nothing(hub):
    mixed = "\n".join([HEAD, *PEOPLE[:4], "Nobody,,,,", PEOPLE[1], "Person 2 again,person2@example.com,,,"]).encode()
    async with calling(hub) as http:
        draft = (await upload(http, mixed))["id"]
        await http.put(f"/api/uploads/{draft}", json={"columns": {"Mail box": "email"}})
        tried = await worked(hub, http, draft, "trial")
        assert await all_rows(hub, "submission") == []
        trial = tried["trial"]
        assert (tried["state"], tried["total"], trial["counts"]["read"]) == ("tried", 7, 7)
        assert trial["first"] == [{"status": "quarantined", "code": "unreachable", "rows": 1, "first": [5]}]
        done = await worked(hub, http, draft, "run")
        made = (await http.get(f"/api/imports/{done['import_id']}")).json()
    assert (made["counts"], made["merged"]) == (trial["counts"], trial["merged"])
    assert made["merged"] == 1
    assert made["problems"][0]["code"] == "unreachable"


async def test_an_import_is_taken_back_as_its_preview_says(hub):
    async with calling(hub) as http:
        done = await worked(hub, http, (await upload(http))["id"], "run")
        await settled(hub)
        path = f"/api/imports/{done['import_id']}/undo"
        shown = (await http.get(path)).json()
        assert len(await rows(hub, "lead", state="open")) == 12
        assert (await http.post(path)).json() == shown
        assert (shown["submissions"], shown["leads_removed"]) == (12, 12)
        assert (await http.get(path)).status_code == 404


async def test_the_same_file_twice_is_once(hub):
    async with calling(hub) as http:
        first = await worked(hub, http, (await upload(http))["id"], "run")
        again = await worked(hub, http, (await upload(http, name="other.csv"))["id"], "run")
    assert again["import_id"] == first["import_id"]
    assert again["reason"].startswith("This file was imported before")
    assert len(await all_rows(hub, "submission")) == 12


NAMES = [
    ("../../../etc/cron.d/evil.csv", "evil.csv"), ("..\\..\\evil.csv", "evil.csv"), ("/etc/passwd", "passwd"), ("..", "file"),
    (".hidden.csv", "hidden.csv"), ("a\x00b\nc.csv", "a_b_c.csv"), ("客户 名单.csv", "客户 名单.csv"), ("con.csv", "file.csv"),
    ("x" * 400 + ".csv", None), ("<script>.csv", "_script_.csv"), ("a.csv/", "file"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kept"), NAMES, ids=[repr(name)[:30] for name, _ in NAMES])
async def test_a_file_lies_in_its_own_folder_under_a_plain_name_whatever_it_is_called(hub, make_hub, name, kept):
    head = f'--b\r\ncontent-disposition: form-data; name="source"\r\n\r\nlist\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + CSV + b"\r\n--b--\r\n"
    async with calling(hub) as http:
        answer = await http.post(
            "/api/uploads", content=body, headers={"content-type": "multipart/form-data; boundary=b"}
        )
    assert answer.status_code in (201, 422)
    found = [path for path in make_hub.folder.rglob("*") if path.is_file() and path.read_bytes() == CSV]
    assert [path.parent.parent for path in found] == [make_hub.folder / "data" / "uploads"] * len(found)
    assert [path.name for path in found] in ([kept], []) or (kept is None and len(found[0].name.encode()) <= 120)


async def test_only_its_owner_may_read_an_uploaded_file(hub, make_hub):
    async with calling(hub) as http:
        draft = await upload(http)
    place = make_hub.folder / "data" / "uploads" / draft["id"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "list.csv").stat().st_mode) == 0o600


def lying(make_hub: MakeHub) -> list[str]:
    root = make_hub.folder / "data" / "uploads"
    return [path.name for path in root.iterdir()] if root.exists() else []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 nothing", "a PDF"),
        (b"", "holds no file"),
        (b"\x7fELF\x02\x01\x01", "a program"),
        (b"<html><body>leads</body></html>", "a web page"),
        (b"PK\x03\x04 no workbook", "damaged"),
        (b"name,email\n", "no rows below"),
    ],
)
async def test_what_is_no_list_is_refused_by_name_and_nothing_stays(hub, make_hub, content, said):
    async with calling(hub) as http:
        answer = await send(http, content)
    assert answer.status_code in (400, 422)
    assert said in problem(answer)["detail"]
    assert (lying(make_hub), await all_rows(hub, "import_draft")) == ([], [])


@pytest.mark.parametrize("length", ["said", "not said"])
async def test_a_file_that_is_too_large_is_refused_and_nothing_stays(hub, make_hub, length):
    async def drip():
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for _ in range(40):
            yield b"name,email\n" * 3000

    big = b"".join([part async for part in drip()])
    async with calling(hub) as http:
        answer = await http.post(
            "/api/uploads", content={"said": big, "not said": drip()}[length],
            headers={"content-type": "multipart/form-data; boundary=b"},
        )  # fmt: skip
    assert answer.status_code == 413
    assert problem(answer)["detail"].startswith("The file has more than 1 MB.")
    assert lying(make_hub) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"), ("multipart/form-data", b"x"), ("multipart/form-data; boundary=b", b"nothing"),
        ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx'),
        ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="source"\r\n\r\nlist\r\n--b--\r\n'),
    ],
)  # fmt: skip
async def test_what_is_no_form_with_a_file_is_refused(hub, make_hub, kind, body):
    async with calling(hub) as http:
        answer = await http.post("/api/uploads", content=body, headers={"content-type": kind})
    assert answer.status_code == 422
    assert lying(make_hub) == []


@pytest.mark.parametrize("source", ["website", "nothing", ""])
async def test_a_source_that_reads_no_files_is_refused(hub, make_hub, source):
    async with calling(hub) as http:
        answer = await send(http, source=source)
    assert answer.status_code == 422
    assert "is no source that reads files" in problem(answer)["detail"]
    assert lying(make_hub) == []


OUTSIDE = ["../hub.yaml", "/etc/passwd", "..", "", ".", "link.csv", "folder/../../hub.yaml", "a\x00b", "out/secret.csv"]


@pytest.mark.parametrize("path", OUTSIDE)
async def test_only_files_of_the_inbox_can_be_pointed_to(hub, make_hub, path):
    folder = make_hub.folder / "inbox"
    (folder / "folder").mkdir(parents=True)
    (make_hub.folder / "secret").mkdir()
    (make_hub.folder / "secret" / "secret.csv").write_bytes(CSV)
    (folder / "link.csv").symlink_to(make_hub.folder / "hub.yaml")
    (folder / "out").symlink_to(make_hub.folder / "secret")
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["admin"]) as http:
        answer = await http.post("/api/inbox", json={"path": path, "source": "list"})
        assert answer.status_code == 422
        assert (await http.post("/api/imports", json={"path": path, "source": "list"})).status_code == 422
        assert (await http.get("/api/inbox")).json()["items"] == []


async def test_a_file_of_the_inbox_is_read_and_stays_where_it_lies(hub, make_hub):
    path = make_hub.folder / "inbox" / "expo" / "list.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CSV)
    async with calling(hub) as http:
        assert [row["path"] for row in (await http.get("/api/inbox")).json()["items"]] == ["expo/list.csv"]
        draft = (await http.post("/api/inbox", json={"path": "expo/list.csv", "source": "list"})).json()
        done = await worked(hub, http, draft["id"], "run")
    assert done["state"] == "done"
    assert path.read_bytes() == CSV


async def test_an_upload_goes_when_it_was_read_in_or_dropped_or_nobody_touched_it(hub, make_hub, clock):
    async with calling(hub) as http:
        await worked(hub, http, (await upload(http))["id"], "run")
        assert lying(make_hub) == []
        draft = await upload(http, CSV + b"\nP,p@example.com,,,")
        assert lying(make_hub) == [draft["id"]]
        assert (await http.delete(f"/api/uploads/{draft['id']}")).json() == {"dropped": draft["id"]}
        assert lying(make_hub) == []
        await upload(http, CSV + b"\nQ,q@example.com,,,")
    clock.turn(25 * 3600)
    await hub.importing.round()
    assert lying(make_hub) == []
    assert await rows(hub, "import_draft") == []


async def test_a_process_that_ends_leaves_its_import_to_the_next(make_hub):
    hub = await make_hub(LISTS)
    async with calling(hub) as http:
        draft = (await upload(http))["id"]
        await http.post(f"/api/uploads/{draft}/run")
    await make_hub.crash(hub)
    second = await make_hub(LISTS)
    await asyncio.gather(*second.importing._tasks.values())
    assert [row["state"] for row in await all_rows(second, "import_draft")] == ["done"]
    assert len(await all_rows(second, "submission")) == 12


async def test_how_a_file_is_read_can_be_said(hub):
    content = "name;email\nBjörn;b@example.com\n".encode("cp1252")
    async with calling(hub) as http:
        draft = (await upload(http, content))["id"]
        said = await http.put(f"/api/uploads/{draft}", json={"layout": {"encoding": "cp1252", "delimiter": ";"}})
        assert said.json()["layout"] == {"encoding": "cp1252", "delimiter": ";"}
        wrong = await http.put(f"/api/uploads/{draft}", json={"layout": {"encoding": "klingon"}})
        assert (wrong.status_code, "klingon" in problem(wrong)["detail"]) == (422, True)
        unknown = await http.put(f"/api/uploads/{draft}", json={"columns": {"name": "shoe_size"}})
        assert unknown.status_code == 422
        await worked(hub, http, draft, "run")
    assert [row["full_name"] for row in await all_rows(hub, "lead")] == ["Björn"]


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_below_an_admin_nobody_uploads(hub, make_hub, role):
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys[role]) as http:
        assert (await send(http)).status_code == 403
    assert lying(make_hub) == []


def multipart(content: bytes) -> bytes:
    head = b'--b\r\ncontent-disposition: form-data; name="source"\r\n\r\nlist\r\n--b\r\n'
    return head + b'content-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + content + b"\r\n--b--\r\n"


LARGE = b"name,email,message\n" + b"".join(b"P,p%d@example.com,%s\n" % (n, b"x" * 500_000) for n in range(36))
SENDING = {"host": "hub", "content-type": "multipart/form-data; boundary=b"}


def slowly(served: Served, path: str, body: bytes, headers: dict[str, str]) -> int | None:
    """Send a request that takes its time, and return the status; None where the line is cut."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(request(path, body, headers))
        answer = read_answer(line)
    return answer.status if answer else None


def test_a_large_file_comes_through_the_server_and_any_other_body_of_its_size_does_not(tmp_path):
    key = {"authorization": f"Bearer {KEY}"}
    with serving(tmp_path, LISTS.replace("max_mb: 1", "max_mb: 30")) as served:
        assert slowly(served, "/api/uploads", multipart(LARGE), {**SENDING, **key}) == 201
        assert [row["size"] for row in served.rows("import_draft")] == [len(LARGE)]
        assert slowly(served, "/api/inbox", multipart(LARGE), {**SENDING, **key}) in (413, None)
        assert slowly(served, "/api/uploads", multipart(LARGE), SENDING) in (401, None)
        assert len(served.rows("import_draft")) == 1
