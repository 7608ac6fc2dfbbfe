"""Says why one of two values of a field was kept, out of the record of the merge."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hub.labels import Language, label

_WHYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "valid": ("only one of the two is valid", "两者之中仅一个有效"),
        "said": ("what a person said counts more than what was found out", "本人填写的优先于查得的"),
        "trust": ("its source is trusted more", "其来源的可信度更高"),
        "newer": ("it is newer", "时间更新"),
        "empty": ("it was empty before", "此前为空"),
        "corrected": ("it was corrected by hand", "已人工更正"),
        "newest": ("of consents the newest counts", "同意以最新的为准"),
    }
)
_CONTESTS = (
    ("{field}: the value of before was kept over this one, since {why}", "{field}：保留了原值，因为{why}"),
    ("{field}: this value took the place of the one of before, since {why}", "{field}：以本次的值取代原值，因为{why}"),
)


def contested(entry: Mapping[str, Any], language: Language) -> str:
    """Return which of two values of a field won and why, in words."""
    field = label(str(entry.get("field", "")), language)
    return _CONTESTS[bool(entry.get("won"))][language == "zh"].format(field=field, why=why_won(entry, language))


def why_won(entry: Mapping[str, Any], language: Language) -> str:
    """Return the rule of survivorship by which a value won."""
    by = str(entry.get("by", ""))
    return _WHYS[by][language == "zh"] if by in _WHYS else by
