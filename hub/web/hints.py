"""What pages say of connectors and of their settings, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from hub.api.access import hub_of
from hub.connector import Connector
from hub.web.configform import Input, label_of
from hub.web.site import tongue_of
from hub.web.tongue import Tongue

TITLES, LABELS = "connector", "setting"
"""The contexts of words/hints*.po in which titles of connectors, and names of settings, are translated.

What an option says is translated in the context `option SETTING`; descriptions and facts have none.
"""


@dataclass(frozen=True, slots=True)
class Hints:
    """The words of one connector; `own` are those that a plugin brought with it, by their English, title or name."""

    tongue: Tongue
    own: Mapping[str, str]

    def said(self, text: str) -> str:
        """Return a description or a fact."""
        return self.own.get(text) or self.tongue.say(text) if text else ""

    def title(self, title: str) -> str:
        """Return what people call the connector."""
        return self.own.get(title) or self.tongue.within(TITLES, title)

    def label(self, name: str) -> str:
        """Return what people call a setting; of one in a setting, only what it stands in is translated."""
        first, dot, rest = name.partition(".")
        said = self.own.get(first) or self.tongue.within(LABELS, first)
        return label_of(name) if said == first else said + (f": {rest}" if dot else "")

    def named(self, name: str) -> dict[str, str]:
        """Return a setting's label; `also` is its name in hub.yaml, where the label does not tell it."""
        label = self.label(name)
        return {"label": label, "also": "" if label == label_of(name) else name}

    def input(self, one: Input) -> dict[str, Any]:
        """Return an input of a form as page data."""
        plain = one.plain()
        choices = [[value, self._choice(one.words, value)] for value, _ in plain["choices"]]
        return {**plain, **self.named(one.words), "hint": self.said(one.hint), "choices": choices}

    def _choice(self, name: str, value: str) -> str:
        return self.own.get(f"{name}={value}") or self.tongue.within(f"option {name}", value)

    def about(self, cls: type[Connector]) -> dict[str, Any]:
        """Return what pages say of the connector itself."""
        return {
            "title": self.title(cls.title), "docs_url": cls.docs_url, "checked": list(map(self.said, cls.confirmed)),
            "unchecked": list(map(self.said, cls.unconfirmed)),
        }  # fmt: skip


def hints_of(request: Request, cls: type[Connector] | None) -> Hints:
    """Return the words of a connector in the language of whoever asks."""
    tongue = tongue_of(request)
    return Hints(tongue, cls.translations.get(tongue.language, {}) if cls is not None else {})


def titled(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a source or sink with the title of its connector as the reader calls it."""
    cls = hub_of(request).plan.registry.all("connector").get(row["connector"])
    return {**row, "title": hints_of(request, cls).title(row["title"])}
