"""What workers do for a study: settle an arm, make and measure a run. Each is handed over as a file whose name says
what it was made from.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from twin.city.city import City
from twin.errors import DataFileError
from twin.files.catalogue import cache_folder, runs_folder
from twin.files.run_store import RunStore
from twin.results.comparison import figures_of
from twin.results.run import Arm, Run
from twin.sim.compiling import compile_part
from twin.study.arms import StudyArm, make_run, riders_of, service_of
from twin.study.executor import hand_over, taken_over
from twin.study.period import Period
from twin.study.settle import settle_arm

KEPT_SETTLEMENTS = 8  # newest settlements that stay in the cache


def settlements_folder() -> Path:
    return cache_folder() / "settlements"


def get_ready(number: int) -> None:
    """What a worker does first: come to this module, by which all libraries are loaded; and on a machine that has not
    run the engine yet the first two compile it, a part each, while the study still reads its city."""
    compile_part(number)


def settle_one(
    base_path: Path,
    city: City,
    scenario: str,
    arm: Any,
    period: Period,
    rounds: int,
    near: Any,
    new_roads: dict[str, tuple[str, ...]],
    path: Path,
) -> Path:
    """One arm goes on from the base's settlement (a task for a worker)."""
    base, free_times = taken_over(base_path)
    settled = settle_arm(base, city, period, rounds=rounds)
    riders, service = riders_of(settled, period), service_of(settled, period)
    return hand_over(path, StudyArm(scenario, arm, settled, period, free_times, near, new_roads, riders, service))


def measure_one(
    arm_path: Path, seed: int, key: str, origin: dict[str, Any], near: frozenset[str], roads: list[str]
) -> tuple[Arm, int, bool, pd.DataFrame]:
    """Figures of one run of one arm, made and kept where it is not in the store (a task for a worker)."""
    store = RunStore(runs_folder())
    was_whole = store.state(key) == "whole"
    run = fetched(store, arm_path, seed, key, origin)
    return run.arm, seed, was_whole, figures_of(run, near, roads)


def fetched(store: RunStore, arm_path: Path, seed: int, key: str, origin: dict[str, Any]) -> Run:
    """A run from the store; made where it is not in it, was damaged, or was deleted since."""
    found = store.get(key)
    if found is None:
        store.put(key, make_run(taken_over(arm_path), seed), origin)
        found = store.get(key)
    if found is None:
        raise DataFileError(f"{store.folder}: run {key} does not stay whole where it is kept; is the disk sound?")
    return found


def forget_old(folder: Path, keep: set[Path]) -> None:
    """Settlements are large: only the newest stay."""
    others = sorted(
        (p for p in folder.glob("*.pickle") if p not in keep), key=lambda p: p.stat().st_mtime, reverse=True
    )
    for path in others[max(0, KEPT_SETTLEMENTS - len(keep)) :]:
        path.unlink(missing_ok=True)
