"""What a submission says about consent, and whether what a person has said lets a sink have their lead."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from hub.lead import Lead, Touch
from hub.normal.consent import consent
from hub.normal.text import storable

CHANNELS = ("email", "phone", "sms", "wechat")
SEPARATE = "separate"  # a consent that names this recipient, which handing data to another company may need
GIVEN, WITHDRAWN, UNKNOWN = "given", "withdrawn", "unknown"

NO_CONSENT = "there is no consent for it"
WAS_WITHDRAWN = "the consent was withdrawn"
"""Why a delivery is not made; `explain` says both in English and Chinese."""

LONGEST = 2_000  # characters of an address, a browser's name or a certificate
_CHANNEL = re.compile(
    r"(?:consents?|opt_?in|agree)_(?:to_|by_|via_)?(email|e_mail|phone|call|sms|text|wechat)"
    r"|(email|e_mail|phone|call|sms|text|wechat)_(?:consent|opt_?in|agree)"
)
_CALLED = {"e_mail": "email", "call": "phone", "text": "sms"}
_CHINESE = {"邮件": "email", "邮箱": "email", "电话": "phone", "短信": "sms", "微信": "wechat"}
_CERTIFICATE = re.compile(
    r"(?:xx)?trustedform(?:cert(?:url)?|url|token)|(?:leadid|jornaya)token|(?:universal|jornaya)leadid"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a person said about being contacted; an empty channel or recipient means all of them."""

    state: str  # given, withdrawn, unknown
    at: datetime
    channel: str = ""
    recipient: str = ""


Required = bool | Sequence[str] | None


def stated(lead: Lead, touch: Touch, at: datetime) -> list[dict[str, Any]]:
    """Return what a submission's own lead says about consent, as records; none when it does not speak of it.

    `at` is when it came in. An explicit no counts as a withdrawal; no answer to a question that was asked is unknown.
    """
    said = [("", "", _state(lead.values["consent"].raw, lead.consent))] if "consent" in lead.values else []
    certificate = None
    for name, raw in lead.extra.items():
        what, of = _kind(name)
        if what == "certificate" and isinstance(raw, str) and raw:
            certificate = certificate or raw
        elif what == "channel":
            said.append((of, "", _state(raw, consent(raw).value)))
        elif what == "recipient":
            said.append(("", of, _state(raw, consent(raw).value)))
    if not said and not certificate and not lead.consent_text:
        return []
    evidence = _evidence(lead, touch, certificate, at)
    rows = said or [("", "", UNKNOWN)]
    return [{"state": state, "channel": channel, "recipient": to, **evidence} for channel, to, state in rows]


def said_in(rows: Iterable[Mapping[str, Any]]) -> list[Said]:
    """Return what these records say."""
    return [Said(row["state"], row["at"], row["channel"], row["recipient"]) for row in rows]


def _state(raw: Any, value: bool | None) -> str:
    if value is None or (value is False and raw in (None, "", [])):
        return UNKNOWN
    return GIVEN if value else WITHDRAWN


def _evidence(lead: Lead, touch: Touch, certificate: str | None, at: datetime) -> dict[str, Any]:
    wording = lead.consent_text
    return {
        "at": touch.at or at, "name": lead.name_text or None, "by": "form",
        "contact": ", ".join(filter(None, (lead.email, lead.phone, lead.wechat))) or None,
        "wording": wording, "wording_hash": wording_hash(wording),
        "address": touch.fields.get("ip"), "user_agent": _short(touch.fields.get("user_agent")),
        "page_url": _short(touch.fields.get("page_url")), "form": _short(touch.fields.get("form")),
        "certificate": _short(certificate),
    }  # fmt: skip


def wording_hash(wording: str | None) -> str | None:
    """Return which version of a wording it is: the beginning of its SHA-256, blanks aside."""
    if not wording:
        return None
    return hashlib.sha256(" ".join(wording.split()).encode("utf-8", "replace")).hexdigest()[:16]


def _short(text: str | None) -> str | None:
    return str(storable(text[:LONGEST])) if text else None


@lru_cache(maxsize=4096)
def _kind(name: str) -> tuple[str, str]:
    """Return what a field that no mapping takes says: of a channel, of a recipient, a certificate; or nothing."""
    plain = re.sub(r"[\W_]+", "_", name.strip().casefold()).strip("_")
    if _CERTIFICATE.fullmatch(plain.replace("_", "")):
        return "certificate", ""
    found = _CHANNEL.fullmatch(plain)
    if found:
        channel = found[1] or found[2]
        return "channel", _CALLED.get(channel, channel)
    if "同意" in plain:
        return next((("channel", channel) for word, channel in _CHINESE.items() if word in plain), ("", ""))
    start = name.strip().casefold()
    return ("recipient", start.removeprefix("consent_to_")) if start.startswith("consent_to_") else ("", "")


def refusal(said: Iterable[Said], sink: str, required: Required) -> str | None:
    """Return why a sink may not have the lead of a person who said this; None when it may."""
    if not required:
        return None
    every = sorted(said, key=lambda one: one.at)
    if required is True:
        channels = {"", *(one.channel for one in every)}
        states = [_in_force(every, sink, channel) for channel in channels]
        if GIVEN in states:
            return None
    else:
        states = [_in_force(every, sink, channel) for channel in required]
        if all(state == GIVEN for state in states):
            return None
    return WAS_WITHDRAWN if WITHDRAWN in states else NO_CONSENT


def _in_force(said: Iterable[Said], sink: str, channel: str) -> str | None:
    """Return what was said last of a channel to a sink; `separate`: to this very sink, though any no counts."""
    state = None
    for one in said:
        if one.state == UNKNOWN or one.recipient not in ("", sink):
            continue
        if channel == SEPARATE:
            if one.recipient == sink or (one.state == WITHDRAWN and not one.channel):
                state = one.state
        elif one.channel in ("", channel):
            state = one.state
    return state


def stopped_by(channel: str, recipient: str, sink: str, required: Required) -> bool:
    """Return whether a withdrawal stops what waits for a sink: `false` is never stopped, the others as far as it goes.

    A withdrawal of one channel stops the sinks that ask for a consent to that channel.
    """
    if required is False or recipient not in ("", sink):
        return False
    return not channel or (isinstance(required, Sequence) and channel in required)
