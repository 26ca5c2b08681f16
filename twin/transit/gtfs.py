"""GTFS feeds: a day's bus service onto streets, and lines back into a feed.

Read through gtfs_kit, which knows calendars, calendar_dates-only feeds and the types of columns. Trips of one route
that serve the same stops are a line-direction; frequencies become departures; times between timepoints are shared out
evenly. Stops are matched in order (`map_match`); what does not fit is told. Leaves out fares, transfers, pathways,
pick-up rules, and everything but buses.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from twin.city.ground import ground_of
from twin.city.network import Network
from twin.city.timetables import blocks_of, scheduled_s
from twin.city.transit import BusLine, Stop
from twin.clock import DAY_S
from twin.errors import DataFileError
from twin.transit.map_match import MapMatcher, StopPoint

BUS_TYPES = (3, 11, *range(700, 717), 800)
"""route_type of buses and trolleybuses, with the extended codes."""
SHAPE_DIFFERS = 0.25
"""A way that is so much longer or shorter than the feed's shape is told (share)."""
_MOST_NOTES_A_LINE = 4


@dataclass(frozen=True)
class _Pattern:
    """Trips of one route and direction that serve the same stops."""

    route: str
    direction: str
    stop_ids: tuple[str, ...]
    departures_s: tuple[float, ...]
    offsets_s: tuple[float, ...]
    shape_id: str


def lines_from_gtfs(
    path: Path, network: Network, *, on: datetime.date | None = None
) -> tuple[tuple[BusLine, ...], list[str]]:
    """Bus lines of a feed on a day, on the links of a network, and in sentences what could not be carried over.

    `path`: a zip or a folder. `on` None, or a day on which the feed has no trip: its busiest day, which is told.
    Raises DataFileError where the feed cannot be read.
    """
    feed = _read(path)
    day, notes = _day(feed, on)
    patterns, pattern_notes = _patterns(feed, day)
    notes += pattern_notes
    stops = feed.stops.set_index("stop_id")
    shape_m = _shape_lengths_m(feed, network)
    matcher = MapMatcher(network)
    lines, used = [], set[str]()
    for pattern in patterns:
        points = [
            StopPoint(str(stops.at[s, "stop_name"]), float(stops.at[s, "stop_lon"]), float(stops.at[s, "stop_lat"]))
            for s in pattern.stop_ids
        ]
        matched = matcher.match(points)
        direction = _unused(f"{pattern.route}/", pattern.direction, used)
        line_id = f"{pattern.route}/{direction}"
        if matched is None:
            notes.append(f"bus line {line_id} is left out: no two of its {len(points)} stops are joined by streets")
            continue
        notes += [f"bus line {line_id}: {note}" for note in matched.notes[:_MOST_NOTES_A_LINE]]
        first, served = matched.served[0], matched.served
        line = BusLine(
            id=line_id,
            name=pattern.route,
            direction=direction,
            stops=tuple(
                Stop(points[i].name, points[i].lon, points[i].lat, link)
                for i, link in zip(served, matched.stop_links, strict=True)
            ),
            route=matched.route,
            headways=(),
            timetable_s=tuple(t + pattern.offsets_s[first] for t in pattern.departures_s),
            running_s=tuple(pattern.offsets_s[i] - pattern.offsets_s[first] for i in served),
            assumed=frozenset({"capacity", "route"}),
        )
        lines.append(line)
        notes += _shape_notes(network, line, shape_m.get(pattern.shape_id), whole=len(served) == len(points))
    return tuple(lines), notes


def _read(path: Path):  # type: ignore[no-untyped-def]
    import gtfs_kit  # two seconds of loading that only who reads or writes a feed pays

    try:
        feed = gtfs_kit.read_feed(path, dist_units="m")
    except (ValueError, OSError, KeyError) as error:
        raise DataFileError(
            f"{path}: not a GTFS feed, a zip or folder with stops.txt and the rest ({error})"
        ) from error
    missing = [name for name in ("stops", "routes", "trips", "stop_times") if getattr(feed, name) is None]
    if missing:
        raise DataFileError(f"{path}: a GTFS feed needs {', '.join(f'{name}.txt' for name in missing)}")
    return feed


