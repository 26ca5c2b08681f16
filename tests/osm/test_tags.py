"""The zoo of tags: what OpenStreetMap really holds, and what the twin makes of it."""

from collections import Counter
from datetime import date

import pytest

from twin.osm.assumptions import CLASS_TABLE, capacity_at_speed_vph
from twin.osm.drivable import drivable_way
from twin.osm.extract import OsmWay
from twin.osm.tags import first_day, lane_count, oneway, speed_kmh


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50", 50.0),
        ("30 mph", 48.28032),
        ("walk", 7.0),
        ("CN:urban", 50.0),
        ("FI:urban", 50.0),
        ("DE:zone:30", 30.0),
        ("50;30", 30.0),
        ("70|100", 70.0),
        ("-20", None),
        ("1e9", None),
        ("fünfzig", None),
        ("none", None),
        ("", None),
        ("0", None),
        ("60;fast", None),
    ],
)
def test_speed_limits_are_read_or_refused(text: str, expected: float | None) -> None:
    assert speed_kmh(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2", 2.0), ("1.5", 1.5), ("2;3", 2.0), ("0", None), ("-1", None), ("nan", None), ("inf", None), ("", None)],
)
def test_lane_counts_are_read_or_refused(text: str, expected: float | None) -> None:
    assert lane_count(text) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, "forward"),
        ({"oneway": "-1"}, "backward"),
        ({"oneway": "reversible"}, "both"),
        ({"oneway": "whatever"}, "both"),
        ({"junction": "roundabout"}, "forward"),
        ({"highway": "motorway"}, "forward"),
        ({"highway": "motorway", "oneway": "no"}, "both"),
        ({}, "both"),
    ],
)
def test_directions_follow_tags_and_custom(tags: dict[str, str], expected: str) -> None:
    assert oneway(tags) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-12-01", date(2023, 12, 1)),
        ("2023-08", date(2023, 8, 1)),
        ("1998", date(1998, 1, 1)),
        ("2026-12..2027-06", None),
        ("C18", None),
        ("2023-13-01", None),
        ("2023-02-30", None),
    ],
)
def test_only_plain_dates_count(text: str, expected: date | None) -> None:
    assert first_day(text) == expected


def _both(tags: dict[str, str]) -> tuple[float, float]:
    way = drivable_way(OsmWay(1, (1, 2), {"highway": "primary", **tags}), Counter())
    assert way is not None
    assert way.forward is not None
    assert way.backward is not None
    return way.forward.lanes, way.backward.lanes


def test_lanes_of_a_two_way_street_are_halved_unless_told_by_direction() -> None:
    assert _both({"lanes": "4"}) == (2.0, 2.0)
    assert _both({"lanes": "3"}) == (1.5, 1.5)
    assert _both({"lanes": "5", "lanes:forward": "3", "lanes:backward": "2"}) == (3.0, 2.0)
    assert _both({"lanes": "5", "lanes:forward": "3"}) == (3.0, 2.0)
    assert _both({"lanes": "1"}) == (1.0, 1.0)
    assert _both({"lanes": "99"}) == (8.0, 8.0)
    assert _both({}) == (CLASS_TABLE["primary"].lanes,) * 2


def test_what_the_map_does_not_say_is_flagged_as_assumed() -> None:
    said = drivable_way(OsmWay(1, (1, 2), {"highway": "primary", "lanes": "4", "maxspeed": "60"}), Counter())
    silent = drivable_way(OsmWay(1, (1, 2), {"highway": "primary", "maxspeed": "none"}), Counter())
    guessed = drivable_way(
        OsmWay(1, (1, 2), {"highway": "primary", "lanes": "4", "source:lanes": "assumed"}), Counter()
    )
    assert said is not None and said.forward is not None
    assert silent is not None and silent.forward is not None
    assert guessed is not None and guessed.forward is not None
    assert said.forward.assumed == {"capacity_vph", "jam_density_vpkm"}
    assert silent.forward.assumed == {"capacity_vph", "jam_density_vpkm", "lanes", "free_speed_mps"}
    assert "lanes" in guessed.forward.assumed


@pytest.mark.parametrize(
    ("tags", "is_kept"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "primary_link"}, True),
        ({"highway": "service"}, False),
        ({"highway": "footway"}, False),
        ({"highway": "residential", "access": "private"}, False),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, True),
        ({"highway": "residential", "motor_vehicle": "no"}, False),
        ({"highway": "residential", "area": "yes"}, False),
        ({"highway": "construction", "construction": "trunk"}, True),
        ({"highway": "construction", "construction": "footway"}, False),
        ({"highway": "proposed", "proposed": "primary"}, True),
    ],
)
def test_cars_drive_where_they_may(tags: dict[str, str], is_kept: bool) -> None:
    assert (drivable_way(OsmWay(1, (1, 2), tags), Counter()) is not None) == is_kept


def test_opening_dates_come_from_the_life_of_the_street() -> None:
    def opened(tags: dict[str, str]) -> date | None:
        way = drivable_way(OsmWay(1, (1, 2), tags), Counter())
        assert way is not None and way.forward is not None
        return way.forward.opened_on

    assert opened({"highway": "primary"}) is None
    assert opened({"highway": "primary", "start_date": "2023-12-01"}) == date(2023, 12, 1)
    assert opened({"highway": "construction", "construction": "trunk"}) == date.max
    works = {"highway": "construction", "construction": "trunk", "opening_date": "2026-12..2027-06"}
    assert opened(works) == date.max
    assert opened({**works, "opening_date": "2027-06-30"}) == date(2027, 6, 30)


def test_every_row_of_the_class_table_can_carry_its_capacity_and_names_its_source() -> None:
    for row in CLASS_TABLE.values():
        assert capacity_at_speed_vph(row, row.free_speed_kmh) == pytest.approx(row.capacity_vph, rel=1e-3)
        assert row.source
