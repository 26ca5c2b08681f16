"""From tables to travellers, and from travellers to the trips of one day; every draw keyed.

A population is drawn once and holds more habits than one day makes trips: each has a share of days on which it is
made. Days differ by who travels, by how many (a factor common to all) and by minutes about the usual departure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.chance import normal, uniform, uniform_one
from twin.city.network import Network
from twin.city.trips import TRAVELLER_COLUMNS, DayToDay, Demand
from twin.clock import TimeWindow
from twin.demand.inputs import DemandInputs, LorrySettings, ParkingEnd
from twin.demand.overview import overview_tables
from twin.demand.profiles import DayShares, move_out_of_bans
from twin.demand.streams import Stream, TripTables, trip_tables, zone_ids
from twin.demand.zones import Skim, StreetPoints, skim_zones, street_points
from twin.routing.paths import Router

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MORNING = TimeWindow.between("05:00", "10:00")
"""Departures a morning study needs: the peak measured, its warm-up before and its wake after."""


FIRST_RIDER_ID = 1 << 32
"""Riders of buses are numbered from here, so that no rider has the luck of a driver."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A population as it was drawn: streets' points, tables, and the habits of each stream in order of their ids."""

    points: StreetPoints
    skim: Skim
    tables: TripTables
    drivers: tuple[tuple[Stream, pd.DataFrame], ...]
    riders: tuple[tuple[Stream, pd.DataFrame], ...]


def draw_demand(network: Network, inputs: DemandInputs, *, seed: int, window: TimeWindow = MORNING) -> Demand:
    """Travellers whose usual departure lies in the window, on the streets given (those open on the day).

    Numbered in order of purpose, origin and destination: ids and luck depend on no id of the network. Another level
    or another zone numbers them anew. `tables`: see `twin.demand.overview`.
    """
    return as_demand(draw_habits(network, inputs, seed=seed, window=window), inputs, window)


def draw_habits(network: Network, inputs: DemandInputs, *, seed: int, window: TimeWindow) -> Drawn:
    """The habits of all who drive or ride, stream by stream."""
    points = street_points(network, inputs.zones, inputs.demand.loading)
    skim = skim_zones(Router(network), points)
    tables = trip_tables(inputs, skim)
    return Drawn(
        points,
        skim,
        tables,
        habits_of(tables.streams, points, inputs, window=window, seed=seed, first_id=0),
        habits_of(tables.bus_streams, points, inputs, window=window, seed=seed, first_id=FIRST_RIDER_ID),
    )


def habits_of(
    streams: Sequence[Stream],
    points: StreetPoints,
    inputs: DemandInputs,
    *,
    window: TimeWindow,
    seed: int,
    first_id: int,
) -> tuple[tuple[Stream, pd.DataFrame], ...]:
    """The habits of some streams, numbered one after the other."""
    joined = _with_a_way(points)
    parts = []
    for stream in streams:
        part = _travellers(stream, points, inputs, joined, window=window, seed=seed, first_id=first_id)
        first_id += len(part)
        parts.append((stream, part))
    return tuple(parts)


def as_demand(drawn: Drawn, inputs: DemandInputs, window: TimeWindow) -> Demand:
    """What was drawn as the demand of a city."""
    level, points, tables = inputs.demand.level, drawn.points, drawn.tables
    return Demand(
        travellers=_joined(drawn.drivers),
        riders=_joined(drawn.riders),
        points=points.points,
        tables=overview_tables(inputs, tables, drawn.skim, window, [*points.notes, *tables.notes]),
        assumed=frozenset(value.key.split(".")[0].split("[")[0] for value in inputs.assumed_values),
        day_to_day=DayToDay(level_cv=level.day_cv, departure_sd_s=60.0 * level.departure_sd_min),
    )


def _joined(parts: Sequence[tuple[Stream, pd.DataFrame]]) -> pd.DataFrame:
    return pd.concat([part for _, part in parts], ignore_index=True) if parts else _travellers_of_nobody()