def _day(feed, on: datetime.date | None) -> tuple[str, list[str]]:  # type: ignore[no-untyped-def]
    wanted = None if on is None else on.strftime("%Y%m%d")
    dates = feed.get_dates()
    if wanted in dates and len(feed.get_trips(wanted)):
        return str(wanted), []
    if not dates:
        raise DataFileError("the feed has no day of service: neither calendar.txt nor calendar_dates.txt names one")
    busiest = str(feed.compute_busiest_date(dates[: 4 * 7]))
    asked = "" if on is None else f"the feed has no service on {on.isoformat()}; "
    return busiest, [
        f"{asked}bus service is that of {busiest[:4]}-{busiest[4:6]}-{busiest[6:]}, the feed's busiest day"
    ]


def _patterns(feed, day: str) -> tuple[list[_Pattern], list[str]]:  # type: ignore[no-untyped-def]
    """Line-directions of buses on a day (YYYYMMDD), by route name, direction and number of trips."""
    routes = feed.routes
    is_bus = routes["route_type"].astype(int).isin(BUS_TYPES)
    names = {row.route_id: _route_name(row) for row in routes[is_bus].itertuples()}
    trips = feed.get_trips(day)
    trips = trips[trips["route_id"].isin(names)]
    notes = [] if is_bus.all() else [f"{int((~is_bus).sum())} of {len(routes)} routes of the feed are not buses"]
    times = feed.stop_times[feed.stop_times["trip_id"].isin(trips["trip_id"])]
    times = times.sort_values(["trip_id", "stop_sequence"], kind="stable")
    arrive_s, depart_s = _seconds(times["arrival_time"]), _seconds(times["departure_time"])
    trip_of = times["trip_id"].to_numpy()
    cuts = np.flatnonzero(trip_of[1:] != trip_of[:-1]) + 1
    parts = np.split(np.arange(len(times)), cuts) if len(times) else []
    rows = {trip_of[part[0]]: part for part in parts}
    stop_ids = times["stop_id"].astype(str).to_numpy()
    repeats = _repeats(feed)
    found: dict[tuple[str, str, tuple[str, ...]], list[tuple[list[float], np.ndarray, str]]] = {}
    for trip in trips.itertuples():
        at = rows.get(trip.trip_id)
        if at is None or len(at) < 2:
            continue
        due = _filled(np.where(np.isnan(arrive_s[at]), depart_s[at], arrive_s[at]))
        start_s = depart_s[at[0]] if not np.isnan(depart_s[at[0]]) else due[0]
        key = (names[trip.route_id], _direction(trip), tuple(stop_ids[at]))
        starts = repeats.get(trip.trip_id, [float(start_s)])
        shape = str(getattr(trip, "shape_id", "") or "")
        found.setdefault(key, []).append((starts, due - start_s, shape))
    patterns = []
    for (route, direction, stops), kept in found.items():
        offsets = np.maximum.accumulate(np.maximum(0.0, np.median(np.array([offset for _, offset, _ in kept]), axis=0)))
        departures = sorted(t for starts, _, _ in kept for t in starts)
        patterns.append(_Pattern(route, direction, stops, tuple(departures), tuple(offsets.tolist()), kept[0][2]))
    return sorted(patterns, key=lambda p: (p.route, p.direction, -len(p.departures_s), p.stop_ids)), notes


def _route_name(row) -> str:  # type: ignore[no-untyped-def]
    for field in ("route_short_name", "route_long_name", "route_id"):
        value = getattr(row, field, None)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return str(row.route_id)


def _direction(trip) -> str:  # type: ignore[no-untyped-def]
    headsign, way = getattr(trip, "trip_headsign", None), getattr(trip, "direction_id", None)
    if isinstance(headsign, str) and headsign.strip():
        return headsign.strip()
    return "0" if way is None or pd.isna(way) else str(int(way))


