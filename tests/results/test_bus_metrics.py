"""Figures of buses and riders, on three runs and four riders that can be checked in the head."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import SEVEN, bus_morning, run_of

from twin.results.bus_metrics import BUS_METRICS, excess_wait_s
from twin.results.run import Run


def morning() -> Run:
    buses, visits, riders = bus_morning()
    run = run_of(buses=buses)
    return replace(run, records=replace(run.records, bus_stops=visits, riders=riders))


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("bus_riders", 2.0),  # the third gave up before boarding, the fourth left before seven
        ("rider_time_s", (1800.0 + 2700.0 + 3900.0) / 3),
        ("rider_generalised_s", (2400.0 + 3900.0 + 7800.0) / 3),  # 2 · 300 + 2 · 600 + 1800 + 300 for the second
        ("rider_wait_s", (300.0 + 600.0 + 3600.0) / 3),
        ("boardings_per_rider", 1.5),
        ("refused_share", 2 / 3),
        ("riders_given_up_share", 1 / 3),
        ("no_way_share", 0.0),
        ("crowded_share", 10 / 40),
        ("punctual_share", 2 / 3),  # 100 s late counts as in time, 400 s does not
        # Headways kept 900 and 300 s: (900² + 300²) / (2 · 1200) = 375 s; scheduled 600 and 600 s: 300 s.
        ("excess_wait_s", 75.0),
    ],
)
def test_figures_of_a_morning(metric: str, value: float) -> None:
    assert BUS_METRICS[metric](morning()) == pytest.approx(value)


@pytest.mark.parametrize("metric", list(BUS_METRICS))
def test_without_buses_nothing_is_measured(metric: str) -> None:
    assert np.isnan(BUS_METRICS[metric](run_of()))


def service(due_s: list[float], left_s: list[float | None]) -> Run:
    """Runs of one line that are due at these times (s after seven) and leave its second stop at those; None: never."""
    ids = [f"r{n}" for n in range(len(due_s))]
    buses = pd.DataFrame({"run_id": ids, "line_id": "1路/上行", "depart_s": [SEVEN + t for t in due_s], "seats": 30})
    halts = [(run, 1, SEVEN + t) for run, t in zip(ids, left_s, strict=True) if t is not None]
    run = run_of(buses=buses)
    visits = pd.DataFrame(halts, columns=["run_id", "stop", "leave_s"])
    return replace(run, records=replace(run.records, bus_stops=visits))


def test_buses_that_get_faster_through_the_morning_leave_no_excess_wait_below_zero() -> None:
    """Due every 600 s, each 10 s faster than the one before: they come every 590 s, as even as the timetable.

    The wait is 295 s in place of 300 s, but nothing of it is excess.
    """
    assert excess_wait_s(service([0, 600, 1200], [900, 1490, 2080])) == 0.0


def test_a_timetable_that_changes_and_is_kept_has_no_excess_wait() -> None:
    """Every 300 s, then every 900 s: uneven, but as scheduled."""
    due = [0.0, 300.0, 600.0, 900.0, 1800.0, 2700.0, 3600.0]
    assert excess_wait_s(service(due, [t + 60.0 for t in due])) == 0.0


def test_a_bus_that_never_comes_is_waited_for() -> None:
    """Four due every 600 s, the second never comes: 1,200 and 600 s; (1200² + 600²) / (2 · 1800) = 500 s for 300 s."""
    assert excess_wait_s(service([0, 600, 1200, 1800], [0, None, 1200, 1800])) == pytest.approx(200.0)


def test_bunched_buses_double_the_wait() -> None:
    """Two come together every 1,200 s in place of one every 600 s: 600 s of wait for 300 s."""
    left = [0.0, 1200.0, 1200.0, 2400.0, 2400.0]
    assert excess_wait_s(service([0, 600, 1200, 1800, 2400], left)) == pytest.approx(300.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3600), min_size=3, max_size=9, unique=True), st.data())
def test_excess_wait_is_never_below_zero(due: list[int], data: st.DataObject) -> None:
    late = data.draw(st.lists(st.integers(0, 2000), min_size=len(due), max_size=len(due)))
    came = [float(t + more) for t, more in zip(sorted(due), late, strict=True)]
    excess = excess_wait_s(service([float(t) for t in sorted(due)], list(came)))
    assert np.isnan(excess) or excess >= 0.0


def test_riders_whom_no_line_takes_stand_in_a_figure_of_their_own() -> None:
    run = morning()
    riders = run.records.riders.assign(status=["no_way", "arrived", "arrived", "no_way"])  # the last left before seven
    told = replace(run, records=replace(run.records, riders=riders))
    assert BUS_METRICS["no_way_share"](told) == pytest.approx(1 / 3)
    assert BUS_METRICS["bus_riders"](told) == 1.0
