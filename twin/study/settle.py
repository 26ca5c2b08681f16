"""Settling: repeated loading, a keyed part of the travellers re-routing each round on the times experienced.

A single opening changes a city's vehicle-hours by some hundredths of a per cent, far below the noise of one
settlement. So the base is settled once and stored, and *both* arms go on from there for the same number of rounds
under the same rule; "before" is never the stored settlement itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin import chance
from twin.city.city import City
from twin.records import Records
from twin.routing.paths import Routes
from twin.sim.city_run import run_city
from twin.sim.stage import Day, Habits, Stage
from twin.study.experienced import experienced_ms, waits_ms
from twin.study.habits import carried_over, demand_of, first_habits, trips_of_day
from twin.study.lorry_ways import break_bans, lawful_routes
from twin.study.mean_hour import FOR_FIRST_ROUTES, bus_flow, mean_hour, street_delays
from twin.study.period import LOOK_MS, LOOK_S, Period
from twin.study.signal_phases import TurnVolumes
from twin.study.signal_plans import (
    VolumesByHours,
    adapted_plans,
    least_reds,
    plan_signals,
    retimed_plans,
    with_controls,
)
from twin.study.static_equilibrium import static_equilibrium
from twin.study.turn_volumes import (
    busiest_window,
    largest_turn_volumes,
    plan_hours,
    planning_windows,
    turn_volumes,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Tell = Callable[[str, int, int], None]

SETTLING_SEED = 0
"""The day that is repeated while routes settle; replications have days of their own."""

MAY_SHIFT_S = 1800.0  # who usually departs so long before or after the period looks for a way too
STATIC_ROUNDS = 12  # at most, of the static equilibrium that first routes and signals are from
BASE_ROUNDS = 10
ARM_ROUNDS = 5
FIRST_STEP = 1 / 3  # largest share of travellers that takes another way in a round
WORSE_IS_UNDONE = 5.0  # a gap that grew so many times is taken back
STEP_BRAKE = 1.5  # added to one over the step where the gap rose
SAVING_THAT_MOVES = 0.1  # share of one's time; who would save that much moves as likely as anybody (assumed)
SAVING_POWER = 1.5  # who would save half as much moves 2.8 times less likely: each who moves disturbs others (measured)
LAST_ROUND = 0.7  # weight of the last round in the times that travellers know (measured: 0.5 lags and swings)
LIGHT_SHARE = 0.04  # of travellers, for the light-traffic run that free times are taken from


@dataclass(frozen=True, eq=False)
class Settlement:
    """Habits after some rounds, the times they rest on, and how the rounds went.

    `cost_ms`: (n_links, n_intervals) of the stage's links, means over rounds of which the last count most. `rounds`:
    round, relative_gap, vehicle_hours. `step`: the largest share of travellers that moved in the last round.
    """

    stage: Stage
    habits: Habits
    cost_ms: Ints
    rounds: pd.DataFrame
    step: float


def settle_base(city: City, period: Period, *, rounds: int = BASE_ROUNDS, tell: Tell | None = None) -> Settlement:
    """Plan the base's signals from a static equilibrium, then let its routes settle."""
    return continued(base_to_settle(city, period), period, rounds=rounds, first_round=1, tell=tell)


def base_to_settle(city: City, period: Period) -> Settlement:
    """The base before its first round: signals planned from a static equilibrium, and the routes of that. No vehicle
    has moved yet."""
    stage = Stage.of(replace(city, signals=()))
    habits = first_ways(stage, first_habits(stage), period)
    waves = {order.node_id for order in city.signal_orders if order.retime == "coordinated"}
    volume_vph, by_hours = _volumes_to_plan_for(stage, habits, period)
    signals = plan_signals(stage.network, volume_vph, coordinated=waves, by_hours=by_hours)
    signals = with_controls(signals, city.signal_orders)
    stage = Stage.of(replace(city, signals=signals))
    return Settlement(stage, habits, _free_cost_ms(stage, period), _no_rounds(), FIRST_STEP)


def _volumes_to_plan_for(stage: Stage, habits: Habits, period: Period) -> tuple[TurnVolumes, VolumesByHours]:
    """Volumes by turn for phases and the plan of all hours, and those of hours with a plan of their own."""
    largest = largest_turn_volumes(stage, habits, planning_windows(period.measured))
    hours = plan_hours(stage.city, period.measured)
    return largest, [(window, turn_volumes(stage, habits, window)) for window in hours]


