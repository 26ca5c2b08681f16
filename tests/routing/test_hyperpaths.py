"""Strategies: which lines are worth waiting for."""

import numpy as np
import pytest

from twin.routing.hyperpaths import BOARDING_COST_S, GOES_TO_END, WAIT_WEIGHT, WAITS, LineGraph, loads, strategies

NOWHERE = np.inf


def graph(rows: list[tuple[int, float, float]], walks: dict[tuple[int, int], float] | None = None) -> LineGraph:
    """Rows (place, time to the next row in s, buses an hour); walks between places, both ways."""
    places, ride_s, per_hour = zip(*rows, strict=True)
    n = max(places) + 1
    both = {**(walks or {}), **{(q, p): s for (p, q), s in (walks or {}).items()}}
    pairs = sorted(both)
    return LineGraph(
        np.array(places), np.array(ride_s), np.array(per_hour) / 3600.0, n,
        np.searchsorted([p for p, _ in pairs], np.arange(n + 1)).astype(np.int64),
        np.array([q for _, q in pairs], dtype=np.int64), np.array([both[pair] for pair in pairs], dtype=np.float64),
    )  # fmt: skip


def to(place: int, lines: LineGraph, **options: float):
    """Strategy to a destination that is walked to from one place."""
    return strategies(lines, np.array([0, 1]), np.array([place]), np.zeros(1), **options)


def test_one_line_costs_half_a_headway_and_the_ride() -> None:
    """Six buses an hour, 300 s aboard: wait 300 s at weight 2, boarding 300 s: 1,200 s."""
    found = to(1, graph([(0, 300.0, 6.0), (1, NOWHERE, 6.0)]))
    assert found.cost_s[0, 0] == pytest.approx(WAIT_WEIGHT * 300.0 + BOARDING_COST_S + 300.0)
    assert found.boards[0].tolist() == [1, 0] and found.alights[0, 1] == 1
    assert found.walk_to[0].tolist() == [WAITS, GOES_TO_END]


def test_two_alike_lines_halve_the_wait() -> None:
    """Both every 10 min: together every 5 min, 300 s less of weighted wait."""
    rows = [(0, 300.0, 6.0), (1, NOWHERE, 6.0)]
    alone, both = to(1, graph(rows)), to(1, graph(rows * 2))
    assert alone.cost_s[0, 0] - both.cost_s[0, 0] == pytest.approx(300.0)
    assert both.boards[0].tolist() == [1, 0, 1, 0]


def test_a_slow_line_is_let_pass_where_waiting_for_the_fast_one_is_better() -> None:
    """Fast: 10 min aboard every 10 min, 10 + 10 = 20 min with weighted wait. A line of 19 min is worth boarding if it
    comes first, one of 21 min is not.
    """
    for slow_min, boards in ((19.0, 1), (21.0, 0)):
        found = to(1, graph([(0, 600.0, 6.0), (1, NOWHERE, 6.0), (0, slow_min * 60.0, 6.0), (1, NOWHERE, 6.0)]))
        assert found.boards[0, 2] == boards
    # Together: (10 + 10 + 19) ÷ 2 … = weighted wait of 5 min and a mean ride of 14.5 min.
    found = to(1, graph([(0, 600.0, 6.0), (1, NOWHERE, 6.0), (0, 1140.0, 6.0), (1, NOWHERE, 6.0)]))
    assert found.cost_s[0, 0] == pytest.approx(300.0 + 870.0 + BOARDING_COST_S)


def test_spiess_and_florian_s_example() -> None:
    """The paper's network, A to B: line 1 A–B 25 min; line 2 A–X 7, X–Y 6; line 3 X–Y 4, Y–B 4; line 4 Y–B 10; buses
    every 12, 12, 30 and 6 min. With mean waits of half a headway the expected time is 27.75 min. Here waits weigh
    double, so buses come twice as often.
    """
    a, x, y, b = range(4)
    lines = graph(
        [
            (a, 1500.0, 10.0), (b, NOWHERE, 10.0),
            (a, 420.0, 10.0), (x, 360.0, 10.0), (y, NOWHERE, 10.0),
            (x, 240.0, 4.0), (y, 240.0, 4.0), (b, NOWHERE, 4.0),
            (y, 600.0, 20.0), (b, NOWHERE, 20.0),
        ]
    )  # fmt: skip
    found = to(b, lines, boarding_cost_s=0.0)
    # From Y: lines 3 (4 min) and 4 (10 min), 24 an hour together: 2.5 + (4 · 4 + 20 · 10) / 24 = 11.5 min.
    assert found.cost_s[0, y] == pytest.approx(11.5 * 60.0)
    # From A: lines 1 (25 min) and 2, aboard to Y (7 + 6 + 11.5 = 24.5 min), 20 an hour together: 3 + 24.75.
    assert found.cost_s[0, a] == pytest.approx(27.75 * 60.0)
    assert [r for r in (0, 2) if found.boards[0, r]] == [0, 2]


def test_one_gets_off_where_another_line_leads_on() -> None:
    """0 → 1 → 2 by the first line; from 1 a second leads to 3. To 3 one gets off at 1, to 2 one stays aboard."""
    lines = graph(
        [(0, 300.0, 6.0), (1, 300.0, 6.0), (2, NOWHERE, 6.0), (1, 300.0, 6.0), (3, NOWHERE, 6.0)]
    )  # fmt: skip
    assert to(3, lines).alights[0].tolist()[1] == 1
    assert to(2, lines).alights[0].tolist()[1] == 0


def test_one_walks_between_stops_where_that_is_quicker() -> None:
    lines = graph([(0, 300.0, 6.0), (1, NOWHERE, 6.0), (2, 300.0, 6.0), (3, NOWHERE, 6.0)], {(1, 2): 60.0})
    found = to(3, lines)
    assert found.walk_to[0, 1] == 2 and found.walk_s[0, 1] == 60.0 and found.alights[0, 1] == 1
    assert not np.isfinite(to(0, lines).cost_s[0, 3])


def test_a_line_that_does_not_run_is_boarded_by_nobody() -> None:
    found = to(1, graph([(0, 300.0, 0.0), (1, NOWHERE, 0.0)]))
    assert not found.boards.any() and not np.isfinite(found.cost_s[0, 0])


def test_loads_share_riders_by_frequency_and_close_their_books() -> None:
    """90 riders wait for lines of 6 and 3 buses an hour: 60 and 30 board; all get off at the end."""
    lines = graph([(0, 300.0, 6.0), (1, NOWHERE, 6.0), (0, 300.0, 3.0), (1, NOWHERE, 3.0)])
    riders = np.zeros(90, dtype=np.int64)
    loaded = loads(lines, to(1, lines), riders, riders)
    assert loaded.boards == pytest.approx([60.0, 0.0, 30.0, 0.0])
    assert loaded.aboard == pytest.approx([60.0, 0.0, 30.0, 0.0])
    assert loaded.alights.sum() == pytest.approx(loaded.boards.sum())


def test_loads_of_riders_who_change() -> None:
    """One rider from 0 to 3 boards twice, and walks between the stops 1 and 2."""
    lines = graph([(0, 300.0, 6.0), (1, NOWHERE, 6.0), (2, 300.0, 6.0), (3, NOWHERE, 6.0)], {(1, 2): 60.0})
    one = np.zeros(1, dtype=np.int64)
    loaded = loads(lines, to(3, lines), one, one)
    assert loaded.boards.tolist() == [1.0, 0.0, 1.0, 0.0] and loaded.waiting.tolist() == [1.0, 0.0, 1.0, 0.0]
