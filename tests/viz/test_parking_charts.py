"""Charts of parking: what they draw is what they were given."""

import numpy as np
import pandas as pd
from small_comparison import rows, small_comparison, with_statistics

from twin.advice.parking_placement import NOTHING_MIN
from viz.parking_charts import cruising_chart, diminishing_returns_chart


def curve():
    gains = [40.0, 9.0, 0.5, 0.0]
    return pd.DataFrame({"spaces": [50, 100, 150, 200], "gain_min_per_space": gains})


def test_the_curve_is_a_step_a_block_with_the_minutes_from_which_a_space_pays() -> None:
    (axes,) = diminishing_returns_chart(curve(), language="en").figure.axes
    steps, garage, lot, nothing = axes.lines
    assert steps.get_xdata().tolist() == [50, 100, 150, 200]
    assert steps.get_ydata().tolist() == [40.0, 9.0, 0.5, 0.05]  # nothing stands at the foot of the logarithm
    levels = [line.get_ydata()[0] for line in (garage, lot, nothing)]
    assert levels == sorted(levels, reverse=True) and levels[-1] == NOTHING_MIN
    assert [text.get_text() for text in axes.texts] == ["a garage pays", "a lot pays", "below: buys nothing"]


def test_cruising_is_drawn_by_quarter_hours_for_both_arms() -> None:
    columns = ["metric", "area", "unit", "before", "after", "difference", "ci_low", "ci_high", "n", "verdict"]
    told = [
        ["cruising_share", "quarter:07:15", "share", 0.03, 0.01, -0.02, -0.03, -0.01, 2, "better"],
        ["cruising_share", "quarter:07:00", "share", 0.02, 0.01, -0.01, -0.02, 0.0, 2, "better"],
        ["cruising_share", "city", "share", 0.025, 0.01, -0.015, -0.02, -0.01, 2, "better"],
    ]
    table = pd.concat([rows(), with_statistics(pd.DataFrame(told, columns=columns))], ignore_index=True)
    chart = cruising_chart(small_comparison(rows=table), language="en")
    before, after = chart.figure.axes[0].lines
    assert np.array(before.get_ydata()).tolist() == [0.02, 0.03]
    assert np.array(after.get_ydata()).tolist() == [0.01, 0.01]
    assert "<svg" in chart.svg()
