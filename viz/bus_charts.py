"""Charts of bus lines: where each bus was when, before and after (time–space diagram)."""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator
from numpy.typing import NDArray

from twin.clock import seconds_of, text_of
from twin.errors import DataFileError
from twin.results.comparison import Comparison
from twin.units import METRES_PER_KM
from twin.wording import Language, Words
from viz import phrases
from viz.charts import Chart, chinese_font, style_for, undress
from viz.layers import records

DUE_COLOUR, SEATED_COLOUR, FULL_COLOUR = "#b0b5ba", "#2166ac", "#b2182b"
CROWDED_LOAD = 50
"""Riders aboard from which a bus is drawn as crowded: more than two thirds of a 12 m bus (assumed)."""
RUN_ON_S = 3600.0
"""Shown after the measured window, so that its last buses are seen to the end of the line."""


def time_space_chart(comparison: Comparison, line_id: str | None = None, *, language: Language = "zh") -> Chart:
    """Every bus of one line-direction on the first seed, time across and distance along the line upward.

    Left before, right after; thin grey: the timetable; red: crowded. `line_id` None: the changed line that most riders
    board. Raises DataFileError where the comparison has no such line among those that changed.
    """
    line_id = _checked(comparison, line_id)
    style, language = style_for(language, "time-space")
    table = comparison.line_visits[comparison.line_visits["line_id"] == line_id]
    start_s, end_s = (seconds_of(str(clock)) for clock in comparison.meta["measured"])
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, arm, words in ((left, "before", phrases.BEFORE), (right, "after", phrases.AFTER)):
            here = table[table["arm"] == arm]
            _draw(axes, here)
            if chinese_font() is not None:  # names of stops are Chinese: without such a font they are boxes
                _name_stops(axes, here)
            axes.set_title(words.in_(language), fontsize=8.5)
            axes.set_xlim(start_s, end_s + RUN_ON_S)
            axes.xaxis.set_major_locator(MultipleLocator(1800.0))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: text_of(value)))
            axes.axvspan(start_s, end_s, color="#f3f4f5", zorder=0)
            undress(axes)
        left.set_ylabel(Words("沿线距离(公里)", "along the line (km)").in_(language))
        left.set_ylim(bottom=0.0)
        seed = comparison.meta["seeds"][0]
        caption = Words(
            f"{line_id} · 种子 {seed} · 细灰线：时刻表；蓝：车上不足{CROWDED_LOAD}人，红：{CROWDED_LOAD}人及以上；"
            "平段为停站，浅灰底为统计时段",
            f"seed {seed} · thin grey: timetable; blue: fewer than {CROWDED_LOAD} aboard, red: more; "
            "level: at a stop; shaded: measured window",
        )
        figure.supxlabel(caption.in_(language), fontsize=7, color="#777777")
    return Chart(figure, style)


def drawn_lines(comparison: Comparison) -> tuple[str, ...]:
    """Line-directions that can be drawn, the one that most riders board on the first seed first."""
    table = comparison.line_visits
    if not len(table):
        return ()
    load = table.assign(load=pd.to_numeric(table["load"]).fillna(0.0)).groupby("line_id")["load"].sum()
    return tuple(str(line) for line in load.sort_index().sort_values(ascending=False, kind="stable").index)


def _checked(comparison: Comparison, line_id: str | None) -> str:
    known = drawn_lines(comparison)
    if line_id is None and known:
        return known[0]
    if line_id is None or line_id not in known:
        listed = "、".join(known) or "none"
        raise DataFileError(f"no line {line_id or ''!r} among those that changed: {listed}. Only those can be drawn.")
    return line_id


def _draw(axes: matplotlib.axes.Axes, table: pd.DataFrame) -> None:
    """Trajectories of one arm: between stops straight, level while a bus stands."""
    due: list[NDArray[np.float64]] = []
    seated: list[NDArray[np.float64]] = []
    crowded: list[NDArray[np.float64]] = []
    for _, run in table.groupby("run_id", sort=False):
        along = run["along_m"].to_numpy(dtype=np.float64) / METRES_PER_KM
        due.append(np.column_stack([run["due_s"].to_numpy(dtype=np.float64), along]))
        came = run[run["arrive_s"].notna()]
        times = came[["arrive_s", "leave_s"]].to_numpy(dtype=np.float64)
        km = came["along_m"].to_numpy(dtype=np.float64) / METRES_PER_KM
        load = came["load"].to_numpy(dtype=np.float64)
        for i in range(len(came)):
            corners = [(times[i, 0], km[i]), (times[i, 1], km[i])]
            if i + 1 < len(came):
                corners.append((times[i + 1, 0], km[i + 1]))
            (crowded if load[i] >= CROWDED_LOAD else seated).append(np.array(corners))
    axes.add_collection(LineCollection(due, colors=DUE_COLOUR, linewidths=0.5, zorder=1))
    axes.add_collection(LineCollection(seated, colors=SEATED_COLOUR, linewidths=1.0, zorder=2))
    axes.add_collection(LineCollection(crowded, colors=FULL_COLOUR, linewidths=1.3, zorder=3))
    axes.autoscale_view()


def _name_stops(axes: matplotlib.axes.Axes, table: pd.DataFrame) -> None:
    """The first and the last stop by name, at the right end."""
    stops = records(table.drop_duplicates("stop"))
    for stop in stops[:1] + stops[-1:]:
        axes.annotate(
            str(stop["name"]),
            (1.0, float(stop["along_m"]) / METRES_PER_KM),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=7,
            color="#555555",
        )
