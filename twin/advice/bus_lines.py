"""Which bus lines to change and how: what is wrong with each, one change each, under the same fleet.

Lines are described by 非直线系数 (way over straight line), 重复系数 (other lines on the way), crowding, scheduled
speed, stops that nobody uses and the buses they take. Changes are ranked by a forecast of riders' generalised time
(`study.bus_forecast`), which knows no chance: so no seed of the study that then tests them has chosen anything.
Leaves out new lines, timetables that fit together, and drivers' hours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.city.city import City
from twin.city.cuts import with_cuts_of
from twin.city.ground import ground_of
from twin.city.network import Network
from twin.city.timetables import scheduled_s
from twin.city.transit import PEAKS, BusLine, is_peak
from twin.errors import DemandError
from twin.routing.kernel import UNREACHED
from twin.routing.paths import Router
from twin.scenario.bus_measures import RemoveStop, SetHeadway
from twin.scenario.line_measures import RerouteLine
from twin.scenario.measure import Measure
from twin.study.bus_forecast import STANDING_COST, BusForecast, fleet_of, forecast
from twin.units import SECONDS_PER_HOUR, km_from_metres
from twin.wording import Words

LONGEST_PEAK_HEADWAY_S = 30.0 * 60.0
"""Lines that run less often in the peak are on demand, for tourists or for villages: another question."""
FEWER = 1.25
"""Headways of lines that give buses are multiplied by this."""
MOST_OFTEN = 0.75
"""No line's headways shrink below this share: four buses for three."""
FULLEST = 0.85
"""A line gives buses only while its fullest section stays below this share of capacity."""
MOST_STRAIGHTENED, MOST_DROPPED = 5, 3
"""Of the changes, at most so many are other ways and so many are stops left out (assumed: the rest is headways)."""
TRIED = 8
"""So many of each kind are put to the forecast."""
LONGEST_STRETCH = 12
"""A way is straightened between stops at most so many stops apart."""
LEAST_SAVED_S = 60.0
"""Saving less than a minute is not worth moving a line (scheduled s)."""
LOST_STOP_S = 600.0
"""First guess of what a rider loses who has to walk to another stop, both ways weighted; the forecast decides."""
STOP_S = 20.0
"""What a stop costs those who ride past it (the dwell of the timetable)."""
IDLE_RIDERS = 1.0
"""A stop at which fewer riders than this get on or off a bus an hour of the peak is called unused."""
DIRECT = 1.4
"""Non-linearity that the planning code allows (GB 50220-95, replaced by GB/T 51328-2018; value to be confirmed)."""


@dataclass(frozen=True, slots=True)
class LineState:
    """How a line (both directions) stands in the hours looked at.

    `non_linearity`: way over straight line between its ends, the worse direction; NaN for a loop. `overlap`: other
    lines on its way, mean over its length. `fullest`: riders over capacity on its fullest section. `idle_stops`:
    stops with next to no rider. `saved_h`: rider-hours that as many buses again would save, in wait and standing.
    """

    line: str
    km: float
    speed_kmh: float
    non_linearity: float
    overlap: float
    riders: float
    fullest: float
    idle_stops: int
    buses: int
    saved_h: float

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it, in words of the trade."""
        return tuple(
            word
            for word, is_so in (
                ("不直 not direct", self.non_linearity > DIRECT),
                ("重复 doubled", self.overlap >= 3.0),
                ("拥挤 crowded", self.fullest > 1.0),
                ("空站 unused stops", self.idle_stops > 0),
                ("缓慢 slow", self.speed_kmh < 16.0),
            )
            if is_so
        )


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line, the change proposed for it, why, and what the forecast or its first guess says it is worth (h)."""

    line: str
    measure: Measure
    why: Words
    worth_h: float


@dataclass(frozen=True, slots=True)
class BusAdvice:
    """The state of all lines, the changes, and the forecast before and after: generalised hours, standing, fleet."""

    states: tuple[LineState, ...]
    changes: tuple[LineChange, ...]
    cost_h: tuple[float, float]
    standing_h: tuple[float, float]
    fleet: tuple[int, int]


