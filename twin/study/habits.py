"""From travellers to what each heads for on given streets: nodes, the site of first choice, a usual route."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.trips import Demand
from twin.city.vehicles import VEHICLE_CLASSES
from twin.clock import DAY_S
from twin.demand.sampling import day
from twin.errors import DemandError
from twin.routing.paths import Routes
from twin.sim.parking_choice import CROW_MPS, Seekers, first_choices, holds_permit
from twin.sim.stage import HABIT_SEED, Day, Habits, Stage

Ints = NDArray[np.int64]


def demand_of(city: City) -> Demand:
    """The city's travellers. Raises DemandError where it has none."""
    if city.demand is None or len(city.demand.travellers) == 0:
        raise DemandError(f"{city.place}: nobody travels; seeds/demand/{city.place} must make at least one trip")
    return city.demand


def first_habits(stage: Stage) -> Habits:
    """Where each traveller starts and heads for, with no route yet (empty, cost −1). Who never travels has no site."""
    demand = demand_of(stage.city)
    travellers = demand.travellers
    node_of_point = point_nodes(stage)
    origin = node_of_point[travellers["origin_point"].to_numpy(dtype=np.int64)]
    ends = travellers["destination_point"].to_numpy(dtype=np.int64)
    destination = node_of_point[ends]
    wants = (travellers["parks"] == "public").to_numpy(dtype=np.bool_) & travels(demand)
    n = len(travellers)
    site = np.full(n, -1, dtype=np.int64)
    x, y = np.zeros(n), np.zeros(n)
    seekers = seekers_of(stage, travellers[wants])
    chosen = first_choices(stage.search, HABIT_SEED, seekers)
    site[wants] = chosen.site
    x[wants], y[wants] = seekers.to_xy.T
    has_site = site >= 0
    destination = np.where(has_site, _at_sites(stage, site, destination), destination)
    stands_at: Ints | None = None
    # A way back starts where the car usually stands, and the way out of who parks in public at home where it stood.
    if demand.way_out is not None:
        back = np.flatnonzero(demand.way_out >= 0)
        out = demand.way_out[back]
        stands_at = np.full(n, -1, dtype=np.int64)
        usual_s = travellers["usual_depart_s"].to_numpy(dtype=np.float64)
        is_first = usual_s[out] < usual_s.min() + DAY_S  # on later days it stands where it came to the evening before
        stands_at[out] = np.where(is_first, site[back], -1)
        origin = np.where(stands_at >= 0, _at_sites(stage, stands_at, origin), origin)
        origin[back] = destination[out]
    none = np.zeros(n, dtype=np.int64)
    routes = Routes(none, none.copy(), np.zeros(0, dtype=np.int32), np.full(n, -1, dtype=np.int64))
    return Habits(origin, destination, site, wants, x, y, routes, chosen.usual, stands_at)


def travels(demand: Demand) -> NDArray[np.bool_]:
    """Who of the travellers ever sets out: not those who would drive only if they went by another mode than they do."""
    return demand.travellers["travels_share"].to_numpy(dtype=np.float64) > 0.0


def seekers_of(stage: Stage, table: pd.DataFrame, id_column: str = "traveller_id") -> Seekers:
    """Rows of travellers (or choosers) as those who look for a public space, as they usually come."""
    points = demand_of(stage.city).points
    lon = np.array([point.lon for point in points], dtype=np.float64)
    lat = np.array([point.lat for point in points], dtype=np.float64)
    at = stage.search.xy_of(lon, lat)
    from_xy, to_xy = (at[table[end].to_numpy(dtype=np.int64)] for end in ("origin_point", "destination_point"))
    ids = table[id_column].to_numpy(dtype=np.int64)
    return Seekers(
        travellers=ids,
        from_xy=from_xy,
        to_xy=to_xy,
        arrive_s=table["usual_depart_s"].to_numpy(dtype=np.float64) + np.hypot(*(to_xy - from_xy).T) / CROW_MPS,
        stay_s=table["stay_s"].to_numpy(dtype=np.float64),
        weight=table["travels_share"].to_numpy(dtype=np.float64),
        has_permit=holds_permit(HABIT_SEED, ids, stage.city.parking),
    )


