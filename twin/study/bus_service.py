"""The bus service of an arm as tables: its lines with their runs and buses, and their stops with times and distances.

From the timetable alone, so the same for all runs of the arm.
"""

import numpy as np
import pandas as pd

from twin.city.city import City
from twin.city.network import Network
from twin.city.timetables import scheduled_s
from twin.city.transit import BusLine
from twin.clock import DAY_S, TimeWindow
from twin.records import LINE_COLUMNS, LINE_STOP_COLUMNS
from twin.study.bus_forecast import fleet_of
from twin.units import SECONDS_PER_HOUR


def line_table(city: City, network: Network, window: TimeWindow) -> pd.DataFrame:
    """One row a line-direction, with LINE_COLUMNS; a line whose streets are closed has no runs."""
    fleet = fleet_of(city, network)
    rows = []
    for line in city.lines:
        is_open = _is_open(network, line)
        rows.append(
            {
                "line_id": line.id,
                "name": line.name,
                "direction": line.direction,
                "stops": len(line.stops),
                "length_m": _along_m(network, line)[-1],
                "scheduled_s": scheduled_s(network, line)[-1] if is_open else np.nan,
                "runs_a_day": len(line.departures_s(0.0, 2 * DAY_S)) if is_open else 0,
                "runs_measured": len(line.departures_s(window.start_s, window.end_s)) if is_open else 0,
                "buses": fleet.get(line.name, 0),
            }
        )
    return pd.DataFrame(rows, columns=list(LINE_COLUMNS))


def line_stop_table(city: City, network: Network, window: TimeWindow) -> pd.DataFrame:
    """One row a stop of a line-direction, with LINE_STOP_COLUMNS; times of a line on closed streets are null."""
    rows = []
    for line in city.lines:
        is_open = _is_open(network, line)
        due = scheduled_s(network, line) if is_open else (np.nan,) * len(line.stops)
        runs = len(line.departures_s(window.start_s, window.end_s)) if is_open else 0
        buses_ph = runs / window.duration_s * SECONDS_PER_HOUR
        along = _along_m(network, line)
        rows += [
            (line.id, number, stop.name, stop.lon, stop.lat, along[number], due[number], buses_ph)
            for number, stop in enumerate(line.stops)
        ]
    return pd.DataFrame(rows, columns=list(LINE_STOP_COLUMNS))


def _along_m(network: Network, line: BusLine) -> list[float]:
    """Way from the first stop to each (m): the links after the one's up to and with the other's, as timetables count
    it; links that are not there count nothing.
    """
    along, now_m, position = [0.0], 0.0, line.route.index(line.stops[0].link_id)
    for stop in line.stops[1:]:
        while line.route[position] != stop.link_id:
            position += 1
            link = network.link_by_id.get(line.route[position])
            now_m += link.length_m if link is not None else 0.0
        along.append(now_m)
    return along


def _is_open(network: Network, line: BusLine) -> bool:
    return all(link in network.link_index for link in line.route)
