"""Pictures for reviews, drawn by matplotlib where it is installed (the extra `charts`)."""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.escape import cut
from hub.families.message import Picture
from hub.insight.frame import Line
from hub.insight.words import WORDS
from hub.labels import Language

FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "SimHei", "Noto Sans CJK JP", "Noto Serif CJK SC",
)  # fmt: skip
"""Fonts with Chinese letters, the best first."""

PLAIN_FONT = "DejaVu Sans"  # matplotlib brings it
MOST = 12  # bars
FEWEST = 4  # bars there is room for
WIDEST = 30  # characters of a name
_BLUE, _GREEN, _GREY, _RED = "#1f5fa8", "#2e8b57", "#b9bec6", "#c0392b"


def available() -> bool:
    """Return whether pictures can be drawn here."""
    return importlib.util.find_spec("matplotlib") is not None


def pictures(
    weeks: Sequence[Line], kept: Sequence[Line], sources: Sequence[Line], language: Language
) -> tuple[Picture, ...]:
    """Return the pictures of a review: waits and targets by week, leads by source; blocks for a second.

    Without a font for Chinese, what stands in a picture is English; the words beside it are not.
    """
    font = chinese_font()
    inside: Language = language if font or language == "en" else "en"
    draw = _Drawing(WORDS[inside], font if inside == "zh" else PLAIN_FONT)
    said = WORDS[language]
    drawn = (
        ("speed.png", "chart_speed", any(line["p50"] is not None for line in weeks) and draw.speed(weeks)),
        ("target.png", "chart_target", any(line["share_met"] is not None for line in kept) and draw.target(kept)),
        ("sources.png", "chart_source", sources and draw.sources(sources)),
    )
    return tuple(Picture(name, content, said[words]) for name, words, content in drawn if content)


def chinese_font() -> str | None:
    """Return the name of a font with Chinese letters that is installed; None where there is none."""
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return next((name for name in FONTS if name in there), None)


class _Drawing:
    def __init__(self, words: Mapping[str, str], font: str | None) -> None:
        self.words, self.font = words, font or PLAIN_FONT

    def speed(self, weeks: Sequence[Line]) -> bytes:
        return self._drawn("chart_speed", lambda axes: self._speed(axes, weeks))

    def _speed(self, axes: Any, weeks: Sequence[Line]) -> None:
        for name, label, color in (("p50", "half", _BLUE), ("p90", "nine", _RED)):
            minutes = [math.nan if line[name] is None else line[name] / 60 for line in weeks]
            axes.plot(range(len(weeks)), minutes, marker="o", color=color, label=self.words[label])
        axes.set_xticks(range(len(weeks)), [str(line["week"])[5:] for line in weeks])
        axes.set_ylim(bottom=0)
        self._legend(axes)

    def target(self, weeks: Sequence[Line]) -> bytes:
        return self._drawn("chart_target", lambda axes: self._target(axes, weeks))

    def _target(self, axes: Any, weeks: Sequence[Line]) -> None:
        shares = [(line["share_met"] or 0.0) * 100 for line in weeks]
        bars = axes.bar(range(len(weeks)), shares, color=_GREEN)
        axes.bar_label(bars, [f"{share:.0f} %" if line["share_met"] is not None else "-" for share, line in
                              zip(shares, weeks, strict=True)])  # fmt: skip
        axes.set_xticks(range(len(weeks)), [str(line["week"])[5:] for line in weeks])
        axes.set_ylim(0, 112)

    def sources(self, lines: Sequence[Line]) -> bytes:
        return self._drawn("chart_source", lambda axes: self._sources(axes, lines))

    def _sources(self, axes: Any, lines: Sequence[Line]) -> None:
        most = sorted(lines, key=lambda line: -line["leads"])[:MOST][::-1]
        answered = [line["answered"] for line in most]
        axes.barh(range(len(most)), answered, color=_GREEN, label=self.words["in_time"])
        rest = [line["leads"] - line["answered"] for line in most]
        bars = axes.barh(range(len(most)), rest, left=answered, color=_GREY, label=self.words["waiting"])
        axes.bar_label(bars, [str(line["leads"]) for line in most], padding=3)
        axes.set_yticks(range(len(most)), [cut(str(line["source"]), WIDEST) for line in most])
        axes.set_ylim(len(most) - max(len(most), FEWEST) - 0.6, len(most) - 0.4)  # one bar alone would fill the picture
        axes.margins(x=0.12)
        axes.xaxis.get_major_locator().set_params(integer=True)
        self._legend(axes)

    def _legend(self, axes: Any) -> None:
        axes.legend(prop={"family": self.font}, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)

    def _drawn(self, title: str, draw: Callable[[Any], None]) -> bytes:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw(axes)
        axes.set_title(self.words[title], fontfamily=self.font, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            text.set_fontfamily(self.font)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=100)
        return out.getvalue()