def settle_from_free_flow(
    base: Settlement, period: Period, *, rounds: int = BASE_ROUNDS, tell: Tell | None = None
) -> Settlement:
    """Let the base settle a second time from another start: everybody first on the way quickest on empty streets.

    Streets and signal plans are those of `base`, whose first routes came from a static equilibrium. An effect that
    depends on which of the two it is measured from is no effect of the measure.
    """
    stage, cost_ms = base.stage, _free_cost_ms(base.stage, period)
    habits = first_habits(stage)
    everybody = np.arange(len(habits.origin), dtype=np.int64)
    start = Settlement(stage, _rerouted(stage, habits, everybody, cost_ms), cost_ms, _no_rounds(), FIRST_STEP)
    return continued(start, period, rounds=rounds, first_round=1, tell=tell)


def settle_arm(
    base: Settlement, city: City, period: Period, *, rounds: int = ARM_ROUNDS, tell: Tell | None = None
) -> Settlement:
    """Go on from the base's settlement on the streets of an arm; signals stay as planned for the base.

    Where a measure re-times signals the arm is settled twice, each time from the base and for as many rounds: first
    with the plans as they were, to know the volumes, then with plans made from these.
    """
    network = city.open_network()
    adapted, _ = adapted_plans(base.stage.network, base.stage.city.signals, network)
    orders = [order for order in city.signal_orders if order not in base.stage.city.signal_orders]
    signals = with_controls(adapted, orders)
    if any(order.retime != "no" for order in orders):
        first = _arm_with(base, replace(city, signals=signals), period, rounds, tell)
        volume_vph, by_hours = _volumes_to_plan_for(first.stage, first.habits, period)
        signals = retimed_plans(signals, orders, network, volume_vph, by_hours)
    return _arm_with(base, replace(city, signals=signals), period, rounds, tell)


def _arm_with(base: Settlement, city: City, period: Period, rounds: int, tell: Tell | None) -> Settlement:
    """Go on from the base's settlement in a city with its signals."""
    stage = Stage.of(city)
    cost_ms = _carried_cost(base, stage, period)
    habits, needs = carried_over(base.habits, base.stage, first_habits(stage), stage)
    habits = _rerouted(stage, habits, needs, cost_ms)
    barred = break_bans(stage, habits, depart_ms=_usual_ms(stage))
    habits = _rerouted(stage, habits, barred, cost_ms) if len(barred) else habits
    start = Settlement(stage, habits, cost_ms, _no_rounds(), base.step)
    return continued(start, period, rounds=rounds, first_round=len(base.rounds) + 1, tell=tell)


def continued(
    start: Settlement, period: Period, *, rounds: int, first_round: int, tell: Tell | None = None
) -> Settlement:
    """So many rounds more: load, look at the times experienced, let some take another way.

    One over the step grows by STEP_BRAKE where the gap has risen from one of these rounds to the next, so that a
    network that swings comes to rest and one that does not is not slowed down (self-regulated averages: Liu, He &
    He 2009). A round that made the gap WORSE_IS_UNDONE times as large is taken back: too many moved at once, and a
    gridlock that came of it would hide every way out.
    """
    stage, habits, cost_ms, step = start.stage, start.habits, start.cost_ms, start.step
    demand = demand_of(stage.city)
    day = trips_of_day(demand, SETTLING_SEED, period.start_s, period.last_s)
    rows = start.rounds.to_dict("records")
    kept: tuple[Habits, Ints, _Looked, float] | None = None  # None: no round yet
    for number in range(first_round, first_round + rounds):
        records = run_city(
            stage, habits, day, seed=SETTLING_SEED, start_s=period.start_s, until_s=period.until_s, with_stories=False,
            buses_pass=True, interval_s=LOOK_S,
        )  # fmt: skip
        now_ms = experienced_ms(records, stage, period)
        cost_ms = (
            now_ms if number == 1 else np.rint(LAST_ROUND * now_ms + (1.0 - LAST_ROUND) * cost_ms).astype(np.int64)
        )
        wait_ms = waits_ms(records, habits, period, len(now_ms))
        looked = _looked(stage, habits, period, now_ms=now_ms, known_ms=cost_ms, wait_ms=wait_ms)
        gap = looked.relative_gap
        rows.append({"round": number, "relative_gap": gap, "vehicle_hours": vehicle_hours(records, period)})
        if kept is not None and gap > kept[-1]:
            step = 1.0 / (1.0 / step + STEP_BRAKE)
            if gap > WORSE_IS_UNDONE * kept[-1]:
                habits, cost_ms, looked, gap = kept
        kept = (habits, cost_ms, looked, gap)
        habits = _moved(stage, habits, looked, number, step)
        if tell is not None:
            tell("settle", number - first_round + 1, rounds)
    return Settlement(stage, habits, cost_ms, pd.DataFrame(rows, columns=_ROUND_COLUMNS), step)


