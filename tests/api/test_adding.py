"""Sources and sinks that are added from afar, and their secrets: what goes where, and what may not be."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from hub.app import secretfiles
from hub.draft import guard, places
from hub.errors import ConfigError
from hub.families.filesink import FileSink
from tests.api.calling import calling, keys_of_all_roles
from tests.api.test_login import audited
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows

CANARY = "canary-of-a-secret-77d1"
OTHER = "canary-of-another-secret-c02"
CONFIG = """
# The hub of these tests: this line must stay.
hub: {region: CN, database: "sqlite:///data/hub.db", answer_within: 30s}
sources:
  website: {connector: open_source}  # our own site
  partners: {connector: json_webhook, key: id, secret: "${file:secrets/partners}"}
  rented: {connector: json_webhook, key: id, secret: "${env:LEADHUB_TEST_SECRET}"}
sinks:
  crm: {connector: updating_sink}
flows:
  - name: inbound
    from: [website]
    routes:
      - {name: all, to: [crm]}
"""
NEW = {
    "name": "shop", "connector": "json_webhook", "settings": {"key": "id"}, "secrets": {"secret": CANARY},
    "flow": "inbound", "common": {"tags": {"party": "first"}},
}  # fmt: skip


@pytest.fixture
async def hub(make_hub: MakeHub, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LEADHUB_TEST_SECRET", "from-outside")
    (make_hub.folder / "secrets").mkdir()
    (make_hub.folder / "secrets" / "partners").write_text("the-first-secret", "utf-8")
    return await make_hub(CONFIG)


def text_of(hub) -> str:
    return hub.office.config.read_text("utf-8")


def files(hub) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (hub.office.folder / "secrets").iterdir()}


async def test_a_source_is_added_with_its_secret_in_a_file_of_its_own(hub):
    async with calling(hub) as http:
        answer = await http.post("/api/sources", json=NEW)
    assert answer.status_code == 201, answer.text
    assert hub.plan.sources["shop"].config.secret.get_secret_value() == CANARY
    assert hub.plan.settings.flow_of("shop").name == "inbound"
    text = text_of(hub)
    assert CANARY not in text
    assert "# The hub of these tests: this line must stay." in text
    assert "# our own site" in text
    path = hub.office.folder / "secrets" / "source-shop-secret"
    assert path.read_text("utf-8") == CANARY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [row["target"] for row in await audited(hub, "secret.written")] == ["secrets/source-shop-secret"]


async def test_what_is_added_takes_leads_at_once(hub):
    async with calling(hub) as http:
        await http.post("/api/sources", json={**NEW, "settings": {"auth": "none", "key": "id"}, "secrets": {}})
    answer = await post(hub, '{"id": "1", "email": "max@example.com", "full_name": "Max Muster"}', "shop")
    await settled(hub)
    assert answer.status_code == 202
    sent = [(row["sink"], row["state"]) for row in await all_rows(hub, "delivery")]
    assert sent == [("crm", "sent")]


async def test_a_sink_is_added_to_the_routes_that_shall_deliver_to_it(hub):
    body = {
        "name": "copy",
        "connector": "csv_file",
        "settings": {"path": "out/copy.csv"},
        "routes": [["inbound", "all"]],
    }
    async with calling(hub) as http:
        assert (await http.post("/api/sinks", json=body)).status_code == 201
    assert hub.plan.settings.flows[0].routes[0].to == ("crm", "copy")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Shop!"}, "A name has small letters"),
        ({"name": "../shop"}, "A name has small letters"),
        ({"name": "website"}, "already"),
        ({"connector": "nonsense"}, "no connector"),
        ({"connector": "csv_file"}, "no connector"),
        ({"settings": {"keyy": "id"}}, "keyy"),
        ({"settings": {"key": "${file:/etc/passwd}"}}, "References"),
        ({"settings": {"header": "${env:PATH}"}}, "References"),
        ({"common": {"tags": {"a": "${file:secrets/partners}"}}}, "References"),
        ({"common": {"region": "China"}}, "region"),
        ({"secrets": {}}, "secret"),
        ({"secrets": {"secret": " \n "}}, "secret"),
        ({"secrets": {"secret": CANARY, "nobody": "x"}}, "nobody"),
        ({"connector": "list_file", "secrets": {}, "settings": {"path": "/etc/*"}}, "path"),
        ({"connector": "list_file", "secrets": {}, "settings": {"path": "inbox/../secrets/*"}}, "path"),
        ({"connector": "list_file", "secrets": {}, "settings": {"path": "secrets/*"}}, "path"),
    ],
)
async def test_what_may_not_be_is_refused_and_leaves_nothing_behind(hub, change, said):
    before, kept = text_of(hub), files(hub)
    async with calling(hub) as http:
        answer = await http.post("/api/sources", json={**NEW, **change})
    assert answer.status_code == 422
    assert said in answer.text
    assert CANARY not in answer.text
    assert text_of(hub) == before
    assert files(hub) == kept


async def test_a_reference_typed_as_a_secret_is_only_text(hub):
    async with calling(hub) as http:
        await http.post("/api/sources", json={**NEW, "secrets": {"secret": "${file:secrets/partners}"}})
    assert hub.plan.sources["shop"].config.secret.get_secret_value() == "${file:secrets/partners}"


async def test_a_wrong_hub_yaml_on_disk_stops_a_change_and_the_secret_goes_again(hub):
    hub.office.config.write_text(text_of(hub) + "\n# changed by hand\n", "utf-8")
    kept = files(hub)
    async with calling(hub) as http:
        answer = await http.post("/api/sources", json=NEW)
    assert answer.status_code == 409
    assert files(hub) == kept


@pytest.mark.parametrize("model", [FileSink.Config])
@pytest.mark.parametrize(
    "path",
    [
        "/tmp/x.csv", "../x.csv", "out/../../x.csv", "~/x.csv", "x.csv", "secrets/a", "plugins/evil.py", "data/hub.db",
        "out/.ssh/keys", ".git/config", "mappings/website.yaml", "out/run.sh", "C:/x.csv", "Secrets/partners", "*/x.csv",
        "out\\..\\..\\x", "logs/audit.anchor",
    ],
)  # fmt: skip
def test_a_path_outside_the_folders_for_leads_is_refused(model, path):
    with pytest.raises(ConfigError):
        places.check(model, {"path": path})


@pytest.mark.parametrize("path", ["inbox/expo/*.csv", "out/leads-{date}.csv", "files/2026/a.xlsx", None, ""])
def test_a_path_in_a_folder_for_leads_is_taken(path):
    places.check(FileSink.Config, {"path": path})


@pytest.mark.parametrize(
    "url", ["sqlite:///data/hub.db", "sqlite:////etc/x.db", "sqlite://", "SQLite:///../x.db", "duckdb:///data/x", " sqlite:///data/hub.db "]
)  # fmt: skip
def test_a_database_that_is_a_file_of_ours_is_refused(url):
    with pytest.raises(ConfigError):
        places.check(FileSink.Config, {"url": url})


@pytest.mark.parametrize(
    "entry", [{"path": "plugins/x.py"}, {"path": "secrets/*"}, {"url": "sqlite:///data/hub.db"}, {"ca_file": "/etc/x"}]
)
def test_the_text_of_hub_yaml_may_not_say_it_either(entry):
    with pytest.raises(ConfigError):
        guard.check({"sinks": {}}, {"sinks": {"out": {"connector": "csv_file", **entry}}}, owner=True)


def test_a_database_elsewhere_is_taken():
    places.check(FileSink.Config, {"url": "postgresql://me:x@db.acme.test/leads"})
    places.check(FileSink.Config, {"url": "sqlite:///out/leads.db"})


async def test_a_rotated_secret_leaves_the_old_one_good_for_a_while(hub):
    async with calling(hub) as http:
        first = (await http.post("/api/sources/partners/secrets/secret", json={"value": CANARY})).json()
        config = hub.plan.sources["partners"].config
        assert config.secret.get_secret_value() == CANARY
        assert config.previous_secret.get_secret_value() == "the-first-secret"
        await http.post("/api/sources/partners/secrets/secret", json={"value": OTHER})
    assert first["kept"] is True
    config = hub.plan.sources["partners"].config
    assert (config.secret.get_secret_value(), config.previous_secret.get_secret_value()) == (OTHER, CANARY)
    assert sorted(files(hub).values()) == sorted([CANARY, OTHER])
    assert [row["target"] for row in await audited(hub, "secret.removed")] == ["secrets/partners"]
    assert CANARY not in text_of(hub)


async def test_a_secret_from_elsewhere_is_changed_there(hub):
    async with calling(hub) as http:
        answer = await http.post("/api/sources/rented/secrets/secret", json={"value": CANARY})
        told = (await http.get("/api/sources/rented/secrets")).json()["items"]
    assert answer.status_code == 422
    assert "LEADHUB_TEST_SECRET" in answer.json()["detail"]
    assert told == [
        {
            "setting": "secret", "comes": "env", "place": "LEADHUB_TEST_SECRET", "rotates": False, "keeps": True,
            "elsewhere": "secret comes from the environment variable LEADHUB_TEST_SECRET. Change it there, and start "
            "leadhub again.",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("setting", ["key", "nobody", "previous_secret", "../secret", "secret.x"])
async def test_what_is_no_secret_is_not_rotated(hub, setting):
    async with calling(hub) as http:
        answer = await http.post(f"/api/sources/partners/secrets/{setting.replace('/', '%2F')}", json={"value": CANARY})
    assert answer.status_code in (404, 422)
    assert CANARY not in answer.text


async def test_a_value_the_connector_does_not_take_changes_nothing(hub):
    new = {"name": "shop", "connector": "elementor", "secrets": {"secret": "x" * 30}}
    async with calling(hub) as http:
        assert (await http.post("/api/sources", json=new)).status_code == 201
        before = text_of(hub)
        answer = await http.post("/api/sources/shop/secrets/secret", json={"value": "short"})
    assert answer.status_code == 422
    assert text_of(hub) == before


async def test_a_paused_source_takes_nothing_until_it_goes_on(hub):
    async with calling(hub) as http:
        assert (await http.post("/api/sources/website/pause")).json()["enabled"] is False
        assert (await post(hub, '{"id": "1"}')).status_code == 404
        assert (await http.get("/api/sources/website")).json()["health"] == "off"
        assert (await http.post("/api/sources/website/test")).status_code == 409
        assert (await http.post("/api/sources/website/resume")).json()["enabled"] is True
    assert (await post(hub, '{"id": "1", "email": "max@example.com"}')).status_code == 202
    assert text_of(hub).strip() == CONFIG.strip()


async def test_who_may_do_what(hub):
    keys = await keys_of_all_roles(hub)
    calls = [
        ("POST", "/api/sources", NEW, "owner"), ("POST", "/api/sinks", {"name": "a", "connector": "csv_file"}, "owner"),
        ("POST", "/api/sources/partners/secrets/secret", {"value": OTHER}, "owner"),
        ("POST", "/api/sources/website/pause", None, "operator"), ("GET", "/api/sources/partners/secrets", None, "operator"),
        ("GET", "/api/connectors", None, "viewer"), ("GET", "/api/connectors/hubspot", None, "viewer"),
    ]  # fmt: skip
    below = {"owner": "admin", "operator": "viewer", "viewer": "source"}
    for method, path, body, role in calls:
        async with calling(hub, keys[below[role]]) as http:
            assert (await http.request(method, path, json=body)).status_code == 403, path


async def test_every_connector_is_listed_with_what_it_can_do(hub):
    async with calling(hub) as http:
        every = (await http.get("/api/connectors")).json()["items"]
        sinks = (await http.get("/api/connectors", params={"kind": "sink"})).json()["items"]
        one = (await http.get("/api/connectors/hubspot")).json()
    assert len(every) == len(hub.plan.registry.all("connector"))
    assert {each["kind"] for each in sinks} == {"sink"}
    assert one["settings"]["properties"]["base_url"]["default"].startswith("https://")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", ".hidden", "x" * 200, "a b", "-a", "a\0b"])
def test_a_secret_is_kept_under_a_plain_name_only(tmp_path: Path, name):
    with pytest.raises(ConfigError):
        secretfiles.keep(tmp_path, name, CANARY)
    assert not (tmp_path / "secrets").exists() or list((tmp_path / "secrets").iterdir()) == []


@pytest.mark.parametrize("value", ["", "  ", "a\n", "a\r\n", "a\0b", "\ufeffa", "\ud800", "x" * 70_000])
def test_a_value_that_no_file_gives_back_is_refused(tmp_path: Path, value):
    with pytest.raises(ConfigError):
        secretfiles.keep(tmp_path, "plain", value)


def test_a_secret_never_takes_the_place_of_another(tmp_path: Path):
    first, second = (secretfiles.keep(tmp_path, "plain", value) for value in (CANARY, OTHER))
    assert (first, second) == ("${file:secrets/plain}", "${file:secrets/plain-2}")
    assert (tmp_path / "secrets" / "plain").read_text("utf-8") == CANARY
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_secrets_are_not_written_through_a_link(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    (work / "secrets").symlink_to(elsewhere)
    with pytest.raises(ConfigError):
        secretfiles.keep(work, "plain", CANARY)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("reference", ["${file:secrets/../hub.yaml}", "${file:hub.yaml}", "${env:X}", "secrets/plain", "${file:/etc/passwd}"])  # fmt: skip
def test_only_files_of_ours_are_deleted(tmp_path: Path, reference):
    (tmp_path / "hub.yaml").write_text("x", "utf-8")
    assert secretfiles.drop(tmp_path, reference) is False
    assert (tmp_path / "hub.yaml").exists()
