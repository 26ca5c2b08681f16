"""The study: two scenarios, the same seeds, one settlement of the base that both go on from.

`compare` is what a planner calls; `run` compares a scenario with what it is based on.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from twin.clock import TimeWindow
from twin.errors import ScenarioError
from twin.files.results_files import write_comparison
from twin.files.scenario_files import read_scenario
from twin.files.seed_files import read_seeds
from twin.results.comparison import Comparison
from twin.scenario.scenario import Scenario
from twin.study.executor import Workers, usual_jobs
from twin.study.settle import ARM_ROUNDS, BASE_ROUNDS
from twin.study.steps import Progress, Study
from twin.study.stopping import Precision

REPLICATIONS = 10


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A scenario by name or path to its TOML. Raises ScenarioError with all faults of the file."""
    return read_scenario(name_or_path)


def run(scenario: str | Path | Scenario, **options: Any) -> Comparison:
    """Compare a scenario with the one it is based on (or names in `compare_with`); options as for `compare`."""
    after = _scenario(scenario)
    if not after.before:
        raise ScenarioError(
            f"scenario {after.name!r} has neither based_on nor compare_with: nothing to compare it with"
        )
    return compare(read_scenario(after.before), after, **options)


def compare(
    before: str | Path | Scenario,
    after: str | Path | Scenario,
    *,
    replications: int | None = None,
    precision_s: float | None = None,
    precision_share: float | None = None,
    two_starts: bool = False,
    people_react: bool | None = None,
    induced: bool | None = None,
    window: TimeWindow | None = None,
    jobs: int | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    base_rounds: int = BASE_ROUNDS,
    arm_rounds: int = ARM_ROUNDS,
    command: str = "",
) -> Comparison:
    """Before and after, paired by seed, on the same travellers.

    `replications`: pairs, default 10. With `precision_s` (s) or `precision_share` (of the value before) pairs are added
    until the 95 % interval of delay per trip is no wider than ± that (`stopping`), `replications` then being the most,
    default all listed seeds. `two_starts`: settle from a second start too, and name no winner where the effect differs.
    `people_react`: answer twice, with nobody changing mode and, in `reacting`, with people who choose anew how to go;
    `induced`: and how often. None: as the scenario after says.
    `window`: hours whose departures count, in place of the scenarios' own; longer than a morning it is a whole day.
    `jobs`: worker processes, default one a core; the result does not depend on it. `out`: a folder for the tables.
    Runs already made are not made again. Raises ScenarioError where the scenarios cannot be compared.
    """
    first, second = _scenario(before), _scenario(after)
    if window is not None:
        first, second = replace(first, measured=window), replace(second, measured=window)
    if first.place != second.place:
        raise ScenarioError(f"{first.name!r} is about {first.place!r}, {second.name!r} about {second.place!r}")
    second = reacting_as_asked(second, people_react, induced)
    precision = None
    if precision_s is not None or precision_share is not None:
        precision = Precision(precision_s, precision_share)
    seeds = _seeds(replications, precision)
    with Workers(jobs or usual_jobs()) as workers:
        study = Study(first, second, base_rounds, arm_rounds, two_starts, workers, progress or _silent)
        comparison = study.compared(
            seeds, precision, command or _command(first, second, replications, precision, two_starts, window)
        )
    if out is not None:
        write_comparison(comparison, out)
    return comparison


def _silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _scenario(given: str | Path | Scenario) -> Scenario:
    return given if isinstance(given, Scenario) else read_scenario(given)


def reacting_as_asked(scenario: Scenario, people_react: bool | None, induced: bool | None) -> Scenario:
    """The scenario with people who react or not, as asked; None: as it says. Induced trips are of people who react."""
    reacts = bool(induced) or scenario.people_react if people_react is None else people_react
    more_trips = scenario.induced and reacts if induced is None else induced
    if (reacts, more_trips) == (scenario.people_react, scenario.induced):
        return scenario
    return replace(scenario, people_react=reacts, induced=more_trips)


def _seeds(replications: int | None, precision: Precision | None) -> tuple[int, ...]:
    """The seeds of a study, in their order; with a precision, the most that may be used."""
    listed = read_seeds().replications
    if replications is None:
        replications = REPLICATIONS if precision is None else len(listed)
    if replications < 1:
        raise ScenarioError(f"replications is {replications}, must be at least 1")
    if len(listed) < replications:
        raise ScenarioError(f"{replications} replications asked, but seeds.toml lists only {len(listed)} seeds")
    return listed[:replications]


def _command(
    before: Scenario,
    after: Scenario,
    replications: int | None,
    precision: Precision | None,
    two_starts: bool,
    window: TimeWindow | None,
) -> str:
    names = f"run {after.name}" if after.before == before.name else f"compare {before.name} {after.name}"
    parts = [f"twin {names}"]
    if replications is not None or precision is None:
        parts.append(f"--replications {replications or REPLICATIONS}")
    if precision is not None:
        parts.append(f"--precision {precision}")
    if two_starts:
        parts.append("--two-starts")
    if after.people_react:
        parts.append("--people-react")
    if after.induced:
        parts.append("--induced")
    if window is not None:
        parts.append(f"--window {str(window).replace('–', '-')}")
    return " ".join(parts)
