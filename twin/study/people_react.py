"""People react: how they go, and whether they go at all, settles with the road.

The arm's generalised costs are held against those of the settled arm "before"; a nested logit that pivots about the
base's shares says what shares would be; travellers change accordingly, routes settle anew from the base for as many
rounds as in the other arms, and so on, by successive averages of shares (Sheffi 1985, Urban Transportation Networks,
ch. 13), until hardly anybody would go otherwise. An arm that is like "before" changes nobody, to the bit.
Leaves out change of destination or time, and whole tours: each trip chooses by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin import chance
from twin.city.city import City
from twin.city.trips import Demand
from twin.demand.inputs import CHOICE_MODES, ChoiceSettings
from twin.demand.nested_logit import modes_after, pivoted, trips_factor, utility_gain, utils_per_min
from twin.results.mode_shares import MODE_ROUND_COLUMNS
from twin.study.mode_costs import choosers_of, mode_costs
from twin.study.period import Period
from twin.study.settle import ARM_ROUNDS, Settlement, settle_arm
from twin.units import SECONDS_PER_HOUR

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Tell = Callable[[str, int, int], None]

MODE_ROUNDS = 4
"""Rounds of choosing, at most; each settles routes anew."""
SETTLED_SHARE = 0.0002
"""Modes have settled where no more of the people than this would still go otherwise."""
CHOICE_SEED = 0
"""Who changes is a habit, not a matter of the day: it is drawn with this seed."""


@dataclass(frozen=True, eq=False)
class Choices:
    """How choosers go: shares they choose by, (n, n_modes), the mode of each (index into CHOICE_MODES), and the trips
    each makes over those made in the base.
    """

    shares: Floats
    mode: Ints
    factor: Floats


@dataclass(frozen=True, eq=False)
class Reacted:
    """An arm in which people react: routes settled with the modes chosen; `rounds` with MODE_ROUND_COLUMNS."""

    settlement: Settlement
    choices: Choices
    rounds: pd.DataFrame


def settle_modes(
    base: Settlement,
    before: Settlement,
    after: Settlement,
    city: City,
    period: Period,
    settings: ChoiceSettings,
    *,
    induced: bool = False,
    arm_rounds: int = ARM_ROUNDS,
    mode_rounds: int = MODE_ROUNDS,
    tell: Tell | None = None,
) -> Reacted:
    """Let modes and routes of the arm settle together.

    `before`, `after`: both arms settled with everybody going as in the base. `city`: that of the arm after, its demand
    drawn with choosers. `induced`: trips are made more or less often too.
    """
    demand = city.demand
    choosers = choosers_of(demand)
    assert demand is not None

    def costs_s(choices: Choices, settled: Settlement) -> Floats:
        costs = mode_costs(settled, with_choices(demand, choices), period, settings)
        return costs.table_s(60.0 * settings.longest_cost_min)

    nobody = as_in_base(choosers)
    usual_s = costs_s(nobody, before)
    choices, settled = nobody, after
    rows: list[tuple[float, ...]] = []
    while True:
        wanted = wanted_at(costs_s(choices, settled) - usual_s, choosers, settings)
        rows.append(_round(len(rows), choosers, choices, wanted, settled))
        done, gap = len(rows) - 1, rows[-1][1]
        if tell is not None:
            tell("modes", done, mode_rounds)
        if done == mode_rounds or (done > 0 and gap <= SETTLED_SHARE):
            break
        choices = _averaged(choices, wanted, nobody, 1.0 / (done + 1), choosers, induced=induced)
        settled = settle_arm(base, replace(city, demand=with_choices(demand, choices)), period, rounds=arm_rounds)
    return Reacted(settled, choices, pd.DataFrame(rows, columns=list(MODE_ROUND_COLUMNS)))


def as_in_base(choosers: pd.DataFrame) -> Choices:
    """Everybody as in the base."""
    shares = choosers[[f"share_{mode}" for mode in CHOICE_MODES]].to_numpy(dtype=np.float64)
    numbers = {mode: number for number, mode in enumerate(CHOICE_MODES)}
    mode = np.array([numbers[mode] for mode in choosers["mode"]], dtype=np.int64)
    return Choices(shares, mode, np.ones(len(mode)))


def with_choices(demand: Demand, choices: Choices) -> Demand:
    """The demand in which choosers go as they have chosen: rows of drivers and riders travel or do not."""
    choosers = choosers_of(demand)
    assert demand.riders is not None
    share = choosers["travels_share"].to_numpy(dtype=np.float64) * choices.factor
    tables = {}
    for name, mode, first, count in (
        ("travellers", "car", "first_traveller", "vehicles"),
        ("riders", "bus", "first_rider", "riders"),
    ):
        table: pd.DataFrame = getattr(demand, name)
        counts = choosers[count].to_numpy(dtype=np.int64)
        owner = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = choosers[first].to_numpy(dtype=np.int64)[owner] + within
        travels_share = table["travels_share"].to_numpy(dtype=np.float64).copy()
        travels_share[rows] = np.where(choices.mode[owner] == CHOICE_MODES.index(mode), share[owner], 0.0)
        tables[name] = table.assign(travels_share=travels_share)
    return replace(demand, travellers=tables["travellers"], riders=tables["riders"])


@dataclass(frozen=True, eq=False)
class Wanted:
    """How choosers would go at some costs: shares, trips over trips before, and what a trip gains by the costs (s of
    riding, by the logsum).
    """

    shares: Floats
    factor: Floats
    gain_s: Floats


def wanted_at(change_s: Floats, choosers: pd.DataFrame, settings: ChoiceSettings) -> Wanted:
    """How choosers would go where costs differ so from those before, (n, n_modes) in s."""
    purposes = choosers["purpose"].tolist()
    gain = utility_gain(change_s, purposes, settings)
    shares, logsum = pivoted(as_in_base(choosers).shares, gain, CHOICE_MODES, tuple(settings.nests.values()))
    return Wanted(shares, trips_factor(logsum, settings), 60.0 * logsum / utils_per_min(purposes, settings))


def _averaged(
    choices: Choices,
    wanted: Wanted,
    nobody: Choices,
    step: float,
    choosers: pd.DataFrame,
    *,
    induced: bool,
) -> Choices:
    """Shares a step nearer to those wanted, and who then goes how; each chooser has one draw of luck for all rounds."""
    shares = choices.shares + step * (wanted.shares - choices.shares)
    factor = choices.factor + step * (wanted.factor - choices.factor) if induced else choices.factor
    factor = np.minimum(factor, 1.0 / choosers["travels_share"].to_numpy(dtype=np.float64))  # at most every day
    luck = chance.uniform(CHOICE_SEED, "goes otherwise", choosers["chooser_id"].to_numpy(dtype=np.int64))
    return Choices(shares, modes_after(nobody.mode, nobody.shares, shares, luck), factor)


def _round(
    number: int, choosers: pd.DataFrame, choices: Choices, wanted: Wanted, settled: Settlement
) -> tuple[float, ...]:
    """One row of MODE_ROUND_COLUMNS. The gap is the share of people whose mode would still be another one."""
    people = (choosers["people"] * choosers["travels_share"]).to_numpy(dtype=np.float64)
    total = float(people.sum())
    gap = float((people * 0.5 * np.abs(wanted.shares - choices.shares).sum(axis=1)).sum()) / total
    changed = float(people[choices.mode != as_in_base(choosers).mode].sum()) / total
    by_mode = [float(people[choices.mode == column].sum()) / total for column in range(len(CHOICE_MODES))]
    gain_h = float((people * wanted.gain_s).sum()) / SECONDS_PER_HOUR
    return (number, gap, changed, *by_mode, gain_h, float(settled.rounds["vehicle_hours"].iloc[-1]))
