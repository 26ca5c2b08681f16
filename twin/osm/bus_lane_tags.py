"""Bus lanes of a street direction, and their hours, from tags: `bus:lanes`, `lanes:bus`, `busway` and their kin.

Three ways of writing one thing, in the order in which they are asked: lane by lane (`bus:lanes`, `psv:lanes`: lanes
"designated"), by number (`lanes:bus`, `lanes:psv`), by side (`busway`). `:conditional` beside any of them says the
hours. Weekdays in conditions are left out, since a run is of a working day: hours of Saturday or Sunday alone are not
read. Left out too: lanes against a one-way street, and lanes whose side is not told.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from twin.city.network import BusLane
from twin.clock import TimeWindow
from twin.osm.repairs import note
from twin.osm.tags import Oneway, Tags, lane_count

Side = Literal["forward", "backward"]

READ = "directions of streets with a bus lane"
NOT_UNDERSTOOD = "bus lanes whose hours or side are not understood, left out"
NO_OTHER_LANE = "bus lanes that leave no lane for others, left out"

_WORKING_DAY = re.compile(r"\b(Mo|Tu|We|Th|Fr)\b")
_ANY_DAY = re.compile(r"\b(Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)\b")
_HOURS = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")
_CONDITION = re.compile(r"([^@;]+)@\s*(?:\(([^)]*)\)|([^;]*))")
_LETTERS_LEFT = re.compile(r"[^\s\d:,;+-]")


def bus_lane_of(tags: Tags, ways: Oneway, side: Side, lanes: float, counts: Counter[str], node: int) -> BusLane | None:
    """The bus lane of one direction of a street that has so many lanes there."""
    is_odd = False
    for count, conditional in _told(tags, ways, side):
        hours = () if conditional is None else hours_of(conditional)
        if count is None or hours is None:
            is_odd = True
        elif count >= lanes:
            note(counts, NO_OTHER_LANE, node)
            return None
        elif count > 0:
            note(counts, READ, node)
            return BusLane(hours, count)
    if is_odd:
        note(counts, NOT_UNDERSTOOD, node)
    return None


def _told(tags: Tags, ways: Oneway, side: Side) -> Iterator[tuple[float | None, str | None]]:
    """What each way of writing says of a direction: lanes (None: not understood), and the text of its hours."""
    for kind in ("bus", "psv"):
        yield from _of_key(tags, f"{kind}:lanes:{side}", _designated)
        if ways != "both":
            yield from _of_key(tags, f"{kind}:lanes", _designated)
    for kind in ("bus", "psv"):
        yield from _of_key(tags, f"lanes:{kind}:{side}", lane_count)
        back = lane_count(tags.get(f"lanes:{kind}:{'backward' if side == 'forward' else 'forward'}", ""))
        yield from _of_key(tags, f"lanes:{kind}", lane_count if ways != "both" else partial(_one_way, back=back))
    if ways == "both":
        # Traffic keeps to the right, so what lies right of the drawing goes forward.
        keys = [f"busway:{'right' if side == 'forward' else 'left'}"]
    else:
        keys = ["busway:right", "busway:left"]
    for key in (*keys, "busway:both", "busway"):
        yield from _of_key(tags, key, _lane_there)


def _of_key(tags: Tags, key: str, read: Callable[[str], float | None]) -> Iterator[tuple[float | None, str | None]]:
    always, conditional = tags.get(key), tags.get(f"{key}:conditional")
    if conditional is not None:
        match = _CONDITION.match(conditional.strip())
        yield (None, None) if match is None else (read(match[1].strip()), conditional)
    elif always is not None:
        yield read(always), None


def _designated(text: str) -> float:
    """Lanes that are for buses, of lanes from left to right.

    >>> _designated("yes|yes|designated")
    1.0
    """
    return float(sum(lane.strip() == "designated" for lane in text.split("|")))


def _one_way(text: str, *, back: float | None) -> float | None:
    """Lanes of one direction, of a number that counts both: less those back where they are known, else half.

    None where half of them is no whole number: the side is not told.
    """
    both = lane_count(text)
    if both is None or back is not None:
        return None if both is None else max(0.0, both - (back or 0.0))
    return None if both % 2 else both / 2


def _lane_there(text: str) -> float:
    return 1.0 if text == "lane" else 0.0


def hours_of(conditional: str) -> tuple[TimeWindow, ...] | None:
    """Hours of a working day in a value such as "1 @ (Mo-Fr 07:00-10:00; 16:00-19:00)"; None where there are none or
    other conditions.

    >>> [str(hours) for hours in hours_of("designated @ (07:00-10:00; 16:00-19:00)")]
    ['07:00–10:00', '16:00–19:00']
    """
    windows: list[TimeWindow] = []
    for match in _CONDITION.finditer(conditional):
        days = ""
        for part in re.split(r"[;,]", match[2] if match[2] is not None else match[3]):
            days = part if _ANY_DAY.search(part) else days  # a list of hours goes on with the days before it
            plain = _ANY_DAY.sub("", part)
            times = _HOURS.findall(plain)
            if not times or _LETTERS_LEFT.search(plain):
                return None
            if not days or _WORKING_DAY.search(days):
                try:
                    windows += [TimeWindow.between(start, end) for start, end in times]
                except ValueError:
                    return None
    return tuple(dict.fromkeys(windows)) or None
