"""The ground under the map, drawn without any server: sea and land where a coast is shipped, the streets, their names.

MapLibre draws Chinese characters from the reader's own fonts; letters and digits would need a glyph server, so a
name that holds any is left to the tooltips. The coast is a sketch (1:10 million): ground under streets is added to it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from importlib import resources
from typing import Any

import pandas as pd
from shapely import prepare
from shapely.geometry import LineString, box, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from viz import styles
from viz.layers import GeoJson, Position, line_of, records

GROUND_UNDER_STREETS_DEG = 0.0022  # about 200–250 m
SMALLEST_SEA_DEG2 = 5e-4  # about 5 km²: smaller waters are only left over between streets and a rough coast
LABELLED_CLASSES = ("motorway", "trunk", "primary", "secondary")
LABEL_FONT = ["sans-serif"]
# MapLibre asks for a glyph address whenever text is drawn; the page answers no request, and none is made for 汉字.
GLYPHS = "https://basemap.invalid/{fontstack}/{range}.pbf"

Bounds = tuple[float, float, float, float]


def ground_style(links: pd.DataFrame) -> dict[str, Any]:
    """A MapLibre style with everything inside it: sea, streets, street names and district names.

    `links`: geometry (GeoJSON coordinates), name, road_class and length_m a link.
    """
    lines = [line_of({"geometry": geometry}) for geometry in links["geometry"]]
    coast, places = _shipped_ground(bounds_of(lines))
    sources: dict[str, Any] = {"streets": _source(_one_line_a_street(lines))}
    layers: list[dict[str, Any]] = [
        {"id": "background", "type": "background", "paint": {"background-color": styles.LAND}}
    ]
    if coast is not None:
        sources["sea"] = _source([_feature(mapping(_sea(coast, lines)))])
        layers.append({"id": "water-sea", "type": "fill", "source": "sea", "paint": {"fill-color": styles.SEA}})
        shore = {"line-color": styles.SHORE, "line-width": 0.8}
        layers.append({"id": "water-shore", "type": "line", "source": "sea", "paint": shore})
    layers.append(
        {
            "id": "road-ground",
            "type": "line",
            "source": "streets",
            "layout": {"line-cap": "round", "line-join": "round"},
            "paint": {
                "line-color": styles.STREET_GROUND,
                "line-width": ["interpolate", ["linear"], ["zoom"], 10, 1.0, 16, 14.0],
            },
        }
    )
    names = _street_names(links)
    if names:
        sources["names"] = _source(names)
        layers.append(_name_layer("street-label", "names", size=12, colour="#4a5158", along_line=True))
    if places:
        sources["places"] = _source(places)
        layers.append(_name_layer("place-label", "places", size=17, colour="#5c4a6e", along_line=False))
    return {"version": 8, "name": "ground", "glyphs": GLYPHS, "sources": sources, "layers": layers}


def bounds_of(lines: Iterable[list[Position]], share: float = 1.0) -> Bounds:
    """West, south, east, north of the middle `share` of all corners: 1 for all, 0.9 to leave outliers aside."""
    corners = [corner for line in lines for corner in line]
    lons, lats = sorted(lon for lon, _ in corners), sorted(lat for _, lat in corners)
    cut = round(len(corners) * (1.0 - share) / 2.0)
    return lons[cut], lats[cut], lons[-1 - cut], lats[-1 - cut]


def _shipped_ground(bounds: Bounds) -> tuple[BaseGeometry | None, list[GeoJson]]:
    for file in sorted(resources.files("viz").joinpath("kepler").iterdir(), key=lambda file: file.name):
        if not (file.name.startswith("land_") and file.name.endswith(".json")):
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        if not box(*document["passport"]["bounds"]).contains(box(*bounds)):
            continue
        land = [shape(item["geometry"]) for item in document["features"] if item["properties"]["kind"] == "land"]
        places = [item for item in document["features"] if item["properties"]["kind"] == "place"]
        return box(*document["passport"]["bounds"]).difference(unary_union(land)), places
    return None, []


def _sea(sea: BaseGeometry, lines: Iterable[list[Position]]) -> BaseGeometry:
    prepare(sea)
    wet = [street for street in map(LineString, lines) if sea.intersects(street)]
    # Each alone, then joined: one buffer around a dense net of streets takes gigabytes.
    ground = unary_union([street.buffer(GROUND_UNDER_STREETS_DEG, quad_segs=4) for street in wet])
    open_sea = sea.difference(ground).simplify(0.0002)
    parts = getattr(open_sea, "geoms", [open_sea])
    return unary_union([part for part in parts if part.area > SMALLEST_SEA_DEG2])


def _one_line_a_street(lines: Iterable[list[Position]]) -> list[GeoJson]:
    seen: set[tuple[Position, ...]] = set()
    features = []
    for line in lines:
        key = min(tuple(line), tuple(reversed(line)))
        if key not in seen:
            seen.add(key)
            features.append(_feature({"type": "LineString", "coordinates": [list(corner) for corner in line]}))
    return features


def _street_names(links: pd.DataFrame) -> list[GeoJson]:
    """One label on each street worth naming: along its longest link."""
    longest: dict[str, tuple[float, list[Position]]] = {}
    total_m: dict[str, float] = defaultdict(float)
    for link in records(links):
        name = str(link["name"] or "")
        if link["road_class"] not in LABELLED_CLASSES or not _is_chinese(name):
            continue
        length_m = float(link["length_m"])
        total_m[name] += length_m
        if name not in longest or length_m > longest[name][0]:
            longest[name] = (length_m, line_of(link))
    return [
        _feature(
            {"type": "LineString", "coordinates": [list(corner) for corner in _left_to_right(line)]},
            name=name,
            rank=-total_m[name],
        )
        for name, (_, line) in longest.items()
    ]


def _left_to_right(line: list[Position]) -> list[Position]:
    return line if line[0][0] <= line[-1][0] else line[::-1]


def _is_chinese(text: str) -> bool:
    return bool(text) and all("\u4e00" <= character <= "\u9fff" for character in text)


def _name_layer(layer_id: str, source: str, *, size: int, colour: str, along_line: bool) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "text-field": ["get", "name"],
        "text-font": LABEL_FONT,
        "text-size": size,
        "text-padding": 6,
    }
    if along_line:
        layout |= {"symbol-placement": "line-center", "symbol-sort-key": ["get", "rank"], "text-max-angle": 60}
    else:
        layout |= {"text-letter-spacing": 0.15}
    paint = {"text-color": colour, "text-halo-color": "#ffffff", "text-halo-width": 1.6}
    return {"id": layer_id, "type": "symbol", "source": source, "layout": layout, "paint": paint}


def _source(features: list[GeoJson]) -> dict[str, Any]:
    return {"type": "geojson", "data": {"type": "FeatureCollection", "features": features}}


def _feature(geometry: GeoJson, **properties: Any) -> GeoJson:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
