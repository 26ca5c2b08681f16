"""GTFS feeds: a day's trips onto streets, and back into a feed that a validator finds no fault with."""

import datetime
import importlib.util
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from twin.city.network import Link, Network, Node
from twin.city.transit import BusLine, Headway, Stop
from twin.clock import TimeWindow
from twin.errors import DataFileError
from twin.sim.bus import BusFate, BusService, bus, bus_blocks, line_halts
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.tables import build_tables
from twin.transit.gtfs import lines_from_gtfs, write_gtfs

STOPS = "stop_id,stop_name,stop_lat,stop_lon\nA,甲,37.0,121.0045\nB,乙,37.0,121.0158\nC,丙,37.0,121.0271\n"
FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n1,公交,https://example.org,Asia/Shanghai\n",
    "stops.txt": STOPS,
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nr1,1,1路,,3\nrail,1,铁路,,2\n",
    "trips.txt": "route_id,service_id,trip_id,trip_headsign,direction_id\nr1,d,t1,丙,0\nr1,d,t2,丙,0\nrail,d,x,,0\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,07:00:00,07:00:00,A,1\nt1,,,B,5\nt1,07:10:00,07:10:00,C,9\n"
    "t2,24:30:00,24:30:00,A,1\nt2,,,B,5\nt2,24:40:00,24:40:00,C,9\nx,07:00:00,07:00:00,A,1\nx,08:00:00,08:00:00,C,2\n",
    "calendar_dates.txt": "service_id,date,exception_type\nd,20240304,1\n",
}
MONDAY = datetime.date(2024, 3, 4)


@pytest.fixture
def street() -> Network:
    """Four links of 1,000 m in a row, both ways, on the parallel of 37°."""
    nodes = tuple(Node(name, 121.0 + 0.0113 * i, 37.0) for i, name in enumerate("abcde"))
    pairs = [(u, v) for u, v in zip("abcd", "bcde", strict=True)]
    links = [Link(f"{u}{v}", u, v, 1000.0, 2.0, 10.0, 1800.0) for u, v in (*pairs, *((v, u) for u, v in pairs))]
    return Network(nodes, tuple(links), crs="EPSG:32651")


def feed(folder: Path, **changed: str) -> Path:
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (FEED | {f"{key}.txt": text for key, text in changed.items()}).items():
            if text:
                archive.writestr(name, text)
    return path


def test_a_feed_with_calendar_dates_only_gives_the_trips_of_its_day(tmp_path: Path, street: Network) -> None:
    """Two trips of one pattern; 24:30 is half past midnight; the stop without a time lies half-way in time."""
    (line,), notes = lines_from_gtfs(feed(tmp_path), street, on=MONDAY)
    assert (line.name, line.direction, [stop.name for stop in line.stops]) == ("1路", "丙", ["甲", "乙", "丙"])
    assert line.departures_s(0.0, 2 * 86_400.0) == [7 * 3600.0, 24.5 * 3600.0]
    assert line.running_s == (0.0, 300.0, 600.0)
    assert line.route == ("ab", "bc", "cd")
    assert notes == ["1 of 2 routes of the feed are not buses"]


def test_a_day_without_service_is_told_and_the_busiest_taken(tmp_path: Path, street: Network) -> None:
    _, notes = lines_from_gtfs(feed(tmp_path), street, on=datetime.date(2024, 3, 5))
    assert notes[0] == (
        "the feed has no service on 2024-03-05; bus service is that of 2024-03-04, the feed's busiest day"
    )


def test_frequencies_are_departures(tmp_path: Path, street: Network) -> None:
    """Every 20 min from 07:00 to 08:00: 07:00, 07:20, 07:40; the other trip as it stands."""
    path = feed(tmp_path, frequencies="trip_id,start_time,end_time,headway_secs\nt1,07:00:00,08:00:00,1200\n")
    (line,), _ = lines_from_gtfs(path, street, on=MONDAY)
    assert [t / 3600 for t in line.timetable_s] == pytest.approx([7.0, 7 + 1 / 3, 7 + 2 / 3, 24.5])


def test_a_stop_off_the_streets_is_told_and_the_times_of_the_others_stay(tmp_path: Path, street: Network) -> None:
    far = STOPS.replace("A,甲,37.0", "A,甲,37.1")
    (line,), notes = lines_from_gtfs(feed(tmp_path, stops=far), street, on=MONDAY)
    assert [stop.name for stop in line.stops] == ["乙", "丙"] and line.running_s == (0.0, 300.0)
    assert line.timetable_s[0] == 7 * 3600.0 + 300.0
    assert any("甲 lies more than 150 m from any street" in note for note in notes)


def test_a_way_that_differs_from_the_shape_is_told(tmp_path: Path, street: Network) -> None:
    points = "w,37.0,121.0045,1\nw,37.05,121.0158,2\nw,37.0,121.0271,3\n"
    shape = f"shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n{points}"
    trips = FEED["trips.txt"].replace("direction_id\n", "direction_id,shape_id\n").replace(",0\n", ",0,w\n")
    _, notes = lines_from_gtfs(feed(tmp_path, shapes=shape, trips=trips), street, on=MONDAY)
    assert any("3000 m on these streets" in note and "by the feed's shape" in note for note in notes)


def test_what_is_no_feed_is_refused(tmp_path: Path, street: Network) -> None:
    with pytest.raises(DataFileError, match=r"needs stop_times\.txt"):
        lines_from_gtfs(feed(tmp_path, **{"stop_times": ""}), street)


