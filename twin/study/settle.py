"""Settling: repeated loading, a keyed part of the travellers re-routing each round on the times experienced.

A single opening changes a city's vehicle-hours by some hundredths of a per cent, far below the noise of one
settlement. So the base is settled once and stored, and *both* arms go on from there for the same number of rounds
under the same rule; "before" is never the stored settlement itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin import chance
from twin.city.city import City
from twin.clock import TimeWindow
from twin.records import INTERVAL_S, Records
from twin.routing.paths import Routes
from twin.sim.city_run import Day, Habits, Stage, run_city
from twin.study.habits import carried_over, demand_of, first_habits, trips_of_day
from twin.study.signal_plans import adapted_plans, least_reds, plan_signals, retimed_plans, with_controls
from twin.study.turn_volumes import turn_volumes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Tell = Callable[[str, int, int], None]

SETTLING_SEED = 0
"""The day that is repeated while routes settle; replications have days of their own."""

WARM_UP_S = 1800.0  # departures before the measured window that fill the streets
RUN_ON_S = 600.0  # departures after it, so that its last trips meet traffic
LONGEST_RUN_ON_S = 7200.0  # the run ends so long after the window, whoever is still under way

STATIC_ROUNDS = 5
BASE_ROUNDS = 8
ARM_ROUNDS = 5
SAVING_THAT_MOVES = 0.2  # share of one's time; who would save that much moves as likely as anybody (assumed)
LIGHT_SHARE = 0.04  # of travellers, for the light-traffic run that free times are taken from

_BPR_ALPHA, _BPR_BETA = 0.6, 3.5  # arterials with junctions (0.5–0.6, 3–4)
_SIGNAL_GREEN = 0.5  # share of the hour an approach at a signal has, before plans exist
_SIGNAL_WAIT_S = 15.0  # mean wait there in light traffic, before plans exist


@dataclass(frozen=True, slots=True)
class Period:
    """What a study runs: departures from `start_s` to `last_s`, clock to `until_s`, and the window that counts."""

    measured: TimeWindow
    start_s: float
    last_s: float
    until_s: float

    @classmethod
    def around(cls, measured: TimeWindow) -> "Period":
        """Warm-up before and run-on after a measured window."""
        return cls(
            measured,
            max(0.0, measured.start_s - WARM_UP_S),
            measured.end_s + RUN_ON_S,
            measured.end_s + LONGEST_RUN_ON_S,
        )

    @property
    def n_intervals(self) -> int:
        """Intervals of 900 s from midnight to the end."""
        return int(np.ceil(self.until_s / INTERVAL_S))


@dataclass(frozen=True, eq=False)
class Settlement:
    """Habits after some rounds, the times they rest on, and how the rounds went.

    `cost_ms`: (n_links, n_intervals) of the stage's links. `rounds`: round, relative_gap, vehicle_hours.
    """

    stage: Stage
    habits: Habits
    cost_ms: Ints
    rounds: pd.DataFrame


def settle_base(city: City, period: Period, *, rounds: int = BASE_ROUNDS, tell: Tell | None = None) -> Settlement:
    """Plan the base's signals from a static loading, then let its routes settle."""
    stage = Stage.of(replace(city, signals=()))
    habits, _ = _static_loading(stage, first_habits(stage), period)
    waves = {order.node_id for order in city.signal_orders if order.retime == "coordinated"}
    signals = plan_signals(stage.network, turn_volumes(stage, habits, period.measured), coordinated=waves)
    signals = with_controls(signals, city.signal_orders)
    stage = Stage.of(replace(city, signals=signals))
    start = Settlement(stage, habits, _free_cost_ms(stage, period), _no_rounds())
    return continued(start, period, rounds=rounds, first_round=1, tell=tell)


def settle_from_free_flow(
    base: Settlement, period: Period, *, rounds: int = BASE_ROUNDS, tell: Tell | None = None
) -> Settlement:
    """Let the base settle a second time from another start: everybody first on the way quickest on empty streets.

    Streets and signal plans are those of `base`, whose first routes came from a static loading. An effect that depends
    on which of the two it is measured from is no effect of the measure.
    """
    stage, cost_ms = base.stage, _free_cost_ms(base.stage, period)
    habits = first_habits(stage)
    everybody = np.arange(len(habits.origin), dtype=np.int64)
    start = Settlement(stage, _rerouted(stage, habits, everybody, cost_ms), cost_ms, _no_rounds())
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
        volume_vph = turn_volumes(first.stage, first.habits, period.measured)
        signals = retimed_plans(signals, orders, network, volume_vph)
    return _arm_with(base, replace(city, signals=signals), period, rounds, tell)


