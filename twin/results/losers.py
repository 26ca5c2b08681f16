"""Who loses and who gains: the same traveller in both arms of one seed, by trip id.

Counted are travellers who set out in the measured window in both arms. A trip that has not ended counts with its time
so far, as everywhere. The value before is 0 by definition, so that differences and intervals are those of the count.
"""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.results.areas import district_area
from twin.results.columns import mean_of
from twin.results.metrics import travel_times_s
from twin.results.run import Run

NOTICED_S = 60.0
"""Smaller changes of one's time are taken as not noticed (1 min)."""


def losers_share(change_s: NDArray[np.float64]) -> float:
    """Share (0–1) of travellers who take more than 1 min longer after than before."""
    return mean_of((change_s > NOTICED_S).astype(np.float64))


def losers(change_s: NDArray[np.float64]) -> float:
    """Travellers who take more than 1 min longer after than before (count)."""
    return float((change_s > NOTICED_S).sum())


def gainers_share(change_s: NDArray[np.float64]) -> float:
    """Share (0–1) of travellers who take more than 1 min less after than before."""
    return mean_of((change_s < -NOTICED_S).astype(np.float64))


def gainers(change_s: NDArray[np.float64]) -> float:
    """Travellers who take more than 1 min less after than before (count)."""
    return float((change_s < -NOTICED_S).sum())


PAIR_METRICS: dict[str, Callable[[NDArray[np.float64]], float]] = {
    "losers_share": losers_share,
    "losers": losers,
    "gainers_share": gainers_share,
    "gainers": gainers,
}
"""Figures of the changes of travellers' times (s), after less before."""

SHARES = ("losers_share", "gainers_share")
"""Those that are taken by district too."""


def changes_of(before: Run, after: Run) -> pd.DataFrame:
    """Travellers who set out in the window in both arms: trip_id, change_s, near, origin_district (where known)."""
    times = []
    for run in (before, after):
        trips = run.measured_trips()
        times.append(trips.assign(time_s=travel_times_s(run, trips)).set_index("trip_id"))
    both = times[1].index.intersection(times[0].index)
    kept = [column for column in ("near", "origin_district") if column in times[1]]
    table = times[1].loc[both, kept]
    return table.assign(change_s=times[1].loc[both, "time_s"] - times[0].loc[both, "time_s"]).reset_index()


def pair_table(before: Sequence[Run], after: Sequence[Run], *, near: Collection[str]) -> pd.DataFrame:
    """Figures of all pairs of runs: arm, seed, metric, area, value. `near` empty: no rows near the measures."""
    rows = []
    for first, second in zip(before, after, strict=True):
        changes = changes_of(first, second)
        parts = {"city": changes}
        if near and "near" in changes:
            parts["near"] = changes[changes["near"].fillna(False).astype(bool)]
        if "origin_district" in changes:
            districts = changes["origin_district"].astype("str")
            parts |= {
                district_area(name): changes[districts == name] for name in sorted(set(districts.unique()) - {""})
            }
        for area, part in parts.items():
            change_s = part["change_s"].to_numpy(dtype=np.float64)
            for name, metric in PAIR_METRICS.items():
                if area in ("city", "near") or name in SHARES:
                    value = metric(change_s)
                    rows.append(("before", first.seed, name, area, 0.0 if np.isfinite(value) else np.nan))
                    rows.append(("after", second.seed, name, area, value))
    return pd.DataFrame(rows, columns=["arm", "seed", "metric", "area", "value"])