def two_ways() -> tuple[BusLine, BusLine]:
    stops = [
        Stop(name, 121.0045 + 0.0113 * i, 37.0, link)
        for i, (name, link) in enumerate(zip("甲乙丙", ("ab", "bc", "cd"), strict=True))
    ]
    back = [replace(stop, link_id=stop.link_id[::-1]) for stop in reversed(stops)]
    hour = (Headway(TimeWindow(7 * 3600.0, 8 * 3600.0), 600.0),)
    return (
        BusLine("1路/上行", "1路", "上行", tuple(stops), ("ab", "bc", "cd"), hour),
        BusLine("1路/下行", "1路", "下行", tuple(back), ("dc", "cb", "ba"), hour),
    )


def faults_of(path: Path) -> list[str]:
    """Codes of the errors that gtfs-validator finds by the canonical rule set; warnings (dates in the past) are
    none.
    """
    pytest.importorskip("gtfs_validator", reason="gtfs-validator is not installed")
    report = path.parent / "report"
    command = [sys.executable, "-m", "gtfs_validator.cli", "-i", str(path), "-o", str(report)]
    subprocess.run(command, check=False, capture_output=True)
    notices = json.loads((report / "report.json").read_text(encoding="utf-8"))["notices"]
    assert notices, "the rules were run: a feed of 2024 has at least expired"
    return [notice["code"] for notice in notices if notice["severity"] == "ERROR"]


def test_lines_written_and_read_are_the_same(tmp_path: Path, street: Network) -> None:
    """Stops, ways, departures and whole seconds of running time come back."""
    lines = two_ways()
    path = write_gtfs(tmp_path / "out.zip", lines, street, day=MONDAY, agency="烟台公交")
    back, _ = lines_from_gtfs(path, street, on=MONDAY)
    assert [(line.id, line.route, line.stops) for line in back] == [(line.id, line.route, line.stops) for line in lines]
    assert [line.timetable_s for line in back] == [tuple(line.departures_s(0.0, 86_400.0)) for line in lines]
    # 1,000 m at 10 m/s and 0.3 of it more, and 20 s at the stop.
    assert back[0].running_s == (0.0, 150.0, 300.0)


def test_the_canonical_rules_find_no_error_in_what_is_written(tmp_path: Path, street: Network) -> None:
    path = write_gtfs(tmp_path / "out.zip", two_ways(), street, day=MONDAY, agency="烟台公交")
    assert faults_of(path) == []


def coquimbo(folder: Path) -> tuple[Path, Network]:
    """Coquimbo's feed and streets as AequilibraE ships them; skips, saying so, where it is not installed."""
    spec = importlib.util.find_spec("aequilibrae")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("aequilibrae, which ships a real feed, is not installed")
    package = Path(next(iter(spec.submodule_search_locations))) / "reference_files" / "coquimbo.zip"
    with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as archive:
        for name in archive.namelist():
            if name.endswith(("gtfs_coquimbo.zip", "project_database.sqlite")):
                (folder / Path(name).name).write_bytes(archive.read(name))
    return folder / "gtfs_coquimbo.zip", _streets(folder / "project_database.sqlite")


def _streets(database: Path) -> Network:
    """The drivable streets of the project's links, both directions; a blob of SpatiaLite holds WKB from byte 39 on."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "select link_id, a_node, b_node, direction, distance, modes, geometry from links order by link_id"
        ).fetchall()
    nodes, links = {}, []
    for link_id, a, b, direction, length_m, modes, blob in rows:
        if "c" not in modes or length_m <= 0 or a == b:
            continue
        line = shapely.from_wkb(b"\x01" + blob[39:-1])
        points = tuple((float(x), float(y)) for x, y in line.coords)
        nodes[a], nodes[b] = Node(str(a), *points[0]), Node(str(b), *points[-1])
        for way, u, v, geometry in ((1, a, b, points), (-1, b, a, points[::-1])):
            if direction in (0, way):
                name = f"{link_id}{'f' if way > 0 else 'b'}"
                links.append(Link(name, str(u), str(v), float(length_m), 1.0, 11.0, 1800.0, geometry=geometry))
    return Network(tuple(nodes.values()), tuple(links), crs="EPSG:32719")


@pytest.mark.slow
def test_a_real_feed_reads_runs_and_writes_back(tmp_path: Path) -> None:
    """Coquimbo (Chile): both directions of its line are matched with all 43 and 37 stops, half an hour of buses
    reaches the last stops, and the feed that is written has no error and the same 360 departures.
    """
    path, streets = coquimbo(tmp_path)
    lines, notes = lines_from_gtfs(path, streets)
    assert sorted((len(line.stops), len(line.timetable_s)) for line in lines) == [(37, 178), (43, 182)]
    assert notes == ["bus service is that of 2016-01-25, the feed's busiest day"]
    tables = build_tables(streets)
    env, fates = Environment(7 * 3600.0), []
    flow = CompiledFlow(env, tables, Fleet.none())
    service = BusService.without_riders(80)
    runs = 0
    halts = line_halts(streets, tables, lines)
    for block in bus_blocks(streets, lines, halts, start_s=7 * 3600.0, end_s=7.5 * 3600.0):
        here = [BusFate() for _ in block]
        fates += here
        runs += len(block)
        env.story_at(block[0].depart_s, bus(env, flow, service, block, here), block[0].agent)
    env.run(until=14 * 3600.0)
    assert runs >= 10 and all(fate.arrived_s is not None for fate in fates)
    written = write_gtfs(tmp_path / "back.zip", lines, streets, day=MONDAY, agency="Coquimbo")
    assert faults_of(written) == []
    again, _ = lines_from_gtfs(written, streets, on=MONDAY)
    assert sum(len(line.timetable_s) for line in again) == 360
