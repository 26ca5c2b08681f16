"""One HTML file that shows a kepler.gl map with no network: by double click, in a frame, years from now.

The installed keplergl wheel carries all of kepler.gl as one JavaScript module. It is packed into the page beside the
data, fed a stand-in for the notebook's model, and a content policy forbids every request. Only the page's own script
runs (by its hash), so no name in the data can ever become code.
"""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import jinja2

from twin.errors import TwinError
from twin.wording import Language, Words

KEPLER_VERSION = "0.4.0"
GROUND_ADDRESS = "https://basemap.invalid/ground.json"  # answered inside the page, never asked of a server
GROUND_ID = "ground"

_CONSTRUCTOR = re.compile(r"this\.model=(\w+),this\.el=(\w+),this\.store=(\w+)\(\)\}")
_DEFAULT_EXPORT = re.compile(r"export\s*\{\s*\w+\s+as\s+default\s*\};")
_LOADING = Words("正在载入地图…", "Loading the map…")
_FAILED = Words(
    "地图无法显示(需要较新的浏览器，如 Chrome/Edge 90 以上)：", "The map cannot be shown (use a recent browser):"
)
_SLIM = "minified"  # the bar of time without its histogram, which would cover half the map
_LEGEND = Words("图例", "Legend")


@dataclass(frozen=True, slots=True)
class View:
    """What a button of the page shows: layers of one map, or of the two sides of a swipe."""

    id: str
    name: str
    left: tuple[str, ...]
    right: tuple[str, ...] | None = None  # None: one map, no swipe
    side_names: tuple[str, str] | None = None
    has_slider: bool = False  # shows the page's slider of time


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A colour and what it means."""

    colour: str
    text: str


@dataclass(frozen=True, slots=True)
class LegendPart:
    """A block of the legend and the views it stands under."""

    title: str
    entries: tuple[LegendEntry, ...]
    views: tuple[str, ...]
    dots: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class TimeSlider:
    """A slider over a column of times that several datasets have; `first_ms`, `last_ms`: what it shows at first."""

    column: str
    datasets: tuple[str, ...]
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page. `datasets`: GeoJSON by id; `layers`: kepler layers, the first drawn on top."""

    title: str
    facts: str
    verdict: str
    warnings: tuple[str, ...]
    sources: str
    datasets: Mapping[str, Any]
    layers: Sequence[Mapping[str, Any]]
    tooltips: Mapping[str, Sequence[str]]
    ground: Mapping[str, Any]
    bounds: tuple[float, float, float, float]
    views: tuple[View, ...]
    legend: tuple[LegendPart, ...]
    language: Language = "zh"
    slider: TimeSlider | None = None  # None: nothing on the page has a time


def page_html(page: Page) -> str:
    """The page as one HTML text, about 4.5 MB for kepler.gl plus the packed data.

    Raises TwinError where keplergl is missing or is not the version this page knows.
    """
    loader = _template_text("map.js")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash_source(loader)}' blob: 'wasm-unsafe-eval'",
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "font-src data:",
            "connect-src data: blob:",
            "worker-src blob:",
            "child-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    content = {
        "state": {
            "data": {
                name: {"id": name, "data": features, "format": "geojson"} for name, features in page.datasets.items()
            },
            "config": kepler_config(page),
            "mapbox_token": "",
            "theme": "light",
            "app_name": page.title,
        },
        "views": [
            {"id": view.id, "left": view.left, "right": view.right, "hasSlider": view.has_slider} for view in page.views
        ],
        "bounds": page.bounds,
        "ground": page.ground,
        "groundAddress": GROUND_ADDRESS,
    }
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        _template_text("map.html.j2")
    )
    return template.render(
        language=page.language,
        policy=policy,
        title=page.title,
        facts=page.facts,
        verdict=page.verdict,
        warnings=page.warnings,
        sources=page.sources,
        views=page.views,
        legend=page.legend,
        legend_title=_LEGEND.in_(page.language),
        loading=_LOADING.in_(page.language),
        failed=_FAILED.in_(page.language),
        css=_template_text("map.css") + "\n" + _widget_css(),
        loader=loader,
        page_data=packed(json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))),
        bundle=_packed_bundle(),
    )