def _seconds(texts: pd.Series) -> np.ndarray:
    """Seconds of "25:10:00"; NaN where no time is given."""
    parts = texts.astype("string").str.strip().str.split(":", expand=True)
    if parts.shape[1] < 3:
        return np.full(len(texts), np.nan)
    numbers = parts.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    seconds: np.ndarray = numbers[:, 0] * 3600.0 + numbers[:, 1] * 60.0 + numbers[:, 2]
    return seconds


def _filled(times_s: np.ndarray) -> np.ndarray:
    """Times at stops that are no timepoints, evenly between those that are."""
    known = ~np.isnan(times_s)
    at = np.arange(len(times_s))
    return np.interp(at, at[known], times_s[known]) if known.any() else np.zeros(len(times_s))


def _repeats(feed) -> dict[str, list[float]]:  # type: ignore[no-untyped-def]
    """Departures of trips that run by frequency: start_time <= t < end_time, every headway."""
    if feed.frequencies is None or not len(feed.frequencies):
        return {}
    table = feed.frequencies
    starts, ends = _seconds(table["start_time"]), _seconds(table["end_time"])
    found: dict[str, list[float]] = {}
    for trip_id, start_s, end_s, headway_s in zip(table["trip_id"], starts, ends, table["headway_secs"], strict=True):
        found.setdefault(trip_id, []).extend(np.arange(start_s, end_s, float(headway_s)).tolist())
    return found


def _unused(prefix: str, direction: str, used: set[str]) -> str:
    """A direction that no other line of the route has: "上行", "上行 (2)", …"""
    name, number = direction, 1
    while prefix + name in used:
        number += 1
        name = f"{direction} ({number})"
    used.add(prefix + name)
    return name


def _shape_lengths_m(feed, network: Network) -> dict[str, float]:  # type: ignore[no-untyped-def]
    if feed.shapes is None or not len(feed.shapes):
        return {}
    shapes = feed.shapes.sort_values(["shape_id", "shape_pt_sequence"], kind="stable")
    xy = ground_of(network).xy(shapes["shape_pt_lon"].to_numpy(), shapes["shape_pt_lat"].to_numpy())
    ids = shapes["shape_id"].astype(str).to_numpy()
    steps = np.hypot(*np.diff(xy, axis=0).T) * (ids[1:] == ids[:-1])
    lengths = pd.Series(steps).groupby(ids[1:]).sum()
    return {str(name): float(length) for name, length in lengths.items()}


def _shape_notes(network: Network, line: BusLine, shape_m: float | None, *, whole: bool) -> list[str]:
    if not shape_m or not whole:
        return []
    way_m = sum(network.link_by_id[link].length_m for link in line.route)
    if abs(way_m / shape_m - 1.0) <= SHAPE_DIFFERS:
        return []
    return [f"bus line {line.id}: {way_m:.0f} m on these streets, {shape_m:.0f} m by the feed's shape"]


