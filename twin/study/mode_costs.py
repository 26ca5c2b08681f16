"""What each way to go costs each chooser in a settled city: generalised cost from door to door, in seconds of riding.

Car: time over the streets as settled, by half-hours of departure, and the logsum of parking (walk, fee, search and risk
of a full site). Bus: the expected cost of the optimal strategy (walk and wait double, boardings, fare), aboard at the
pace of the streets as settled and dearer where riders stand. E-bike: the shortest way; on foot: the straight line with
its detour. Leaves out fuel, guidance and booking (all know how full sites usually are), waiting at the origin to enter
a street, and how late or full single buses are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.network import Network
from twin.city.timetables import BUS_SPEED_MPS, SCHEDULED_DWELL_S
from twin.city.transit import BusLine
from twin.city.trips import Demand
from twin.demand.inputs import CHOICE_MODES, ChoiceSettings
from twin.errors import DemandError
from twin.routing.hyperpaths import BOARDING_COST_S, WALK_WEIGHT, LineGraph, Strategies, loads, strategies
from twin.sim.parking_choice import expected_costs_s
from twin.sim.stage import Stage
from twin.study.bus_forecast import STANDING_COST
from twin.study.habits import point_nodes, seekers_of
from twin.study.period import LOOK_S, Period
from twin.study.rider_plans import Access, access_of, first_places, line_graph, stop_places, walk_time_s
from twin.study.settle import Settlement
from twin.units import SECONDS_PER_HOUR, mps_from_kmh

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SLOT_S = 1800.0
"""Choosers know mean times of the half-hour in which they set out; those of shorter ones differ by chance."""


@dataclass(frozen=True, eq=False)
class ModeCosts:
    """Generalised cost of each chooser by mode (s), (n,) each; inf where there is no way.

    `drive_s` and `park_s` together are the car's.
    """

    drive_s: Floats
    park_s: Floats
    bus_s: Floats
    ebike_s: Floats
    walk_s: Floats

    def table_s(self, longest_s: float) -> Floats:
        """(n, n_modes), columns as CHOICE_MODES; no way costs more than `longest_s`, parking left aside."""
        ways = {"car": self.drive_s, "bus": self.bus_s, "ebike": self.ebike_s, "walk": self.walk_s}
        table = np.minimum(np.stack([ways[mode] for mode in CHOICE_MODES], axis=1), longest_s)
        table[:, CHOICE_MODES.index("car")] += self.park_s
        return table


def choosers_of(demand: Demand | None) -> pd.DataFrame:
    """The choosers of a demand. Raises DemandError where it was drawn without any."""
    if demand is None or demand.choosers is None or len(demand.choosers) == 0:
        raise DemandError("nobody here may go by another mode: the demand was drawn without choosers, or has none")
    return demand.choosers


def mode_costs(settled: Settlement, demand: Demand, period: Period, settings: ChoiceSettings) -> ModeCosts:
    """Costs of all choosers of a demand in a settled arm; who stands in buses are the riders of that demand."""
    choosers, stage = choosers_of(demand), settled.stage
    node = point_nodes(stage)
    ends = [choosers[end].to_numpy(dtype=np.int64) for end in ("origin_point", "destination_point")]
    slot = ((choosers["usual_depart_s"].to_numpy(dtype=np.float64) - period.start_s) // SLOT_S).astype(np.int64)
    drive_s = np.full(len(choosers), np.inf)
    for number in np.unique(slot).tolist():
        rows = np.flatnonzero(slot == number)
        begin_s = period.start_s + number * SLOT_S
        cost_ms = mean_ms(settled.cost_ms, begin_s, begin_s + SLOT_S)
        drive_s[rows] = _times_s(stage, node[ends[0][rows]], node[ends[1][rows]], cost_ms)
    ride_ms = np.rint(1000.0 * stage.router.graph.length_m / mps_from_kmh(settings.ebike_kmh)).astype(np.int64)
    bus_s, apart_m = _by_bus(settled, demand, ends[0], ends[1], period, settings)
    return ModeCosts(
        drive_s=drive_s,
        park_s=_parking_s(settled, choosers, settings),
        bus_s=bus_s,
        ebike_s=_times_s(stage, node[ends[0]], node[ends[1]], np.maximum(1, ride_ms)),
        walk_s=WALK_WEIGHT * walk_time_s(apart_m),
    )


def mean_ms(cost_ms: Ints, begin_s: float, end_s: float) -> Ints:
    """Mean time over each link of who enters it with begin_s <= t < end_s (ms), (n_links,); `cost_ms` by LOOK_S."""
    first = min(int(begin_s // LOOK_S), cost_ms.shape[1] - 1)
    last = max(first + 1, int(np.ceil(end_s / LOOK_S)))
    mean: Ints = np.maximum(1, np.rint(cost_ms[:, first:last].mean(axis=1))).astype(np.int64)
    return mean


def _times_s(stage: Stage, origin: Ints, destination: Ints, cost_ms: Ints) -> Floats:
    """Times between nodes (s) at these times over links, inf where there is no way."""
    starts, row = np.unique(origin, return_inverse=True)
    table = stage.router.node_times_ms(starts, cost_ms=cost_ms.reshape(-1, 1))
    times_ms = table[row.reshape(-1), destination]
    return np.where(times_ms < 0, np.inf, times_ms / 1000.0)


def _parking_s(settled: Settlement, choosers: pd.DataFrame, settings: ChoiceSettings) -> Floats:
    """What parking costs each chooser as a driver (s); nothing with a place of one's own, or who stops at the door."""
    cost_s = np.zeros(len(choosers))
    wants = np.flatnonzero((choosers["parks"] == "public").to_numpy(dtype=np.bool_))
    usual = settled.habits.usual
    if len(wants) == 0 or usual is None or len(settled.stage.search.sites) == 0:
        return cost_s
    table = choosers.iloc[wants]
    yuan_per_h = table["purpose"].map(settings.driver_time_yuan_per_h).to_numpy(dtype=np.float64)
    yuan_s = np.divide(SECONDS_PER_HOUR, yuan_per_h, dtype=np.float64)
    seekers = seekers_of(settled.stage, table, "chooser_id")
    cost_s[wants] = expected_costs_s(settled.stage.search, seekers, usual, yuan_s=yuan_s)
    return cost_s


