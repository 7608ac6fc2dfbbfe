"""How quickly prospects are answered, in a real browser."""

from __future__ import annotations

import pytest

PATHS = [
    "/response", "/response?by=rep&since=90d", "/response/targets?by=team", "/response/reps", "/response/queue",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    visit(look).see(path, path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-").replace("&", "-"))
