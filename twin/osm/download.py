"""Streets of a named place or a box from OpenStreetMap's servers into a file of the cache.

A place is looked up by osmnx (Nominatim, one request a second); its streets, with their turn restrictions, are one
request to Overpass. A server that is busy is asked again after as long as it says, some times; what was fetched once is
not asked for again. The file is then read like any other.
"""

import hashlib
import os
import time
from pathlib import Path
from xml.etree.ElementTree import ParseError

import osmnx
import requests
import shapely
from defusedxml.ElementTree import iterparse

from twin.errors import DataFileError
from twin.osm.assumptions import CLASS_TABLE

OVERPASS_VARIABLE, NOMINATIM_VARIABLE = "TWIN_OVERPASS_URL", "TWIN_NOMINATIM_URL"
"""Environment variables that name other servers (one's own Overpass and Nominatim)."""

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

WIDEST_BOX_DEG = 1.0
"""A box wider or higher is a region, not a city; an extract from Geofabrik or BBBike is kinder to the servers."""

BUSY = frozenset({429, 502, 503, 504})
"""Answers of a server that has no time now."""

ASKED_AT_MOST = 4
PAUSE_S = 15.0
"""Wait after a busy answer that names no time itself; it doubles each time."""
LONGEST_PAUSE_S = 120.0
SERVER_TIME_S = 300

AROUND_DEG = 0.001
"""Streets so far outside a place's border are fetched too (about 100 m), so that its rough border loses none."""

_AGENT = "yantai-twin (traffic and parking digital twin)"


def download_streets(where: str | Box, cache: Path) -> Path:
    """File with the streets of a place by name or of a box, fetched now or earlier.

    Raises DataFileError with one sentence when there is no such place, no connection or no whole answer.
    """
    if not isinstance(where, str):
        _check_box(where)
    named = where if isinstance(where, str) else ",".join(f"{edge:.6f}" for edge in where)
    target = cache / "osm" / f"{hashlib.sha256(named.encode()).hexdigest()[:24]}.osm"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        area = _area_of(where, cache) if isinstance(where, str) else _bbox_words(where)
        answer = _asked(_query(area))
    except requests.exceptions.RequestException as error:
        raise DataFileError(
            f"{named}: no answer from OpenStreetMap's servers ({type(error).__name__}). Connect to the internet, name "
            f"your own servers in {OVERPASS_VARIABLE} and {NOMINATIM_VARIABLE}, or use a file: --file X.osm.pbf."
        ) from error
    except (ValueError, TypeError) as error:
        raise DataFileError(
            f"{named}: OpenStreetMap's servers know no such place ({error}). Check the name, give a box, or use a file."
        ) from error
    part = target.with_suffix(".part")
    part.write_bytes(answer)
    try:
        _check_whole(part, named)
    except DataFileError:
        part.unlink()
        raise
    part.replace(target)
    return target


def _check_box(box: Box) -> None:
    west, south, east, north = box
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise DataFileError(f"box {box}: give west, south, east, north in degrees, west below east, south below north.")
    if max(east - west, north - south) > WIDEST_BOX_DEG:
        raise DataFileError(
            f"box {box}: wider than {WIDEST_BOX_DEG:g} degree. Take a smaller box, or use a file (--file X.osm.pbf)."
        )


def _area_of(name: str, cache: Path) -> list[str]:
    """The border of a place as filters of Overpass, one a part. Raises ValueError, TypeError where there is none."""
    settings = osmnx.settings
    settings.use_cache = True
    settings.cache_folder = cache / "osmnx"
    settings.nominatim_url = os.environ.get(NOMINATIM_VARIABLE, "https://nominatim.openstreetmap.org/")
    shape = osmnx.geocode_to_gdf(name).geometry.iloc[0]
    west, south, east, north = shape.bounds
    if max(east - west, north - south) > WIDEST_BOX_DEG:
        raise ValueError(f"it is wider than {WIDEST_BOX_DEG:g} degree")
    rough = shapely.simplify(shapely.buffer(shape, AROUND_DEG, quad_segs=2), AROUND_DEG / 2)
    return [
        '(poly:"' + " ".join(f"{lat:.5f} {lon:.5f}" for lon, lat in part.exterior.coords[:-1]) + '")'
        for part in shapely.get_parts(rough)
    ]


def _bbox_words(box: Box) -> list[str]:
    west, south, east, north = box
    return [f"({south:.6f},{west:.6f},{north:.6f},{east:.6f})"]


def _query(areas: list[str]) -> str:
    """Overpass QL: drivable ways in an area, whole, with their nodes and the turn restrictions they are in."""
    classes = "|".join([*CLASS_TABLE, "construction", "proposed"])
    ways = "".join(f'way["highway"~"^({classes})$"]["area"!~"yes"]{area};' for area in areas)
    return (
        f"[out:xml][timeout:{SERVER_TIME_S}];({ways})->.streets;"
        'rel(bw.streets)["type"~"^restriction"]->.rules;node(w.streets)->.points;(.points;.streets;.rules;);out body;'
    )


def _asked(query: str) -> bytes:
    """The answer of Overpass, asked again while it is busy. Raises RequestException where it gives none."""
    url = os.environ.get(OVERPASS_VARIABLE, "https://overpass-api.de/api").rstrip("/") + "/interpreter"
    pause_s = PAUSE_S
    for again in range(ASKED_AT_MOST):
        answer = requests.post(
            url, data={"data": query}, headers={"User-Agent": _AGENT}, timeout=(30.0, SERVER_TIME_S + 30.0)
        )
        if answer.status_code not in BUSY or again == ASKED_AT_MOST - 1:
            break
        said = answer.headers.get("Retry-After", "")
        time.sleep(min(LONGEST_PAUSE_S, float(said) if said.isdecimal() else pause_s))
        pause_s *= 2.0
    answer.raise_for_status()
    return answer.content


def _check_whole(path: Path, named: str) -> None:
    """Refuse an answer that is no whole map: cut short, not XML, or with a remark of the server that it gave up."""
    ways = 0
    try:
        for _, element in iterparse(str(path), events=("end",), forbid_dtd=True):
            if element.tag == "remark":
                raise DataFileError(
                    f"{named}: the server gave up ({(element.text or '').strip()}). Ask for a smaller box."
                )
            ways += element.tag == "way"
            element.clear()
    except (ParseError, ValueError) as error:
        raise DataFileError(f"{named}: the server's answer is no whole map ({error}). Try again later.") from error
    if not ways:
        raise DataFileError(f"{named}: OpenStreetMap's servers know no streets there. Check the name, or use a file.")
