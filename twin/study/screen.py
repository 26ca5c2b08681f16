"""Screening: what a scenario does to vehicle-hours by static equilibrium, within seconds.

Both arms go to the same small gap, so that the difference is one of streets and not of rounds left undone. It knows
no queue that spills back, no signal plan, no bus and no search for parking; it ranks candidates for a study
(`twin run`) and is no answer itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from twin.city.city import City
from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.files.city_files import load_city
from twin.files.scenario_files import read_scenario
from twin.scenario.scenario import Scenario
from twin.sim.stage import Stage
from twin.study.habits import first_habits
from twin.study.mean_hour import mean_hour, street_delays
from twin.study.static_equilibrium import GAP, MOST_ROUNDS, StaticEquilibrium, static_equilibrium

Progress = Callable[[str, int, int], None]
"""Told (what is being done, steps done, steps in all)."""


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
    return static_equilibrium(stage.router.graph, pairs, street_delays(stage.network), gap=gap, most_rounds=most_rounds)