def _arm_with(base: Settlement, city: City, period: Period, rounds: int, tell: Tell | None) -> Settlement:
    """Go on from the base's settlement in a city with its signals."""
    stage = Stage.of(city)
    cost_ms = _carried_cost(base, stage, period)
    habits, needs = carried_over(base.habits, base.stage, first_habits(stage), stage)
    habits = _rerouted(stage, habits, needs, cost_ms)
    start = Settlement(stage, habits, cost_ms, _no_rounds())
    return continued(start, period, rounds=rounds, first_round=len(base.rounds) + 1, tell=tell)


def continued(
    start: Settlement, period: Period, *, rounds: int, first_round: int, tell: Tell | None = None
) -> Settlement:
    """So many rounds more. The step falls from a third with each, so that routes come to rest."""
    stage, habits, cost_ms = start.stage, start.habits, start.cost_ms
    demand = demand_of(stage.city)
    day = trips_of_day(demand, SETTLING_SEED, period.start_s, period.last_s)
    rows = start.rounds.to_dict("records")
    for number in range(first_round, first_round + rounds):
        records = run_city(
            stage, habits, day, seed=SETTLING_SEED, start_s=period.start_s, until_s=period.until_s, with_stories=False
        )
        seen_ms = experienced_ms(records, stage, period)
        cost_ms = np.rint((1 - _MEMORY) * seen_ms + _MEMORY * cost_ms).astype(np.int64) if number > 1 else seen_ms
        step = 1.0 / (number - first_round + 3)
        habits, gap = _react(stage, habits, cost_ms, seen_ms, number, step)
        rows.append({"round": number, "relative_gap": gap, "vehicle_hours": _vehicle_hours(records, period)})
        if tell is not None:
            tell("settle", number - first_round + 1, rounds)
    return Settlement(stage, habits, cost_ms, pd.DataFrame(rows, columns=_ROUND_COLUMNS))


_MEMORY = 0.5  # weight of what earlier rounds taught
_ROUND_COLUMNS = ["round", "relative_gap", "vehicle_hours"]


def _no_rounds() -> pd.DataFrame:
    return pd.DataFrame(columns=_ROUND_COLUMNS)


def _react(
    stage: Stage, habits: Habits, cost_ms: Ints, seen_ms: Ints, number: int, step: float
) -> tuple[Habits, float]:
    """Travellers who could save time by what is known take that way, the more likely the more they would save.

    Each with probability `step` × saving ÷ (own time × SAVING_THAT_MOVES), at most `step`; so who gains most from a
    new street finds it first, and who is indifferent stays (gap-based shifts: Lu, Mahmassani & Zhou 2009). Also the
    relative gap on the times just seen, over all: (total − quickest) / total.
    """
    travellers = demand_of(stage.city).travellers
    drives = np.flatnonzero(habits.routes.length > 0).astype(np.int64)
    ids = travellers["traveller_id"].to_numpy(dtype=np.int64)[drives]
    depart_ms = np.rint(travellers["usual_depart_s"].to_numpy(dtype=np.float64)[drives] * 1000).astype(np.int64)
    mine, router = habits.routes.select(drives), stage.router
    other = router.routes(habits.origin[drives], habits.destination[drives], depart_ms=depart_ms, cost_ms=cost_ms)
    own_seen = router.costs_of(mine, depart_ms=depart_ms, cost_ms=seen_ms)
    best_seen = np.minimum(own_seen, router.costs_of(other, depart_ms=depart_ms, cost_ms=seen_ms))
    gap = float((own_seen.sum() - best_seen.sum()) / max(1, own_seen.sum()))
    own = router.costs_of(mine, depart_ms=depart_ms, cost_ms=cost_ms)
    saving = (own - router.costs_of(other, depart_ms=depart_ms, cost_ms=cost_ms)) / np.maximum(1, own)
    moves = step * np.clip(saving / SAVING_THAT_MOVES, 0.0, 1.0)
    chosen = np.flatnonzero(chance.uniform(SETTLING_SEED, "takes another way", ids, number) < moves)
    return replace(habits, routes=habits.routes.replaced(drives[chosen], other.select(chosen))), gap


