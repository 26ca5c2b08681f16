"""Passports, checksums and the cache of streets."""

import dataclasses
import datetime
import shutil
from pathlib import Path

import pytest

from tests.osm.maps import write_map
from twin.errors import DataFileError
from twin.files import network_files
from twin.files.catalogue import CACHE_VARIABLE, network_folder
from twin.files.network_files import (
    BusFacts,
    NetworkPassport,
    checksum_of,
    load_network,
    load_network_from,
    read_passport,
    write_passport,
)

DAY = datetime.date(2023, 12, 31)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "networks"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A street of 500 m with a passport."""
    folder = tmp_path / "小城"
    folder.mkdir()
    path = write_map(folder, {1: (0, 0), 2: (500, 0)}, [(10, [1, 2], {"highway": "primary"})])
    write_passport(folder, _passport(checksum_of(path)))
    return folder


def _passport(checksum: str) -> NetworkPassport:
    return NetworkPassport(
        title="小城",
        kind="schematic",
        file="map.osm",
        checksum=checksum,
        crs="EPSG:32631",
        city_date=DAY,
        made_on=DAY,
        made_by="a test",
        source="drawn by hand",
        licence="MIT",
        attribution="drawn by hand",
        known_errors=("There is only one street.",),
        bus=BusFacts(100.0, "nobody"),
    )


def test_a_passport_reads_back_as_it_was_written(place: Path) -> None:
    assert read_passport(place) == _passport(checksum_of(place / "map.osm"))


def test_streets_have_the_name_kind_and_metres_of_their_passport(place: Path) -> None:
    network, report = load_network_from(place)
    assert (network.place, network.kind, network.crs) == ("小城", "schematic", "EPSG:32631")
    assert (report.links, report.length_km) == (2, pytest.approx(1.0, rel=1e-3))


def test_a_map_that_is_not_the_one_described_is_refused(place: Path) -> None:
    with (place / "map.osm").open("a") as stream:
        stream.write("\n")
    with pytest.raises(DataFileError, match=r"not the map that network\.toml describes"):
        load_network_from(place)
    (place / "map.osm").unlink()
    with pytest.raises(DataFileError, match=r"no such file, but network\.toml"):
        load_network_from(place)


def test_all_faults_of_a_passport_are_told_together(place: Path) -> None:
    path = place / "network.toml"
    text = path.read_text().replace('"schematic"', '"schematik"').replace('title = "小城"\n', "")
    path.write_text(text.replace('file = "map.osm"', 'file = "../map.osm"\nlicense = "MIT"'))
    with pytest.raises(DataFileError) as refusal:
        read_passport(place)
    for fault in ("'schematik'", "title is missing", "license", "'../map.osm'"):
        assert fault in str(refusal.value)


def test_a_passport_of_another_version_or_none_is_refused(place: Path) -> None:
    path = place / "network.toml"
    path.write_text(path.read_text().replace("twin-network/1", "twin-network/9"))
    with pytest.raises(DataFileError, match="must be 'twin-network/1'"):
        read_passport(place)
    path.write_text("[[[")
    with pytest.raises(DataFileError, match="not a TOML document"):
        read_passport(place)
    path.unlink()
    with pytest.raises(DataFileError, match="no such file; it should hold the passport"):
        read_passport(place)


def test_the_cache_gives_what_reading_gives_and_is_not_needed(
    place: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_network_from(place)
    (kept,) = cache.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(network_files, "read_network", lambda *_, **__: pytest.fail("read again"))
        assert load_network_from(place) == first
    kept.write_bytes(b"damaged")
    assert load_network_from(place) == first
    shutil.rmtree(cache)
    cache.write_text("a file where the folder should be")
    assert load_network_from(place) == first


def test_another_metric_system_is_not_served_from_the_cache(place: Path) -> None:
    load_network_from(place)
    write_passport(place, dataclasses.replace(read_passport(place), crs="EPSG:3857"))
    assert load_network_from(place)[0].crs == "EPSG:3857"


def test_the_shipped_streets_of_yantai_say_what_they_are() -> None:
    network, report = load_network("yantai")
    passport = read_passport(network_folder("yantai"))
    assert network.kind == passport.kind == "schematic"
    assert "NOT OpenStreetMap" in passport.source
    assert passport.bus is not None and passport.bus.runs_a_day == 12500
    assert report.assumed_signals == report.signals
