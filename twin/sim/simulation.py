"""One run of the raw engine: vehicles with known routes, and any stories, over a network of streets.

A story is a SimPy process written by anyone: `story(run)` gives a generator, and `run` is the `Simulation`. It makes
vehicles with `run.flow.add_vehicle()`, drives them with `yield run.flow.drive(vehicle, run.route(link_ids))`, and
draws chance with `twin.chance` and `run.seed`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.network import Link, Network, Node
from twin.city.signals import SignalPlan
from twin.errors import SimulationError
from twin.records import INTERVAL_S, LINK_COLUMNS, STATUSES, Records
from twin.sim.environment import Environment, Story
from twin.sim.flow import Fleet, Flow, FlowRecords, GridlockPolicy, interval_us
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.gridlock import gridlock_table
from twin.sim.kernel_state import DENSITY, ENTERED, LEFT, QUEUE_MM, TIME_ON
from twin.sim.outcome import Outcome
from twin.sim.rules import MICROS
from twin.sim.tables import CLASS_NAMES, FlowTables, Ints, build_tables
from twin.sim.trip_table import TripTable

FlowName = Literal["compiled", "simpy"]
FLOWS: dict[FlowName, type[CompiledFlow] | type[SimpyFlow]] = {"compiled": CompiledFlow, "simpy": SimpyFlow}

MOST_COUNTS = 100_000_000
"""Most links × intervals one run may count, some 4 GB: a horizon of years is a slip of the pen."""


def simulate(
    network: Network,
    trips: TripTable,
    *,
    signals: Sequence[SignalPlan] = (),
    until_s: float | None = None,
    seed: int = 1,
    flow: FlowName = "compiled",
    gridlock: GridlockPolicy = "report",
    keep_passages: bool = False,
    stories: Iterable[Callable[["Simulation"], Story]] = (),
    start_s: float = 0.0,
    segment_m: float | None = None,
) -> Records:
    """Move the vehicles and tell what happened; see `Simulation` for what the options mean."""
    stories = tuple(stories)
    run = Simulation(
        network,
        trips,
        signals=signals,
        seed=seed,
        flow=flow,
        gridlock=gridlock,
        keep_passages=keep_passages,
        start_s=start_s,
        segment_m=segment_m,
        until_s=until_s,
        any_class=bool(stories),
    )
    for story in stories:
        run.env.story(story(run))
    return run.run()


class Simulation:
    """One run, loaded and not yet begun; stories see it as `run`.

    `until_s` None: it ends when nothing is left to happen: every vehicle has finished, or stands in gridlock, and
    every story has ended (so a story without end needs a horizon). `segment_m`: links longer than this are cut, so
    that stories can stop along them. `any_class` False: no story brings vehicles of classes that no trip has, which
    saves memory. `notes`: what the network left open, in sentences.
    """

    def __init__(
        self,
        network: Network,
        trips: TripTable,
        *,
        signals: Sequence[SignalPlan] = (),
        until_s: float | None = None,
        seed: int = 1,
        flow: FlowName = "compiled",
        gridlock: GridlockPolicy = "report",
        keep_passages: bool = False,
        start_s: float = 0.0,
        segment_m: float | None = None,
        any_class: bool = True,
    ) -> None:
        began = _clocks()
        if flow == "compiled":
            compile_rules()
        self.network = network
        self.seed = seed
        self.until_s = until_s
        self.start_s = start_s
        classes = None if any_class else {CLASS_NAMES[kind] for kind in np.unique(trips.vehicle_class).tolist()}
        self.tables = build_tables(network, signals, segment_m=segment_m, classes=classes)
        self.notes = self.tables.notes
        self._check_span(trips)
        trips, self._no_way = trips.routed(network)
        # The routes themselves are not kept: they are by far the largest part.
        self._ids, self._depart_s, self._vehicle_class = trips.ids, trips.depart_s, trips.vehicle_class
        fleet, self._trip_of = trips.fleet(self.tables)
        self.env = Environment(start_s)
        self.flow: Flow = FLOWS[flow](self.env, self.tables, fleet, gridlock=gridlock, keep_passages=keep_passages)
        self._seconds = _since(began, "load")

    def _check_span(self, trips: TripTable) -> None:
        last_s = max(float(trips.depart_s.max(initial=self.start_s)), self.until_s or self.start_s)
        counts = (last_s - self.start_s) / INTERVAL_S * self.tables.n_segments
        if not counts <= MOST_COUNTS:
            raise SimulationError(
                f"the run would last from {self.start_s:g} to {last_s:g} s: too long to count {self.tables.n_segments} "
                f"links by {INTERVAL_S:g} s. Give an earlier end, or departures in seconds of one day."
            )

    def route(self, link_ids: Iterable[str]) -> NDArray[np.int32]:
        """The segments of links, to give to `flow.drive`. Raises SimulationError for a link that is not there."""
        link_ids = list(link_ids)
        for link_id in link_ids:
            if link_id not in self.network.link_index:
                raise SimulationError(f"a story wants to drive link {link_id!r}, which is not in the network")
        return self.tables.segments_of(link_ids)

    def run(self) -> Records:
        """Run to the end and close the books."""
        began = _clocks()
        if self.until_s is None:
            self.env.run()
        elif self.until_s > self.env.now:
            self.env.run(until=self.until_s)
        found = self.flow.finish()
        seconds = {**self._seconds, **_since(began, "run")}
        outcome = Outcome(
            self._ids, self._depart_s, self._vehicle_class, self._no_way, self._trip_of, found.end_us, found.vehicles
        )
        trips = outcome.trip_table()
        return Records(
            trips=trips,
            links=link_table(found, self.tables, self.start_s),
            books=books(trips["status"]),
            passages=None if found.passages is None else outcome.passage_table(found.passages, self.tables),
            gridlocks=gridlock_table(found, self.tables),
            relieved=found.relieved,
            passages_count=found.n_passages,
            end_s=found.end_us / MICROS,
            seconds=seconds,
        )


@cache
def compile_rules() -> None:
    """Have the compiled flow's code ready, so that the time of a run is the run's own: one car drives one street."""
    ends = tuple(Node(node_id, 0.0, 0.0) for node_id in ("from", "to"))
    street = Link("street", "from", "to", length_m=100.0, lanes=1.0, free_speed_mps=10.0, capacity_vph=1800.0)
    tables = build_tables(Network(ends, (street,)))
    env = Environment()
    one = np.ones(1, dtype=np.int64)
    fleet = Fleet(0 * one, 0 * one, one, np.zeros(1, dtype=np.int32), 0 * one)
    flow = CompiledFlow(env, tables, fleet, keep_passages=True)
    env.run()
    flow.finish()


def _clocks() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def _since(began: tuple[float, float], name: str) -> dict[str, float]:
    """Seconds of this process and of the wall since then, as `records.Records.seconds` names them."""
    cpu_s, wall_s = _clocks()
    return {f"{name}_cpu_s": cpu_s - began[0], f"{name}_wall_s": wall_s - began[1]}


def books(statuses: pd.Series) -> dict[str, int]:
    """How many vehicles ended in each status, with "created" as all of them.

    Raises SimulationError where a vehicle has no status of `records.STATUSES`: then one was lost.
    """
    counts = statuses.value_counts()
    book: dict[str, int] = {status: int(counts.get(status, 0)) for status in STATUSES}
    lost = len(statuses) - sum(book.values())
    if lost:
        raise SimulationError(f"the books do not close: {lost} of {len(statuses)} vehicles are in no status")
    return {"created": len(statuses), **book}


def link_table(records: FlowRecords, tables: FlowTables, start_s: float = 0.0) -> pd.DataFrame:
    """Interval statistics of every link, columns as in records.LINK_COLUMNS, rows by interval, then link.

    Of a link cut into segments: `entered` is counted at its first segment and `left` at its last. Its mean travel
    time is the sum over segments of the mean time of those that left the segment in the interval; where none did,
    of the last interval before in which some did (free-flow time of a car where there is none). Density is the
    mean over the part of the interval that the run covers; an interval that the run only touches has none.
    """
    counts, start_us = records.counts, round(start_s * MICROS)
    covered_us = _covered_us(records, start_us)
    touched = (covered_us > 0) | counts[:, :, : LEFT + 1].any(axis=(1, 2))
    counts, covered_us = counts[touched], covered_us[touched]
    rows = np.flatnonzero(touched) + records.first_interval
    first, last = tables.segment_start[:-1], tables.segment_start[1:] - 1
    length_km = np.add.reduceat(tables.length_mm, first) / 1e6
    on_link = np.add.reduceat(counts[:, :, DENSITY], first, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        density = on_link / covered_us[:, None].astype(np.float64) / length_km
    n_links = len(first)
    ids = pd.array([link.id for link in tables.network.links], dtype="str")
    columns = (
        ids.take(np.tile(np.arange(n_links), len(rows))),
        np.repeat(rows * INTERVAL_S, n_links),
        counts[:, first, ENTERED].ravel(),
        counts[:, last, LEFT].ravel(),
        _mean_times_s(counts, tables).ravel(),
        np.where(np.isfinite(density), density, np.nan).ravel(),
        _queues_mm(counts[:, :, QUEUE_MM], tables).ravel() / 1000.0,
    )
    return pd.DataFrame(dict(zip(LINK_COLUMNS, columns, strict=True)))


def _covered_us(records: FlowRecords, start_us: int) -> Ints:
    """How much of each interval lies within the run (µs)."""
    width = interval_us(INTERVAL_S)
    begins = (records.first_interval + np.arange(len(records.counts))) * width
    covered: Ints = np.minimum(begins + width, records.end_us) - np.maximum(begins, start_us)
    return np.maximum(covered, 0)


def _mean_times_s(counts: Ints, tables: FlowTables) -> NDArray[np.float64]:
    """Mean time on each link (s), (n_intervals, n_links); NaN where none left it."""
    left, time_us = counts[:, :, LEFT], counts[:, :, TIME_ON]
    known = np.where(left > 0, np.arange(len(left))[:, None], -1)
    known = np.maximum.accumulate(known, axis=0)
    segment = np.arange(tables.n_segments)
    mean_us = time_us[known, segment] / np.maximum(left[known, segment], 1)
    mean_us = np.where(known >= 0, mean_us, tables.free_us[0].astype(np.float64))
    mean_s = np.add.reduceat(mean_us, tables.segment_start[:-1], axis=1) / MICROS
    some_left = left[:, tables.segment_start[1:] - 1] > 0
    return np.where(some_left, mean_s, np.nan)


def _queues_mm(segment_mm: Ints, tables: FlowTables) -> Ints:
    """Farthest standing vehicle from each link's end (mm), (n_intervals, n_links).

    A queue goes on into the segment behind where the room left is less than the largest vehicle takes.
    """
    first, last = tables.segment_start[:-1], tables.segment_start[1:] - 1
    largest_mm = tables.jam_mm_per_pcu * max(tables.class_pcu) // MICROS
    is_full = (segment_mm > 0) & (segment_mm >= tables.length_mm - largest_mm)
    queue_mm = segment_mm[:, last].copy()
    beyond_mm = np.zeros(len(first), dtype=np.int64)
    links, goes_on = np.arange(len(first)), is_full[:, last]
    for depth in range(1, int((last - first).max(initial=0)) + 1):
        here = last[links] - depth
        inside = here >= first[links]
        links, here, goes_on = links[inside], here[inside], goes_on[:, inside]
        beyond_mm[links] += tables.length_mm[here + 1]
        reaches = goes_on & (segment_mm[:, here] > 0)
        queue_mm[:, links] = np.where(reaches, beyond_mm[links] + segment_mm[:, here], queue_mm[:, links])
        goes_on = goes_on & is_full[:, here]
    return queue_mm
