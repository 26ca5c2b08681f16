"""Demand of a new place: the settings assumed for Yantai, borrowed and marked so, with the new place's zones and gates.

What somebody published about Yantai says nothing about another place: every value becomes an assumption, and what is
Yantai's alone (lorry bans, named car parks, crowded places) is left out.
"""

import csv
import datetime
import io
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from twin.files.catalogue import demand_folder
from twin.files.demand_files import FORMAT, ZONE_COLUMNS
from twin.files.whole_files import write_whole
from twin.osm.gates import GateSeed
from twin.osm.land_use import ZoneSeeds
from twin.osm.parking_tags import MappedCarPark

TEMPLATE_PLACE = "yantai"
"""The place whose settings a new one borrows."""

LEVEL_SCALE = 0.6
"""Car trips against what the people assumed would make; assumed."""

GATE_VEHICLES_PER_DAY = {"expressway": (16000, 1500), "trunk_road": (12000, 800), "road": (6000, 200)}
"""Cars and lorries a day, both ways, through a gate of each kind; cars as in Yantai, assumed."""

THROUGH_SHARE = 0.3
"""Share of gate traffic that goes on to another gate: higher than Yantai's, since extracts are small; assumed."""

UNKNOWN_SPACES = {"garage": 200, "lot": 60, "kerb": 15}
"""Spaces of a car park whose map does not say, by kind; assumed."""

_CAR_PARK_TAKEN = 0.5
_KERB_SPACES_PER_RESIDENT = 0.0046  # 10,600 spaces (published) for 2.3 million residents (assumed) in Yantai
_SPACES_PER_KERB_SITE = 68  # 10,600 spaces on 155 roads
_BORROWED = "as set for Yantai"


