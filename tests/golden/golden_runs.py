"""Runs whose records are known to the last digit, so that a change of the engine shows, and how much it moves.

A change that is meant renews them, and its commit says why they moved:

    python -m tests.golden.golden_runs            both, the town and Yantai (a minute or two)
    python -m tests.golden.golden_runs town       the town alone

Library versions are those of constraints.txt; others may round otherwise.
"""

import hashlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

from tests.grid_town import PLACE, place, write_measures, write_town
from twin.files.city_files import load_city
from twin.files.scenario_files import read_scenario
from twin.records import STATUSES, Records
from twin.results.run import Arm, LightTraffic
from twin.scenario.scenario import Scenario
from twin.study.arms import StudyArm, make_run, riders_of
from twin.study.period import Period
from twin.study.settle import Settlement, light_times, settle_arm, settle_base

FILE = Path(__file__).with_name("golden.toml")
SEED = 1
BASE_ROUNDS, ARM_ROUNDS = 2, 1
TOWN_MEASURES = (
    'kind = "change_lanes"\nstreet = "东风桥"\nlanes = 2',
    'kind = "add_parking"\nat = [{}, {}]\nspaces = 40'.format(*place(3.9, 0.9)),
    'kind = "set_headway"\nline = "1路"\nfactor = 0.5',
    'kind = "close_link"\nstreet = "中街"\nbetween = ["07:20", "07:40"]',
)


def town_totals(home: Path) -> dict[str, Any]:
    """One day of the small town before and after four measures; `home`: an empty folder."""
    write_measures(write_town(home), "golden", *TOWN_MEASURES)
    before, after = _in_home(home, lambda: _both_arms(read_scenario("base"), read_scenario("golden")))
    return {"before": before, "after": after}


def yantai_totals(home: Path) -> dict[str, Any]:
    """One day of Yantai as it is; `home`: an empty folder."""
    return {"before": _in_home(home, lambda: _totals(*_base(read_scenario("baseline"))))}


GOLDEN: dict[str, Callable[[Path], dict[str, Any]]] = {PLACE: town_totals, "yantai": yantai_totals}


def known() -> dict[str, Any]:
    """The records that are known, by place."""
    return tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def _in_home(home: Path, work: Callable[[], Any]) -> Any:
    """Work with places, scenarios and caches of a home of its own."""
    old = {name: os.environ.get(name) for name in ("TWIN_HOME", "TWIN_CACHE")}
    os.environ.update({"TWIN_HOME": str(home), "TWIN_CACHE": str(home / "cache")})
    try:
        return work()
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _base(scenario: Scenario) -> tuple[Settlement, Period, LightTraffic, Arm]:
    period = Period.around(scenario.measured)
    base = settle_base(scenario.apply_to(load_city(scenario.place)), period, rounds=BASE_ROUNDS)
    return base, period, LightTraffic(light_times(base, period)), "before"


def _both_arms(before: Scenario, after: Scenario) -> tuple[dict[str, Any], dict[str, Any]]:
    base, period, free_times, arm = _base(before)
    settled = settle_arm(base, after.apply_to(load_city(after.place)), period, rounds=ARM_ROUNDS)
    return _totals(base, period, free_times, arm), _totals(settled, period, free_times, "after")


def _totals(settled: Settlement, period: Period, free_times: LightTraffic, arm: Arm) -> dict[str, Any]:
    """What the day gives: counts, sums in whole µs and mm, and a digest of each table."""
    nobody = np.zeros(len(settled.habits.site), dtype=np.bool_)
    records = make_run(
        StudyArm(arm, arm, settled, period, free_times, nobody, riders=riders_of(settled, period)), SEED
    ).records
    trips, buses = records.trips, records.buses
    assert buses is not None
    return {
        **{state: records.books.get(state, 0) for state in ("created", *STATUSES)},
        "passages": records.passages_count,
        "relieved": records.relieved,
        "trip_time_us": _whole(trips["arrive_s"] - trips["depart_s"], 1e6),
        "distance_mm": _whole(trips["distance_m"], 1e3),
        "search_us": _whole(trips["search_s"], 1e6),
        "bus_time_us": _whole(buses["arrive_s"] - buses["depart_s"], 1e6),
        "settling_vehicle_hours": [float(hours) for hours in settled.rounds["vehicle_hours"]],
        "digest": _digests(records),
    }


def _whole(values: "pd.Series[float]", units: float) -> int:
    """Sum of values in whole small units, so that it does not hang on the order of rows; null counts nothing."""
    return int(np.rint(values.dropna().to_numpy(dtype=np.float64) * units).astype(np.int64).sum())


def _digests(records: Records) -> dict[str, str]:
    tables = {field.name: getattr(records, field.name) for field in fields(records)}
    return {name: _digest(table) for name, table in tables.items() if isinstance(table, pd.DataFrame)}


def _digest(table: pd.DataFrame) -> str:
    """Of the columns and their values, not of how a file holds them."""
    digest = hashlib.sha256()
    for name in table:
        digest.update(f"\n{name}\n".encode())
        digest.update("\n".join(map(repr, table[name].astype(object).where(table[name].notna(), None))).encode())
    return digest.hexdigest()[:16]


def main(places: list[str]) -> None:
    """Renew the records of some places, or of all, and tell what moved."""
    found = known()
    for name in GOLDEN:
        if places and not any(name.endswith(wanted) for wanted in places):
            continue
        with tempfile.TemporaryDirectory() as home:
            totals = GOLDEN[name](Path(home))
        for arm, values in totals.items():
            for what, value in values.items():
                old = found.get(name, {}).get(arm, {}).get(what)
                if old != value:
                    sys.stdout.write(f"{name}, {arm}, {what}: {old} -> {value}\n")
        found[name] = totals
    FILE.write_text(tomli_w.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
