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
_NO = frozenset({"", "no", "false", "0"})
_REVERSED = frozenset({"-1", "reverse", "backward"})
_BOTH_IN_TURN = frozenset({"reversible", "alternating"})
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

    The tag for cars goes before the general one. `reversible` and `alternating` ways count as open both ways; a value
    that nobody knows says nothing (`is_odd_oneway`).

    >>> oneway({"oneway": "-1"}), oneway({"oneway": "yes", "oneway:motor_vehicle": "no"})
    ('backward', 'both')
    """
    value = _oneway_value(tags)
    if value in _YES:
        return "forward"
    if value in _REVERSED:
        return "backward"
    if value and value in _NO | _BOTH_IN_TURN:
        return "both"
    is_motorway = tags.get("highway") in ("motorway", "motorway_link")
    return "forward" if is_roundabout(tags) or is_motorway else "both"


def _oneway_value(tags: Tags) -> str:
    for key in ("oneway:motorcar", "oneway:motor_vehicle", "oneway"):
        if key in tags:
            return tags[key].strip().lower()
    return ""


def is_odd_oneway(tags: Tags) -> bool:
    """Whether the tag of direction has a value that nobody knows.

    >>> is_odd_oneway({"oneway": "sometimes"}), is_odd_oneway({"oneway": "no"})
    (True, False)
    """
    return _oneway_value(tags) not in _YES | _NO | _REVERSED | _BOTH_IN_TURN


def is_reversible(tags: Tags) -> bool:
    """Whether traffic goes one way and the other in turn."""
    return _oneway_value(tags) in _BOTH_IN_TURN


def is_roundabout(tags: Tags) -> bool:
    """Whether a way is the ring of a roundabout: it has the way, and goes round one way."""
    return tags.get("junction") in ("roundabout", "circular")


def level_of(tags: Tags) -> int:
    """Level above the ground (−5 to 5) by `layer`; else 1 on a bridge, −1 in a tunnel, 0 on the ground.

    >>> level_of({"bridge": "yes"}), level_of({"layer": "-2"}), level_of({"layer": "high"})
    (1, -2, 0)
    """
    try:
        return max(-5, min(5, int(tags.get("layer", ""))))
    except ValueError:
        return 1 if tags.get("bridge", "no") != "no" else -1 if tags.get("tunnel", "no") != "no" else 0


TURN_WORDS = {
    "reverse": 180.0,
    "sharp_left": 135.0,
    "left": 90.0,
    "slight_left": 45.0,
    "merge_to_left": 0.0,
    "through": 0.0,
    "none": 0.0,
    "": 0.0,
    "merge_to_right": 0.0,
    "slight_right": -45.0,
    "right": -90.0,
    "sharp_right": -135.0,
}
"""Directions that lanes are marked for → nominal bend (degrees, left positive); unmarked lanes lead straight on."""


def turn_lanes(text: str) -> tuple[frozenset[str], ...] | None:
    """Lanes from left to right, each with its directions; None where a word is unknown.

    >>> [sorted(lane) for lane in turn_lanes("left|through;right")]
    [['left'], ['right', 'through']]
    """
    lanes = tuple(frozenset(word.strip() for word in lane.split(";")) for lane in text.lower().split("|"))
    return lanes if all(lane <= TURN_WORDS.keys() for lane in lanes) else None


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
