"""The catalogue of connectors, and a page for each one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hub import yamlfile
from hub.abilities import abilities, confirmed, kind_of, purpose
from hub.connector import Connector
from hub.docs.markdown import block, bullets, code, fenced, flow, joined, page, table
from hub.docs.models import described
from hub.docs.reference import SETTINGS_HEAD, setting_rows
from hub.sink import Sink
from hub.source import FileSource, PollSource, Source, WebhookSource
from hub.testing.cases import CaseFile, load
from hub.testing.parts import Post

FAMILIES = {
    "forms": "Forms", "ads": "Ad platforms", "events": "Events and booths", "lists": "Lists", "mail": "Mail",
    "calls": "Calls", "messages": "Messages", "crm": "CRMs", "sheets": "Sheets and files", "chat": "Chat", "sms": "SMS",
    "conversions": "Conversions back to ad platforms",
}  # fmt: skip


class Entry(NamedTuple):
    """A shipped connector with its files."""

    cls: type[Connector]
    path: Path
    cases: CaseFile
    mapping: Path | None

    @property
    def family(self) -> str:
        """Return the folder it stands in."""
        return self.path.parent.name


def entry_of(cls: type[Connector], mappings: Path) -> Entry:
    """Return a connector with its cases and mapping, as far as they are there."""
    path = Path(inspect.getfile(cls))
    cases, mapping = path.with_name(f"{cls.name}.cases.yaml"), mappings / f"{cls.name}.yaml"
    return Entry(cls, path, load(cases) if cases.is_file() else CaseFile(), mapping if mapping.is_file() else None)


def catalogue(entries: list[Entry]) -> str:
    """Return connectors/README.md."""
    known = [*FAMILIES, *sorted({entry.family for entry in entries} - FAMILIES.keys())]
    return page("catalogue", families=joined(*(part for family in known for part in _family(family, entries))))


def _family(family: str, entries: list[Entry]) -> Iterator[str]:
    rows = [_row(entry) for entry in entries if entry.family == family]
    if rows:
        yield f"## {FAMILIES.get(family, family)}"
        yield table(("name", "vendor", "what it does", "how", "can", "facts confirmed"), rows)


def _row(entry: Entry) -> tuple[str, ...]:
    link = f"[{code(entry.cls.name)}](../docs/connectors/{entry.cls.name}.md)"
    can = ", ".join(abilities(entry.cls))
    return link, entry.cls.title, purpose(entry.cls), ", ".join(kinds_of(entry.cls)), can, confirmed(entry.cls)


def overview(entries: list[Entry]) -> str:
    """Return the table of the README: a row for each family."""
    rows = []
    for family, words in FAMILIES.items():
        mine = [entry for entry in entries if entry.family == family]
        for kind, side in (("source", "leads come from"), ("sink", "leads go to")):
            names = [_short(entry) for entry in mine if kind_of(entry.cls) == kind]
            if names:
                rows.append((words, side, ", ".join(names)))
    return table(("", "", "connectors"), rows)


def _short(entry: Entry) -> str:
    return f"[{entry.cls.title}](docs/connectors/{entry.cls.name}.md)"


def kinds_of(cls: type[Connector]) -> list[str]:
    """Return in words how leads travel."""
    faces = ((WebhookSource, "source by webhook"), (PollSource, "source by poll"), (FileSource, "source by file"))
    return [words for face, words in (*faces, (Sink, "sink")) if issubclass(cls, face)]


def connector_page(entry: Entry) -> str:
    """Return docs/connectors/NAME.md."""
    cls = entry.cls
    return page(
        "connector",
        title=f"{cls.title} ({code(cls.name)})",
        about=inspect.getdoc(cls) or "",
        manners=bullets([f"Kind: {', '.join(kinds_of(cls))}.", f"Written from: <{cls.docs_url}>", *_manners(cls)]),
        example=fenced(_example(cls), "yaml"),
        settings=table(SETTINGS_HEAD, setting_rows(cls.Config)) or "It has no settings of its own.",
        rest=joined(*_inbound(entry), *_fields(entry), *_facts(cls), *_cases(entry)),
    )


def _manners(cls: type[Connector]) -> Iterator[str]:
    if issubclass(cls, WebhookSource):
        proof = "none, anyone may post" if cls.public else "a signature over the body" if cls.signed else "a key"
        yield f"Proof of the sender: {proof}."
        if cls.answers:
            told = ", ".join(f"{status} as {instead}" for status, instead in cls.answers.items())
            yield f"Answers this vendor would give up on are given otherwise: {told}."
    if issubclass(cls, PollSource):
        yield f"Polled every {cls.every.total_seconds() / 60:g} minutes; `every` changes it."
    if issubclass(cls, FileSource):
        yield f"Its folder is looked into every {cls.every.total_seconds() / 60:g} minutes; `every` changes it."
    if issubclass(cls, Sink):
        yield from _sink_manners(cls)


def _sink_manners(cls: type[Sink]) -> Iterator[str]:
    searchable = not isinstance(cls.searchable, property) or cls.searchable is not Sink.searchable
    repeat = "is forgiven: the other side tells it by its key" if cls.repeatable else "is not forgiven"
    found = "; before one, it is searched for" if searchable and _searches(cls) else ""
    yield f"A repeat {repeat}{found}."
    yield f"A later version of a lead {'is written onto its record' if cls.updates else 'is not sent'}."
    yield f"At once: {cls.batch} in a request, {cls.concurrency} requests side by side."
    yield f"Rate: {f'{cls.rate:g} requests a second' if cls.rate else 'no limit'}; `rate` changes it."


def _searches(cls: Any) -> bool:
    return any("find" in base.__dict__ and base.__module__ != "hub.sink" for base in cls.__mro__)


def _example(cls: type[Connector]) -> str:
    """Return a piece of hub.yaml that names everything that must be given."""
    wanted = [one for one in described(cls.Config) if one.default == "required" or one.name == "secret"]
    own = {"connector": cls.name, **{one.name: _given(cls.name, one.name, one.kind) for one in wanted}}
    if issubclass(cls, FileSource):
        own |= {"path": f"inbox/{cls.name}/*"}
    section = "sources" if issubclass(cls, Source) else "sinks"
    return block({section: {_example_name(cls): own}})


def _example_name(cls: type[Connector]) -> str:
    return f"my_{cls.name}"


def _given(connector: str, name: str, kind: str) -> Any:
    if "secret" in kind:
        return f"${{env:{connector.upper()}_{name.upper()}}}"
    if "number" in kind:
        return 1
    return ["…"] if kind.startswith("list") else {"…": "…"} if kind.startswith("names") else "…"


def _inbound(entry: Entry) -> Iterator[str]:
    if not issubclass(entry.cls, WebhookSource):
        return
    yield "## The address"
    yield (
        "Senders post to `https://YOUR-HUB/in/NAME`, where NAME is the source's name in hub.yaml. "
        "The answer is 202 with the submission's id once the bytes are safe, unless this vendor expects another."
    )
    posts = [case for case in entry.cases.verify if case.expect == "ok"] or entry.cases.parse
    if posts and posts[0].given.url:
        yield "Its proof covers the address too, so no request stands here: `leadhub sandbox post` signs one for yours."
    elif posts:
        name = _example_name(entry.cls)
        yield "To try it from a shell, with these settings:"
        yield fenced(block({"sources": {name: {"connector": entry.cls.name, **entry.cases.config}}}), "yaml")
        yield fenced(_curl(posts[0].given, name), "sh")
        if any(value.isdecimal() and len(value) == 10 for value in posts[0].given.headers.values()):
            yield "Its time is that of the case, so a running hub refuses it as stale; sign one of your own."


def _curl(post: Post, source: str) -> str:
    query = "?" + "&".join(f"{name}={value}" for name, value in post.query.items()) if post.query else ""
    lines = [f"curl -X {post.method} 'http://127.0.0.1:8400/in/{source}{query}'"]
    lines += [f"-H {_quoted(f'{name}: {value}')}" for name, value in post.headers.items()]
    if "value" in post.model_fields_set:
        lines += [
            "-H 'Content-Type: application/json'",
            f"--data-binary {_quoted(json.dumps(post.value, ensure_ascii=False))}",
        ]
    elif post.form is not None:
        lines += [f"--data-urlencode {_quoted(f'{name}={value}')}" for name, value in post.form.items()]
    elif post.body:
        lines.append(f"--data-binary {_quoted(post.body)}")
    return " \\\n  ".join(lines)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fields(entry: Entry) -> Iterator[str]:
    if entry.mapping is None:
        return
    spec: Mapping[str, Any] = yamlfile.load(entry.mapping).data or {}
    yield "## Fields"
    yield f"From {code(f'mappings/{entry.mapping.name}')}; a file of that name in your workspace takes its place."
    yield table(("field", "comes from"), ((code(n), code(flow(way))) for n, way in (spec.get("fields") or {}).items()))
    if spec.get("usual_names"):
        yield "Whatever is not listed is matched by its usual name ([fields](../fields.md))."
    if spec.get("ignore"):
        yield f"Noise that is left out: {', '.join(map(code, spec['ignore']))}."


def _facts(cls: type[Connector]) -> Iterator[str]:
    for name, facts in (("Checked", cls.confirmed), ("Not checked", cls.unconfirmed)):
        if facts:
            yield f"## {name}"
            yield bullets(f"{fact.rstrip('.')}." for fact in facts)


def _cases(entry: Entry) -> Iterator[str]:
    cases = [f"{kind}: should {case.should}" for kind, case in entry.cases.all()]
    if cases:
        yield "## What it is tested for"
        yield f"Each is a case in {code(f'connectors/{entry.family}/{entry.cls.name}.cases.yaml')}."
        yield bullets(cases)