def _at_sites(stage: Stage, site: Ints, destination: Ints) -> Ints:
    if len(stage.search.node) == 0:
        return destination
    nodes: Ints = stage.search.node[np.maximum(site, 0)]
    return nodes


def point_nodes(stage: Stage) -> Ints:
    """Node index of each loading point: the downstream end of its link, whether or not the link is open."""
    index, links = stage.router.graph.node_index, stage.city.network.link_by_id
    return np.array([index[links[point.link_id].to_node] for point in demand_of(stage.city).points], dtype=np.int64)


def carried_over(old: Habits, old_stage: Stage, new: Habits, stage: Stage) -> tuple[Habits, Ints]:
    """The habits of one stage on another, and the travellers who must find a way anew.

    A route is kept where its ends are the same and every link of it is still there with its turns. Travellers whom the
    old stage did not know (they stand last) look for one; who never travels has none.
    """
    index = stage.router.graph.link_index
    translate = np.array([index.get(link_id, -1) for link_id in old_stage.router.graph.link_ids], dtype=np.int64)
    links = translate[old.routes.links] if len(old.routes.links) else np.zeros(0, dtype=np.int64)
    gone = np.concatenate([[0], np.cumsum(links < 0)])
    broken = gone[old.routes.start + old.routes.length] > gone[old.routes.start]
    n_old, n_more = len(old.origin), len(new.origin) - len(old.origin)
    moved = (old.origin != new.origin[:n_old]) | (old.destination != new.destination[:n_old])
    goes = travels(demand_of(stage.city))
    keeps = ~(broken | moved | (old.routes.cost_ms < 0))
    needs = np.flatnonzero(goes & ~np.concatenate([keeps, np.zeros(n_more, dtype=np.bool_)])).astype(np.int64)
    padded = [
        np.concatenate([part, np.zeros(n_more, dtype=np.int64)]) for part in (old.routes.start, old.routes.length)
    ]
    cost_ms = np.concatenate([old.routes.cost_ms, np.full(n_more, -1, dtype=np.int64)])
    routes = Routes(
        padded[0],
        np.where(goes, padded[1], 0),
        np.maximum(links, 0).astype(np.int32),
        np.where(goes, cost_ms, -1),
    )
    return replace(new, routes=routes), needs


def trips_of_day(demand: Demand, seed: int, start_s: float, end_s: float) -> Day:
    """The trips made on the day of that seed that depart with start_s <= t < end_s."""
    trips = day(demand, seed)
    depart = trips["depart_s"].to_numpy(dtype=np.float64)
    inside = (depart >= start_s) & (depart < end_s)
    chosen = trips.loc[inside]
    names = list(VEHICLE_CLASSES)
    is_truck = (chosen["mode"] == "truck").to_numpy()
    traveller = chosen["traveller_id"].to_numpy(dtype=np.int64)
    return Day(
        traveller=traveller,
        depart_s=np.round(depart[inside], 6),
        stay_s=chosen["stay_s"].to_numpy(dtype=np.float64),
        vehicle_class=np.where(is_truck, names.index("truck"), names.index("car")),
        way_out=None if demand.way_out is None else _rows_of(demand.way_out[traveller], traveller),
    )


def _rows_of(wanted: Ints, traveller: Ints) -> Ints:
    """The row of the day in which each wanted traveller drives; −1: in none of them (or nobody is wanted)."""
    rows = np.full(int(traveller.max(initial=-1)) + 2, -1, dtype=np.int64)
    rows[traveller] = np.arange(len(traveller))
    return np.where(wanted >= 0, rows[np.clip(wanted, 0, len(rows) - 1)], -1)
