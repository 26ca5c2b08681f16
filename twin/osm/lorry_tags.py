"""When a street is closed to lorries, or to all, by its tags: `hgv`, `goods`, and what they and access say by the hour.

Hours are those of a working day: conditions of weekends alone are left out. Left out too, and counted: conditions on
weight, length, season or permits.
"""

import re
from collections import Counter

from twin.city.network import ClassBan, LinkChange
from twin.clock import TimeWindow
from twin.osm.repairs import note
from twin.osm.tags import Tags

READ = "streets closed to lorries, at all or some hours"
CLOSED = "streets closed at some hours"
NOT_UNDERSTOOD = "closures by the hour not understood, left out"

_CLOSED_TO_LORRIES = frozenset({"no", "destination", "delivery", "private", "customers"})
"""Values that keep lorries from passing; those with business there may come in any case."""

_CONDITION = re.compile(r"([\w;]+)\s*@\s*(?:\(([^)]*)\)|([^;]*))")
_HOURS = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")
_DAYS = re.compile(r"\b(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)\b")
_WORKING_DAY = re.compile(r"\b(?:Mo|Tu|We|Th|Fr)\b")
_ELSE = re.compile(r"[^\s\d:,;+-]")


def lorry_bans(tags: Tags, counts: Counter[str], node: int) -> tuple[ClassBan, ...]:
    """Bans of lorries on a way, both directions; (): none."""
    if any(tags.get(key) in _CLOSED_TO_LORRIES for key in ("hgv", "goods")):
        note(counts, READ, node)
        return (ClassBan(),)
    hours = _closed_hours(tags, ("hgv:conditional", "goods:conditional"), _CLOSED_TO_LORRIES, counts, node)
    if not hours:
        return ()
    note(counts, READ, node)
    return (ClassBan(hours),)


def closures(tags: Tags, counts: Counter[str], node: int) -> tuple[LinkChange, ...]:
    """Hours of every working day in which nobody may drive a way; (): none."""
    keys = ("motorcar:conditional", "motor_vehicle:conditional", "vehicle:conditional", "access:conditional")
    hours = _closed_hours(tags, keys, frozenset({"no"}), counts, node)
    if hours:
        note(counts, CLOSED, node)
    return tuple(LinkChange(window, lanes=0.0) for window in hours)


def _closed_hours(
    tags: Tags, keys: tuple[str, ...], values: frozenset[str], counts: Counter[str], node: int
) -> tuple[TimeWindow, ...]:
    found: list[TimeWindow] = []
    for key in keys:
        hours = working_hours(tags[key], values) if key in tags else ()
        if hours is None:
            note(counts, NOT_UNDERSTOOD, node)
        else:
            found += hours
    return tuple(dict.fromkeys(found))


def working_hours(text: str, values: frozenset[str]) -> tuple[TimeWindow, ...] | None:
    """Hours of a working day at which a condition gives one of the values; None: other conditions than hours.

    >>> [str(hours) for hours in working_hours("no @ (Mo-Fr 07:00-09:00, 17:00-19:00)", frozenset({"no"}))]
    ['07:00–09:00', '17:00–19:00']
    """
    windows: list[TimeWindow] = []
    for match in _CONDITION.finditer(text):
        if match[1] not in values:
            continue
        days = only_days = ""
        for part in re.split(r"[;,]", match[2] if match[2] is not None else match[3]):
            days = f"{only_days} {part}" if _DAYS.search(part) else days  # hours go on with the days before them
            plain = _DAYS.sub("", part)
            times = _HOURS.findall(plain)
            if _ELSE.search(plain) or not (times or _DAYS.search(part)):
                return None
            only_days = "" if times else days
            if not days or _WORKING_DAY.search(days):
                try:
                    windows += [TimeWindow.between(start, end) for start, end in times]
                except ValueError:
                    return None
    return tuple(windows)
