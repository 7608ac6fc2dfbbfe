"""Checks of what a connector says about itself: its name, its documentation, its settings."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from hub import mapping as mappings
from hub.abilities import purpose
from hub.errors import ConfigError
from hub.families.listener import Listener
from hub.news import Feedback
from hub.source import FileSource, PollSource, Source, WebhookSource
from hub.step import Socket
from hub.testing.contract.subject import Failed, Subject
from hub.testing.stillness import stillness

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
_SECRET = re.compile(
    r"(^|_)(secret|password|passphrase|token|api_key|private_key|access_key|signing_key|credentials?)(_key)?$"
)

SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("apikey", "api_token", "app_key", "appkey"), "api_key"),
        **dict.fromkeys(("access_token", "auth_token", "bearer_token", "bearer", "oauth_token"), "token"),
        **dict.fromkeys(("webhook_secret", "signing_secret", "shared_secret", "hmac_secret", "secrets"), "secret"),
        **dict.fromkeys(("old_secret", "last_secret", "secondary_secret", "secret_2"), "previous_secret"),
        **dict.fromkeys(("endpoint", "api_url", "baseurl", "api_base", "server_url", "api_host"), "base_url"),
        **dict.fromkeys(("webhook_url", "hook_url", "address", "uri"), "url"),
        **dict.fromkeys(("account", "accountid", "account_number"), "account_id"),
        **dict.fromkeys(("clientid", "client_key"), "client_id"),
        **dict.fromkeys(("timeout_seconds", "timeout_s", "request_timeout", "time_out"), "timeout"),
        **dict.fromkeys(("file", "filename", "file_path", "filepath"), "path"),
    }
)
"""Names that other connectors have another word for; one name for one thing."""


def check_is_named_like_its_file(subject: Subject) -> None:
    """The name is lower snake case and the file's stem; further connectors in a file start with it."""
    name, stem = subject.cls.name, subject.plug.name
    if not _NAME.fullmatch(name):
        raise Failed(f"The name {name!r} must be lower case letters, digits and _, such as {stem!r}.")
    if name != stem and not name.startswith(f"{stem}_"):
        raise Failed(f"The name is {name!r} and the file is {stem}.py. Give both one name.")


def check_has_title_and_docs(subject: Subject) -> None:
    """Title, a docstring, and the address of the vendor's page are there."""
    cls = subject.cls
    if not cls.title:
        raise Failed("`title` is missing: the vendor's name as people write it.")
    address = urlsplit(cls.docs_url)
    if address.scheme != "https" or not address.netloc:
        raise Failed(f"`docs_url` is {cls.docs_url!r}. Give the https address of the page it was written from.")
    if not (cls.__doc__ or "").strip().partition("\n")[0].endswith("."):
        raise Failed("The class has no docstring, or its first line is no sentence. Say what an instance of it is.")


def check_facts_are_lists_of_sentences(subject: Subject) -> None:
    """`confirmed` and `unconfirmed` are tuples of texts; a single text in brackets is no tuple."""
    for name in ("confirmed", "unconfirmed"):
        facts = getattr(subject.cls, name)
        if not isinstance(facts, tuple) or not all(isinstance(fact, str) and fact.strip() for fact in facts):
            raise Failed(f"`{name}` must be a tuple of sentences; a single one needs a comma behind it.")


def check_translations_are_of_what_it_says(subject: Subject) -> None:
    """`translations` has, by language, texts that pages show of the connector, or names of its settings."""
    cls = subject.cls
    known = {cls.title, purpose(cls), *cls.confirmed, *cls.unconfirmed}
    for name, field in fields_of(subject):
        known |= {name, field.description or ""}
    for language, words in cls.translations.items():
        odd = [one for one in words if one not in known and one.partition("=")[0] not in known]
        if odd or not all(words.values()):
            raise Failed(
                f"`translations`, {language}: {(odd or [''])[0]!r} is no text of the connector and no setting of it."
            )


