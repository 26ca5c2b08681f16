"""What residents of each zone reach: by car in the traffic of a run, by bus by the timetable of the arm.

By car: skims of the times experienced, from the zone's middle; leaves out the walk to and from the car and the search
for a space. By bus: `bus_reach`. Jobs and residents are those of the place's zones, schools and hospitals its known
places.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.city.ground import ground_of
from twin.records import INTERVAL_S, REACH_MIN, REACHED, ZONE_COLUMNS, Records
from twin.sim.stage import Stage
from twin.study.bus_reach import KINDS_OF_PLACES
from twin.study.experienced import experienced_ms
from twin.study.habits import demand_of
from twin.study.period import LOOK_S, Period

_MS_PER_MIN = 60_000


def zone_access(stage: Stage, records: Records, period: Period, by_bus: pd.DataFrame | None = None) -> pd.DataFrame:
    """What is within 30, 45 and 60 minutes of each zone (ZONE_COLUMNS), setting out at the middle of the measured
    window.

    From the loading point nearest the zone's centre to that of every other zone, and to the junction nearest each
    school and hospital; a zone reaches its own jobs. Zones on no street, and gates, have no row. `by_bus`: the columns
    of `bus_reach`; None: null. Method: cumulative opportunities (Handy & Niemeier 1997).
    """
    city = stage.city
    nearest = _middle_nodes(stage)
    zones = [zone for zone in city.zones if zone.kind == "zone" and zone.id in nearest]
    nodes = np.array([nearest[zone.id] for zone in zones], dtype=np.int64)
    middle_ms = round(500.0 * (period.measured.start_s + period.measured.end_s))
    cost_ms = experienced_ms(records, stage, period, interval_s=INTERVAL_S)
    interval_ms = round(1000 * LOOK_S)
    times_ms = stage.router.node_times_ms(nodes, cost_ms=cost_ms, start_ms=middle_ms, interval_ms=interval_ms)
    jobs = np.array([zone.jobs for zone in zones], dtype=np.float64)
    goals = {what: _goals(stage, what) for what in REACHED if what != "jobs"}
    goals["jobs"] = (nodes, jobs)
    columns = {
        "zone_id": pd.Series([zone.id for zone in zones], dtype="str"),
        "district": pd.Series([zone.district for zone in zones], dtype="str"),
        "lon": np.array([zone.lon for zone in zones], dtype=np.float64),
        "lat": np.array([zone.lat for zone in zones], dtype=np.float64),
        "residents": np.array([zone.residents for zone in zones], dtype=np.float64),
        "jobs": jobs,
    }
    for what, (there, weights) in goals.items():
        to_goals = times_ms[:, there].reshape(len(zones), len(there))
        for minutes in REACH_MIN:
            within = (to_goals >= 0) & (to_goals <= minutes * _MS_PER_MIN)
            columns[f"{what}_{minutes}min"] = (
                (within * weights).sum(axis=1) if len(there) else np.full(len(zones), np.nan)
            )
    bus = pd.DataFrame() if by_bus is None else by_bus.reindex([zone.id for zone in zones])
    missing = np.full(len(zones), np.nan)
    return pd.DataFrame(
        {
            name: columns[name] if name in columns else bus[name].to_numpy() if name in bus else missing
            for name in ZONE_COLUMNS
        }
    )


def _goals(stage: Stage, what: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Node index nearest to each known place of a sort, and that each counts once."""
    city, network = stage.city, stage.network
    places = [place for place in city.places if place.kind in KINDS_OF_PLACES[what]]
    if not places:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    ground = ground_of(network)
    _, found = cKDTree(ground.node_xy).query(ground.xy([p.lon for p in places], [p.lat for p in places]))
    index, nearest = stage.router.graph.node_index, np.atleast_1d(np.asarray(found, dtype=np.int64))
    nodes = np.array([index[network.nodes[int(i)].id] for i in nearest], dtype=np.int64)
    return nodes, np.ones(len(places))


def _middle_nodes(stage: Stage) -> dict[str, int]:
    """Node index of each zone's loading point that lies nearest to its centre."""
    index, links = stage.router.graph.node_index, stage.city.network.link_by_id
    centre = {zone.id: zone for zone in stage.city.zones}
    best: dict[str, tuple[float, int]] = {}
    for point in demand_of(stage.city).points:
        if point.zone_id not in centre:
            continue
        zone = centre[point.zone_id]
        narrowing = np.cos(np.radians(zone.lat))  # degrees of longitude are shorter than those of latitude
        apart = float(np.hypot((point.lon - zone.lon) * narrowing, point.lat - zone.lat))
        node = int(index[links[point.link_id].to_node])
        best[point.zone_id] = min(best.get(point.zone_id, (np.inf, node)), (apart, node))
    return {zone_id: node for zone_id, (_, node) in best.items()}
