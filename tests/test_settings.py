"""hub.yaml with a slip of the pen, and secrets that are not there: what is said, and what works all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub import loader, yamlfile
from hub.errors import ConfigError, UnsetSecret
from hub.hookspecs import hookimpl
from hub.plan import Plan, build
from hub.settings import parse_settings
from hub.settings.files import Secrets

CONFIG = """
sources:
  survey: {connector: typeform, secret: s3cret}
  site: {connector: web_form}
sinks:
  crm: {connector: hubspot, token: t0ken}
  chat: {connector: slack, webhook: https://hooks.slack.com/services/T0/B0/x}
flows:
  - {name: inbound, from: [survey, site], routes: [{name: all, to: [crm, chat]}]}
"""


def made(text: str, *, ask: Any = {}.get, plugins: tuple[str, ...] = (), forgiving: bool = False) -> Plan:
    """Return the plan of a configuration in a folder of its own."""
    settings, file = parse_settings(yamlfile.loads(text, "hub.yaml"))
    secrets = Secrets(Path("nowhere"), ask, plugins)
    return build(settings, file, loader.load().registry, folder=Path("nowhere"), resolve=secrets, forgiving=forgiving)


def refused(text: str, **how: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        made(text, **how)
    return str(caught.value)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("secret: s3cret", "secrt: s3cret", 'Source "survey": setting "secret" is missing, and "secrt" is not known.'),
        ("token: t0ken", "tokne: t0ken", 'Sink "crm": setting "tokne" is not known.'),
        ("connector: typeform", "conector: typeform", '"connector" is missing, and "conector" is not known.'),
        ("name: inbound", "nam: inbound", 'Flow 1: setting "name" is missing, and "nam" is not known.'),
        ("name: all", "nmae: all", 'setting "name" is missing, and "nmae" is not known.'),
    ],
)
def test_a_misspelt_setting_beside_the_missing_one_is_named_with_it(right: str, wrong: str, says: str):
    said = refused(CONFIG.replace(right, wrong))
    line = next(number for number, text in enumerate(CONFIG.splitlines(), 1) if right in text)
    assert said.startswith(f"hub.yaml:{line}: ")
    assert f'{says} Did you mean "{right.partition(":")[0]}"?' in said


def test_an_unknown_setting_beside_a_missing_one_it_does_not_resemble_is_named_too():
    said = refused(CONFIG.replace("secret: s3cret", "colour: red"))
    assert 'setting "secret" is missing, and "colour" is not known. Known: ' in said


def test_a_setting_that_may_be_of_several_kinds_is_named_as_it_is_written():
    right = "routes: [{name: all, to: [crm, chat]}]"
    said = refused(CONFIG.replace(right, "routes: [{name: all, to: [crm, chat], respond_within: 5x}]"))
    assert "Flow 1: setting \"respond_within\": '5x' is not a duration" in said


def test_a_setting_that_is_only_missing_is_to_be_added():
    said = refused(CONFIG.replace(", secret: s3cret", ""))
    assert said.endswith('Source "survey": setting "secret" is missing. Add it.')


def with_token(reference: str) -> str:
    return CONFIG.replace("token: t0ken", f'token: "${{{reference}}}"')


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("env:LEADHUB_NOBODY_SETS_THIS", "Set the environment variable 'LEADHUB_NOBODY_SETS_THIS'."),
        ("file:secrets/none", "Create the file 'secrets/none', in UTF-8."),
        (
            "credential:hubspot",
            'Nothing here reads the scheme "credential"; leadhub reads env and file. '
            "Write ${env:NAME} or ${file:PATH}, or add a plugin whose hub_secret reads it.",
        ),
        ("evn:HUBSPOT", 'Nothing here reads the scheme "evn"; leadhub reads env and file. Did you mean "env"?'),
    ],
)
def test_a_secret_that_is_not_there_says_what_to_do(reference: str, says: str):
    said = refused(with_token(reference))
    assert f'Sink "crm".token: the secret {reference!r} is not there, or empty. {says}' in said


def test_a_scheme_of_a_plugin_names_the_plugins_that_were_asked():
    said = refused(with_token("credential:hubspot"), plugins=("plugins/credentials.py", "plugins/vault.py"))
    assert (
        'The scheme "credential" is not leadhub\'s own, which are env and file; asked in vain: '
        "plugins/credentials.py, plugins/vault.py. Check the name 'hubspot', and where the plugin looks it up."
    ) in said


class Vault:
    """A plugin that reads its own scheme."""

    @hookimpl
    def hub_secret(self, reference: str) -> str | None:
        return "s3cret-of-the-vault" if reference == "vault:hubspot" else None


def test_plugins_are_asked_before_the_environment_and_are_known_by_name(tmp_path: Path):
    secrets = loader.load(extra=[Vault()]).secrets(tmp_path)
    (tmp_path / "token").write_text("s3cret-of-the-file\n")
    (tmp_path / "token").chmod(0o600)
    assert [secrets("vault:hubspot"), secrets("file:token")] == ["s3cret-of-the-vault", "s3cret-of-the-file"]
    assert len(secrets.plugins) == 1


UNSET = with_token("env:LEADHUB_NOBODY_SETS_THIS").replace("s3cret", '"${file:none}"')


def test_what_needs_no_connector_works_without_its_secrets():
    plan = made(UNSET, forgiving=True)
    said = [str(error).partition(": the secret")[0] for error in plan.unset]
    assert said == ['hub.yaml:3: Source "survey".secret', 'hub.yaml:6: Sink "crm".token']
    assert (set(plan.sources), set(plan.sinks)) == ({"survey", "site"}, {"crm", "chat"})
    assert (plan.sources["site"].name, plan.sinks["chat"].name) == ("web_form", "slack")
    assert ("crm" in plan.sinks, "nobody" in plan.sinks, plan.sinks.get("nobody")) == (True, False, None)
    assert set(plan.flows) == {"survey", "site"}


def test_a_connector_whose_secret_is_not_there_says_so_when_it_is_asked_for():
    plan = made(UNSET, forgiving=True)
    with pytest.raises(UnsetSecret, match="env:LEADHUB_NOBODY_SETS_THIS"):
        plan.sinks["crm"]
    with pytest.raises(UnsetSecret, match="file:none"):
        plan.sources.get("survey")


def test_only_secrets_are_forgiven():
    with pytest.raises(ConfigError, match='"tmeout" is not known'):
        made(UNSET.replace("connector: slack,", "connector: slack, tmeout: 3,"), forgiving=True)
    with pytest.raises(UnsetSecret):
        made(UNSET)


PEOPLE = """
sources: {site: {connector: web_form}}
sinks:
  chat: {connector: slack, webhook: https://hooks.slack.com/services/T0/B0/x}
  book: {connector: csv_file, path: leads.csv}
calendars: {days: {}}
pools:
  sea: {teams: [north]}
teams:
  north:
    calendar: days
    members: [{name: li, calendar: days}, {name: wang}]
    fallback: {pool: sea}
    ladder: [{at: 5m, do: warn, to: [chat]}, {at: 9m, do: recycle, pool: sea}]
    recycle: [{after: 7d, pool: sea}]
    nurture: {to: [book]}
  south: {fallback: {team: north}}
review: {to: [chat]}
flows:
  - name: inbound
    from: [site]
    routes:
      - {name: hot, assign: {team: north}, calendar: days, to: [book]}
      - {name: rest, assign: {pool: sea}}
      - {name: sold, auction: {buyers: [book, chat]}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("  sea: {teams: [north]}", "  sea: {teams: [noth]}", 'Pool "sea": team "noth" is not known. Did you mean "no'),
        ("    calendar: days", "    calendar: day", 'Team "north": calendar "day" is not known. Did you mean "days"?'),
        ("{name: li, calendar: days}", "{name: li, calendar: dayz}", 'Team "north", member "li": calendar "dayz" is n'),
        ("fallback: {pool: sea}", "fallback: {pool: see}", 'Team "north", fallback: pool "see" is not known. Did you '),
        ("to: [chat]}, {at", "to: [cat]}, {at", 'Team "north", ladder: sink "cat" is not known. Did you mean "chat"?'),
        ("recycle, pool: sea", "recycle, pool: se", 'Team "north", ladder: pool "se" is not known. Did you mean "sea'),
        ("after: 7d, pool: sea", "after: 7d, pool: tea", 'Team "north", recycle: pool "tea" is not known. Did you mea'),
        ("nurture: {to: [book]}", "nurture: {to: [boo]}", 'Team "north", nurture: sink "boo" is not known. Did you me'),
        (
            "{fallback: {team: north}}",
            "{fallback: {team: nort}}",
            'Team "south", fallback: team "nort" is not known. D',
        ),
        ("review: {to: [chat]}", "review: {to: [chta]}", 'Review: sink "chta" is not known. Did you mean "chat"?'),
        ("{team: north}, cal", "{team: orth}, cal", 'Route "hot": team "orth" is not known. Did you mean "north"?'),
        ("calendar: days, to", "calendar: dais, to", 'Route "hot": calendar "dais" is not known. Did you mean "days"?'),
        ("assign: {pool: sea}", "assign: {pool: seas}", 'Route "rest": pool "seas" is not known. Did you mean "sea"?'),
        ("buyers: [book, chat]", "buyers: [book, chap]", 'Route "sold": sink "chap" is not known. Did you mean "chat'),
        ("{name: wang}", "{name: li}", 'Team "north" has two members named "li". Rename one.'),
    ],
)
def test_a_name_in_what_is_said_of_people_that_nothing_has_is_an_error_with_its_line(right: str, wrong: str, says: str):
    parse_settings(yamlfile.loads(PEOPLE, "hub.yaml"))
    assert PEOPLE.count(right) == 1
    with pytest.raises(ConfigError) as caught:
        parse_settings(yamlfile.loads(PEOPLE.replace(right, wrong), "hub.yaml"))
    line = next(number for number, text in enumerate(PEOPLE.splitlines(), 1) if right in text)
    assert str(caught.value).startswith(f"hub.yaml:{line}: {says}")


def test_the_pool_of_leads_that_nobody_could_take_is_always_there():
    parse_settings(yamlfile.loads(PEOPLE.replace("fallback: {pool: sea}", "fallback: {pool: unassigned}"), "hub.yaml"))
