"""Which bus riders lose and gain: the same rider in both arms of one seed, by rider id.

Counted are riders who leave home in the measured window in both arms and have a way in both. One who has not arrived,
or gave up, counts with the time so far. The value before is 0 by definition, as in `losers`.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.bus_metrics import door_to_door_s, measured_riders
from twin.results.columns import mean_of
from twin.results.run import Run

NOTICED_S = 300.0
"""A change of 5 min counts: half a headway in the peak comes and goes by chance (assumed)."""


def riders_lose_share(change_s: NDArray[np.float64]) -> float:
    """Share (0–1) of riders who take more than 5 min longer after than before."""
    return mean_of((change_s > NOTICED_S).astype(np.float64))


def riders_gain_share(change_s: NDArray[np.float64]) -> float:
    """Share (0–1) of riders who take more than 5 min less after than before."""
    return mean_of((change_s < -NOTICED_S).astype(np.float64))


RIDER_PAIR_METRICS: dict[str, Callable[[NDArray[np.float64]], float]] = {
    metric.__name__: metric for metric in (riders_lose_share, riders_gain_share)
}
"""Figures of the changes of riders' times (s), after less before."""


def rider_changes_s(before: Run, after: Run) -> NDArray[np.float64] | None:
    """Changes of door-to-door time (s) of riders in both arms; None where an arm has no riders."""
    times = []
    for run in (before, after):
        riders = measured_riders(run)
        if riders is None:
            return None
        times.append(pd.Series(door_to_door_s(riders), index=riders["rider_id"].to_numpy()))
    both = times[0].index.intersection(times[1].index)
    return np.asarray(times[1].loc[both] - times[0].loc[both], dtype=np.float64)


def rider_pair_table(before: Sequence[Run], after: Sequence[Run]) -> pd.DataFrame:
    """Figures of all pairs of runs: arm, seed, metric, area, value; no rows where riders are not known."""
    rows = []
    for first, second in zip(before, after, strict=True):
        change_s = rider_changes_s(first, second)
        if change_s is None:
            continue
        for name, metric in RIDER_PAIR_METRICS.items():
            value = metric(change_s)
            rows.append(("before", first.seed, name, "city", 0.0 if np.isfinite(value) else np.nan))
            rows.append(("after", second.seed, name, "city", value))
    return pd.DataFrame(rows, columns=["arm", "seed", "metric", "area", "value"])
