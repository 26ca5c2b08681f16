"""Bus lanes from the tags of streets: how many, on which side, in which hours."""

from collections import Counter
from pathlib import Path

import pytest

from tests.osm.maps import write_map
from twin.city.network import BusLane
from twin.clock import TimeWindow
from twin.osm.bus_lane_tags import NO_OTHER_LANE, NOT_UNDERSTOOD, READ, bus_lane_of, hours_of
from twin.osm.streets import read_network
from twin.osm.tags import Oneway

PEAKS = (TimeWindow.between("07:00", "10:00"), TimeWindow.between("16:00", "19:00"))
TWO_PEAKS = "@ (Mo-Fr 07:00-10:00,16:00-19:00)"


def lanes_of(ways: Oneway, tags: dict[str, str], lanes: float = 3.0) -> tuple[BusLane | None, BusLane | None]:
    """Bus lanes along the drawing and against it."""
    counts: Counter[str] = Counter()
    return (
        bus_lane_of(tags, ways, "forward", lanes, counts, 1),
        bus_lane_of(tags, ways, "backward", lanes, counts, 1),
    )


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"lanes:bus": "2"}, BusLane(), BusLane()),
        ({"lanes:psv": "2", "lanes:psv:backward": "2"}, None, BusLane(lanes=2.0)),
        ({"lanes:bus:forward": "1"}, BusLane(), None),
        ({"busway": "lane"}, BusLane(), BusLane()),
        ({"busway:right": "lane"}, BusLane(), None),
        ({"busway:left": "lane"}, None, BusLane()),
        ({"busway:left": "opposite_lane"}, None, None),
        ({"bus:lanes:forward": "yes|yes|designated"}, BusLane(), None),
        ({"bus:lanes:backward": "designated|designated|yes"}, None, BusLane(lanes=2.0)),
        ({"psv:lanes:forward": "yes|designated", "lanes:psv": "2"}, BusLane(), BusLane()),
        ({"lanes:psv": "1"}, None, None),
        ({"bus": "yes"}, None, None),
    ],
)
def test_bus_lanes_of_a_street_both_ways(tags, forward, backward) -> None:
    assert lanes_of("both", tags) == (forward, backward)


@pytest.mark.parametrize(
    "tags", [{"lanes:psv": "1"}, {"busway:left": "lane"}, {"busway": "lane"}, {"psv:lanes": "designated||"}]
)
def test_a_one_way_street_has_its_bus_lane_on_either_side(tags) -> None:
    assert lanes_of("forward", tags)[0] == BusLane()


@pytest.mark.parametrize(
    "tags",
    [
        {"lanes:psv": "1", "lanes:psv:conditional": "1 @ (07:00-10:00; 16:00-19:00)"},
        {"lanes:bus:conditional": f"1 {TWO_PEAKS}"},
        {"bus:lanes": "yes|yes|yes", "bus:lanes:conditional": f"yes|yes|designated {TWO_PEAKS}"},
        {"busway:right:conditional": f"lane {TWO_PEAKS}"},
    ],
)
def test_hours_stand_in_the_condition(tags) -> None:
    assert lanes_of("forward", tags)[0] == BusLane(PEAKS)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("1 @ (Mo-Fr 07:00-10:00; Sa 08:00-12:00)", PEAKS[:1]),
        ("1 @ (Mo-Sa 07:00-10:00,16:00-19:00; PH off)", None),
        ("1 @ (Sa,Su 10:00-20:00)", None),
        ("1 @ (22:00-06:00)", (TimeWindow.between("22:00", "06:00"),)),
        ("1 @ (wet)", None),
        ("1 @ (sunrise-sunset)", None),
        ("1 @ (07:00-25:61)", None),
        ("1", None),
    ],
)
def test_hours_of_working_days_are_read_and_other_conditions_are_not(text, hours) -> None:
    assert hours_of(text) == hours


def test_what_is_read_and_what_is_not_is_counted() -> None:
    counts: Counter[str] = Counter()
    for tags, lanes in (
        ({"lanes:bus": "1"}, 2.0),
        ({"lanes:bus": "1"}, 1.0),
        ({"lanes:bus:conditional": "1 @ (wet)"}, 2.0),
        ({"lanes:bus": "many"}, 2.0),
        ({}, 2.0),
    ):
        bus_lane_of(tags, "forward", "forward", lanes, counts, 1)
    assert counts == {READ: 1, NO_OTHER_LANE: 1, NOT_UNDERSTOOD: 2}


def test_a_link_has_the_bus_lane_that_most_of_it_has(tmp_path: Path) -> None:
    """100 m and 300 m of one street: eastward the second part has a bus lane, so the link has; westward none has."""
    places = {1: (0.0, 0.0), 2: (100.0, 0.0), 3: (400.0, 0.0)}
    street = {"highway": "primary", "lanes:forward": "3", "lanes:backward": "2"}
    ways = [(1, [1, 2], street), (2, [2, 3], street | {"lanes:bus:forward": "1"})]
    network, report = read_network(write_map(tmp_path, places, ways))
    assert {(link.from_node, link.lanes, link.bus_lane) for link in network.links} == {
        ("1", 3.0, BusLane()),
        ("3", 2.0, None),
    }
    assert report.repairs[READ] == 1


SHANGHAI = Path(__file__).parents[3] / "shared" / "data" / "osm" / "shanghai_center.osm"


@pytest.mark.skipif(not SHANGHAI.exists(), reason="the extract of Shanghai's centre is not here")
def test_the_centre_of_shanghai_has_the_bus_lanes_that_are_mapped() -> None:
    """Eighty-seven one-way pieces of street with the lane on their left, one with two hours, one backward."""
    network, report = read_network(SHANGHAI)
    with_lane = [link for link in network.links if link.bus_lane is not None]
    assert report.repairs[READ] == 89
    assert {link.name for link in with_lane} >= {"延安中路"}
    assert {str(h) for link in with_lane for h in link.bus_lane.hours} == {"07:00–10:00", "16:00–19:00"}
