"""Kerbs in the streets a sketch does not have, gates, private lots, and sites as tables write them."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.demand.grid_demand import PARKING, grid, inputs, place
from twin.city.parking import ParkingSite
from twin.demand.inputs import KnownSite, SupplySettings
from twin.demand.parking_supply import sites_of
from twin.demand.private_parking import private_sites_of
from twin.files.city_files import load_city
from twin.files.parking_files import read_parking_sites


def sites_with(**supply: float) -> tuple[ParkingSite, ...]:
    settings: SupplySettings = replace(PARKING.supply, **supply)
    return sites_of(grid(), replace(inputs(), parking=replace(PARKING, supply=settings)))


def test_kerbs_of_a_sketch_lie_along_local_streets_and_those_of_a_full_network_do_not() -> None:
    """60 streets of 500 m for 4 km² are 7.5 km/km². Where eight are meant to be, half a kilometre a zone lacks."""
    assert {site.local_street_m for site in sites_with(sketch_km_per_km2=4.0)} == {0.0}
    kerbs = [site for site in sites_with(sketch_km_per_km2=10.0, streets_km_per_km2=8.0) if site.kind == "kerb"]
    by_zone: dict[str, float] = {}
    for site in kerbs:
        by_zone[site.zone_id] = by_zone.get(site.zone_id, 0.0) + site.local_street_m
    assert set(by_zone.values()) == {500.0}


def test_nobody_searches_beyond_what_lies_within_reach() -> None:
    """Within 100 m of a kerb site lie 8 km/km² × π × 0.01 km² = 251 m."""
    kerbs = [s for s in sites_with(sketch_km_per_km2=10.0, search_reach_m=100.0) if s.kind == "kerb"]
    assert max(site.local_street_m for site in kerbs) <= round(8000 * math.pi * 0.01)


def test_large_car_parks_have_gates_and_kerbs_have_none() -> None:
    sites = sites_with(gate_s=5.0, gate_from_spaces=180, charging_share=0.1)
    assert {site.gate_s for site in sites if site.kind == "kerb" or site.spaces < 180} <= {0.0}
    gated = [site for site in sites if site.spaces >= 180 and site.kind == "lot"]
    assert gated and {site.gate_s for site in gated} == {5.0}
    assert all(site.charging_spaces == round(0.1 * site.spaces) for site in gated)


def test_private_lots_follow_residents_and_jobs_and_admit_no_stranger() -> None:
    """Zone A: 20,000 residents and 2,000 jobs."""
    supply = replace(PARKING.supply, home_spaces_per_resident=0.1, office_spaces_per_job=0.2)
    lots = private_sites_of(grid(), replace(inputs(), parking=replace(PARKING, supply=supply)))
    assert [(s.id, s.spaces, s.access) for s in lots[:2]] == [("A-home", 2000, "permit"), ("A-office", 400, "staff")]
    assert not any(site.admits(9 * 3600.0, 60.0) for site in lots)
    assert private_sites_of(grid(), inputs()) == ()


def test_kerbs_of_yantai_are_the_published_ones() -> None:
    """10,600 spaces on 155 roads of the central city; where they lie is assumed, and no two stand at one place."""
    kerbs = [site for site in load_city("yantai").sites if site.kind == "kerb"]
    assert (sum(site.spaces for site in kerbs), len(kerbs)) == (10_600, 155)
    assert all("lon" in site.assumed and site.local_street_m > 0 for site in kerbs)
    assert len({(site.lon, site.lat) for site in kerbs}) == 155


ROW = KnownSite("k1", "青年路东侧", "kerb", *place(1, 1), 30, 0.6, 20.0, 0.0, ("occupied_at_start",), side="right")


def test_sites_are_read_from_a_table(tmp_path: Path) -> None:
    (tmp_path / "parking_sites.csv").write_text(
        "id,name,kind,lon,lat,spaces,occupied,assumed,side,half_hour_yuan,shared_hours,access,longest_stay_min\n"
        f"k1,青年路东侧,kerb,{ROW.lon},{ROW.lat},30,0.6,occupied_at_start,right,2,,,120\n"
        f"o1,某单位,garage,{ROW.lon},{ROW.lat},80,,,,,18:00-07:00,staff,\n",
        "utf-8",
    )
    sites, faults = read_parking_sites(tmp_path)
    assert faults == []
    kerb, office = sites
    expected = replace(ROW, half_hour_yuan=2.0, longest_stay_min=120.0, assumed=("occupied_at_start", "tariff"))
    assert kerb == expected
    assert (office.shared_hours, office.access, office.occupied) == ("18:00-07:00", "staff", 0.5)
    made = sites_of(grid(), replace(inputs(), parking=replace(PARKING, sites=sites)))
    by_id = {site.id: site for site in made}
    assert by_id["k1"].tariff.fee_yuan(1800.0) == 2.0 and by_id["k1"].longest_stay_s == 7200.0
    assert [by_id["o1"].admits(hour * 3600.0, 3600.0) for hour in (12, 20)] == [False, True]


def test_faults_of_a_table_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "parking_sites.csv").write_text(
        "id,name,kind,lon,lat,spaces\na,A,kreb,121,37,ten\nb,B,lot,121,37,-5\n", "utf-8"
    )
    _, faults = read_parking_sites(tmp_path)
    assert len(faults) == 3 and "Did you mean 'kerb'" in faults[0] and "whole number" in faults[1]
    (tmp_path / "parking_sites.csv").write_text("id,name,kind,lon,lat,spacs\n", "utf-8")
    assert "unknown column 'spacs'. Did you mean 'spaces'?" in read_parking_sites(tmp_path)[1]


def test_no_table_no_sites(tmp_path: Path) -> None:
    assert read_parking_sites(tmp_path) == ((), [])


@pytest.mark.parametrize("hours", ["8-18", "0800-1800"])
def test_hours_that_are_none_are_refused(hours: str) -> None:
    from twin.files.demand_files import _site_faults

    assert any("open_hours" in fault for fault in _site_faults(replace(ROW, open_hours=hours)))
