"""New places from maps, and other streets for a place: whole or not at all, everything assumed and said so."""

import dataclasses
import datetime
import gzip
import shutil
from pathlib import Path

import pytest

from tests.osm.maps import METRE_LAT, write_map
from twin.city.city import City
from twin.errors import DataFileError, NetworkError, TwinError
from twin.files import place_init
from twin.files.catalogue import CACHE_VARIABLE, HOME_VARIABLE, network_folder, places
from twin.files.city_files import load_city
from twin.files.demand_files import read_demand
from twin.files.network_check import check_network
from twin.files.network_files import load_network, read_passport
from twin.files.place_init import init_place, replace_network
from twin.files.scenario_files import read_scenario
from twin.osm.extract import Extract, OsmWay
from twin.osm.read import read_extract

DAY = datetime.date(2024, 3, 1)
YANTAI = Path(__file__).parents[2] / "networks" / "yantai" / "streets.osm"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv(HOME_VARIABLE, str(folder))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return folder


def _town(folder: Path) -> Path:
    """Seven streets by seven, 250 m apart; the middle two lead 600 m out of town; two car parks, one with a sign."""
    side = range(7)
    places = {100 * i + j + 1: (250.0 * i, 250.0 * j) for i in side for j in side}
    ways = []
    for number in side:
        kind = "primary" if number == 3 else "residential"
        rows = [100 * number + j + 1 for j in side]
        columns = [100 * i + number + 1 for i in side]
        if number == 3:
            places |= {901: (750, -600), 902: (750, 2100), 903: (-600, 750), 904: (2100, 750)}
            rows, columns = [901, *rows, 902], [903, *columns, 904]
        ways.append((1000 + number, rows, {"highway": kind, "name": f"南北{number}路", "maxspeed": "50"}))
        ways.append((2000 + number, columns, {"highway": kind, "name": f"东西{number}街", "maxspeed": "50"}))
    places |= {950: (300, 300), 951: (800, 800)}
    tags = {
        304: {"highway": "traffic_signals"},
        950: {"amenity": "parking", "capacity": "120", "name": "广场停车场"},
        951: {"amenity": "parking", "parking": "multi-storey"},
    }
    return write_map(folder, places, ways, tags)


def _with_lines(path: Path) -> Path:
    """The town with line 1 along the middle street from south to north, and line 2 whose ways do not hang together."""
    halts = {991: 125.0, 992: 875.0, 993: 1375.0}  # metres north; 8 m east of the street
    stops = [("n", number, "platform") for number in halts]
    lines = {
        1: ([*stops, ("w", 1003, "")], {"ref": "1路", "from": "南站", "to": "北站", "interval": "6"}),
        2: ([("n", 101, "stop"), ("n", 103, "stop"), ("w", 1001, ""), ("w", 1006, "")], {"ref": "2路", "to": "远处"}),
    }
    relations = "".join(
        f'<relation id="{number}">'
        + "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        + "".join(f'<tag k="{k}" v="{v}"/>' for k, v in {"type": "route", "route": "bus", **tags}.items())
        + "</relation>"
        for number, (members, tags) in lines.items()
    )
    nodes = "".join(
        f'<node id="{number}" lat="{north_m * METRE_LAT:.9f}" lon="{758.0 * METRE_LAT:.9f}"/>'
        for number, north_m in halts.items()
    )
    text = path.read_text(encoding="utf-8").replace("</osm>", f"{relations}</osm>")
    path.write_text(text.replace('<way id="1000">', f'{nodes}<way id="1000">', 1), encoding="utf-8")
    return path


def _load(place: str) -> City:
    return load_city(place, seed=1)


def test_a_new_place_runs_without_editing(home: Path, tmp_path: Path) -> None:
    report = init_place("小城", _town(tmp_path), home=home, made_on=DAY)
    city = _load("小城")
    assert (report.gates, report.car_parks, report.people_from) == (4, 2, "streets")
    assert report.zones == len([zone for zone in city.zones if zone.kind == "zone"]) == 20
    assert city.demand is not None and len(city.demand.travellers) > 500
    assert {"广场停车场"} <= {site.name for site in city.sites}
    assert report.scenarios == ("小城-baseline", "小城-first")
    first = read_scenario("小城-first")
    after = first.apply_to(city)
    changed = [link for link, old in zip(after.network.links, city.network.links, strict=True) if link != old]
    assert {round(3.6 * link.free_speed_mps) for link in changed} == {30}
    assert first.before == "小城-baseline"