def fields_of(subject: Subject) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the settings by the names a hub.yaml uses."""
    for name, field in subject.cls.Config.model_fields.items():
        yield field.alias or name, field


def check_settings_are_described(subject: Subject) -> None:
    """Every setting has a description that ends with a full stop."""
    bare = [name for name, field in fields_of(subject) if not (field.description or "").strip().endswith(".")]
    if bare:
        raise Failed(f"The settings {', '.join(bare)} have no description, or one without a full stop.")


def check_settings_have_the_usual_names(subject: Subject) -> None:
    """Settings that all connectors share have one name everywhere."""
    for name, _ in fields_of(subject):
        if name in SYNONYMS:
            raise Failed(f"The setting {name!r} is called {SYNONYMS[name]!r} everywhere. Rename it.")


def check_refuses_unknown_settings(subject: Subject) -> None:
    """A misspelt setting is an error, and never quietly without effect."""
    try:
        subject.cls.Config.model_validate({**subject.settings, "no_such_setting": 1})
    except ValidationError as error:
        if any(found["type"] == "extra_forbidden" for found in error.errors()):
            return
    raise Failed("Config takes unknown settings. Derive it from the base class's Config, which forbids them.")


def holds_secret(annotation: Any) -> bool:
    """Return whether a setting's type is SecretStr, optional or inside a mapping or list."""
    return annotation is SecretStr or any(holds_secret(inner) for inner in typing.get_args(annotation))


def check_keeps_secrets_apart(subject: Subject) -> None:
    """Settings that are secrets are SecretStr, and have no default but none at all."""
    for name, field in fields_of(subject):
        secret = holds_secret(field.annotation)
        if _SECRET.search(name) and not secret:
            raise Failed(f"The setting {name!r} looks like a secret. Make it a SecretStr, so that nothing prints it.")
        default = field.get_default(call_default_factory=True, validated_data={})
        if secret and not field.is_required() and isinstance(default, SecretStr):
            raise Failed(f"The secret {name!r} has a default. A secret has none; an optional one is None.")


def check_is_built_without_doing_anything(subject: Subject) -> None:
    """Building it calls nobody, writes nothing and starts nothing."""
    with stillness() as tried:
        try:
            subject.make()
        except Failed:
            if not tried:
                raise
    if tried:
        raise Failed(f"Building it {', '.join(dict.fromkeys(tried))}. Do that when it is first used.")


def check_has_cases(subject: Subject) -> None:
    """A cases file stands beside it and has what its kind needs."""
    if subject.no_cases:
        raise Failed(subject.no_cases)
    lacking = [said for said in _lacking(subject) if said]
    if lacking:
        raise Failed(f"{subject.name}.cases.yaml lacks {'; '.join(lacking)}.")


def _lacking(subject: Subject) -> Iterator[str]:
    cls, cases = subject.cls, subject.cases
    if issubclass(cls, WebhookSource):
        yield "" if any(case.expect == "ok" for case in cases.verify) or cls.public else "a verify case that is ok"
        yield "" if any(isinstance(case.expect, list) for case in cases.parse) else "a parse case with leads"
    elif issubclass(cls, PollSource):
        yield "" if cases.fetch else "a fetch case"
    elif issubclass(cls, FileSource):
        yield "" if any(isinstance(case.expect, list) for case in cases.read) else "a read case with leads"
    if issubclass(cls, Feedback):
        yield "" if cases.news or cls.news is Feedback.news else "a news case"
        yield "" if cases.heard or cls.heard is Feedback.heard else "a heard case"
    if issubclass(cls, (Source, Listener)):
        return
    yield "" if cases.request or cases.send else "a request or a send case"
    expected: list[Any] = [case.expect for case in cases.response] + [case.expect for case in cases.send]
    judged = [one for expect in expected for one in _listed(expect)]
    yield "" if any("sent" in expect for expect in judged) else "an acceptance (`sent`)"
    yield "" if any(set(expect) - {"sent"} for expect in judged) else "a refusal, or an answer to try again after"


def _listed(expect: Any) -> list[Mapping[str, Any]]:
    return expect if isinstance(expect, list) else [expect]


def check_has_a_mapping_that_holds(subject: Subject) -> None:
    """A source's mapping is there, has tests, and they pass."""
    functions = {thing.name: thing.run for thing in subject.plug.things if isinstance(thing, Socket)}
    try:
        mapping = mappings.find(subject.name, subject.name, subject.plug.mapping_folders, functions)
    except ConfigError as error:
        raise Failed(str(error)) from error
    if mapping.path is None:
        raise Failed(f"mappings/{subject.name}.yaml is missing. Map its fields, or write usual_names: true.")
    if not mapping.cases:
        raise Failed(f"{mapping.path.name} has no tests. Add `tests:` with given and expect.")
    failures = mapping.check()
    if failures:
        raise Failed(" ".join(failures))
