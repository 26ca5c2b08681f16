"""Where a driver looks: a keyed first choice by expected cost, then the site that costs least from where one stands."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.sim.small_streets import FREE, node, search_map, site, street
from twin.city.parking import ParkingSite, Tariff
from twin.clock import TimeWindow
from twin.sim.parking_choice import CHOICE_SCALE_S, FirstChoices, Seekers, first_choices
from twin.sim.parking_knowledge import Knowledge, after_seen_full
from twin.sim.parking_search import (
    FULL_COST_S,
    MOST_CHOICES,
    WALK_MPS,
    WALK_WEIGHT,
    YUAN_S,
    SearchMap,
    walk_cost_s,
)
from twin.sim.parking_stock import ParkingStock

HOUR = 3600.0


def choose(
    sites: Sequence[ParkingSite], n: int = 400, *, stay_s: float = HOUR, weight: float = 1e-6, permits: bool = False
) -> tuple[FirstChoices, SearchMap]:
    """n travellers bound for c who come at noon from a; so rarely that no site ever fills."""
    _, search = search_map(street(), sites)
    at = search.xy_of(np.array([node(x).lon for x in "ac"]), np.array([node(x).lat for x in "ac"]))
    ones = np.ones(n)
    seekers = Seekers(
        np.arange(n), at[:1].repeat(n, axis=0), at[1:].repeat(n, axis=0), 12 * HOUR * ones, stay_s * ones,
        weight * ones, np.full(n, permits),
    )  # fmt: skip
    return first_choices(search, 7, seekers), search


def choices(sites: Sequence[ParkingSite], n: int = 400, **more: float) -> list[str]:
    """Ids of first choice; "" for none."""
    found, _ = choose(sites, n, **more)  # type: ignore[arg-type]
    return [sites[i].id if i >= 0 else "" for i in found.site.tolist()]


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


def test_a_yuan_more_takes_so_many_drivers_as_the_logit_says() -> None:
    """Two half-hours at 1 yuan more each are 360 s: 1 / (1 + e^(360/600)) = 35.4 % still choose the dearer site."""
    dear = site("c", name="dear", tariff=Tariff(half_hour_yuan=1.0))
    share = choices([site("c", name="free", offset_m=0.2), dear], 2000, stay_s=HOUR).count("dear") / 2000
    expected = 1.0 / (1.0 + np.exp(2 * YUAN_S / CHOICE_SCALE_S))
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 2000))


def test_sites_that_are_full_by_experience_are_chosen_less() -> None:
    """400 come at noon to 4 spaces beside 10,000: what the small site can take is learnt, and few go on choosing it."""
    sites = [site("c", name="small", spaces=4, offset_m=0.2), site("e", name="large", spaces=10_000)]
    sites = [replace(s, spaces=spaces) for s, spaces in zip(sites, (400, 10_000), strict=True)]
    sites[0] = replace(sites[0], occupied_at_start=396)
    fresh, known = choices(sites).count("small"), choices(sites, weight=1.0).count("small")
    found, _ = choose(sites, weight=1.0)
    assert known < fresh
    assert found.usual[0, 24] < 0.3 and found.usual[1, 24] > 0.9
    assert np.exp(-FULL_COST_S / CHOICE_SCALE_S) == pytest.approx(0.449, abs=1e-3), (
        "what certainty of a full site costs"
    )


def test_nobody_heads_for_a_site_too_far_to_walk_from_without_spaces_or_closed_to_him() -> None:
    too_far = replace(site("e"), lon=node("c").lon + 0.0113 * 0.81)
    assert set(choices([too_far])) == {""}
    assert set(choices([site("c", spaces=0)])) == {""}
    assert set(choices([])) == {""}
    short = site("c", longest_stay_s=HOUR / 2)
    assert set(choices([short])) == {""} and set(choices([short], stay_s=HOUR / 2)) == {"Pc"}
    estate = site("c", access="permit", shared_hours=(TimeWindow.between("08:00", "12:30"),))
    assert set(choices([estate])) == {""} and set(choices([estate], stay_s=HOUR / 2)) == {"Pc"}
    assert set(choices([estate], permits=True)) == {"Pc"}


def test_one_chooses_among_thirty_at_most_the_nearest() -> None:
    _, search = search_map(street(), [site("c", name=f"P{i:02d}", offset_m=float(i)) for i in range(40)])
    x, y = search.xy_of(np.array([node("c").lon]), np.array([node("c").lat]))[0]
    near = search.near(float(x), float(y))
    assert near.sites.tolist() == list(range(MOST_CHOICES))


def next_ids(sites: list[ParkingSite], from_link: str, chances: Sequence[float]) -> str:
    """Where a driver bound for c goes on to from the end of a link."""
    _, search = search_map(street(), sites)
    x, y = search.xy_of(np.array([node("c").lon]), np.array([node("c").lat]))[0]
    near = search.near(float(x), float(y))
    by_site = np.array(chances)[near.sites]
    plan = search.best(street().link_index[from_link], near.sites, near.cost_s, by_site)
    return sites[plan.site].id if plan is not None else ""


def test_next_site_costs_least_in_driving_and_walking() -> None:
    """From c, bound for c. d is 10 s ahead and 100 m of walk away; e is 20 s ahead and 200 m away."""
    sites = [site("c"), site("e"), site("d")]
    assert next_ids(sites, "bc", [0.0, 1.0, 1.0]) == "Pd"
    assert next_ids(sites, "bc", [0.0, 1.0, 0.0]) == "Pe"
    assert next_ids(sites, "bc", [0.0, 0.0, 0.0]) == ""


def test_farther_site_wins_where_it_is_surer_by_what_the_way_costs() -> None:
    """e costs 10 s of driving and 320 s of walk more than d: 330 s are 69 % of what finding a site full costs."""
    sites = [site("c"), site("e"), site("d")]
    assert next_ids(sites, "bc", [0.0, 1.0, 0.33]) == "Pd"
    assert next_ids(sites, "bc", [0.0, 1.0, 0.29]) == "Pe"


def test_walk_counts_double_and_is_made_twice() -> None:
    assert walk_cost_s(100.0) == pytest.approx(2 * WALK_WEIGHT * 100.0 / WALK_MPS) == pytest.approx(320.0)


def test_way_obeys_turns_and_is_empty_where_one_stands_already() -> None:
    """Nobody turns round at a crossing: from b → c the site at b cannot be reached on this street without an end."""
    tables, search = search_map(street(), [site("c"), site("b"), site("e")])
    here = street().link_index["bc"]
    at_c = search.way_to(here, 0)
    assert at_c is not None and at_c.legs == ()
    assert search.way_to(here, 1) is None
    on = search.way_to(here, 2)
    assert on is not None and on.cost_s == pytest.approx(20.0)
    assert [tables.network.links[tables.link_of(int(s))].id for s in on.legs[0].segments] == ["cd", "de"]


def test_ways_are_cut_where_kerbs_lie_along_them() -> None:
    tables, search = search_map(
        street(), [site("d", kind="kerb"), site("e"), site("c", kind="kerb", local_street_m=9.0)]
    )
    index = street().link_index
    legs = search.legs(np.array([index[x] for x in ("bc", "cd", "de")], dtype=np.int32))
    assert [(tables.network.links[leg.link].id, leg.kerbs) for leg in legs] == [("cd", (0,)), ("de", ())]


def test_luck_hangs_on_place_and_kind_of_a_site_not_on_its_name() -> None:
    sites = [site("b"), site("c"), site("d")]
    renamed = [replace(s, id=f"x{s.id}", name="other", zone_id="other") for s in sites]
    assert [f"x{name}" for name in choices(sites)] == choices(renamed)


def test_what_drivers_know() -> None:
    sites = [site("c", spaces=9, taken=1), site("d", taken=1)]
    usual = np.full((2, 48), 0.5)
    usual[1, 17] = 0.1
    knowledge = Knowledge(ParkingStock(sites), usual)
    both = np.arange(2)
    assert knowledge.chances("nothing", both, 8.6 * HOUR).tolist() == [0.7, 0.7]
    assert knowledge.chances("experience", both, 8.6 * HOUR).tolist() == [0.5, 0.1]
    assert knowledge.chances("guidance", both, 8.6 * HOUR).tolist() == [0.8, 0.0]
    assert Knowledge(ParkingStock(sites), None).chances("experience", both, 0.0).tolist() == [0.7, 0.7]


def test_site_seen_full_is_forgotten_with_five_minutes() -> None:
    assert after_seen_full(0.8, 300.0) == pytest.approx(0.8 * (1 - np.exp(-1)))
    assert FREE.fee_yuan(HOUR) == 0.0
