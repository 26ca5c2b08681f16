"""Trip tables: margins, deterrence, and what cannot be joined."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.demand.grid_demand import zone
from twin.demand.gravity import deterrence, furness, table_of

AMOUNTS = st.lists(st.floats(0.1, 1000.0), min_size=2, max_size=6)


@settings(max_examples=50, deadline=None)
@given(AMOUNTS, AMOUNTS, st.integers(0, 10**6))
def test_furness_meets_both_margins(rows: list[float], columns: list[float], luck: int) -> None:
    productions, attractions = np.array(rows), np.array(columns)
    minutes = 1.0 + np.abs(np.sin(luck + np.arange(len(rows) * len(columns)))).reshape(len(rows), -1) * 20.0
    balanced = furness(deterrence(minutes, 0.1), productions, attractions)
    total = productions.sum()
    assert balanced.has_converged
    assert np.abs(balanced.table.sum(axis=1) - productions).max() <= 2e-6 * total
    assert np.abs(balanced.table.sum(axis=0) - attractions * total / attractions.sum()).max() <= 2e-6 * total


def test_equal_zones_at_equal_distance_share_equally() -> None:
    balanced = furness(np.ones((2, 2)), np.array([10.0, 30.0]), np.array([1.0, 1.0]))
    assert balanced.table == pytest.approx(np.array([[5.0, 5.0], [15.0, 15.0]]))


def test_pairs_without_a_way_get_nothing_and_the_gap_shows_it() -> None:
    minutes = np.array([[1.0, 1.0], [np.inf, np.inf]])
    balanced = furness(deterrence(minutes, 0.1), np.array([10.0, 10.0]), np.array([1.0, 1.0]))
    assert balanced.table.tolist() == [[5.0, 5.0], [0.0, 0.0]]
    assert not balanced.has_converged
    assert balanced.gap == pytest.approx(0.5)


def test_margins_that_cannot_be_met_end_the_search_early() -> None:
    two_islands = np.eye(2)
    balanced = furness(two_islands, np.array([10.0, 30.0]), np.array([1.0, 1.0]))
    assert balanced.rounds < 10
    assert balanced.gap == pytest.approx(0.25)


def test_nearer_zones_draw_more() -> None:
    pull = deterrence(np.array([[1.0, 11.0]]), 0.1)
    assert pull[0, 0] / pull[0, 1] == pytest.approx(np.e)


def test_a_table_reads_the_same_in_any_order_of_rows() -> None:
    zones = (zone("A", 0, 0, 1, 1), zone("B", 1, 0, 1, 1))
    od = pd.DataFrame({"origin": ["A", "B"], "destination": ["B", "A"], "trips": [3.0, 4.0]})
    assert table_of(od, zones).tolist() == [[0.0, 3.0], [4.0, 0.0]]
    assert table_of(od.iloc[::-1], zones).tolist() == table_of(od, zones).tolist()
