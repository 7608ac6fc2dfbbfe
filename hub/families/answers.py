"""What sources of forms share: answers under the titles of their questions, and a key where the vendor has no id."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any


def entitled(data: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    """Return the data with each answer under its question's title, so that usual names such as 姓名 find their field.

    What has no title stays under its own key; a title that stands twice, or is a key already, has the key beside it.
    """
    said = Counter(titles.get(key) or key for key in data)
    named: dict[str, Any] = {}
    for key, value in data.items():
        title = titles.get(key)
        named[title if title and said[title] == 1 else f"{title} ({key})" if title else key] = value
    return named


def fingerprint(*parts: Any) -> str:
    """Return a key for what has no id of the vendor's: equal for equal JSON values, different for others."""
    written = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()[:40]


def titles_in(definition: Any) -> dict[str, str]:
    """Return the ids and titles of whatever has both in the definition of a form, at any depth."""
    below = definition.values() if isinstance(definition, dict) else definition if isinstance(definition, list) else ()
    found = {id_: title for one in below for id_, title in titles_in(one).items()}
    if isinstance(definition, dict) and isinstance(definition.get("title"), str) and "id" in definition:
        found[str(definition["id"])] = definition["title"]
    return found
