"""Screening: what a scenario does to vehicle-hours by static equilibrium, within seconds.

Both arms go to the same small gap, so that the difference is one of streets and not of rounds left undone. It knows
no queue that spills back, no signal plan, no bus and no search for parking; it ranks candidates for a study
(`twin run`) and is no answer itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from twin.city.city import City
from twin.city.network import Network
from twin.city.vehicles import VEHICLE_CLASSES
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.files.city_files import load_city
from twin.files.scenario_files import read_scenario
from twin.routing.loading import Pairs
from twin.scenario.scenario import Scenario
from twin.sim.city_run import Habits, Stage
from twin.study.habits import CLASS_OF_MODE, demand_of, first_habits
from twin.study.static_equilibrium import GAP, MOST_ROUNDS, DelayFunctions, StaticEquilibrium, static_equilibrium

Progress = Callable[[str, int, int], None]
"""Told (what is being done, steps done, steps in all)."""

_BPR_ALPHA, _BPR_BETA = 0.6, 3.5  # arterials with junctions (0.5–0.6, 3–4)
_SIGNAL_GREEN = 0.5  # share of the hour an approach at a signal has, before plans exist
_SIGNAL_WAIT_S = 15.0  # mean wait there in light traffic, before plans exist


@dataclass(frozen=True, eq=False)
class Screening:
    """Both arms at static equilibrium. `hours`: length of the measured window."""

    before_scenario: str
    after_scenario: str
    hours: float
    before: StaticEquilibrium
    after: StaticEquilibrium

    @property
    def vehicle_hours(self) -> tuple[float, float]:
        """Vehicle-hours of trips that depart in the measured window, before and after."""
        return self.before.vehicle_hours * self.hours, self.after.vehicle_hours * self.hours

    @property
    def doubt_vehicle_hours(self) -> float:
        """How much vehicle-hours of the two arms may lie above what nobody could improve: gap × vehicle-hours.

        A difference smaller than this may be of rounds left undone.
        """
        before, after = self.vehicle_hours
        return max(self.before.relative_gap * before, self.after.relative_gap * after)


def screen(
    scenario: str | Path | Scenario,
    *,
    gap: float = GAP,
    most_rounds: int = MOST_ROUNDS,
    progress: Progress | None = None,
) -> Screening:
    """Vehicle-hours of a scenario and of the one it is based on (or names in `compare_with`), by static equilibrium."""
    after = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)
    if not after.before:
        raise ScenarioError(
            f"scenario {after.name!r} has neither based_on nor compare_with: nothing to compare it with"
        )
    before = read_scenario(after.before)
    if before.place != after.place:
        raise ScenarioError(f"{before.name!r} is about {before.place!r}, {after.name!r} about {after.place!r}")
    city = load_city(after.place)
    found = []
    for done, arm in enumerate((before, after)):
        found.append(city_equilibrium(arm.apply_to(city), after.measured, gap=gap, most_rounds=most_rounds))
        if progress is not None:
            progress("arms", done + 1, 2)
    return Screening(before.name, after.name, after.measured.duration_s / 3600.0, found[0], found[1])


def city_equilibrium(
    city: City, measured: TimeWindow, *, gap: float = GAP, most_rounds: int = MOST_ROUNDS
) -> StaticEquilibrium:
    """Flows of the mean hour of a window on the city's streets: PCU and vehicles."""
    stage = Stage.of(replace(city, signals=()))
    pairs = mean_hour(stage.city, first_habits(stage), measured)
    return static_equilibrium(
        stage.router.graph, pairs, street_delays(stage.network), gap=gap, most_rounds=most_rounds
    )


def mean_hour(city: City, habits: Habits, measured: TimeWindow) -> Pairs:
    """Trips an hour between nodes, of those that usually depart in the window: PCU, then vehicles."""
    travellers = demand_of(city).travellers
    usual = travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    counts = (usual >= measured.start_s) & (usual < measured.end_s)
    hours = measured.duration_s / 3600.0
    vehicles = np.where(counts, travellers["travels_share"].to_numpy(dtype=np.float64), 0.0) / hours
    pcu = travellers["mode"].map(lambda mode: VEHICLE_CLASSES[CLASS_OF_MODE.get(mode, "car")].pcu)
    flow = np.stack([vehicles * pcu.to_numpy(dtype=np.float64), vehicles], axis=1)
    return Pairs.of(habits.origin, habits.destination, flow)


def street_delays(network: Network) -> DelayFunctions:
    """Volume–delay functions of streets before signals have plans (s, PCU/h): half of the hour green, and a wait."""
    links = network.links
    signal = np.array([network.node_by_id[link.to_node].control == "signal" for link in links])
    free_s = np.array([link.free_time_s for link in links]) + np.where(signal, _SIGNAL_WAIT_S, 0.0)
    capacity = np.array([link.capacity_vph * link.lanes for link in links]) * np.where(signal, _SIGNAL_GREEN, 1.0)
    return DelayFunctions.bpr(free_s, capacity, alpha=_BPR_ALPHA, beta=_BPR_BETA)
