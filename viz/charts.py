"""Charts of a comparison: differences with their intervals, the pairs behind a mean, how the routes settled.

Drawn without a screen. Labels are Chinese where a font for it is installed, else English; in SVG they are outlines, so
the reader needs no font. Every chart says which scenarios, seeds and interval it shows: it will be pasted alone.
"""

import contextlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from twin.results.comparison import Comparison
from twin.results.dictionary import HEADLINE, METRICS
from twin.wording import AREAS, Language, Words
from viz import phrases, styles
from viz.layers import change_grader, change_grades, line_of, records
from viz.numbers import number_of

CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Noto Sans CJK JP",  # the same glyph file under its first name
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "SimHei",
)
WIDEST_SHARE = 0.10  # a relative difference beyond ±10 % stands at the chart's edge: no giant percentages
_VERDICT_COLOURS = {"better": styles.BETTER, "worse": styles.WORSE}
_AREA_MARKERS = {"city": ("o", -0.14), "near": ("s", 0.14)}


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn figure, as SVG text or PNG; shows itself in a notebook."""

    figure: Figure
    style: Any  # matplotlib settings, under which it was laid out and is drawn

    def svg(self) -> str:
        """An `<svg>` element to put into HTML, the same text on every run."""
        text = self._drawn("svg", metadata={"Date": None}, dpi=220).decode("utf-8")
        return text[text.index("<svg") :]

    def png(self, dots_per_inch: int = 150) -> bytes:
        """A PNG picture."""
        return self._drawn("png", dpi=dots_per_inch)

    def save(self, path: str | Path) -> Path:
        """Write the chart to a file ending in .svg or .png; returns its path."""
        target = Path(path)
        target.write_bytes(self.svg().encode("utf-8") if target.suffix == ".svg" else self.png())
        return target

    def _repr_png_(self) -> bytes:
        return self.png(100)

    def _drawn(self, kind: str, **options: Any) -> bytes:
        picture = io.BytesIO()
        with matplotlib.rc_context(self.style):
            self.figure.savefig(picture, format=kind, bbox_inches="tight", **options)
        return picture.getvalue()


def difference_chart(comparison: Comparison, *, language: Language = "zh") -> Chart:
    """Each metric's difference over its value before, with the 95 % interval, city-wide and near the measures."""
    style, language = style_for(language, "differences")
    rows = comparison.headline_rows
    metrics = [metric for metric in HEADLINE if metric in set(rows["metric"])]
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(7.2, 1.2 + 0.34 * len(metrics)), layout="constrained")
        axes = figure.add_subplot()
        edge = _edge(records(rows))
        for area, (marker, shift) in _AREA_MARKERS.items():
            axes.plot([], [], marker, color="#555555", markersize=5, label=AREAS[area].in_(language))
            for row in records(rows[rows["area"] == area]):
                if row["metric"] in metrics:
                    _interval(axes, row, metrics.index(row["metric"]) + shift, marker, edge)
        axes.axvline(0.0, color="#333333", linewidth=0.8)
        axes.set_yticks(range(len(metrics)), [METRICS[metric].name.in_(language) for metric in metrics])
        axes.invert_yaxis()
        axes.set_xlim(-edge * 1.06, edge * 1.06)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100.0 * value:+.3g}%" if value else "0"))
        axes.set_xlabel(
            Words(
                "变化 ÷ 现状值，横线为 95% 区间；蓝=改善，红=变差，灰=看不出差别、不判断或不分好坏",
                "difference over value before, bar: 95 % interval; blue better, red worse, grey neither",
            ).in_(language)
        )
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
        undress(axes)
        _caption(figure, comparison, language)
    return Chart(figure, style)


def replication_chart(comparison: Comparison, metric: str = "mean_delay_s", *, language: Language = "zh") -> Chart:
    """The pairs behind one metric's mean, city-wide: a line for each seed from before to after."""
    style, language = style_for(language, "replications")
    table = comparison.replications
    table = table[(table["metric"] == metric) & (table["area"] == "city")]
    words = METRICS[metric]
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(3.4, 2.8), layout="constrained")
        axes = figure.add_subplot()
        for _, pair in table.groupby("seed"):
            values = dict(zip(pair["arm"], pair["value"], strict=True))
            before, after = number_of(values.get("before")), number_of(values.get("after"))
            if before is not None and after is not None:
                axes.plot([0, 1], [before, after], "-o", color="#6b7780", markersize=3.5, linewidth=1.0)
        axes.set_xticks([0, 1], [phrases.BEFORE.in_(language), phrases.AFTER.in_(language)])
        axes.set_xlim(-0.3, 1.3)
        axes.set_ylabel(f"{words.name.in_(language)} ({words.unit.in_(language)})")
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(Words("每条线一个随机种子", "one line a seed").in_(language), fontsize=8, color="#555555")
        undress(axes)
        _caption(figure, comparison, language)
    return Chart(figure, style)


