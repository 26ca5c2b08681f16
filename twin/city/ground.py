"""The ground: where streets lie in metres, and what is near a point. Used to attach stops, sites and measures.

Positions come as WGS-84 degrees; distances are metres in the network's metric coordinate system. Leaves out
everything about ways: what is near may still be far to drive.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from twin.city.network import Network

BEND_M = 20.0
"""Bends are measured between the last and the first so many metres of two links."""


@lru_cache(maxsize=8)
def _transformer(crs: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


@dataclass(frozen=True, slots=True)
class NearLink:
    """A link near a point. `along_m`: from the link's start to the point nearest on it; `heading`: unit vector
    (east, north) of travel there."""

    link_id: str
    distance_m: float
    along_m: float
    heading: tuple[float, float]


class Ground:
    """The nodes and links of one network laid out in metres."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def xy(self, lons: ArrayLike, lats: ArrayLike) -> NDArray[np.float64]:
        """Metres east and north of positions in degrees: (n, 2)."""
        east, north = _transformer(self.network.crs).transform(np.atleast_1d(lons), np.atleast_1d(lats))
        return np.column_stack([np.asarray(east, dtype=np.float64), np.asarray(north, dtype=np.float64)])

    def lonlat(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Degrees of a position in metres."""
        lon, lat = _transformer(self.network.crs).transform(east_m, north_m, direction="INVERSE")
        return float(lon), float(lat)

    def crow_m(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        """Straight distance (m) between two (lon, lat)."""
        (x1, y1), (x2, y2) = self.xy([start[0], end[0]], [start[1], end[1]])
        return math.hypot(x2 - x1, y2 - y1)

    @cached_property
    def node_xy(self) -> NDArray[np.float64]:
        """Positions of `network.nodes` in metres: (n_nodes, 2)."""
        nodes = self.network.nodes
        return self.xy([node.lon for node in nodes], [node.lat for node in nodes])

    @cached_property
    def link_lines(self) -> NDArray[np.object_]:
        """Lines of `network.links` in metres, shapely LineStrings: (n_links,)."""
        network = self.network
        ends = [network.ends_of(link) for link in network.links]
        points = np.array([point for line in ends for point in line], dtype=np.float64).reshape(-1, 2)
        owner = np.repeat(np.arange(len(ends)), [len(line) for line in ends])
        lines: NDArray[np.object_] = shapely.linestrings(self.xy(points[:, 0], points[:, 1]), indices=owner)
        return lines

    @cached_property
    def link_tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.link_lines)

    def bend_deg(self, from_link: str, to_link: str) -> float:
        """How far one bends from the end of a link into the beginning of another (degrees, left positive)."""
        index = self.network.link_index
        came, goes = self.link_lines[index[from_link]], self.link_lines[index[to_link]]
        back, ahead = came.interpolate(max(0.0, came.length - BEND_M)), goes.interpolate(min(goes.length, BEND_M))
        end, start = came.interpolate(came.length), goes.interpolate(0.0)
        came_deg = math.degrees(math.atan2(end.y - back.y, end.x - back.x))
        goes_deg = math.degrees(math.atan2(ahead.y - start.y, ahead.x - start.x))
        return (goes_deg - came_deg + 180.0) % 360.0 - 180.0

    def nodes_near(self, lon: float, lat: float, within_m: float) -> list[tuple[str, float]]:
        """Node ids within a distance and how far they are (m), nearest first."""
        offset = self.node_xy - self.xy(lon, lat)[0]
        distance = np.hypot(offset[:, 0], offset[:, 1])
        near = np.flatnonzero(distance <= within_m)
        order = near[np.argsort(distance[near], kind="stable")]
        nodes = self.network.nodes
        return [(nodes[i].id, float(distance[i])) for i in order]

    def links_near(
        self, lon: float, lat: float, within_m: float, *, among: Collection[str] | None = None
    ) -> list[NearLink]:
        """Links within a distance, nearest first; both directions of a street are equally near.

        `among` None: all links; else only those ids.
        """
        links = self.network.links
        point = shapely.Point(*self.xy(lon, lat)[0])
        found = self.link_tree.query(point, predicate="dwithin", distance=within_m)
        near = [self._near(int(i), point) for i in found if among is None or links[i].id in among]
        index = self.network.link_index
        return sorted(near, key=lambda n: (round(n.distance_m, 3), index[n.link_id]))

    def _near(self, position: int, point: shapely.Point) -> NearLink:
        link, line = self.network.links[position], self.link_lines[position]
        drawn_m = line.length
        along = line.project(point)
        step = max(1.0, 0.01 * drawn_m)
        back, ahead = line.interpolate(max(0.0, along - step)), line.interpolate(min(drawn_m, along + step))
        east, north = ahead.x - back.x, ahead.y - back.y
        norm = math.hypot(east, north) or 1.0
        share = along / drawn_m if drawn_m > 0 else 0.0
        return NearLink(link.id, float(line.distance(point)), share * link.length_m, (east / norm, north / norm))


@lru_cache(maxsize=4)
def _ground_of(key: "_Same") -> Ground:
    return Ground(key.network)


@dataclass(frozen=True, eq=False, slots=True)
class _Same:
    """A network as a key: the very same object, not one that is equal (comparing all links would take longer)."""

    network: Network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.network is self.network

    def __hash__(self) -> int:
        return id(self.network)


def ground_of(network: Network) -> Ground:
    """The network's ground, made once for each of the last few networks asked for."""
    return _ground_of(_Same(network))
