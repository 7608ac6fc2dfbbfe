"""The overview in a real browser."""

from __future__ import annotations

import pytest

PATHS = ["/"]


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    visit(look).see(path)
