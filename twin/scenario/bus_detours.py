"""Buses whose street is closed: they drive round by the quickest open way, stop after stop.

A stop on a closed street is not served; the others keep the times of a timetable. A line does not change its way by the
hour: a street that is closed at some time of the hours that are run counts as closed to buses throughout, one that is
closed at other times as open.
"""

from collections.abc import Collection
from dataclasses import replace

from twin.city.city import City
from twin.city.network import Network
from twin.city.transit import BusLine
from twin.clock import DAY_S, TimeWindow
from twin.routing.paths import Router
from twin.scenario.bus_measures import times_kept_s

ALL_DAY = TimeWindow(0.0, DAY_S)


def with_buses_on_open_streets(city: City, hours: TimeWindow = ALL_DAY) -> City:
    """The city with every line on streets that are open in these hours; what had to change stands in `notes`.

    A line left with fewer than two stops that can be joined is taken out, and said so.
    """
    drivable = _drivable(city, hours)
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


def _drivable(city: City, hours: TimeWindow) -> Network:
    network = city.open_network()
    return network.with_links(
        link
        for link in network.links
        if not any(change.lanes == 0 and _overlap(change.window, hours) for change in link.changes)
    )


def _overlap(window: TimeWindow, hours: TimeWindow) -> bool:
    """Whether a window of every day and the hours of one have a time in common; either may run past midnight."""
    return any(
        window.start_s + shift_s < hours.end_s and hours.start_s < window.end_s + shift_s
        for shift_s in (-DAY_S, 0.0, DAY_S)
    )


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
    if len(kept) < 2:
        return None
    due_s = times_kept_s(line, kept)
    return replace(line, stops=tuple(kept), route=tuple(route), running_s=tuple(t - due_s[0] for t in due_s))
