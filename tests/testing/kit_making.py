"""Puts good files of the kit's own tests, or bad ones made of them, into a folder and runs the kit over them."""

from pathlib import Path

from hub.testing.contract import Verdict, run_kit

HERE = Path(__file__).parent / "good"
TEMPLATES = Path(__file__).parents[2] / "hub" / "cli" / "templates"

SOURCES = {
    "source": TEMPLATES / "source" / "acme",
    "sink": TEMPLATES / "sink" / "acme",
    "step": TEMPLATES / "step" / "acme",
    **{name: HERE / name for name in ("poll", "file", "webhook_more", "sink_more", "feedback", "sockets", "buyer")},
}


def put(folder: Path, base: str, part: str = "py", old: str = "", new: str = "") -> Path:
    """Write a base's files into folder/plugins and folder/mappings with one text replaced; returns the Python file."""
    start = SOURCES[base]
    replaced = 0
    for name in ("plugins", "mappings"):
        (folder / name).mkdir()
    for path in sorted(start.parent.glob(f"{start.name}*")):
        text = path.read_text("utf-8")
        kind = path.name.partition(".")[2]
        place = folder / ("mappings" if kind == "yaml" else "plugins") / path.name
        replaced += text.count(old) if kind == part else 0
        text = text.replace(old, new) if kind == part and old else text
        place.write_text(text, "utf-8")
    assert replaced or not old, f"{old!r} is not in the {part} of {base}"
    return folder / "plugins" / f"{start.name}.py"


def failures(path: Path) -> dict[str, str]:
    """Return the checks that do not hold, by their words, with the reason."""
    return {_words(verdict): verdict.reason for verdict in run_kit(path) if not verdict.ok}


def _words(verdict: Verdict) -> str:
    return verdict.check.partition(": ")[2]
