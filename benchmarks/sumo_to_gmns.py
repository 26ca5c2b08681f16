"""From a SUMO network with fixed routes to the tables of `twin simulate`.

`python -m benchmarks.sumo_to_gmns NET.net.xml ROUTES.rou.xml OUT` writes node.csv, link.csv, movement.csv,
signals.csv and TRIPS.csv into OUT; then `twin simulate OUT OUT/TRIPS.csv --out RESULT`. Edges keep their ids.

What has no place in the tables: lane changes, pedestrians, stops, and the second half of a junction crossed in two
steps. An approach on which turns share a lane is one queue, first in, first out.
"""

import argparse
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from benchmarks.driving import free_speed_mps, headway_at_s, saturation_headway_s, turn_time_s
from benchmarks.sumo_net import Connection, Edge, Program, SumoNet, read_sumo_net
from benchmarks.sumo_routes import CLASS_OF, Vehicle, VehicleType, read_sumo_routes
from benchmarks.sumo_signals import greens_of
from twin.city.network import Control, Link, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.files.gmns_files import write_gmns

Turn = tuple[str, str]

_CONTROL: dict[str, Control] = {
    "traffic_light": "signal",
    "traffic_light_right_on_red": "signal",
    "traffic_light_unregulated": "signal",
    "priority": "yield",
    "right_before_left": "yield",
    "left_before_right": "yield",
    "priority_stop": "stop",
    "allway_stop": "stop",
}
BALANCING_ROUNDS = 50
"""Rounds in which the lanes of an approach settle on their shares of turns; they move by under 1 % after ten."""

METRES_PER_DEGREE = 111_320.0

LEAST_SHARE = 0.02
"""A turn that few drive has this share of its approach's vehicles: a queue needs some lane to leave from."""


def convert(net: SumoNet, vehicles: Sequence[Vehicle]) -> tuple[Network, tuple[SignalPlan, ...]]:
    """The network and its signal plans as the twin sees them, for the most common kind of vehicle."""
    kind = most_common_type(vehicles)
    limits = {edge.id: edge.speed_mps for edge in net.edges}
    has_way = _edges_with_the_way(net)
    links = tuple(_link(edge, kind, has_way) for edge in net.edges)
    nodes = tuple(Node(j.id, *_degrees(j.x_m, j.y_m), _CONTROL.get(j.kind, "none")) for j in net.junctions)
    grouped = connections_by_turn(net.connections)
    lanes = turn_lanes(divided_edges(net, grouped), grouped)
    node_of = {edge.id: edge.to_node for edge in net.edges}
    movements = tuple(
        _movement(node_of[turn[0]], turn, rows, lanes.get(turn), kind, limits[turn[0]])
        for turn, rows in grouped.items()
    )
    return Network(nodes, links, movements), tuple(signal_plans(net.programs, grouped, node_of))


def most_common_type(vehicles: Sequence[Vehicle]) -> VehicleType:
    """The type of most vehicles; SUMO's default where there are none."""
    counts = Counter(vehicle.type for vehicle in vehicles)
    return counts.most_common(1)[0][0] if counts else VehicleType()


def connections_by_turn(connections: Sequence[Connection]) -> dict[Turn, list[Connection]]:
    """Connections from lane to lane, by the pair of edges they join."""
    grouped: dict[Turn, list[Connection]] = {}
    for connection in connections:
        grouped.setdefault((connection.from_edge, connection.to_edge), []).append(connection)
    return grouped


def divided_edges(net: SumoNet, grouped: Mapping[Turn, Sequence[Connection]]) -> dict[str, tuple[int, ...]]:
    """Edges with more than one lane and more than one turn, and their lanes.

    Elsewhere one queue holds all turns, first in, first out, as it does in one lane.
    """
    turns = Counter(from_edge for from_edge, _ in grouped)
    return {edge.id: edge.car_lanes for edge in net.edges if len(edge.car_lanes) > 1 and turns[edge.id] > 1}


def turn_lanes(
    divided: Mapping[str, tuple[int, ...]], grouped: Mapping[Turn, Sequence[Connection]]
) -> dict[Turn, float]:
    """Lanes of each turn of the edges where no two turns share a lane.

    Elsewhere one queue holds all turns: a table that gives a turn a number of lanes, not which, cannot say that two
    share one, and half a lane is a queue that no street has.
    """
    lanes = {turn: {row.from_lane for row in rows} for turn, rows in grouped.items() if turn[0] in divided}
    used: Counter[str] = Counter()
    taken: dict[str, set[int]] = defaultdict(set)
    for (edge, _), own in lanes.items():
        used[edge] += len(own)
        taken[edge] |= own
    return {turn: float(len(own)) for turn, own in lanes.items() if used[turn[0]] == len(taken[turn[0]])}


def lane_shares(
    grouped: Mapping[Turn, Sequence[Connection]], vehicles: Mapping[Turn, int]
) -> dict[Turn, dict[int, float]]:
    """Which share of each turn's vehicles takes which of its lanes.

    Vehicles of a turn spread over its lanes in inverse proportion to what those carry, until the lanes settle.
    """
    flow = _flows(grouped, vehicles)
    shares: dict[Turn, dict[int, float]] = {}
    for turns in _turns_by_edge(grouped).values():
        on = {turn: sorted({c.from_lane for c in grouped[turn]}) for turn in turns}
        here = {turn: dict.fromkeys(on[turn], 1 / len(on[turn])) for turn in turns}
        for _ in range(BALANCING_ROUNDS):
            load: dict[int, float] = defaultdict(float)
            for turn in turns:
                for lane in on[turn]:
                    load[lane] += flow[turn] * here[turn][lane]
            for turn in turns:
                pull = {lane: here[turn][lane] / math.sqrt(load[lane]) for lane in on[turn]}
                here[turn] = {lane: part / sum(pull.values()) for lane, part in pull.items()}
        shares.update(here)
    return shares


