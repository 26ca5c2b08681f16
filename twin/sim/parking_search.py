"""What drivers know of where public sites are: how far to walk, what they cost, how to drive from one to the next.

Costs are seconds of driving: a walk counts double and is made twice, a yuan is worth what an hour of the driver is, and
a site found full costs what it takes to search on. A driver chooses among at most thirty sites near the destination.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.city.ground import Ground
from twin.city.network import Network
from twin.city.parking import ParkingSite
from twin.routing.nearest import NEVER_MS, NearestPlaces
from twin.routing.paths import Router
from twin.sim.kernel_state import compiled_with_arrays
from twin.sim.parking_knowledge import LEAST_CHANCE
from twin.sim.tables import FlowTables

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Segments = NDArray[np.int32]

WALK_MPS = 1.25  # 4.5 km/h, usual in Chinese practice (assumed)
WALK_WEIGHT = 2.0  # a minute of walking costs as much as two in the car (TCQSM, TCRP 165)
LONGEST_WALK_M = 800.0  # beyond this nobody looks (assumed; 500 m is accepted by one in five)
FARTHEST_WALK_M = 1500.0  # but for an off-street site when patience has ended (assumed)
LOOK_M = 400.0  # in passing one looks for kerb spaces so near to the destination (PARKAGENT widens to some 400 m)
MOST_CHOICES = 30  # more alternatives make a logit choose at random
YUAN_S = 180.0  # a yuan in seconds of driving: 20 yuan an hour (assumed, as priors of mode choice have it)
FULL_COST_S = 480.0  # to find a site full: 8.1 minutes of search, mean of sixteen studies 1927–2001 (Shoup 2005)
LOCAL_SEARCH_MPS = 10.0 / 3.6  # speed of search in local streets: 10 km/h (assumed)
USUALLY_FREE = (
    0.15  # share of kerb spaces that one reckons with when planning a search (assumed: 85 % is full in practice)
)


@dataclass(frozen=True, slots=True)
class Leg:
    """Part of a way. `link`: its last one; `kerbs`: sites along that link, seen in passing.

    `links`: all of its links in order; None: whoever asks finds them from the segments.
    """

    segments: Segments
    link: int
    kerbs: tuple[int, ...] = ()
    links: Segments | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to go next. `cost_s`: drive, walk, price and risk; `site` −1: to the end of the legs, and think again."""

    site: int
    legs: tuple[Leg, ...]
    cost_s: float = math.inf


@dataclass(frozen=True, eq=False, slots=True)
class Near:
    """Sites near a destination, by walk: positions, nodes, walk one way (m), and cost without the price (s)."""

    sites: Ints
    nodes: Ints
    walk_m: Floats
    cost_s: Floats
    is_plain: bool  # all are open to anybody at any time for any stay
    tariff: int  # the one they all have; −1: they differ
    place: dict[int, int]  # where each site stands in the arrays


