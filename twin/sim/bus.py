"""A bus run: drive from stop to stop in the same traffic as the cars, dwell, go on.

Where the street has one lane in that direction the bus stops in it and blocks those behind; where it has more, it
stops aside (a bay, the kerb lane) and merges back in. A lane lost to a stopped bus on a wide street is not modelled.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.stats import poisson

from twin import chance
from twin.city.ground import Ground
from twin.city.network import Network
from twin.city.transit import BusLine, Stop
from twin.city.zones import Zone
from twin.sim.environment import Environment
from twin.sim.flow import Flow
from twin.sim.tables import SEGMENT_M, FlowTables

DOORS_S = 4.0  # opening, closing and leaving the stop (TCQSM, TCRP 165: 2–5 s)
BOARDING_S = 2.5  # per rider by card or code at the front door (2.0–3.0 s in Chinese practice, assumed)
ALIGHTING_S = 1.8  # per rider at the rear door (1.5–2.0 s, assumed)
LATEST_DEPARTURE_S = 1 << 18  # room in an agent id for the second of a run's scheduled departure: three days
FIRST_BUS_AGENT = 1 << 40  # buses come after drivers among simultaneous stories


@dataclass(frozen=True, slots=True)
class Halt:
    """The way to one stop, and what happens there."""

    segments: NDArray[np.int32]  # from the stop before
    in_lane: bool  # blocks those behind
    dwell_s: float


@dataclass(frozen=True, slots=True)
class BusRun:
    """One departure of a line on one day."""

    run_id: str
    line_id: str
    agent: int
    depart_s: float
    halts: tuple[Halt, ...]


@dataclass(slots=True)
class BusFate:
    """What became of a run."""

    vehicle: int = -1
    arrived_s: float | None = None
    dwell_s: float = 0.0
    stops_served: int = 0


def bus(env: Environment, flow: Flow, run: BusRun, fate: BusFate) -> Any:
    """Serve the stops in order, then leave the network at the last."""
    fate.vehicle = flow.add_vehicle("bus")
    aside = True
    for halt in run.halts:
        if len(halt.segments):
            yield flow.drive(fate.vehicle, halt.segments)
            aside = False
        if not halt.in_lane and not aside:
            flow.hold(fate.vehicle)
            aside = True
        fate.stops_served += 1
        fate.dwell_s += halt.dwell_s
        yield env.timeout(halt.dwell_s)
    fate.arrived_s = env.now
    flow.leave(fate.vehicle)


def bus_runs(
    network: Network,
    tables: FlowTables,
    lines: Sequence[BusLine],
    zones: Sequence[Zone],
    riders: pd.DataFrame | None,
    *,
    seed: int,
    start_s: float,
    end_s: float,
) -> list[BusRun]:
    """Every departure with start_s <= t < end_s, with the dwell its riders take on the day of that seed.

    `riders`: zone_id, hour, riders boarding; a zone's riders share its stops in proportion to departures, and as many
    alight at a stop as board (first version: no origin–destination of riders). None: doors only.
    """
    open_lines = [line for line in lines if all(link in network.link_index for link in line.route)]
    places = [_stop_segments(network, tables, line) for line in open_lines]
    boarding = _boarding_per_s(open_lines, zones, riders, network)
    runs = []
    for line, stops, per_s in zip(open_lines, places, boarding, strict=True):
        key = _key(line.id)
        stop_keys = [_key(f"{stop.lon:.6f} {stop.lat:.6f}") for stop in line.stops]
        departures = line.departures_s(0.0, end_s)
        for number, depart_s in enumerate(departures):
            if depart_s < start_s:
                continue
            # A run is known by its departure, a stop by its place: counted by number they would have other luck when
            # a measure adds a run before them or takes a stop away.
            agent = FIRST_BUS_AGENT + key * LATEST_DEPARTURE_S + int(depart_s)
            headway_s = _headway_at(line, depart_s)
            mean = per_s[:, min(23, int(depart_s // 3600))] * headway_s
            luck = np.array([chance.uniform_one(seed, "boards", agent, stop) for stop in stop_keys])
            boards = poisson.ppf(luck, mean)
            dwell = DOORS_S + np.maximum(BOARDING_S * boards, ALIGHTING_S * boards)
            halts = tuple(
                Halt(segments, in_lane, round(float(seconds), 3))
                for (segments, in_lane), seconds in zip(stops, dwell, strict=True)
            )
            runs.append(BusRun(f"{line.id}#{number}", line.id, agent, depart_s, halts))
    return runs


def _key(text: str) -> int:
    """28 bits that hang on a text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little") >> 4