def kepler_config(page: Page) -> dict[str, Any]:
    """The page's layers and first view in kepler.gl's own configuration format, version 1."""
    first = page.views[0]
    is_swipe = first.right is not None
    split = [{"layers": {str(layer["id"]): layer["id"] in side for layer in page.layers}} for side in _sides(first)]
    tooltip = {
        "enabled": True,
        "compareMode": False,
        "compareType": "absolute",
        "fieldsToShow": {
            name: [{"name": column, "format": None} for column in columns] for name, columns in page.tooltips.items()
        },
    }
    ground = {
        "id": GROUND_ID,
        "label": _LEGEND.in_(page.language),
        "url": GROUND_ADDRESS,
        "icon": "",
        "custom": "LOCAL",
    }
    return {
        "version": "v1",
        "config": {
            "visState": {
                "filters": [] if page.slider is None else [_time_filter(page.slider, is_shown=first.has_slider)],
                "layers": list(page.layers),
                "effects": [],
                "interactionConfig": {
                    "tooltip": tooltip,
                    "brush": {"enabled": False, "size": 0.5},
                    "geocoder": {"enabled": False},
                    "coordinate": {"enabled": False},
                },
                "layerBlending": "normal",
                "overlayBlending": "normal",
                "splitMaps": split if is_swipe else [],
                "animationConfig": {"currentTime": None, "speed": 1},
            },
            "mapState": {
                "bearing": 0,
                "dragRotate": False,
                "latitude": (page.bounds[1] + page.bounds[3]) / 2.0,
                "longitude": (page.bounds[0] + page.bounds[2]) / 2.0,
                "pitch": 0,
                "zoom": 11,
                "isSplit": is_swipe,
                "mapSplitMode": "SWIPE_COMPARE" if is_swipe else "SINGLE_MAP",
                "isViewportSynced": True,
                "isZoomLocked": False,
                "splitMapViewports": [],
            },
            "mapStyle": {
                "styleType": GROUND_ID,
                "topLayerGroups": {"label": True},
                "visibleLayerGroups": {"label": True, "road": True, "water": True},
                "mapStyles": {GROUND_ID: ground},
            },
            "uiState": {
                "mapControls": {"mapLegend": {"show": False, "active": False}},
                "locale": "cn" if page.language == "zh" else "en",
            },
        },
    }


def _time_filter(slider: TimeSlider, *, is_shown: bool) -> dict[str, Any]:
    """kepler.gl's filter by time: a bar with a window that can be dragged and played."""
    return {
        "id": "time",
        "dataId": list(slider.datasets),
        "name": [slider.column] * len(slider.datasets),
        "type": "timeRange",
        "value": [slider.first_ms, slider.last_ms],
        "plotType": {
            "interval": "15-minute",
            "defaultTimeFormat": "L LT",
            "type": "histogram",
            "aggregation": "sum",
        },
        "animationWindow": "free",
        "yAxis": None,
        "view": _SLIM if is_shown else "side",
        "speed": 1,
        "enabled": True,
        "syncedWithLayerTimeline": False,
    }


def packed(text: str) -> str:
    """Text as gzip in base64: safe inside any HTML element, and the same bytes on every run."""
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 6, mtime=0)).decode("ascii")


def checked_bundle(source: str) -> str:
    """kepler.gl's widget with its state handed to the model, so that the page's buttons can speak to it.

    Raises TwinError where the bundle has not the shape of keplergl 0.4.0.
    """
    exports = len(_DEFAULT_EXPORT.findall(source))
    opened, constructors = _CONSTRUCTOR.subn(r"this.model=\1,this.el=\2,this.store=\3(),\1.store=this.store}", source)
    if exports != 1 or constructors != 1:
        raise TwinError(
            f"keplergl {_installed_version()}: its script has another shape than that of {KEPLER_VERSION} "
            f"({exports} exports and {constructors} widget constructors where one of each is known). "
            f"Install the known one: pip install keplergl=={KEPLER_VERSION}"
        )
    return opened


@cache
def _packed_bundle() -> str:
    return packed(checked_bundle(_widget_file("widget.js")))


@cache
def _widget_css() -> str:
    return _widget_file("widget.css")


def _widget_file(name: str) -> str:
    # Found by metadata, not by import: importing keplergl loads geopandas and a notebook stack for two files.
    if _installed_version() != KEPLER_VERSION:
        raise TwinError(
            f"The map needs keplergl {KEPLER_VERSION}, found {_installed_version()}. "
            f"Install it: pip install keplergl=={KEPLER_VERSION}"
        )
    file = Path(str(metadata.distribution("keplergl").locate_file(f"keplergl/static/{name}")))
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TwinError(
            f"keplergl {KEPLER_VERSION} is installed without static/{name}. Install it again: "
            f"pip install --force-reinstall keplergl=={KEPLER_VERSION}"
        ) from error


def _installed_version() -> str:
    try:
        return metadata.version("keplergl")
    except metadata.PackageNotFoundError:
        return "none"


def _sides(view: View) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return view.left, view.right or ()


def _hash_source(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _template_text(name: str) -> str:
    return resources.files("viz").joinpath("templates", name).read_text(encoding="utf-8")
