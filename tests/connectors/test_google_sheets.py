"""Google Sheets: a service account's token, no row twice, and rows that change with their lead."""

import asyncio
import json
from urllib.parse import parse_qs, unquote

import httpx
import pytest
import respx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey

from connectors.sheets.google_sheets import PAGE, GoogleSheets
from hub import Lead, Misconfigured, Rejected, Retry, Sent, Unclear
from hub.lead import Delivery
from hub.testing.fakes import HandClock

TOKEN = "https://oauth2.googleapis.com/token"
VALUES = "https://sheets.googleapis.com/v4/spreadsheets/S1/values"
APPEND = VALUES + "/%27Leads%27%21A1:append"
UPDATE = VALUES + ":batchUpdate"
BELOW = "Range ('Leads'!A9001:A18000) exceeds grid limits. Max rows: 9000, max columns: 26"


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


@pytest.fixture
def account(private_key) -> dict:
    return {
        "type": "service_account", "client_email": "hub@acme.iam.gserviceaccount.com", "private_key": private_key,
        "private_key_id": "kid1", "token_uri": TOKEN,
    }  # fmt: skip


@pytest.fixture
def sink(account) -> GoogleSheets:
    return made(account)


def made(account: object, **settings: object) -> GoogleSheets:
    known = {"credentials": json.dumps(account), "spreadsheet_id": "S1", "columns": ("id", "name", "email")}
    return GoogleSheets("sheet", GoogleSheets.Config(**{**known, **settings}), HandClock())


def lead(number: int, **delivery: object) -> Lead:
    return Lead(id=f"lead_{number}", full_name=f"Name {number}", delivery=Delivery(**delivery))


def appended(first: int, rows: int = 1) -> httpx.Response:
    said = {"updates": {"updatedRange": f"Leads!A{first}:C{first + rows - 1}", "updatedRows": rows}}
    return httpx.Response(200, json=said)


def column(*keys: str) -> httpx.Response:
    return httpx.Response(200, json={"range": "Leads!A1:A9000", "majorDimension": "COLUMNS", "values": [list(keys)]})


