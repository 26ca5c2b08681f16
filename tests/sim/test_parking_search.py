"""Where a driver looks: keyed first choice, then the site that costs least in driving and walking."""

from dataclasses import replace

import numpy as np
import pytest

from tests.sim.small_streets import node, search_map, site, street
from twin.city.parking import ParkingSite
from twin.sim.parking_search import LONGEST_WALK_M, WALK_MPS, WALK_WEIGHT, SearchMap


def choices(sites: list[ParkingSite], n: int = 400, at: str = "c") -> list[str]:
    """Ids of first choice of n travellers bound for a node; "" for none."""
    _, search = search_map(street(), sites)
    where = np.full(n, node(at).lon), np.full(n, node(at).lat)
    found, _, _ = search.first_choices(7, np.arange(n), *where)
    return [sites[i].id if i >= 0 else "" for i in found.tolist()]


def test_first_choice_is_the_same_whatever_the_order_of_sites() -> None:
    sites = [site("b"), site("c"), site("d", spaces=9)]
    assert choices(sites) == choices(sites[::-1])


def test_site_added_elsewhere_changes_nobody_s_choice() -> None:
    sites = [site("b"), site("c")]
    far = replace(site("e", spaces=999, name="far"), lon=node("c").lon + 0.02)  # some 1,800 m
    assert choices([far, *sites]) == choices(sites)


def test_site_added_here_takes_drivers_from_others_and_moves_nobody_between_them() -> None:
    sites = [site("b"), site("c")]
    before, after = choices(sites), choices([*sites, site("d")])
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed and {new for _, new in changed} == {"Pd"}


def test_larger_and_nearer_sites_are_chosen_more_often() -> None:
    """Logit: at one place with 3 and 1 spaces 3 in 4 choose the larger; ±4 standard errors of 400 draws."""
    share = choices([site("c", spaces=3, name="big"), site("c", name="small", offset_m=0.2)]).count("big") / 400
    assert abs(share - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 400)
    nearer = choices([site("c", name="near"), site("e", name="far")]).count("near")
    assert nearer > 200


def test_nobody_heads_for_a_site_too_far_to_walk_from_or_without_spaces() -> None:
    too_far = replace(site("e"), lon=node("c").lon + 0.0113 * (LONGEST_WALK_M + 10) / 1000)
    assert set(choices([too_far])) == {""}
    assert set(choices([site("c", spaces=0)])) == {""}
    assert set(choices([])) == {""}


def next_ids(search: SearchMap, sites: list[ParkingSite], tables_link: str, tried: list[int]) -> str:
    index = street().link_index[tables_link]
    x, y = search.first_choices(7, np.arange(1), np.array([node("c").lon]), np.array([node("c").lat]))[1:]
    found = search.next_site(index, float(x[0]), float(y[0]), tried)
    return sites[found].id if found >= 0 else ""


def test_next_site_costs_least_in_driving_and_walking() -> None:
    """From c, bound for c. d is 10 s ahead and 100 m of walk away; e is 20 s ahead and 200 m away."""
    sites = [site("c"), site("e"), site("d")]
    _, search = search_map(street(), sites)
    assert next_ids(search, sites, "bc", [0]) == "Pd"
    assert next_ids(search, sites, "bc", [0, 2]) == "Pe"
    assert next_ids(search, sites, "bc", [0, 1, 2]) == ""


def test_walk_counts_twice() -> None:
    """A site 30 s of driving farther wins where it saves more than 30 s · 1.25 m/s / 2 = 18.75 m of walk."""
    _, search = search_map(street(), [site("e")])
    index = street().link_index["bc"]
    way = search.way(index, 0)
    assert way is not None and way[1] == pytest.approx(20.0)
    walk_s = WALK_WEIGHT * 18.75 / WALK_MPS
    assert walk_s == pytest.approx(30.0)


def test_way_obeys_turns_and_is_empty_where_one_stands_already() -> None:
    """Nobody turns round at a crossing: from b → c the site at b cannot be reached on this street without an end."""
    tables, search = search_map(street(), [site("c"), site("b"), site("e")])
    index = street().link_index
    here = search.way(index["bc"], 0)
    assert here is not None and len(here[0]) == 0 and here[1] == 0.0
    assert search.way(index["bc"], 1) is None
    on = search.way(index["bc"], 2)
    assert on is not None
    assert [tables.network.links[tables.link_of(int(s))].id for s in on[0]] == ["cd", "de"]


def test_luck_hangs_on_place_and_kind_of_a_site_not_on_its_name() -> None:
    sites = [site("b"), site("c"), site("d")]
    renamed = [replace(s, id=f"x{s.id}", name="other", zone_id="other") for s in sites]
    assert [f"x{name}" for name in choices(sites)] == choices(renamed)