def write_gtfs(
    path: Path,
    lines: Sequence[BusLine],
    network: Network,
    *,
    day: datetime.date,
    agency: str,
    url: str = "https://www.example.org",
    timezone: str = "Asia/Shanghai",
) -> Path:
    """Write lines as a feed (zip) whose trips run every day for a year from `day`; returns the path.

    Each departure is a trip with whole seconds at every stop, shapes are the streets driven, blocks what one bus does.
    """
    import gtfs_kit

    stops = list(dict.fromkeys((stop.name, stop.lon, stop.lat) for line in lines for stop in line.stops))
    stop_id = {stop: f"S{number:05d}" for number, stop in enumerate(stops, 1)}
    names = list(dict.fromkeys(line.name for line in lines))
    route_id = {name: f"R{number:04d}" for number, name in enumerate(names, 1)}
    block_of = {
        (run.line_id, run.depart_s): f"B{number:05d}"
        for number, block in enumerate(blocks_of(network, lines, 0.0, 2 * DAY_S), 1)
        for run in block
    }
    end = day + datetime.timedelta(days=364)
    feed = gtfs_kit.Feed(
        dist_units="m",
        agency=pd.DataFrame(
            {"agency_id": ["1"], "agency_name": [agency], "agency_url": [url], "agency_timezone": [timezone]}
        ),
        stops=pd.DataFrame(
            {
                "stop_id": [stop_id[stop] for stop in stops],
                "stop_name": [name for name, _, _ in stops],
                "stop_lat": [lat for _, _, lat in stops],
                "stop_lon": [lon for _, lon, _ in stops],
            }
        ),
        routes=pd.DataFrame(
            {
                "route_id": [route_id[name] for name in names],
                "agency_id": "1",
                "route_short_name": names,
                "route_long_name": [_ends(lines, name) for name in names],
                "route_type": 3,
            }
        ),
        calendar=pd.DataFrame(
            {
                "service_id": ["daily"],
                **{weekday: [1] for weekday in _WEEKDAYS},
                "start_date": [day.strftime("%Y%m%d")],
                "end_date": [end.strftime("%Y%m%d")],
            }
        ),
        feed_info=pd.DataFrame(
            {
                "feed_publisher_name": [agency], "feed_publisher_url": [url], "feed_lang": ["zh"],
                "feed_start_date": [day.strftime("%Y%m%d")], "feed_end_date": [end.strftime("%Y%m%d")],
            }
        ),
        **_trip_tables(lines, network, route_id, stop_id, block_of),
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    feed.to_file(path)
    return path


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _ends(lines: Iterable[BusLine], name: str) -> str:
    first = next(line for line in lines if line.name == name)
    return f"{first.stops[0].name} – {first.stops[-1].name}"


def _trip_tables(
    lines: Sequence[BusLine],
    network: Network,
    route_id: dict[str, str],
    stop_id: dict[tuple[str, float, float], str],
    block_of: dict[tuple[str, float], str],
) -> dict[str, pd.DataFrame]:
    """Tables `trips`, `stop_times` and `shapes` of a feed."""
    trips, times, shapes = [], [], []
    directions: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        way = directions.setdefault(line.name, 0)
        directions[line.name] = 1
        shape_id = f"W{number:05d}"
        shapes.append(_shape(network, line, shape_id))
        due = _rising(np.round(np.array(scheduled_s(network, line))))
        ids = [stop_id[stop.name, stop.lon, stop.lat] for stop in line.stops]
        for count, depart_s in enumerate(line.departures_s(0.0, 2 * DAY_S), 1):
            trip_id = f"T{number:05d}-{count:04d}"
            block = block_of.get((line.id, depart_s), "")
            trips.append((route_id[line.name], "daily", trip_id, line.direction, way, block, shape_id))
            at = [_clock(round(depart_s) + seconds) for seconds in due]
            times += [(trip_id, text, text, stop, i) for i, (text, stop) in enumerate(zip(at, ids, strict=True), 1)]
    return {
        "trips": pd.DataFrame(
            trips,
            columns=["route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "block_id", "shape_id"],
        ),
        "stop_times": pd.DataFrame(
            times, columns=["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"]
        ),
        "shapes": pd.concat(shapes, ignore_index=True),
    }


def _rising(seconds: np.ndarray) -> list[int]:
    """Whole seconds, each at least one after that before."""
    at: list[int] = []
    for value in seconds.astype(int).tolist():
        at.append(value if not at else max(value, at[-1] + 1))
    return at


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def _shape(network: Network, line: BusLine, shape_id: str) -> pd.DataFrame:
    points: list[tuple[float, float]] = []
    for link_id in line.route:
        for point in network.ends_of(network.link_by_id[link_id]):
            if not points or points[-1] != point:
                points.append(point)
    return pd.DataFrame(
        {
            "shape_id": shape_id,
            "shape_pt_lat": [lat for _, lat in points],
            "shape_pt_lon": [lon for lon, _ in points],
            "shape_pt_sequence": range(1, len(points) + 1),
        }
    )
