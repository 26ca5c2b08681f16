"""New places from map files: a runnable city of any extract, and real streets in place of a sketch.

Both write into a working folder, never into the package, and in one step: a place is there whole or not at all.
"""

import contextlib
import dataclasses
import datetime
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.city.ground import ground_of
from twin.city.network import Link, Network
from twin.clock import TimeWindow
from twin.errors import DataFileError
from twin.files.attachments import attachments, counted, lost_and_far
from twin.files.barrier_files import BARRIERS_FILE, write_barriers
from twin.files.catalogue import checked_name, demand_folder, mark_working_folder, network_folder, places
from twin.files.demand_files import read_demand
from twin.files.demand_template import write_demand
from twin.files.map_files import STREETS_FILE, write_streets
from twin.files.network_files import NetworkPassport, checksum_of, load_network_from, read_passport, write_passport
from twin.files.route_lines import lines_on_streets, write_line_tables
from twin.files.scenario_files import write_scenario
from twin.osm.barriers import read_barriers
from twin.osm.extract import Extract
from twin.osm.gates import gate_seeds
from twin.osm.land_use import zone_seeds
from twin.osm.parking_tags import car_parks, kerbs
from twin.osm.read import read_extract
from twin.osm.report import NetworkReport
from twin.osm.route_relations import read_mapped_lines
from twin.osm.streets import network_of
from twin.scenario.scenario import Scenario
from twin.scenario.street_measures import SetSpeedLimit
from twin.units import km_from_metres, kmh_from_mps
from twin.wording import Words

ODBL = "ODbL 1.0"
OSM_ATTRIBUTION = "© OpenStreetMap contributors, ODbL"
_MEASURED = TimeWindow.between("07:00", "09:00")
_CALMED_KMH = (30.0, 20.0)
_WORTH_CALMING_KMH = 5.0
_CALMED_FIRST = {"secondary": 0, "tertiary": 1, "residential": 2, "primary": 3}


@dataclass(frozen=True, slots=True)
class ReplaceReport:
    """What new streets did to a place. `attached`: what → (stands on a street, all there are).

    `lost`: what stood on the old streets and finds none now; `far`: what lies far from any street, as it did before;
    `line_notes`: stops not served, detours, lines cut.
    """

    place: str
    folder: Path
    network: NetworkReport
    attached: dict[str, tuple[int, int]]
    lost: tuple[str, ...]
    far: tuple[str, ...]
    line_notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InitReport:
    """What was made for a new place, and where. `scenarios`: the base, and an example to start from."""

    place: str
    home: Path
    network: NetworkReport
    zones: int
    gates: int
    car_parks: int
    people_from: str  # what placed residents and jobs: buildings, land use or streets
    scenarios: tuple[str, ...]
    notes: tuple[str, ...] = ()
    lines: int = 0  # directions of bus lines that the map holds and that can be driven


def init_place(name: str, file: Path, *, home: Path, made_on: datetime.date | None = None) -> InitReport:
    """A minimal runnable city of a map file under a new name: streets, zones, gates, parking and two scenarios.

    People, trips and parking are assumed, and say so. Raises DataFileError, NetworkError; then nothing is written.
    """
    checked_name(name, "place")
    if name in places():
        raise DataFileError(
            f"place {name!r}: there is one of this name already. Choose another name, or give this place new streets: "
            f"`twin network replace {name} {file}`."
        )
    made_on = made_on or datetime.date.today()
    extract = read_extract(file, with_land_use=True)
    network, report = network_of(extract, place=name, source=file.name)
    seeds = zone_seeds(extract, network)
    gates = gate_seeds(network)
    parks = (*car_parks(extract), *kerbs(extract))
    base, first = _scenarios(network, name, made_on)
    routes = lines_on_streets(read_mapped_lines(file), network.open_on(made_on))
    passport = _passport(name, file, network, made_on)
    if routes.lines:
        told = (routes.summary, "Headways of bus lines are assumed where the map tells none.", *routes.notes)
        passport = dataclasses.replace(passport, known_errors=told)
    with _staged(home) as stage:
        _write_network(stage / "networks" / name, extract, passport)
        if routes.lines:
            write_line_tables(stage / "networks" / name, list(routes.mapped.values()))
        write_barriers(stage / "networks" / name / BARRIERS_FILE, read_barriers(file))
        demand = stage / "seeds" / "demand" / name
        breadth_km = km_from_metres(float(np.ptp(ground_of(network).node_xy, axis=0).max()))
        write_demand(demand, name, seeds=seeds, gates=gates, car_parks=parks, breadth_km=breadth_km, made_on=made_on)
        read_demand(demand)
        (stage / "scenarios").mkdir()
        for scenario in (base, first):
            write_scenario(stage / "scenarios" / f"{scenario.name}.toml", scenario, header=scenario.title.en)
    notes = () if gates else ("No wide street ends at the edge of the map: nobody comes from outside.",)
    if routes.told:
        more = len(routes.notes)
        notes += (routes.summary, *([f"{more:,} notes on them are in the passport (network.toml)."] if more else ()))
    return InitReport(
        name, home, report, len(seeds.zones), len(gates), len(parks), seeds.based_on, (base.name, first.name), notes,
        len(routes.lines),
    )  # fmt: skip


