"""Elementor: takes the forms that Elementor Pro's webhook action posts, with or without Advanced Data."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hub import BadInput, Inbound, RawLead, Receipt, Reply, UnsignedSource, fingerprint, hookimpl

_PART = re.compile(r"(form|fields|meta)\[([^\]]*)\](?:\[([^\]]*)\])?")
_MADE_UP = re.compile(r"field_[0-9a-f]{5,8}")  # the id of a field whose author gave it none


class Elementor(UnsignedSource):
    """The Webhook action of a form widget; switch Advanced Data on, so that fields come by their ids."""

    name = "elementor"
    title = "Elementor Pro forms"
    docs_url = "https://elementor.com/help/form-widget-integrations/"
    confirmed = (
        "it posts a form once, unsigned: labels, Date, Time, Page URL, Remote IP, form_id and form_name, or with "
        "Advanced Data fields[ID][value], form[id], meta[KEY][value] (the plugin's code)",
        "any status but 200 is an error to the visitor (the plugin's code)",
    )
    unconfirmed = (
        "it waits 5 seconds for the answer, as WordPress does by default",
        "there is no id of an entry: two with the same content in the same minute are one",
    )

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        form = inbound.payload()
        if not isinstance(form, dict):
            raise BadInput(f"The form must be form fields, not {type(form).__name__}.")
        parts = {name: match for name in form if (match := _PART.fullmatch(name))}
        plain = {name: value for name, value in form.items() if name not in parts}
        data = {**plain, **_advanced({match.groups(): form[name] for name, match in parts.items()})}
        timed = any(data.get(day) and data.get(hour) for day, hour in (("Date", "Time"), ("date", "time")))
        yield RawLead(fingerprint(data) if timed else None, data)

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply:
        """Answer 200: any other status tells the visitor that the form failed."""
        return Reply.json({"ok": True, "submission": receipt.submission})


def _advanced(parts: Mapping[tuple[str | None, ...], Any]) -> dict[str, Any]:
    """Return the fields by their ids, those with a made-up id by their titles, and what is said of form and page."""
    data: dict[str, Any] = {}
    for (kind, name, part), value in parts.items():
        if kind == "form":
            data[f"form_{name}"] = value
        elif part in ("value", None):
            title = str(parts.get((kind, name, "title")) or "").strip() if _MADE_UP.fullmatch(str(name)) else ""
            data[title if title and title not in data else str(name)] = value
        elif part not in ("id", "type", "title", "raw_value", "required"):
            data[f"{name}.{part}"] = value
    return data


@hookimpl
def hub_register() -> Iterable[type[Elementor]]:
    yield Elementor
