"""Reads out of the code the sentences that reach people: what is raised, refused or said, as patterns with {}."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import hub

HUB = Path(hub.__file__).parent

UNSEEN = {
    "cli": "the command line speaks English",
    "demo": "a command, and made-up leads",
    "docs": "writes the English reference",
    "testing": "the kit of tests and the sandbox",
    "web": "its texts are marked; what it raises is in RAISING",
    "events": "events are described for programs and in the reference",
    "lead": "fields are described in the reference",
    "fields": "fields are described in the reference; pages have labels",
    "observe": "measures and traces are read by machines",
    "failpoints": "only tests set them",
    "normal": "verdicts have their Chinese beside them",
    "attention/words": "has its Chinese beside its English",
    "alarms/words": "has its Chinese beside its English",
    "alarms/desk": "alarms are told in both languages",
    "alarms/following": "alarms are told in both languages",
    "response/telling": "messages to reps have both languages",
    "response/desk": "moves are told in both languages",
    "response/heard": "messages to reps have both languages",
    "explain": "says itself in both languages",
    "store/audit": "acts are described in the reference; pages have words for them",
    "store/auditcheck": "leadhub audit says it",
    "store/database": "the start of the process says it",
    "store/ground": "the start of the process says it",
    "store/migrations": "the start of the process says it",
    "store/soundness": "leadhub check says it",
    "intake/door": "answers of the public door go to programs",
    "intake/proving": "answers of the public door go to programs",
    "intake/example": "an example for programs",
    "api/door": "answers of the public door go to programs",
    "api/sender": "answers of the public door go to programs",
    "api/access": "see RAISING",
    "api/ops": "read by whoever watches the machine",
    "api/reference": "the reference for programs",
    "signing": "answers of the public door go to programs",
    "keyfile": "the start of the process says it",
    "privacy/certificate": "a document with its own languages",
    "insight": "see RAISING: reports are described in the reference, pages have words for them",
    "attribution": "see RAISING: reports are described in the reference, pages have words for them",
    "mapping/functions": "functions are described in the reference",
    "step": "writing a step wrongly is said at the start",
    "loader": "writing a plugin wrongly is said at the start",
}  # fmt: skip
"""Modules and packages of which no page shows every sentence, and why."""

RAISING = ("web", "api/access", "insight", "attribution", "response/desk")
"""Those of them whose errors do reach pages."""

WHOLE = ("web/configform", "web/editor/conditions")
"""Modules within them all of whose sentences are shown as errors are."""

UNSAID = frozenset({
    "A vendor without an account looks at numbers of its own leads; the link is signed, ends, and can be ended.",
    "Value error,", "mean \"{}.", ". Check", "-sealed", "lead", "touch", "at {}:{}",  # looked for, or joined on
    "Where the columns of {} go, as chosen by hand.", "Where the fields of {} stand, as chosen at an import.",
    "When the prospect pressed the button, where the source does not say.",  # comments in the files of mappings
    "a preview never ends well", "These facts were gathered for other rules than {}.",  # mistakes in our own code
    "to do: {}", "for {}: {}",  # have their Chinese beside them, or are kept in the database
})  # fmt: skip
"""What looks like a sentence for people and is none."""

FRAGMENTS = {
    "rules/rule": (
        "true or false", "a number", "text", "a list", "a time", "nothing", "an object", "two constants differ",
        "{} is true or false", "{} is a number", "{} is text", "{} is a list", "{} is a time", "{} is an object",
    ),
    "tagging/naming": (
        "letters a to z", "lower case letters a to z", "letters of any script", "lower case letters of any script",
        "no signs", "{} is missing", "{} is one of {}",
    ),
    "rules/syntax": ("line {}, character {}", "character {}"),
    "plan": ("none yet",),
    "app/hub": ("the changed configuration",),
    "settings/files": ('setting "{}"',),
    "settings/names": ('Flow "{}"', 'Pool "{}"'),
    "rules/checks": (  # of the parser of patterns
        "unclosed group", "unopened group", "unclosed character class", "repetition operator missing expression",
        "unrecognized escape sequence",
    ),
}  # fmt: skip
"""Parts of sentences that are put together there of smaller ones."""

_FIELD = re.compile(r"(?:\{\})+")
_NAMED = re.compile(r"(?<!\$)\{\w+\}|%\(\w+\)[sd]|%[sd]")
_WORDS = re.compile(r"[A-Za-z]{2,}.* |[^ ] .*[A-Za-z]{2}", re.DOTALL)
_SQL = re.compile(r"(?:SELECT|INSERT|UPDATE|PRAGMA|SINCE|UID) |Credential=")
_SENTENCE = re.compile(r"[A-Za-z]{2}.*[.?!:,](?:\s|\{\})*$", re.DOTALL)
_QUIET = re.compile(r"(?:_?log|logger|re|sa|warnings)\.|(?:Field|N_|text|APIRouter|Saying)$")
_BEFORE = re.compile(r"^\{\} (?=[A-Z])")
_BEHIND = re.compile(r"(?<=[.?!]) \{\}$")
_SAYING = {"said", "who", "where", "why", "again", "whose", "message"}
_QUIET_WORDS = {"description", "docs_url", "title", "help", "summary", "media_type", "confirmed", "unconfirmed"}


def said() -> Iterator[tuple[str, str]]:
    """Yield every pattern with the module it stands in."""
    yield from ((one, where) for where, some in FRAGMENTS.items() for one in some)
    for one, where in looked_at():
        if one not in UNSAID and not _SQL.match(one):
            yield one, where


def looked_at() -> Iterator[tuple[str, str]]:
    """Yield everything in the code that looks like a sentence for people."""
    for path in sorted((HUB.parent / "connectors").rglob("*.py")):
        for part in _raises(ast.parse(path.read_text("utf-8"))):
            yield from ((one, f"connectors/{path.stem}") for one in _texts(part, _WORDS))
    for path in sorted(HUB.rglob("*.py")):
        name = path.relative_to(HUB).with_suffix("").as_posix()
        unseen, raising = _within(name, UNSEEN) and name not in WHOLE, _within(name, RAISING)
        if unseen and not raising:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        raised = _raises(tree)
        for part in raised:
            yield from ((found, name) for found in _texts(part, _WORDS))
        if not unseen:
            yield from ((found, name) for found in _texts(tree, _SENTENCE))
            yield from ((found, name) for part in _begun(tree) for found in _texts(part, _WORDS))


def _within(name: str, places) -> bool:
    return any(name == place or name.startswith(f"{place}/") for place in places)


def _raises(tree: ast.AST) -> list[ast.AST]:
    """Return what is raised, and the verdicts on answers that are returned."""
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
    return raised + [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _verdict(node)]


def _verdict(node: ast.Call) -> bool:
    return getattr(node.func, "id", "") in ("Rejected", "Misconfigured", "Retry", "Unclear")


def _begun(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what is put into a name that says something, to be part of a sentence."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in _SAYING:
            yield node.value


def _texts(node: ast.AST, shape: re.Pattern[str]) -> Iterator[str]:
    """Yield the sentences in a part of the code; names and descriptions, logs and docstrings are none."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and _QUIET.match(ast.unparse(node.func)):
        return
    if isinstance(node, ast.keyword) and node.arg in _QUIET_WORDS:
        return
    if isinstance(node, ast.Assign) and {getattr(one, "id", "") for one in node.targets} & _QUIET_WORDS:
        return
    written = pattern(node)
    if written is not None:
        if shape.search(written) and " " in written.strip():
            yield _alone(written)
        yield from _fragments(node, shape)
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child, shape)


def pattern(node: ast.AST) -> str | None:
    """Return the pattern of a text in the code, None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _FIELD.sub("{}", _NAMED.sub("{}", node.value))
    if isinstance(node, ast.JoinedStr):
        parts = [str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values]
        return _FIELD.sub("{}", "".join(parts))
    return None


def _alone(written: str) -> str:
    """Return a sentence without the sentences that are said before or behind it."""
    return _BEHIND.sub("", _BEFORE.sub("", written.strip())).strip()


def _fragments(node: ast.AST, shape: re.Pattern[str]) -> Iterator[str]:
    """Yield the words between which a sentence chooses, and the sentences that stand in it."""
    for part in getattr(node, "values", ()):
        for choice in ast.walk(part.value) if isinstance(part, ast.FormattedValue) else ():
            for branch in (choice.body, choice.orelse) if isinstance(choice, ast.IfExp) else ():
                written = pattern(branch)
                if written is not None and re.search(r"[A-Za-z]{2}", written):
                    yield _alone(written)
        if isinstance(part, ast.FormattedValue):
            yield from _texts(part.value, shape)
