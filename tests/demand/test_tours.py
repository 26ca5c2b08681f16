"""There and back: profiles kept, stays near their law, every way back after its way out."""

from dataclasses import replace

import numpy as np
import pytest

from tests.demand.grid_demand import DEMAND, FLAT, PARKING, SEVEN_TO_NINE, WORK, grid, inputs
from twin.city.trips import Demand
from twin.clock import DAY_S, TimeWindow
from twin.demand.inputs import DemandInputs, ParkingEnd, Profile
from twin.demand.profiles import DayShares
from twin.demand.sampling import day
from twin.demand.tours import SHORTEST_STAY_S, StayLaw, quarter_shares, stays_between, ways_back
from twin.demand.whole_days import draw_whole_days

HOUR = 3600.0
ALL_DAY = TimeWindow.between("00:00", "24:00")
FIVE_TO_SEVEN = Profile((0.0,) * 20, tuple(0.5 if hour in (17, 18) else 0.0 for hour in (*range(5), *range(10, 24))))
"""Home between 17:00 and 19:00."""


def hours(*shares: tuple[int, float]) -> DayShares:
    """A profile by clock hours."""
    of = dict(shares)
    return DayShares(np.arange(25) * HOUR, np.array([of.get(hour, 0.0) for hour in range(24)]))


def whole_day(back_by: str = "profile", **parking: float) -> DemandInputs:
    """The grid with ways to work at 07:00–09:00 and home at 17:00–19:00."""
    work = replace(WORK, outward=SEVEN_TO_NINE, homeward=FIVE_TO_SEVEN, back_by=back_by)
    end = replace(PARKING.ends["work"], **parking)
    given = inputs(demand=replace(DEMAND, purposes={"work": work}))
    return replace(given, parking=replace(PARKING, ends={**PARKING.ends, "work": end}))


def drawn(given: DemandInputs, window: TimeWindow = ALL_DAY) -> Demand:
    return draw_whole_days(grid(), given, seed=1, window=window)


def test_of_two_stays_that_the_profiles_allow_the_likelier_is_chosen() -> None:
    """Out at 8 and 9, home at 10 and 11: stays of two hours each, or of three and one. The law says two."""
    table = ways_back(
        hours((8, 0.5), (9, 0.5)), hours((10, 0.5), (11, 0.5)), StayLaw(2 * HOUR, 0.02), drive_s=0.0
    ).table
    by_hour = table.reshape(24, 4, 24, 4).sum(axis=(1, 3))
    assert by_hour[8, 10] + by_hour[9, 11] == pytest.approx(1.0, abs=0.02)


def test_both_profiles_are_kept_whatever_stays_are_likely() -> None:
    out, back = hours((7, 0.3), (8, 0.7)), hours((12, 0.1), (17, 0.9))
    found = ways_back(out, back, StayLaw(3 * HOUR, 0.3), drive_s=900.0)
    assert found.has_converged
    assert found.table.sum(axis=1) == pytest.approx(quarter_shares(out), abs=1e-6)
    assert found.table.sum(axis=0) == pytest.approx(quarter_shares(back), abs=1e-6)


def test_who_sets_out_in_the_evening_comes_home_in_the_morning() -> None:
    table = ways_back(hours((22, 1.0)), hours((6, 1.0)), StayLaw(8 * HOUR, 0.2), drive_s=0.0).table
    depart_s = np.full(100, 22.5 * HOUR)
    luck = (np.arange(100) + 0.5) / 100
    back_s, stay_s = stays_between(depart_s, np.zeros(100), table, luck, luck)
    assert ((back_s >= 30 * HOUR) & (back_s < 31 * HOUR)).all()
    assert stay_s == pytest.approx(back_s - depart_s)


def test_nobody_stays_for_less_than_five_minutes() -> None:
    """Out and home within one hour, 20 minutes apart by car: some would be home before they came."""
    table = ways_back(hours((8, 1.0)), hours((8, 1.0)), StayLaw(0.25 * HOUR, 0.3), drive_s=1200.0).table
    luck = (np.arange(400) + 0.5) / 400
    depart_s = (8 + luck) * HOUR
    back_s, stay_s = stays_between(depart_s, np.full(400, 1200.0), table, luck[::-1], luck)
    assert stay_s.min() == SHORTEST_STAY_S
    assert (back_s >= depart_s + 1200.0 + SHORTEST_STAY_S).all()


def test_a_way_back_leads_from_where_the_way_out_went_after_the_stay() -> None:
    demand = drawn(whole_day())
    rows, way_out = demand.travellers, demand.way_out
    assert way_out is not None and len(way_out) == len(rows)
    back = np.flatnonzero(way_out >= 0)
    out = rows.iloc[way_out[back]].reset_index(drop=True)
    home = rows.iloc[back].reset_index(drop=True)
    assert len(back) > 1000
    assert (home["origin_point"] == out["destination_point"]).all()
    assert (home["destination_point"] == out["origin_point"]).all()
    assert (home["usual_depart_s"] >= out["usual_depart_s"] + out["stay_s"]).all()
    assert set(out["parks"]) == {"public", "private"}


