"""One run of the raw engine: vehicles with known routes, and any stories, over a network of streets.

A story is a SimPy process written by anyone: `story(run)` gives a generator, and `run` is the `Simulation`. It makes
vehicles with `run.flow.add_vehicle()`, drives them with `yield run.flow.drive(vehicle, run.route(link_ids))`, and
draws chance with `twin.chance` and `run.seed`.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.network import Network
from twin.city.signals import SignalPlan
from twin.errors import SimulationError
from twin.records import INTERVAL_S, STATUSES, Records
from twin.sim.compiling import compile_rules
from twin.sim.environment import Environment, Story
from twin.sim.flow import Flow, GridlockPolicy
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.flow_simpy import SimpyFlow
from twin.sim.gridlock import gridlock_table
from twin.sim.lane_groups import detector_groups, given_groups
from twin.sim.link_table import link_table
from twin.sim.outcome import Outcome
from twin.sim.rules import MICROS
from twin.sim.signals import need_horizon, nodes_with_detectors, plans_at, signal_stories
from twin.sim.tables import CLASS_NAMES, build_tables
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
        if until_s is None and need_horizon(signals):
            raise SimulationError("signals that change by the hour or with traffic never end: give `until_s`")
        shown = plans_at(signals, start_s)
        groups = detector_groups(network, nodes_with_detectors(signals)) | given_groups(network)
        self.tables = build_tables(network, shown, segment_m=segment_m, classes=classes, groups=groups)
        self.notes = self.tables.notes
        self._check_span(trips)
        trips, self._no_way = trips.routed(network)
        # The routes themselves are not kept: they are by far the largest part.
        self._ids, self._depart_s, self._vehicle_class = trips.ids, trips.depart_s, trips.vehicle_class
        fleet, self._trip_of = trips.fleet(self.tables)
        self.env = Environment(start_s)
        self.flow: Flow = FLOWS[flow](self.env, self.tables, fleet, gridlock=gridlock, keep_passages=keep_passages)
        for generator, agent in signal_stories(self.env, self.flow, self.tables, signals, shown):
            self.env.story(generator, agent)
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
