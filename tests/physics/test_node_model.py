"""Fluid values of the node model, and its requirements on random junctions (Tampère et al. 2011, section 2)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import SimulationError
from twin.sim.node_model import node_flows

EXACT = 1e-9  # sums of a few floats near 1

# The example of Tampère et al. (2011): four approaches of capacity 1000, 2000, 1000, 2000, exits the same.
CROSSING = np.array([[0, 50, 150, 300], [100, 0, 300, 1600], [100, 100, 0, 600], [100, 800, 800, 0]], dtype=float)
CAPACITY = np.array([1000.0, 2000.0, 1000.0, 2000.0])


@pytest.mark.parametrize(
    ("demand", "capacity", "passes"),
    [
        ((0.4, 0.3), (0.5, 0.5), (0.25, 0.25)),  # both want more than half
        ((0.4, 0.2), (0.5, 0.5), (0.30, 0.20)),  # one wants less than half, the other takes the rest
        ((0.8, 0.4), (1.0, 0.5), (1 / 3, 1 / 6)),  # two lanes against one
        ((0.2, 0.2), (0.5, 0.5), (0.20, 0.20)),  # room for all
    ],
)
def test_6_12_merge_into_half_a_vehicle_a_second_by_capacity(
    demand: tuple[float, float], capacity: tuple[float, float], passes: tuple[float, float]
) -> None:
    flows = node_flows(np.array(demand)[:, None], [0.5], capacity)
    assert flows.ravel().tolist() == pytest.approx(passes, abs=EXACT)


@pytest.mark.parametrize(
    ("demand", "weights", "passes"),
    [
        ((0.8, 0.8), (1.0, 1.0), (0.4, 0.4)),
        ((0.8, 0.8), (1.0, 2.0), (0.8 / 3, 1.6 / 3)),
        ((0.8, 0.3), (1.0, 1.0), (0.5, 0.3)),
        ((0.3, 0.4), (1.0, 1.0), (0.3, 0.4)),
    ],
)
def test_T12_merge_into_0_8_by_weight(
    demand: tuple[float, float], weights: tuple[float, float], passes: tuple[float, float]
) -> None:
    flows = node_flows(np.array(demand)[:, None], [0.8], weights)
    assert flows.ravel().tolist() == pytest.approx(passes, abs=EXACT)


def test_T13_in_one_queue_the_narrow_branch_holds_back_the_wide_one() -> None:
    """0.8 arrive half and half; the branch of 0.2 passes half of its 0.4, so half of all passes: 0.2 and 0.2."""
    assert node_flows([[0.4, 0.4]], [0.2, 0.8], [0.8])[0].tolist() == pytest.approx([0.2, 0.2], abs=EXACT)


def test_T13_with_a_queue_for_each_turn_only_the_narrow_branch_is_held_back() -> None:
    flows = node_flows([[0.4, 0.0], [0.0, 0.4]], [0.2, 0.8], [0.4, 0.4])
    assert flows.sum(axis=0).tolist() == pytest.approx([0.2, 0.4], abs=EXACT)


def test_6_13_diverge_first_in_first_out_and_with_separate_turn_lanes() -> None:
    """0.25 to each side, exits 0.5 and 0.15: a factor 0.15/0.25 for both, or for the held turn alone."""
    assert node_flows([[0.25, 0.25]], [0.5, 0.15], [0.5])[0].tolist() == pytest.approx([0.15, 0.15], abs=EXACT)
    apart = node_flows([[0.25, 0.0], [0.0, 0.25]], [0.5, 0.15], [0.25, 0.25])
    assert apart.sum(axis=0).tolist() == pytest.approx([0.25, 0.15], abs=EXACT)


def test_T14_crossing_of_four_approaches() -> None:
    """Exit 3 is tightest: 1000 / (1000·0.3 + 2000·0.15 + 2000·0.8/1.7) = 0.6490; approach 1 wants 500 < 649 and
    passes whole; then (1000 − 150) / 1241.18 = 0.68483 holds approaches 2 and 4 at 2000 · 0.68483 = 1369.67.
    """
    flows = node_flows(CROSSING, CAPACITY, CAPACITY)
    assert flows.sum(axis=1).tolist() == pytest.approx([500.0, 1369.67, 800.0, 1369.67], abs=0.005)
    assert flows.sum(axis=0).tolist() == pytest.approx([249.1, 794.5, 1000.0, 1995.7], rel=1e-3)


def test_T15_more_vehicles_behind_a_held_approach_change_nothing() -> None:
    """Approach 4 wants 2000 instead of 1700, in the same fractions."""
    more = CROSSING.copy()
    more[3] *= 2000.0 / 1700.0
    assert np.allclose(
        node_flows(more, CAPACITY, CAPACITY), node_flows(CROSSING, CAPACITY, CAPACITY), atol=1e-9, rtol=0
    )


def test_6_14_two_by_two() -> None:
    """Exit 1: 0.3 / (0.5·0.75 + 0.5·0.4) = 0.5217 of the capacity 0.5 of each approach, 0.26087."""
    flows = node_flows([[0.3, 0.1], [0.2, 0.3]], [0.3, 0.5], [0.5, 0.5])
    assert np.allclose(flows, [[0.195652, 0.065217], [0.104348, 0.156522]], atol=5e-7)
    assert flows.sum(axis=0).tolist() == pytest.approx([0.3, 0.221739], abs=5e-7)


def test_6_16_more_demand_behind_a_full_merge_changes_nothing() -> None:
    assert node_flows([[0.5], [0.3]], [0.5], [0.5, 0.5]).ravel().tolist() == pytest.approx([0.25, 0.25], abs=EXACT)


def test_an_exit_without_room_stops_whoever_wants_it_and_nobody_else() -> None:
    flows = node_flows([[0.2, 0.1], [0.3, 0.0]], [1.0, 0.0], [0.5, 0.5])
    assert flows.tolist() == [[0.0, 0.0], [0.3, 0.0]]


@pytest.mark.parametrize(
    "case",
    [([[1.0]], [1.0, 2.0], [1.0]), ([[-0.1]], [1.0], [1.0]), ([[0.1]], [float("nan")], [1.0]), ([[0.1]], [1.0], [0.0])],
)
def test_a_junction_that_cannot_be_is_refused(case: tuple[Any, Any, Any]) -> None:
    with pytest.raises(SimulationError):
        node_flows(*case)


# --- requirements on random junctions ------------------------------------------------------------------------------

_FLOWS = st.one_of(st.just(0.0), st.floats(0.01, 1.0))


@st.composite
def junctions(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Demand at most the capacity of its approach, supply from nothing to plenty."""
    n, m = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    demand = np.array(draw(st.lists(st.lists(_FLOWS, min_size=m, max_size=m), min_size=n, max_size=n)))
    capacity = np.array(draw(st.lists(st.floats(0.1, 3.0), min_size=n, max_size=n))) + demand.sum(axis=1)
    supply = np.array(draw(st.lists(st.one_of(st.just(0.0), st.floats(0.01, 4.0)), min_size=m, max_size=m)))
    return demand, supply, capacity


