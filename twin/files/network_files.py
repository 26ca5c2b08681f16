"""Streets of a place on disk: `network.toml`, the passport, beside the map file it describes; and their cache.

The passport says what the streets are (schematic, surveyed, OpenStreetMap), where they are from, under which licence,
and what is known to be wrong with them. A map that is not the one described is refused.
"""

import contextlib
import datetime
import hashlib
import pickle
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import tomli_w

import twin
import twin.city.network
import twin.osm
from twin.city.network import Kind, Network
from twin.errors import DataFileError, joined_faults
from twin.files.catalogue import PASSPORT, cache_folder, network_folder
from twin.files.toml_values import read_document, read_fields, table_of
from twin.files.whole_files import write_whole
from twin.osm.report import NetworkReport
from twin.osm.streets import read_network

FORMAT = "twin-network/1"


@dataclass(frozen=True, slots=True)
class BusFacts:
    """What is published about all lines together; headways are scaled to it."""

    runs_a_day: float
    source: str


@dataclass(frozen=True, slots=True)
class NetworkPassport:
    """What a place's streets are. `city_date`: the day whose streets and states the file shows."""

    title: str
    kind: Kind
    file: str  # name of the map beside the passport
    checksum: str  # "sha256:" and 64 hexadecimal digits
    crs: str  # metric, e.g. "EPSG:32651"
    city_date: datetime.date
    made_on: datetime.date
    made_by: str
    source: str
    licence: str
    attribution: str  # stands on every map
    known_errors: tuple[str, ...] = ()
    bus: BusFacts | None = None  # None: no lines, or headways as the table says
    format: str = FORMAT


def checksum_of(path: Path) -> str:
    """ "sha256:…" of a file's bytes."""
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def read_passport(folder: Path) -> NetworkPassport:
    """The passport of a place's folder. Raises DataFileError with all faults."""
    path = folder / PASSPORT
    table = read_document(path, "the passport of the place's streets")
    found = table.get("format")
    if found != FORMAT:
        raise DataFileError(f"{path}: format is {found!r}, must be {FORMAT!r}; another version cannot be read.")
    values, faults = read_fields(NetworkPassport, table)
    if Path(values.get("file", "streets.osm")).name != values.get("file", "streets.osm"):
        faults.append(f"file is {values['file']!r}, must be the name of a file beside the passport")
    if faults:
        raise DataFileError(joined_faults(str(path), faults))
    return NetworkPassport(**values)


def write_passport(folder: Path, passport: NetworkPassport) -> None:
    """Write a passport as `read_passport` reads it; an old one is replaced in one step."""
    table = {"format": FORMAT, **table_of(passport)}
    write_whole(folder / PASSPORT, tomli_w.dumps(table, multiline_strings=False).encode())


def load_network(place: str) -> tuple[Network, NetworkReport]:
    """Streets of a place by name, with what was assumed and repaired; cached while map and code stay the same."""
    return load_network_from(network_folder(place))


def load_network_from(folder: Path) -> tuple[Network, NetworkReport]:
    """Streets of the place in a folder. Raises DataFileError where the map is not the one the passport describes."""
    passport = read_passport(folder)
    path = folder / passport.file
    if not path.is_file():
        raise DataFileError(f"{path}: no such file, but {PASSPORT} beside it says the streets are there.")
    checksum = checksum_of(path)
    if checksum != passport.checksum:
        raise DataFileError(
            f"{path}: not the map that {PASSPORT} describes (the file has {checksum}). Put the old file back, or "
            f"`twin network replace {folder.name} FILE` to make a place of the new one."
        )
    cached = cache_folder() / "networks" / f"{_cache_key(folder.name, passport)}.pickle"
    found = _read_cached(cached)
    if found is None:
        found = read_network(path, place=folder.name, kind=passport.kind, crs=passport.crs)
        # A cache that cannot be written costs time, nothing else.
        with contextlib.suppress(OSError):
            write_whole(cached, pickle.dumps(found, protocol=pickle.HIGHEST_PROTOCOL))
    return found


def _cache_key(place: str, passport: NetworkPassport) -> str:
    """Changes with the map, with the passport's say, and with the code that reads maps."""
    parts = [place, passport.checksum, passport.kind, passport.crs, twin.__version__, version("osmnx")]
    code = [*sorted(Path(twin.osm.__file__).parent.glob("*.py")), Path(twin.city.network.__file__)]
    digest = hashlib.sha256("\n".join(parts).encode())
    for path in code:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:40]


def _read_cached(path: Path) -> tuple[Network, NetworkReport] | None:
    """What the cache holds; None where it holds nothing, or nothing that can be read."""
    try:
        found = pickle.loads(path.read_bytes())
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError):
        return None
    match found:
        case (Network() as network, NetworkReport() as report):
            return network, report
    return None
