"""Measures on when buses of a line run: from when until when, as express runs, and when they wait at stops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from twin.city.city import City
from twin.city.transit import Control, Headway, as_headways
from twin.clock import TimeWindow, seconds_of
from twin.errors import ScenarioError
from twin.scenario.bus_measures import directions_of
from twin.scenario.measure import NEW, Edit, Measure, refuse
from twin.scenario.street_parts import nearest_words
from twin.wording import Language

CONTROLS: tuple[Control, ...] = ("none", "timetable", "headway")


@dataclass(frozen=True, kw_only=True)
class SetSpan(Measure):
    """Sets when the first and the last bus of a line leave; the first and last headways are kept beyond their hours."""

    line: str
    first: str
    last: str
    direction: str = ""

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    def _faults(self) -> Iterator[str]:
        try:
            starts, ends = seconds_of(self.first), seconds_of(self.last)
        except ValueError as error:
            yield str(error)
            return
        if not starts < ends:
            yield f"the first bus ({self.first}) must leave before the last ({self.last})"

    def edits(self, city: City) -> tuple[Edit, ...]:
        start_s, end_s = seconds_of(self.first), seconds_of(self.last)
        found = []
        for line in directions_of(city, self.line, self.direction):
            parts = as_headways(line)
            if not parts:
                raise ScenarioError(f"line {line.id} does not run: it has no hours to change")
            found.append(Edit("line", line.id, "headways", _spanned(parts, start_s, end_s)))
            found.append(Edit("line", line.id, "timetable_s", ()))
        return tuple(found)

    def describe(self, language: Language) -> str:
        if language == "zh":
            return f"{self.line}首末班改为{self.first}至{self.last}"
        return f"line {self.line} runs from {self.first} to {self.last}"


@dataclass(frozen=True, kw_only=True)
class ExpressRun(Measure):
    """Turns every n-th bus of a line into an express one that halts only at the stops named, and at its ends."""

    line: str
    stops: tuple[str, ...]
    every: int = 2

    def __post_init__(self) -> None:
        refuse(self, self._faults())

    def _faults(self) -> Iterator[str]:
        if self.every < 2:
            yield f"every is {self.every}, must be 2 or more (2: every other bus)"
        if not self.stops:
            yield "name at least one stop in `stops`: the ends are served anyway"

    def edits(self, city: City) -> tuple[Edit, ...]:
        lines = directions_of(city, self.line)
        names = [stop.name for line in lines for stop in line.stops]
        unknown = [name for name in self.stops if name not in names]
        if unknown:
            raise ScenarioError(f"line {self.line} has no stop {unknown[0]!r}. {nearest_words(unknown[0], names)}")
        found: list[Edit] = []
        for line in lines:
            if not any(stop.name in self.stops for stop in line.stops):
                continue
            kept = [s for s in line.stops if s.name in self.stops or s in (line.stops[0], line.stops[-1])]
            times = line.departures_s(0.0, 2 * 86_400.0)
            name = f"{self.line}快车"
            express = replace(
                line, id=f"{name}/{line.direction}", name=name, stops=tuple(kept), headways=(),
                timetable_s=tuple(times[self.every - 1 :: self.every]), running_s=(),
            )  # fmt: skip
            slow = tuple(t for i, t in enumerate(times) if i % self.every != self.every - 1)
            found += [Edit("line", line.id, "timetable_s", slow), Edit("line", express.id, NEW, express)]
        return tuple(found)

    def describe(self, language: Language) -> str:
        if language == "zh":
            return f"{self.line}每{self.every}班开行一班快车，只停{'、'.join(self.stops)}"
        return f"line {self.line}: every {self.every}. bus is an express that halts at {', '.join(self.stops)}"


@dataclass(frozen=True, kw_only=True)
class HoldBuses(Measure):
    """Holds buses of a line at stops: to the timetable, or until their headway is restored. `at` empty: at every
    stop.
    """

    line: str
    control: Control
    at: tuple[str, ...] = ()
    direction: str = ""

    def __post_init__(self) -> None:
        known = self.control in CONTROLS
        refuse(self, [] if known else [f"control is {self.control!r}, must be one of {', '.join(CONTROLS)}"])

    def edits(self, city: City) -> tuple[Edit, ...]:
        lines = directions_of(city, self.line, self.direction)
        names = {stop.name for line in lines for stop in line.stops}
        unknown = [name for name in self.at if name not in names]
        if unknown:
            raise ScenarioError(f"line {self.line} has no stop {unknown[0]!r}. {nearest_words(unknown[0], names)}")
        return tuple(
            edit
            for line in lines
            for edit in (Edit("line", line.id, "control", self.control), Edit("line", line.id, "held_at", self.at))
        )

    def describe(self, language: Language) -> str:
        zh = {"none": "不控制", "timetable": "按时刻表候发", "headway": "按间隔候发"}
        en = {"none": "are not held", "timetable": "wait for their time", "headway": "wait for their headway"}
        if language == "zh":
            return f"{self.line}途中{zh[self.control]}"
        return f"buses of line {self.line} {en[self.control]} at stops"


def _spanned(parts: Sequence[Headway], start_s: float, end_s: float) -> tuple[Headway, ...]:
    """Headways between two times; before the first and after the last window theirs hold on."""
    ordered = sorted(parts, key=lambda part: part.window.start_s)
    found = []
    for i, part in enumerate(ordered):
        begins = start_s if i == 0 else max(start_s, part.window.start_s)
        ends = end_s if i == len(ordered) - 1 else min(end_s, part.window.end_s)
        if begins < ends:
            found.append(replace(part, window=TimeWindow(begins, ends)))
    return tuple(found)
