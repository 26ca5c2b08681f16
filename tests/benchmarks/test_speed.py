"""The bench: loadings are the same everywhere, the bottleneck meets theory, the table says what was not measured."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.loadings import CASES, Case, grid, make_loading
from benchmarks.measured import Measured
from benchmarks.speed import median
from benchmarks.speed_table import document, requirements
from benchmarks.sumo_meso import headways_s
from benchmarks.twin_flows import run_flow
from twin.city.network import Link

SMALL = Case("small", "small", "grid", 3, 200, "free")


def measured(run_cpu_s: float, *, passages: int = 1_000_000) -> Measured:
    return Measured(passages, 1.0, run_cpu_s, 0.5, 100.0, 60_000, 60_000)


def test_a_grid_of_three_by_three_has_nine_nodes_and_twenty_four_links() -> None:
    network = grid(3)
    assert (len(network.nodes), len(network.links)) == (9, 24)
    assert {link.length_m for link in network.links} == {200.0}


def test_a_loading_is_the_same_twice_and_every_route_drives() -> None:
    one, two = make_loading(SMALL), make_loading(SMALL)
    assert np.array_equal(one.routes.links, two.routes.links) and np.array_equal(one.depart_us, two.depart_us)
    assert (np.diff(one.depart_us) >= 0).all() and (one.routes.length > 0).all()
    assert one.depart_us.max() < 3_600_000_000


def test_every_fifth_vehicle_stands_for_a_platoon() -> None:
    whole = make_loading(SMALL)
    thin = whole.thinned(5)
    assert len(thin.depart_us) == -(-len(whole.depart_us) // 5)
    assert np.array_equal(thin.routes.of(1), whole.routes.of(5))


@pytest.mark.parametrize("flow", ["compiled", "simpy"])
def test_both_flows_meet_the_queue_of_the_bottleneck(flow: str) -> None:
    """3,000 veh/h into 1,800: car i comes at 1.2 i and leaves at 2.0 i s: 0.8 · 999 / 2 = 399.6 s of delay on 40 s."""
    found = run_flow(make_loading(CASES["bottleneck"]), flow)  # type: ignore[arg-type]
    assert found.mean_trip_s == pytest.approx(40.0 + 399.6, abs=0.01)
    assert (found.passages, found.arrived) == (3000, 1000)


def test_passages_are_the_links_of_all_routes_where_all_arrive() -> None:
    loading = make_loading(SMALL)
    found = run_flow(loading, "compiled")
    assert found.arrived == found.vehicles == len(loading.depart_us)
    assert found.passages == loading.routes.length.sum()
    assert found.mean_trip_s >= loading.free_s


def test_sumos_headways_give_the_capacity_of_the_link() -> None:
    """1,800 veh/h is a car in 2 s, of which it drives its own 7.5 m in 0.5 s; holes of 7.5 m run back at 5 m/s."""
    assert headways_s(Link("l", "a", "b", 200.0, 1, 15.0, 1800.0)) == (1.5, 1.5)


def test_the_median_of_three_rounds_is_the_middle_one() -> None:
    assert median([measured(3.0), measured(1.0), measured(2.0)]).run_cpu_s == 2.0


def test_a_ratio_is_judged_by_its_least_case() -> None:
    results = {
        "400-queued": {"compiled": measured(1.0), "sumo": measured(30.0)},
        "1600-queued": {"compiled": measured(1.0), "sumo": measured(9.0)},
    }
    row = requirements(results, 0.2)[0]
    assert row.measured == "400-queued 30.0 ×, 1600-queued 9.0 ×"
    assert (row.is_met, row.reaches_aim) == (False, False)


def test_a_missing_peer_is_a_row_that_says_so() -> None:
    text = document({"400-free": {"compiled": measured(1.0), "sumo": "libsumo is not installed"}}, "today", 0.2)
    row = next(line for line in text.splitlines() if line.startswith("| SUMO meso, equal physics |"))
    assert row.endswith("libsumo is not installed |")
    assert "not run" in text


def test_mean_times_that_must_agree_are_told_where_they_do_not() -> None:
    slow = replace(measured(2.0), mean_trip_s=110.0)
    text = document({"400-free": {"compiled": measured(1.0), "uxsim-5": slow}}, "today", 0.2)
    assert "must; does not" in text
