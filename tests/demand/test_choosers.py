"""Choosers: everybody of the four purposes once, and the rows they would drive or ride as."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.demand.grid_demand import DEMAND, grid, inputs
from twin.city.trips import CHOOSER_COLUMNS, Demand
from twin.clock import TimeWindow
from twin.demand.choosers import FIRST_OTHER_ID, draw_with_choosers
from twin.demand.sampling import FIRST_RIDER_ID, day, draw_demand, riders_today

PEAK = TimeWindow.between("07:00", "09:00")
SCALED = replace(DEMAND, level=replace(DEMAND.level, scale=0.5, bus_scale=0.8))


@pytest.fixture(scope="module")
def drawn() -> Demand:
    return draw_with_choosers(grid(), inputs(demand=SCALED), seed=7, choosing=PEAK)


def test_the_first_travellers_and_riders_are_those_drawn_without_choosers(drawn: Demand) -> None:
    plain = draw_demand(grid(), inputs(demand=SCALED), seed=7)
    assert plain.riders is not None and drawn.riders is not None
    pd.testing.assert_frame_equal(drawn.travellers.iloc[: len(plain.travellers)], plain.travellers)
    pd.testing.assert_frame_equal(drawn.riders.iloc[: len(plain.riders)], plain.riders)
    for name in ("travellers", "riders"):
        assert not getattr(drawn, name).iloc[len(getattr(plain, name)) :]["travels_share"].any()
    assert drawn.travellers["traveller_id"].tolist() == list(range(len(drawn.travellers)))
    assert (np.diff(drawn.riders["traveller_id"]) == 1).all()


def test_nobody_travels_on_a_row_that_is_not_how_he_goes(drawn: Demand) -> None:
    plain = draw_demand(grid(), inputs(demand=SCALED), seed=7)
    pd.testing.assert_frame_equal(day(drawn, 3), day(plain, 3))
    pd.testing.assert_frame_equal(riders_today(drawn, 3), riders_today(plain, 3))


def test_people_of_each_mode_are_those_of_the_tables(drawn: Demand) -> None:
    """All trips of work set out 07:00–09:00: shares of people are those of the table of modes, within 1 %."""
    choosers = drawn.choosers
    assert choosers is not None and list(choosers.columns) == list(CHOOSER_COLUMNS)
    outward = choosers[choosers["usual_depart_s"].between(PEAK.start_s, PEAK.end_s)]
    people = outward["people"] * outward["travels_share"]
    found = people.groupby(outward["mode"]).sum()
    for mode in ("car", "bus", "walk"):
        expected = (people * outward[f"share_{mode}"]).sum()
        assert found[mode] == pytest.approx(expected, rel=0.01), mode


def test_a_chooser_drives_as_many_cars_and_rides_as_many_riders_as_his_people_are(drawn: Demand) -> None:
    """Half of cars are simulated with 1.25 aboard: a car stands for 2.5 people; 0.8 of riders: one stands for 1.25."""
    choosers = drawn.choosers
    assert choosers is not None
    cars, bus, walk = (choosers[choosers["mode"] == mode] for mode in ("car", "bus", "walk"))
    assert set(cars["people"]) == {2.5} and set(bus["people"]) == {1.25} and set(walk["people"]) == {2.5}
    assert (cars["vehicles"] == 1).all() and (bus["riders"] == 1).all() and (walk["vehicles"] == 1).all()
    assert (cars["riders"] == 2).all(), "2.5 people are two riders"
    mean, error = bus["vehicles"].mean(), 0.5 / np.sqrt(len(bus))
    assert mean == pytest.approx(0.5, abs=4 * error), "half a car each, by chance"


def test_ids_of_choosers_are_their_own(drawn: Demand) -> None:
    choosers = drawn.choosers
    assert choosers is not None and choosers["chooser_id"].is_unique
    by_mode = choosers.groupby("mode")["chooser_id"]
    assert by_mode.max()["car"] < FIRST_RIDER_ID <= by_mode.min()["bus"] < FIRST_OTHER_ID <= by_mode.min()["walk"]


def test_rows_of_choosers_overlap_nowhere(drawn: Demand) -> None:
    choosers = drawn.choosers
    assert choosers is not None
    for first, count in (("first_traveller", "vehicles"), ("first_rider", "riders")):
        rows = np.concatenate([np.arange(a, a + n) for a, n in zip(choosers[first], choosers[count], strict=True)])
        assert len(np.unique(rows)) == len(rows)


def test_lorries_and_through_traffic_do_not_choose(drawn: Demand) -> None:
    assert drawn.choosers is not None
    assert set(drawn.choosers["purpose"]) == {"work"}
