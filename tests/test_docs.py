"""The reference is current and complete, the schema says what the hub takes, and README's example runs."""

import argparse
import dataclasses
import json
import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import jsonschema
import pytest
from pydantic import BaseModel

from hub import docs, hookspecs, loader, yamlfile
from hub.docs import connectors, reference
from hub.docs.models import described
from hub.events import KINDS
from hub.inbound import Inbound
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS
from hub.normal.verdicts import CODES
from hub.observe.measures import MEASURES
from hub.rules import FUNCTIONS, NAMES
from hub.settings import Settings
from hub.source import WebhookSource
from hub.testing.cases import KINDS as CASES
from hub.testing.contract import run_kit
from hub.testing.fakes import HandClock

ROOT = Path(__file__).parents[1]
REGISTRY = loader.load().registry
BUILT = docs.build(REGISTRY, ROOT)
SCHEMA = json.loads(BUILT["docs/hub.schema.json"])
WORKSPACES = sorted((ROOT / "hub" / "demo" / "templates").glob("*.yaml"))


@pytest.mark.parametrize("path", BUILT)
def test_page_is_current(path):
    assert path not in docs.stale(BUILT, ROOT), f"{path} is stale. Run: leadhub docs"


def test_no_page_of_a_connector_that_is_gone_is_left():
    assert set(docs.stale(BUILT, ROOT)) <= BUILT.keys()


def test_a_changed_page_is_stale_and_written_anew(tmp_path):
    docs.write(BUILT, tmp_path)
    (tmp_path / "docs" / "events.md").write_text("old")
    (tmp_path / "docs" / "connectors" / "gone.md").write_text("old")
    assert docs.stale(BUILT, tmp_path) == ["docs/connectors/gone.md", "docs/events.md"]
    assert docs.write(BUILT, tmp_path) == ["docs/connectors/gone.md", "docs/events.md"]
    assert docs.stale(BUILT, tmp_path) == []


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("docs/events.md", KINDS),
        ("docs/metrics.md", [measure.name for measure in MEASURES]),
        ("docs/fields.md", [*LEAD_FIELDS, *TOUCH_FIELDS]),
        ("docs/problems.md", CODES),
        ("docs/rules.md", [*NAMES]),
        ("docs/steps.md", [name for kind in ("step", "enricher", "strategy") for name in REGISTRY.all(kind)]),
        ("docs/hooks.md", [name for name in vars(hookspecs) if name.startswith("hub_")]),
        ("connectors/README.md", REGISTRY.all("connector")),
    ],
)
def test_every_name_is_documented(page, names):
    assert [name for name in names if f"`{name}" not in BUILT[page]] == []


def test_every_function_of_rules_is_documented():
    assert [name for name in FUNCTIONS if f"`{name}(" not in BUILT["docs/rules.md"]] == []


def test_every_kind_of_case_is_explained():
    told = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [kind for kind in CASES if f"`{kind}`" not in told] == []


def test_every_hook_is_documented_with_its_arguments():
    assert "## `hub_event(event)`" in BUILT["docs/hooks.md"]
    assert "## `hub_secret(reference)`" in BUILT["docs/hooks.md"]


def test_every_setting_is_described():
    def names(model: type[BaseModel]):
        for one in described(model):
            yield (model.__name__, one.name, bool(one.text))
            for below in one.inner if one.name not in reference.INSIDE else ():
                yield from names(below)

    found = [entry for one in described(Settings) for model in one.inner for entry in names(model)]
    assert [entry for entry in found if not entry[2]] == []
    assert [name for _, name, _ in found if name != "config" and f"`{name}`" not in BUILT["docs/settings.md"]] == []


@pytest.mark.parametrize("name", REGISTRY.all("connector"))
def test_a_connectors_page_has_all_its_settings_facts_and_cases(name):
    entry = connectors.entry_of(REGISTRY.connector(name), ROOT / "mappings")
    page = BUILT[f"docs/connectors/{name}.md"]
    assert [one.name for one in described(entry.cls.Config) if f"`{one.name}`" not in page] == []
    assert [fact for fact in (*entry.cls.confirmed, *entry.cls.unconfirmed) if fact.rstrip(".") not in page] == []
    assert page.count(": should ") == len(list(entry.cases.all()))


SHELL = argparse.ArgumentParser()
SHELL.add_argument("program")
SHELL.add_argument("-X", dest="method")
SHELL.add_argument("address")
SHELL.add_argument("-H", dest="headers", action="append", default=[])
SHELL.add_argument("--data-binary", dest="body", default="")
SHELL.add_argument("--data-urlencode", dest="form", action="append", default=[])


