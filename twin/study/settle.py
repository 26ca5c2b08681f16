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
from twin.clock import TimeWindow
from twin.demand.sampling import MORNING
from twin.records import INTERVAL_S, Records
from twin.routing.paths import Routes
from twin.sim.city_run import run_city
from twin.sim.stage import Day, Habits, Stage
from twin.study.habits import carried_over, demand_of, first_habits, trips_of_day
from twin.study.lorry_ways import break_bans, lawful_routes
from twin.study.mean_hour import FOR_FIRST_ROUTES, bus_flow, mean_hour, street_delays
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

LOOK_S = 300.0
"""Times that travellers know are means of so long (s): short beside the minutes in which a queue builds up."""

_LOOK_MS = round(1000 * LOOK_S)
WARM_UP_S = 1800.0  # departures before the measured window that fill the streets
RUN_ON_S = 600.0  # departures after it, so that its last trips meet traffic
LONGEST_RUN_ON_S = 7200.0  # the run ends so long after the window, whoever is still under way

MAY_SHIFT_S = 1800.0  # who usually departs so long before or after the period looks for a way too
STATIC_ROUNDS = 12  # at most, of the static equilibrium that first routes and signals are from
BASE_ROUNDS = 10
ARM_ROUNDS = 5
FIRST_STEP = 1 / 3  # largest share of travellers that takes another way in a round
WORSE_IS_UNDONE = 5.0  # a gap that grew so many times is taken back
STEP_BRAKE = 1.5  # added to one over the step where the gap rose
SAVING_THAT_MOVES = 0.1  # share of one's time; who would save that much moves as likely as anybody (assumed)
LIGHT_SHARE = 0.04  # of travellers, for the light-traffic run that free times are taken from


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
        """Intervals of LOOK_S from midnight to the end."""
        return int(np.ceil(self.until_s / LOOK_S))


def departures_of(period: Period) -> TimeWindow:
    """When the travellers of a study usually depart: the morning where it lies in it, else the hours that are run."""
    if MORNING.start_s <= period.start_s and period.last_s <= MORNING.end_s:
        return MORNING
    return TimeWindow(period.start_s, period.last_s)


@dataclass(frozen=True, eq=False)
class Settlement:
    """Habits after some rounds, the times they rest on, and how the rounds went.

    `cost_ms`: (n_links, n_intervals) of the stage's links. `rounds`: round, relative_gap, vehicle_hours. `step`: the
    largest share of travellers that moved in the last round.
    """

    stage: Stage
    habits: Habits
    cost_ms: Ints
    rounds: pd.DataFrame
    step: float


def settle_base(city: City, period: Period, *, rounds: int = BASE_ROUNDS, tell: Tell | None = None) -> Settlement:
    """Plan the base's signals from a static equilibrium, then let its routes settle."""
    stage = Stage.of(replace(city, signals=()))
    habits = first_ways(stage, first_habits(stage), period)
    waves = {order.node_id for order in city.signal_orders if order.retime == "coordinated"}
    volume_vph, by_hours = _volumes_to_plan_for(stage, habits, period)
    signals = plan_signals(stage.network, volume_vph, coordinated=waves, by_hours=by_hours)
    signals = with_controls(signals, city.signal_orders)
    stage = Stage.of(replace(city, signals=signals))
    start = Settlement(stage, habits, _free_cost_ms(stage, period), _no_rounds(), FIRST_STEP)
    return continued(start, period, rounds=rounds, first_round=1, tell=tell)


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
        cost_ms = experienced_ms(records, stage, period)
        looked = _looked(stage, habits, period, cost_ms, _waits_ms(records, habits, period, len(cost_ms)))
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
    """What everybody who may drive in the period knows after a round: the quickest way, and the times (ms) of that way
    and of one's own."""

    drives: Ints  # positions of travellers
    inside: NDArray[np.bool_]  # who of them usually departs in the period that is run
    other: Routes
    own_ms: Ints
    other_ms: Ints

    @property
    def relative_gap(self) -> float:
        """(total − quickest) / total, over those who usually depart in the period that is run."""
        own_ms = self.own_ms[self.inside]
        saved_ms = np.maximum(0, own_ms - self.other_ms[self.inside])
        return float(saved_ms.sum() / max(1, own_ms.sum()))


def _looked(stage: Stage, habits: Habits, period: Period, cost_ms: Ints, wait_ms: Ints) -> _Looked:
    router, usual_ms = stage.router, _usual_ms(stage)
    near = (usual_ms >= 1000 * (period.start_s - MAY_SHIFT_S)) & (usual_ms < 1000 * (period.last_s + MAY_SHIFT_S))
    drives = np.flatnonzero((habits.routes.length > 0) & near).astype(np.int64)
    inside = (usual_ms[drives] >= 1000 * period.start_s) & (usual_ms[drives] < 1000 * period.last_s)
    known: dict[str, Any] = {
        "depart_ms": usual_ms[drives],
        "cost_ms": cost_ms,
        "wait_ms": wait_ms,
        "interval_ms": _LOOK_MS,
    }
    other = lawful_routes(stage, habits, drives, **known)
    own_ms = router.costs_of(habits.routes.select(drives), **known)
    return _Looked(drives, inside, other, own_ms, router.costs_of(other, **known))