def _rerouted(stage: Stage, habits: Habits, rows: Ints, cost_ms: Ints) -> Habits:
    travellers = demand_of(stage.city).travellers
    depart_ms = np.rint(travellers["usual_depart_s"].to_numpy(dtype=np.float64)[rows] * 1000).astype(np.int64)
    found = stage.router.routes(habits.origin[rows], habits.destination[rows], depart_ms=depart_ms, cost_ms=cost_ms)
    return replace(habits, routes=habits.routes.replaced(rows, found))


def _static_loading(stage: Stage, habits: Habits, period: Period) -> tuple[Habits, Floats]:
    """Successive averages on volume–delay functions: first routes, and volumes (PCU/h) to plan signals by."""
    travellers = demand_of(stage.city).travellers
    ids = travellers["traveller_id"].to_numpy(dtype=np.int64)
    usual = travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    counts = (usual >= period.measured.start_s) & (usual < period.measured.end_s)
    weight = np.where(counts, travellers["travels_share"].to_numpy(dtype=np.float64), 0.0)
    hours = period.measured.duration_s / 3600.0
    links = stage.network.links
    signal = np.array([stage.network.node_by_id[link.to_node].control == "signal" for link in links])
    free_s = stage.router.graph.free_ms / 1000.0 + np.where(signal, _SIGNAL_WAIT_S, 0.0)
    capacity = np.array([link.capacity_vph * link.lanes for link in links]) * np.where(signal, _SIGNAL_GREEN, 1.0)
    volume = np.zeros(len(links))
    for number in range(1, STATIC_ROUNDS + 1):
        cost_s = free_s * (1.0 + _BPR_ALPHA * (volume / capacity) ** _BPR_BETA)
        cost_ms = np.maximum(1, np.rint(1000 * cost_s)).astype(np.int64).reshape(-1, 1)
        looks = np.flatnonzero(chance.uniform(SETTLING_SEED, "first ways", ids, number) < 1.0 / number)
        found = stage.router.routes(habits.origin[looks], habits.destination[looks], cost_ms=cost_ms)
        habits = replace(habits, routes=habits.routes.replaced(looks.astype(np.int64), found))
        volume = _volumes(habits.routes, weight, len(links)) / hours
    return habits, volume


def _volumes(routes: Routes, weight: Floats, n_links: int) -> Floats:
    packed = routes.select(np.arange(len(routes.start), dtype=np.int64))
    counts = np.bincount(packed.links, weights=np.repeat(weight, packed.length), minlength=n_links)
    return np.asarray(counts, dtype=np.float64)


def _free_cost_ms(stage: Stage, period: Period) -> Ints:
    return np.repeat(stage.router.free_cost_ms, period.n_intervals, axis=1)


def experienced_ms(records: Records, stage: Stage, period: Period) -> Ints:
    """Mean time over each link by interval of entry (ms), (n_links, n_intervals).

    Where nobody left: the last known time, at least an interval if somebody stands there; before anybody: free speed.
    """
    n, k = len(stage.network.links), period.n_intervals
    table = _free_cost_ms(stage, period)
    rows = records.links
    column = (rows["interval_start_s"].to_numpy(dtype=np.float64) // INTERVAL_S).astype(np.int64)
    index = stage.router.graph.link_index
    ids, inverse = np.unique(rows["link_id"].to_numpy(dtype=object), return_inverse=True)
    link = np.array([index[i] for i in ids], dtype=np.int64)[inverse]
    mean = np.full((n, k), np.nan)
    density = np.zeros((n, k))
    inside = column < k
    mean[link[inside], column[inside]] = rows["mean_travel_time_s"].to_numpy(dtype=np.float64)[inside]
    density[link[inside], column[inside]] = rows["mean_density_vpkm"].to_numpy(dtype=np.float64)[inside]
    last = stage.router.graph.free_ms / 1000.0
    for interval in range(k):
        stuck = np.isnan(mean[:, interval]) & (np.nan_to_num(density[:, interval]) > 0)
        last = np.where(np.isnan(mean[:, interval]), last, mean[:, interval])
        last = np.where(stuck, np.maximum(last, INTERVAL_S), last)
        table[:, interval] = np.maximum(1, np.rint(1000.0 * last))
    return table


def _carried_cost(base: Settlement, stage: Stage, period: Period) -> Ints:
    """The base's times on other streets: links that are new count with free speed."""
    table = _free_cost_ms(stage, period)
    here = stage.router.graph.link_index
    pairs = [(here[i], k) for k, i in enumerate(base.stage.router.graph.link_ids) if i in here]
    new, old = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    table[new] = base.cost_ms[old]
    return table


def _vehicle_hours(records: Records, period: Period) -> float:
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