_ROUND_COLUMNS = ["round", "relative_gap", "vehicle_hours"]


def _no_rounds() -> pd.DataFrame:
    return pd.DataFrame(columns=_ROUND_COLUMNS)


@dataclass(frozen=True, eq=False)
class _Looked:
    """What everybody who may drive in the period finds after a round: the quickest way at the times of that round, and
    the times (ms) of that way and of one's own; and which share of one's time it saves then and at the times one knows,
    the smaller of the two."""

    drives: Ints  # positions of travellers
    inside: NDArray[np.bool_]  # who of them usually departs in the period that is run
    other: Routes
    own_ms: Ints
    other_ms: Ints
    saving: Floats

    @property
    def relative_gap(self) -> float:
        """(total − quickest) / total, over those who usually depart in the period that is run."""
        own_ms = self.own_ms[self.inside]
        saved_ms = np.maximum(0, own_ms - self.other_ms[self.inside])
        return float(saved_ms.sum() / max(1, own_ms.sum()))


def _looked(stage: Stage, habits: Habits, period: Period, *, now_ms: Ints, known_ms: Ints, wait_ms: Ints) -> _Looked:
    router, usual_ms = stage.router, _usual_ms(stage)
    near = (usual_ms >= 1000 * (period.start_s - MAY_SHIFT_S)) & (usual_ms < 1000 * (period.last_s + MAY_SHIFT_S))
    drives = np.flatnonzero((habits.routes.length > 0) & near).astype(np.int64)
    inside = (usual_ms[drives] >= 1000 * period.start_s) & (usual_ms[drives] < 1000 * period.last_s)
    own, depart_ms = habits.routes.select(drives), usual_ms[drives]
    common: dict[str, Any] = {"wait_ms": wait_ms, "interval_ms": LOOK_MS}
    other = lawful_routes(stage, habits, drives, depart_ms=depart_ms, cost_ms=now_ms, **common)

    def times_ms(routes: Routes, cost_ms: Ints) -> Ints:
        return router.costs_of(routes, depart_ms=depart_ms, cost_ms=cost_ms, **common)

    own_ms, other_ms = times_ms(own, now_ms), times_ms(other, now_ms)
    own_known_ms = times_ms(own, known_ms)
    known_saving = (own_known_ms - times_ms(other, known_ms)) / np.maximum(1, own_known_ms)
    saving = np.minimum((own_ms - other_ms) / np.maximum(1, own_ms), known_saving)
    return _Looked(drives, inside, other, own_ms, other_ms, saving)


def _moved(stage: Stage, habits: Habits, looked: _Looked, number: int, step: float) -> Habits:
    """Travellers who could save time take the quickest way, the more likely the more they would save.

    Each with probability `step` × (saving ÷ (own time × SAVING_THAT_MOVES))^SAVING_POWER, at most `step`; so who gains
    most from a new street finds it first, and who is indifferent stays (gap-based shifts: Lu, Mahmassani & Zhou 2009).
    The way is the quickest of the last round; what it saves is judged by the times known from all rounds too, for the
    best of many ways on one day owes much of its lead to that day.
    """
    ids = demand_of(stage.city).travellers["traveller_id"].to_numpy(dtype=np.int64)[looked.drives]
    moves = step * np.clip(looked.saving / SAVING_THAT_MOVES, 0.0, 1.0) ** SAVING_POWER
    chosen = np.flatnonzero(chance.uniform(SETTLING_SEED, "takes another way", ids, number) < moves)
    return replace(habits, routes=habits.routes.replaced(looked.drives[chosen], looked.other.select(chosen)))


def _usual_ms(stage: Stage) -> Ints:
    usual_s = demand_of(stage.city).travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    usual_ms: Ints = np.rint(usual_s * 1000).astype(np.int64)
    return usual_ms