def _moved(stage: Stage, habits: Habits, looked: _Looked, number: int, step: float) -> Habits:
    """Travellers who could save time take the quickest way, the more likely the more they would save.

    Each with probability `step` × saving ÷ (own time × SAVING_THAT_MOVES), at most `step`; so who gains most from a
    new street finds it first, and who is indifferent stays (gap-based shifts: Lu, Mahmassani & Zhou 2009).
    """
    ids = demand_of(stage.city).travellers["traveller_id"].to_numpy(dtype=np.int64)[looked.drives]
    saving = (looked.own_ms - looked.other_ms) / np.maximum(1, looked.own_ms)
    moves = step * np.clip(saving / SAVING_THAT_MOVES, 0.0, 1.0)
    chosen = np.flatnonzero(chance.uniform(SETTLING_SEED, "takes another way", ids, number) < moves)
    return replace(habits, routes=habits.routes.replaced(looked.drives[chosen], looked.other.select(chosen)))


def _usual_ms(stage: Stage) -> Ints:
    usual_s = demand_of(stage.city).travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    usual_ms: Ints = np.rint(usual_s * 1000).astype(np.int64)
    return usual_ms


def _rerouted(stage: Stage, habits: Habits, rows: Ints, cost_ms: Ints) -> Habits:
    depart_ms = _usual_ms(stage)[rows]
    found = lawful_routes(stage, habits, rows, depart_ms=depart_ms, cost_ms=cost_ms, interval_ms=_LOOK_MS)
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
        ways = lawful_routes(stage, habits, rows, depart_ms=depart_ms, cost_ms=cost_ms, interval_ms=_LOOK_MS)
        habits = replace(habits, routes=habits.routes.replaced(rows, ways))
    return habits


def _free_cost_ms(stage: Stage, period: Period) -> Ints:
    return np.repeat(stage.router.free_cost_ms, period.n_intervals, axis=1)


def experienced_ms(records: Records, stage: Stage, period: Period, *, interval_s: float = LOOK_S) -> Ints:
    """Mean time over each link by interval of entry (ms), (n_links, n_intervals); `interval_s`: of the records.

    Where nobody left: the last known time, at least an interval if somebody stands there; before anybody: free speed.
    """
    n, k = len(stage.network.links), int(np.ceil(period.until_s / interval_s))
    rows = records.links
    column = (rows["interval_start_s"].to_numpy(dtype=np.float64) // interval_s).astype(np.int64)
    index = stage.router.graph.link_index
    ids, inverse = np.unique(rows["link_id"].to_numpy(dtype=object), return_inverse=True)
    link = np.array([index[i] for i in ids], dtype=np.int64)[inverse]
    mean = np.full((n, k), np.nan)
    density = np.zeros((n, k))
    inside = column < k
    mean[link[inside], column[inside]] = rows["mean_travel_time_s"].to_numpy(dtype=np.float64)[inside]
    density[link[inside], column[inside]] = rows["mean_density_vpkm"].to_numpy(dtype=np.float64)[inside]
    middle_s: Floats = ((np.arange(period.n_intervals) + 0.5) * LOOK_S).astype(np.float64)
    times_s = _by_entry(mean, density > 0, stage.router.graph.free_ms / 1000.0, middle_s, interval_s)
    times_ms: Ints = np.maximum(1, np.rint(1000.0 * times_s)).astype(np.int64)
    return times_ms


def _by_entry(mean_s: Floats, stands: NDArray[np.bool_], free_s: Floats, entry_s: Floats, interval_s: float) -> Floats:
    """Times (s) of who enters at `entry_s`, from means over those that left in each interval (NaN: nobody left).

    Who left in the middle of an interval after T entered T before; between such entries times are interpolated.
    """
    middle_s = (np.arange(mean_s.shape[1]) + 0.5) * interval_s
    table = np.repeat(free_s[:, None], len(entry_s), axis=1)
    for link in np.flatnonzero((~np.isnan(mean_s)).any(axis=1)):
        left = np.flatnonzero(~np.isnan(mean_s[link]))
        entered_s = np.maximum.accumulate(middle_s[left] - mean_s[link, left])
        table[link] = np.interp(entry_s, entered_s, mean_s[link, left])
    for column, interval in enumerate((entry_s // interval_s).astype(np.int64).tolist()):
        stuck = np.isnan(mean_s[:, interval]) & stands[:, interval]
        table[stuck, column] = np.maximum(table[stuck, column], INTERVAL_S)
    return table


def _waits_ms(records: Records, habits: Habits, period: Period, n_links: int) -> Ints:
    """Mean wait outside each link of trips that start on it, by interval of departure (ms), (n_links, n_intervals).

    Where nobody started: who came later is not let in earlier, so the wait known before less the time since.
    """
    trips = records.trips
    person = trips["trip_id"].to_numpy(dtype=np.int64)
    starts = habits.routes.length[person] > 0
    first = habits.routes.links[habits.routes.start[person[starts]]]
    depart_s = trips["depart_s"].to_numpy(dtype=np.float64)[starts]
    waited_s = trips["enter_s"].fillna(records.end_s).to_numpy(dtype=np.float64)[starts] - depart_s
    cell = first.astype(np.int64) * period.n_intervals + (depart_s // LOOK_S).astype(np.int64)
    shape = (n_links, period.n_intervals)
    counts = np.bincount(cell, minlength=n_links * period.n_intervals).reshape(shape)
    total_s = np.bincount(cell, weights=waited_s, minlength=n_links * period.n_intervals).reshape(shape)
    mean_s = total_s / np.maximum(1, counts)
    for interval in range(1, period.n_intervals):
        left_s = np.maximum(0.0, mean_s[:, interval - 1] - LOOK_S)
        mean_s[:, interval] = np.where(counts[:, interval] > 0, mean_s[:, interval], left_s)
    waits_ms: Ints = np.rint(1000.0 * mean_s).astype(np.int64)
    return waits_ms


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
