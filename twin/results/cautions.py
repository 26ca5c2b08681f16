"""What a reader must know before believing a comparison: found in the books of both arms, with a number each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.results.drift import Drift, TwoStarts, drift_of, run_effect_vehh
from twin.wording import REFUSALS, Words

MOST_UNFINISHED_APART = 0.01
"""Shares of unfinished trips may differ by this before no winner is named (1 percentage point)."""

MOST_CRUISING = 0.1
"""Share of city-wide driving that may be search for a space; above it supply or demand is wrong (`parking_metrics`)."""

MOST_RELIEVED = 0.01
"""Share of vehicles let on over the storage limit above which a result is warned of."""


@dataclass(frozen=True, slots=True)
class Cautions:
    """Warnings of a comparison, and why no winner is named: keys of wording.REFUSALS; empty: nothing stands against."""

    warnings: tuple[Words, ...]
    refusals: tuple[str, ...]


def cautions_of(
    replications: pd.DataFrame, books: pd.DataFrame, settling: pd.DataFrame, starts: TwoStarts | None = None
) -> Cautions:
    """Warnings from the replications, books and settling of both arms (tables as in `Comparison`).

    `starts`: the effect from two starting points of the routes; None: not checked.
    """
    effect_vehh = run_effect_vehh(replications)
    drift = drift_of(settling, in_runs_vehh=effect_vehh)
    found = {
        "unfinished_apart": _unfinished_apart(replications),
        "gaps_apart": None if drift is None else _gaps_apart(drift),
        "drifting": None if drift is None else _drifting(drift),
        "cruising": _cruising(replications),
        "starts_apart": None if starts is None else _starts_apart(starts, effect_vehh),
    }
    warnings = [*found.values(), _gridlocks(books), _relieved(books)]
    return Cautions(
        tuple(warning for warning in warnings if warning is not None),
        tuple(refusal for refusal, warning in found.items() if warning is not None),
    )


def _refusal(name: str, **numbers: float) -> Words:
    sentence = REFUSALS[name].sentence
    return Words(sentence.zh.format(**numbers), sentence.en.format(**numbers))


def _gaps_apart(drift: Drift) -> Words | None:
    if drift.is_settled_alike:
        return None
    numbers = {"before": drift.gap_before, "after": drift.gap_after, "worth": drift.gaps_worth_vehh}
    return _refusal("gaps_apart", **numbers, effect=drift.told_vehh)


def _drifting(drift: Drift) -> Words | None:
    if drift.is_settled:
        return None
    return _refusal("drifting", drift=drift.drift_vehh, effect=drift.told_vehh)


def _starts_apart(starts: TwoStarts, effect_vehh: float) -> Words | None:
    if starts.is_one_answer(effect_vehh):
        return None
    return _refusal("starts_apart", effect=starts.effect_vehh, other=starts.other_vehh)


def _unfinished_apart(replications: pd.DataFrame) -> Words | None:
    city = replications[(replications["metric"] == "unfinished_share") & (replications["area"] == "city")]
    before, after = (float(city[city["arm"] == arm]["value"].mean()) for arm in ("before", "after"))
    if not abs(after - before) > MOST_UNFINISHED_APART:
        return None
    return _refusal("unfinished_apart", before=before, after=after)


def _cruising(replications: pd.DataFrame) -> Words | None:
    city = replications[(replications["metric"] == "cruising_share") & (replications["area"] == "city")]
    before, after = (float(city[city["arm"] == arm]["value"].mean()) for arm in ("before", "after"))
    if not (before > MOST_CRUISING or after > MOST_CRUISING):
        return None
    return _refusal("cruising", before=before, after=after)


def _gridlocks(books: pd.DataFrame) -> Words | None:
    counts, runs = _by_arm(books, "gridlocks"), _by_arm(books.assign(one=1), "one")
    if not any(counts.values()):
        return None
    return Words(
        f"出现路网锁死：现状 {runs['before']} 次模拟中共 {counts['before']} 处，"
        f"方案 {runs['after']} 次模拟中共 {counts['after']} 处。",
        f"Gridlock occurred: {counts['before']} in {runs['before']} runs before, {counts['after']} in {runs['after']} "
        "runs after.",
    )


def _relieved(books: pd.DataFrame) -> Words | None:
    relieved, created = _by_arm(books, "relieved"), _by_arm(books, "created")
    shares = {arm: relieved[arm] / created[arm] if created[arm] else 0.0 for arm in created}
    if not np.any(np.array(list(shares.values())) > MOST_RELIEVED):
        return None
    return Words(
        f"为解开锁死而越过存车上限放行的车辆占比：现状 {shares['before']:.1%}，方案 {shares['after']:.1%}；"
        "拥堵被低估。",
        f"Vehicles let on over the storage limit to open gridlock: {shares['before']:.1%} before, "
        f"{shares['after']:.1%} after; congestion is understated.",
    )


def _by_arm(books: pd.DataFrame, column: str) -> dict[str, int]:
    return {arm: int(books[books["arm"] == arm][column].sum()) for arm in ("before", "after")}
