"""What riders gain or lose by other lines, without a simulation and without chance: strategies and their loads.

A forecast, not an answer: buses run to their timetable, none is full, nobody changes mode. It ranks changes before a
study, as `study.screen` ranks streets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.network import Network
from twin.city.timetables import blocks_of
from twin.clock import DAY_S
from twin.errors import DemandError
from twin.routing.hyperpaths import Loads, loads
from twin.study.rider_plans import Planned, planned
from twin.units import SECONDS_PER_HOUR

Floats = NDArray[np.float64]

STANDING_COST = 0.3
"""What a second aboard costs more to one who stands (crowding multiplier 1.0–1.5, parking-and-bus notes 5.3)."""


@dataclass(frozen=True, eq=False)
class BusForecast:
    """Riders' generalised hours in the hours asked (those with a way), hours of standing, and what every row carries.

    `buses`: buses that pass each row. `stranded`: riders without a way by bus or on foot.
    """

    generalised_h: float
    standing_h: float
    stranded: float
    loads: Loads
    buses: Floats
    made: Planned

    @property
    def cost_h(self) -> float:
        """Generalised hours with standing, what changes are ranked by."""
        return self.generalised_h + STANDING_COST * self.standing_h

    @property
    def load_per_bus(self) -> Floats:
        """Riders aboard a bus from each row to the next."""
        return np.divide(self.loads.aboard, self.buses, out=np.zeros_like(self.buses), where=self.buses > 0)


def forecast(city: City, network: Network, start_s: float, end_s: float) -> BusForecast:
    """The forecast for riders who usually depart with start_s <= t < end_s. Raises DemandError where nobody rides."""
    made = planned(city, network, start_s, end_s)
    if made is None or city.demand is None or city.demand.riders is None:
        raise DemandError(f"{city.place} has no bus lines or no riders to forecast")
    riders = city.demand.riders
    usual_s = riders["usual_depart_s"].to_numpy(dtype=np.float64)
    share = riders["travels_share"].to_numpy(dtype=np.float64)
    now = (usual_s >= start_s) & (usual_s < end_s)
    plan, mean_share = made.plan, float(share[now].mean()) if now.any() else 1.0
    carried = loads(made.graph, made.strategies, plan.destination[now], plan.place[now])
    carried = Loads(
        *(mean_share * getattr(carried, name) for name in ("boards", "alights", "aboard", "waiting", "saved_s"))
    )
    buses = made.graph.per_s * (end_s - start_s)
    seats = np.concatenate([np.full(len(line.stops), line.seats) for line in city.lines]).astype(np.float64)
    ride_s = np.where(np.isfinite(made.graph.ride_s), made.graph.ride_s, 0.0)
    standing_s = np.maximum(0.0, carried.aboard - seats * buses) * ride_s
    has_way = np.isfinite(plan.cost_s[now])
    cost_s = float((plan.cost_s[now][has_way] * share[now][has_way]).sum())
    return BusForecast(
        generalised_h=cost_s / SECONDS_PER_HOUR,
        standing_h=float(standing_s.sum()) / SECONDS_PER_HOUR,
        stranded=float(share[now][~has_way].sum()),
        loads=carried,
        buses=buses,
        made=made,
    )


def fleet_of(city: City, network: Network) -> dict[str, int]:
    """Buses that each line (by name) needs to keep its timetable from its first departure to its last."""
    names = {line.id: line.name for line in city.lines}
    running = [line for line in city.lines if all(link in network.link_index for link in line.route)]
    counts: dict[str, int] = {}
    for block in blocks_of(network, running, 0.0, 2 * DAY_S):
        name = names[block[0].line_id]
        counts[name] = counts.get(name, 0) + 1
    return counts
