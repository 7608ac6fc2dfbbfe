"""Every shipped mapping reads, and its own tests hold."""

from pathlib import Path

import pytest

from hub import loader
from hub.mapping import load

FOLDER = Path(__file__).parents[1] / "mappings"
FILES = sorted(FOLDER.glob("*.yaml"))
FUNCTIONS = {name: socket.run for name, socket in loader.load().registry.all("mapping_function").items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_mapping_holds(path):
    assert load(path, FUNCTIONS).check() == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_mapping_has_tests(path):
    assert load(path, FUNCTIONS).cases


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_mapping_belongs_to_a_source(path):
    assert path.stem in loader.load().registry.sources()
