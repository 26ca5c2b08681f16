"""A city put together from the files of a place."""

import datetime

import pytest

from twin.city.city import City
from twin.errors import DataFileError
from twin.files.city_files import load_city


@pytest.fixture(scope="module")
def yantai() -> City:
    return load_city("yantai")


def test_yantai_has_streets_zones_sites_lines_and_travellers(yantai: City) -> None:
    assert (yantai.place, yantai.date) == ("yantai", datetime.date(2023, 12, 31))
    assert len(yantai.network.links) == 1854
    assert len([zone for zone in yantai.zones if zone.kind == "zone"]) == 92
    assert len([zone for zone in yantai.zones if zone.kind == "gate"]) == 14
    assert yantai.demand is not None and len(yantai.demand.travellers) > 100_000
    assert len(yantai.lines) > 250
    assert yantai.signals == ()


def test_everything_stands_on_streets_of_the_place(yantai: City) -> None:
    links = yantai.network.link_by_id
    assert yantai.demand is not None
    assert all(point.link_id in links for point in yantai.demand.points)
    assert all(site.link_id in links for site in yantai.sites)
    assert all(link in links for line in yantai.lines for link in line.route)


def test_nothing_stands_on_a_street_that_is_not_open_yet(yantai: City) -> None:
    planned = {link.id for link in yantai.network.links if link.opened_on == datetime.date.max}
    assert planned
    assert yantai.demand is not None
    assert not planned & {point.link_id for point in yantai.demand.points}
    assert not planned & {link for line in yantai.lines for link in line.route}


def test_another_day_moves_no_traveller(yantai: City) -> None:
    earlier = load_city("yantai", on=datetime.date(2023, 11, 30))
    assert earlier.demand is not None and yantai.demand is not None
    assert earlier.demand.travellers.equals(yantai.demand.travellers)
    assert earlier.demand.points == yantai.demand.points
    assert earlier.sites == yantai.sites
    assert len(earlier.open_network().links) < len(yantai.open_network().links)


def test_an_unknown_place_gets_the_nearest_one() -> None:
    with pytest.raises(DataFileError, match="Did you mean 'yantai'"):
        load_city("yantay")
