"""Fees by started half-hours with their caps, and who may park when."""

from dataclasses import replace

import pytest

from twin.city.parking import ParkingSite, Tariff
from twin.clock import TimeWindow

HOUR = 3600.0


@pytest.mark.parametrize(
    ("from_h", "stay_h", "yuan"),
    [
        (9, 0.5, 1.0),
        (9, 0.51, 2.0),
        (9, 12, 20.0),  # 22 half-hours by day reach the cap of the day
        (20, 12, 5.0),  # a night
        (18, 14, 4.0 + 5.0),  # two hours by day, then the night
        (20, 14, 5.0 + 4.0),
        (9, 24, 20.0),
        (9, 26, 20.0 + 4.0),
    ],
)
def test_yantai_s_guided_price(from_h: float, stay_h: float, yuan: float) -> None:
    assert Tariff().fee_yuan(stay_h * HOUR, from_s=from_h * HOUR) == yuan


def test_first_half_hour_and_free_time() -> None:
    """The airport: 2 yuan for the first half-hour, then 2.5; the station square: half an hour free."""
    airport = Tariff(2.5, 30.0, first_half_hour_yuan=2.0)
    assert [airport.fee_yuan(h * HOUR, from_s=9 * HOUR) for h in (0.5, 1.0, 24)] == [2.0, 4.5, 30.0]
    square = Tariff(1.0, 30.0, free_s=1800.0)
    assert [square.fee_yuan(s) for s in (0.0, 1800.0, 1801.0)] == [0.0, 0.0, 2.0]


def test_busy_hours_cost_what_they_say() -> None:
    """From 10:30 at 3 yuan until 11:00, then 1 yuan: an hour and a half is 3 + 1 + 1."""
    tariff = Tariff(1.0, busy_hours=(TimeWindow.between("08:00", "11:00"),), busy_half_hour_yuan=3.0)
    assert tariff.fee_yuan(1.5 * HOUR, from_s=10.5 * HOUR) == 5.0
    assert tariff.fee_yuan(1.5 * HOUR) == 3.0, "no hour given: by day, not busy"


def test_a_site_has_hours_and_a_longest_stay() -> None:
    site = ParkingSite("P", "", "lot", 0.0, 0.0, "a", "Z", 9)
    assert site.admits(3 * HOUR, 99 * HOUR)
    by_day = replace(site, hours=TimeWindow.between("07:00", "22:00"))
    assert [by_day.admits(h * HOUR, HOUR) for h in (6, 7, 22)] == [False, True, False]
    short = replace(site, longest_stay_s=HOUR)
    assert [short.admits(9 * HOUR, s) for s in (HOUR, HOUR + 1)] == [True, False]


def test_strangers_must_be_gone_when_shared_hours_end_at_night_too() -> None:
    office = ParkingSite(
        "P", "", "garage", 0.0, 0.0, "a", "Z", 9, access="staff", shared_hours=(TimeWindow.between("18:00", "07:00"),)
    )
    assert office.admits(20 * HOUR, 11 * HOUR) and not office.admits(20 * HOUR, 11.5 * HOUR)
    assert office.admits(26 * HOUR, HOUR), "two in the morning of the next day"
    assert not office.admits(20 * HOUR, 12 * HOUR, has_permit=True), "a permit is for residents, not for the staff's"
