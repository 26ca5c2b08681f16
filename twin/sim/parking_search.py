"""Where a driver looks for a space: the site of first choice, and the next one when a site is full.

First version: a driver knows the public sites around the destination, not how full they are. The first choice is
drawn by size and walk (a logit with one error per driver and site, so that a site added elsewhere changes nobody's
draw); from a full site the driver goes on to the site not yet tried that costs least in driving and walking.
"""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin import chance
from twin.city.ground import Ground
from twin.city.network import Network
from twin.city.parking import ParkingSite
from twin.routing.kernel import UNREACHED
from twin.routing.paths import Router
from twin.sim.tables import FlowTables

WALK_MPS = 1.25  # 4.5 km/h, usual in Chinese practice (assumed)
WALK_WEIGHT = 2.0  # a minute of walking costs as much as two in the car (TCQSM, TCRP 165)
LONGEST_WALK_M = 800.0  # beyond this nobody looks (assumed; 500 m is accepted by one in five)
WALK_SCALE_M = 200.0  # first choice falls by e for each 200 m of walk (assumed)
MOST_CHOICES = 30  # more alternatives make a logit choose at random
MOST_TRIES = 6  # sites a driver tries before giving up (assumed)
PATIENCE_S = 900.0  # longest search (assumed; 3.5–13.9 min in sixteen studies of cruising)


class SearchMap:
    """What drivers know of public sites: where they are, how far to walk, how to drive from one to the next."""

    def __init__(self, network: Network, tables: FlowTables, router: Router, sites: Sequence[ParkingSite]) -> None:
        # `network` holds every link on record: a site stays at its junction when the street to it is closed.
        self.sites = tuple(sites)
        self._tables = tables
        self._router = router
        self._ground = Ground(network)
        self.node = np.array([router.graph.node_index[network.link_by_id[s.link_id].to_node] for s in sites], np.int64)
        self._xy = self._ground.xy([s.lon for s in sites], [s.lat for s in sites]) if sites else np.zeros((0, 2))
        self._keys = [_content_key(site) for site in sites]
        self._ways: dict[tuple[int, int], tuple[NDArray[np.int32], float] | None] = {}

    def first_choices(
        self, seed: int, travellers: NDArray[np.int64], lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Site of first choice of each traveller bound for (lon, lat), −1 where none is within a walk.

        Also the destinations in metres, x and y.
        """
        target = self._ground.xy(lon, lat) if len(lon) else np.zeros((0, 2))
        best = np.full(len(travellers), -1, dtype=np.int64)
        best_utility = np.full(len(travellers), -math.inf)
        for site in range(len(self.sites)):
            metres = np.hypot(target[:, 0] - self._xy[site, 0], target[:, 1] - self._xy[site, 1])
            near = np.flatnonzero(metres <= LONGEST_WALK_M)
            if len(near) == 0 or self.sites[site].spaces <= 0:
                continue
            luck = chance.uniform(seed, f"likes a site {self._keys[site]}", travellers[near])
            gumbel = -np.log(-np.log(np.clip(luck, 1e-12, 1 - 1e-12)))
            utility = math.log(self.sites[site].spaces) - metres[near] / WALK_SCALE_M + gumbel
            better = utility > best_utility[near]
            best[near[better]] = site
            best_utility[near[better]] = utility[better]
        return best, target[:, 0], target[:, 1]

    def next_site(self, from_link: int, x: float, y: float, tried: Sequence[int]) -> int:
        """The untried site that costs least from the end of a link: drive plus weighted walk; −1: none is near."""
        metres = np.hypot(self._xy[:, 0] - x, self._xy[:, 1] - y)
        best, best_cost = -1, math.inf
        for site in np.flatnonzero(metres <= LONGEST_WALK_M).tolist():
            if site in tried or self.sites[site].spaces <= 0:
                continue
            way = self.way(from_link, site)
            if way is None:
                continue
            cost = way[1] + WALK_WEIGHT * metres[site] / WALK_MPS
            if cost < best_cost:
                best, best_cost = site, cost
        return best

    def way(self, from_link: int, site: int) -> tuple[NDArray[np.int32], float] | None:
        """Segments from the end of a link to a site's junction, and their free-flow time (s); None: no way."""
        key = (from_link, site)
        if key not in self._ways:
            self._ways[key] = self._found_way(from_link, int(self.node[site]))
        return self._ways[key]

    def _found_way(self, from_link: int, node: int) -> tuple[NDArray[np.int32], float] | None:
        graph = self._router.graph
        if graph.link_to[from_link] == node:
            return np.zeros(0, dtype=np.int32), 0.0
        time_ms, before = self._router.link_tree(from_link)
        into = graph.in_links[graph.in_start[node] : graph.in_start[node + 1]]
        if len(into) == 0 or time_ms[into].min() >= UNREACHED:
            return None
        link = int(into[np.argmin(time_ms[into])])
        spent_s = float(time_ms[link]) / 1000.0
        links = []
        while link >= 0:
            links.append(link)
            link = int(before[link])
        return self._tables.expand(np.array(links[::-1], dtype=np.int64)), spent_s


def _content_key(site: ParkingSite) -> str:
    """A site's luck hangs on where and what it is, so renaming changes nothing."""
    text = f"{site.kind} {site.lon:.6f} {site.lat:.6f}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
