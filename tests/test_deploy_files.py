"""The files in deploy/ name what there is: images, ports, addresses, variables, options, metrics; and ask for no power."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from hub import loader, plan
from hub.app.office import ROLES
from hub.cli import app as commands
from hub.cli.serve import REQUEST_SECONDS
from hub.delivery.dispatcher import STOP_SECONDS
from hub.observe.measures import MEASURES
from hub.settings import Environment, load_settings
from hub.settings.files import Secrets
from tests.api.test_access import APP, flat

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PORT = str(Environment.model_fields["port"].default)
VARIABLES = {f"LEADHUB_{name.upper()}" for name in Environment.model_fields}
PATHS = {route.path for route in flat(APP.routes)}

DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
HUBS = {name: service for name, service in COMPOSE["services"].items() if name.startswith("hub")}
KUBERNETES = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))
DEPLOYMENT = next(one for one in KUBERNETES if one["kind"] == "Deployment")
POD = DEPLOYMENT["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]
CADDY = (DEPLOY / "Caddyfile").read_text("utf-8")
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
ALERTS = yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [t["expr"] for panel in PANELS for t in panel["targets"]]


def values(thing: Any) -> Iterator[Any]:
    """Yield every value inside nested lists and mappings, with its key."""
    for key, value in thing.items() if isinstance(thing, dict) else enumerate(thing):
        yield key, value
        if isinstance(value, (dict, list)):
            yield from values(value)


@pytest.mark.parametrize("path", sorted(path.name for path in DEPLOY.iterdir()))
def test_every_file_is_explained(path: str):
    assert path == "README.md" or f"({path})" in (DEPLOY / "README.md").read_text("utf-8")


EXPORTED = {
    name: {*measure.labels, *(["le"] if measure.kind == "histogram" else [])}
    for measure in MEASURES
    for name in (
        [f"{measure.name}_{end}" for end in ("bucket", "sum", "count")]
        if measure.kind == "histogram"
        else [measure.name]
    )
}
STANDARD = {"job", "instance"}
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_ask_for_metrics_and_labels_that_are_exported(expression: str):
    asked = re.findall(r"\b((?:leadhub|process)_[a-z_]+)\b(?:\{([^}]*)\})?", expression)
    assert asked or expression.startswith("up{")
    assert {name for name, _ in asked} <= EXPORTED.keys() | PROCESS
    grouped = {label.strip() for found in re.findall(r"by \(([^)]*)\)", expression) for label in found.split(",")}
    known = set().union(*(EXPORTED.get(name, set()) for name, _ in asked)) | STANDARD
    assert grouped <= known
    for name, selected in asked:
        assert set(re.findall(r"(\w+)\s*[=!]~?", selected)) <= EXPORTED.get(name, set()) | STANDARD


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]):
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert {"summary", "action"} <= rule["annotations"].keys()
    named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
    kept = {label.strip() for found in re.findall(r"by \(([^)]*)\)", rule["expr"]) for label in found.split(",")}
    assert named <= kept | (STANDARD if not kept else set())


def test_an_alert_and_a_panel_know_every_state_they_name():
    states = {"received", "quarantined", "ready", "sending", "unclear", "dead", "rejected", "open", "closed"}
    named = {one for e in EXPRESSIONS for found in re.findall(r'state=~?"([^"]*)"', e) for one in found.split("|")}
    assert named <= states


def test_the_dashboards_panels_lie_beside_each_other():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    taken = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(taken) == len(set(taken))
    assert all(p["x"] + p["w"] <= 24 for p in places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.partition(" ")[2].strip() for line in joined.splitlines() if line.startswith(f"{name} ")]


def test_the_image_copies_what_there_is_and_checks_every_hash():
    copied = [name for line in instructions("COPY") if "--from" not in line for name in shlex.split(line)[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    kept = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == set(copied)
    (installed,) = [line for line in instructions("RUN") if "-r requirements.lock" in line]
    assert "--require-hashes" in installed
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert len(re.findall(r"^[a-z0-9]", lock, re.MULTILINE)) <= lock.count("--hash=sha256:")


def test_the_image_runs_as_nobody_special_on_a_small_python_of_the_version_we_support():
    assert {line.split()[0] for line in instructions("FROM")} == {"python:3.11-slim"}
    assert instructions("USER") == ["10001:10001"]
    assert instructions("VOLUME") == ["/data"]
    assert instructions("EXPOSE") == [PORT]


def test_the_image_is_asked_whether_it_lives_where_there_is_an_answer():
    (check,) = instructions("HEALTHCHECK")
    (path,) = re.findall(r"127\.0\.0\.1:%s(/[a-z/]+)", check)
    assert path in PATHS
    command = json.loads(check.partition("CMD ")[2])
    compile(command[2], "healthcheck", "exec")


def variables() -> set[str]:
    envs = re.findall(r"(LEADHUB_[A-Z_]+)=", " ".join(instructions("ENV")))
    compose = {name for service in HUBS.values() for name in service["environment"]}
    secret = next(one for one in KUBERNETES if one["kind"] == "Secret")["stringData"]
    return {*envs, *compose, *(name for name in secret if name.startswith("LEADHUB_"))}


def test_every_variable_is_one_that_leadhub_reads():
    assert variables() <= VARIABLES
    assert {"LEADHUB_HOST", "LEADHUB_DATABASE", "LEADHUB_AUDIT_KEY", "LEADHUB_PRIVACY_KEY"} <= variables()


def run_options() -> set[str]:
    run = typer.main.get_command(commands).commands["run"]  # type: ignore[attr-defined]
    return {option for parameter in run.params for option in parameter.opts}


@pytest.mark.parametrize("command", [*(s["command"] for s in HUBS.values()), CONTAINER["args"]])
def test_the_program_is_started_with_options_it_has(command: list[str]):
    assert command[0] == "run"
    assert {word for word in command if word.startswith("--")} <= run_options()
    assert set(command[command.index("--roles") + 1].split(",")) <= ROLES


def test_compose_runs_two_hubs_that_do_everything_between_them():
    given = [set(service["command"][2].split(",")) for service in HUBS.values()]
    assert len(given) == 2
    assert set().union(*given) == ROLES


@pytest.mark.parametrize("name", HUBS)
def test_a_hub_in_compose_has_no_power(name: str):
    service = HUBS[name]
    assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001")
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert float(service["stop_grace_period"].removesuffix("s")) > STOP_SECONDS + REQUEST_SECONDS
    assert "ports" not in service


def test_compose_mounts_and_needs_what_is_there():
    declared = COMPOSE["volumes"].keys()
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in declared or (DEPLOY / source).exists() or source.startswith("./workspace/"), (name, volume)
        assert set(service.get("networks", ())) <= COMPOSE["networks"].keys()
        assert set(service.get("depends_on", ())) <= COMPOSE["services"].keys()
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?", (DEPLOY / "compose.yaml").read_text("utf-8")))
    offered = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE))
    assert wanted == offered
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert COMPOSE["services"]["db"]["networks"] == ["inside"]


def test_the_proxy_sends_to_the_hubs_and_asks_them_whether_they_are_ready():
    (upstreams,) = re.findall(r"reverse_proxy ([^{]*)\{", CADDY)
    assert set(upstreams.split()) == {f"{name}:{PORT}" for name in HUBS}
    assert re.findall(r"health_uri (\S+)", CADDY)[0] in PATHS
    assert CADDY.count("{") == CADDY.count("}")
    assert COMPOSE["services"]["proxy"]["environment"].keys() == set(re.findall(r"\{\$(\w+)\}", CADDY))
    (subnet,) = [c["subnet"] for c in COMPOSE["networks"]["outside"]["ipam"]["config"]]
    assert subnet in (DEPLOY / "README.md").read_text("utf-8")


def test_no_image_is_taken_without_a_version():
    images = [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    assert all(re.fullmatch(r"[a-z./]+:[0-9][0-9.]*", image) for image in [*images, CONTAINER["image"]])


def test_kubernetes_has_one_of_each_kind_in_one_namespace():
    kinds = [one["kind"] for one in KUBERNETES]
    assert sorted(kinds) == sorted(
        ["Namespace", "Secret", "ConfigMap", "Deployment", "Service", "Ingress", "PodDisruptionBudget", "NetworkPolicy"]
    )
    assert {one["metadata"].get("namespace", "leadhub") for one in KUBERNETES} == {"leadhub"}


def test_the_pod_is_one_of_the_restricted_standard():
    space = next(one for one in KUBERNETES if one["kind"] == "Namespace")
    assert space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    own, whole = CONTAINER["securityContext"], POD["spec"]["securityContext"]
    assert (whole["runAsNonRoot"], whole["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert own == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
    }  # fmt: skip
    assert POD["spec"]["automountServiceAccountToken"] is False
    volumes = {kind for volume in POD["spec"]["volumes"] for kind in volume if kind != "name"}
    assert volumes <= {"emptyDir", "configMap", "secret", "persistentVolumeClaim", "projected", "downwardAPI"}
    assert not [key for key, _ in values(POD) if key in ("hostPath", "hostNetwork", "hostPID", "hostIPC", "hostPort")]


def test_the_probes_ask_at_addresses_and_ports_that_there_are():
    (port,) = CONTAINER["ports"]
    assert str(port["containerPort"]) == PORT
    probes = {name: CONTAINER[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["path"] for probe in probes.values()} <= PATHS
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert probes["readinessProbe"]["path"] != probes["livenessProbe"]["path"]


def test_a_pod_has_the_time_that_stopping_takes():
    waits = float(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["spec"]["terminationGracePeriodSeconds"] > waits + STOP_SECONDS + REQUEST_SECONDS


def test_everything_on_kubernetes_finds_the_pods_and_the_settings():
    labels = POD["metadata"]["labels"]
    chosen = {"Service": "selector", "PodDisruptionBudget": "selector", "NetworkPolicy": "podSelector"}
    for one in KUBERNETES:
        if one["kind"] in chosen:
            selector = one["spec"][chosen[one["kind"]]]
            assert selector.get("matchLabels", selector).items() <= labels.items()
    assert DEPLOYMENT["spec"]["selector"]["matchLabels"].items() <= labels.items()
    mounted = {mount["name"] for mount in CONTAINER["volumeMounts"]}
    assert mounted == {volume["name"] for volume in POD["spec"]["volumes"]}
    assert {"/data", "/tmp"} <= {mount["mountPath"] for mount in CONTAINER["volumeMounts"]}


def test_the_configuration_on_kubernetes_loads_with_the_secrets_beside_it(tmp_path: Path):
    held = {one["kind"]: one for one in KUBERNETES}
    (tmp_path / "hub.yaml").write_text(held["ConfigMap"]["data"]["hub.yaml"], "utf-8")
    settings, file = load_settings(tmp_path / "hub.yaml")
    secret = {f"env:{name}": value for name, value in held["Secret"]["stringData"].items()}
    resolve = Secrets(tmp_path, secret.get)
    made = plan.build(settings, file, loader.load().registry, folder=tmp_path, resolve=resolve)
    assert set(made.flows) == set(settings.sources)


def test_no_secret_has_a_value_here():
    held = next(one for one in KUBERNETES if one["kind"] == "Secret")["stringData"]
    assert all("CHANGE" in value for value in held.values())
    filled = re.findall(r"^(\w*(?:PASSWORD|KEY)\w*)=(.+)$", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE)
    assert filled == []