def write_demand(
    folder: Path,
    place: str,
    *,
    seeds: ZoneSeeds,
    gates: Sequence[GateSeed],
    car_parks: Sequence[MappedCarPark],
    breadth_km: float,
    made_on: datetime.date,
) -> None:
    """Write zones.csv, demand.toml, parking.toml and passport.toml of a new place, everything in them assumed."""
    template = demand_folder(TEMPLATE_PLACE)
    demand = _assumed(_load(template / "demand.toml"))
    demand["title"] = f"{place}: travel on a working day (assumed, not calibrated)"
    demand["level"]["scale"] = _value(LEVEL_SCALE, "so that the streets carry it; tune it first")
    demand["lorries"]["bans"] = []
    demand["gates"]["kinds"] = {
        kind: {
            "cars_per_day": _value(cars, "no counts known"),
            "lorries_per_day": _value(lorries, "no counts known"),
            "through_share": _value(THROUGH_SHARE, "an extract is small"),
        }
        for kind, (cars, lorries) in GATE_VEHICLES_PER_DAY.items()
    }
    demand["gates"]["least_through_km"] = _value(round(breadth_km / 4, 2), "a quarter of the map's breadth")
    parking = _assumed(_load(template / "parking.toml"))
    parking["title"] = f"{place}: public parking (assumed; car parks of the map as drawn there)"
    people = sum(zone.residents for zone in seeds.zones)
    kerb_spaces = round(_KERB_SPACES_PER_RESIDENT * people)
    parking["supply"]["kerb_spaces"] = _value(kerb_spaces, "so many for each resident as in Yantai")
    parking["supply"]["kerb_sites"] = _value(
        -(-kerb_spaces // _SPACES_PER_KERB_SITE), "so many spaces a site as in Yantai"
    )
    parking["sites"] = [_site(park) for park in car_parks]
    parking["crowded_places"] = []
    passport = {
        "title": f"Zones, travel and parking of {place}",
        "place": place,
        "kind": "assumed",
        "made_on": made_on.isoformat(),
        "licence": "as the map's: © OpenStreetMap contributors, ODbL, where zones and car parks follow it",
        "note": "Assumed throughout, not calibrated: zones are cells of streets, people so many a kilometre of street, "
        f"placed by {seeds.based_on}; behaviour {_BORROWED}.",
        "citations": {},
    }
    head = (
        f"# Made for {place} from its streets. ASSUMED THROUGHOUT: replace what you know, and say where it is from.\n"
    )
    for name, table in (("demand.toml", demand), ("parking.toml", parking), ("passport.toml", passport)):
        write_whole(folder / name, (head + sourced_text({"format": FORMAT, **table})).encode())
    write_whole(folder / "zones.csv", _zones_text(seeds, gates).encode())


def _load(path: Path) -> dict[str, Any]:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    table.pop("format")
    return table


def _value(value: object, note: str) -> dict[str, object]:
    return {"value": value, "tag": "A", "note": note}


def _is_value(table: object) -> bool:
    return isinstance(table, Mapping) and "value" in table and "tag" in table


def _assumed(table: dict[str, Any]) -> dict[str, Any]:
    """The same settings, each value an assumption that says it is borrowed."""
    changed: dict[str, Any] = {}
    for key, inner in table.items():
        if _is_value(inner):
            changed[key] = _value(inner["value"], _BORROWED)
        elif isinstance(inner, dict):
            changed[key] = _assumed(inner)
        else:
            changed[key] = inner
    return changed


def _site(park: MappedCarPark) -> dict[str, object]:
    """A car park of the map as a known site; what the map does not say is flagged."""
    assumed = ["occupied_at_start", "tariff"]
    if park.spaces is None or park.is_estimate:
        assumed.insert(0, "spaces")
    said = {"side": park.side, "access": park.access, "charging_spaces": park.charging}
    usual = {"side": "", "access": "public", "charging_spaces": 0}
    return {
        "id": park.osm_id.replace("/", "-"),
        **{name: value for name, value in said.items() if value != usual[name]},
        "name": park.name or f"{park.kind} {park.osm_id}",
        "kind": park.kind,
        "lon": park.lon,
        "lat": park.lat,
        "spaces": UNKNOWN_SPACES[park.kind] if park.spaces is None else park.spaces,
        "occupied": _CAR_PARK_TAKEN,
        "day_cap_yuan": 20.0,
        "free_min": 0.0,
        "assumed": assumed,
        "tag": "A",
        "note": "drawn on the map; spaces as drawn unless listed as assumed",
    }


def sourced_text(table: Mapping[str, Any], prefix: str = "") -> str:
    """A TOML document in which each sourced value stands on one line: `key = { value = …, tag = "A", note = "…" }`."""
    lines, tables = [], []
    for key, inner in table.items():
        name = f"{prefix}.{key}" if prefix else key
        if _is_value(inner):
            parts = ", ".join(f"{part} = {_on_one_line(inner[part])}" for part in inner)
            lines.append(f"{key} = {{ {parts} }}\n")
        elif isinstance(inner, Mapping):
            body = sourced_text(inner, name)
            only_tables = body.lstrip("\n").startswith(f"[{name}.")
            tables.append(body if only_tables else f"\n[{name}]\n{body}")
        elif isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
            tables += [f"\n[[{name}]]\n{tomli_w.dumps(entry)}" for entry in inner]
        else:
            lines.append(tomli_w.dumps({key: inner}))
    return "".join([*lines, *tables])


def _on_one_line(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_on_one_line, value))}]"
    return tomli_w.dumps({"_": value}).removeprefix("_ = ").strip()


def _zones_text(seeds: ZoneSeeds, gates: Sequence[GateSeed]) -> str:
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow([*ZONE_COLUMNS, "tag", "note"])
    note = f"cell of streets; people so many a kilometre of street, placed by {seeds.based_on}"
    flags = "name lon lat area_km2 residents jobs"
    for number, zone in enumerate(seeds.zones, start=1):
        people = (zone.area_km2, round(zone.residents), round(zone.jobs))
        table.writerow([f"Z{number:03d}", zone.name, "zone", "", zone.lon, zone.lat, *people, flags, "A", note])
    for number, gate in enumerate(gates, start=1):
        place = (round(gate.lon, 6), round(gate.lat, 6))
        note = "end of a wide street at the edge of the map"
        table.writerow([f"G{number:02d}", gate.name, "gate", gate.kind, *place, "", "", "", "lon lat", "A", note])
    return stream.getvalue()