def _flows(grouped: Mapping[Turn, Sequence[Connection]], vehicles: Mapping[Turn, int]) -> dict[Turn, float]:
    """Vehicles of each turn, at least `LEAST_SHARE` of its approach's and one."""
    flow = {}
    for turns in _turns_by_edge(grouped).values():
        least = max(1.0, LEAST_SHARE * sum(vehicles.get(turn, 0) for turn in turns))
        flow.update({turn: max(least, float(vehicles.get(turn, 0))) for turn in turns})
    return flow


def _turns_by_edge(grouped: Mapping[Turn, object]) -> dict[str, list[Turn]]:
    turns: dict[str, list[Turn]] = defaultdict(list)
    for turn in grouped:
        turns[turn[0]].append(turn)
    return turns


def signal_plans(
    programs: Sequence[Program], grouped: Mapping[Turn, Sequence[Connection]], node_of: Mapping[str, str]
) -> Iterator[SignalPlan]:
    """One plan a junction; a turn is green while any of its lanes is. A program may steer several junctions."""
    program_of = {program.id: program for program in programs}
    greens: dict[tuple[str, str], list[Green]] = {}
    for (from_edge, to_edge), rows in grouped.items():
        lamps = [row.signal for row in rows if row.signal is not None]
        if not lamps:
            continue
        program = program_of[lamps[0][0]]
        shown = greens_of(program, [index for _, index in lamps])
        here = greens.setdefault((node_of[from_edge], program.id), [])
        here += [Green(from_edge, to_edge, g.start_s, g.length_s, permissive=g.is_permissive) for g in shown]
    for (node, program_id), rows_here in greens.items():
        program = program_of[program_id]
        yield SignalPlan(node, program.cycle_s, program.offset_s, tuple(rows_here))


def write_trips(vehicles: Sequence[Vehicle], path: Path) -> None:
    """TRIPS.csv of the vehicles."""
    rows = [(v.id, v.depart_s, " ".join(v.edges), CLASS_OF.get(v.type.vehicle_class, "car")) for v in vehicles]
    table = pd.DataFrame(rows, columns=["trip_id", "depart_s", "route", "vehicle_class"])
    table.to_csv(path, index=False, lineterminator="\n")


def vehicles_by_turn(vehicles: Sequence[Vehicle]) -> Counter[Turn]:
    """How many vehicles drive each turn."""
    counts: Counter[Turn] = Counter()
    for vehicle in vehicles:
        counts.update(zip(vehicle.edges, vehicle.edges[1:], strict=False))
    return counts


def _edges_with_the_way(net: SumoNet) -> frozenset[str]:
    """Edges with at least one straight or turning connection that yields to nobody, or that end where none yields."""
    yields: set[str] = set()
    goes: set[str] = set()
    for connection in net.connections:
        (goes if connection.state in "MOo" else yields).add(connection.from_edge)
    return frozenset(edge.id for edge in net.edges if edge.id in goes or edge.id not in yields)


def _degrees(x_m: float, y_m: float) -> tuple[float, float]:
    """A place on a plane as longitude and latitude near 0, 0, so that angles at junctions stay as they are."""
    return round(x_m / METRES_PER_DEGREE, 8), round(y_m / METRES_PER_DEGREE, 8)


def _link(edge: Edge, kind: VehicleType, has_way: frozenset[str]) -> Link:
    speed_mps = free_speed_mps(kind, edge.speed_mps)
    return Link(
        id=edge.id,
        from_node=edge.from_node,
        to_node=edge.to_node,
        length_m=edge.length_m,
        lanes=float(len(edge.car_lanes)),
        free_speed_mps=speed_mps,
        capacity_vph=3600.0 / headway_at_s(kind, speed_mps),
        jam_density_vpkm=1000.0 / kind.spacing_m,
        priority=2 if edge.id in has_way else 1,
        geometry=tuple(_degrees(x, y) for x, y in edge.shape),
    )


def _movement(
    node: str, turn: Turn, rows: Sequence[Connection], lanes: float | None, kind: VehicleType, limit_mps: float
) -> Movement:
    """The turn with its lanes; a turn slower than its street has its own capacity, and takes the time inside.

    `lanes` None: those of the whole approach, in one queue.
    """
    served = len({row.from_lane for row in rows}) if lanes is None else lanes
    inner_mps = min(row.inner_mps for row in rows)
    headway_s = headway_at_s(kind, inner_mps) if inner_mps > 0 else 0.0
    is_slow = headway_s > saturation_headway_s(kind)
    return Movement(
        node,
        *turn,
        lanes=lanes,
        capacity_vph=round(served * 3600.0 / headway_s, 1) if is_slow else None,
        penalty_s=round(turn_time_s(kind, max(row.inner_m for row in rows), inner_mps, limit_mps), 3),
    )


def main() -> None:
    """Convert the files named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", type=Path)
    parser.add_argument("routes", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    write_tables(args.net, args.routes, args.out)


def write_tables(net_file: Path, routes_file: Path, out: Path) -> None:
    """Read the two SUMO files and write the tables into the folder `out`."""
    vehicles = read_sumo_routes(routes_file)
    network, signals = convert(read_sumo_net(net_file), vehicles)
    out.mkdir(parents=True, exist_ok=True)
    write_gmns(network, out, signals)
    write_trips(vehicles, out / "TRIPS.csv")


if __name__ == "__main__":
    main()
