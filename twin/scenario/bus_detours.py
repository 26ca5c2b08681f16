"""Buses whose street is closed: they drive round by the quickest open way, stop after stop.

A stop on a closed street is not served. A street closed in some hours counts as closed to buses all day: a line
does not change its way by the hour.
"""

from collections.abc import Collection
from dataclasses import replace

from twin.city.city import City
from twin.city.network import Network
from twin.city.transit import BusLine
from twin.routing.paths import Router


def with_buses_on_open_streets(city: City) -> City:
    """The city with every line on streets that are open; what had to change stands in `notes`.

    A line left with fewer than two stops that can be joined is taken out, and said so.
    """
    drivable = _drivable(city)
    if all(drivable.link_by_id.keys() >= set(line.route) for line in city.lines):
        return city
    router = Router(drivable)
    lines, notes = [], []
    for line in city.lines:
        if drivable.link_by_id.keys() >= set(line.route):
            lines.append(line)
            continue
        moved = _moved(line, router, drivable.link_by_id.keys())
        if moved is None:
            notes.append(f"bus line {line.id} does not run: its streets are closed and no way leads round")
            continue
        lines.append(moved)
        lost = [stop.name for stop in line.stops if stop not in moved.stops]
        notes.append(
            f"bus line {line.id} drives round closed streets" + (f", not serving {', '.join(lost)}" * bool(lost))
        )
    return replace(city, lines=tuple(lines), notes=(*city.notes, *notes))


def _drivable(city: City) -> Network:
    network = city.open_network()
    return network.with_links(link for link in network.links if not any(change.lanes == 0 for change in link.changes))


def _moved(line: BusLine, router: Router, drivable: Collection[str]) -> BusLine | None:
    stops = [stop for stop in line.stops if stop.link_id in drivable]
    if not stops:
        return None
    kept, route = [stops[0]], [stops[0].link_id]
    for stop in stops[1:]:
        onward = router.link_path(route[-1], stop.link_id)
        if onward is not None:
            kept.append(stop)
            route += onward
    return replace(line, stops=tuple(kept), route=tuple(route)) if len(kept) > 1 else None
