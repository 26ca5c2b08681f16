"""How many turn where: volumes by turn from travellers' routes and bus lines, and the hours of signal plans.

In a morning one plan holds. In a whole day phases and lanes are those for what each turn carries in its own busiest two
hours (the morning's for ways in, the evening's for ways home), and every two hours have cycle and greens of their own.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.transit import BusLine
from twin.city.vehicles import VEHICLE_CLASSES
from twin.clock import TimeWindow
from twin.sim.stage import Habits, Stage
from twin.study.habits import demand_of
from twin.study.mean_hour import pcu_of

Ints = NDArray[np.int64]

PLANNED_FOR_S = 7200.0  # the published peak, 07:00–09:00, is as long
BUS_PCU = VEHICLE_CLASSES["bus"].pcu
LONGEST_ALIKE_S = 4 * 3600.0
"""Windows up to so long are one state of traffic: plans and first routes are made for their mean hour (assumed)."""


def turn_volumes(stage: Stage, habits: Habits, hours: TimeWindow) -> dict[tuple[str, str], float]:
    """PCU of cars, lorries and buses an hour by (from link, to link), of those that depart in these hours."""
    return largest_turn_volumes(stage, habits, [hours])


def largest_turn_volumes(stage: Stage, habits: Habits, windows: Sequence[TimeWindow]) -> dict[tuple[str, str], float]:
    """As `turn_volumes`, each turn's in that of the windows in which it has most."""
    travellers = demand_of(stage.city).travellers
    usual_s = travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    pcu = travellers["travels_share"].to_numpy(dtype=np.float64) * pcu_of(travellers)
    routes = habits.routes.select(np.arange(len(usual_s), dtype=np.int64))
    links = routes.links.astype(np.int64)
    traveller = np.repeat(np.arange(len(usual_s)), routes.length)
    goes_on = traveller[1:] == traveller[:-1]
    n = len(stage.network.links)
    turn = (links[:-1] * n + links[1:])[goes_on]
    lines, bus_turn, line = _bus_turns(stage)
    found, row = np.unique(np.append(turn, bus_turn), return_inverse=True)
    largest = np.zeros(len(found))
    for hours in windows:
        weight = np.where((usual_s >= hours.start_s) & (usual_s < hours.end_s), pcu, 0.0)
        buses = np.array([BUS_PCU * len(one.departures_s(hours.start_s, hours.end_s)) for one in lines])
        weights = np.append(weight[traveller[1:][goes_on]], buses[line])
        volume = np.bincount(row, weights=weights, minlength=len(found))
        largest = np.maximum(largest, volume / (hours.duration_s / 3600))
    ids = stage.router.graph.link_ids
    return {(ids[t // n], ids[t % n]): v for t, v in zip(found.tolist(), largest.tolist(), strict=True)}


def _bus_turns(stage: Stage) -> tuple[list[BusLine], Ints, Ints]:
    """Lines whose streets are open, and the turns of all of them: from link × links + to link, and the line."""
    index, n = stage.network.link_index, len(stage.network.links)
    lines = [line for line in stage.city.lines if all(link in index for link in line.route)]
    turns = [(index[a] * n + index[b], k) for k, line in enumerate(lines) for a, b in pairwise(line.route)]
    turn, line = np.array(turns, dtype=np.int64).reshape(-1, 2).T
    return lines, turn, line


def planning_windows(measured: TimeWindow) -> list[TimeWindow]:
    """The windows that signals are planned for: the measured one, or of a long one every two hours, an hour apart.

    >>> [str(window) for window in planning_windows(TimeWindow.between("06:00", "11:00"))]
    ['06:00–08:00', '07:00–09:00', '08:00–10:00', '09:00–11:00']
    """
    if measured.duration_s <= LONGEST_ALIKE_S:
        return [measured]
    starts_s = np.arange(measured.start_s, measured.end_s - PLANNED_FOR_S + 1.0, 3600.0).tolist()
    return [TimeWindow(start_s, start_s + PLANNED_FOR_S) for start_s in starts_s]


def plan_hours(city: City, measured: TimeWindow) -> list[TimeWindow]:
    """Hours that have signal plans of their own: none within a morning; of a long window every two, one of them those
    in which most set out.
    """
    if measured.duration_s <= LONGEST_ALIKE_S:
        return []
    busiest = busiest_window(city, measured)
    before = int(np.ceil((busiest.start_s - measured.start_s) / PLANNED_FOR_S))
    after = int(np.ceil((measured.end_s - busiest.start_s) / PLANNED_FOR_S))
    starts_s = [busiest.start_s + PLANNED_FOR_S * k for k in range(-before, after)]
    return [TimeWindow(max(0.0, start_s), start_s + PLANNED_FOR_S) for start_s in starts_s]


def busiest_window(city: City, measured: TimeWindow) -> TimeWindow:
    """Of the windows that signals are planned for the one in which most set out; the first of several."""
    travellers = demand_of(city).travellers
    usual_s = travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    share = travellers["travels_share"].to_numpy(dtype=np.float64)
    windows = planning_windows(measured)
    volumes = [float(share[(usual_s >= w.start_s) & (usual_s < w.end_s)].sum()) for w in windows]
    return windows[int(np.argmax(volumes))]