def day(demand: Demand, seed: int) -> pd.DataFrame:
    """Trips made on the day of that seed: traveller columns and `depart_s`, sorted by depart_s, then traveller_id.

    A habit is followed with its `travels_share` times the day's factor (at most always). Cars depart about their
    usual time; lorries at it, since their hours keep clear of bans. A way back is made where the way out is.
    """
    return _made_today(demand.travellers, demand.day_to_day, seed, demand.way_out)


def riders_today(demand: Demand, seed: int) -> pd.DataFrame:
    """Trips by bus made on the day of that seed, by the same rule; nobody where the demand knows no riders."""
    riders = _travellers_of_nobody() if demand.riders is None else demand.riders
    return _made_today(riders, demand.day_to_day, seed)


def _made_today(travellers: pd.DataFrame, variation: DayToDay, seed: int, way_out: Ints | None = None) -> pd.DataFrame:
    ids = travellers["traveller_id"].to_numpy(dtype=np.int64)
    factor = max(0.0, 1.0 + variation.level_cv * float(normal(seed, "level of the day", [0])[0]))
    tours = ids if way_out is None else np.where(way_out >= 0, ids[np.maximum(way_out, 0)], ids)
    goes = uniform(seed, "travels today", tours) < travellers["travels_share"].to_numpy(dtype=np.float64) * factor
    made = travellers.loc[goes]
    shift_s = variation.departure_sd_s * normal(seed, "departure today", ids[goes])
    shift_s = np.where(made["mode"].to_numpy() == "truck", 0.0, shift_s)
    depart_s = np.maximum(0.0, made["usual_depart_s"].to_numpy(dtype=np.float64) + shift_s)
    order = np.lexsort((ids[goes], depart_s))
    trips = made.iloc[order].reset_index(drop=True)
    trips["depart_s"] = depart_s[order]
    return trips


def _travellers(
    stream: Stream,
    points: StreetPoints,
    inputs: DemandInputs,
    joined: NDArray[np.bool_],
    *,
    window: TimeWindow,
    seed: int,
    first_id: int,
) -> pd.DataFrame:
    shares = DayShares.of(stream.profile)
    habits = np.where(joined, stream.vehicles, 0.0) * (shares.share_in(window) / stream.travels_share)
    counts = whole_counts(habits, uniform_one(seed, f"count/{stream.name}", 0))
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    origin, destination = np.divmod(cells, len(points.zones))
    ids = first_id + np.arange(len(cells), dtype=np.int64)
    from_point = _drawn_points(points, origin, uniform(seed, "origin point", ids))
    to_point = _drawn_points(points, destination, uniform(seed, "destination point", ids))
    to_point = _moved_where_same(points, from_point, to_point, destination)
    from_point = _moved_where_same(points, to_point, from_point, origin)
    depart_s = shares.departures_s(uniform(seed, "usual departure", ids), window)
    if stream.mode == "truck":
        depart_s = _outside_bans(depart_s, uniform(seed, "before or after the ban", ids), inputs.demand.lorries)
    end = inputs.parking.ends[stream.end] if stream.end else None
    is_zone = np.array([zone.kind == "zone" for zone in points.zones], dtype=np.bool_)[destination]
    stay = stays_of(end, is_zone, ids, seed)
    names = zone_ids(points.zones)
    columns = {
        "traveller_id": ids,
        "purpose": np.full(len(ids), stream.purpose, dtype=object),
        "mode": np.full(len(ids), stream.mode, dtype=object),
        "origin_zone": names[origin],
        "destination_zone": names[destination],
        "origin_point": from_point,
        "destination_point": to_point,
        "usual_depart_s": depart_s,
        "stay_s": stay.stay_s,
        "parks": stay.parks,
        "travels_share": np.full(len(ids), stream.travels_share, dtype=np.float64),
        "persons": np.full(len(ids), stream.persons, dtype=np.float64),
    }
    table = pd.DataFrame({name: columns[name] for name in TRAVELLER_COLUMNS})
    return table.astype(dict.fromkeys(_WORDS, "str"))


def travellers_of(
    stream: Stream, points: StreetPoints, inputs: DemandInputs, *, window: TimeWindow, seed: int, first_id: int
) -> pd.DataFrame:
    """Travellers of one stream whose usual departure lies in the window, numbered from `first_id`."""
    return _travellers(stream, points, inputs, _with_a_way(points), window=window, seed=seed, first_id=first_id)


