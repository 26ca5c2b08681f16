"""Which ways cars may drive, and what each says of lanes, speed and opening, by direction.

Left out: service ways, tracks, footways, ways closed to motor vehicles. Limits by hour, and lanes by hour but for bus
lanes, are counted, not read.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from twin.city.network import BusLane, ClassBan, LinkChange
from twin.osm.assumptions import CLASS_TABLE, ClassAssumption
from twin.osm.bus_lane_tags import Side, bus_lane_of
from twin.osm.extract import OsmWay
from twin.osm.lorry_tags import closures, lorry_bans
from twin.osm.repairs import note
from twin.osm.tags import (
    MOST_LANES,
    Oneway,
    Tags,
    first_day,
    is_assumed,
    is_odd_oneway,
    is_reversible,
    is_roundabout,
    lane_count,
    level_of,
    oneway,
    speed_kmh,
    turn_lanes,
)
from twin.units import mps_from_kmh

_LIFECYCLE = ("construction", "proposed", "planned")
_NO_CARS = frozenset({"no", "private", "psv", "bus", "agricultural", "forestry", "emergency", "delivery"})
_NOT_READ = {
    "speed limits by hour left out": ("maxspeed:conditional",),
    "lanes by hour left out": ("lanes:conditional",),
}
_IMPLIED_LIMITS = ("maxspeed:type", "source:maxspeed", "zone:maxspeed")
"""Tags that name the law a limit follows from, asked where no limit is tagged."""
_YES_CARS = frozenset({"yes", "designated", "permissive", "destination", "permit", "customers"})


@dataclass(frozen=True, slots=True)
class Carriageway:
    """One direction of one way: what a car finds on it. `assumed` names the fields nobody observed."""

    way_id: int
    row: ClassAssumption
    name: str
    lanes: float
    free_speed_mps: float
    opened_on: date | None
    closed_on: date | None
    is_structure: bool
    assumed: frozenset[str]
    level: int = 0  # above (or below) the ground
    is_round: bool = False  # ring of a roundabout
    turn_lanes: tuple[frozenset[str], ...] = ()  # from left to right at its end; (): not marked
    bus_lane: BusLane | None = None
    access: tuple[ClassBan, ...] = ()
    changes: tuple[LinkChange, ...] = ()


@dataclass(frozen=True, slots=True)
class DrivableWay:
    """A way with its carriageways: along the drawing (`forward`) and against it (`backward`); None: not that way."""

    way: OsmWay
    forward: Carriageway | None
    backward: Carriageway | None


def street_row(tags: Tags) -> ClassAssumption | None:
    """The class of a street, built or planned; None for ways that no car drives."""
    highway = tags.get("highway", "")
    if highway in _LIFECYCLE:
        highway = tags.get(highway, "")
    return CLASS_TABLE.get(highway)


def is_for_cars(tags: Tags) -> bool:
    """Whether a car of the public may drive here: the most special access tag decides."""
    if tags.get("area") == "yes":
        return False
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        value = tags.get(key)
        if value in _NO_CARS:
            return False
        if value in _YES_CARS:
            return True
    return True


def drivable_way(way: OsmWay, counts: Counter[str]) -> DrivableWay | None:
    """The carriageways of a way; None where cars may not drive. Odd tags are counted in `counts`."""
    row = street_row(way.tags)
    if row is None or not is_for_cars(way.tags):
        return None
    direction, middle = oneway(way.tags), way.nodes[len(way.nodes) // 2]
    if is_reversible(way.tags):
        note(counts, "reversible streets taken as two-way", middle)
    if is_odd_oneway(way.tags):
        note(counts, "directions of streets not understood", middle)
    for what, keys in _NOT_READ.items():
        if any(key in way.tags for key in keys):
            note(counts, what, middle)
    forward = None if direction == "backward" else _carriageway(way, row, direction, "forward", counts)
    backward = None if direction == "forward" else _carriageway(way, row, direction, "backward", counts)
    return DrivableWay(way, forward, backward)


def _carriageway(way: OsmWay, row: ClassAssumption, ways: Oneway, side: Side, counts: Counter[str]) -> Carriageway:
    tags, node = way.tags, way.nodes[len(way.nodes) // 2]
    lanes, lanes_assumed = _lanes(tags, row, ways, side, counts, node)
    speed, speed_assumed = _speed_kmh(tags, row, side, counts, node)
    opened, opening_assumed = _opened_on(tags)
    fields = {
        "lanes": lanes_assumed,
        "free_speed_mps": speed_assumed,
        "road_class": is_assumed(tags, "class"),
        "opened_on": opening_assumed,
        "geometry": is_assumed(tags, "geometry") or bool(tags.get("source:geometry", "").startswith("bus_stops")),
    }
    return Carriageway(
        way_id=way.id,
        row=row,
        name=tags.get("name", "").strip(),
        lanes=lanes,
        free_speed_mps=mps_from_kmh(speed),
        opened_on=opened,
        closed_on=first_day(tags.get("end_date", "")),
        is_structure=tags.get("bridge", "no") != "no" or tags.get("tunnel", "no") != "no",
        assumed=frozenset({name for name, holds in fields.items() if holds} | {"capacity_vph", "jam_density_vpkm"}),
        level=level_of(tags),
        is_round=is_roundabout(tags),
        turn_lanes=_turn_lanes(tags, ways, side, counts, node),
        bus_lane=bus_lane_of(tags, ways, side, lanes, counts, node),
        access=lorry_bans(tags, counts, node),
        changes=closures(tags, counts, node),
    )


def _turn_lanes(tags: Tags, ways: Oneway, side: str, counts: Counter[str], node: int) -> tuple[frozenset[str], ...]:
    """Directions that the lanes of one direction of a street are marked for."""
    text = tags.get(f"turn:lanes:{side}", tags.get("turn:lanes") if ways != "both" else None)
    if text is None:
        return ()
    lanes = turn_lanes(text)
    if lanes is None:
        note(counts, "markings of lanes not understood", node)
    return lanes or ()


def _lanes(
    tags: Tags, row: ClassAssumption, ways: Oneway, side: str, counts: Counter[str], node: int
) -> tuple[float, bool]:
    """Lanes of one direction, and whether they are assumed. `lanes` counts both directions of a two-way street and the
    lane in the middle that both turn left from (`lanes:both_ways`)."""
    own = _counted_lanes(tags, f"lanes:{side}", counts, node)
    if own is None:
        both = _counted_lanes(tags, "lanes", counts, node)
        other = _counted_lanes(tags, "lanes:backward" if side == "forward" else "lanes:forward", counts, node)
        middle = _counted_lanes(tags, "lanes:both_ways", counts, node)
        if both is not None and ways == "both":
            between = both - middle if middle is not None and both > middle + 1 else both
            own = between - other if other is not None and between > other else between / 2
        else:
            own = both
    if own is None:
        return row.lanes, True
    if not 1.0 <= own <= MOST_LANES:
        note(counts, "street directions whose lane count was brought into 1 to 8", node)
    return min(max(own, 1.0), MOST_LANES), is_assumed(tags, "lanes")


def _counted_lanes(tags: Tags, key: str, counts: Counter[str], node: int) -> float | None:
    text = tags.get(key)
    if text is None:
        return None
    value = lane_count(text)
    if value is None:
        note(counts, "lane tags refused", node)
    return value


def _speed_kmh(tags: Tags, row: ClassAssumption, side: str, counts: Counter[str], node: int) -> tuple[float, bool]:
    for key in (f"maxspeed:{side}", "maxspeed", *_IMPLIED_LIMITS):
        text = tags.get(key)
        if text is None or text in ("none", "signals", "variable"):
            continue
        speed = speed_kmh(text)
        if speed is not None:
            return speed, is_assumed(tags, "maxspeed")
        if key in (f"maxspeed:{side}", "maxspeed"):
            note(counts, "speed limits refused", node)
    return row.free_speed_kmh, True


def _opened_on(tags: Tags) -> tuple[date | None, bool]:
    """Opening date of a street, and whether it is a guess: date.max where it is not built and no day is stated."""
    if tags.get("highway") in _LIFECYCLE:
        stated = first_day(tags.get("opening_date", "")) or first_day(tags.get("start_date", ""))
        return stated or date.max, stated is None
    return first_day(tags.get("start_date", "")) or first_day(tags.get("opening_date", "")), False
