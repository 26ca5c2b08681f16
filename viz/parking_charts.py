"""Charts of parking: what the next space buys, and where in the day cars cruise."""

import matplotlib
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from twin.advice.parking_costs import break_even_min
from twin.advice.parking_placement import NOTHING_MIN
from twin.results.areas import kind_of
from twin.results.comparison import Comparison
from twin.wording import Language, Words
from viz import phrases, styles
from viz.charts import Chart, style_for, undress
from viz.layers import records


def diminishing_returns_chart(curve: pd.DataFrame, *, language: Language = "zh") -> Chart:
    """What each block of spaces saves a day (min a space), in falling order, against what a space costs.

    `curve`: as `parking_placement.CURVE_COLUMNS`. The scale is logarithmic: the first spaces save a hundred times as
    much as the last.
    """
    style, language = style_for(language, "diminishing-returns")
    lines = (
        (break_even_min("garage"), Words("停车楼保本", "a garage pays"), "#b15928"),
        (break_even_min("lot"), Words("地面停车场保本", "a lot pays"), "#6a3d9a"),
        (NOTHING_MIN, Words("以下几乎不起作用", "below: buys nothing"), "#555555"),
    )
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        axes = figure.add_subplot()
        gains = curve["gain_min_per_space"].clip(lower=0.05)
        axes.step(curve["spaces"], gains, where="pre", color=styles.BETTER, linewidth=1.6)
        for level, words, colour in lines:
            axes.axhline(level, color=colour, linewidth=0.9, linestyle="--")
            axes.annotate(
                words.in_(language),
                (float(curve["spaces"].max()), level),
                ha="right",
                va="bottom",
                fontsize=8,
                color=colour,
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlim(0.0, float(curve["spaces"].max()))
        axes.set_xlabel(Words("新增泊位(由最有用的排起)", "new spaces, the most useful first").in_(language))
        axes.set_ylabel(Words("每泊位每天省 分钟", "saved a space and day, min").in_(language))
        axes.set_title(
            Words(
                "排队模型，假定需求；造价为假定，没有区间",
                "queueing model on assumed demand; costs are assumed; no interval",
            ).in_(language),
            fontsize=8,
            color="#555555",
        )
        undress(axes)
    return Chart(figure, style)


def cruising_chart(comparison: Comparison, *, language: Language = "zh") -> Chart:
    """Share of cruising in the city's traffic by quarter hours, before and after."""
    style, language = style_for(language, "cruising")
    looks = {"before": ("#6b7780", "-o", phrases.BEFORE), "after": ("#b15928", "--s", phrases.AFTER)}
    found = [row for row in records(comparison.rows) if row["metric"] == "cruising_share"]
    rows = sorted((row for row in found if kind_of(str(row["area"])) == "quarter"), key=lambda row: str(row["area"]))
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(3.4, 2.8), layout="constrained")
        axes = figure.add_subplot()
        for arm, (colour, line, words) in looks.items():
            shares = [row[arm] for row in rows]
            axes.plot(range(len(rows)), shares, line, color=colour, markersize=3, label=words.in_(language))
        axes.set_xticks(range(0, len(rows), 2), [str(row["area"]).partition(":")[2] for row in rows[::2]])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100.0 * value:.2g}%"))
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(Words("寻位车流占比", "share of cruising").in_(language))
        seeds = len(comparison.meta["seeds"])
        axes.set_title(
            Words(f"{seeds} 个种子的平均", f"means of {seeds} seeds").in_(language), fontsize=8, color="#555555"
        )
        axes.legend(frameon=False)
        undress(axes)
    return Chart(figure, style)