def advise_lines(city: City, *, count: int = 16, start_s: float = 25_200.0, end_s: float = 32_400.0) -> BusAdvice:
    """So many lines to change, one change each, with no more buses than now; hours as seconds of the day."""
    network = city.open_network()
    before = forecast(city, network, start_s, end_s)
    states = line_states(city, network, before)
    regular = {name for name, lines in _by_name(city.lines).items() if all(_is_regular(line) for line in lines)}
    if len(regular) < count:
        raise DemandError(f"{city.place} has {len(regular)} regular bus lines, {count} are to be changed")
    hours = (start_s, end_s)
    changes = _tried(city, network, before, hours, _straighter(city, network, before, regular), MOST_STRAIGHTENED)
    taken = {change.line for change in changes}
    changes += _tried(city, network, before, hours, _shorter(city, before, regular - taken), MOST_DROPPED)
    taken = {change.line for change in changes}
    moved = _with(city, changes)
    changes += _headways(moved, network, [s for s in states if s.line in regular - taken], count - len(changes))
    after_city = _with(city, changes)
    after = forecast(after_city, network, start_s, end_s)
    return BusAdvice(
        states=states,
        changes=tuple(changes),
        cost_h=(before.cost_h, after.cost_h),
        standing_h=(before.standing_h, after.standing_h),
        fleet=(sum(fleet_of(city, network).values()), sum(fleet_of(after_city, network).values())),
    )


def line_states(city: City, network: Network, now: BusForecast) -> tuple[LineState, ...]:
    """The state of every line, the worst first: by number of faults, then by what more buses would save."""
    groups, fleet = _by_name(city.lines), fleet_of(city, network)
    users: dict[str, set[str]] = {}
    for line in city.lines:
        for link in line.route:
            users.setdefault(link, set()).add(line.name)
    states = []
    for name, lines in groups.items():
        rows = np.concatenate([_rows(now, line) for line in lines])
        route = [network.link_by_id[link] for line in lines for link in line.route if link in network.link_by_id]
        length_m = sum(link.length_m for link in route)
        hours = sum(scheduled_s(network, line)[-1] for line in lines if _is_open(network, line)) / SECONDS_PER_HOUR
        shared_m = sum(link.length_m * (len(users[link.id]) - 1) for link in route)
        used = now.loads.boards[rows] + now.loads.alights[rows]
        states.append(
            LineState(
                line=name,
                km=km_from_metres(length_m),
                speed_kmh=km_from_metres(length_m) / hours if hours > 0 else float("nan"),
                non_linearity=max((_non_linearity(network, line) for line in lines), default=float("nan")),
                overlap=shared_m / length_m if length_m > 0 else 0.0,
                riders=float(now.loads.boards[rows].sum()),
                fullest=float(now.load_per_bus[rows].max(initial=0.0)) / lines[0].capacity,
                idle_stops=int((used < IDLE_RIDERS).sum()),
                buses=fleet.get(name, 0),
                saved_h=_saved_h(now, rows, lines[0].seats),
            )
        )
    return tuple(sorted(states, key=lambda s: (-len(s.faults), -s.saved_h, s.line)))


def lines_that_gain(city: City, opened: City, *, count: int = 10) -> tuple[tuple[str, float], ...]:
    """Lines that streets open only in `opened` would shorten: name, and minutes saved on its best stretch, most
    first.
    """
    city, opened = with_cuts_of(city, opened), with_cuts_of(opened, city)
    old, new = Router(city.open_network()), Router(opened.open_network())
    gains: dict[str, float] = {}
    for line in city.lines:
        if not all(link in old.graph.link_index for link in line.route):
            continue
        for first in range(len(line.stops) - 1):
            start = line.stops[first].link_id
            before, after = (router.link_tree(router.graph.link_index[start])[0] for router in (old, new))
            for stop in line.stops[first + 1 : first + 1 + LONGEST_STRETCH]:
                was, will = before[old.graph.link_index[stop.link_id]], after[new.graph.link_index[stop.link_id]]
                if will < was < UNREACHED:
                    gains[line.name] = max(gains.get(line.name, 0.0), float(was - will) / 60_000.0)
    return tuple(sorted(gains.items(), key=lambda gain: (-gain[1], gain[0]))[:count])


