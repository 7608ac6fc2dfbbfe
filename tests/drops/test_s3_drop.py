"""Objects of a bucket are taken once, whatever breaks off, and are left or moved as the settings say."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from connectors.lists.s3_drop import S3Drop
from hub import BadInput, Misconfigured
from hub.outgoing.client import make_client
from hub.testing.fakes import HandClock
from tests.drops.conftest import S3, Looker

LIST = 'Nr,Name,E-Mail\r\n1,Mei Lin,mei@example.com\r\n2,"Ng, Ann",ann@example.com\r\n'


def drop(s3: S3, http: httpx.AsyncClient, **settings: Any) -> Looker:
    known = {
        "base_url": s3.url, "bucket": s3.bucket.name, "prefix": "inbox", "region": "eu-central-1", "client_id": s3.key_id,
        "client_secret": s3.secret, "key": "Nr",
    }  # fmt: skip
    return Looker(S3Drop("drop", S3Drop.Config(**{**known, **settings}), HandClock()), http)


async def test_a_new_object_is_read_once(s3: S3, http: httpx.AsyncClient):
    s3.put("inbox/list.csv", LIST)
    looker = drop(s3, http)
    leads = await looker.look()
    assert [(lead.key, lead.data["Name"]) for lead in leads] == [("1", "Mei Lin"), ("2", "Ng, Ann")]
    assert await looker.look() == []
    s3.put("inbox/more.csv", "Nr,Name\n3,Bo\n")
    assert await looker.keys() == ["3"]
    assert looker.trouble == []


async def test_an_object_that_is_put_anew_is_read_again(s3: S3, http: httpx.AsyncClient):
    s3.put("inbox/list.csv", LIST)
    looker = drop(s3, http)
    await looker.look()
    s3.put("inbox/list.csv", LIST)
    assert await looker.keys() == []
    s3.put("inbox/list.csv", LIST + "3,Bo,bo@example.com\r\n")
    assert await looker.keys() == ["1", "2", "3"]


async def test_what_is_no_list_of_this_folder_is_left_alone(s3: S3, http: httpx.AsyncClient):
    for name in ("inbox/", "other/a.csv", "inbox/deep/b.csv", "inbox/c.csv.part", "inbox/.d.csv", "inbox/e.txt"):
        s3.put(name, LIST if not name.endswith("/") else "")
    assert await drop(s3, http, files="*.csv").keys() == []
    assert await drop(s3, http, files="*.csv", recursive=True).keys() == ["1", "2"]


ODD = ["a b+c.csv", "ü/姓名 (1).csv", "100% 'x' & <y>;~.csv", "a=b?c#d.csv", "!*()$,:@.csv"]


@pytest.mark.parametrize("name", ODD)
async def test_any_name_is_listed_read_signed_and_moved(name: str, s3: S3, http: httpx.AsyncClient):
    s3.put(f"inbox/{name}", LIST)
    looker = drop(s3, http, recursive=True, after="move")
    assert await looker.keys() == ["1", "2"]
    assert looker.trouble == []
    (moved,) = s3.names()
    folder, _, base = name.rpartition("/")
    assert moved.startswith(f"inbox/done/{folder}")
    assert moved.endswith(f"Z-{base}")
    assert await looker.keys() == []


async def test_a_list_of_many_pages_is_read_whole(s3: S3, http: httpx.AsyncClient):
    held: Any = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]  # past HTTP, for a thousand puts take a while
    for number in range(1005):
        held.put_object(s3.bucket.name, f"inbox/{number:04}.csv", f"Nr\n{number}\n".encode())
    assert await drop(s3, http, files="[01]00[0-4].csv").keys() == [*"01234", *map(str, range(1000, 1005))]


async def test_a_poll_that_breaks_off_in_a_file_goes_on_there(s3: S3, http: httpx.AsyncClient):
    s3.put("inbox/long.csv", "Nr\n" + "".join(f"{n}\n" for n in range(1200)))
    looker = drop(s3, http)
    pages = [page async for page in looker.source.fetch(None, http)]
    assert [len(page.leads) for page in pages] == [500, 500, 200]
    for broken_at, page in enumerate(pages):
        looker.cursor = page.cursor
        rest = [str(n) for n in range(sum(len(one.leads) for one in pages[: broken_at + 1]), 1200)]
        assert await looker.keys() == rest


async def test_what_was_read_and_not_moved_yet_is_moved_and_not_read_again(s3: S3, http: httpx.AsyncClient):
    s3.put("inbox/list.csv", LIST)
    looker = drop(s3, http, after="remember")
    await looker.look()
    later = drop(s3, http, after="move")
    later.cursor = looker.cursor
    assert await later.keys() == []
    assert [name.partition("Z-")[2] for name in s3.names()] == ["list.csv"]


@pytest.mark.parametrize(("after", "names"), [("remember", ["inbox/bad.csv", "inbox/list.csv"]), ("move", None)])
async def test_a_bad_file_is_kept_and_told_once_and_keeps_no_other_waiting(
    after: str, names: list[str] | None, s3: S3, http: httpx.AsyncClient
):
    s3.put("inbox/bad.csv", "<html><table></table></html>")
    s3.put("inbox/list.csv", LIST)
    looker = drop(s3, http, after=after)
    assert await looker.keys() == ["1", "2"]
    assert await looker.keys() == []
    (told,) = looker.trouble
    assert isinstance(told, BadInput)
    assert "'bad.csv' cannot be read: The file is a web page" in told.reason
    assert names is None or s3.names() == names
    assert names or [name.split("/")[1] for name in s3.names()] == ["done", "failed"]
    s3.put("inbox/bad.csv", "Nr\n9\n")
    assert await looker.keys() == ["9"]


async def test_a_file_too_large_is_told_and_not_fetched(s3: S3, http: httpx.AsyncClient):
    s3.put("inbox/large.csv", "Nr\n" + "1234567\n" * 150_000)
    looker = drop(s3, http, max_mb=1)
    assert await looker.keys() == []
    assert "it has 1.2 MB. Split it, or raise max_mb." in str(looker.trouble[0])


async def test_an_object_that_is_stored_packed_is_told(s3: S3, http: httpx.AsyncClient):
    s3.put("inbox/list.csv", LIST, ContentEncoding="br")
    looker = drop(s3, http)
    assert await looker.keys() == []
    assert "stored with Content-Encoding 'br'" in str(looker.trouble[0])


class Replaced(httpx.AsyncBaseTransport):
    """Puts an object anew just before a request of one kind is sent."""

    def __init__(self, s3: S3, inner: httpx.AsyncClient, method: str, path: str) -> None:
        self._s3, self._inner, self._when = s3, inner, (method, path)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (request.method, request.url.path) == self._when:
            self._when = ("", "")
            self._s3.put("inbox/list.csv", "Nr\n77\n")
        return await self._inner.send(request, stream=True)


@pytest.mark.parametrize(("method", "first"), [("GET", []), ("HEAD", ["1", "2"])])
async def test_an_object_that_is_replaced_meanwhile_is_neither_half_read_nor_lost(
    method: str, first: list[str], s3: S3, http: httpx.AsyncClient
):
    s3.put("inbox/list.csv", LIST)
    transport = Replaced(s3, http, method, f"/{s3.bucket.name}/inbox/list.csv")
    async with httpx.AsyncClient(transport=transport) as replacing:
        looker = drop(s3, replacing, after="move")
        assert await looker.keys() == first
        assert "inbox/list.csv" in s3.names()
        assert await looker.keys() == ["77"]
    assert looker.trouble == []
    assert "inbox/list.csv" not in s3.names()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"client_secret": "wrong"}, "SignatureDoesNotMatch.*Correct client_secret"),
        ({"client_id": "AKIAWRONG"}, "InvalidAccessKeyId.*Correct client_id"),
        ({"bucket": "acme-other"}, "NoSuchBucket.*Correct the bucket"),
    ],
)
async def test_a_wrong_setting_is_named(settings: dict[str, str], words: str, s3: S3, http: httpx.AsyncClient):
    looker = drop(s3, http, **settings)
    assert await looker.keys() == []
    (told,) = looker.trouble
    assert isinstance(told, Misconfigured)
    with pytest.raises(Misconfigured, match=words):
        raise told
    assert s3.secret not in str(told)


async def test_it_goes_to_no_address_that_is_not_listed(s3: S3):
    s3.put("inbox/list.csv", LIST)
    async with make_client() as guarded:
        looker = drop(s3, guarded)
        assert await looker.keys() == []
    assert "is not public" in str(looker.trouble[0])


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({"region": "eu-central-1"}, "https://acme.s3.eu-central-1.amazonaws.com"),
        ({"region": "cn-north-1"}, "https://acme.s3.cn-north-1.amazonaws.com.cn"),
        ({"region": "eu-central-1", "bucket": "acme.leads"}, "https://s3.eu-central-1.amazonaws.com/acme.leads"),
        ({"region": "auto", "base_url": "https://x.r2.example.com/"}, "https://x.r2.example.com/acme"),
        (
            {"region": "cn-1", "base_url": "https://oss.example.com", "bucket_in_path": False},
            "https://acme.oss.example.com",
        ),
    ],
)
def test_the_bucket_stands_where_the_store_wants_it(settings: dict[str, Any], address: str):
    config = S3Drop.Config(**{"bucket": "acme", "client_id": "a", "client_secret": "b", **settings})
    assert S3Drop("drop", config)._address() == address
