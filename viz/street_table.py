"""Named streets before and after, as a small table for notebooks: flow on the busiest link, change of delay."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from twin.results.comparison import Comparison
from twin.results.numbers import written
from twin.wording import Language, Words
from viz.layers import records
from viz.numbers import number_of

_HEAD = {
    "street": Words("街道", "street"),
    "before": Words("前(辆/小时)", "before (veh/h)"),
    "after": Words("后(辆/小时)", "after (veh/h)"),
    "delay": Words("延误变化(车·小时)", "change of delay (veh·h)"),
    "clear": Words("其中超出随机波动的路段", "links outside the noise"),
}


def street_table(comparison: Comparison, streets: Sequence[str], *, language: Language = "zh") -> pd.DataFrame:
    """One row a street: flow on the link that was busiest before (of a new street: after), the sum of its links' mean
    changes of delay, and on how many links the change is outside the noise.

    Sums carry no interval: links' intervals stand on the map. A street that the network does not have says so.
    """
    rows = []
    for street in streets:
        links = comparison.links[comparison.links["name"] == street]
        if links.empty:
            rows.append((street, *[written(None, 0)] * 4))
            continue
        by = "before_flow_vph" if links["before_flow_vph"].notna().any() else "after_flow_vph"
        busiest = records(links)[int(links[by].fillna(0.0).to_numpy(dtype=np.float64).argmax())]
        change = links["difference_delay_vehh"]
        rows.append(
            (
                street,
                written(number_of(busiest["before_flow_vph"]), 0),
                written(number_of(busiest["after_flow_vph"]), 0),
                written(float(change.sum()) if change.notna().any() else None, 1, signed=True),
                f"{int(links['is_clear'].astype(bool).sum())} / {len(links)}",
            )
        )
    return pd.DataFrame(rows, columns=[words.in_(language) for words in _HEAD.values()])
