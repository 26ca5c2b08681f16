"""Where in a zone people live and work, for whoever walks: points of a grid over its ground, evenly.

A zone is known by its centre and area alone, so its ground is what lies nearest to its centre, as large as its area
and never nearer to another's. Sea, hills and parks in it are not known. Loading points will not do: they lie on
streets, and a sketch has streets only where buses run, which would put everybody beside a stop.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Network
from twin.city.zones import Zone

GRID_M = 200.0
"""Between neighbouring points (assumed): some hundred in a zone of 4 km², some ten thousand in a city."""
LOOK_RADII = 2.0
"""How far from its centre a zone may spread, in radii of a circle of its area: enough for one of 1 by 6 (assumed)."""


@dataclass(frozen=True, eq=False)
class ZoneGround:
    """Points of ground, those of a zone together, and the zones in the order of the city (gates left out).

    `xy`: (n_points, 2) m; `zone`: (n_points,), the position of each point's zone in `zones`; each has one at least.
    """

    zones: tuple[Zone, ...]
    xy: NDArray[np.float64]
    zone: NDArray[np.int64]

    def mean_of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Means over the points of each zone: (n_zones,)."""
        n = len(self.zones)
        sums = np.bincount(self.zone, weights=values, minlength=n).astype(np.float64)
        return sums / np.bincount(self.zone, minlength=n)


def zone_ground(city: City, network: Network) -> ZoneGround:
    """The ground of a city's zones; a zone without area has the point of its centre alone."""
    zones = tuple(zone for zone in city.zones if zone.kind == "zone")
    if not zones:
        return ZoneGround((), np.zeros((0, 2)), np.zeros(0, dtype=np.int64))
    centres = ground_of(network).xy([zone.lon for zone in zones], [zone.lat for zone in zones])
    points = [_points_of(number, zone.area_km2, centres) for number, zone in enumerate(zones)]
    owner = np.repeat(np.arange(len(zones)), [len(there) for there in points])
    return ZoneGround(zones, np.concatenate(points), owner)


def _points_of(number: int, area_km2: float, centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points nearest to a centre that lie nearer to no other, as many as the area holds."""
    centre: NDArray[np.float64] = centres[number]
    area_m2 = area_km2 * 1e6
    wanted = round(area_m2 / GRID_M**2)
    if wanted < 1:
        return centre.reshape(1, 2)
    reach_m = LOOK_RADII * math.sqrt(area_m2 / math.pi)
    steps = [np.arange(math.ceil((c - reach_m) / GRID_M), (c + reach_m) / GRID_M) * GRID_M for c in centre]
    grid = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2)
    apart_m = np.hypot(*(grid - centre).T)
    grid, apart_m = grid[apart_m <= reach_m], apart_m[apart_m <= reach_m]
    near = np.hypot(*(centres - centre).T) <= 2.0 * reach_m  # others are too far to be nearer to any of these points
    others = np.delete(centres, number, axis=0)[np.delete(near, number)]
    if len(others):
        to_others = np.hypot(grid[:, None, 0] - others[None, :, 0], grid[:, None, 1] - others[None, :, 1])
        own = apart_m <= to_others.min(axis=1)
        grid, apart_m = grid[own], apart_m[own]
    if not len(grid):
        return centre.reshape(1, 2)
    nearest: NDArray[np.float64] = grid[np.argsort(apart_m, kind="stable")[:wanted]]
    return nearest