def replace_network(place: str, file: Path, *, home: Path, made_on: datetime.date | None = None) -> ReplaceReport:
    """A working copy of a place with the streets of another map; its zones, gates, car parks and lines attach anew.

    Nothing is asked back: what does not attach is listed, and the place is written all the same. A working copy made
    earlier is replaced. Raises DataFileError, NetworkError; then nothing is written.
    """
    made_on = made_on or datetime.date.today()
    old_folder = network_folder(place)
    extract = read_extract(file)
    old_network, _ = load_network_from(old_folder)
    old = read_passport(old_folder)
    network, report = network_of(extract, place=place, source=file.name)
    inputs = read_demand(demand_folder(place))
    before = attachments(old_network.open_on(old.city_date), inputs, old_folder)
    after = attachments(network.open_on(old.city_date), inputs, old_folder)
    lost, far = lost_and_far(before, after)
    passport = dataclasses.replace(
        _passport(place, file, network, made_on),
        title=old.title,
        city_date=old.city_date,
        bus=old.bus,
        known_errors=(
            f"Streets without a date of opening count as open on {old.city_date}, though the map may be younger.",
            *lost,
        ),
    )
    with _staged(home, over=True) as stage:
        folder = stage / "networks" / place
        _write_network(folder, extract, passport)
        write_barriers(folder / BARRIERS_FILE, read_barriers(file))
        for table in sorted(old_folder.glob("*.csv")):
            shutil.copyfile(table, folder / table.name)
    return ReplaceReport(place, home / "networks" / place, report, counted(after), lost, far, after.line_notes)


def _write_network(folder: Path, extract: Extract, passport: NetworkPassport) -> None:
    write_streets(extract, folder / passport.file)
    write_passport(folder, dataclasses.replace(passport, checksum=checksum_of(folder / passport.file)))
    load_network_from(folder)


def _passport(place: str, file: Path, network: Network, made_on: datetime.date) -> NetworkPassport:
    """The passport of streets from a map file; the checksum comes with the file written."""
    return NetworkPassport(
        title=place,
        kind=network.kind,
        file=STREETS_FILE,
        checksum="",
        crs=network.crs,
        city_date=made_on,
        made_on=made_on,
        made_by="drivable ways of the map file, otherwise as drawn",
        source=f"{file.name} ({checksum_of(file)})",
        licence=ODBL,
        attribution=OSM_ATTRIBUTION,
    )


def _scenarios(network: Network, place: str, day: datetime.date) -> tuple[Scenario, Scenario]:
    """The place as it is, and an example to start from: a lower speed limit on one street."""
    base = Scenario(
        name=f"{place}-baseline",
        title=Words(f"{place} 现状", f"{place} as it is"),
        place=place,
        date=day,
        measured=_MEASURED,
        notes=("出行需求和停车均为假定。 / Demand and parking are assumed.",),
    )
    measure = _slower_street(network.open_on(day))
    where = measure.street or "one street"
    first = Scenario(
        name=f"{place}-first",
        title=Words(f"{measure.describe('zh')}(示例)", f"An example: {where} at {measure.speed_kmh:g} km/h"),
        place=place,
        based_on=base.name,
        measured=_MEASURED,
        measures=(measure,),
        notes=("示例，不是建议：把此文件改成自己的问题。 / An example, no advice: make it your own question.",),
    )
    return base, first


def _slower_street(network: Network) -> SetSpeedLimit:
    """A lower limit on the longest named street of middling class, else on the longest street."""
    streets: dict[str, list[Link]] = {}
    for link in network.links:
        if link.name:
            streets.setdefault(link.name, []).append(link)
    calmed = []
    for name, links in streets.items():
        slowest_kmh = kmh_from_mps(min(link.free_speed_mps for link in links))
        to_kmh = next((kmh for kmh in _CALMED_KMH if slowest_kmh >= kmh + _WORTH_CALMING_KMH), None)
        if to_kmh is not None:
            widest = min(_CALMED_FIRST.get(link.road_class, len(_CALMED_FIRST)) for link in links)
            calmed.append((widest, -sum(link.length_m for link in links), name, to_kmh))
    if calmed:
        _, _, name, to_kmh = min(calmed)
        return SetSpeedLimit(id="slower-street", group="streets", street=name, speed_kmh=to_kmh)
    longest = max(network.links, key=lambda link: (link.length_m, link.id))
    line = network.ends_of(longest)
    middle = line[len(line) // 2] if len(line) > 2 else tuple((a + b) / 2 for a, b in zip(*line, strict=True))
    to_kmh = round(0.8 * kmh_from_mps(longest.free_speed_mps), 1)
    return SetSpeedLimit(id="slower-street", group="streets", near=(middle[0], middle[1]), speed_kmh=to_kmh)


@contextlib.contextmanager
def _staged(home: Path, *, over: bool = False) -> Iterator[Path]:
    """A folder to write into; at the end its places and scenarios move into the home, all or none.

    `over`: what the home has of the same name gives way.
    """
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".twin-") as name:
        stage = Path(name) / "new"
        stage.mkdir()
        yield stage
        moves = [(path, home / path.relative_to(stage)) for path in _movable(stage)]
        taken = [target for _, target in moves if target.exists()]
        if taken and not over:
            raise DataFileError(f"{taken[0]}: exists already. Choose another name, or remove it.")
        _move_all(moves, Path(name) / "old")
    mark_working_folder(home)


def _movable(stage: Path) -> list[Path]:
    """Folders of places and files of scenarios, passports last: a place is known once it has one."""
    found = [*stage.glob("seeds/demand/*"), *stage.glob("scenarios/*"), *stage.glob("networks/*")]
    return [path for path in found if not path.name.startswith(".")]


def _move_all(moves: list[tuple[Path, Path]], aside: Path) -> None:
    """Move each to its target; on any failure everything is where it was."""
    undo: list[tuple[Path, Path]] = []
    try:
        for number, (path, target) in enumerate(moves):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                kept = aside / str(number)
                kept.parent.mkdir(parents=True, exist_ok=True)
                target.rename(kept)
                undo.append((kept, target))
            path.rename(target)
            undo.append((target, path))
    except OSError:
        for source, back in reversed(undo):
            source.rename(back)
        raise
