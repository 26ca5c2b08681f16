"""A town of twenty-five crossings on both sides of a river, written by hand in the formats of the product.

Streets 400 m apart, two bridges of one lane each way, four zones and two gates, eight car parks, four bus lines,
signals at nine crossings, some 2,000 trips a morning. Two streets are there that nobody drives: 后山路 goes far round
over the hills, wide enough to have the most weight where it joins; 小巷 is a slow alley across one block.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from tests.demand.grid_demand import DEMAND, FLAT, PARKING, WORK
from twin.city.network import Kind
from twin.demand.inputs import GateKind, KnownSite, Level, ParkingSettings
from twin.files.demand_files import FORMAT as DEMAND_FORMAT
from twin.files.demand_template import sourced_text
from twin.files.network_files import NetworkPassport, checksum_of, write_passport
from twin.files.screenline_files import FORMAT as SCREENLINES_FORMAT
from twin.files.screenline_files import SCREENLINES_FILE

PLACE = "grid-town"
STEP_LON, STEP_LAT = 0.00453, 0.0036  # 400 m
COLUMNS, ROWS = 6, 5
ROW_NAMES = ("南环街", "东风街", "中街", "解放街", "北环街")
COLUMN_NAMES = ("一路", "二路", "三路", "四路", "五路", "六路")
BRIDGES = {1: "东风桥", 3: "解放桥"}
SIGNALS = ((1, 1), (1, 3), (2, 1), (2, 2), (3, 1), (3, 3), (4, 1), (4, 3), (2, 4))
CITY_DATE = date(2023, 12, 31)

Table = list[dict[str, Any]]


def place(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a crossing; fractions lie between crossings."""
    return round(121.4 + x * STEP_LON, 7), round(37.5 + y * STEP_LAT, 7)


FAR = place(0.5, 40)
"""Beyond the hills on 后山路: farther than anybody walks or drives."""


def node_number(x: int, y: int) -> int:
    return 101 + 10 * x + y


@dataclass(frozen=True, slots=True)
class Way:
    """One street of the map file: nodes in order, and tags."""

    number: int
    nodes: tuple[int, ...]
    tags: Mapping[str, str]


def ways() -> list[Way]:
    found: list[Way] = []

    def add(nodes: list[int], name: str, highway: str, lanes: int, maxspeed: int) -> None:
        tags = {"highway": highway, "name": name, "lanes": str(lanes), "maxspeed": str(maxspeed)}
        found.append(Way(5001 + len(found), tuple(nodes), tags))

    for y, name in enumerate(ROW_NAMES):
        for x in range(COLUMNS - 1):
            ends = [node_number(x, y), node_number(x + 1, y)]
            if x != 2:
                add(ends, name, "secondary" if y in BRIDGES else "tertiary", 2, 50 if y in BRIDGES else 40)
            elif y in BRIDGES:
                add(ends, BRIDGES[y], "tertiary", 2, 40 if y == 1 else 12)  # the other is old and slow
    for x, name in enumerate(COLUMN_NAMES):
        for y in range(ROWS - 1):
            add([node_number(x, y), node_number(x, y + 1)], name, "tertiary", 2, 40)
    add([node_number(1, 3), 901, 902, node_number(4, 3)], "后山路", "primary", 6, 60)
    add([node_number(1, 1), 903, node_number(0, 0)], "小巷", "residential", 2, 10)
    return found


def positions() -> dict[int, tuple[float, float]]:
    """Longitude and latitude of each node of the map."""
    found = {node_number(x, y): place(x, y) for x in range(COLUMNS) for y in range(ROWS)}
    return {**found, 901: FAR, 902: place(4.5, 40), 903: place(0.6, 0.4)}


