"""How many jobs people reach by car in the traffic of a run: skims of the times experienced, from each zone.

Leaves out the walk to and from the car and the search for a space. Jobs and residents are those of the place's zones.
"""

import numpy as np
import pandas as pd

from twin.records import ZONE_COLUMNS, Records
from twin.sim.city_run import Stage
from twin.study.habits import demand_of
from twin.study.settle import Period, experienced_ms

REACH_MIN = (30, 45)
_MS_PER_MIN = 60_000


def zone_access(stage: Stage, records: Records, period: Period) -> pd.DataFrame:
    """Jobs within 30 and 45 minutes of each zone (ZONE_COLUMNS), setting out at the middle of the measured window.

    From the loading point nearest the zone's centre to that of every other zone; a zone reaches its own jobs. Zones on
    no street, and gates, have no row. Method: cumulative opportunities (Handy & Niemeier 1997).
    """
    city = stage.city
    nearest = _middle_nodes(stage)
    zones = [zone for zone in city.zones if zone.kind == "zone" and zone.id in nearest]
    nodes = np.array([nearest[zone.id] for zone in zones], dtype=np.int64)
    middle_ms = round(500.0 * (period.measured.start_s + period.measured.end_s))
    times_ms = stage.router.node_times_ms(nodes, cost_ms=experienced_ms(records, stage, period), start_ms=middle_ms)[
        :, nodes
    ].reshape(len(zones), len(zones))
    jobs = np.array([zone.jobs for zone in zones], dtype=np.float64)
    reached = {
        f"jobs_{minutes}min": (((times_ms >= 0) & (times_ms <= minutes * _MS_PER_MIN)) * jobs).sum(axis=1)
        for minutes in REACH_MIN
    }
    columns = {
        "zone_id": pd.Series([zone.id for zone in zones], dtype="str"),
        "district": pd.Series([zone.district for zone in zones], dtype="str"),
        "residents": np.array([zone.residents for zone in zones], dtype=np.float64),
        **reached,
    }
    return pd.DataFrame({name: columns[name] for name in ZONE_COLUMNS})


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
