"""Loading points: where on the streets, and independent of how the streets are numbered."""

from dataclasses import replace

import numpy as np
import pytest

from tests.demand.grid_demand import DEMAND, ZONES, gate, grid, zone
from twin.demand.zones import skim_zones, street_points
from twin.routing.paths import Router


def test_each_zone_spreads_over_its_own_streets() -> None:
    points = street_points(grid(), ZONES, DEMAND.loading)
    assert dict(zip([z.id for z in points.zones], points.counts.tolist(), strict=True)) == {
        "A": 4, "B": 4, "C": 4, "D": 4, "E": 1, "W": 1,
    }  # fmt: skip
    assert len(set(points.node_ids[:16])) == 16
    for point, node in zip(points.points, points.node_ids, strict=True):
        assert point.link_id.endswith(f">{node}")


def test_other_names_of_nodes_and_another_order_of_zones_give_the_same_places() -> None:
    here = street_points(grid(), ZONES, DEMAND.loading)
    there = street_points(grid(prefix="n"), ZONES[::-1], DEMAND.loading)
    assert [(p.zone_id, p.lon, p.lat) for p in here.points] == [(p.zone_id, p.lon, p.lat) for p in there.points]
    assert here.weights.tolist() == there.weights.tolist()


def test_a_zone_far_from_any_street_gets_a_note_and_no_point() -> None:
    points = street_points(grid(), (*ZONES, zone("Z", 30, 30, 1000, 1000)), DEMAND.loading)
    assert points.counts[-1] == 0
    assert points.notes == ("zone Z Z: no street within 2000 m, its trips are left out",)


def test_streets_that_lead_nowhere_are_not_used() -> None:
    points = street_points(grid(island=True), (*ZONES, zone("Z", 40, 40, 10, 10)), DEMAND.loading)
    assert points.counts[-1] == 0


def test_a_trunk_road_is_used_only_where_there_is_nothing_else() -> None:
    streets = grid()
    trunk = [replace(link, road_class="trunk") if link.to_node == "1-1" else link for link in streets.links]
    settings = replace(DEMAND.loading, points_per_zone=20)
    points = street_points(streets.with_links(trunk), ZONES, settings)
    assert "1-1" not in points.node_ids
    only_trunk = streets.with_links(replace(link, road_class="trunk") for link in streets.links)
    assert street_points(only_trunk, ZONES, settings).counts.tolist() == [1, 1, 1, 1, 1, 1]


def test_a_gate_loads_at_the_nearest_street() -> None:
    points = street_points(grid(), (*ZONES, gate("G", 5.3, 5.4)), DEMAND.loading)
    assert points.node_ids[points.middle[[z.id for z in points.zones].index("G")]] == "5-5"


def test_skims_are_free_flow_minutes_and_kilometres_between_middles() -> None:
    points = street_points(grid(), ZONES, replace(DEMAND.loading, points_per_zone=20))
    skim = skim_zones(Router(grid()), points)
    # From crossing 1-1 to 4-1: 3 blocks of 500 m at 10 m/s are 1.5 km and 150 s; within a zone half of the nearest.
    assert skim.km[0, 1] == pytest.approx(1.5)
    assert skim.minutes[0, 1] == pytest.approx(2.5)
    nearest = np.delete(skim.minutes[0], 0).min()
    assert skim.minutes[0, 0] == pytest.approx(0.5 * nearest)
