"""Files that are no map, or no whole one, are refused in one sentence; whole ones read alike in every packing."""

import gzip
import zlib
from pathlib import Path

import osmium
import pytest

from tests.osm.maps import write_map, xml_of
from twin.errors import DataFileError, NetworkError, TwinError
from twin.osm.read import read_extract

PLACES = {1: (0.0, 0.0), 2: (100.0, 0.0), 3: (200.0, 0.0)}
WAYS = [(10, [1, 2, 3], {"highway": "primary", "name": "魁富路"})]


def _refused(path: Path) -> str:
    with pytest.raises(TwinError) as refusal:
        read_extract(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_map_reads_the_same_from_xml_gzip_and_pbf(tmp_path: Path) -> None:
    plain = write_map(tmp_path, PLACES, WAYS)
    packed = tmp_path / "map.osm.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    binary = tmp_path / "map.osm.pbf"
    with osmium.SimpleWriter(str(binary)) as writer:
        for item in osmium.FileProcessor(str(plain)):
            writer.add(item)
    disguised = tmp_path / "map.txt"
    disguised.write_bytes(binary.read_bytes())
    first = read_extract(plain)
    assert [way.tags["name"] for way in first.streets] == ["魁富路"]
    for other in (packed, binary, disguised):
        assert read_extract(other).streets == first.streets
        assert read_extract(other).positions.keys() == first.positions.keys()


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no such file" in _refused(tmp_path / "none.osm")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"name,lon,lat\n", "not an OpenStreetMap file"),
        (b"<html><body>404</body></html>", "XML of <html>"),
        (b'<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "b">]><osm version="0.6"></osm>', "document type"),
        (b'<?xml version="1.0"?><!DOCTYPE osm SYSTEM "file:///etc/passwd"><osm version="0.6"/>', "document type"),
        (b'<osm version="0.6"><node id="x" lat="1" lon="1"/></osm>', "illegal id"),
        (b'<osm version="0.6"><node id="1" lat="nan" lon="1"/></osm>', "nan"),
        (b'<osm version="0.6"><node id="1" lat="1" lon="1">', "not a whole"),
        (b'<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="name" v="\xff"/></node></osm>', "not a whole"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "map.osm"
    path.write_bytes(content)
    assert reason in _refused(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_map_cut_short_never_passes_as_a_whole_one(tmp_path: Path, share: float) -> None:
    whole = xml_of(PLACES, WAYS).encode()
    (tmp_path / "map.osm").write_bytes(whole[: int(share * len(whole))])
    _refused(tmp_path / "map.osm")
    packed = gzip.compress(whole)
    (tmp_path / "map.osm.gz").write_bytes(packed[: int(share * len(packed))])
    _refused(tmp_path / "map.osm.gz")


def test_a_gzip_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(xml_of(PLACES, WAYS).encode()))
    packed[-8] ^= 0xFF
    (tmp_path / "map.osm.gz").write_bytes(bytes(packed))
    assert "damaged" in _refused(tmp_path / "map.osm.gz")


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b" " * (1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()
    (tmp_path / "map.osm.gz").write_bytes(packed)
    assert "which no map does" in _refused(tmp_path / "map.osm.gz")


def test_a_map_without_streets_says_what_was_read(tmp_path: Path) -> None:
    path = write_map(tmp_path, PLACES, [(1, [1, 2], {"waterway": "river"}), (2, [2, 3], {"highway": "footway"})])
    with pytest.raises(NetworkError, match=r"no drivable road found \(2 ways read, 1 with highway=…"):
        read_extract(path)


def test_negative_ids_of_editors_are_read(tmp_path: Path) -> None:
    extract = read_extract(write_map(tmp_path, {-1: (0, 0), -2: (50, 0)}, [(-5, [-1, -2], {"highway": "primary"})]))
    assert extract.streets[0].nodes == (-1, -2)


def test_ids_used_twice_are_counted_and_the_first_is_kept(tmp_path: Path) -> None:
    again = [*WAYS, (10, [1, 2], {"highway": "primary", "name": "另一条路"})]
    extract = read_extract(write_map(tmp_path, PLACES, again))
    assert extract.streets[0].tags["name"] == "魁富路"
    assert extract.repairs == {"ways with an id used before, left out": 1}


def test_a_map_with_longitude_and_latitude_swapped_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.osm"
    path.write_text(
        '<osm version="0.6"><node id="1" lat="121.4" lon="37.5"/><node id="2" lat="121.5" lon="37.5"/>'
        '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>'
    )
    with pytest.raises(DataFileError, match="swapped"):
        read_extract(path)
