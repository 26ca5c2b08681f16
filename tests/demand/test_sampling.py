"""A population and its days: totals, keyed luck, order of rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.demand.grid_demand import DEMAND, WORK, ZONES, gate, grid, inputs, with_scale, zone
from twin.city.trips import TRAVELLER_COLUMNS
from twin.clock import TimeWindow
from twin.demand.sampling import day, draw_demand, whole_counts

ALL_DAY = TimeWindow.between("00:00", "00:00")


def test_rows_of_the_population_are_numbered_and_complete() -> None:
    demand = draw_demand(grid(), inputs(), seed=1)
    rows = demand.travellers
    assert list(rows.columns) == list(TRAVELLER_COLUMNS)
    assert rows["traveller_id"].tolist() == list(range(len(rows)))
    assert set(rows["mode"]) == {"car", "truck"}
    assert rows["usual_depart_s"].between(4 * 3600, 10 * 3600).all()
    points = demand.points
    for end in ("origin", "destination"):
        assert [points[i].zone_id for i in rows[f"{end}_point"]] == rows[f"{end}_zone"].tolist()
    assert (rows["origin_point"] != rows["destination_point"]).all()


def test_car_trips_of_a_day_are_persons_over_occupancy() -> None:
    """36,000 residents make a trip each, half of them out. Every way over 1 km goes by car at 60 %, a shorter one at
    40 %, 1.25 in a car; the population holds 1/0.8 habits for each trip of a day."""
    demand = draw_demand(grid(), inputs(), seed=1, window=ALL_DAY)
    modes = demand.tables["modes"].set_index(["mode", "unit"])["trips"]
    assert modes.xs("persons", level="unit").sum() == pytest.approx(36_000)
    work = demand.travellers.query("purpose == 'work'")
    assert len(work) * 0.8 == pytest.approx(modes["car", "persons"] / 1.25, abs=2)


def test_the_same_seed_gives_the_same_population_to_the_byte() -> None:
    first, second = (draw_demand(grid(), inputs(), seed=7).travellers for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    other = draw_demand(grid(), inputs(), seed=8).travellers
    assert not first["usual_depart_s"].equals(other["usual_depart_s"])


def test_order_of_zones_and_names_of_streets_change_nothing() -> None:
    here = draw_demand(grid(), inputs(), seed=7)
    there = draw_demand(grid(prefix="n"), inputs(ZONES[::-1]), seed=7)
    pd.testing.assert_frame_equal(here.travellers, there.travellers, check_exact=True)
    for name, table in here.tables.items():
        pd.testing.assert_frame_equal(table, there.tables[name], check_exact=True)


def test_twice_the_scale_gives_twice_the_vehicles_and_as_many_bus_riders() -> None:
    once, twice = (draw_demand(grid(), inputs(demand=with_scale(scale)), seed=1) for scale in (1.0, 2.0))
    streams = 2 + 3 + 4  # each may round by one
    assert abs(len(twice.travellers) - 2 * len(once.travellers)) <= 2 * streams
    for column in ("vehicles", "vehicles_in_window"):
        assert twice.tables["purposes"][column].sum() == pytest.approx(2 * once.tables["purposes"][column].sum())
    riders = [demand.tables["bus_riders"]["riders"].sum() for demand in (once, twice)]
    assert riders[0] == riders[1] > 0


def test_lorries_keep_out_of_the_ban_on_every_day() -> None:
    demand = draw_demand(grid(), inputs(), seed=1)
    lorries = day(demand, 3).query("mode == 'truck'")
    assert len(lorries) > 50
    # A lorry that sets out at 06:30 has half an hour to get off the streets.
    assert not lorries["depart_s"].between(6.5 * 3600, 8.5 * 3600, inclusive="left").any()


def test_nobody_who_passes_through_parks_and_nobody_parks_at_a_gate() -> None:
    rows = draw_demand(grid(), inputs(), seed=1).travellers
    gates = {"E", "W"}
    at_gate = rows["destination_zone"].isin(gates)
    assert set(rows.loc[at_gate, "parks"]) == {"none"}
    assert set(rows.loc[~at_gate & rows["purpose"].eq("through"), "parks"]) == {"public"}
    work = rows.loc[rows["purpose"].eq("work") & rows["stay_s"].between(0, 10.5 * 3600)]
    assert set(work["parks"]) == {"private", "none", "public"}


def test_a_day_keeps_to_habits_and_days_differ() -> None:
    demand = draw_demand(grid(), inputs(), seed=1)
    trips = day(demand, 1)
    assert list(trips.columns) == [*TRAVELLER_COLUMNS, "depart_s"]
    assert trips["depart_s"].is_monotonic_increasing
    assert trips["traveller_id"].is_unique
    pd.testing.assert_frame_equal(trips, day(demand, 1), check_exact=True)
    shift_min = (trips["depart_s"] - trips["usual_depart_s"]).loc[trips["mode"].eq("car")] / 60
    # 5 minutes, within four standard errors of a sample's standard deviation.
    assert shift_min.std() == pytest.approx(5.0, abs=4 * 5.0 / np.sqrt(2 * len(shift_min)))
    sizes = [len(day(demand, seed)) for seed in range(40)]
    expected = demand.travellers["travels_share"].sum()
    # The level varies by 5 % from day to day; its mean over 40 days by 5 % / √40.
    assert np.mean(sizes) == pytest.approx(expected, rel=4 * 0.05 / np.sqrt(40))
    assert 0.03 < np.std(sizes) / expected < 0.08


def test_a_table_of_trips_takes_the_place_of_gravity() -> None:
    od = pd.DataFrame({"origin": ["A"], "destination": ["D"], "trips": [1000.0]})
    given_table = replace(inputs(), od_tables={"work": od})
    rows = draw_demand(grid(), given_table, seed=1, window=ALL_DAY).travellers.query("purpose == 'work'")
    pairs = rows.groupby(["origin_zone", "destination_zone"]).size().to_dict()
    # 60 % of 1,000 by car, 1.25 in a car, each made on 80 % of days: 600 habits out and 600 home.
    assert pairs == {("A", "D"): 600, ("D", "A"): 600}


def test_a_place_without_people_or_gates_has_no_travellers() -> None:
    demand = draw_demand(grid(), inputs((zone("A", 1, 1, 0, 0),)), seed=1)
    assert len(demand.travellers) == 0
    assert len(day(demand, 1)) == 0


def test_two_gates_on_one_street_end_exchange_nothing() -> None:
    near = (*ZONES, gate("E2", 5.1, 3))
    no_distance = replace(DEMAND, gates=replace(DEMAND.gates, least_through_km=0.0))
    rows = draw_demand(grid(), inputs(near, no_distance), seed=1).travellers
    pairs = set(zip(rows["origin_zone"], rows["destination_zone"], strict=True))
    assert ("E", "E2") not in pairs and ("E2", "E") not in pairs


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0, 50.0), min_size=4, max_size=4), st.floats(0.0, 1.0, exclude_max=True))
def test_whole_numbers_keep_totals_of_rows(cells: list[float], luck: float) -> None:
    table = np.array(cells).reshape(2, 2)
    counts = whole_counts(table, luck)
    assert (counts >= 0).all()
    assert abs(counts.sum() - table.sum()) <= 1.0
    assert (np.abs(counts.sum(axis=1) - table.sum(axis=1)) <= 1.0 + 1e-9).all()


def test_a_purpose_nobody_has_makes_no_rows() -> None:
    idle = replace(WORK, share_of_trips=0.0)
    demand = draw_demand(grid(), inputs(demand=replace(DEMAND, purposes={"work": idle})), seed=1)
    assert not demand.travellers["purpose"].eq("work").any()