ZONES: Table = [
    {"id": "Z1", "name": "西南", "kind": "zone", "district": "西区", "x": 1, "y": 1, "residents": 3000, "jobs": 50},
    {"id": "Z2", "name": "西北", "kind": "zone", "district": "西区", "x": 1, "y": 3, "residents": 1700, "jobs": 50},
    {"id": "Z3", "name": "东南", "kind": "zone", "district": "东区", "x": 4, "y": 1, "residents": 200, "jobs": 1600},
    {"id": "Z4", "name": "东北", "kind": "zone", "district": "东区", "x": 4, "y": 3, "residents": 100, "jobs": 1200},
    {"id": "G1", "name": "西口", "kind": "gate", "district": "road", "x": 0, "y": 2, "residents": 0, "jobs": 0},
    {"id": "G2", "name": "东口", "kind": "gate", "district": "road", "x": 5, "y": 2, "residents": 0, "jobs": 0},
]  # fmt: skip
LINES: dict[str, list[tuple[float, float]]] = {
    "1路": [(0, 1), (1, 1), (1.6, 1), (3, 1), (4, 1), (5, 1)],
    "2路": [(0, 3), (2, 3), (3, 3), (5, 3)],
    "3路": [(1, 0), (1, 2), (1, 4), (2, 4)],
    "4路": [(4, 0), (4, 2), (4, 4)],
}
PEAK_MIN = {"1路": 6.0, "2路": 10.0, "3路": 15.0, "4路": 0.0}
OFF_PEAK_MIN = {"1路": 12.0, "2路": 20.0, "3路": 30.0, "4路": 120.0}
"""4路 runs from 09:30 on: in the morning that studies run nobody rides it."""
CAR_PARKS = (
    ("p1", 3.9, 1.1, 50, 0.5),
    ("p2", 4.1, 2.0, 30, 0.6),
    ("p3", 3.1, 0.1, 40, 0.4),
    ("p4", 4.9, 1.0, 80, 0.3),
    ("p5", 4.1, 3.1, 60, 0.5),
    ("p6", 3.2, 4.0, 80, 0.2),
    ("p7", 1.1, 1.9, 60, 0.5),
    ("p8", 1.9, 3.1, 40, 0.5),
)
TOWN_DEMAND = replace(
    DEMAND,
    title="grid town",
    level=Level(scale=2.0, trips_per_resident=1.0, day_cv=0.05, departure_sd_min=5.0),
    loading=replace(
        DEMAND.loading, points_per_zone=6, reach_m=900.0, class_weights={"tertiary": 1.0, "secondary": 0.5}
    ),
    purposes={"work": replace(WORK, deterrence_per_min=0.05)},
    gates=replace(DEMAND.gates, kinds={"road": GateKind(300.0, 60.0, 0.25)}),
    lorries=replace(DEMAND.lorries, profile=FLAT),
)
TOWN_PARKING: ParkingSettings = replace(
    PARKING,
    title="grid town",
    supply=replace(PARKING.supply, kerb_spaces=0, kerb_sites=0, lot_spaces_per_job=0.0),
    sites=tuple(
        KnownSite(name, name, "lot", *place(x, y), spaces, taken, 20.0, 0.0, ())
        for name, x, y, spaces, taken in CAR_PARKS
    ),
)


KNOWN_PLACES = (("小学", "school", 1, 2), ("医院", "hospital", 4, 2))


@dataclass(frozen=True)
class TownFiles:
    """How the town is written. `renamed`: other ids in the same order; `reverse`: rows of every file backward."""

    renamed: bool = False
    reverse: bool = False

    @property
    def node_id(self) -> Callable[[int], int]:
        return (lambda n: 7 * n + 990_000) if self.renamed else (lambda n: n)

    @property
    def zone_id(self) -> Callable[[str], str]:
        return (lambda zone: f"区{zone}a") if self.renamed else (lambda zone: zone)


PLAIN = TownFiles()


def write_town(home: Path, how: TownFiles = PLAIN) -> Path:
    """The town with a scenario `base`, in a home folder."""
    _write_streets(home / "networks" / PLACE, how)
    _write_lines(home / "networks" / PLACE, how)
    _write_demand(home / "seeds" / "demand" / PLACE, how)
    (home / "seeds" / "seeds.toml").write_text(
        'format = "twin-seeds/1"\npopulation = 20240101\nreplications = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n', "utf-8"
    )
    write_scenario_text(home, "base", f'place = "{PLACE}"\ndate = {CITY_DATE}\nmeasured = ["07:15", "08:00"]\n')
    return home


def write_scenario_text(home: Path, name: str, body: str) -> Path:
    """A scenario document with this body below its name."""
    path = home / "scenarios" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'format = "twin-scenario/1"\nname = "{name}"\ntitle = "{name}"\n{body}', "utf-8")
    return path


def write_measures(home: Path, name: str, *measures: str) -> Path:
    """A scenario on `base` with these measures, each the body of its table."""
    tables = "".join(f'\n[[measures]]\nid = "m{i}"\n{measure}\n' for i, measure in enumerate(measures, start=1))
    return write_scenario_text(home, name, f'based_on = "base"\n{tables}')


