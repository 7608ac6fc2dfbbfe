"""Google Sheets in the sandbox: tokens, appending, ranges, quotas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.tokens import JWT_GRANT

Assertion = Callable[..., str]

BOOK = "/sheets/v4/spreadsheets/book1"
CLAIMS = {
    "iss": "hub@project.iam.gserviceaccount.com",
    "scope": "https://www.googleapis.com/auth/spreadsheets",
    "aud": "https://oauth2.googleapis.com/token",
}
RAW = {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}


@pytest.fixture
async def http(http: httpx.AsyncClient, sandbox: Sandbox, assertion: Assertion, public_key: str) -> httpx.AsyncClient:
    sandbox.configure("sheets", public_key=public_key)
    told = (await token(http, assertion(**CLAIMS))).json()
    http.headers["authorization"] = f"Bearer {told['access_token']}"
    return http


async def token(http: httpx.AsyncClient, signed: str) -> httpx.Response:
    return await http.post("/sheets/token", data={"grant_type": JWT_GRANT, "assertion": signed})


async def append(http: httpx.AsyncClient, *rows: list[Any], where: str = "Leads!A1", **query: str) -> httpx.Response:
    return await http.post(f"{BOOK}/values/{where}:append", params={**RAW, **query}, json={"values": rows})


async def cells(http: httpx.AsyncClient, where: str = "Leads") -> Any:
    return (await http.get(f"{BOOK}/values/{where}")).json().get("values")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": "https://elsewhere.com"}, "invalid_grant"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"exp": 1}, "invalid_grant"),
        ({"exp": 9_999_999_999}, "invalid_grant"),
        ({"iss": ""}, "invalid_grant"),
    ],
    ids=["audience", "scope", "expired", "too long", "issuer"],
)
async def test_an_assertion_that_is_wrong_gives_no_token(
    changes: dict[str, Any], error: str, http: httpx.AsyncClient, assertion: Assertion
) -> None:
    answer = await token(http, assertion(**{**CLAIMS, **changes}))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_an_assertion_signed_by_another_key_gives_no_token(http: httpx.AsyncClient, assertion: Assertion) -> None:
    signed = assertion(**CLAIMS)
    altered = signed[:-10] + ("A" * 10 if not signed.endswith("A" * 10) else "B" * 10)
    assert (await token(http, altered)).json()["error"] == "invalid_grant"


async def test_rows_are_appended_below_the_table(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await append(http, ["_hub_id", "name"])
    answer = await append(http, ["h1", "Ann"], ["h2", "=1+1"])
    assert answer.json() == {
        "spreadsheetId": "book1",
        "tableRange": "Leads!A1:B1",
        "updates": {
            "spreadsheetId": "book1",
            "updatedRange": "Leads!A2:B3",
            "updatedRows": 2,
            "updatedColumns": 2,
            "updatedCells": 4,
        },
    }
    assert await cells(http) == [["_hub_id", "name"], ["h1", "Ann"], ["h2", "=1+1"]]
    appended = [entry for entry in sandbox.entries("sheets") if ":append" in entry.path][1]
    assert [(record.key, record.seen) for record in appended.records] == [("h1", "new"), ("h2", "new")]


async def test_a_repeated_append_makes_a_twin_that_the_ledger_tells(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    await append(http, ["_hub_id"])
    await append(http, ["h1"])
    await append(http, ["h1"])
    assert [entry.seen for entry in sandbox.entries("sheets") if entry.key == "h1"] == ["new", "twin"]
    assert (await cells(http, "Leads!A2:A")) == [["h1"], ["h1"]]


async def test_a_blank_row_ends_the_table(http: httpx.AsyncClient) -> None:
    await append(http, ["a"], ["b"])
    await http.put(f"{BOOK}/values/Leads!A4", params=RAW, json={"values": [["far below"]]})
    answer = await append(http, ["c"])
    assert answer.json()["updates"]["updatedRange"] == "Leads!A3"
    assert await cells(http) == [["a"], ["b"], ["c"], [], ["far below"]]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("+4930123456", 4930123456), ("=HYPERLINK(1)", "#ERROR!"), ("'+49", "+49"), ("Ann", "Ann"), ("1.5", 1.5)],
)
async def test_what_a_user_would_type_is_changed(typed: str, shown: Any, http: httpx.AsyncClient) -> None:
    await append(http, [typed], valueInputOption="USER_ENTERED")
    await append(http, [typed])
    assert await cells(http) == [[shown], [typed]]


async def test_the_value_option_is_required(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{BOOK}/values/Leads!A1:append", json={"values": [["x"]]})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "'valueInputOption' is required but not specified"


@pytest.mark.parametrize("where", ["%27My%20Leads%27!A1", "'My Leads'!A1:C", "'My Leads'"])
async def test_a_sheet_with_a_space_is_named_in_quotes(where: str, http: httpx.AsyncClient) -> None:
    answer = await append(http, ["x"], where=where)
    assert answer.json()["updates"]["updatedRange"] == "'My Leads'!A1"


async def test_a_sheet_that_is_not_there_cannot_be_parsed(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("sheets", spreadsheets={"book1": ["Leads"]})
    assert (await append(http, ["x"])).status_code == 200
    answer = await append(http, ["x"], where="Nope!A1")
    assert answer.json()["error"]["message"] == "Unable to parse range: Nope!A1"
    assert (await http.get("/sheets/v4/spreadsheets/other")).json()["error"]["status"] == "NOT_FOUND"


async def test_known_cells_are_written_in_a_batch(http: httpx.AsyncClient) -> None:
    await append(http, ["h1", "new"], ["h2", "new"])
    data = [{"range": "Leads!B2", "values": [["won"]]}, {"range": "Leads!C1:D1", "values": [["x", "y"]]}]
    await http.post(f"{BOOK}/values:batchUpdate", json={"valueInputOption": "RAW", "data": data})
    assert await cells(http) == [["h1", "new", "x", "y"], ["h2", "won"]]
    columns = await http.get(f"{BOOK}/values/Leads!A:B", params={"majorDimension": "COLUMNS"})
    assert columns.json()["values"] == [["h1", "h2"], ["new", "won"]]


async def test_a_stranger_and_a_sheet_that_is_not_shared_are_refused(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("sheets", shared_with=["someone@else.com"])
    assert (await append(http, ["x"])).json()["error"]["status"] == "PERMISSION_DENIED"
    http.headers["authorization"] = "Bearer ya29.other"
    answer = await append(http, ["x"])
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


async def test_a_token_ends_after_an_hour(http: httpx.AsyncClient, clock: HandClock) -> None:
    clock.turn(3_600)
    assert (await append(http, ["x"])).status_code == 401


async def test_sixty_writes_a_minute_are_the_quota(http: httpx.AsyncClient, clock: HandClock) -> None:
    answers = [await append(http, ["x"]) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {200}
    assert answers[60].json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert (await http.get(f"{BOOK}/values/Leads")).status_code == 200
    clock.turn(60)
    assert (await append(http, ["x"])).status_code == 200
