"""Tables of stops and headways into bus lines that can be driven."""

import pandas as pd

from twin.city.network import Network
from twin.city.transit import PEAKS, BusLine, Headway, Stop
from twin.clock import TimeWindow
from twin.transit.map_match import MapMatcher, MatchedLine, StopPoint

OFF_PEAKS = (
    TimeWindow.between("05:30", "06:30"),
    TimeWindow.between("08:30", "16:30"),
    TimeWindow.between("18:30", "22:00"),
)
"""Service outside the peaks, 05:30–22:00 (assumed; last buses 21:00–22:30 in 2015, domain notes 3.5)."""

_PEAK_MIN = sum(window.duration_s for window in PEAKS) / 60.0
_OFF_PEAK_MIN = sum(window.duration_s for window in OFF_PEAKS) / 60.0


def build_lines(
    lines: pd.DataFrame, headways: pd.DataFrame, network: Network, *, runs_a_day: float | None = None
) -> tuple[tuple[BusLine, ...], list[str]]:
    """Line-directions on the links of a network, and in sentences what could not be carried over.

    `lines`, `headways`: as `twin.files.line_files.read_lines` gives them. `runs_a_day`: all headways are stretched
    by one factor so that all line-directions of the tables together make so many runs; None: as the table says.
    A line that cannot be driven is left out with a note. Pass the network of the city's date: closed links are
    taken for streets here.
    """
    factor = 1.0 if runs_a_day is None else runs_in_tables(lines, headways) / runs_a_day
    timetable = {line: _headways(peak_min, off_min, factor) for line, peak_min, off_min in _minutes(headways)}
    matcher = MapMatcher(network)
    built: list[BusLine] = []
    notes: list[str] = []
    for (line, direction), rows in lines.sort_values("seq").groupby(["line", "direction"], sort=True):
        points = [
            StopPoint(stop, lon, lat)
            for stop, lon, lat in zip(rows["stop_name"], rows["lon"].tolist(), rows["lat"].tolist(), strict=True)
        ]
        matched = matcher.match(points)
        name, way = str(line), str(direction)
        if matched is None:
            notes.append(f"bus line {name}/{way} is left out: no two of its {len(points)} stops are joined by streets")
            continue
        notes += [f"bus line {name}/{way}: {note}" for note in matched.notes]
        if timetable[name]:
            built.append(_line(name, way, points, matched, timetable[name]))
        else:
            notes.append(f"bus line {name}/{way} is left out: no headway in any part of the day")
    return tuple(built), notes


def runs_in_tables(lines: pd.DataFrame, headways: pd.DataFrame) -> float:
    """Runs a day of all line-directions together, as the tables' headways make them."""
    directions = {str(line): int(n) for line, n in lines.groupby("line")["direction"].nunique().items()}
    runs = 0.0
    for line, peak_min, off_peak_min in _minutes(headways):
        for minutes, headway_min in ((_PEAK_MIN, peak_min), (_OFF_PEAK_MIN, off_peak_min)):
            runs += directions.get(line, 0) * minutes / headway_min if headway_min > 0 else 0.0
    return runs


def _minutes(headways: pd.DataFrame) -> list[tuple[str, float, float]]:
    columns = (headways[name].tolist() for name in ("line", "peak_headway_min", "offpeak_headway_min"))
    return list(zip(*columns, strict=True))


def _headways(peak_min: float, off_peak_min: float, factor: float) -> tuple[Headway, ...]:
    parts = [(window, peak_min) for window in PEAKS] + [(window, off_peak_min) for window in OFF_PEAKS]
    parts.sort(key=lambda part: part[0].start_s)
    return tuple(Headway(window, headway_min * 60.0 * factor) for window, headway_min in parts if headway_min > 0)


def _line(
    name: str, direction: str, points: list[StopPoint], matched: MatchedLine, headways: tuple[Headway, ...]
) -> BusLine:
    stops = tuple(
        Stop(points[i].name, points[i].lon, points[i].lat, link)
        for i, link in zip(matched.served, matched.stop_links, strict=True)
    )
    return BusLine(
        id=f"{name}/{direction}",
        name=name,
        direction=direction,
        stops=stops,
        route=matched.route,
        headways=headways,
        assumed=frozenset({"headways", "capacity", "route"}),
    )
