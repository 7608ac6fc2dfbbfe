"""Our closed words are all translated: what the code can say, the pages can say in both languages."""

from __future__ import annotations

from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from hub.api.access import REP, ROLES, SOURCE
from hub.news import Kind
from hub.outcome import Disposition
from hub.web import vocabulary
from hub.web.tongue import Tongue

ZH = Tongue("zh", ZoneInfo("Asia/Shanghai"))
SAID = [*Disposition, *ROLES, REP, SOURCE, *get_args(Kind)]


@pytest.mark.parametrize("word", sorted({str(one) for one in SAID}))
def test_a_word_of_the_code_is_a_word_of_the_pages(word):
    known = {*vocabulary.STATES, *vocabulary.ACTS, *vocabulary.DISPOSITIONS, *vocabulary.ROLES, *vocabulary.KINDS}
    assert word.replace("_", " ") in known
    assert ZH.word(word) != word.replace("_", " ")