def _headway_at(line: BusLine, time_s: float) -> float:
    for part in line.headways:
        if time_s in part.window:
            return part.headway_s
    return math.inf


def _stop_segments(network: Network, tables: FlowTables, line: BusLine) -> list[tuple[NDArray[np.int32], bool]]:
    """For each stop the segments from the stop before to the segment end nearest it, and whether it is in the lane.

    The first stop begins with the segments after it, so the bus enters there.
    """
    links = [network.link_index[link] for link in line.route]
    segments = tables.expand(np.array(links, dtype=np.int64))
    first_of_link = np.concatenate([[0], np.cumsum(np.diff(tables.segment_start)[links])])
    ground = Ground(network)
    at, position, parts = -1, 0, []
    for number, stop in enumerate(line.stops):
        while line.route[position] != stop.link_id:
            position += 1
        n_parts = int(first_of_link[position + 1] - first_of_link[position])
        share = _share_along(network, ground, stop, line.route[position])
        here = int(first_of_link[position]) + min(n_parts, max(1, round(share * n_parts))) - 1
        here = max(here, at, 0)
        # The bus appears at its first stop by way of the segment that ends there.
        begin = here if number == 0 else at + 1
        lanes = network.links[links[position]].lanes
        parts.append((segments[begin : here + 1], lanes < 2))
        at = here
    return parts


def _share_along(network: Network, ground: Ground, stop: Stop, link_id: str) -> float:
    link = network.link_by_id[link_id]
    if link.length_m <= SEGMENT_M:
        return 1.0  # one segment: a stop on it can only be at its end
    line = shapely.LineString(ground.xy(*zip(*network.ends_of(link), strict=True)))
    return float(line.project(shapely.Point(ground.xy(stop.lon, stop.lat)[0]), normalized=True))


def _boarding_per_s(
    lines: Sequence[BusLine], zones: Sequence[Zone], riders: pd.DataFrame | None, network: Network
) -> list[NDArray[np.float64]]:
    """Riders who board each line's stops (riders/s), (n_stops, 24) by hour of day."""
    empty = [np.zeros((len(line.stops), 24)) for line in lines]
    if riders is None or len(riders) == 0 or not zones or not lines:
        return empty
    ground = Ground(network)
    stops = [stop for line in lines for stop in line.stops]
    stop_xy = ground.xy([s.lon for s in stops], [s.lat for s in stops])
    homes = [zone for zone in zones if zone.kind == "zone"]
    zone_xy = ground.xy([z.lon for z in homes], [z.lat for z in homes])
    apart = np.hypot(stop_xy[:, None, 0] - zone_xy[None, :, 0], stop_xy[:, None, 1] - zone_xy[None, :, 1])
    zone_of_stop = np.argmin(apart, axis=1)
    number = {zone.id: i for i, zone in enumerate(homes)}
    per_hour = np.zeros((len(homes), 24))
    for zone_id, hour, count in zip(riders["zone_id"], riders["hour"], riders["riders"], strict=True):
        if zone_id in number and 0 <= hour < 24:
            per_hour[number[zone_id], hour] += count
    runs = np.zeros((len(stops), 24))
    row = 0
    for line in lines:
        by_hour = np.bincount([min(23, int(t // 3600)) for t in line.departures_s(0.0, 86_400.0)], minlength=24).astype(
            np.float64
        )
        runs[row : row + len(line.stops)] = by_hour
        row += len(line.stops)
    total = np.zeros((len(homes), 24))
    np.add.at(total, zone_of_stop, runs)
    share = np.divide(runs, total[zone_of_stop], out=np.zeros_like(runs), where=total[zone_of_stop] > 0)
    per_s = share * per_hour[zone_of_stop] / 3600.0
    cuts = np.cumsum([len(line.stops) for line in lines])[:-1]
    return list(np.split(per_s, cuts))
