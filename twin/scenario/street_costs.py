"""What a new street costs, by class: one table of assumed unit costs, for ranking and for cost per effect.

Costs are of building alone, for both directions together, at prices of 2024: without land, demolition, utilities and
structures other than a plain bridge. Every figure is assumed; a planner gives `cost_yuan` where an estimate exists.
"""

from dataclasses import dataclass

from twin.city.network import ROAD_CLASSES
from twin.units import METRES_PER_KM


@dataclass(frozen=True, slots=True)
class UnitCost:
    """Yuan per kilometre: of a street of one lane each way, and for each lane each way beyond it."""

    base_yuan_per_km: float
    lane_yuan_per_km: float
    source: str


_ESTIMATE = (
    "order of magnitude of 市政工程投资估算指标 for new urban streets, pavement to lighting [K-m]; lane share [A]"
)

UNIT_COSTS = {
    "motorway": UnitCost(80e6, 25e6, "expressway at grade [K-m]; lane share [A]"),
    "trunk": UnitCost(60e6, 20e6, "快速路 at grade [K-m]; lane share [A]"),
    "primary": UnitCost(30e6, 12e6, _ESTIMATE),
    "secondary": UnitCost(20e6, 10e6, _ESTIMATE),
    "tertiary": UnitCost(14e6, 8e6, _ESTIMATE),
    "residential": UnitCost(10e6, 6e6, _ESTIMATE),
    "service": UnitCost(6e6, 4e6, _ESTIMATE),
}
"""[K-m]: general knowledge of medium confidence, not looked up; [A]: a design choice."""

STRUCTURE_FACTOR = 5.0
"""A street on a bridge costs so many times one at grade [A]."""

assert tuple(UNIT_COSTS) == ROAD_CLASSES


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a measure (yuan). `is_assumed`: from the table of unit costs, not given by a planner."""

    yuan: float
    is_assumed: bool


def assumed_cost(road_class: str, lanes: float, length_m: float, *, is_structure: bool = False) -> Cost:
    """Cost of a two-way street with so many lanes each way.

    >>> assumed_cost("secondary", 2.0, 1000.0)
    Cost(yuan=30000000.0, is_assumed=True)
    """
    unit = UNIT_COSTS[road_class]
    per_km = unit.base_yuan_per_km + max(0.0, lanes - 1.0) * unit.lane_yuan_per_km
    return Cost(per_km * length_m / METRES_PER_KM * (STRUCTURE_FACTOR if is_structure else 1.0), is_assumed=True)
