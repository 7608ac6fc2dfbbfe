"""The demo's pushes: once signed, the shipped connectors take them and read the very lead that was meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.demo.generate import generate
from hub.demo.sign import DEMO_SECRETS, signed
from hub.errors import Unverified
from hub.inbound import Inbound
from hub.lead import RawLead
from hub.loader import load
from hub.source import WebhookSource

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)
SETTINGS = {
    "web_form": {},
    "json_webhook": {"key": "id", "submitted_at": "submitted_at"},
    "meta_lead_ads": {"token": "demo"},
}


class Stopped:
    """A clock that stands still."""

    def now(self) -> datetime:
        return LATER

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("Nothing waits here.")


@pytest.fixture(scope="module", name="lines")
def _lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    folder: Path = tmp_path_factory.mktemp("demo")
    generate(folder, 7, NOW)
    lines = [json.loads(text) for text in (folder / "pushes.jsonl").read_text("utf-8").splitlines()]
    return {kind: [line for line in lines if line["kind"] == kind] for kind in {line["kind"] for line in lines}}


def source(kind: str, secret: str | None) -> WebhookSource:
    cls = load().registry.connector(kind)
    settings = {**SETTINGS.get(kind, {}), **({"secret": secret} if secret else {})}
    made = cls(kind, cls.Config.model_validate(settings), Stopped())
    assert isinstance(made, WebhookSource)
    return made


def request(line: dict[str, Any]) -> Inbound:
    headers, body = signed(line, LATER)
    return Inbound(headers=headers, body=body, received_at=LATER)


KINDS = ["web_form", "json_webhook", "standard_webhooks", "typeform", "meta_lead_ads", "google_ads_form"]
SIGNED = {
    "json_webhook": "partners",
    "standard_webhooks": "product",
    "typeform": "survey",
    "meta_lead_ads": "facebook",
    "google_ads_form": "google",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_line_is_verified_and_has_the_id_truth_knows(lines: dict[str, list[dict[str, Any]]], kind: str) -> None:
    connector = source(kind, DEMO_SECRETS.get(SIGNED.get(kind, "")))
    leads: list[tuple[str, list[RawLead]]] = []
    for line in lines[kind]:
        connector.verify(request(line))
        leads.append((line["id"], list(connector.parse(request(line)))))
    assert [[lead.key for lead in found] for _, found in leads] == [[known] for known, _ in leads]


@pytest.mark.parametrize("kind", sorted(SIGNED))
def test_another_secret_is_refused(lines: dict[str, list[dict[str, Any]]], kind: str) -> None:
    connector = source(kind, "whsec_c29tZSBvdGhlciBrZXkgb2YgMjQgYg==")
    with pytest.raises(Unverified):
        connector.verify(request(lines[kind][0]))


@pytest.mark.parametrize("kind", KINDS)
def test_connectors_tell_test_leads_and_bots(lines: dict[str, list[dict[str, Any]]], kind: str) -> None:
    connector = source(kind, DEMO_SECRETS.get(SIGNED.get(kind, "")))
    read = [(line, next(iter(connector.parse(request(line))))) for line in lines[kind]]
    odd = {line["truth"] for line, lead in read if lead.spam or lead.test}
    known = {line["truth"] for line in lines[kind] if line["truth"].startswith(("bot", "test"))}
    later = {line["truth"] for line in lines["meta_lead_ads"]}  # Meta's test leads show only once they are read
    assert odd == known - later
