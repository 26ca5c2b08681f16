"""What a reader must know before believing a comparison: found in the books of both arms, with a number each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.results.drift import drift_of
from twin.wording import Words

MOST_UNFINISHED_APART = 0.01
"""Shares of unfinished trips may differ by this before no winner is named (1 percentage point)."""

MOST_RELIEVED = 0.01
"""Share of vehicles let on over the storage limit above which a result is warned of."""


@dataclass(frozen=True, slots=True)
class Cautions:
    """Warnings of a comparison; `no_winner`: the arms are too unlike for verdicts."""

    warnings: tuple[Words, ...]
    no_winner: bool


def cautions_of(replications: pd.DataFrame, books: pd.DataFrame, settling: pd.DataFrame) -> Cautions:
    """Warnings from the replications, books and settling of both arms (tables as in `Comparison`)."""
    apart, drifting = _unfinished_apart(replications), _drifting(settling)
    warnings = [apart, drifting, _gridlocks(books), _relieved(books)]
    no_winner = apart is not None or drifting is not None
    return Cautions(tuple(warning for warning in warnings if warning is not None), no_winner)


def _drifting(settling: pd.DataFrame) -> Words | None:
    drift = drift_of(settling)
    if drift is None or drift.is_settled:
        return None
    return Words(
        f"路径选择尚未稳定：全市车小时的变化在最后几轮仍摆动 {drift.drift_vehh:,.0f}，"
        f"超过其自身({drift.effect_vehh:,.0f})的一半：不判断优劣。",
        f"Routes have not settled: the effect on vehicle-hours still moved by {drift.drift_vehh:,.0f} over the last "
        f"rounds, more than half of itself ({drift.effect_vehh:,.0f}): no winner is named.",
    )


def _unfinished_apart(replications: pd.DataFrame) -> Words | None:
    city = replications[(replications["metric"] == "unfinished_share") & (replications["area"] == "city")]
    before, after = (float(city[city["arm"] == arm]["value"].mean()) for arm in ("before", "after"))
    if not abs(after - before) > MOST_UNFINISHED_APART:
        return None
    return Words(
        f"两种情形的未完成出行比例相差超过 1 个百分点（{before:.1%} 与 {after:.1%}）：不判断优劣。",
        f"The shares of unfinished trips differ by more than 1 percentage point ({before:.1%} before, {after:.1%} "
        "after): no winner is named.",
    )


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
