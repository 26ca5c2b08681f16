"""Cars at night against the spaces they may stand in."""

from dataclasses import replace
from datetime import date

from tests.demand.grid_demand import PARKING, ZONES, grid, inputs
from twin.city.city import City
from twin.city.parking import ParkingSite
from twin.clock import TimeWindow
from twin.demand.night_parking import NIGHT_COLUMNS, night_accounts, night_deficit
from twin.demand.private_parking import private_sites_of


def test_deficit_is_cars_less_spaces_at_home_and_those_open_at_night() -> None:
    """Zone A: 20,000 residents keep 8,000 cars; 5,000 spaces at home, 300 public, 200 of them closed at night."""
    supply = replace(PARKING.supply, home_spaces_per_resident=0.25, cars_per_resident=0.4)
    given = replace(inputs(), parking=replace(PARKING, supply=supply))
    lot = ParkingSite("p", "", "lot", *(ZONES[0].lon, ZONES[0].lat), "0-0>0-1", "A", 100)
    by_day = replace(lot, id="q", spaces=200, hours=TimeWindow.between("07:00", "22:00"))
    city = City("grid", "grid", date(2024, 1, 1), grid(), zones=given.zones, sites=(lot, by_day),
                private_sites=private_sites_of(grid(), given))  # fmt: skip
    table = night_deficit(city, given)
    assert list(table.columns) == list(NIGHT_COLUMNS)
    assert table.iloc[0].tolist() == ["A", "区", 8000, 5000, 100, 2900]
    shared = replace(lot, id="s", spaces=500, access="staff", shared_hours=(TimeWindow.between("20:00", "07:00"),))
    assert night_deficit(replace(city, sites=(*city.sites, shared)), given)["deficit"][0] == 2400


def test_accounts_by_district_tell_what_new_spaces_do_at_night() -> None:
    """700 new spaces in a zone that lacks 3,000 leave 700 cars fewer without one."""
    supply = replace(PARKING.supply, home_spaces_per_resident=0.25, cars_per_resident=0.4)
    given = replace(inputs(), parking=replace(PARKING, supply=supply))
    city = City("grid", "grid", date(2024, 1, 1), grid(), zones=given.zones,
                private_sites=private_sites_of(grid(), given))  # fmt: skip
    lot = ParkingSite("p", "", "lot", *(ZONES[0].lon, ZONES[0].lat), "0-0>0-1", "A", 700)
    (account,) = night_accounts({"before": city, "after": replace(city, sites=(lot,))}, given)
    assert account["spaces_after"] - account["spaces_before"] == 700
    assert account["deficit_before"] - account["deficit_after"] == 700
    assert account["deficit_before"] == account["cars"] - account["spaces_before"]
    assert night_accounts({"before": replace(city, private_sites=())}, given) == []
