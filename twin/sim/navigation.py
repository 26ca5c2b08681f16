"""Drivers who hear of other ways: a share of them looks again on the road, by the times of the last minutes.

Every `RENEWED_S` the times over all links are known anew: means over those that left since, before that as they were.
Whoever is told of such times and has links before him takes the quickest way to the end of his route if that saves
enough. He decides under way, not in the lane group of his turn. Who hears is a habit (keyed), the same in both arms.
Left out: what he hears of the future, and that others hear the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.routing.kernel import NONE
from twin.routing.paths import Router, Routes
from twin.sim.environment import Environment
from twin.sim.flow import Flow
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables, Ints

RENEWED_S = 300.0
"""How often times are renewed (s): navigation services renew theirs every few minutes (assumed)."""

LEAST_SAVED_SHARE, LEAST_SAVED_S = 0.2, 60.0
"""Who would save less of the time left, or less in all (s), stays on the way he knows (assumed: indifference band of
boundedly rational drivers, Mahmassani & Jayakrishnan 1991: a fifth and a minute)."""

NAVIGATION_AGENT = (1 << 48) - 1
"""After every traveller, bus, road change and signal of the same instant."""


class Times:
    """Times over links as the last minutes gave them (ms), (n_links,)."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        tables = flow.tables
        self._left, self._time_us = (np.zeros(tables.n_segments, dtype=np.int64) for _ in range(2))
        self._mean_us = tables.free_us[0].astype(np.int64).copy()

    def renewed_ms(self) -> Ints:
        """Means over those that left since it was asked; a segment that nobody left though somebody is on it counts
        with RENEWED_S at least, and any other as before.
        """
        left, time_us = self._flow.totals()
        new, spent_us = left - self._left, time_us - self._time_us
        mean_us = np.where(new > 0, spent_us // np.maximum(new, 1), self._mean_us)
        for segment in np.flatnonzero(new == 0):
            if self._flow.vehicles_on(int(segment)):
                mean_us[segment] = max(int(mean_us[segment]), round(RENEWED_S * MICROS))
        self._left, self._time_us, self._mean_us = left.copy(), time_us.copy(), mean_us
        return _link_ms(self._flow.tables, mean_us, np.maximum(new, 0))


def _link_ms(tables: FlowTables, mean_us: Ints, left: Ints) -> Ints:
    """Times over links from those over segments: the sum along it, and the mean of its lane groups."""
    link_us = np.add.reduceat(mean_us[: tables.first_group], tables.segment_start[:-1])
    for link in np.flatnonzero(np.diff(tables.group_start)):
        groups = slice(int(tables.group_start[link]), int(tables.group_start[link + 1]))
        weights = left[groups] if left[groups].any() else np.ones_like(left[groups])
        through = weights.sum()
        if groups.stop - groups.start == 1:  # a place inside the junction, which not all go through
            through = max(int(left[tables.segment_start[link + 1] - 1]), 1)
            weights = left[groups]
        link_us[link] += int((mean_us[groups] * weights).sum()) // int(through)
    link_ms: Ints = np.maximum(1, link_us // 1000)
    return link_ms


@dataclass(frozen=True, eq=False)
class OtherWay:
    """A way that a vehicle takes from the segment it is on; `more_m`: by how much longer it is than what it had."""

    vehicle: int
    segments: NDArray[np.int32]
    more_m: float


def navigation(
    env: Environment,
    flow: Flow,
    router: Router,
    hear: Callable[[], Iterable[int]],
    took: Callable[[OtherWay], object] = lambda _: None,
) -> Any:
    """Every RENEWED_S, tell the vehicles that `hear` names of the times of the last minutes; `took` notes who turns."""
    times = Times(flow)
    while True:
        yield env.timeout(RENEWED_S)
        for other in better_ways(flow, router, hear(), times.renewed_ms()):
            flow.redirect(other.vehicle, other.segments)
            took(other)


def better_ways(flow: Flow, router: Router, vehicles: Iterable[int], link_ms: Ints) -> list[OtherWay]:
    """Who of these takes another way at these times over links, by number of the vehicle."""
    tables = flow.tables
    ahead: dict[int, list[tuple[int, list[int], list[int]]]] = {}  # by link: vehicle, segments, links
    for vehicle in vehicles:
        segments = flow.way_left(vehicle)
        links = [link for link, _ in groupby(tables.segment_link[segments].tolist())] if segments else []
        if len(links) > 2 and len(set(links)) == len(links):  # the link it is on, others, and the last
            ahead.setdefault(links[0], []).append((vehicle, segments, links))
    tree_from = router.trees_from_links(link_ms)
    found = []
    for here, those in sorted(ahead.items()):
        time_ms, before = tree_from(here)
        own_ms = _ways_ms(router, [links for _, _, links in those], link_ms)
        for (vehicle, segments, links), mine_ms in zip(those, own_ms.tolist(), strict=True):
            saved_ms = mine_ms - int(time_ms[links[-1]])
            if saved_ms >= max(LEAST_SAVED_SHARE * mine_ms, 1000 * LEAST_SAVED_S):
                way = _way_to(int(before[links[-1]]), before)
                more_mm = int(tables.link_mm[way].sum()) - int(tables.link_mm[links[1:-1]].sum())
                found.append(OtherWay(vehicle, _joined(tables, segments, way), more_mm / 1000.0))
    return sorted(found, key=lambda other: other.vehicle)


def _way_to(link: int, before: Ints) -> list[int]:
    way = []
    while link != NONE:
        way.append(link)
        link = int(before[link])
    return way[::-1]


def _joined(tables: FlowTables, segments: list[int], way: list[int]) -> NDArray[np.int32]:
    """The rest of the link that a vehicle is on, the links between, and of its last as much as its route had."""
    on_link = tables.segment_link[segments]
    rest = [s for s, link in zip(segments[1:], on_link[1:].tolist(), strict=True) if link == on_link[0]]
    tail = [s for s, link in zip(segments, on_link.tolist(), strict=True) if link == on_link[-1]]
    return np.array([*rest, *tables.expand(np.array(way, dtype=np.int64)).tolist(), *tail], dtype=np.int32)


def _ways_ms(router: Router, ways: list[list[int]], link_ms: Ints) -> Ints:
    """Times of ways from the end of their first link on, turns included."""
    length = np.array([len(way) for way in ways], dtype=np.int64)
    ends = np.cumsum(length)
    links = np.array([link for way in ways for link in way], dtype=np.int32)
    none = np.zeros(len(ways), dtype=np.int64)
    cost_ms = router.costs_of(
        Routes(ends - length, length, links, none), depart_ms=none, cost_ms=link_ms.reshape(-1, 1)
    )
    own_ms: Ints = cost_ms - link_ms[links[ends - length]]
    return own_ms
