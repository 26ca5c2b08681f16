"""Has the answer settled? The effect by round of route choice, and whether it still moves."""

from dataclasses import dataclass

import pandas as pd

LAST_PART = 1.0 / 3.0  # of the rounds, over which an effect should stand still
MOST_DRIFT = 0.5  # of the effect itself; more gives no verdict


@dataclass(frozen=True, slots=True)
class Drift:
    """Settling of both arms. Gaps are shares; effect and drift are vehicle-hours, after less before."""

    rounds: int
    gap_before: float
    gap_after: float
    effect_vehh: float
    drift_vehh: float

    @property
    def is_settled(self) -> bool:
        """Whether the effect moved by no more than half of itself in the last third of the rounds."""
        return self.drift_vehh <= MOST_DRIFT * abs(self.effect_vehh)


def drift_of(settling: pd.DataFrame) -> Drift | None:
    """How the effect on vehicle-hours moved over the last third of the rounds; None with fewer than two rounds.

    `settling`: columns as comparison.SETTLING_COLUMNS. Drift is the span (largest less smallest) of the effect over
    those rounds.
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
    )
