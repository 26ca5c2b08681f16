"""Measures on buses: how often a line runs, where it stops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from twin.city.city import City
from twin.city.transit import BusLine, Headway, Stop, as_headways, is_peak
from twin.errors import ScenarioError
from twin.scenario.measure import Edit, Measure, refuse
from twin.scenario.street_parts import nearest_words
from twin.wording import Language

_SHORTEST_MIN, _LONGEST_MIN = 0.5, 240.0


@dataclass(frozen=True, kw_only=True)
class SetHeadway(Measure):
    """Sets the minutes between buses of a line, in the peaks, outside them, or all multiplied by `factor`.

    `direction` "": both. A part of the day in which the line does not run stays without it.
    """

    line: str
    direction: str = ""
    peak_headway_min: float | None = None
    offpeak_headway_min: float | None = None
    factor: float | None = None

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    def _faults(self) -> Iterator[str]:
        minutes = {"peak_headway_min": self.peak_headway_min, "offpeak_headway_min": self.offpeak_headway_min}
        given = {name: value for name, value in minutes.items() if value is not None}
        if bool(given) == (self.factor is not None):
            yield "give `peak_headway_min` and/or `offpeak_headway_min`, or a `factor`, and not both"
        for name, value in given.items():
            if not _SHORTEST_MIN <= value <= _LONGEST_MIN:
                yield f"{name} is {value:g}, must be {_SHORTEST_MIN:g} to {_LONGEST_MIN:g} minutes"
        if self.factor is not None and not 0.1 <= self.factor <= 10.0:
            hint = f": for {self.factor:g} % write {self.factor / 100:g}" if 10.0 < self.factor <= 1000.0 else ""
            yield f"factor is {self.factor:g}, must be 0.1 to 10 (0.5: twice as many buses){hint}"

    def edits(self, city: City) -> tuple[Edit, ...]:
        lines = directions_of(city, self.line, self.direction)
        found = []
        for line in lines:
            headways = tuple(replace(part, headway_s=self._headway_s(part)) for part in as_headways(line))
            found.append(Edit("line", line.id, "headways", headways))
            if line.timetable_s:
                found.append(Edit("line", line.id, "timetable_s", ()))
        return tuple(found)

    def _headway_s(self, part: Headway) -> float:
        if self.factor is not None:
            return part.headway_s * self.factor
        minutes = self.peak_headway_min if is_peak(part.window) else self.offpeak_headway_min
        return part.headway_s if minutes is None else minutes * 60.0

    def describe(self, language: Language) -> str:
        if self.factor is not None:
            if language == "zh":
                return f"{self.line}发车间隔乘以{self.factor:g}"
            return f"line {self.line}: headways times {self.factor:g}"
        parts = []
        for minutes, zh, en in (
            (self.peak_headway_min, "高峰", "peak"),
            (self.offpeak_headway_min, "平峰", "off-peak"),
        ):
            if minutes is not None:
                parts.append(f"{zh}{minutes:g}分钟" if language == "zh" else f"{en} {minutes:g} min")
        if language == "zh":
            return f"{self.line}发车间隔改为{'、'.join(parts)}"
        return f"line {self.line}: a bus every {', '.join(parts)}"


@dataclass(frozen=True, kw_only=True)
class RemoveStop(Measure):
    """Buses of a line no longer halt at a stop between its ends; the route stays."""

    line: str
    stop: str
    direction: str = ""

    def edits(self, city: City) -> tuple[Edit, ...]:
        lines = directions_of(city, self.line, self.direction)
        serving = [line for line in lines if any(stop.name == self.stop for stop in line.stops)]
        if not serving:
            names = [stop.name for line in lines for stop in line.stops]
            raise ScenarioError(f"line {self.line} has no stop {self.stop!r}. {nearest_words(self.stop, names)}")
        for line in serving:
            if self.stop in (line.stops[0].name, line.stops[-1].name):
                raise ScenarioError(f"{self.stop} is where line {line.id} begins or ends: only stops between can go")
        return tuple(
            edit for line in serving for edit in with_stops(line, [s for s in line.stops if s.name != self.stop])
        )

    def describe(self, language: Language) -> str:
        if language == "zh":
            return f"{self.line}不再停靠{self.stop}"
        return f"line {self.line} no longer halts at {self.stop}"


def with_stops(line: BusLine, stops: Sequence[Stop]) -> list[Edit]:
    """A line with other stops on the same route; scheduled times of a timetable stay with those that stay."""
    edits = [Edit("line", line.id, "stops", tuple(stops))]
    if line.running_s:
        edits.append(Edit("line", line.id, "running_s", times_kept_s(line, stops)))
    return edits


def times_kept_s(line: BusLine, stops: Sequence[Stop]) -> tuple[float, ...]:
    """Scheduled times of a line at some of its stops, in their order; () where one is not a stop of its timetable.

    A loop halts at its first stop twice: times go by place in the line, not by name.
    """
    times, at = [], 0
    for stop in stops:
        while at < len(line.running_s) and line.stops[at] != stop:
            at += 1
        if at >= len(line.running_s):
            return ()
        times.append(line.running_s[at])
        at += 1
    return tuple(times)


def directions_of(city: City, line: str, direction: str = "") -> list[BusLine]:
    """The line-directions of a line by name. Raises ScenarioError with the nearest names."""
    of_name = [candidate for candidate in city.lines if candidate.name == line]
    if not of_name:
        raise ScenarioError(f"no bus line {line!r} here. {nearest_words(line, (known.name for known in city.lines))}")
    found = [candidate for candidate in of_name if direction in ("", candidate.direction)]
    if not found:
        known = ", ".join(sorted(candidate.direction for candidate in of_name))
        raise ScenarioError(f"line {line} has no direction {direction!r}; it has {known}")
    return found
