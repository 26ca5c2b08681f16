"""Static equilibria of sets of openings: one network with all of them, those that are not built closed.

So all sets share one graph and one table of trips, and a larger set goes on from a smaller one's equilibrium. As in
`twin screen`: no spillback, no signal plans, no buses and no search for parking; it ranks, and is no study's answer.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.advice.offered_streets import OfferedStreets, without_lines
from twin.city.city import City
from twin.city.network import Network
from twin.clock import TimeWindow
from twin.routing.loading import Pairs
from twin.routing.paths import Router
from twin.sim.stage import Stage
from twin.study.habits import first_habits
from twin.study.mean_hour import mean_hour, street_delays
from twin.study.static_equilibrium import DelayFunctions, StaticEquilibrium, static_equilibrium

Floats = NDArray[np.float64]

CLOSED_S = 20_000.0
"""Time over a street that is not built (s): longer than any way round, short enough for exact arithmetic."""

GAP = 4e-5
"""Relative gap of each equilibrium: its share of vehicle-hours is the doubt of every gain."""


class OpeningEquilibria:
    """Vehicle-hours of any set of openings (by measure id) in the measured window; each is found once.

    `of_today`: positions of the links that are there without any of them.
    """

    def __init__(
        self, base: City, streets: OfferedStreets, measured: TimeWindow, *, gap: float = GAP, most_rounds: int = 200
    ) -> None:
        stage = Stage.of(without_lines(streets.city))
        self.network: Network = stage.network
        self.router: Router = stage.router
        self.hours = measured.duration_s / 3600.0
        self._gap, self._most_rounds = gap, most_rounds
        graph = self.router.graph
        self._own = {key: np.array([graph.link_index[i] for i in ids]) for key, ids in streets.links.items()}
        new = {link_id for ids in streets.links.values() for link_id in ids}
        self.of_today = np.array([k for k, link_id in enumerate(graph.link_ids) if link_id not in new], dtype=np.int64)
        self._delays = _as_if_without_new_signals(self.network, base.open_network(), street_delays(self.network))
        self._signalled = street_delays(self.network)
        self.pairs = self._reached(mean_hour(stage.city, first_habits(stage), measured))
        self._known: dict[frozenset[str], StaticEquilibrium] = {}
        self._known[frozenset()] = self._found(frozenset(), None)

    def equilibrium(self, built: Iterable[str]) -> StaticEquilibrium:
        """The equilibrium with these openings built, the others closed."""
        wanted = frozenset(built)
        if wanted not in self._known:
            nearest = max((known for known in self._known if known <= wanted), key=lambda k: (len(k), tuple(sorted(k))))
            self._known[wanted] = self._found(wanted, self._known[nearest])
        return self._known[wanted]

    def vehicle_hours(self, built: Iterable[str] = ()) -> float:
        """Vehicle-hours of trips that depart in the measured window."""
        return self.equilibrium(built).vehicle_hours * self.hours

    def saved_vehh(self, built: Iterable[str]) -> float:
        """Vehicle-hours saved in the measured window; negative: lost (Braess's paradox)."""
        return self.vehicle_hours() - self.vehicle_hours(built)

    @property
    def doubt_vehh(self) -> float:
        """What the gap leaves undone in one arm (vehicle-hours of the window): a smaller gain may be none."""
        return self._gap * self.vehicle_hours()

    @property
    def evaluations(self) -> int:
        """Equilibria found so far."""
        return len(self._known)

    def delays(self, built: Iterable[str]) -> DelayFunctions:
        """Delay functions with these openings built; a new junction's signal stands where one of them meets it."""
        wanted = set(built)
        fixed, rising, capacity = (
            self._delays.fixed_s.copy(), self._delays.rising_s.copy(), self._delays.capacity.copy()
        )  # fmt: skip
        for key in sorted(wanted):
            at = self._at_ends_of(key)
            fixed[at], rising[at] = self._signalled.fixed_s[at], self._signalled.rising_s[at]
            capacity[at] = self._signalled.capacity[at]
        for key in sorted(self._own.keys() - wanted):
            fixed[self._own[key]] = CLOSED_S
        return replace(self._delays, fixed_s=fixed, rising_s=rising, capacity=capacity)

    def _at_ends_of(self, key: str) -> NDArray[np.int64]:
        """Links that lead to a junction which the opening meets."""
        graph = self.router.graph
        nodes = np.unique(graph.link_to[self._own[key]])
        return np.flatnonzero(np.isin(graph.link_to, nodes)).astype(np.int64)

    def _found(self, built: frozenset[str], start: StaticEquilibrium | None) -> StaticEquilibrium:
        graph, delays = self.router.graph, self.delays(built)
        return static_equilibrium(graph, self.pairs, delays, gap=self._gap, most_rounds=self._most_rounds, start=start)

    def _reached(self, pairs: Pairs) -> Pairs:
        """The pairs that have a way on the streets of today."""
        times_s = self.delays(()).times_s(np.zeros(len(self.router.graph.link_ids)))
        origins, row = np.unique(pairs.origin, return_inverse=True)
        table = self.router.node_times_ms(
            origins.astype(np.int64), cost_ms=np.rint(1000.0 * times_s).astype(np.int64).reshape(-1, 1)
        )[row, pairs.destination]
        has_way = (table >= 0) & (table < 1000.0 * CLOSED_S)
        return Pairs(pairs.origin[has_way], pairs.destination[has_way], pairs.flow[has_way])


def _as_if_without_new_signals(network: Network, base: Network, delays: DelayFunctions) -> DelayFunctions:
    """The delays where junctions that only openings make have no signal, as long as nothing is opened there."""
    known = base.node_by_id
    plain = replace(
        network,
        nodes=tuple(node if node.id in known else replace(node, control="none") for node in network.nodes),
    )
    return replace(street_delays(plain), power=delays.power)
