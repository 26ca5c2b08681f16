"""Where people live, work and enter the city."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Zone:
    """An area that trips start and end in, or a gate through which they come (residents and jobs 0 there).

    Refers to the ground by WGS-84 coordinates, never to ids of one map.
    """

    id: str
    name: str
    kind: Literal["zone", "gate"]
    district: str  # of a gate: its kind (expressway, rail, port …)
    lon: float
    lat: float
    area_km2: float = 0.0
    residents: float = 0.0
    jobs: float = 0.0
    assumed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LoadingPoint:
    """A place on a street where trips of a zone start and end: the downstream end of a link."""

    zone_id: str
    lon: float
    lat: float
    link_id: str
