"""Reads whether a person agreed: an explicit list of answers; everything else is unknown."""

from __future__ import annotations

import re
from typing import Any

from hub.normal.tables import words
from hub.normal.text import NotTextError, as_text
from hub.normal.verdicts import EMPTY, Cleaned

_YES = words(
    """
    yes y 1 true t on ok okay checked agree agreed accept accepted consent granted opt-in optin optedin subscribed
    是 是的 对 同意 我同意 已同意 接受 愿意 可以 好 好的 勾选 ja oui si sí sim da tak はい 同意する 예 네
    """
)
_NO = words(
    """
    no n 0 false f off unchecked disagree disagreed decline declined denied rejected refused opt-out optout optedout
    unsubscribed revoked withdrawn 否 不 不是 不同意 未同意 我不同意 拒绝 不接受 不愿意 不可以 未勾选 nein non nee
    não nao нет いいえ 同意しない 아니요
    """
)
_AGREES = re.compile(
    r"(?:yes\b[\s,.!:;-]*)?(?:i|we)\s+(?:\w+\s+){0,3}?(?:agree|consent|accept|would like|want|opt in)\b"
    r"|yes\s*[,.!:;-]\s*\w"
    r"|(?:是的?[，,]\s*)?[^不未拒]{0,12}(?:同意|接受)"
)
_REFUSES = re.compile(
    r"(?:i|we)\s+(?:\w+\s+)?(?:do not|don['’]t|cannot|can['’]t|never|no longer|will not|won['’]t)\b"
    r"|(?:i|we)\s+(?:\w+\s+)?(?:disagree|decline|refuse)\b"
    r"|no\s*[,.!:;-]|do not\b|don['’]t\b|.{0,12}(?:不同意|不接受|不愿|拒绝|未同意)"
)


_CHINESE_NO = ("不同意", "不接受", "不愿", "拒绝", "未同意")


def consent(raw: Any) -> Cleaned:
    """Return True for an explicit yes, False for an explicit no or an empty answer, otherwise None."""
    if isinstance(raw, bool):
        return Cleaned(raw, True)
    try:
        said = as_text(raw)
    except NotTextError:
        return Cleaned(None, None, EMPTY.parts, ("consent_unclear",))
    if said is None:
        return Cleaned(False, True) if raw == [] else EMPTY
    return _read(" ".join(said.split()).casefold())


def _read(said: str) -> Cleaned:
    word = said.strip(" .!。！")
    if word in _YES:
        return Cleaned(True, True)
    if not word or word in _NO:
        return Cleaned(False, True)
    # the refusal is looked for first in English ("I do not agree"), and can only open the text: the usual
    # "consent is not a condition of purchase" further on takes nothing back
    refuses, agrees = _REFUSES.match(said), _AGREES.match(said)
    if agrees and (not refuses or refuses[0].endswith(_CHINESE_NO)):
        return Cleaned(True, True)
    return Cleaned(False, True) if refuses else Cleaned(None, None, EMPTY.parts, ("consent_unclear",))


def is_wording(raw: str) -> bool:
    """Return whether the answer is itself the text the person agreed to, such as `I agree to be called`."""
    return len(raw) > 12 and raw.strip().casefold() not in _YES | _NO
