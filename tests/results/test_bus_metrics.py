"""Figures of buses and riders, on three runs and four riders that can be checked in the head."""

from dataclasses import replace

import numpy as np
import pytest
from small_runs import bus_morning, run_of

from twin.results.bus_metrics import BUS_METRICS
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
