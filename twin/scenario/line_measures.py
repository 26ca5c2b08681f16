"""Measures on where bus lines run: another way, another stop, lines cut in two, joined.

A stretch of a line that is driven anew takes the quickest way over the streets named, open ones and those that other
measures open alike. The timetable of what is changed is made anew by the rule of `city.timetables`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.timetables import SAME_END_M
from twin.city.transit import BusLine, Stop
from twin.errors import ScenarioError
from twin.routing.kernel import UNREACHED
from twin.routing.paths import Router
from twin.scenario.bus_measures import directions_of, with_stops
from twin.scenario.measure import NEW, Edit, Measure, refuse
from twin.scenario.street_parts import nearest_words, street_links
from twin.wording import Language

AT_STREET_M = 60.0
"""A new stop stands at a street of the line that is so near (m)."""


@dataclass(frozen=True, kw_only=True)
class RerouteLine(Measure):
    """Drives a line between two of its stops by the quickest way that takes a block or more of each street named, in
    order; both directions unless told.

    Stops between that the new way does not pass are no longer served. `new_stops`: halts where other lines have
    stops on the new way.
    """

    line: str
    from_stop: str
    to_stop: str
    via: tuple[str, ...] = ()
    direction: str = ""
    new_stops: bool = True

    def __post_init__(self) -> None:
        refuse(self, ["`from_stop` and `to_stop` are one"] if self.from_stop == self.to_stop else [])

    def edits(self, city: City) -> tuple[Edit, ...]:
        router, found = Router(city.open_network()), list[Edit]()
        for line in directions_of(city, self.line, self.direction):
            ends = _positions(line, self.from_stop, self.to_stop)
            if ends is None:
                continue
            names = self.via if line.stops[ends[0]].name == self.from_stop else self.via[::-1]
            found += self._moved(city, router, line, ends, names)
        if not found:
            names_here = [stop.name for line in directions_of(city, self.line, self.direction) for stop in line.stops]
            missing = next((n for n in (self.from_stop, self.to_stop) if n not in names_here), self.to_stop)
            raise ScenarioError(
                f"line {self.line} does not go from {self.from_stop} to {self.to_stop}. "
                f"{nearest_words(missing, names_here)}"
            )
        return tuple(found)

    def _moved(
        self, city: City, router: Router, line: BusLine, ends: tuple[int, int], via: Sequence[str]
    ) -> list[Edit]:
        first, last = line.stops[ends[0]], line.stops[ends[1]]
        way = _way_over(city, router, line, (first.link_id, last.link_id), via)
        at = _route_positions(line)
        route = (*line.route[: at[ends[0]]], *way, *line.route[at[ends[1]] + 1 :])
        if route == line.route:
            raise ScenarioError(f"line {line.id} drives that way already")
        between = line.stops[ends[0] + 1 : ends[1]]
        kept = [stop for stop in between if stop.link_id in way]
        known = {stop.name for stop in line.stops}
        others = _stops_on(city, way[1:-1], known) if self.new_stops else []
        middle = _in_order(city, way, [*kept, *others])
        stops = (*line.stops[: ends[0] + 1], *middle, *line.stops[ends[1] :])
        return [
            Edit("line", line.id, "route", route),
            Edit("line", line.id, "stops", stops),
            Edit("line", line.id, "running_s", ()),
        ]

    def describe(self, language: Language) -> str:
        if not self.via:
            if language == "zh":
                return f"{self.line}在{self.from_stop}至{self.to_stop}间取直"
            return f"line {self.line} drives straight from {self.from_stop} to {self.to_stop}"
        streets = "、".join(self.via) if language == "zh" else ", ".join(self.via)
        if language == "zh":
            return f"{self.line}在{self.from_stop}至{self.to_stop}间改走{streets}"
        return f"line {self.line} drives by way of {streets} between {self.from_stop} and {self.to_stop}"


@dataclass(frozen=True, kw_only=True)
class AddStop(Measure):
    """Buses of a line halt at a further stop on their way, at (lon, lat) beside one of its streets."""

    line: str
    stop: str
    at: tuple[float, float]
    direction: str = ""

    def edits(self, city: City) -> tuple[Edit, ...]:
        found: list[Edit] = []
        network = city.network
        for line in directions_of(city, self.line, self.direction):
            near = ground_of(network).links_near(*self.at, AT_STREET_M, among=set(line.route))
            if not near or any(stop.name == self.stop for stop in line.stops):
                continue
            new = Stop(self.stop, *self.at, near[0].link_id)
            stops = _in_order(city, line.route, [*line.stops, new])
            if stops[0] != line.stops[0] or stops[-1] != line.stops[-1]:
                continue
            found += with_stops(line, stops)
        if not found:
            raise ScenarioError(
                f"line {self.line} has no street within {AT_STREET_M:.0f} m of {self.stop} between its ends, "
                "or halts there already"
            )
        return tuple(found)

    def describe(self, language: Language) -> str:
        return f"{self.line}增设{self.stop}" if language == "zh" else f"line {self.line} halts at {self.stop} too"


@dataclass(frozen=True, kw_only=True)
class SplitLine(Measure):
    """Cuts a line in two at a stop that both parts serve; the second part has a name of its own and the same
    headways.
    """

    line: str
    at: str
    second_name: str = ""

    def edits(self, city: City) -> tuple[Edit, ...]:
        second_name = self.second_name or f"{self.line}支线"
        if any(line.name == second_name for line in city.lines):
            raise ScenarioError(f"there is a line {second_name!r} already: give the second part another `second_name`")
        found: list[Edit] = []
        for number, line in enumerate(directions_of(city, self.line)):
            inner = range(1, len(line.stops) - 1)
            at = next((i for i in inner if line.stops[i].name == self.at), None)
            if at is None:
                continue
            parts = (_cut(line, 0, at), _cut(line, at, len(line.stops) - 1))
            # The part that keeps the name is that with the first direction's first stop.
            own, other = parts if number == 0 else parts[::-1]
            found += [Edit("line", line.id, field, getattr(own, field)) for field in ("route", "stops", "running_s")]
            new_id = f"{second_name}/{line.direction}"
            found.append(Edit("line", new_id, NEW, replace(other, id=new_id, name=second_name)))
        if not found:
            names = [stop.name for line in directions_of(city, self.line) for stop in line.stops]
            raise ScenarioError(f"line {self.line} cannot be cut at {self.at}. {nearest_words(self.at, names)}")
        return tuple(found)

    def describe(self, language: Language) -> str:
        return f"{self.line}在{self.at}拆分" if language == "zh" else f"line {self.line} is cut in two at {self.at}"


@dataclass(frozen=True, kw_only=True)
class MergeLines(Measure):
    """Joins two lines whose ends meet into one: buses of the first drive on along the second, which no longer runs.

    The joined line has the headways of the first.
    """

    line: str
    other: str

    def edits(self, city: City) -> tuple[Edit, ...]:
        router, ground = Router(city.open_network()), ground_of(city.network)
        firsts, others = directions_of(city, self.line), directions_of(city, self.other)
        found: list[Edit] = []
        for line in firsts:
            near = []
            for other in others:
                for ahead, behind in ((line, other), (other, line)):
                    end, start = ahead.stops[-1], behind.stops[0]
                    apart_m = ground.crow_m((end.lon, end.lat), (start.lon, start.lat))
                    near.append((apart_m, ahead is not line, other.id, ahead, behind))
            apart_m, _, _, ahead, behind = min(near, key=lambda pair: pair[:3])
            if apart_m > SAME_END_M:
                continue
            meet = ahead.stops[-1].link_id, behind.stops[0].link_id
            onward = router.link_path(*meet) if router.graph.link_index.keys() >= set(meet) else None
            if onward is None:
                continue
            route = (*ahead.route, *onward, *behind.route[1:])
            stops = ahead.stops + tuple(stop for stop in behind.stops if stop.name != ahead.stops[-1].name)
            found += [
                Edit("line", line.id, "route", route),
                Edit("line", line.id, "stops", stops),
                Edit("line", line.id, "running_s", ()),
            ]
        if not found:
            raise ScenarioError(
                f"lines {self.line} and {self.other} do not meet: no ends within {SAME_END_M:.0f} m, or no open way "
                "from the one to the other"
            )
        for other in others:
            found += [Edit("line", other.id, "headways", ()), Edit("line", other.id, "timetable_s", ())]
        return tuple(found)

    def describe(self, language: Language) -> str:
        if language == "zh":
            return f"{self.line}与{self.other}合并为一条线路"
        return f"lines {self.line} and {self.other} become one"


def _positions(line: BusLine, one: str, other: str) -> tuple[int, int] | None:
    """Where in a line's stops the two are, in its own order; None where it does not serve both."""
    at = {stop.name: i for i, stop in enumerate(line.stops)}
    if one not in at or other not in at:
        return None
    return min(at[one], at[other]), max(at[one], at[other])


