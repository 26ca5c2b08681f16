"""Key figures of streets and junctions: one function each, taken from the interval statistics of links.

Congestion is told by GB/T 33171-2016 against light traffic with signals, levels of service of streets against free
speed. What cannot be measured is NaN, never 0.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.records import INTERVAL_S
from twin.results.columns import NAN, numbers, of_links, ratio_of
from twin.results.run import Run
from twin.results.standards import junction_level, link_grades, street_los, tpi_by_annex_c
from twin.units import METRES_PER_KM

LIGHTLY_CONGESTED = 2  # grade 轻度拥堵 of GB/T 33171-2016, 8.1
SEVERELY_CONGESTED = 4  # grade 严重拥堵
CONGESTED_TPI = 4.0
"""TPI from which a network is 轻度拥堵 or worse (GB/T 33171-2016, Annex C)."""
MINUTES_PER_INTERVAL = INTERVAL_S / 60.0
WORST_LEVEL = 3  # 四级 of CJJ 37


def tpi(run: Run, links: pd.DataFrame) -> float:
    """Traffic performance index, 0–10, by GB/T 33171-2016 Annex C, of interval statistics of links.

    Each link and 15 min has the delay-time ratio 1 − free time ÷ mean time, at least 0, where free time is that of the
    base in light traffic with signals; weighted by vehicle-kilometres of the vehicles that left; then Annex C.
    A link that nobody left in an interval has no weight, however many stand on it.
    """
    time_s = numbers(links, "mean_travel_time_s")
    weight = numbers(links, "left") * of_links(run.links.set_index("link_id")["length_m"], links)
    free_s = of_links(run.free_times.over(run.links), links)
    counts = (weight > 0.0) & (time_s > 0.0)
    ratio = np.maximum(0.0, 1.0 - free_s[counts] / time_s[counts])
    return tpi_by_annex_c(ratio_of(float((ratio * weight[counts]).sum()), float(weight[counts].sum())))


def is_congested(run: Run, links: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each link was 轻度拥堵 or worse in each interval: at most half its light-traffic speed.

    A link that nobody left is congested where a queue stood on it, else free. Source: GB/T 33171-2016, 8.1.
    """
    left, time_s = numbers(links, "left"), numbers(links, "mean_travel_time_s")
    free_s = of_links(run.free_times.over(run.links), links)
    moves = (left > 0.0) & (time_s > 0.0)
    ratios = np.divide(free_s, time_s, out=np.ones(len(links)), where=moves)
    # Rounded, so that a link at exactly half its speed has the grade of that bound.
    grades = link_grades(np.round(ratios, 12))
    blocked = ~(left > 0.0) & (np.nan_to_num(numbers(links, "max_queue_m")) > 0.0)
    congested: NDArray[np.bool_] = np.where(blocked, SEVERELY_CONGESTED, grades) >= LIGHTLY_CONGESTED
    return congested


def congested_km(run: Run, links: pd.DataFrame) -> float:
    """Congested kilometres (km): length of links that are 轻度拥堵 or worse, mean over the intervals."""
    by_interval = _congested_by_interval_km(run, links)
    return float(by_interval.mean()) if len(by_interval) else NAN


def most_congested_km(run: Run, links: pd.DataFrame) -> float:
    """Congested kilometres in the worst interval (km)."""
    by_interval = _congested_by_interval_km(run, links)
    return float(by_interval.max()) if len(by_interval) else NAN


def congested_km_share(run: Run, links: pd.DataFrame) -> float:
    """Share (0–1) of kilometres that are 轻度拥堵 or worse, all intervals together.

    Of links in intervals in which somebody left them or queued on them: a street more or less that nobody drives
    changes nothing. Source: GB/T 33171-2016, 7 (share of mileage by grade) and 8.1.
    """
    length_m = of_links(run.links.set_index("link_id")["length_m"], links)
    used = (numbers(links, "left") > 0.0) | (np.nan_to_num(numbers(links, "max_queue_m")) > 0.0)
    return ratio_of(float(length_m[is_congested(run, links)].sum()), float(length_m[used].sum()))


