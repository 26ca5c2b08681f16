"""Each lane of an approach as a link of its own: what a table of movements cannot say of shared lanes.

`movement.csv` gives each turn a number of lanes, not which; a lane that two turns share has to be divided. Here an
edge whose lanes lead to different turns becomes a short link over all its lanes and, behind it, a link for each lane,
with the turns that leave from it. A vehicle's lane is chosen when its route is written, so that the lanes of a turn
get the shares `lane_shares` gives them. It shows what an engine with lanes could reach on the same physics.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.sumo_net import SumoNet, read_sumo_net
from benchmarks.sumo_routes import Vehicle, read_sumo_routes
from benchmarks.sumo_to_gmns import (
    Turn,
    connections_by_turn,
    convert,
    divided_edges,
    lane_shares,
    vehicles_by_turn,
    write_trips,
)
from twin.city.network import Link, Movement, Network
from twin.city.signals import Green, SignalPlan
from twin.files.gmns_files import write_gmns

BODY_SHARE = 0.1
"""Part of the edge before its lanes part; in SUMO they are apart from the start, and drivers sort themselves early."""

LANE_MARK = "|"


def edge_of(link_id: str) -> str:
    """The edge that a link is part of.

    >>> edge_of("12|0"), edge_of("12")
    ('12', '12')
    """
    return link_id.partition(LANE_MARK)[0]


def lane_link(edge: str, lane: int) -> str:
    """Id of the link that a lane became."""
    return f"{edge}{LANE_MARK}{lane}"


def with_lane_links(
    net: SumoNet, vehicles: Sequence[Vehicle]
) -> tuple[Network, tuple[SignalPlan, ...], tuple[Vehicle, ...]]:
    """Network, plans and vehicles with the lanes of divided edges as links."""
    network, plans = convert(net, vehicles)
    grouped = connections_by_turn(net.connections)
    divided = divided_edges(net, grouped)
    shares = lane_shares(grouped, vehicles_by_turn(vehicles))
    links: list[Link] = []
    nodes = list(network.nodes)
    for link in network.links:
        if link.id not in divided:
            links.append(link)
            continue
        middle = f"{link.id}{LANE_MARK}"
        nodes.append(replace(network.node_by_id[link.to_node], id=middle, control="none"))
        links.append(replace(link, to_node=middle, length_m=BODY_SHARE * link.length_m))
        links += [
            replace(
                link,
                id=lane_link(link.id, lane),
                from_node=middle,
                lanes=1.0,
                length_m=(1 - BODY_SHARE) * link.length_m,
            )
            for lane in divided[link.id]
        ]
    movements = [part for movement in network.movements for part in _parts(movement, divided, shares)]
    movements += [
        Movement(f"{edge}{LANE_MARK}", edge, lane_link(edge, lane)) for edge, lanes in divided.items() for lane in lanes
    ]
    signals = tuple(
        replace(plan, greens=tuple(part for green in plan.greens for part in _greens(green, divided, shares)))
        for plan in plans
    )
    return Network(tuple(nodes), tuple(links), tuple(movements)), signals, _on_lanes(vehicles, divided, shares)


def _parts(
    movement: Movement, divided: Mapping[str, object], shares: Mapping[Turn, Mapping[int, float]]
) -> list[Movement]:
    """The turn from each of its lanes; a slow turn keeps its capacity per lane."""
    if movement.from_link not in divided:
        return [movement]
    lanes = shares[movement.from_link, movement.to_link]
    lane_vph = None
    if movement.capacity_vph is not None:
        lane_vph = movement.capacity_vph / len(lanes)
    return [
        replace(movement, from_link=lane_link(movement.from_link, lane), lanes=None, capacity_vph=lane_vph)
        for lane in lanes
    ]


def _greens(green: Green, divided: Mapping[str, object], shares: Mapping[Turn, Mapping[int, float]]) -> list[Green]:
    if green.from_link not in divided or green.to_link is None:
        return [green]
    return [
        replace(green, from_link=lane_link(green.from_link, lane)) for lane in shares[green.from_link, green.to_link]
    ]


def _on_lanes(
    vehicles: Sequence[Vehicle],
    divided: Mapping[str, Sequence[int]],
    shares: Mapping[Turn, Mapping[int, float]],
) -> tuple[Vehicle, ...]:
    """Vehicles with the lanes they drive: each takes the lane of its turn that is furthest behind its share."""
    seen: Counter[tuple[str, str | None]] = Counter()
    taken: Counter[tuple[str, str | None, int]] = Counter()
    found = []
    for vehicle in vehicles:
        edges: list[str] = []
        for edge, onward in zip(vehicle.edges, (*vehicle.edges[1:], None), strict=True):
            edges.append(edge)
            if edge not in divided:
                continue
            even = dict.fromkeys(divided[edge], 1 / len(divided[edge]))
            share = even if onward is None else shares[edge, onward]
            seen[edge, onward] += 1
            lane = max(share, key=lambda k: share[k] * seen[edge, onward] - taken[edge, onward, k])
            taken[edge, onward, lane] += 1
            edges.append(lane_link(edge, lane))
        found.append(replace(vehicle, edges=tuple(edges)))
    return tuple(found)


def write_lane_tables(net_file: Path, routes_file: Path, out: Path) -> None:
    """Read the two SUMO files and write the tables, lanes as links, into the folder `out`."""
    network, signals, vehicles = with_lane_links(read_sumo_net(net_file), read_sumo_routes(routes_file))
    out.mkdir(parents=True, exist_ok=True)
    write_gmns(network, out, signals)
    write_trips(vehicles, out / "TRIPS.csv")
