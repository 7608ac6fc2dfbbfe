"""Every text of the pages is there in both languages, and none is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract

from hub.web import site, tongue
from tests.web.wordfiles import entries

WEB = Path(site.__file__).parent
KEYWORDS = {"_": None, "N_": None, "say": None, "ngettext": (1, 2)}
FORMED = re.compile(r"%\(\w+\)s")


def said_in(method: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Yield every text that is shown, with the file it stands in."""
    for path in sorted(WEB.rglob(pattern)):
        options = {"silent": "false", "trimmed": "true"}
        with path.open("rb") as file:
            for _, message, _, _ in extract(method, file, KEYWORDS, (), options):
                for text in (message,) if isinstance(message, str) else message[:1]:
                    yield text, str(path.relative_to(WEB))


SHOWN = {**dict(said_in("python", "*.py")), **dict(said_in("jinja2.ext:babel_extract", "*.html"))}
APART = ("hints.", "errors.")
"""Files of what is no text of the pages: settings, and sentences of the lower floors. They have tests of their own."""
FILES = sorted(path for path in tongue.WORDS.glob("*.zh.po") if not path.name.startswith(APART))


ENTRIES = entries(FILES)
KNOWN = {entry.id if isinstance(entry.id, str) else entry.id[0] for _, entry in ENTRIES}


def test_every_text_is_translated():
    assert sorted(f"{where}: {text}" for text, where in SHOWN.items() if text not in KNOWN) == []


def test_no_translation_is_left_over():
    assert sorted(KNOWN - set(SHOWN)) == []


def test_no_text_is_translated_twice():
    ids = [str(entry.id) for _, entry in ENTRIES]
    assert sorted({one for one in ids if ids.count(one) > 1}) == []


def _wrong(entry) -> bool:
    texts = [entry.string] if isinstance(entry.string, str) else list(entry.string)
    original = entry.id if isinstance(entry.id, str) else entry.id[1]
    named = set(FORMED.findall(original))
    return entry.fuzzy or not all(texts) or any(set(FORMED.findall(text)) != named for text in texts)


def test_a_translation_says_something_and_names_what_the_text_names():
    assert [f"{file}: {entry.id}" for file, entry in ENTRIES if _wrong(entry)] == []


def test_templates_switch_no_escaping_off():
    found = [p.name for p in WEB.rglob("*.html") if re.search(r"\|\s*safe|autoescape|Markup", p.read_text("utf-8"))]
    assert found == []


def test_templates_hold_no_script_and_no_style_of_their_own():
    wrong = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|hx-vals='js|javascript:")
    assert [str(p) for p in WEB.rglob("*.html") if wrong.search(p.read_text("utf-8"))] == []