class SearchMap:
    """Public sites of a city, laid over its streets."""

    def __init__(self, network: Network, tables: FlowTables, router: Router, sites: Sequence[ParkingSite]) -> None:
        # `network` holds every link on record: a site stays at its junction when the street to it is closed.
        self.sites = tuple(sites)
        self.tables = tables
        self._graph = router.graph
        self._nearest = NearestPlaces(router.graph)
        self._ground = Ground(network)
        self.node = np.array([router.graph.node_index[network.link_by_id[s.link_id].to_node] for s in sites], np.int64)
        self.xy = self._ground.xy([s.lon for s in sites], [s.lat for s in sites]) if sites else np.zeros((0, 2))
        self.keys = [_content_key(site) for site in sites]
        self.spaces = np.array([site.spaces for site in sites], dtype=np.int64)
        self.is_kerb = np.array([site.kind == "kerb" for site in sites], dtype=np.bool_)
        self.local_s = np.array([_local_s(site) for site in sites], dtype=np.float64)
        self._is_plain = np.array([_is_plain(site) for site in sites], dtype=np.bool_)
        self._tariffs = list(dict.fromkeys(site.tariff for site in sites))
        number = {tariff: i for i, tariff in enumerate(self._tariffs)}
        self.tariff_of = np.array([number[site.tariff] for site in sites], dtype=np.int64)
        self._near: dict[tuple[float, float, float], Near] = {}
        self._kerbs_along = _kerbs_along(self.sites, router.graph.link_index)
        self.has_kerbs_along = np.zeros(len(router.graph.link_ids), dtype=np.bool_)
        self.has_kerbs_along[list(self._kerbs_along)] = True

    def xy_of(self, lon: Floats, lat: Floats) -> Floats:
        """Positions in metres: (n, 2)."""
        return self._ground.xy(lon, lat) if len(lon) else np.zeros((0, 2))

    # --- what it costs ----------------------------------------------------------------------------------------

    def near(self, x: float, y: float, *, within_m: float = LONGEST_WALK_M) -> Near:
        """The sites a driver bound for a place (m) chooses among: the thirty nearest within a walk."""
        key = (x, y, within_m)
        near = self._near.get(key)
        if near is None:
            metres = np.hypot(self.xy[:, 0] - x, self.xy[:, 1] - y)
            found = np.flatnonzero((metres <= within_m) & (self.spaces > 0))
            found = found[np.argsort(metres[found], kind="stable")][:MOST_CHOICES]
            walk_m = metres[found]
            near = self._near[key] = Near(
                found, self.node[found], walk_m, walk_cost_s(walk_m) + self.local_s[found],
                bool(self._is_plain[found].all()), self._one_tariff(found),
                {site: place for place, site in enumerate(found.tolist())},
            )  # fmt: skip
        return near

    def _one_tariff(self, sites: Ints) -> int:
        """The tariff that all these sites have; −1: they differ, or there are none."""
        kinds = np.unique(self.tariff_of[sites])
        return int(kinds[0]) if len(kinds) == 1 else -1

    def beyond_s(self, near: Near, from_s: float, stay_s: float) -> Floats:
        """What each site near a destination costs beyond the drive: walk, looking for a space there, and fee (s)."""
        if near.tariff < 0:
            return near.cost_s + self.price_s(near.sites, from_s, stay_s)
        return near.cost_s + YUAN_S * self._tariffs[near.tariff].fee_yuan(stay_s, from_s=from_s)

    def price_s(self, sites: Ints, from_s: float, stay_s: float) -> Floats:
        """Fee of a stay at each site in seconds of driving."""
        if len(sites) == 0:
            return np.zeros(0)
        kinds = self.tariff_of[sites].tolist()
        fees = {kind: self._tariffs[kind].fee_yuan(stay_s, from_s=from_s) for kind in dict.fromkeys(kinds)}
        return YUAN_S * np.array([fees[kind] for kind in kinds])

    def is_admitted(self, sites: Ints, from_s: float, stay_s: float, has_permit: bool) -> NDArray[np.bool_]:
        """Whether a driver may stay at each site."""
        return np.array([self.sites[i].admits(from_s, stay_s, has_permit=has_permit) for i in sites.tolist()], np.bool_)

    def walk_m(self, site: int, x: float, y: float) -> float:
        """Walk from a site to a place, one way, as the crow flies (m)."""
        return math.hypot(float(self.xy[site, 0]) - x, float(self.xy[site, 1]) - y)

    def end_of(self, link: int) -> int:
        """The node at a link's end."""
        return int(self._graph.node_index[self.tables.network.links[link].to_node])

    # --- where to drive ---------------------------------------------------------------------------------------

    def best(self, from_link: int, sites: Ints, cost_s: Floats, chances: Floats) -> Plan | None:
        """The site that costs least, drive and risk of finding it full included; None: no way leads to any.

        `cost_s`: of each site beyond the drive, its risk left aside.
        """
        place, drive_ms, links = self._nearest.best(from_link, self.node[sites], _beyond_ms(cost_s, chances))
        if place < 0:
            return None
        beyond_s = float(cost_s[place]) + (1.0 - float(chances[place])) * FULL_COST_S
        return Plan(int(sites[place]), self.legs(links), drive_ms / 1000.0 + beyond_s)

    def way_to(self, from_link: int, site: int) -> Plan | None:
        """The quickest way to one site, with nothing looked at on it; None: there is none."""
        place, drive_ms, links = self._nearest.best(from_link, self.node[[site]], np.zeros(1, dtype=np.int64))
        if place < 0:
            return None
        legs = (Leg(self.tables.expand(links), int(links[-1]), links=links),) if len(links) else ()
        return Plan(site, legs, drive_ms / 1000.0)

    def legs(self, links: Segments) -> tuple[Leg, ...]:
        """A way cut where kerb spaces lie along it."""
        if len(links) == 0:
            return ()
        if not self._kerbs_along:
            return (Leg(self.tables.expand(links), int(links[-1]), links=links),)
        cuts = (np.flatnonzero(self.has_kerbs_along[links]) + 1).tolist()
        if not cuts or cuts[-1] != len(links):
            cuts.append(len(links))
        legs, begin = [], 0
        for end in cuts:
            part, last = links[begin:end], int(links[end - 1])
            legs.append(Leg(self.tables.expand(part), last, self._kerbs_along.get(last, ()), part))
            begin = end
        return tuple(legs)

    def usual_legs(self, route: Segments, x: float, y: float) -> tuple[Leg, ...]:
        """The usual way, cut at the kerb spaces along it that are near enough to the destination to look for one."""
        ends = self._looked_at(route, x, y)
        legs, begin = [], 0
        for end, kerbs in ends:
            legs.append(Leg(route[begin:end], self.tables.link_of(int(route[end - 1])), kerbs))
            begin = end
        if begin < len(route):
            legs.append(Leg(route[begin:], self.tables.link_of(int(route[-1]))))
        return tuple(legs)

    def _looked_at(self, route: Segments, x: float, y: float) -> list[tuple[int, tuple[int, ...]]]:
        if not self._kerbs_along or len(route) == 0:
            return []
        links = self.tables.segment_link[route]
        is_end = np.append(links[1:] != links[:-1], True)
        found = []
        for position in np.flatnonzero(is_end & self.has_kerbs_along[links]).tolist():
            kerbs = self._kerbs_along[int(links[position])]
            near = tuple(site for site in kerbs if self.walk_m(site, x, y) <= LOOK_M)
            if near:
                found.append((position + 1, near))
        return found

    def cut_before_end(self, route: Segments, metres: float) -> int:
        """Where a route has so much left to drive, at the end of a link: position of the segment after it; at least
        one link is driven."""
        links = self.tables.segment_link[route]
        left_mm = np.cumsum(self.tables.length_mm[route][::-1])[::-1]
        is_begin = np.append(False, links[1:] != links[:-1])
        cuts = np.flatnonzero(is_begin & (left_mm <= 1000.0 * metres))
        return int(cuts[0]) if len(cuts) else len(route)