def test_bus_lines_of_the_map_are_lines_of_the_new_place(home: Path, tmp_path: Path) -> None:
    """Line 1 drives the middle street every 6 minutes, as the map says; how often line 2 runs is not told."""
    report = init_place("小城", _with_lines(_town(tmp_path)), home=home, made_on=DAY)
    assert report.lines == 2
    assert report.notes[0].startswith("2 directions of bus lines are mapped; 2 have two stops or more here, and 2 can")
    first, second = _load("小城").lines
    assert (first.id, [stop.name for stop in first.stops]) == ("1路/南站 → 北站", ["#1", "#2", "#3"])
    network = load_network("小城")[0]
    assert {network.link_by_id[link].name for link in first.route} == {"南北3路"}
    assert {part.headway_s for part in first.headways} == {360.0}
    assert {part.headway_s for part in second.headways} == {600.0, 900.0}
    assert "headways" in second.assumed
    said = " ".join(read_passport(home / "networks" / "小城").known_errors)
    assert "Headways of bus lines are assumed where the map tells none." in said


def test_a_check_of_a_map_counts_gaps_and_stops_of_its_bus_lines(tmp_path: Path) -> None:
    """Line 2 has one gap, where its first way ends at the north edge; the map's other findings are not of lines."""
    path = _with_lines(_town(tmp_path))
    text = path.read_text(encoding="utf-8")
    far = '<node id="999" lat="0.05" lon="0.05"/>'
    text = text.replace('<way id="1000">', f'{far}<way id="1000">', 1)
    path.write_text(text.replace('<member type="n" ref="993"', '<member type="n" ref="999"'), encoding="utf-8")
    check = check_network(str(path))
    rows = check.findings[check.findings["kind"] == "bus_line"]
    assert sorted(zip(rows["en"], rows["street"], strict=True)) == [
        ("a bus stop that no street of the line reaches, not served", "1路 南站 → 北站"),
        ("a gap between the ways of a bus line", "2路 远处"),
    ]
    assert "bus line 1路/南站 → 北站: stop #3 lies more than 150 m from any street and is not served" in check.sentences


def test_nothing_of_a_new_place_looks_observed(home: Path, tmp_path: Path) -> None:
    init_place("小城", _town(tmp_path), home=home, made_on=DAY)
    inputs = read_demand(home / "seeds" / "demand" / "小城")
    assert {source.tag for source in inputs.sources} == {"A"}
    assert inputs.passport.kind == "assumed"
    assert all({"lon", "lat"} <= zone.assumed for zone in inputs.zones)
    by_name = {site.name: site for site in inputs.parking.sites}
    assert (by_name["广场停车场"].spaces, "spaces" in by_name["广场停车场"].assumed) == (120, False)
    assert "spaces" in by_name["garage node/951"].assumed
    assert inputs.demand.lorries.bans == ()
    passport = read_passport(home / "networks" / "小城")
    assert (passport.kind, passport.city_date) == ("openstreetmap", DAY)
    assert "OpenStreetMap contributors" in passport.attribution


def test_the_streets_kept_are_those_of_the_map(home: Path, tmp_path: Path) -> None:
    path = _town(tmp_path)
    init_place("小城", path, home=home, made_on=DAY)
    kept = read_extract(home / "networks" / "小城" / "streets.osm.gz")
    whole = read_extract(path)
    assert kept.streets == whole.streets
    assert kept.positions == {node: place for node, place in whole.positions.items() if node < 905}
    assert load_network("小城")[0].kind == "openstreetmap"


def test_the_same_map_makes_the_same_place(home: Path, tmp_path: Path) -> None:
    path = _town(tmp_path)
    init_place("小城", path, home=home, made_on=DAY)
    other = tmp_path / "other"
    first = {file.relative_to(home): file.read_bytes() for file in home.rglob("*") if file.is_file()}
    shutil.rmtree(home)
    home.mkdir()
    init_place("小城", path, home=other, made_on=DAY)
    assert {file.relative_to(other): file.read_bytes() for file in other.rglob("*") if file.is_file()} == first


def test_a_name_in_use_or_unsafe_is_refused(home: Path, tmp_path: Path) -> None:
    path = _town(tmp_path)
    with pytest.raises(DataFileError, match="there is one of this name already"):
        init_place("yantai", path, home=home)
    with pytest.raises(DataFileError, match="letters, digits"):
        init_place("../there", path, home=home)
    assert list(home.iterdir()) == []