_WORDS = ("purpose", "mode", "origin_zone", "destination_zone", "parks")


def _travellers_of_nobody() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in TRAVELLER_COLUMNS}).astype(
        {"traveller_id": "int64", "origin_point": "int64", "destination_point": "int64"} | dict.fromkeys(_WORDS, "str")
    )


def whole_counts(table: Floats, luck: float) -> Ints:
    """Whole numbers near a table: the total, and that of each row, miss by less than one (systematic sampling)."""
    running = np.floor(np.cumsum(table.ravel()) + luck)
    counts: Ints = np.diff(running, prepend=0.0).astype(np.int64).reshape(table.shape)
    return counts


def _drawn_points(points: StreetPoints, zone: Ints, luck: Floats) -> Ints:
    """A point of each zone, drawn in proportion to the points' weights."""
    cumulative = np.concatenate([[0.0], np.cumsum(_even_where_weightless(points))])
    low, high = cumulative[points.start[zone]], cumulative[points.start[zone + 1]]
    index = np.searchsorted(cumulative, low + luck * (high - low), side="right") - 1
    drawn: Ints = np.clip(index, points.start[zone], points.start[zone + 1] - 1).astype(np.int64)
    return drawn


def _even_where_weightless(points: StreetPoints) -> Floats:
    """Weights in which a zone whose points weigh nothing (a gate on a motorway) uses them evenly."""
    weights = points.weights.copy()
    owner = np.repeat(np.arange(len(points.zones)), points.counts)
    totals = np.bincount(owner, weights=weights, minlength=len(points.zones))
    weights[totals[owner] <= 0] = 1.0
    return weights


def _moved_where_same(points: StreetPoints, other: Ints, mine: Ints, zone: Ints) -> Ints:
    """Points moved on to the zone's next one where a trip would begin and end at one place."""
    nodes = _node_numbers(points)
    start, count = points.start[zone], points.counts[zone]
    following = start + (mine - start + 1) % count
    return np.where(nodes[mine] == nodes[other], following, mine)


def _node_numbers(points: StreetPoints) -> Ints:
    _, numbers = np.unique(np.array(points.node_ids, dtype=object), return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)


def _with_a_way(points: StreetPoints) -> NDArray[np.bool_]:
    """Pairs of zones between which a car has somewhere to go: both have points, and not one and the same alone."""
    has_points = points.counts > 0
    joined = has_points[:, None] & has_points[None, :]
    single = np.flatnonzero(points.counts == 1)
    nodes = _node_numbers(points)[points.start[single]]
    joined[np.ix_(single, single)] &= nodes[:, None] != nodes[None, :]
    return np.asarray(joined, dtype=np.bool_)


def _outside_bans(depart_s: Floats, luck: Floats, lorries: LorrySettings) -> Floats:
    bans = [TimeWindow.between(ban.start, ban.end) for ban in lorries.bans]
    return move_out_of_bans(depart_s, luck, bans, clear_s=60.0 * lorries.clear_min, spread_s=60.0 * lorries.spread_min)


@dataclass(frozen=True, eq=False)
class Stays:
    """What each leaves the car at, as in TRAVELLER_COLUMNS, and for how long (s)."""

    parks: NDArray[np.object_]
    stay_s: Floats


def stays_of(end: ParkingEnd | None, is_zone: NDArray[np.bool_], ids: Ints, seed: int) -> Stays:
    """Where each leaves the car, and how long (log-normal); nobody parks at a gate."""
    if end is None:
        return Stays(np.full(len(ids), "none", dtype=object), np.zeros(len(ids)))
    luck = uniform(seed, "place to park", ids)
    words = np.array(["private", "none", "public"], dtype=object)
    parks = words[np.searchsorted([end.own_place, end.own_place + end.drop_off], luck, side="right")]
    spread = np.sqrt(np.log1p(end.stay_cv**2))
    middle = np.log(3600.0 * end.mean_stay_h) - 0.5 * spread**2
    stay_s = np.exp(middle + spread * normal(seed, "stay", ids))
    return Stays(np.where(is_zone, parks, "none"), np.where(is_zone, stay_s, 0.0))
