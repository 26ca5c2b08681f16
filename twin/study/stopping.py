"""How many pairs are enough: a rule fixed before the study runs, for the first of the named primary measures.

A pilot, then as many pairs as the deviation seen so far asks for, in steps, until the interval is as narrow as wanted
or no more pairs are allowed. Both arms always have the same seeds, taken in the order of `seeds.toml`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import ScenarioError
from twin.results.estimates import paired, pairs_needed
from twin.results.metrics import TRIP_METRICS
from twin.results.run import Run
from twin.results.verdicts import PRIMARY_METRICS
from twin.wording import PRECISION_MISSED

PILOT_PAIRS = 10
"""Fewer would stop early on a deviation that is small by luck (Law 2015, section 9.4.1, asks for 10 or more)."""

FEWEST_MORE = 5
"""Pairs added at a time, at least: each look at the interval is one more chance to stop on luck."""

_WRITTEN = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(s|%)\s*")


@dataclass(frozen=True, slots=True)
class Precision:
    """Wanted half-width of the 95 % interval of delay per trip: seconds, or a share of its value before.

    One of the two is None. Raises ScenarioError for a width that is not above 0.
    """

    half_width_s: float | None = None
    half_width_share: float | None = None

    def __post_init__(self) -> None:
        given = [width for width in (self.half_width_s, self.half_width_share) if width is not None]
        if len(given) != 1 or not given[0] > 0.0 or not np.isfinite(given[0]):
            raise ScenarioError(
                "precision is the half-width of delay per trip: either seconds or a share of its value before, above 0"
            )

    @classmethod
    def read(cls, text: str) -> "Precision":
        """A precision as people write it. Raises ScenarioError.

        >>> Precision.read("2s").half_width_s, Precision.read("0.5%").half_width_share
        (2.0, 0.005)
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ScenarioError(f"--precision is {text!r}, must be seconds or a share of delay per trip: 2s, 0.5%")
        number = float(found[1])
        return cls(half_width_s=number) if found[2] == "s" else cls(half_width_share=number / 100.0)

    def __str__(self) -> str:
        if self.half_width_share is not None:
            return f"{100.0 * self.half_width_share:g}%"
        return f"{self.half_width_s:g}s"

    def wanted_s(self, before: NDArray[np.float64]) -> float:
        """The half-width in seconds, given delay per trip before, one value a pair."""
        if self.half_width_s is not None:
            return self.half_width_s
        assert self.half_width_share is not None
        return self.half_width_share * float(np.abs(before.mean()))


def pairs_to_have(before: NDArray[np.float64], after: NDArray[np.float64], precision: Precision, most: int) -> int:
    """Pairs to have in all, given the values of those there are; the same number: stop.

    First the pilot. Then, while the interval is wider than wanted, what `pairs_needed` says of the deviation so far:
    at least FEWEST_MORE further, at most twice as many as there are (a deviation from few pairs may be far too large),
    never beyond `most`. Stopping where the interval is narrow favours deviations that are small by luck, so it holds
    the truth a little less often than 95 %: for normal differences 93–95 % with this rule (`tests/study/
    test_stopping.py` measures it), and 95 % in the limit of narrow widths. Sources: Chow & Robbins 1965 (sequential
    intervals of fixed width), Anscombe 1952, Law 2015, section 9.4.1.
    """
    n = len(before)
    if n < PILOT_PAIRS:
        return min(PILOT_PAIRS, most)
    estimate, wanted_s = paired(before, after), precision.wanted_s(before)
    if estimate.half_width <= wanted_s:
        return n
    try:
        needed = pairs_needed(estimate.sd, wanted_s)
    except ValueError:  # not even a million
        needed = 2 * n
    return min(most, 2 * n, max(needed, n + FEWEST_MORE))


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the rule came: half-widths wanted and reached (s), and the most pairs that were allowed."""

    wanted_s: float
    reached_s: float
    most_pairs: int

    def warnings(self) -> tuple[dict[str, str], ...]:
        """A sentence where all pairs were used and the interval is still wider than wanted."""
        if self.reached_s <= self.wanted_s:
            return ()
        numbers = {"wanted": self.wanted_s, "reached": self.reached_s, "pairs": self.most_pairs}
        return ({"zh": PRECISION_MISSED.zh.format(**numbers), "en": PRECISION_MISSED.en.format(**numbers)},)


def runs_until(
    precision: Precision, seeds: tuple[int, ...], make: Callable[[tuple[int, ...]], Mapping[str, Sequence[Run]]]
) -> tuple[dict[str, list[Run]], Reached]:
    """Runs of both arms ("before", "after") until the interval is as narrow as wanted, or all `seeds` are used.

    `make` makes, or finds, the runs of both arms with further seeds.
    """
    runs: dict[str, list[Run]] = {"before": [], "after": []}
    values = {arm: np.zeros(0) for arm in runs}
    while (to_have := pairs_to_have(values["before"], values["after"], precision, len(seeds))) > len(runs["before"]):
        more = make(seeds[len(runs["before"]) : to_have])
        for arm in runs:
            runs[arm] += more[arm]
            values[arm] = np.concatenate([values[arm], _delays_s(more[arm])])
    reached_s = paired(values["before"], values["after"]).half_width
    return runs, Reached(precision.wanted_s(values["before"]), reached_s, len(seeds))


def _delays_s(runs: Sequence[Run]) -> NDArray[np.float64]:
    """The first of the named measures, delay per trip (s), of each run."""
    metric = TRIP_METRICS[PRIMARY_METRICS[0]]
    return np.array([metric(run, run.measured_trips()) for run in runs], dtype=np.float64)