def congested_min(run: Run, links: pd.DataFrame) -> float:
    """Congested duration (min): time of the window in which the TPI by Annex C is 4 or more; NaN without traffic."""
    values = [tpi(run, part) for _, part in links.groupby("interval_start_s")]
    known = [value for value in values if not np.isnan(value)]
    return MINUTES_PER_INTERVAL * sum(value >= CONGESTED_TPI for value in known) if known else NAN


def los_e_f_km_share(run: Run, links: pd.DataFrame) -> float:
    """Share (0–1) of kilometres whose mean speed in the window is of level E or F: at most 40 % of free speed.

    Of the links that somebody left. Source: HCM 6 (2016), urban street segments.
    """
    left, time_s = _sums(links)
    streets = run.links.set_index("link_id").reindex(left.index)
    used = ((left > 0.0) & (time_s > 0.0)).to_numpy()
    length_m = streets["length_m"].to_numpy(dtype=np.float64)[used]
    free_s = length_m / streets["free_speed_mps"].to_numpy(dtype=np.float64)[used]
    levels = street_los(np.round(free_s * left.to_numpy()[used] / time_s.to_numpy()[used], 12))
    return ratio_of(float(length_m[np.isin(levels, ["E", "F"])].sum()), float(length_m.sum()))


def junction_delay_s(run: Run, links: pd.DataFrame) -> float:
    """Mean delay of a vehicle at a signal junction (s): Σ vehicles × delay ÷ Σ vehicles over all approaches.

    Delay is the time over the approach less that at free speed, at least 0: the signal's, that of queues before it, and
    of queues that spill back from beyond. Source of the levels: CJJ 37-2012 (2016).
    """
    junctions = junction_delays(run, links)
    return ratio_of(float(junctions["delay_s"].sum()), float(junctions["vehicles"].sum()))


def junctions_level_4_share(run: Run, links: pd.DataFrame) -> float:
    """Share (0–1) of signal junctions whose mean delay is of level 4 (四级): more than 60 s. CJJ 37-2012 (2016)."""
    junctions = junction_delays(run, links)
    levels = [junction_level(delay) for delay in junctions["delay_s"] / junctions["vehicles"]]
    return ratio_of(float(sum(level == WORST_LEVEL for level in levels)), float(len(levels)))


def junction_delays(run: Run, links: pd.DataFrame) -> pd.DataFrame:
    """Vehicles that passed each signal junction and the sum of their delays (s), indexed by node id.

    Junctions that nobody passed are not in it.
    """
    streets = run.links.set_index("link_id")
    node = streets["signal_node"].reindex(links["link_id"]).fillna("").to_numpy(dtype=object)
    left, time_s = numbers(links, "left"), numbers(links, "mean_travel_time_s")
    free_s = of_links(streets["length_m"] / streets["free_speed_mps"], links)
    counts = (node != "") & (left > 0.0) & (time_s > 0.0)
    table = pd.DataFrame(
        {
            "node_id": node[counts],
            "vehicles": left[counts],
            "delay_s": left[counts] * np.maximum(0.0, time_s - free_s)[counts],
        }
    )
    return table.groupby("node_id")[["vehicles", "delay_s"]].sum()


def _congested_by_interval_km(run: Run, links: pd.DataFrame) -> pd.Series:
    length_m = of_links(run.links.set_index("link_id")["length_m"], links)
    congested_m = pd.Series(np.where(is_congested(run, links), length_m, 0.0))
    return congested_m.groupby(links["interval_start_s"].to_numpy()).sum() / METRES_PER_KM


def _sums(links: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Vehicles that left each link and the time they spent on it (s), by link id."""
    ids, left = links["link_id"].to_numpy(), numbers(links, "left")
    spent_s = np.nan_to_num(left * np.nan_to_num(numbers(links, "mean_travel_time_s")))
    return pd.Series(left).groupby(ids).sum(), pd.Series(spent_s).groupby(ids).sum()


LINK_METRICS: dict[str, Callable[[Run, pd.DataFrame], float]] = {
    metric.__name__: metric
    for metric in (
        tpi,
        congested_km,
        most_congested_km,
        congested_km_share,
        congested_min,
        los_e_f_km_share,
        junction_delay_s,
        junctions_level_4_share,
    )
}
"""Figures of interval statistics of links in the measured window, or of some of them."""
