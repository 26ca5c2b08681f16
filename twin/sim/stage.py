"""What a day of a city is run on: the stage, people's habits, the trips of the day, and the times drivers know."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.network import Network
from twin.routing.paths import Router, Routes
from twin.sim.bus import Halt, line_halts
from twin.sim.ebike_friction import with_right_turns_beside, with_shared_lanes
from twin.sim.lane_groups import detector_groups, given_groups, planned_groups
from twin.sim.parking_search import SearchMap
from twin.sim.signals import first_plans, nodes_with_detectors
from twin.sim.tables import SEGMENT_M, FlowTables, build_tables

Ints = NDArray[np.int64]

HABIT_SEED = 0
"""Which site a driver heads for is a habit, not a matter of the day: it is drawn with this seed."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A city made ready for runs: its open streets as a graph and as the engine's tables, and what drivers know."""

    city: City
    network: Network
    router: Router
    tables: FlowTables
    search: SearchMap

    @classmethod
    def of(cls, city: City) -> "Stage":
        """The stage of a city on its date, with the signal plans it has."""
        network = with_shared_lanes(city.open_network())
        router = Router(network)
        plans = first_plans(plan for plan in city.signals if plan.node_id in network.node_by_id)
        plans = with_right_turns_beside(plans, network)
        groups = (
            detector_groups(network, nodes_with_detectors(city.signals))
            | planned_groups(network, plans)
            | given_groups(network)
        )
        tables = build_tables(network, plans, segment_m=SEGMENT_M, classes=("car", "bus", "truck"), groups=groups)
        return cls(city, network, router, tables, SearchMap(city.network, tables, router, city.open_sites))

    @cached_property
    def halts(self) -> dict[str, tuple[Halt, ...]]:
        """Where the buses of each line drive and halt, the same on every day."""
        return line_halts(self.network, self.tables, self.city.lines)


@dataclass(frozen=True, eq=False)
class Habits:
    """Where each traveller starts and heads for (node indices), the site of first choice, and the usual route.

    One entry a traveller, in order of traveller id. `site`: −1 for none. `wants_site`: looks for a public space.
    `usual`: chances of a space that earlier days taught, (n_sites, half-hours); None: there were none. `stands_at`: the
    public site at which the car of a way out stands until then, −1 for none; None: in studies of a few hours.
    """

    origin: Ints
    destination: Ints
    site: Ints
    wants_site: NDArray[np.bool_]
    target_x: NDArray[np.float64]
    target_y: NDArray[np.float64]
    routes: Routes
    usual: NDArray[np.float64] | None = None
    stands_at: Ints | None = None


@dataclass(frozen=True, eq=False)
class Day:
    """The trips of one day: rows of travellers (positions), when they depart, and for how long they stay (s).

    `way_out`: row of the trip that each leads back from, −1 for none; None: nobody comes back.
    """

    traveller: Ints
    depart_s: NDArray[np.float64]
    stay_s: NDArray[np.float64]
    vehicle_class: NDArray[np.int64]
    way_out: Ints | None = None


@dataclass(frozen=True, eq=False)
class KnownTimes:
    """Times over links that drivers know (ms): (n_links, n_intervals), in intervals of so long from 00:00."""

    cost_ms: Ints
    interval_ms: int
