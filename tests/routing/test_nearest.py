"""The best place to drive to: drive and cost beyond it, against the whole tree."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.demand.grid_demand import grid
from tests.sim.small_streets import street
from twin.routing.kernel import UNREACHED
from twin.routing.nearest import NEVER_MS, NearestPlaces
from twin.routing.paths import Router

GRID = grid(5)
ROUTER = Router(GRID)
NEAREST = NearestPlaces(ROUTER.graph)


def ask(link: str, nodes: str, beyond_ms: list[int]) -> tuple[int, int, list[str]]:
    graph = Router(street()).graph
    indices = np.array([graph.node_index[node] for node in nodes], dtype=np.int64)
    place, drive_ms, links = NearestPlaces(graph).best(graph.link_index[link], indices, np.array(beyond_ms))
    return place, drive_ms, [graph.link_ids[i] for i in links]


def test_nearer_place_wins_until_it_costs_more_than_the_drive_to_the_next() -> None:
    """Blocks of 10 s from b → c on: d costs 10 s of driving, e 20 s."""
    assert ask("bc", "de", [0, 0]) == (0, 10_000, ["cd"])
    assert ask("bc", "de", [9_999, 0]) == (0, 10_000, ["cd"])
    assert ask("bc", "de", [10_001, 0]) == (1, 20_000, ["cd", "de"])


def test_place_where_one_stands_needs_no_drive_and_one_behind_cannot_be_reached() -> None:
    assert ask("bc", "c", [5]) == (0, 0, [])
    assert ask("bc", "b", [0])[0] == -1
    assert ask("bc", "d", [int(NEVER_MS)])[0] == -1


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(GRID.links) - 1),
    st.lists(st.tuples(st.integers(0, len(GRID.nodes) - 1), st.integers(0, 300_000)), min_size=1, max_size=30),
)
def test_best_is_that_of_the_whole_tree(link: int, places: list[tuple[int, int]]) -> None:
    graph = ROUTER.graph
    nodes = np.array([node for node, _ in places], dtype=np.int64)
    beyond = np.array([cost for _, cost in places], dtype=np.int64)
    time_ms, _ = ROUTER.link_tree(link)
    drives = []
    for node in nodes.tolist():
        into = graph.in_links[graph.in_start[node] : graph.in_start[node + 1]]
        drives.append(0 if graph.link_to[link] == node else int(time_ms[into].min()))
    place, drive_ms, links = NEAREST.best(link, nodes, beyond)
    assert drive_ms + beyond[place] == min(d + b for d, b in zip(drives, beyond.tolist(), strict=True) if d < UNREACHED)
    assert drive_ms == graph.free_ms[links].sum() == drives[place]
    ends = [link, *links.tolist()]
    assert all(graph.link_to[a] == graph.link_from[b] for a, b in pairwise(ends))
    assert graph.link_to[ends[-1]] == nodes[place]


@pytest.mark.parametrize("count", [65, 200])
def test_more_places_than_usual_find_room(count: int) -> None:
    nodes = np.arange(count, dtype=np.int64) % len(GRID.nodes)
    assert NEAREST.best(0, nodes, np.zeros(count, dtype=np.int64))[1] == 0