def trouble(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": status, "message": message}})


@pytest.fixture
def google():
    with respx.mock(using="httpx", assert_all_called=False) as router:
        yield router


@pytest.fixture(autouse=True)
def tokens(google):
    return google.post(TOKEN).respond(200, json={"access_token": "ya29", "expires_in": 3599})


@pytest.fixture
def keys(google):
    return google.get(url__startswith=VALUES + "/%27Leads%27%21A")


@pytest.fixture
async def http():
    async with httpx.AsyncClient() as client:
        yield client


async def test_the_assertion_is_signed_by_the_account_for_an_hour(sink, google, http, private_key):
    google.post(url__startswith=APPEND).mock(return_value=appended(2))
    await sink.send([lead(1)], http)
    form = parse_qs(google.calls[0].request.content.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    token = jwt.decode(form["assertion"][0], RSAKey.import_key(private_key), algorithms=["RS256"])
    now = int(sink.clock.now().timestamp())
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": "kid1"}
    assert token.claims == {
        "iss": "hub@acme.iam.gserviceaccount.com", "scope": "https://www.googleapis.com/auth/spreadsheets",
        "aud": TOKEN, "iat": now, "exp": now + 3600,
    }  # fmt: skip
    assert google.calls[1].request.headers["authorization"] == "Bearer ya29"


async def test_fifty_sends_at_once_ask_for_one_token(sink, google, tokens, http):
    async def later(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # lets the other sends come as far as they get
        return httpx.Response(200, json={"access_token": "ya29", "expires_in": 3599})

    tokens.mock(side_effect=later)
    google.post(url__startswith=APPEND).mock(return_value=appended(2))
    await asyncio.gather(*(sink.send([lead(number)], http) for number in range(50)))
    assert len(tokens.calls) == 1


async def test_a_token_is_signed_only_when_one_is_needed(sink, google, tokens, http):
    google.post(url__startswith=APPEND).mock(return_value=appended(2))
    await sink.send([lead(1)], http)
    await sink.send([lead(2)], http)
    assert len(tokens.calls) == 1


@pytest.mark.parametrize(
    "credentials",
    ["not JSON", "[]", "{}", '{"client_email": "a", "private_key": "b"}', '{"client_email": 1, "private_key": null}'],
)
async def test_a_key_that_cannot_be_read_is_for_a_person(http, google, credentials):
    with pytest.raises(Misconfigured, match="credentials"):
        await made({}, credentials=credentials).send([lead(1)], http)
    assert not google.calls


async def test_a_sandbox_is_asked_for_the_token_where_the_settings_say_so(account, google, http):
    elsewhere = google.post("http://127.0.0.1:8099/token").respond(200, json={"access_token": "t", "expires_in": 9})
    google.post(url__startswith=APPEND).mock(return_value=appended(2))
    await made(account, token_url="http://127.0.0.1:8099/token").send([lead(1)], http)
    assert elsewhere.called


async def test_new_leads_are_appended_without_reading_the_sheet(sink, google, keys, http):
    google.post(url__startswith=APPEND).mock(return_value=appended(10, 2))
    assert await sink.send([lead(1), lead(2)], http) == [Sent("Leads!A10"), Sent("Leads!A11")]
    assert not keys.called


async def test_a_repeat_appends_only_what_is_missing(sink, google, keys, http):
    keys.mock(return_value=column("id", "lead_1", "other"))
    append = google.post(url__startswith=APPEND).mock(return_value=appended(4))
    said = await sink.send([lead(1, attempt=2), lead(2, attempt=2)], http)
    assert said == [Sent("Leads!A2"), Sent("Leads!A4")]
    assert json.loads(append.calls.last.request.content)["values"] == [["lead_2", "Name 2", None]]


async def test_a_time_out_and_its_repeat_leave_one_row(sink, google, keys, http):
    append = google.post(url__startswith=APPEND).mock(side_effect=[httpx.ReadTimeout("")])
    with pytest.raises(Unclear):
        await sink.send([lead(1)], http)
    keys.mock(return_value=column("id", "lead_1"))
    assert await sink.send([lead(1, attempt=2)], http) == [Sent("Leads!A2")]
    assert sink.repeatable
    assert len(append.calls) == 1


async def test_a_later_version_changes_its_row(sink, google, keys, http):
    keys.mock(return_value=column("id", "lead_2", "lead_1"))
    update = google.post(UPDATE).respond(200, json={"totalUpdatedRows": 1})
    append = google.post(url__startswith=APPEND).mock(return_value=appended(4))
    said = await sink.send([lead(3), lead(1, version=2)], http)
    assert said == [Sent("Leads!A4"), Sent("Leads!A3")]
    assert json.loads(update.calls.last.request.content) == {
        "valueInputOption": "RAW",
        "data": [{"range": "'Leads'!A3", "values": [["lead_1", "Name 1", None]]}],
    }
    assert json.loads(append.calls.last.request.content)["values"] == [["lead_3", "Name 3", None]]


async def test_a_later_version_whose_row_was_deleted_is_appended(sink, google, keys, http):
    keys.mock(return_value=httpx.Response(200, json={"range": "Leads!A1:A9000"}))
    google.post(url__startswith=APPEND).mock(return_value=appended(1))
    assert await sink.send([lead(1, version=2)], http) == [Sent("Leads!A1")]


async def test_a_long_sheet_is_read_page_by_page(sink, google, keys, http):
    keys.mock(side_effect=[column(*["x"] * PAGE), column(*["x"] * 5, "lead_1", "lead_1")])
    assert await sink.send([lead(1, attempt=2)], http) == [Sent(f"Leads!A{PAGE + 6}")]
    assert [unquote(call.request.url.path).rsplit("!")[-1] for call in keys.calls] == ["A1:A9000", "A9001:A18000"]


async def test_a_page_below_the_last_row_is_the_end(sink, google, keys, http):
    keys.mock(side_effect=[column(*["x"] * PAGE), trouble(400, BELOW)])
    google.post(url__startswith=APPEND).mock(return_value=appended(PAGE + 1))
    assert await sink.send([lead(1, attempt=2)], http) == [Sent(f"Leads!A{PAGE + 1}")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout(""), trouble(500, "Internal error"), trouble(429, "Quota exceeded"),
        httpx.Response(200, text="<html>"), httpx.Response(200, json={"values": 3}), httpx.Response(200, json=[]),
    ],
)  # fmt: skip
async def test_nothing_is_appended_while_the_key_column_cannot_be_read(sink, google, keys, http, answer):
    keys.mock(side_effect=[answer])
    append = google.post(url__startswith=APPEND)
    with pytest.raises(Retry):
        await sink.send([lead(1, attempt=2)], http)
    assert not append.called


async def test_a_change_that_is_refused_leaves_new_rows_alone(sink, google, keys, http):
    keys.mock(return_value=column("id", "lead_1"))
    google.post(UPDATE).mock(return_value=trouble(400, "Invalid data[0].values"))
    google.post(url__startswith=APPEND).mock(return_value=appended(3))
    said = await sink.send([lead(1, version=2), lead(2)], http)
    assert said == [Rejected("Invalid data[0].values", "400"), Sent("Leads!A3")]


async def test_a_batch_that_is_refused_is_halved(sink, google, http):
    answers = [trouble(400, "Invalid values[1][2]"), appended(2), trouble(400, "Invalid values[0][2]")]
    google.post(url__startswith=APPEND).mock(side_effect=answers)
    said = await sink.send([lead(1), lead(2)], http)
    assert said == [Sent("Leads!A2"), Rejected("Invalid values[0][2]", "400")]


async def test_a_401_renews_the_token_once(sink, google, tokens, http):
    answers = [trouble(401, "Request had invalid authentication credentials."), appended(2)]
    google.post(url__startswith=APPEND).mock(side_effect=answers)
    assert await sink.send([lead(1)], http) == [Sent("Leads!A2")]
    assert len(tokens.calls) == 2


async def test_a_second_401_is_for_a_person(sink, google, http):
    google.post(url__startswith=APPEND).mock(return_value=trouble(401, "Request had invalid credentials."))
    with pytest.raises(Misconfigured, match="invalid credentials"):
        await sink.send([lead(1)], http)
