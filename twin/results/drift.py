"""Has the answer settled? The effect by round of route choice, whether it still moves, and from another start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

LAST_PART = 1.0 / 3.0  # of the rounds, over which an effect should stand still
MOST_DRIFT = 0.5  # of the effect itself; more drift, unequal gaps or another start worth more give no verdict


@dataclass(frozen=True, slots=True)
class Drift:
    """Settling of both arms. Gaps are shares; effect and drift are vehicle-hours, after less before."""

    rounds: int
    gap_before: float
    gap_after: float
    effect_vehh: float
    drift_vehh: float

    vehicle_hours: float = 0.0  # of the base in the last round
    run_effect_vehh: float = 0.0  # in the replications, where drivers search and buses run

    @property
    def told_vehh(self) -> float:
        """The effect that a reader is told, or that of the last round where that is larger."""
        return max(self.run_effect_vehh, self.effect_vehh, key=abs)

    @property
    def gaps_worth_vehh(self) -> float:
        """What unequal settling could make of the effect (veh·h): the gaps' difference × the base's vehicle-hours.

        The relative gap is the share of all time that travellers could still save, so arms whose gaps are so far apart
        may differ by so much without any measure.
        """
        return abs(self.gap_after - self.gap_before) * self.vehicle_hours

    @property
    def is_settled_alike(self) -> bool:
        """Whether unequal gaps could have made no more than half of the effect."""
        return self.gaps_worth_vehh <= MOST_DRIFT * abs(self.told_vehh)

    @property
    def is_settled(self) -> bool:
        """Whether the effect moved by no more than half of it in the last third of the rounds."""
        return self.drift_vehh <= MOST_DRIFT * abs(self.told_vehh)


def run_effect_vehh(replications: pd.DataFrame) -> float:
    """The effect on vehicle-hours of the city (after less before), mean over the runs; 0 where none was measured."""
    city = replications[(replications["metric"] == "vehicle_hours") & (replications["area"] == "city")]
    before, after = (float(city.loc[city["arm"] == arm, "value"].mean()) for arm in ("before", "after"))
    return after - before if np.isfinite(after - before) else 0.0


def drift_of(settling: pd.DataFrame, *, in_runs_vehh: float = 0.0) -> Drift | None:
    """How the effect on vehicle-hours moved over the last third of the rounds; None with fewer than two rounds.

    `settling`: columns as comparison.SETTLING_COLUMNS. Drift is the span (largest less smallest) of the effect over
    those rounds. `in_runs_vehh`: the effect in the replications. Routes settle without search and stops: where a
    measure acts by these, what could be wrong with the routes is held against all that it does.
    """
    table = settling
    arms = {arm: table[table["arm"] == arm].set_index("round").sort_index() for arm in ("before", "after")}
    rounds = arms["before"].index.intersection(arms["after"].index)
    if len(rounds) < 2:
        return None
    effect = (arms["after"]["vehicle_hours"] - arms["before"]["vehicle_hours"]).loc[rounds].astype(float)
    last = effect.iloc[-max(2, round(len(rounds) * LAST_PART)) :]
    return Drift(
        rounds=len(rounds),
        gap_before=float(arms["before"]["relative_gap"].loc[rounds[-1]]),
        gap_after=float(arms["after"]["relative_gap"].loc[rounds[-1]]),
        effect_vehh=float(effect.iloc[-1]),
        drift_vehh=float(last.max() - last.min()),
        vehicle_hours=float(arms["before"]["vehicle_hours"].loc[rounds[-1]]),
        run_effect_vehh=in_runs_vehh,
    )


@dataclass(frozen=True, slots=True)
class TwoStarts:
    """The effect on vehicle-hours (after less before) of the last round, settled from two starting points."""

    effect_vehh: float
    other_vehh: float

    def is_one_answer(self, run_effect_vehh: float = 0.0) -> bool:
        """Whether the two differ by no more than half of the effect: that of the runs, or the first where larger."""
        told_vehh = max(abs(self.effect_vehh), abs(run_effect_vehh))
        return abs(self.other_vehh - self.effect_vehh) <= MOST_DRIFT * told_vehh


def two_starts_of(meta: Mapping[str, Any]) -> TwoStarts | None:
    """The two effects that a comparison's `meta` holds as `effects_of_two_starts`; None: one start only."""
    effects = meta.get("effects_of_two_starts")
    return TwoStarts(*map(float, effects)) if effects else None
