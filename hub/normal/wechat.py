"""Cleans WeChat ids."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.normal import text
from hub.normal.tables import words
from hub.normal.verdicts import EMPTY, Cleaned

_LABEL = re.compile(r"^(?:微信号?|weixin|wechat|wx|vx|v信|加v|薇信)\s*(?:id|号|同号)?\s*[:：是]\s*", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{5,19}")
_MOBILE = re.compile(r"(?:\+?86)?[\s-]?(1[3-9][0-9]{9})")
_WORDS = words(
    """
    wechat weixin weixinhao unknown noname wechatid testtest abcdef
    """
)


@lru_cache(maxsize=8_000)
def wechat(raw: str) -> Cleaned:
    """Return the id; it is valid when it has the shape of one or is a Chinese mobile number. Part `key`: lower case.

    What has neither shape is kept and not taken for an identity: people write 同手机号 or a nickname here.
    """
    shown = text.line(raw, 100)
    if shown.value is None:
        return shown
    said = _LABEL.sub("", text.ascii_width(shown.value)).strip(" .,;")
    mobile = _MOBILE.fullmatch(said)
    if mobile:
        return Cleaned(mobile[1], True, {"key": mobile[1]}, shown.codes)
    if _ID.fullmatch(said) and said.lower() not in _WORDS:
        return Cleaned(said, True, {"key": said.lower()}, shown.codes)
    return Cleaned(said or None, None, EMPTY.parts, (*shown.codes, "wechat_unclear") if said else shown.codes)
