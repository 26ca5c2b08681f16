"""What a figure is about: the whole city, the measures' surroundings, a district, a quarter of an hour, a screenline.

An area is text: "city", "near", or a kind and a name, "district:芝罘区". It holds no id of a link or node, so renaming
streets changes no row.
"""

from collections.abc import Mapping
from typing import Any, Literal

from twin.city.screenlines import Side
from twin.clock import seconds_of, text_of
from twin.records import INTERVAL_S
from twin.wording import AREAS, Words

Kind = Literal["city", "near", "district", "destination", "quarter", "screenline", "road"]
KINDS: tuple[Kind, ...] = ("city", "near", "district", "destination", "quarter", "screenline", "road")

KIND_WORDS = {
    **AREAS,
    "district": Words("起点所在区", "district of origin"),
    "destination": Words("目的地所在区(停车)", "district of destination, of parking"),
    "quarter": Words("每15分钟", "quarter of an hour"),
    "screenline": Words("核查线(分方向)", "screenline, by direction"),
    "road": Words("新开通道路", "opened road"),
}


def district_area(district: str) -> str:
    """The trips that start in a district, or its zones."""
    return f"district:{district}"


def destination_area(district: str) -> str:
    """The trips that end in a district, and its parking sites."""
    return f"destination:{district}"


def quarter_area(start_s: float) -> str:
    """A quarter of an hour by its start (s).

    >>> quarter_area(26100.0)
    'quarter:07:15'
    """
    return f"quarter:{text_of(start_s)}"


def screenline_area(screenline_id: str, side: Side) -> str:
    """Those who cross a screenline to one side."""
    return f"screenline:{screenline_id}:{side}"


def road_area(road: str) -> str:
    """Those who use a new road, by the measure that opens it."""
    return f"road:{road}"


def kind_of(area: str) -> Kind:
    """The kind of an area.

    >>> kind_of("city"), kind_of("screenline:jiahe:left")
    ('city', 'screenline')
    """
    name = area.partition(":")[0]
    return next(kind for kind in KINDS if kind == name)


def area_words(area: str, names: Mapping[str, Mapping[str, Any]]) -> Words:
    """What an area is called; `names`: `area_names` of a comparison's meta, area → {zh, en}.

    >>> area_words("quarter:07:45", {}).en, area_words("district:芝罘区", {}).zh
    ('07:45–08:00', '芝罘区')
    """
    if area in AREAS:
        return AREAS[area]
    if area in names:
        return Words(str(names[area]["zh"]), str(names[area]["en"]))
    kind, _, rest = area.partition(":")
    if kind == "quarter":
        rest = f"{rest}–{text_of(seconds_of(rest) + INTERVAL_S)}"
    return Words(rest, rest)
