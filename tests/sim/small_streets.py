"""A street of four blocks with a car park at each end of a block, and what a driver needs to search them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from twin.city.network import Link, Network, Node
from twin.city.parking import ParkingSite, Tariff
from twin.routing.paths import Router
from twin.sim.parking_search import SearchMap
from twin.sim.tables import FlowTables, build_tables

NODES = "abcde"
FREE = Tariff(half_hour_yuan=0.0)
LON_100_M = 0.00113  # 100 m at 37° N


def node(name: str) -> Node:
    return Node(name, 121.0 + LON_100_M * NODES.index(name), 37.0)


def street() -> Network:
    """Both directions of a–b–c–d–e, 100 m and 10 s each."""
    pairs = list(pairwise(NODES))
    links = tuple(Link(f"{u}{v}", u, v, 100.0, 1.0, 10.0, 1800.0) for a, b in pairs for u, v in ((a, b), (b, a)))
    return Network(tuple(node(name) for name in NODES), links, crs="EPSG:32651")


def site(
    at: str, *, spaces: int = 1, taken: int = 0, name: str = "", offset_m: float = 0.0, **more: Any
) -> ParkingSite:
    """A free car park at a node, entered from the link that comes from the west (from the east at `a`)."""
    link = "ba" if at == "a" else f"{NODES[NODES.index(at) - 1]}{at}"
    lon = node(at).lon + LON_100_M * offset_m / 100.0
    what: dict[str, Any] = {"kind": "lot", "tariff": FREE, **more}
    return ParkingSite(
        name or f"P{at}",
        "",
        lon=lon,
        lat=37.0,
        link_id=link,
        zone_id="Z",
        spaces=spaces,
        occupied_at_start=taken,
        **what,
    )


def search_map(network: Network, sites: Sequence[ParkingSite]) -> tuple[FlowTables, SearchMap]:
    """The engine's tables and the map of sites, as a run would make them."""
    tables = build_tables(network)
    return tables, SearchMap(network, tables, Router(network), sites)
