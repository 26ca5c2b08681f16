"""How many turn where: volumes by turn from the routes that travellers have."""

import numpy as np

from twin.clock import TimeWindow
from twin.sim.city_run import Habits, Stage
from twin.study.habits import demand_of


def turn_volumes(stage: Stage, habits: Habits, hours: TimeWindow) -> dict[tuple[str, str], float]:
    """Vehicles an hour by (from link, to link) of who usually departs in these hours and travels that day."""
    travellers = demand_of(stage.city).travellers
    usual_s = travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    counts = (usual_s >= hours.start_s) & (usual_s < hours.end_s)
    weight = np.where(counts, travellers["travels_share"].to_numpy(dtype=np.float64), 0.0)
    routes = habits.routes.select(np.arange(len(usual_s), dtype=np.int64))
    links = routes.links.astype(np.int64)
    traveller = np.repeat(np.arange(len(usual_s)), routes.length)
    goes_on = traveller[1:] == traveller[:-1]
    n = len(stage.network.links)
    turn = (links[:-1] * n + links[1:])[goes_on]
    found, row = np.unique(turn, return_inverse=True)
    volume = np.bincount(row, weights=weight[traveller[1:][goes_on]], minlength=len(found)) / (hours.duration_s / 3600)
    ids = stage.router.graph.link_ids
    return {(ids[t // n], ids[t % n]): v for t, v in zip(found.tolist(), volume.tolist(), strict=True)}
