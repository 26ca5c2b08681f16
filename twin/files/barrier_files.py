"""Barriers beside a network, and areas that must not be built on: GeoJSON, packed by gzip where it comes from a map."""

import csv
import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import shapely
import shapely.geometry

from twin.city.barriers import BARRIER_KINDS, Barrier, BarrierKind
from twin.city.places import KnownPlace
from twin.errors import DataFileError, joined_faults
from twin.files.whole_files import write_whole

BARRIERS_FILE = "barriers.geojson.gz"
NOT_BUILDABLE_FILE = "not_buildable.geojson"
PLACES_FILE = "places.csv"
_PRECISION_DEG = 1e-6  # 0.1 m


def write_barriers(path: Path, barriers: Iterable[Barrier]) -> None:
    """Write barriers as packed GeoJSON, the same bytes for the same barriers."""
    features = [
        {
            "type": "Feature",
            "properties": {"kind": barrier.kind, "name": barrier.name},
            "geometry": shapely.geometry.mapping(
                shapely.set_precision(barrier.shape, _PRECISION_DEG, mode="pointwise")
            ),
        }
        for barrier in barriers
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))
    write_whole(path, gzip.compress(text.encode(), mtime=0))


def read_barriers_of(folder: Path, *, not_buildable: Path | None = None) -> tuple[Barrier, ...]:
    """What a place's folder holds of barriers and of areas not to be built on, and those of a file given beside it."""
    found: list[Barrier] = []
    if (folder / BARRIERS_FILE).is_file():
        found += _read(folder / BARRIERS_FILE, None)
    for path in (folder / NOT_BUILDABLE_FILE, not_buildable):
        if path is not None and (path.is_file() or path is not_buildable):
            found += _read(path, "not_buildable")
    return tuple(found)


def read_places_of(folder: Path) -> tuple[KnownPlace, ...]:
    """The known places of a place's folder, () where it has no table of them."""
    path = folder / PLACES_FILE
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    try:
        return tuple(KnownPlace(row["name"], row["type"], float(row["lon"]), float(row["lat"])) for row in rows)
    except (KeyError, TypeError, ValueError) as error:
        raise DataFileError(f"{path}: a place needs name, type, lon and lat in degrees ({error!r}).") from error


def _read(path: Path, kind: BarrierKind | None) -> list[Barrier]:
    """Barriers of one GeoJSON file; `kind` None: each feature names its own."""
    try:
        data = path.read_bytes()
        document = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        features = cast(Sequence[dict[str, Any]], document["features"])
    except FileNotFoundError:
        raise DataFileError(f"{path}: no such file; areas not to be built on are GeoJSON polygons.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataFileError(f"{path}: not a GeoJSON FeatureCollection ({error}).") from error
    barriers, faults = [], []
    for number, feature in enumerate(features, start=1):
        properties = feature.get("properties") or {}
        own = kind or properties.get("kind")
        try:
            shape = shapely.geometry.shape(feature["geometry"])
        except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError):
            faults.append(f"feature {number}: no geometry that can be read")
            continue
        if own not in BARRIER_KINDS:
            faults.append(f"feature {number}: kind is {own!r}, must be one of {', '.join(BARRIER_KINDS)}")
            continue
        barriers.append(Barrier(cast(BarrierKind, own), str(properties.get("name") or ""), shape))
    if faults:
        raise DataFileError(joined_faults(str(path), faults[:20]))
    return barriers