def _rerouted(stage: Stage, habits: Habits, rows: Ints, cost_ms: Ints) -> Habits:
    depart_ms = _usual_ms(stage)[rows]
    found = lawful_routes(stage, habits, rows, depart_ms=depart_ms, cost_ms=cost_ms, interval_ms=LOOK_MS)
    return replace(habits, routes=habits.routes.replaced(rows, found))


def first_ways(stage: Stage, habits: Habits, period: Period) -> Habits:
    """First routes: those of the static equilibrium of the measured window, buses being on their streets.

    Of a whole day its two busiest hours count. The flow is a mixture of quickest ways at the times of its rounds:
    everybody draws a round by its weight (keyed).
    """
    graph = stage.router.graph
    hours = busiest_window(stage.city, period.measured)
    delays = street_delays(stage.network, FOR_FIRST_ROUTES, beside=bus_flow(stage.network, stage.city.lines, hours))
    found = static_equilibrium(graph, mean_hour(stage.city, habits, hours), delays, most_rounds=STATIC_ROUNDS)
    ids = demand_of(stage.city).travellers["traveller_id"].to_numpy(dtype=np.int64)
    shares = np.cumsum(found.weight) / found.weight.sum()
    drawn = np.searchsorted(shares, chance.uniform(SETTLING_SEED, "first ways", ids), side="right")
    for number, time_s in enumerate(found.mixed_s):
        rows = np.flatnonzero(drawn == number).astype(np.int64)
        cost_ms = np.maximum(1, np.rint(1000 * time_s)).astype(np.int64).reshape(-1, 1)
        depart_ms = _usual_ms(stage)[rows]
        ways = lawful_routes(stage, habits, rows, depart_ms=depart_ms, cost_ms=cost_ms, interval_ms=LOOK_MS)
        habits = replace(habits, routes=habits.routes.replaced(rows, ways))
    return habits


def _free_cost_ms(stage: Stage, period: Period) -> Ints:
    return np.repeat(stage.router.free_cost_ms, period.n_intervals, axis=1)


def _carried_cost(base: Settlement, stage: Stage, period: Period) -> Ints:
    """The base's times on other streets: links that are new count with free speed."""
    table = _free_cost_ms(stage, period)
    here = stage.router.graph.link_index
    pairs = [(here[i], k) for k, i in enumerate(base.stage.router.graph.link_ids) if i in here]
    new, old = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    table[new] = base.cost_ms[old]
    return table


def vehicle_hours(records: Records, period: Period) -> float:
    """Vehicle-hours of trips that want to depart in the window; unfinished ones count with their time so far."""
    trips = records.trips
    inside = (trips["depart_s"] >= period.measured.start_s) & (trips["depart_s"] < period.measured.end_s)
    spent = trips["arrive_s"].fillna(records.end_s) - trips["depart_s"]
    return float(spent[inside & (trips["status"] != "unroutable")].sum()) / 3600.0


def light_times(base: Settlement, period: Period) -> dict[str, float]:
    """Time over each link (s) when hardly anybody drives, signals included: free times, frozen from the base.

    A link that nobody drove in the light run counts with free speed and the mean wait at its signal, r² / 2C.
    """
    stage, habits = base.stage, base.habits
    demand = demand_of(stage.city)
    day = trips_of_day(demand, SETTLING_SEED, period.start_s, period.last_s)
    light = chance.uniform(SETTLING_SEED, "drives in light traffic", day.traveller) < LIGHT_SHARE
    few = Day(day.traveller[light], day.depart_s[light], day.stay_s[light], day.vehicle_class[light])
    records = run_city(
        stage, habits, few, seed=SETTLING_SEED, start_s=period.start_s, until_s=period.until_s, with_stories=False
    )
    rows = records.links[records.links["left"] > 0]
    total = (rows["left"] * rows["mean_travel_time_s"]).groupby(rows["link_id"]).sum()
    mean = total / rows.groupby("link_id")["left"].sum()
    reds = least_reds(stage.city.signals)
    return {
        link.id: float(mean[link.id])
        if link.id in mean.index
        else link.free_time_s + (reds[link.id][0] ** 2 / (2.0 * reds[link.id][1]) if link.id in reds else 0.0)
        for link in stage.network.links
    }
