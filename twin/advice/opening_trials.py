"""Openings in the dynamic model: every set of them an arm that goes on from one settlement of the base, on paired days.

All arms have their streets cut in the same places, so that links, plans and routes are compared piece by piece. Days
are loaded as routes settle: signals, queues and spillback, buses without stops, and everybody parks at once. Days of
selection and days of verification are different seeds; what is chosen on the first is told with the effect on the
second, since the best of several noisy numbers is too good (the winner's curse).
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.city import City
from twin.records import Records
from twin.results.estimates import Estimate, paired
from twin.sim.city_run import run_city
from twin.study.executor import each, hand_over, taken_over
from twin.study.habits import demand_of, trips_of_day
from twin.study.period import Period
from twin.study.settle import Settlement, settle_arm, settle_base, vehicle_hours

Floats = NDArray[np.float64]
Tell = Callable[[str, int, int], None]

BEFORE = ""
"""Key of the arm in which nothing is opened."""


@dataclass(frozen=True, eq=False)
class DynamicArm:
    """One arm's days. `vehicle_hours`: by seed, of trips that depart in the window; `rounds_vehh`: of each round of
    settling; `link_vehh`, `link_vehicles`: (n_seeds, n_links) of `link_ids`, in the window."""

    seeds: tuple[int, ...]
    vehicle_hours: Floats
    rounds_vehh: Floats
    link_ids: tuple[str, ...]
    link_vehh: Floats
    link_vehicles: Floats

    def on(self, seeds: Sequence[int]) -> Floats:
        """Vehicle-hours on these days."""
        return self.vehicle_hours[[self.seeds.index(seed) for seed in seeds]]


def trials(
    arms: Mapping[str, City], base: Path, period: Period, seeds: Sequence[int], *, rounds: int, jobs: int, tell: Tell
) -> dict[str, DynamicArm]:
    """Settle each arm from the settlement of the base that lies at `base` (`settled_base`), and load its days."""
    calls = [(base, key, city, period, rounds, tuple(seeds)) for key, city in arms.items()]
    found: dict[str, DynamicArm] = {}
    tell("trials", 0, len(calls))
    for key, arm in each(_arm, calls, jobs=jobs):
        found[key] = arm
        tell("trials", len(found), len(calls))
    return {key: found[key] for key in arms}


@contextmanager
def settled_base(city: City, period: Period, *, folder: Path, rounds: int, tell: Tell) -> Iterator[Path]:
    """The settlement that all arms go on from, as a file for the workers, of this process alone, while the `with`
    lasts."""
    path = folder / f"openings-base-{os.getpid()}.pickle"
    try:
        yield hand_over(path, settle_base(city, period, rounds=rounds, tell=tell))
    finally:
        path.unlink(missing_ok=True)


def effect_vehh(before: DynamicArm, after: DynamicArm, seeds: Sequence[int]) -> Estimate:
    """Vehicle-hours after less before on these days, paired by seed."""
    return paired(before.on(seeds), after.on(seeds))


def swing_vehh(before: DynamicArm, after: DynamicArm) -> float:
    """By how much the effect moved from round to round of settling over the last three (standard deviation).

    What an interval over days does not hold: two settlements of one city differ for reasons that are not the street.
    """
    effects = (after.rounds_vehh - before.rounds_vehh)[-3:]
    return float(np.std(effects, ddof=1)) if len(effects) > 1 else 0.0


def _arm(
    base_path: Path, key: str, city: City, period: Period, rounds: int, seeds: tuple[int, ...]
) -> tuple[str, DynamicArm]:
    """One arm (a task for a worker)."""
    base: Settlement = taken_over(base_path)
    settled = settle_arm(base, city, period, rounds=rounds)
    link_ids = settled.stage.router.graph.link_ids
    hours = np.zeros(len(seeds))
    link_vehh, link_vehicles = np.zeros((len(seeds), len(link_ids))), np.zeros((len(seeds), len(link_ids)))
    for i, seed in enumerate(seeds):
        day = trips_of_day(demand_of(settled.stage.city), seed, period.start_s, period.last_s)
        records = run_city(
            settled.stage, settled.habits, day, seed=seed, start_s=period.start_s, until_s=period.until_s,
            with_stories=False, buses_pass=True,
        )  # fmt: skip
        hours[i] = vehicle_hours(records, period)
        link_vehh[i], link_vehicles[i] = _by_link(records, period, link_ids)
    rounds_vehh = settled.rounds["vehicle_hours"].to_numpy(dtype=np.float64)
    return key, DynamicArm(seeds, hours, rounds_vehh, link_ids, link_vehh, link_vehicles)


def _by_link(records: Records, period: Period, link_ids: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Vehicle-hours spent on each link, and vehicles that left it, in the window."""
    rows = records.links
    start = rows["interval_start_s"]
    rows = rows[(start >= period.measured.start_s) & (start < period.measured.end_s) & (rows["left"] > 0)]
    spent_s = (rows["left"] * rows["mean_travel_time_s"]).groupby(rows["link_id"]).sum()
    left = rows["left"].groupby(rows["link_id"]).sum()
    order = pd.Index(link_ids)
    return (
        spent_s.reindex(order, fill_value=0.0).to_numpy(dtype=np.float64) / 3600.0,
        left.reindex(order, fill_value=0.0).to_numpy(dtype=np.float64),
    )
