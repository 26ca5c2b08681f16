"""What a network knows beyond the columns of GMNS: `twin.json` beside the tables, where there is something.

It holds the differences between the network and what its tables alone read as: dates, changes by the hour, bridges,
what is assumed, bans, shared lanes, and numbers to the last bit. Entries for links that are no longer in the tables are
left out, so a table may be edited by hand.
"""

import dataclasses
import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from twin.city.network import BusLane, ClassBan, Link, LinkChange, Movement, Network, Node
from twin.city.signals import Green, SignalPlan
from twin.clock import TimeWindow
from twin.errors import NetworkError
from twin.files.whole_files import write_whole_text

REST_FILE = "twin.json"
FORMAT = "twin-gmns/1"

_Frozen = TypeVar("_Frozen", Node, Link)


def write_rest(folder: Path, network: Network, signals: tuple[SignalPlan, ...], read: Network, plans: Any) -> None:
    """Write what the tables, read as `read` and `plans`, have lost of a network and its signals."""
    rest: dict[str, Any] = {}
    for name in ("place", "kind", "crs"):
        if getattr(network, name) != getattr(read, name):
            rest[name] = getattr(network, name)
    for name, things, others in (("nodes", network.nodes, read.node_by_id), ("links", network.links, read.link_by_id)):
        lost = {thing.id: found for thing in things if (found := _difference(thing, others[thing.id]))}
        if lost:
            rest[name] = lost
    if network.movements != read.movements:
        rest["movements"] = [_plain(dataclasses.astuple(movement)) for movement in network.movements]
    if network.banned_turns:
        rest["banned_turns"] = sorted([came, gone] for came, gone in network.banned_turns)
    if tuple(signals) != tuple(plans):
        rest["signals"] = [
            {**_fields(plan), "greens": [_plain(dataclasses.astuple(green)) for green in plan.greens]}
            for plan in signals
        ]
    path = folder / REST_FILE
    if rest:
        write_whole_text(path, json.dumps({"format": FORMAT, **rest}, ensure_ascii=False, indent=0) + "\n")
    else:
        path.unlink(missing_ok=True)


def with_rest(folder: Path, network: Network, plans: tuple[SignalPlan, ...]) -> tuple[Network, tuple[SignalPlan, ...]]:
    """The network and signals of the tables, with what the file beside them adds. Raises NetworkError."""
    path = folder / REST_FILE
    if not path.is_file():
        return network, plans
    try:
        rest = json.loads(path.read_text(encoding="utf-8"))
        if rest.get("format") != FORMAT:
            raise ValueError(f"format is {rest.get('format')!r}, must be {FORMAT!r}")
        whole = _completed(network, rest)
        if "signals" in rest:
            plans = tuple(_plan(table) for table in rest["signals"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NetworkError(
            f"{path}: cannot be read ({error}). Without this file the tables are read alone: remove it to do so."
        ) from error
    return whole, plans


def _completed(network: Network, rest: Mapping[str, Any]) -> Network:
    links = tuple(_with(link, rest.get("links", {}).get(link.id, {})) for link in network.links)
    ids = {link.id for link in links}
    movements = network.movements
    if "movements" in rest:
        movements = tuple(m for row in rest["movements"] if {(m := Movement(*row)).from_link, m.to_link} <= ids)
    bans = frozenset((came, gone) for came, gone in rest.get("banned_turns", ()) if {came, gone} <= ids)
    return dataclasses.replace(
        network,
        nodes=tuple(_with(node, rest.get("nodes", {}).get(node.id, {})) for node in network.nodes),
        links=links,
        movements=movements,
        banned_turns=bans,
        **{name: rest[name] for name in ("place", "kind", "crs") if name in rest},
    )


def _difference(thing: Any, other: Any) -> dict[str, Any]:
    fields = [field.name for field in dataclasses.fields(thing)]
    return {name: _plain(getattr(thing, name)) for name in fields if getattr(thing, name) != getattr(other, name)}


def _fields(plan: SignalPlan) -> dict[str, Any]:
    return {
        f.name: _plain(getattr(plan, f.name)) for f in dataclasses.fields(plan) if f.name not in ("greens", "window")
    }


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, ClassBan):
        return [[hours.start_s, hours.end_s] for hours in value.hours]
    if isinstance(value, LinkChange):
        return [value.window.start_s, value.window.end_s, value.lanes, value.free_speed_mps]
    if isinstance(value, BusLane):
        return {"hours": [[window.start_s, window.end_s] for window in value.hours], "lanes": value.lanes}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _date(value: str | None) -> datetime.date | None:
    return None if value is None else datetime.date.fromisoformat(value)


def _bus_lane(table: Mapping[str, Any]) -> BusLane:
    return BusLane(tuple(TimeWindow(start_s, end_s) for start_s, end_s in table["hours"]), table["lanes"])


_TAKE: dict[str, Callable[[Any], Any]] = {
    "assumed": frozenset,
    "source_ids": tuple,
    "opened_on": _date,
    "closed_on": _date,
    "geometry": lambda points: tuple((lon, lat) for lon, lat in points),
    "bus_lane": _bus_lane,
    "access": lambda bans: tuple(ClassBan(tuple(TimeWindow(a, b) for a, b in hours)) for hours in bans),
    "changes": lambda rows: tuple(LinkChange(TimeWindow(a, b), lanes, mps) for a, b, lanes, mps in rows),
}


def _with(thing: _Frozen, fields: Mapping[str, Any]) -> _Frozen:
    values: dict[str, Any] = {name: _TAKE[name](value) if name in _TAKE else value for name, value in fields.items()}
    return dataclasses.replace(thing, **values) if values else thing


def _plan(table: Mapping[str, Any]) -> SignalPlan:
    greens = tuple(Green(*row) for row in table["greens"])
    lines = tuple(table.get("lines", ()))
    return SignalPlan(**{**table, "greens": greens, "lines": lines, "assumed": frozenset(table["assumed"])})