def _write_streets(folder: Path, how: TownFiles) -> None:
    folder.mkdir(parents=True)
    signal = {node_number(x, y) for x, y in SIGNALS}
    node_texts, way_texts = [], []
    for number, (lon, lat) in sorted(positions().items()):
        tag = '<tag k="highway" v="traffic_signals"/>' if number in signal else ""
        node_texts.append(f'<node id="{how.node_id(number)}" lat="{lat:.7f}" lon="{lon:.7f}">{tag}</node>')
    for way in ways():
        inside = "".join(f'<nd ref="{how.node_id(node)}"/>' for node in way.nodes)
        inside += "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in way.tags.items())
        way_texts.append(f'<way id="{3 * way.number if how.renamed else way.number}">{inside}</way>')
    if how.reverse:
        node_texts.reverse()
        way_texts.reverse()
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="hand">', *node_texts, *way_texts]
    path = folder / "streets.osm"
    path.write_text("\n".join([*lines, "</osm>", ""]), "utf-8")
    kind: Kind = "synthetic"
    passport = NetworkPassport(
        title="小城 / Grid town", kind=kind, file=path.name, checksum=checksum_of(path), crs="EPSG:32651",
        city_date=CITY_DATE, made_on=CITY_DATE, made_by="hand", source="made up", licence="MIT", attribution="made up",
    )  # fmt: skip
    write_passport(folder, passport)


def _write_lines(folder: Path, how: TownFiles) -> None:
    stops: Table = []
    for line, places in LINES.items():
        for direction, there in (("上行", places), ("下行", places[::-1])):
            for seq, (x, y) in enumerate(there, start=1):
                lon, lat = place(x, y)
                row = {"line": line, "direction": direction, "seq": seq, "stop_name": f"{line}{x}-{y}"}
                stops.append({**row, "lon": lon, "lat": lat, "coverage": "whole"})
    headways: Table = [
        {
            "line": line,
            "type": "town",
            "peak_headway_min": peak,
            "offpeak_headway_min": OFF_PEAK_MIN[line],
            "source": "made up",
        }
        for line, peak in PEAK_MIN.items()
    ]
    places: Table = []
    for name, kind, x, y in KNOWN_PLACES:
        lon, lat = place(x, y)
        places.append({"name": name, "type": kind, "lon": lon, "lat": lat})
    _write_csv(folder / "places.csv", places, how)
    _write_csv(folder / "bus_lines.csv", stops, how)
    _write_csv(folder / "bus_headways.csv", headways, how)


def _write_demand(folder: Path, how: TownFiles) -> None:
    folder.mkdir(parents=True)
    rows: Table = []
    for zone in ZONES:
        lon, lat = place(zone["x"] + 0.03, zone["y"] + 0.04)
        kept = {name: value for name, value in zone.items() if name not in ("x", "y", "id")}
        rows.append({"id": how.zone_id(zone["id"]), **kept, "lon": lon, "lat": lat, "area_km2": 1.0, "assumed": "jobs"})
    _write_csv(folder / "zones.csv", rows, how)
    _write_screenline(folder)
    sites = TOWN_PARKING.sites[::-1] if how.reverse else TOWN_PARKING.sites
    for name, settings in (("demand", TOWN_DEMAND), ("parking", replace(TOWN_PARKING, sites=sites))):
        text = sourced_text({"format": DEMAND_FORMAT, **_sourced(settings)})
        (folder / f"{name}.toml").write_text(text, "utf-8")
    (folder / "passport.toml").write_text(
        f'format = "{DEMAND_FORMAT}"\ntitle = "grid town"\nplace = "{PLACE}"\nkind = "synthetic"\n'
        'made_on = "2026-01-01"\nlicence = "MIT"\nnote = "made by hand"\n[citations]\n',
        "utf-8",
    )


def _write_screenline(folder: Path) -> None:
    """The river between the third and the fourth column, from south to north."""
    line = [list(place(2.5, -1)), list(place(2.4, 2)), list(place(2.5, 5))]
    (folder / SCREENLINES_FILE).write_text(
        f'format = "{SCREENLINES_FORMAT}"\n[[screenlines]]\nid = "river"\nname = "河 / river"\nline = {line}\n'
        'left = "西 / west"\nright = "东 / east"\ntag = "A"\n',
        "utf-8",
    )


def _sourced(thing: Any) -> Any:
    """A dataclass of settings as the nested tables of its file, every value tagged as assumed."""
    table: dict[str, Any] = {}
    items = thing.items() if isinstance(thing, Mapping) else ((f.name, getattr(thing, f.name)) for f in fields(thing))
    for name, value in items:
        if name == "title":
            table[name] = value
        elif isinstance(value, Mapping) or is_dataclass(value):
            table[name] = _sourced(value)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            table[name] = [{**_plain(entry), "tag": "A"} for entry in value]
        elif value != ():
            table[name] = {"value": list(value) if isinstance(value, tuple) else value, "tag": "A", "note": "made up"}
    return table


def _plain(entry: Any) -> dict[str, Any]:
    values = ((f.name, getattr(entry, f.name)) for f in fields(entry))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values if value is not None}


def _write_csv(path: Path, rows: Table, how: TownFiles) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows[::-1] if how.reverse else rows)