def held_back(demand: Any, flows: Any) -> Any:
    return flows.sum(axis=1) < demand.sum(axis=1) - EXACT


@given(junctions())
def test_6_16_flows_are_within_demand_and_supply(case: tuple[Any, Any, Any]) -> None:
    demand, supply, capacity = case
    flows = node_flows(demand, supply, capacity)
    assert (flows >= 0).all()
    assert (flows <= demand + EXACT).all()
    assert (flows.sum(axis=0) <= supply + EXACT).all()


@given(junctions())
def test_6_16_turning_fractions_are_kept_on_each_approach(case: tuple[Any, Any, Any]) -> None:
    demand, supply, capacity = case
    flows = node_flows(demand, supply, capacity)
    wanted, passed = demand.sum(axis=1), flows.sum(axis=1)
    assert np.allclose(flows * wanted[:, None], demand * passed[:, None], atol=EXACT)


@given(junctions())
def test_6_16_flow_is_maximal_every_held_approach_meets_a_full_exit(case: tuple[Any, Any, Any]) -> None:
    demand, supply, capacity = case
    flows = node_flows(demand, supply, capacity)
    full = flows.sum(axis=0) >= supply - EXACT
    for approach in np.flatnonzero(held_back(demand, flows)):
        assert (full & (demand[approach] > 0)).any()


@given(junctions())
def test_6_16_who_is_held_by_an_exit_has_the_largest_share_of_capacity_there(case: tuple[Any, Any, Any]) -> None:
    """The rule of supply interaction: approaches held by one exit pass one and the same share of their capacity, and
    whoever else sends there, held elsewhere or not at all, passes no larger share."""
    demand, supply, capacity = case
    flows = node_flows(demand, supply, capacity)
    share = flows.sum(axis=1) / capacity
    full = flows.sum(axis=0) >= supply - EXACT
    for approach in np.flatnonzero(held_back(demand, flows)):
        exits = np.flatnonzero(full & (demand[approach] > 0))
        assert any((share[demand[:, j] > 0] <= share[approach] + 1e-7).all() for j in exits)


@given(junctions(), st.floats(0.0, 1.0))
def test_6_16_invariance_to_what_does_not_bind(case: tuple[Any, Any, Any], more: float) -> None:
    """Raising the demand of held approaches (up to capacity, in the same fractions) and the supply of exits with room
    to spare changes nothing."""
    demand, supply, capacity = case
    flows = node_flows(demand, supply, capacity)
    total = np.maximum(demand.sum(axis=1), 1e-300)
    factor = np.where(held_back(demand, flows), 1.0 + more * (capacity / total - 1.0), 1.0)
    spare = flows.sum(axis=0) < supply - EXACT
    wider = np.where(spare, supply + 5.0 * more, supply)
    assert np.allclose(node_flows(demand * factor[:, None], wider, capacity), flows, atol=1e-7)


@given(junctions(), st.floats(0.1, 10.0))
def test_only_the_ratio_of_weights_counts(case: tuple[Any, Any, Any], scale: float) -> None:
    demand, supply, capacity = case
    scaled = node_flows(demand, supply, capacity * scale)
    assert np.allclose(scaled, node_flows(demand, supply, capacity), atol=1e-7)