# --- by bus -----------------------------------------------------------------------------------------------------------


def _by_bus(
    settled: Settlement, demand: Demand, origin: Ints, destination: Ints, period: Period, settings: ChoiceSettings
) -> tuple[Floats, Floats]:
    """Cost by bus (s), inf where there is no way, and how far apart the ends are in a straight line (m)."""
    city, network = settled.stage.city, settled.stage.network
    if not city.lines:
        points = _points_of(settled, demand)
        return np.full(len(origin), np.inf), np.hypot(*(points[origin] - points[destination]).T)
    stops = stop_places(city, network)
    mean_s = mean_ms(settled.cost_ms, period.start_s, period.last_s) / 1000.0
    graph = at_pace_of_streets(
        line_graph(network, city.lines, stops, period.start_s, period.last_s), city, network, mean_s
    )
    access = access_of(city, network, stops, graph)
    boarding_s = BOARDING_COST_S + SECONDS_PER_HOUR * settings.bus_fare_yuan / settings.rider_time_yuan_per_h
    found = strategies(graph, access.start, access.place, access.walk_s, boarding_cost_s=boarding_s)
    crowded = dearer_where_riders_stand(graph, found, access, city.lines, demand, period)
    found = strategies(crowded, access.start, access.place, access.walk_s, boarding_cost_s=boarding_s)
    _, _, cost_s = first_places(origin, destination, found, access)
    return cost_s, np.hypot(*(access.points[origin] - access.points[destination]).T)


def _points_of(settled: Settlement, demand: Demand) -> Floats:
    lon = np.array([point.lon for point in demand.points], dtype=np.float64)
    lat = np.array([point.lat for point in demand.points], dtype=np.float64)
    return settled.stage.search.xy_of(lon, lat)


def at_pace_of_streets(graph: LineGraph, city: City, network: Network, mean_s: Floats) -> LineGraph:
    """Lines as riders see them with buses as slow as the streets are: `mean_s` over each link, never faster than a bus
    may go, and the timetable's dwell at each stop.
    """
    links, index = network.links, network.link_index
    least_s = np.array([link.length_m / min(link.free_speed_mps, BUS_SPEED_MPS) for link in links])
    time_s = np.maximum(mean_s, least_s)
    ride_s = graph.ride_s.copy()
    row = 0
    for line in city.lines:
        if all(link in index for link in line.route):
            ride_s[row : row + len(line.stops) - 1] = _between_stops_s(line, index, time_s)
        row += len(line.stops)
    return replace(graph, ride_s=ride_s)


def _between_stops_s(line: BusLine, index: dict[str, int], time_s: Floats) -> list[float]:
    """Time from each stop of a line to the next (s): links after the one stop up to and with the other's, and dwell."""
    times, position = [], line.route.index(line.stops[0].link_id)
    for stop in line.stops[1:]:
        begin = position + 1
        position = begin - 1 if line.route[position] == stop.link_id else line.route.index(stop.link_id, begin)
        ridden = [index[link] for link in line.route[begin : position + 1]]
        times.append(max(1.0, float(time_s[ridden].sum()) + SCHEDULED_DWELL_S))
    return times


def dearer_where_riders_stand(
    graph: LineGraph, found: Strategies, access: Access, lines: Sequence[BusLine], demand: Demand, period: Period
) -> LineGraph:
    """Rides whose every second costs STANDING_COST more to those of the riders of these hours who stand, on average."""
    riders = demand.riders
    if riders is None:
        return graph
    usual_s = riders["usual_depart_s"].to_numpy(dtype=np.float64)
    share = riders["travels_share"].to_numpy(dtype=np.float64)
    now = np.flatnonzero((usual_s >= period.start_s) & (usual_s < period.last_s) & (share > 0.0))
    if len(now) == 0:
        return graph
    origin, destination = (riders[end].to_numpy(dtype=np.int64)[now] for end in ("origin_point", "destination_point"))
    place, _, _ = first_places(origin, destination, found, access)
    aboard = loads(graph, found, destination, place).aboard * float(share[now].mean())
    buses = graph.per_s * (period.last_s - period.start_s)
    load = np.divide(aboard, buses, out=np.zeros_like(aboard), where=buses > 0.0)
    seats = np.concatenate([np.full(len(line.stops), line.seats) for line in lines]).astype(np.float64)
    standing = np.divide(np.maximum(0.0, load - seats), load, out=np.zeros_like(load), where=load > 0.0)
    return replace(graph, ride_s=graph.ride_s * (1.0 + STANDING_COST * standing))