def test_as_many_drive_home_as_drove_out_and_when_the_profile_says() -> None:
    """A day holds every tour once: 36,000 trips are half out, and the two halves set out in their hours."""
    demand = drawn(whole_day())
    assert demand.way_out is not None
    rows = demand.travellers
    work = rows["purpose"] == "work"
    is_back = work & ((demand.way_out >= 0) | (rows["usual_depart_s"] >= 12 * HOUR))
    assert abs(is_back.sum() - (work & ~is_back).sum()) <= 2
    homeward = rows.loc[is_back, "usual_depart_s"] / HOUR
    assert homeward.between(17, 19).mean() > 0.999
    assert (homeward < 18).mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(is_back.sum()))


def test_where_ways_home_go_by_the_stay_it_is_as_long_as_the_law_says() -> None:
    demand = drawn(whole_day("stay", mean_stay_h=0.5, stay_cv=0.0))
    assert demand.way_out is not None
    rows = demand.travellers
    back = np.flatnonzero((demand.way_out >= 0) & (rows["purpose"] == "work"))
    out = rows.iloc[demand.way_out[back]]
    assert out["stay_s"].to_numpy() == pytest.approx(1800.0)
    apart_s = rows["usual_depart_s"].to_numpy()[back] - out["usual_depart_s"].to_numpy()
    assert (apart_s >= 1800.0).all() and (apart_s < 1800.0 + 1200.0).all()  # at most 20 minutes' drive on the grid


def test_a_tour_is_made_on_a_day_both_ways_or_not_at_all() -> None:
    demand = drawn(whole_day())
    assert demand.way_out is not None
    made = np.zeros(len(demand.travellers), dtype=np.bool_)
    made[day(demand, 3)["traveller_id"].to_numpy(dtype=np.int64)] = True
    back = np.flatnonzero(demand.way_out >= 0)
    assert (made[back] == made[demand.way_out[back]]).all()
    assert 0.5 < made[back].mean() < 0.95


def test_two_days_hold_every_tour_twice() -> None:
    once, twice = (drawn(whole_day(), TimeWindow(0.0, days * DAY_S)) for days in (1, 2))
    sizes = [len(demand.travellers) for demand in (once, twice)]
    assert sizes[1] == pytest.approx(2 * sizes[0], abs=12)  # streams that are drawn apart round by one each
    assert twice.way_out is not None
    tied = twice.way_out >= 0
    late = twice.travellers["usual_depart_s"].to_numpy() >= DAY_S
    assert (tied & late).sum() > 500


def test_a_way_back_whose_way_out_lies_before_the_window_is_drawn_alone() -> None:
    demand = drawn(whole_day(), TimeWindow.between("12:00", "24:00"))
    assert demand.way_out is not None
    rows = demand.travellers
    assert (rows["usual_depart_s"] >= 12 * HOUR).all()
    assert (demand.way_out[(rows["purpose"] == "work").to_numpy()] < 0).all()
    assert (rows["purpose"] == "work").sum() > 1000


def test_who_is_dropped_makes_no_tour() -> None:
    demand = drawn(whole_day(drop_off=1.0, own_place=0.0))
    assert demand.way_out is not None
    assert (demand.way_out[(demand.travellers["purpose"] == "work").to_numpy()] < 0).all()


def test_hospitals_fill_in_the_morning_and_shops_in_the_late_afternoon() -> None:
    """Out-patients set out 07:00–09:00 and stay some two hours, shoppers 15:00–19:00 and stay some 1½; both ways home
    follow the stay. Cars that stand there are most at 09:00–11:00, and at 16:00–20:00."""
    late = Profile(
        (0.0,) * 20, tuple(0.25 if hour in (15, 16, 17, 18) else 0.0 for hour in (*range(5), *range(10, 24)))
    )
    ends = {"hospital": (SEVEN_TO_NINE, 2.0), "shop": (late, 1.5)}
    purposes = {
        name: replace(WORK, share_of_trips=0.5, ends_at=name, outward=out, homeward=FLAT, back_by="stay")
        for name, (out, _) in ends.items()
    }
    shares = dict.fromkeys(purposes, DEMAND.modes.shares["work"])
    settings = replace(DEMAND, purposes=purposes, modes=replace(DEMAND.modes, shares=shares))
    places = {name: ParkingEnd(0.0, 0.0, hours_there, 0.3) for name, (_, hours_there) in ends.items()}
    given = replace(inputs(demand=settings), parking=replace(PARKING, ends={**PARKING.ends, **places}))
    demand = drawn(given)
    assert demand.way_out is not None
    back = np.flatnonzero(demand.way_out >= 0)
    home, out = demand.travellers.iloc[back], demand.travellers.iloc[demand.way_out[back]]
    left_s = home["usual_depart_s"].to_numpy()
    came_s = left_s - out["stay_s"].to_numpy()
    fullest = {
        name: int(np.argmax([((came_s <= at) & (at < left_s) & (out["purpose"] == name)).sum() for at in HALF_HOURS_S]))
        for name in purposes
    }
    assert 8.0 <= fullest["hospital"] / 2 <= 11.0
    assert 15.0 <= fullest["shop"] / 2 <= 21.0


HALF_HOURS_S = np.arange(0.0, DAY_S, 1800.0)