def _route_positions(line: BusLine) -> list[int]:
    """For each stop the place of its link in the route."""
    at, found = 0, []
    for stop in line.stops:
        while line.route[at] != stop.link_id:
            at += 1
        found.append(at)
    return found


def _way_over(city: City, router: Router, line: BusLine, ends: tuple[str, str], via: Sequence[str]) -> tuple[str, ...]:
    """The quickest way from one link to another that drives at least a block of each street, in order; both
    included.
    """
    index = router.graph.link_index
    if ends[0] not in index:
        raise ScenarioError(f"line {line.id}: the street that it would turn off from is closed; choose another stop")
    best: dict[str, tuple[int, tuple[str, ...]]] = {ends[0]: (0, (ends[0],))}
    for street in (*via, ""):
        goals = [ends[1]] if not street else [link.id for link in street_links(city.network, street)]
        reached: dict[str, tuple[int, tuple[str, ...]]] = {}
        for start, (cost_ms, passed) in sorted(best.items()):
            times_ms, _ = router.link_tree(index[start])
            for goal in goals:
                if goal in index and times_ms[index[goal]] < UNREACHED:
                    total = (cost_ms + int(times_ms[index[goal]]), (*passed, goal))
                    reached[goal] = min(reached.get(goal, total), total)
        if not reached:
            name = street or line.stops[-1].name
            raise ScenarioError(f"line {line.id}: no open way leads onto {name}, or on from there")
        best = reached
    _, corners = best[ends[1]]
    way = [corners[0]]
    for goal in corners[1:]:
        way += router.link_path(way[-1], goal) or ()
    return tuple(way)


