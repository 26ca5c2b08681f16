"""Vehicles with fixed routes and their types, from a SUMO route file (`.rou.xml`).

Trips without a route, flows, persons and stops are not read: `duarouter` turns the first two into vehicles with
routes. Source: SUMO documentation, "Definition of Vehicles, Vehicle Types, and Routes".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse

CLASS_OF = {"bus": "bus", "coach": "bus", "truck": "truck", "trailer": "truck", "bicycle": "ebike", "moped": "ebike"}
"""Vehicle classes of the twin for those of SUMO; any other is a car."""


@dataclass(frozen=True)
class VehicleType:
    """A kind of driver; the defaults are SUMO's for `passenger` (speeds in m/s, accelerations in m/s², τ in s)."""

    id: str = "DEFAULT_VEHTYPE"
    vehicle_class: str = "passenger"
    length_m: float = 5.0
    min_gap_m: float = 2.5
    tau_s: float = 1.0
    accel_mps2: float = 2.6
    decel_mps2: float = 4.5
    sigma: float = 0.5
    speed_factor: float = 1.0

    @property
    def spacing_m(self) -> float:
        """Road that one standing vehicle takes (m)."""
        return self.length_m + self.min_gap_m


@dataclass(frozen=True)
class Vehicle:
    """One vehicle: when it departs (s), which edges it drives, and its type."""

    id: str
    depart_s: float
    edges: tuple[str, ...]
    type: VehicleType


def read_sumo_routes(path: Path) -> tuple[Vehicle, ...]:
    """The vehicles of a route file in order of departure. Raises ValueError for trips and flows without a route."""
    root: Element = parse(path).getroot()
    types = {row.attrib["id"]: _vehicle_type(row) for row in root.iter("vType")}
    types.setdefault(VehicleType().id, VehicleType())
    routes = {row.attrib["id"]: _edges(row) for row in root.iter("route") if "id" in row.attrib}
    if next(root.iter("trip"), None) is not None or next(root.iter("flow"), None) is not None:
        raise ValueError(f"{path} has trips or flows without routes; write vehicles with duarouter first")
    found = sorted(_vehicles(root, types, routes), key=lambda vehicle: vehicle.depart_s)
    return tuple(found)


def _vehicles(root: Element, types: dict[str, VehicleType], routes: dict[str, tuple[str, ...]]) -> Iterator[Vehicle]:
    for row in root.iter("vehicle"):
        inside = row.find("route")
        edges = routes[row.attrib["route"]] if inside is None else _edges(inside)
        kind = types[row.get("type", VehicleType().id)]
        yield Vehicle(row.attrib["id"], float(row.attrib["depart"]), edges, kind)


def _edges(row: Element) -> tuple[str, ...]:
    return tuple(row.attrib["edges"].split())


def _vehicle_type(row: Element) -> VehicleType:
    plain = VehicleType()
    return VehicleType(
        row.attrib["id"],
        row.get("vClass", plain.vehicle_class),
        float(row.get("length", plain.length_m)),
        float(row.get("minGap", plain.min_gap_m)),
        float(row.get("tau", plain.tau_s)),
        float(row.get("accel", plain.accel_mps2)),
        float(row.get("decel", plain.decel_mps2)),
        float(row.get("sigma", plain.sigma)),
        _mean_factor(row.get("speedFactor", "1")),
    )


def _mean_factor(text: str) -> float:
    """The mean of "1.1" or of a distribution such as "normc(1.1,0.1,0.2,2)"."""
    return float(text.partition("(")[2].split(",")[0]) if "(" in text else float(text)