@compiled_with_arrays
def _beyond_ms(cost_s: Floats, chances: Floats) -> Ints:
    """Cost of each site beyond the drive, the risk of finding it full included (ms): NEVER_MS where nobody goes."""
    beyond_ms = np.empty(cost_s.shape[0], dtype=np.int64)
    for i in range(cost_s.shape[0]):
        if chances[i] < LEAST_CHANCE:
            beyond_ms[i] = NEVER_MS
        else:
            beyond_s = cost_s[i] + (1.0 - chances[i]) * FULL_COST_S
            beyond_ms[i] = np.int64(np.rint(1000.0 * min(beyond_s, 1e6)))
    return beyond_ms


def walk_cost_s(walk_m: Floats | float) -> Floats | float:
    """A walk there and back in seconds of driving."""
    return 2.0 * WALK_WEIGHT / WALK_MPS * walk_m


def _local_s(site: ParkingSite) -> float:
    """Mean time to find one of the spaces usually free along local streets: L / (A + 1) at walking-paced search (s)."""
    return site.local_street_m / (USUALLY_FREE * site.spaces + 1.0) / LOCAL_SEARCH_MPS


def _is_plain(site: ParkingSite) -> bool:
    return site.access == "public" and site.hours is None and site.longest_stay_s is None


def _kerbs_along(sites: Sequence[ParkingSite], link_index: dict[str, int]) -> dict[int, tuple[int, ...]]:
    """Kerb sites by the link they lie along; those in local streets are not seen from any."""
    found: dict[int, list[int]] = {}
    for number, site in enumerate(sites):
        if site.kind == "kerb" and site.local_street_m == 0.0 and site.spaces > 0 and site.link_id in link_index:
            found.setdefault(link_index[site.link_id], []).append(number)
    return {link: tuple(numbers) for link, numbers in found.items()}


def _content_key(site: ParkingSite) -> str:
    """A site's luck hangs on where and what it is, so renaming changes nothing."""
    text = f"{site.kind} {site.lon:.6f} {site.lat:.6f}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