def tried(page: str) -> tuple[dict, Inbound]:
    """Return the source that a page shows to try things with, and the request it shows, as curl would send it."""
    blocks = re.findall(r"```\w+\n(.*?)```", page.partition("## The address")[2], re.DOTALL)
    said = SHELL.parse_args(shlex.split(blocks[1].replace("\\\n", " ")))
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers |= {name.lower(): value for name, value in (line.split(": ", 1) for line in said.headers)}
    body = said.body or urlencode([tuple(pair.split("=", 1)) for pair in said.form])
    url = urlsplit(said.address)
    return yamlfile.loads(blocks[0]).data["sources"], Inbound(
        said.method, said.address, headers, dict(parse_qsl(url.query)), body.encode(), client="127.0.0.1"
    )


SHOWN = [
    name
    for name, cls in REGISTRY.sources().items()
    if issubclass(cls, WebhookSource) and "covers the address" not in BUILT[f"docs/connectors/{name}.md"]
]


@pytest.mark.parametrize("name", SHOWN)
def test_the_request_on_a_page_is_believed_under_the_settings_on_it(name):
    cls = REGISTRY.connector(name)
    sources, inbound = tried(BUILT[f"docs/connectors/{name}.md"])
    ((source, own),) = sources.items()
    assert own.pop("connector") == name
    assert f"/in/{source}" in inbound.url
    now = connectors.entry_of(cls, ROOT / "mappings").cases.now
    cls(source, cls.Config(**own), HandClock(now)).verify(dataclasses.replace(inbound, received_at=now))


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", WORKSPACES, ids=lambda path: path.name)
def test_the_schema_takes_what_the_hub_takes(path):
    jsonschema.validate(yamlfile.load(path).data, SCHEMA)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: {a: {connector: web_form, orgins: []}}", "orgins"),
        ("sources: {a: {connector: web_fom}}", "web_fom"),
        ("sources: {a: {connector: hubspot}}", "hubspot"),
        ("sources: {a: {connector: typeform}}", "secret"),
        ("sources: {A: {connector: web_form}}", "'A'"),
        ("sinks: {a: {connector: webhook, url: x, retry: [5 seconds]}}", "5 seconds"),
        ("sinks: {a: {connector: smtp, host: a, from: b, to: [c], port: many}}", "many"),
        ("flows: [{name: a, from: [], steps: [scor]}]", "scor"),
        ("flows: [{name: a, from: [], steps: [{score: {bae: 1}}]}]", "bae"),
        ("hub: {nam: a}", "nam"),
    ],
)
def test_the_schema_notices_a_slip(text, said):
    with pytest.raises(jsonschema.ValidationError) as caught:
        jsonschema.validate(yamlfile.loads(text).data, SCHEMA)
    found = [caught.value, *caught.value.context]
    assert any(said in error.message for error in found)


@pytest.mark.parametrize(
    "text",
    [
        'sinks: {a: {connector: smtp, host: a, from: b, to: [c], port: "${env:PORT}", timeout: "${env:T}"}}',
        "sinks: {a: {connector: webhook, url: x, retry: [5s, 1.5h, 30]}}",
        "sources: {a: {connector: web_form, every: 5m, dedupe: {within: 30d}, tags: {party: first}}}",
        "flows: [{name: a, from: [b], steps: [map, {score: {bant: true, decay: {half_life: 7d}}}], routes: [{name: x, respond_within: 5m}]}]",
    ],
)
def test_the_schema_takes_what_people_write(text):
    jsonschema.validate(yamlfile.loads(text).data, SCHEMA)


def _readme_block(section: str, language: str) -> str:
    text = (ROOT / "README.md").read_text("utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found, f"README has no ```{language} block under the heading {section!r}."
    return found[1]


def test_the_source_in_readme_is_thirty_lines_and_passes_the_kit(tmp_path):
    code = _readme_block("A source in 30 lines", "python")
    name = re.search(r'^    name = "(\w+)"', code, re.MULTILINE)[1]
    (tmp_path / "plugins").mkdir()
    path = tmp_path / "plugins" / f"{name}.py"
    path.write_text(code, "utf-8")
    assert len(code.splitlines()) <= 30
    assert [v.reason for v in run_kit(path) if not v.ok and not v.advice] == []