def _rows(now: BusForecast, line: BusLine) -> np.ndarray:
    first = now.made.stops.first_row[line.id]
    return np.arange(first, first + len(line.stops))


def _saved_h(now: BusForecast, rows: np.ndarray, seats: int) -> float:
    """Rider-hours in wait (at its weight) and standing that a line's frequency is worth, for each whole time of it."""
    ride_s = np.where(np.isfinite(now.made.graph.ride_s[rows]), now.made.graph.ride_s[rows], 0.0)
    crowded = now.load_per_bus[rows] > seats
    relief_s = STANDING_COST * float((seats * now.buses[rows] * ride_s * crowded).sum())
    return (2.0 * float(now.loads.saved_s[rows].sum()) + relief_s) / SECONDS_PER_HOUR


def _non_linearity(network: Network, line: BusLine) -> float:
    """Way over straight line between the ends; NaN where they lie less than a kilometre apart (a loop)."""
    first, last = line.stops[0], line.stops[-1]
    crow_m = ground_of(network).crow_m((first.lon, first.lat), (last.lon, last.lat))
    way_m = sum(network.link_by_id[link].length_m for link in line.route if link in network.link_by_id)
    return way_m / crow_m if crow_m >= 1000.0 else float("nan")


def _straighter(city: City, network: Network, now: BusForecast, names: set[str]) -> list[LineChange]:
    """For each line the stretch whose straight way saves riders who pass most, less those who lose their stop."""
    router = Router(network)
    best: dict[str, LineChange] = {}
    for line in city.lines:
        if line.name not in names or not _is_open(network, line):
            continue
        rows, due = _rows(now, line), np.array(scheduled_s(network, line))
        used, aboard = now.loads.boards[rows] + now.loads.alights[rows], now.loads.aboard[rows]
        for i in range(len(line.stops) - 2):
            times_ms, _ = router.link_tree(router.graph.link_index[line.stops[i].link_id])
            for j in range(i + 2, min(i + 1 + LONGEST_STRETCH, len(line.stops))):
                straight_ms = times_ms[router.graph.link_index[line.stops[j].link_id]]
                if straight_ms >= UNREACHED:
                    continue
                saved_s = due[j] - due[i] - (j - i) * STOP_S - 1.3 * float(straight_ms) / 1000.0
                if saved_s < LEAST_SAVED_S:
                    continue
                through = float(aboard[i:j].min())
                worth_h = (through * saved_s - float(used[i + 1 : j].sum()) * LOST_STOP_S) / SECONDS_PER_HOUR
                if worth_h > max(0.0, best[line.name].worth_h if line.name in best else 0.0):
                    measure = RerouteLine(
                        id=f"line-{line.name}", group="buses", line=line.name, direction=line.direction,
                        from_stop=line.stops[i].name, to_stop=line.stops[j].name,
                    )  # fmt: skip
                    why = Words(
                        f"{line.id}：{line.stops[i].name}至{line.stops[j].name}绕行，取直省{saved_s / 60:.0f}分钟",
                        f"{line.id} goes round between {line.stops[i].name} and {line.stops[j].name}: "
                        f"the straight way saves {saved_s / 60:.0f} min",
                    )
                    best[line.name] = LineChange(line.name, measure, why, worth_h)
    return sorted(best.values(), key=lambda change: (-change.worth_h, change.line))


