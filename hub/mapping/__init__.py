"""The mapping language: where each lead and touch field stands in what a source sends."""

from hub.mapping.apply import Mapped
from hub.mapping.chosen import goes, path_of, written
from hub.mapping.files import TARGETS, Mapping, by_usual_names, find, load, parse
from hub.mapping.functions import FUNCTIONS
from hub.mapping.usual_names import USUAL_NAMES, usual_field

__all__ = [
    "FUNCTIONS",
    "TARGETS",
    "USUAL_NAMES",
    "Mapped",
    "Mapping",
    "by_usual_names",
    "find",
    "goes",
    "load",
    "parse",
    "path_of",
    "usual_field",
    "written",
]