def settling_chart(comparison: Comparison, *, language: Language = "zh") -> Chart:
    """Relative gap of both arms by round of route choice, on a logarithmic scale."""
    style, language = style_for(language, "settling")
    looks = {"before": ("#6b7780", "-o", phrases.BEFORE), "after": ("#b15928", "--s", phrases.AFTER)}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(3.4, 2.8), layout="constrained")
        axes = figure.add_subplot()
        for arm, (colour, line, words) in looks.items():
            table = comparison.settling[comparison.settling["arm"] == arm].sort_values("round")
            axes.plot(
                table["round"], table["relative_gap"], line, color=colour, markersize=3, label=words.in_(language)
            )
        if (comparison.settling["relative_gap"] > 0.0).any():
            axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100.0 * value:.3g}%"))
        axes.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel(Words("轮次", "round").in_(language))
        axes.set_ylabel(Words("相对差距", "relative gap").in_(language))
        axes.legend(frameon=False)
        undress(axes)
        _caption(figure, comparison, language)
    return Chart(figure, style)


def change_map(comparison: Comparison, *, language: Language = "zh") -> Chart:
    """Streets by change of delay, as a still picture for paper: colours where it is outside the noise, else grey."""
    style, language = style_for(language, "change-map")
    lines: dict[styles.Grade, list[list[tuple[float, float]]]] = {}
    grade_of_change = change_grader(comparison)
    for link in records(comparison.links):
        grade = (
            styles.OPENED_GRADE
            if link["is_new"]
            else styles.CLOSED_GRADE
            if link["is_closed"]
            else grade_of_change(link)
        )
        lines.setdefault(grade, []).append(line_of(link))
    order = (*reversed(change_grades(comparison)), styles.OPENED_GRADE, styles.CLOSED_GRADE)
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(7.2, 4.6), layout="constrained")
        axes = figure.add_subplot()
        for grade in order:
            if grade in lines:
                width = 0.7 if grade.colour == styles.NEUTRAL else 1.5
                streets = LineCollection(lines[grade], colors=grade.colour, linewidths=width)
                streets.set_label(grade.words.in_(language))
                streets.set_rasterized(True)  # the picture stays small for a city of any size
                axes.add_collection(streets)
        axes.autoscale()
        middle = sum(axes.get_ylim()) / 2.0
        axes.set_aspect(1.0 / max(0.05, _cosine_of(middle)))
        axes.set_axis_off()
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3, frameon=False)
        _caption(figure, comparison, language)
    return Chart(figure, style)


def chinese_font() -> str | None:
    """An installed font that has Chinese characters; None where there is none."""
    return _listed_chinese_font() or _newly_installed_chinese_font()


def _listed_chinese_font() -> str | None:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((font for font in CHINESE_FONTS if font in installed), None)


@cache
def _newly_installed_chinese_font() -> str | None:
    """One that came after Matplotlib wrote down which fonts there are, which it does once and for all."""
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        with contextlib.suppress(RuntimeError, OSError):  # not a font after all
            font_manager.fontManager.addfont(path)
    return _listed_chinese_font()


def style_for(language: Language, salt: str) -> tuple[Any, Language]:
    font = chinese_font()
    fonts = [font, "DejaVu Sans"] if font else ["DejaVu Sans"]
    style = {
        "font.family": fonts,
        "font.size": 8.5,
        "axes.unicode_minus": False,
        "svg.fonttype": "path",
        "svg.hashsalt": salt,
        "legend.fontsize": 8,
    }
    return style, language if font else "en"


def _edge(rows: list[dict[str, Any]]) -> float:
    shares = [abs(share) for row in rows for share in _relative(row) if share is not None]
    return min(WIDEST_SHARE, max([*(share for share in shares if share <= WIDEST_SHARE), 0.002]))


def _relative(row: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    before = number_of(row["before"])
    numbers = [number_of(row[column]) for column in ("difference", "ci_low", "ci_high")]
    if before is None or before == 0.0:
        return None, None, None
    difference, low, high = (None if number is None else number / abs(before) for number in numbers)
    return difference, low, high


def _interval(axes: Any, row: Mapping[str, Any], height: float, marker: str, edge: float) -> None:
    difference, low, high = _relative(row)
    if difference is None:
        return
    colour = _VERDICT_COLOURS.get(str(row["verdict"]), "#8a8f94")
    if abs(difference) > edge:  # beyond the chart: an arrow at its edge, the figures are in the table
        axes.plot([edge if difference > 0 else -edge], [height], ">" if difference > 0 else "<", color=colour)
        return
    if low is not None and high is not None:
        axes.plot([max(low, -edge), min(high, edge)], [height, height], "-", color=colour, linewidth=1.8)
    axes.plot([difference], [height], marker, color=colour, markersize=4.5)


def undress(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e6e8ea", linewidth=0.6)
    axes.set_axisbelow(True)


def _caption(figure: Figure, comparison: Comparison, language: Language) -> None:
    meta = comparison.meta
    seeds = Words(f"{len(meta['seeds'])} 个种子", f"{len(meta['seeds'])} seeds").in_(language)
    window = "–".join(meta["measured"])
    warning = Words("示范，非决策依据", "demonstration only").in_(language) if meta["demonstration"] else ""
    parts = [f"{meta['before']} → {meta['after']}", window, seeds, warning]
    figure.supxlabel(" · ".join(part for part in parts if part), fontsize=7, color="#777777")


def _cosine_of(latitude: float) -> float:
    return math.cos(math.radians(latitude))