def _shorter(city: City, now: BusForecast, names: set[str]) -> list[LineChange]:
    """For each line the stop between its ends that costs those who pass more than it gives those who use it."""
    best: dict[str, LineChange] = {}
    for line in city.lines:
        if line.name not in names:
            continue
        rows = _rows(now, line)
        for i in range(1, len(line.stops) - 1):
            used = float(now.loads.boards[rows[i]] + now.loads.alights[rows[i]])
            passing = float(now.loads.aboard[rows[i]])
            worth_h = (passing * STOP_S - used * LOST_STOP_S) / SECONDS_PER_HOUR
            if worth_h > max(0.0, best[line.name].worth_h if line.name in best else 0.0):
                stop = line.stops[i].name
                measure = RemoveStop(
                    id=f"line-{line.name}", group="buses", line=line.name, stop=stop, direction=line.direction
                )
                why = Words(
                    f"{line.id}：{stop}高峰两小时约{used:.0f}人上下，{passing:.0f}人经过",
                    f"{line.id}: about {used:.0f} riders use {stop} in the two hours, {passing:.0f} ride past",
                )
                best[line.name] = LineChange(line.name, measure, why, worth_h)
    return sorted(best.values(), key=lambda change: (-change.worth_h, change.line))


def _tried(
    city: City,
    network: Network,
    before: BusForecast,
    hours: tuple[float, float],
    candidates: Sequence[LineChange],
    most: int,
) -> list[LineChange]:
    """Of the first candidates those that the forecast finds better, each alone, with its worth by the forecast."""
    found = []
    for change in candidates[:TRIED]:
        after = forecast(change.measure.apply(city), network, *hours)
        worth_h = before.cost_h - after.cost_h
        if worth_h > 0.0 and after.stranded <= before.stranded:
            found.append(replace(change, worth_h=worth_h))
    return sorted(found, key=lambda change: (-change.worth_h, change.line))[:most]


def _headways(city: City, network: Network, states: Sequence[LineState], count: int) -> list[LineChange]:
    """Buses from lines where they are worth least to lines where they are worth most, the fleet no larger."""
    served = [s for s in states if s.buses >= 3]
    by_worth = sorted(served, key=lambda s: (-s.saved_h / s.buses, s.line))
    takers = by_worth[: count // 2]
    givers = [s for s in reversed(by_worth) if s not in takers and s.fullest * FEWER <= FULLEST][: count - len(takers)]
    if len(givers) < count - len(takers):
        raise DemandError(f"{city.place}: only {len(givers)} lines can give buses without filling up")
    fleet_now = sum(fleet_of(city, network).values())
    for factor in np.arange(MOST_OFTEN, 1.0, 0.01):
        changes = [_headway(s, FEWER) for s in givers] + [_headway(s, round(float(factor), 2)) for s in takers]
        if sum(fleet_of(_with(city, changes), network).values()) <= fleet_now:
            return changes
    raise DemandError(f"{city.place}: no headways found that need no more buses than now")


def _headway(state: LineState, factor: float) -> LineChange:
    measure = SetHeadway(id=f"line-{state.line}", group="buses", line=state.line, factor=factor)
    worth_h = state.saved_h * (1.0 / factor - 1.0)
    each = state.saved_h / state.buses
    why = Words(
        f"{state.line}：每辆车值{each:.1f}人时候车与站立，最满断面{state.fullest:.0%}，重复系数{state.overlap:.1f}",
        f"{state.line}: a bus is worth {each:.1f} rider-hours of wait and standing; fullest section "
        f"{state.fullest:.0%}, {state.overlap:.1f} other lines on its way",
    )
    return LineChange(state.line, measure, why, worth_h)


def _with(city: City, changes: Iterable[LineChange]) -> City:
    for change in changes:
        city = change.measure.apply(city)
    return city


def _is_open(network: Network, line: BusLine) -> bool:
    return all(link in network.link_index for link in line.route)


def _is_regular(line: BusLine) -> bool:
    peaks = [part.headway_s for part in line.headways if is_peak(part.window)]
    if line.timetable_s:
        due = line.departures_s(PEAKS[0].start_s, PEAKS[0].end_s)
        peaks = [PEAKS[0].duration_s / len(due)] if due else []
    return bool(peaks) and max(peaks) <= LONGEST_PEAK_HEADWAY_S


def _by_name(lines: Iterable[BusLine]) -> dict[str, list[BusLine]]:
    groups: dict[str, list[BusLine]] = {}
    for line in lines:
        groups.setdefault(line.name, []).append(line)
    return dict(sorted(groups.items()))
