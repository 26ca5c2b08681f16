"""What is assumed of a street when its map says nothing: one sourced table by class.

Tags of provenance: [K-h], [K-m] general knowledge of high or medium confidence, not looked up; [A] a design choice.
Capacity is the *running* capacity between junctions (basic capacity of one lane); junction delay comes from signals.
Not here: anything measured in a city.
"""

from dataclasses import dataclass

from twin.city.network import DEFAULT_JAM_DENSITY_VPKM


@dataclass(frozen=True, slots=True)
class ClassAssumption:
    """Defaults of one OpenStreetMap class; lanes are of one direction, capacity and jam density of one lane."""

    highway: str
    road_class: str  # of twin.city.network.ROAD_CLASSES; ramps have the class of their road
    lanes: float
    free_speed_kmh: float
    capacity_vph: float
    jam_density_vpkm: float
    source: str


_CJJ = "CJJ 37-2012 (2016), basic capacity of one lane at the class's design speed [K-h]"
_GBT = "GB/T 51328-2018 table 12.2.2, usual lanes: expressway 6, arterial 4–8, secondary 2–4 both ways [K-m]"
_JAM = "7.5 m per stopped car, HCM 2016 [K-h]"
_RAMP = "one lane at the lowest design speed of a ramp [A]"


def _row(highway: str, road_class: str, lanes: float, speed: float, capacity: float, source: str) -> ClassAssumption:
    return ClassAssumption(highway, road_class, lanes, speed, capacity, DEFAULT_JAM_DENSITY_VPKM, source)


CLASS_TABLE = {
    row.highway: row
    for row in (
        _row("motorway", "motorway", 2, 100, 2200, f"{_CJJ}; {_GBT}; {_JAM}"),
        _row("trunk", "trunk", 3, 80, 2100, f"{_CJJ}; {_GBT}; {_JAM}"),
        _row("primary", "primary", 3, 60, 1800, f"{_CJJ}; {_GBT}; {_JAM}"),
        _row("secondary", "secondary", 2, 50, 1700, f"{_CJJ}; {_GBT}; {_JAM}"),
        _row("tertiary", "tertiary", 1, 40, 1650, f"{_CJJ}; {_GBT}; {_JAM}"),
        _row("unclassified", "residential", 1, 40, 1650, f"{_CJJ}, taken as 支路 of 40 km/h [A]; {_GBT}; {_JAM}"),
        _row("residential", "residential", 1, 30, 1600, f"{_CJJ}; {_GBT}; {_JAM}"),
        _row("living_street", "residential", 1, 20, 1400, f"{_CJJ}; {_GBT}; {_JAM}"),
        _row("road", "residential", 1, 30, 1600, f"class unknown, taken as residential [A]; {_CJJ}; {_JAM}"),
        _row("motorway_link", "motorway", 1, 60, 1800, f"{_RAMP}; {_CJJ}; {_JAM}"),
        _row("trunk_link", "trunk", 1, 50, 1700, f"{_RAMP}; {_CJJ}; {_JAM}"),
        _row("primary_link", "primary", 1, 40, 1650, f"{_RAMP}; {_CJJ}; {_JAM}"),
        _row("secondary_link", "secondary", 1, 40, 1650, f"{_RAMP}; {_CJJ}; {_JAM}"),
        _row("tertiary_link", "tertiary", 1, 30, 1600, f"{_RAMP}; {_CJJ}; {_JAM}"),
    )
}
"""Drivable classes and what is assumed of them. Ways of other classes (service, track, footway …) are left out."""

FASTEST_WAVE_KMH = 22.11
"""Fastest backward wave the table's own rows imply (living street: 1,400 veh/h at 20 km/h and 133 veh/km)."""


def capacity_at_speed_vph(row: ClassAssumption, free_speed_kmh: float) -> float:
    """Capacity of one lane (veh/h): the row's, lowered where so low a speed could not carry it.

    A triangular flow–density line of this free speed, the row's jam density and a backward wave of
    FASTEST_WAVE_KMH carries k_j · u · w / (u + w) at most (Newell 1993).

    >>> round(capacity_at_speed_vph(CLASS_TABLE["residential"], 7.0))
    709
    """
    wave = FASTEST_WAVE_KMH
    most = row.jam_density_vpkm * free_speed_kmh * wave / (free_speed_kmh + wave)
    return min(row.capacity_vph, most)