def test_a_map_that_cannot_be_used_leaves_nothing_behind(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="no such file"):
        init_place("小城", tmp_path / "none.osm", home=home)
    lonely = write_map(tmp_path, {1: (0, 0)}, [(1, [1, 1], {"highway": "primary"})])
    with pytest.raises(NetworkError):
        init_place("小城", lonely, home=home)
    assert list(home.iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing_behind(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _town(tmp_path)
    rename = Path.rename
    moved = []

    def full_at_the_third(self: Path, target: Path) -> Path:
        moved.append(target)
        if len(moved) == 3:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(place_init.Path, "rename", full_at_the_third)
    with pytest.raises(OSError, match="No space left"):
        init_place("小城", path, home=home, made_on=DAY)
    assert [file for file in home.rglob("*") if file.is_file()] == []
    assert "小城" not in places()


def _another_drawing(extract: Extract, east_m: float, north_m: float) -> Extract:
    """The same streets drawn by somebody else: shifted, other ids, a node in the middle of every piece, ways halved."""
    shift = {
        node: (lon + east_m * METRE_LAT, lat + north_m * METRE_LAT) for node, (lon, lat) in extract.positions.items()
    }
    number = {node: 5_000_000 - 7 * rank for rank, node in enumerate(sorted(extract.positions))}
    positions = {number[node]: place for node, place in shift.items()}
    tags = {number[node]: what for node, what in extract.node_tags.items()}
    ways: list[OsmWay] = []
    fresh = 9_000_000
    middles: dict[frozenset[int], int] = {}
    for way in extract.streets:
        nodes = [number[way.nodes[0]]]
        for u, v in zip(way.nodes, way.nodes[1:], strict=False):
            ends = frozenset((u, v))
            if ends not in middles:
                fresh += 1
                middles[ends] = fresh
                positions[fresh] = ((shift[u][0] + shift[v][0]) / 2, (shift[u][1] + shift[v][1]) / 2)
            nodes += [middles[ends], number[v]]
        half = len(nodes) // 2
        for part in (nodes[: half + 1], nodes[half:]):
            ways.append(OsmWay(80_000 + len(ways), tuple(part), way.tags))
    return Extract(positions, tags, tuple(ways))


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("redrawn") / "yantai.osm.gz"
    place_init.write_streets(_another_drawing(read_extract(YANTAI), 24.0, 18.0), path)
    return path


@pytest.mark.slow
def test_other_streets_take_the_place_of_the_sketch(home: Path, redrawn: Path) -> None:
    """30 m away, all ids new, twice the nodes: whatever stood on the sketch stands on the new streets."""
    report = replace_network("yantai", redrawn, home=home, made_on=DAY)
    assert report.lost == ()
    assert report.attached["car parks"] == (2, 2)
    assert report.attached["gates"][1] == 14
    assert report.attached["zones"][1] == 92
    assert report.attached["bus lines"][0] >= 270
    assert network_folder("yantai") == report.folder == home / "networks" / "yantai"
    assert read_passport(report.folder).kind == "openstreetmap"
    city = _load("yantai")
    assert len(city.lines) >= 270
    assert city.demand is not None and len(city.demand.travellers) > 100_000
    sketch, _ = load_network("yantai")
    assert {link.id for link in sketch.links} & {"990000000616-990000000617"} == set()
    read_scenario("yantai-2024").apply_to(city)


@pytest.mark.slow
def test_what_lies_far_from_the_new_streets_is_listed(
    home: Path, redrawn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_two_far_zones(folder: Path) -> object:
        inputs = read_demand(folder)
        first = inputs.zones[-1]
        island = dataclasses.replace(first, id="Z998", name="长岛", lon=120.74, lat=37.92)
        suburb = dataclasses.replace(first, id="Z999", name="郊区", lon=first.lon, lat=first.lat + 5000 * METRE_LAT)
        return dataclasses.replace(inputs, zones=(*inputs.zones, island, suburb))

    monkeypatch.setattr(place_init, "read_demand", with_two_far_zones)
    report = replace_network("yantai", redrawn, home=home, made_on=DAY)
    assert "zone Z998 长岛 lies more than 20 km from any street (before: 20,000 m)" in report.far
    assert any("Z999 郊区" in sentence for sentence in report.far)
    assert report.lost == ()


@pytest.mark.slow
def test_streets_of_half_the_town_lose_the_other_half(home: Path, tmp_path: Path) -> None:
    whole = read_extract(YANTAI)
    west = [way for way in whole.streets if all(whole.positions[node][0] < 121.42 for node in way.nodes)]
    path = tmp_path / "west.osm.gz"
    place_init.write_streets(dataclasses.replace(whole, streets=tuple(west)), path)
    report = replace_network("yantai", path, home=home, made_on=DAY)
    assert any(sentence.startswith("zone ") for sentence in report.lost)
    assert any(sentence.startswith("car park 中海国际社区北") for sentence in report.lost)
    assert any(sentence.startswith("bus line ") for sentence in report.lost)
    assert report.lost == read_passport(report.folder).known_errors[1:]
    attached, all_there_are = report.attached["zones"]
    assert 20 < attached < all_there_are


def test_a_bad_map_leaves_the_place_as_it_was(home: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.osm.gz"
    cut.write_bytes(gzip.compress(YANTAI.read_bytes())[:-1000])
    with pytest.raises(TwinError):
        replace_network("yantai", cut, home=home)
    assert list(home.iterdir()) == []
