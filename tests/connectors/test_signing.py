"""Signatures, keys and timestamps: the published schemes pass, and every way of getting them wrong is Unverified."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from hub import check_hmac, check_key, check_timestamp, header_parts, read_time, secrets_of, sign_hmac, sign_time
from hub.errors import Unverified
from hub.inbound import Inbound

BODY = '{"name":"Mei Lin","city":"台北"}'.encode()
SECRETS = [b"s3cret"]
HEX = "32f036b4772587c6ac4d5bfafed36f1d0544c980b30be1479707fe770884ce49"
BASE64 = "MvA2tHclh8asTVv6/tNvHQVEyYCzC+FHlwf+dwiEzkk="
NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


class Settings(BaseModel):
    secret: SecretStr | None = None
    previous_secret: SecretStr | None = None


def inbound(signature, header="x-sig", body=BODY, **more):
    return Inbound(headers={header: signature, **more}, body=body)


SCHEMES = {
    "Meta, WhatsApp": (f"sha256={HEX}", {"prefix": "sha256="}),
    "Typeform": (f"sha256={BASE64}", {"prefix": "sha256=", "encoding": "base64"}),
    "Tally, LINE": (BASE64, {"encoding": "base64"}),
    "Cal.com": (HEX, {}),
    "LinkedIn": (
        "b88067a93b76f76d1eaacb9248a7c41019db0a1e747660060d067c90a449f0d0",
        {"signed": lambda received: b"hmacsha256=" + received.body},
    ),
    "Webflow": (
        "1b52d91d706735a345574effa0c02455047a73a5236fb714b2bab0e3816e3561",
        {"signed": lambda received: b"1777882181000:" + received.body},
    ),
    "WPForms": (
        "t=1777882181,v=804a296c04b1fd73cd4d6ee8f861774dca859634bf6215307def0565c44d75d6",
        {"prefix": "v=", "signed": lambda received: b"1777882181." + received.body},
    ),
    "Calendly": (
        "t=1777882181,v1=804a296c04b1fd73cd4d6ee8f861774dca859634bf6215307def0565c44d75d6",
        {"prefix": "v1=", "signed": lambda received: b"1777882181." + received.body},
    ),
    "Zoom": (
        "v0=43f1c141808b4e298accef53ae386abccbd7ad9f134cf2ef756e93bbc92b5f61",
        {"prefix": "v0=", "signed": lambda received: b"v0:1777882181:" + received.body},
    ),
    "CallRail": ("0ijyJA+81vQ5FQkOsxq+RYtxq8I=", {"algorithm": "sha1", "encoding": "base64"}),
    "Intercom": ("sha1=d228f2240fbcd6f43915090eb31abe458b71abc2", {"algorithm": "sha1", "prefix": "sha1="}),
    "Mailgun": (
        "30b188bd7ceafa571f9e7a90a8e89902c73437ef16c33729ac108dee9b0766ad",
        {"signed": lambda received: b"17778821810123456789abcdef"},
    ),
    "HubSpot v3": (
        "vAEk+RX0xDic6esI1EcAV4i50TwTbkXgtYO93y75/q4=",
        {
            "encoding": "base64",
            "signed": lambda received: b"POSThttps://hub.example/h/1" + received.body + b"1777882181000",
        },
    ),
    "Twilio": (
        "DwQ+bC6NbKjl200huoAor4ipB6c=",
        {
            "algorithm": "sha1",
            "encoding": "base64",
            "signed": lambda received: b"https://hub.example/t/1BodyHiFrom+12025550143MessageSidSM1To+13035550100",
        },
    ),
}


@pytest.mark.parametrize(("signature", "scheme"), SCHEMES.values(), ids=SCHEMES)
def test_the_schemes_of_known_senders_pass(signature, scheme):
    check_hmac(inbound(signature), SECRETS, header="X-Sig", **scheme)


@pytest.mark.parametrize(("signature", "scheme"), SCHEMES.values(), ids=SCHEMES)
def test_the_same_signature_under_another_secret_is_refused(signature, scheme):
    with pytest.raises(Unverified, match="not that of the body"):
        check_hmac(inbound(signature), [b"another sources secret"], header="X-Sig", **scheme)


@pytest.mark.parametrize(
    "signature",
    [HEX.upper(), f"{HEX}, {HEX}", f"00 {HEX}", f"{'ab ' * 9}{HEX}"],
    ids=["capitals", "header sent twice", "second of two", "tenth"],
)
def test_a_good_signature_is_found_however_it_is_written(signature):
    check_hmac(inbound(signature), SECRETS, header="x-sig")


WRONG = {
    "empty": "",
    "blank": "  ",
    "only commas": ",,",
    "another": "0" * 64,
    "one digit off": HEX[:-1] + "8",
    "cut": HEX[:-2],
    "longer": HEX + "00",
    "sha1 of the same": "d228f2240fbcd6f43915090eb31abe458b71abc2",
    "not hex": "z" * 64,
    "base64 where hex is due": BASE64,
    "not ASCII": "é" + HEX[1:],
    "full-width digits": HEX.replace("3", "\uff13"),
    "lone surrogate": "\ud800" + HEX[1:],
    "NUL": HEX + "\0",
    "with a prefix nobody asked for": f"sha256={HEX}",
}


@pytest.mark.parametrize("signature", WRONG.values(), ids=WRONG)
def test_a_wrong_signature_is_refused(signature):
    with pytest.raises(Unverified):
        check_hmac(inbound(signature), SECRETS, header="x-sig")


def test_a_missing_header_is_refused():
    with pytest.raises(Unverified, match="The header X-Sig is missing"):
        check_hmac(Inbound(body=BODY), SECRETS, header="X-Sig")


@pytest.mark.parametrize("given", [BASE64[:-2] + "l=", BASE64[:-1], BASE64 + "=", "-" + BASE64[1:]])
def test_base64_is_compared_as_text_because_several_texts_are_the_same_bytes(given):
    with pytest.raises(Unverified):
        check_hmac(inbound(given), SECRETS, header="x-sig", encoding="base64")


def test_one_changed_byte_of_the_body_is_refused():
    with pytest.raises(Unverified):
        check_hmac(inbound(HEX, body=BODY + b" "), SECRETS, header="x-sig")


def test_a_body_written_anew_is_refused_though_it_is_the_same_json():
    with pytest.raises(Unverified):
        check_hmac(inbound(HEX, body=BODY.replace(b":", b": ")), SECRETS, header="x-sig")


def test_eleven_signatures_are_refused_even_when_one_is_good():
    with pytest.raises(Unverified, match="more than 10"):
        check_hmac(inbound(" ".join([HEX] * 11)), SECRETS, header="x-sig")


@pytest.mark.parametrize("signature", [HEX, "v1,", "v1=" + HEX, "v2," + HEX])
def test_a_signature_without_its_prefix_does_not_count(signature):
    with pytest.raises(Unverified):
        check_hmac(inbound(signature), SECRETS, header="x-sig", prefix="v1,")


def test_without_a_secret_nothing_passes():
    empty = sign_hmac(b"", BODY)
    with pytest.raises(Unverified, match="No secret is set"):
        check_hmac(inbound(empty), secrets_of(Settings(secret=SecretStr(""))), header="x-sig")


def test_both_secrets_pass_while_they_are_changed():
    both = secrets_of(Settings(secret=SecretStr("new"), previous_secret=SecretStr("old")))
    assert both == [b"new", b"old"]
    for secret in both:
        check_hmac(inbound(sign_hmac(secret, BODY)), both, header="x-sig")


def test_the_old_secret_is_refused_after_the_change():
    with pytest.raises(Unverified):
        check_hmac(inbound(sign_hmac(b"old", BODY)), secrets_of(Settings(secret=SecretStr("new"))), header="x-sig")


@given(st.text(), st.sampled_from(["hex", "base64"]), st.sampled_from(["", "sha256=", "v1,"]))
def test_no_header_crashes_the_check_or_shows_the_secret(signature, encoding, prefix):
    with pytest.raises(Unverified) as caught:
        check_hmac(inbound(signature), [b"canary-secret"], header="x-sig", encoding=encoding, prefix=prefix)
    assert "canary-secret" not in caught.value.reason
    assert sign_hmac(b"canary-secret", BODY, encoding=encoding) not in caught.value.reason


@pytest.mark.parametrize("given", ["s3cret", "old"])
def test_a_key_passes_when_it_is_one_of_the_secrets(given):
    check_key(given, [b"s3cret", b"old"])


@pytest.mark.parametrize("given", [None, "", "S3CRET", "s3cret ", "s3cre", "s3crét", "\ud800", "other"])
def test_any_other_key_is_refused_without_showing_the_right_one(given):
    with pytest.raises(Unverified) as caught:
        check_key(given, SECRETS, "key in header X-Key")
    assert "key in header X-Key" in caught.value.reason
    assert "s3cret" not in caught.value.reason


def test_a_key_is_refused_where_none_is_set():
    with pytest.raises(Unverified, match="No secret is set"):
        check_key("", [])


@pytest.mark.parametrize(
    ("text", "unit", "seconds"),
    [("1777882181", "s", 0), ("1777881881", "s", -300), ("1777882481", "s", 300), ("1777882181000", "ms", 0)],
)
def test_a_time_within_five_minutes_passes(text, unit, seconds):
    assert check_timestamp(text, NOW, unit=unit) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "missing"),
        ("", "missing"),
        ("1777881820", "361 seconds old"),
        ("1777882542", "361 seconds ahead"),
        ("1777882181000", "ahead"),  # milliseconds where seconds are due
        ("\u0661\u0667\u0667\u0667\u0668\u0668\u0662\u0661\u0668\u0661", "not 1 to 14 digits"),
        (" 1777882181", "not 1 to 14 digits"),
        ("1777_882181", "not 1 to 14 digits"),
        ("1777882181\n", "not 1 to 14 digits"),
        ("1e9", "not 1 to 14 digits"),
        ("-1", "not 1 to 14 digits"),
        ("1777882181.0", "not 1 to 14 digits"),
        ("1" + "0" * 30, "not 1 to 14 digits"),
        ("99999999999999", "ahead"),
        ("0", "old"),
    ],
)
def test_any_other_time_is_refused_with_the_reason(text, reason):
    with pytest.raises(Unverified, match=reason):
        check_timestamp(text, NOW)


def test_the_tolerance_can_be_narrowed():
    with pytest.raises(Unverified, match="61 seconds old, more than 60"):
        check_timestamp("1777882120", NOW, tolerance=60)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("t=1777882181,v1=ab12", {"t": "1777882181", "v1": "ab12"}),
        ("t=1, v1=a==, v1=b", {"t": "1", "v1": "a=="}),
        ("nonsense", {}),
        (None, {}),
    ],
)
def test_a_header_of_parts_is_taken_apart(value, parts):
    assert header_parts(value) == parts


def test_a_signed_time_is_read_back_under_either_secret():
    for secret in (b"new", b"old"):
        assert read_time([b"new", b"old"], sign_time(secret, NOW)) == NOW


def test_a_signed_time_is_no_signature_of_anything_else():
    assert sign_time(b"s3cret", NOW).partition(".")[2] != sign_hmac(b"s3cret", b"1777882181")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        ".",
        "1777882181",
        "1777882181.",
        sign_time(b"other", NOW),
        sign_time(b"s3cret", NOW).replace("1777882181", "1777882180"),
        sign_time(b"s3cret", NOW).upper(),
        "9" * 13 + ".00",
        "１777882181.é",
    ],
)
def test_any_other_time_of_a_form_is_refused(text):
    with pytest.raises(Unverified):
        read_time(SECRETS, text)
