"""Streets of a named place or a box from OpenStreetMap's servers, through osmnx, into a file of the cache.

One request at a time, with osmnx's own pauses; what was fetched once is not asked for again. A thin path: the file is
then read like any other.
"""

import hashlib
import os
from pathlib import Path

import osmnx
import requests

from twin.errors import DataFileError
from twin.osm.assumptions import CLASS_TABLE

OVERPASS_VARIABLE, NOMINATIM_VARIABLE = "TWIN_OVERPASS_URL", "TWIN_NOMINATIM_URL"
"""Environment variables that name other servers (one's own Overpass and Nominatim)."""

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

WIDEST_BOX_DEG = 1.0
"""A box wider or higher is a region, not a city; an extract from Geofabrik or BBBike is kinder to the servers."""

_WAY_TAGS = (
    "access", "area", "bridge", "construction", "end_date", "highway", "junction", "lanes", "lanes:backward",
    "lanes:forward", "maxspeed", "maxspeed:backward", "maxspeed:forward", "motor_vehicle", "motorcar", "name",
    "oneway", "opening_date", "proposed", "ref", "start_date", "tunnel", "vehicle",
)  # fmt: skip
_NODE_TAGS = ("highway", "junction", "ref", "traffic_signals", "direction")


def download_streets(where: str | Box, cache: Path) -> Path:
    """File with the streets of a place by name or of a box, fetched now or earlier.

    Raises DataFileError with one sentence when there is no such place or no connection.
    """
    if not isinstance(where, str):
        _check_box(where)
    named = where if isinstance(where, str) else ",".join(f"{edge:.6f}" for edge in where)
    target = cache / "osm" / f"{hashlib.sha256(named.encode()).hexdigest()[:24]}.osm"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    _set_up(cache)
    part = target.with_suffix(".part")
    try:
        if isinstance(where, str):
            graph = osmnx.graph_from_place(where, simplify=False, retain_all=True, custom_filter=_filter())
        else:
            graph = osmnx.graph_from_bbox(
                where, simplify=False, retain_all=True, truncate_by_edge=True, custom_filter=_filter()
            )
        osmnx.save_graph_xml(graph, part)
    except requests.exceptions.RequestException as error:
        raise DataFileError(
            f"{named}: no answer from OpenStreetMap's servers ({type(error).__name__}). Connect to the internet, name "
            f"your own servers in {OVERPASS_VARIABLE} and {NOMINATIM_VARIABLE}, or use a file: --file X.osm.pbf."
        ) from error
    except ValueError as error:
        raise DataFileError(
            f"{named}: OpenStreetMap's servers know no streets there ({error}). Check the name, or use a file."
        ) from error
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


def _set_up(cache: Path) -> None:
    settings = osmnx.settings
    settings.use_cache = True
    settings.cache_folder = cache / "osmnx"
    settings.overpass_rate_limit = OVERPASS_VARIABLE not in os.environ
    settings.overpass_url = os.environ.get(OVERPASS_VARIABLE, "https://overpass-api.de/api")
    settings.nominatim_url = os.environ.get(NOMINATIM_VARIABLE, "https://nominatim.openstreetmap.org/")
    settings.all_oneway = True  # keeps ways as drawn, as the writing of files needs them
    settings.useful_tags_way = list(_WAY_TAGS)
    settings.useful_tags_node = list(_NODE_TAGS)


def _filter() -> str:
    classes = "|".join([*CLASS_TABLE, "construction", "proposed"])
    return f'["highway"~"^({classes})$"]["area"!~"yes"]'
