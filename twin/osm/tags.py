"""What OpenStreetMap tags say, as numbers: speeds, lanes, directions, dates. Odd values are refused, not guessed.

Every parser gives None for a value it cannot use; the caller falls back to the class table and counts it.
"""

import calendar
import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Literal

from twin.units import KNOT_IN_KMH, MPH_IN_KMH

Tags = Mapping[str, str]
Oneway = Literal["both", "forward", "backward"]

SLOWEST_KMH, FASTEST_KMH = 3.0, 150.0
"""Limits outside this range are mistyped or meant otherwise, and refused."""

MOST_LANES = 8.0
"""Lanes of one direction; more is a slip of the keyboard or a toll plaza, and is capped."""

WALK_KMH = 7.0
"""`maxspeed=walk`: German courts read 4 to 10 km/h, OpenStreetMap's wiki suggests 7."""

IMPLIED_KMH = {
    # 道路交通安全法实施条例 art. 45 (one lane a direction: 50 in towns, 70 outside) and art. 78 (motorways 120).
    "CN:urban": 50.0,
    "CN:rural": 70.0,
    "CN:motorway": 120.0,
    # Vienna Convention countries: 50 in towns; zones as their name says.
    "urban": 50.0,
    "living_street": 20.0,
    "zone30": 30.0,
    "zone20": 20.0,
}
"""Limits that a country's law implies, by the word after the country's code (km/h); others: the class default."""

_SPEED = re.compile(r"(-?\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph|knots)?")
_UNIT_KMH = {"mph": MPH_IN_KMH, "knots": KNOT_IN_KMH}
_YES = frozenset({"yes", "true", "1"})
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def speed_kmh(text: str) -> float | None:
    """Speed limit (km/h) of a `maxspeed` value; the lowest of several; None: default of the class.

    >>> speed_kmh("30 mph"), speed_kmh("70|100"), speed_kmh("walk"), speed_kmh("-20")
    (48.28032, 70.0, 7.0, None)
    """
    speeds = [_one_speed_kmh(part.strip()) for part in re.split(r"[;|,]", text)]
    known = [speed for speed in speeds if speed is not None]
    return min(known) if known and len(known) == len(speeds) else None


def _one_speed_kmh(text: str) -> float | None:
    if text == "walk":
        return WALK_KMH
    match = _SPEED.fullmatch(text)
    if match is None:
        word = text.partition(":")[2] or text
        return IMPLIED_KMH.get(text, IMPLIED_KMH.get(word.replace(":", "")))
    speed = float(match[1]) * _UNIT_KMH.get(match[2] or "", 1.0)
    return speed if SLOWEST_KMH <= speed <= FASTEST_KMH else None


def lane_count(text: str) -> float | None:
    """Number of lanes of a `lanes` value, the lowest of several; None where it is no positive number.

    >>> lane_count("2;3"), lane_count("0"), lane_count("many")
    (2.0, None, None)
    """
    try:
        counts = [float(part) for part in re.split(r"[;|]", text)]
    except ValueError:
        return None
    fewest = min(counts)
    return fewest if math.isfinite(fewest) and fewest > 0 else None


def oneway(tags: Tags) -> Oneway:
    """Directions a way may be driven in. Motorways and roundabouts are one-way unless the tag says otherwise.

    `reversible` and `alternating` ways count as open both ways.
    """
    value = tags.get("oneway", "").strip().lower()
    if value in _YES:
        return "forward"
    if value in ("-1", "reverse"):
        return "backward"
    if value == "no":
        return "both"
    if value in ("reversible", "alternating"):
        return "both"
    is_round = tags.get("junction") in ("roundabout", "circular")
    is_motorway = tags.get("highway") in ("motorway", "motorway_link")
    return "forward" if is_round or is_motorway else "both"


def first_day(text: str) -> date | None:
    """First day of a plain date, month or year; None for ranges, centuries and words.

    >>> first_day("2023-12"), first_day("~1900")
    (datetime.date(2023, 12, 1), None)
    """
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    return date(year, month, day)


def is_assumed(tags: Tags, key: str) -> bool:
    """Whether the map itself says that nobody observed this tag (`source:lanes=assumed` and the like).

    `published_at_one_point` is assumed too: a figure stated for one junction, extended along the street.
    """
    source = tags.get(f"source:{key}", "")
    return source in ("assumed", "estimated", "published_at_one_point") or source.startswith("bus_lines")
