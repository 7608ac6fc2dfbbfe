"""Makes the key that spellings of one company's name share."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from hub.normal import text
from hub.normal.tables import words

_FORMS = words(
    """
    inc incorporated llc llp lp ltd limited co corp corporation company plc gmbh mbh ag kg kgaa ohg ug ev ek se sa
    sas sasu sarl eurl srl spa sl slu bv nv vof cv oy oyj ab as asa aps kft zrt doo sro pty pte pvt private sdn bhd
    kk gk yk jsc ooo oao zao pjsc cokg group holding holdings the and
    """
)
"""Words that say what kind of company it is, not which."""

_CHINESE_FORM = re.compile(
    "(?:股份有限公司|有限责任公司|有限責任公司|有限公司|有限责任|责任公司|股份公司|总公司|分公司|公司|集团|集團|企业|"
    "株式会社|有限会社|合同会社|주식회사|유한회사|\\((?:株|有|합|주)\\))"
)
_PLACE = re.compile(r"[(\[（【][^()\[\]（）【】]{1,40}[)\]）】]")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){1,5}(?:[^\W\d_]\b)?")
_WORDS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=20_000)
def match_key(name: str) -> str:
    """Return the name without its legal form, place in brackets, punctuation, case and accents.

    `Acme GmbH & Co. KG`, `ACME Inc.` and `acme` share one key; so do 示例科技（北京）有限公司 and 示例科技. The key
    of a name that is nothing but a legal form is the name itself.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    plain = _PLACE.sub(" ", _CHINESE_FORM.sub(" ", folded)).strip()
    plain = _DOTTED.sub(lambda found: found[0].replace(".", ""), plain or folded)
    words = _WORDS.findall(plain.replace("'", "").replace("’", ""))
    kept = [word for word in words if word not in _FORMS]
    return text.key("".join(kept or words)) or text.key(name)
