"""Tags that close a street to lorries, or to all by the hour."""

from collections import Counter
from pathlib import Path

import pytest

from tests.osm.maps import write_map
from twin.city.network import ClassBan, LinkChange
from twin.clock import TimeWindow
from twin.files.gmns_files import read_gmns, write_gmns
from twin.osm.lorry_tags import NOT_UNDERSTOOD, closures, lorry_bans
from twin.osm.streets import read_network

MORNING, EVENING = TimeWindow.between("07:00", "08:30"), TimeWindow.between("16:30", "18:30")


@pytest.mark.parametrize(
    ("tags", "bans"),
    [
        ({}, ()),
        ({"hgv": "yes"}, ()),
        ({"hgv": "designated"}, ()),
        ({"hgv": "no"}, (ClassBan(),)),
        ({"hgv": "destination"}, (ClassBan(),)),
        ({"goods": "no"}, (ClassBan(),)),
        ({"hgv:conditional": "no @ (07:00-08:30)"}, (ClassBan((MORNING,)),)),
        ({"hgv:conditional": "no @ (Mo-Fr 07:00-08:30, 16:30-18:30)"}, (ClassBan((MORNING, EVENING)),)),
        ({"hgv:conditional": "no @ (Mo-Fr 07:00-08:30; Sa,Su 10:00-12:00)"}, (ClassBan((MORNING,)),)),
        ({"hgv:conditional": "no @ (Mo,Sa 07:00-08:30)"}, (ClassBan((MORNING,)),)),
        ({"hgv:conditional": "no @ (Sa 07:00-08:30)"}, ()),
        ({"hgv:conditional": "no @ 07:00-08:30"}, (ClassBan((MORNING,)),)),
        ({"hgv:conditional": "yes @ (07:00-08:30)"}, ()),
        ({"hgv:conditional": "no @ (22:00-06:00)"}, (ClassBan((TimeWindow.between("22:00", "06:00"),)),)),
    ],
)
def test_lorry_bans_are_read_with_their_hours(tags: dict[str, str], bans: tuple[ClassBan, ...]) -> None:
    assert lorry_bans(tags, Counter(), 1) == bans


@pytest.mark.parametrize("condition", ["no @ (weight>7.5)", "no @ (length>12 AND 07:00-08:30)", "no @ (winter)"])
def test_other_conditions_than_hours_are_counted_and_left_out(condition: str) -> None:
    counts: Counter[str] = Counter()
    assert lorry_bans({"hgv:conditional": condition}, counts, 1) == ()
    assert sum(count for what, count in counts.items() if NOT_UNDERSTOOD in str(what)) == 1


def test_a_street_closed_to_motor_vehicles_by_the_hour_is_a_change_of_no_lanes() -> None:
    assert closures({"motor_vehicle:conditional": "no @ (07:00-08:30)"}, Counter(), 1) == (LinkChange(MORNING, 0.0),)
    assert closures({"access:conditional": "destination @ (07:00-08:30)"}, Counter(), 1) == ()


def test_streets_are_cut_where_bans_begin_and_bans_come_through_gmns(tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (200, 0), 3: (500, 0)}
    street = {"highway": "primary"}
    closed = {**street, "hgv:conditional": "no @ (07:00-08:30)", "motor_vehicle:conditional": "no @ (16:30-18:30)"}
    network, _ = read_network(write_map(tmp_path, places, [(10, [1, 2], street), (11, [2, 3], closed)]))
    assert [network.link_by_id[i].access for i in ("1-2", "2-3", "3-2")] == [(), *[(ClassBan((MORNING,)),)] * 2]
    assert network.link_by_id["2-3"].changes == (LinkChange(EVENING, 0.0),)
    write_gmns(network, tmp_path / "gmns")
    assert read_gmns(tmp_path / "gmns").network.links == network.links
