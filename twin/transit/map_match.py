"""Stops onto streets: the links a line most plausibly drives, stop after stop.

A Viterbi search over candidate links. Each stop has the links near it; going from one candidate to the next costs
the way driven beyond the straight distance, so a bus is put on the side of the street that leads on. The weights
are those of map matching of sparse positions (Newson & Krumm 2009, "Hidden Markov map matching through noise and
sparseness"): normal in the distance from street to stop, exponential in the detour.
Stops that no way reaches are dropped, at most two in a row; beyond that the line is cut and its longest part kept.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.city.ground import NearLink, ground_of
from twin.city.network import Network
from twin.routing.paths import Router

REACH_M = 150.0
"""A stop farther than this from every street is not served (m)."""
MOST_CANDIDATES = 8
STOP_SPREAD_M = 20.0
"""Standard deviation of the distance from a stop to the middle of its street (m): half a wide street."""
DETOUR_SCALE_M = 150.0
"""Mean of the way driven beyond the straight distance between two stops (m), assumed."""
MOST_DETOUR_FACTOR = 4.0
MOST_DETOUR_M = 1_200.0
"""No bus drives more than 4 times the straight distance plus 1,200 m from stop to stop (assumed)."""
BACKWARD_SLACK_M = 30.0
"""On one link a stop may lie this far behind the one before: positions are not that exact."""
AGAINST_TRAVEL = 2.0
"""Penalty of a candidate whose direction opposes the line of stops, in units of the log-likelihood."""
NOTABLE_DETOUR_M = 600.0
"""Driving this much beyond twice the straight distance is told (m)."""
_MOST_DROPPED_IN_A_ROW = 2
_MOST_KEPT_TREE_ENTRIES = 40_000_000


@dataclass(frozen=True, slots=True)
class StopPoint:
    """A stop as tables give it, in WGS-84 degrees."""

    name: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """The part of a line that can be driven.

    `served`: positions in the list of stops; `stop_links`: the link of each; `route`: consecutive links from the
    first stop's to the last stop's. `notes`: what was dropped, cut or looks odd, in sentences.
    """

    served: tuple[int, ...]
    stop_links: tuple[str, ...]
    route: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """One stop of a piece: its candidates, their best scores, and which candidate before led there."""

    stop: int
    candidates: list[NearLink]
    score: list[float]
    before: list[int]


class MapMatcher:
    """Matches the lines of one network; ways found for one line are kept for the next."""

    def __init__(self, network: Network, *, reach_m: float = REACH_M) -> None:
        self._network = network
        self._reach_m = reach_m
        self._router = Router(network)
        self._asked: set[str] = set()
        self._way_m: dict[tuple[int, int], float] = {}
        self._candidates: dict[tuple[float, float], list[NearLink]] = {}

    def match(self, stops: Sequence[StopPoint]) -> MatchedLine | None:
        """The longest part of a line that can be driven; None where no two stops in a row can be joined."""
        near = [self._near(stop) for stop in stops]
        notes = [
            f"stop {stop.name} lies more than {self._reach_m:.0f} m from any street and is not served"
            for stop, found in zip(stops, near, strict=True)
            if not found
        ]
        pieces = self._pieces(stops, near)
        steps = max(pieces, key=len, default=[])
        if len(steps) < 2:
            return None
        links = _best_candidates(steps)
        served = tuple(step.stop for step in steps)
        route, way_notes = self._drive(stops, served, links)
        notes += _gap_notes(stops, near, served)
        return MatchedLine(served, links, route, tuple(notes + way_notes))

    def _near(self, stop: StopPoint) -> list[NearLink]:
        key = (stop.lon, stop.lat)
        if key not in self._candidates:
            found = ground_of(self._network).links_near(stop.lon, stop.lat, self._reach_m)
            self._candidates[key] = found[:MOST_CANDIDATES]
        return self._candidates[key]

    def _pieces(self, stops: Sequence[StopPoint], near: list[list[NearLink]]) -> list[list[_Step]]:
        """Stops joined by ways, cut wherever more than two in a row cannot be reached."""
        pieces: list[list[_Step]] = []
        piece: list[_Step] = []
        dropped: list[int] = []
        headings = self._headings(stops)
        queue = [i for i, found in enumerate(near) if found]
        while queue:
            i = queue.pop(0)
            standing = [_closeness(link, headings[i]) for link in near[i]]
            if not piece:
                piece.append(_Step(i, near[i], standing, [-1] * len(near[i])))
                continue
            step = self._onward(stops, piece[-1], i, near[i], standing)
            if step is None and not self._leads_on(stops, piece[-1], near, queue) and len(piece) > 1:
                # The last stop may be the one that leads nowhere, as at the end of a spur.
                step = self._onward(stops, piece[-2], i, near[i], standing)
                if step is not None:
                    piece.pop()
            if step is not None:
                piece.append(step)
                dropped = []
            elif len(dropped) < _MOST_DROPPED_IN_A_ROW and queue:
                dropped.append(i)
            else:
                pieces.append(piece)
                piece, queue, dropped = [], [*dropped, i, *queue], []
        return [*pieces, piece] if piece else pieces

    def _leads_on(self, stops: Sequence[StopPoint], last: _Step, near: list[list[NearLink]], queue: list[int]) -> bool:
        """Whether the stop after the next can be reached, leaving the next one out."""
        if not queue:
            return False
        following = near[queue[0]]
        return self._onward(stops, last, queue[0], following, [0.0] * len(following)) is not None

    def _onward(
        self, stops: Sequence[StopPoint], last: _Step, stop: int, near: list[NearLink], standing: list[float]
    ) -> _Step | None:
        start, end = stops[last.stop], stops[stop]
        crow_m = ground_of(self._network).crow_m((start.lon, start.lat), (end.lon, end.lat))
        limit_m = MOST_DETOUR_FACTOR * crow_m + MOST_DETOUR_M
        scores, before = [], []
        for candidate, closeness in zip(near, standing, strict=True):
            best, best_from = -math.inf, -1
            for k, origin in enumerate(last.candidates):
                if last.score[k] == -math.inf:
                    continue
                way_m = self._between_m(origin, candidate, limit_m)
                score = last.score[k] - abs(way_m - crow_m) / DETOUR_SCALE_M
                if way_m <= limit_m and score > best:
                    best, best_from = score, k
            scores.append(best + closeness if best_from >= 0 else -math.inf)
            before.append(best_from)
        return None if max(scores) == -math.inf else _Step(stop, near, scores, before)

    def _between_m(self, origin: NearLink, target: NearLink, limit_m: float) -> float:
        """Metres driven from one position to the other, inf where no way leads (a bus does not turn round)."""
        index = self._network.link_index
        start, end = index[origin.link_id], index[target.link_id]
        if start == end:
            ahead_m = target.along_m - origin.along_m
            return max(0.0, ahead_m) if ahead_m >= -BACKWARD_SLACK_M else math.inf
        rest_m = self._network.links[start].length_m - origin.along_m
        way_m = self._links_between_m(start, end)
        return rest_m + way_m + target.along_m if rest_m + target.along_m <= limit_m else math.inf

    def _links_between_m(self, start: int, end: int) -> float:
        """Length (m) of the links strictly between two links on the quickest way."""
        key = (start, end)
        if key not in self._way_m:
            links = self._network.links
            path = self._path(links[start].id, links[end].id)
            between = path[:-1] if path else ()
            length_m = sum(self._network.link_by_id[link].length_m for link in between)
            self._way_m[key] = math.inf if path is None else length_m
        return self._way_m[key]

    def _path(self, start: str, end: str) -> tuple[str, ...] | None:
        # The router keeps a tree of all links for each link asked: a fresh one bounds memory on large cities.
        self._asked.add(start)
        if len(self._asked) * len(self._network.links) > _MOST_KEPT_TREE_ENTRIES:
            self._router, self._asked = Router(self._network), {start}
        return self._router.link_path(start, end)

    def _headings(self, stops: Sequence[StopPoint]) -> list[tuple[float, float]]:
        """Unit vector (east, north) along the stops at each of them."""
        xy = ground_of(self._network).xy([stop.lon for stop in stops], [stop.lat for stop in stops])
        ahead = np.vstack([xy[1:], xy[-1:]]) - np.vstack([xy[:1], xy[:-1]])
        norm = np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)
        return [(float(e), float(n)) for e, n in ahead / norm[:, None]]

    def _drive(
        self, stops: Sequence[StopPoint], served: Sequence[int], stop_links: Sequence[str]
    ) -> tuple[tuple[str, ...], list[str]]:
        """The links driven from the first stop to the last, and where they make a long way round."""
        route, notes = [stop_links[0]], []
        ground = ground_of(self._network)
        for k in range(1, len(served)):
            onward = self._path(stop_links[k - 1], stop_links[k]) or ()
            route += onward
            start, end = stops[served[k - 1]], stops[served[k]]
            crow_m = ground.crow_m((start.lon, start.lat), (end.lon, end.lat))
            way_m = sum(self._network.link_by_id[link].length_m for link in onward[:-1])
            if way_m > 2.0 * crow_m + NOTABLE_DETOUR_M:
                notes.append(f"{start.name} to {end.name}: {way_m:.0f} m driven for {crow_m:.0f} m in a straight line")
        return tuple(route), notes


def _closeness(link: NearLink, heading: tuple[float, float]) -> float:
    """Log-likelihood of a stop at this link."""
    against = max(0.0, -(link.heading[0] * heading[0] + link.heading[1] * heading[1]))
    return -0.5 * (link.distance_m / STOP_SPREAD_M) ** 2 - AGAINST_TRAVEL * against


def _best_candidates(steps: list[_Step]) -> tuple[str, ...]:
    at = max(range(len(steps[-1].score)), key=steps[-1].score.__getitem__)
    links = []
    for step in reversed(steps):
        links.append(step.candidates[at].link_id)
        at = step.before[at]
    return tuple(reversed(links))


def _gap_notes(stops: Sequence[StopPoint], near: list[list[NearLink]], served: tuple[int, ...]) -> list[str]:
    """What lies before, between and after the part that is driven, in sentences."""
    notes = []
    first, last = served[0], served[-1]
    if first > 0:
        notes.append(f"cut: no way from {stops[first - 1].name} to {stops[first].name}, first {_stops(first)} left out")
    if last < len(stops) - 1:
        left = len(stops) - 1 - last
        notes.append(f"cut: no way from {stops[last].name} to {stops[last + 1].name}, last {_stops(left)} left out")
    kept = set(served)
    for i in range(first, last):
        if i not in kept and near[i]:
            notes.append(f"stop {stops[i].name} is not served: no way leads there and on")
    return notes


def _stops(count: int) -> str:
    return "stop" if count == 1 else f"{count} stops"