def _stops_on(city: City, links: Sequence[str], known: set[str]) -> list[Stop]:
    """Stops of other lines on these links, one of each name, that the line does not serve already."""
    wanted, found = set(links), dict[str, Stop]()
    for line in city.lines:
        for stop in line.stops:
            if stop.link_id in wanted and stop.name not in known:
                found.setdefault(stop.name, stop)
    return list(found.values())


def _in_order(city: City, route: Sequence[str], stops: Sequence[Stop]) -> list[Stop]:
    """Stops by where they lie along a route: by link, then along it. Stops of one link keep to its direction."""
    place = {link: i for i, link in reversed(list(enumerate(route)))}
    ground = ground_of(city.network)

    def along(stop: Stop) -> tuple[int, float]:
        near = ground.links_near(stop.lon, stop.lat, 1e4, among={stop.link_id})
        return place[stop.link_id], near[0].along_m if near else 0.0

    return sorted(stops, key=along)


def _cut(line: BusLine, first: int, last: int) -> BusLine:
    """The part of a line from one of its stops to another."""
    at = _route_positions(line)
    due = line.running_s
    return replace(
        line,
        stops=line.stops[first : last + 1],
        route=line.route[at[first] : at[last] + 1],
        running_s=tuple(t - due[first] for t in due[first : last + 1]) if due else (),
    )
