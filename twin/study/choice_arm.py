"""The arm of a study in which people react, made from the two arms in which nobody changes mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.city.city import City
from twin.city.cuts import with_cuts_of
from twin.clock import TimeWindow
from twin.demand.inputs import CHOICE_MODES, ChoiceSettings
from twin.files.choice_files import choice_path, read_choice
from twin.files.city_files import load_city
from twin.files.network_files import checksum_of
from twin.files.run_store import key_of
from twin.results.comparison import Comparison
from twin.results.mode_shares import mode_shares
from twin.results.run import Arm
from twin.scenario.scenario import Scenario
from twin.study.arms import ModeTables, StudyArm, near_travellers, near_trips, riders_of, service_of
from twin.study.assumptions import assumptions_of, not_answered, people_that_react, signals_that_differ
from twin.study.executor import hand_over, taken_over
from twin.study.mode_costs import choosers_of
from twin.study.people_react import MODE_ROUNDS, Reacted, Tell, settle_modes
from twin.study.period import Period, departures_of
from twin.study.settle import Settlement


@dataclass(frozen=True, eq=False)
class PeopleChoosing:
    """How people choose in a study. `made_from`: what decides it, for keys and `run.toml`; `path`: where the arm is."""

    settings: ChoiceSettings
    induced: bool
    made_from: Mapping[str, Any]
    path: Path


def people_choosing(scenario: Scenario, key: Mapping[str, Any], folder: Path) -> PeopleChoosing:
    """How people choose in the scenario's arm; `key`: what the arm is made from with nobody changing mode."""
    path = choice_path(scenario.place)
    made = {"settings": checksum_of(path), "induced": scenario.induced, "mode_rounds": MODE_ROUNDS}
    settings, _ = read_choice(path)
    return PeopleChoosing(settings, scenario.induced, made, folder / f"{key_of({**key, 'people': made})}.pickle")


def settle_choice(
    choosing: PeopleChoosing,
    base_path: Path,
    arms: Mapping[Arm, Path],
    after: Scenario,
    before: Scenario,
    new_roads: Mapping[str, tuple[str, ...]],
    period: Period,
    arm_rounds: int,
    places: Sequence[tuple[float, float]],
    tell: Tell,
) -> Path:
    """Settle modes and routes of the arm after, and keep it at `choosing.path`.

    `arms`: where both arms are with nobody changing mode.
    """
    hours, window = TimeWindow(period.start_s, period.until_s), TimeWindow(period.start_s, period.last_s)
    everybody = load_city(after.place, hours=departures_of(period), choosing=window)
    city = with_cuts_of(after.apply_to(everybody, hours), before.apply_to(everybody, hours))
    base, free_times = taken_over(base_path)
    settled = {arm: taken_over(path).settlement for arm, path in arms.items()}
    reacted = settle_modes(
        base, settled["before"], settled["after"], city, period, choosing.settings, induced=choosing.induced,
        arm_rounds=arm_rounds, tell=tell,
    )  # fmt: skip
    tables = ModeTables(_shares(reacted, city, period, places), reacted.rounds)
    arm = StudyArm(
        after.name, "after", reacted.settlement, period, free_times, near_travellers(city, places), new_roads,
        riders_of(reacted.settlement, period), service_of(reacted.settlement, period), tables,
    )  # fmt: skip
    return hand_over(choosing.path, arm)


def meta_of_reacting(
    meta: Mapping[str, Any],
    cities: Mapping[str, City],
    scenario: Scenario,
    settlements: Mapping[Arm, Settlement],
    choosing: PeopleChoosing,
) -> dict[str, Any]:
    """The meta of the comparison in which people react, from that of the one in which nobody changes mode."""
    signals = signals_that_differ(*(settlements[arm].stage.city for arm in ("before", "after")))
    reacts = people_that_react(choosing.settings, induced=choosing.induced)
    assumed = (*assumptions_of(cities["after"], scenario, reacts=True), *reacts, *signals)
    unanswered = [{"zh": words.zh, "en": words.en} for words in not_answered(cities["before"], cities["after"])]
    return {
        **{name: value for name, value in meta.items() if name != "effects_of_two_starts"},
        "arms": {**meta["arms"], "after": choosing.path.stem},
        "assumptions": [{"zh": words.zh, "en": words.en} for words in assumed],
        "warnings": [warning for warning in meta["warnings"] if warning not in unanswered],
    }


def with_people_reacting(
    nobody_changes: Comparison, people: Comparison, modes: ModeTables | None, choosing: PeopleChoosing
) -> Comparison:
    """Both answers in one: the comparison in which nobody changes mode, with the other in it."""
    if modes is not None:
        people = replace(people, modes=modes.shares, mode_rounds=modes.rounds)
    arms = {**nobody_changes.meta["arms"], "people react": choosing.path.stem}
    return replace(nobody_changes, reacting=people, meta={**nobody_changes.meta, "people_react": True, "arms": arms})


def _shares(reacted: Reacted, city: City, period: Period, places: Sequence[tuple[float, float]]) -> pd.DataFrame:
    """How people go who usually set out in the measured window."""
    choosers = choosers_of(city.demand)
    usual_s = choosers["usual_depart_s"].to_numpy(dtype=np.float64)
    counts = (usual_s >= period.measured.start_s) & (usual_s < period.measured.end_s)
    mode = np.array(CHOICE_MODES, dtype=object)[reacted.choices.mode]
    near = near_trips(city, choosers, places)
    return mode_shares(choosers[counts], mode[counts], reacted.choices.factor[counts], near[counts])
