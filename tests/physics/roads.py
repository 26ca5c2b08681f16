"""Roads, vehicles and measurements of the verification cases, in the engine's own words."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pytest

from twin.city.network import Link, Network, Node
from twin.records import Records
from twin.sim.trip_table import Trip, TripTable

in_both_flows = pytest.mark.parametrize("flow", ["compiled", "simpy"])

T_SPEED_MPS, T_CAPACITY_VPS, T_JAM_VPM = 20.0, 0.8, 0.2
"""First setting: backward wave 5 m/s, critical density 0.04 veh/m."""

U_SPEED_MPS, U_CAPACITY_VPS, U_JAM_VPM = 15.0, 0.5, 1 / 7.5
"""Second setting: backward wave 5 m/s, critical density 1/30 veh/m."""


def road(
    link_id: str,
    ends: str,
    *,
    length_m: float = 1000.0,
    speed_mps: float = T_SPEED_MPS,
    capacity_vps: float = T_CAPACITY_VPS,
    jam_vpm: float = T_JAM_VPM,
    merge_weight: float | None = None,
) -> Link:
    """A one-lane link of the first setting; `ends`: the letters of its two nodes."""
    return Link(
        link_id,
        ends[0],
        ends[1],
        length_m=length_m,
        lanes=1.0,
        free_speed_mps=speed_mps,
        capacity_vph=3600.0 * capacity_vps,
        jam_density_vpkm=1000.0 * jam_vpm,
        merge_weight=merge_weight,
    )


def u_road(link_id: str, ends: str, *, length_m: float = 1500.0, capacity_vps: float = U_CAPACITY_VPS) -> Link:
    """A one-lane link of the second setting."""
    return road(link_id, ends, length_m=length_m, speed_mps=U_SPEED_MPS, capacity_vps=capacity_vps, jam_vpm=U_JAM_VPM)


def network_of(*links: Link) -> Network:
    """A network of links, with the nodes they name."""
    ids = sorted({node for link in links for node in (link.from_node, link.to_node)})
    return Network(tuple(Node(node_id, 121.0 + 0.01 * i, 37.0) for i, node_id in enumerate(ids)), links)


def evenly(rate_vps: float, duration_s: float, *, from_s: float = 0.0) -> list[float]:
    """Departures at equal headways with from_s <= t < from_s + duration_s."""
    return [from_s + i / rate_vps for i in range(round(rate_vps * duration_s))]


def trips_of(network: Network, *streams: tuple[Iterable[float], Sequence[str]]) -> TripTable:
    """Cars of several streams, each with its departures and its route; ids are 0, 1, 2 … in that order."""
    rows = [(depart_s, tuple(route)) for departures, route in streams for depart_s in departures]
    return TripTable.of(network, [Trip(str(i), depart_s, route) for i, (depart_s, route) in enumerate(rows)])


def delays_s(records: Records) -> pd.Series:
    """Time lost by each finished vehicle against free speed (s), waiting outside included, by departure."""
    trips = records.trips[records.trips["status"] == "finished"].sort_values("depart_s", kind="stable")
    return trips["arrive_s"] - trips["depart_s"] - trips["free_flow_s"]


def exits_s(records: Records, link_id: str) -> np.ndarray:
    """When vehicles left a link (s), in order."""
    assert records.passages is not None
    passages = records.passages[records.passages["link_id"] == link_id]
    return np.sort(passages["exit_s"].dropna().to_numpy())


def entries_s(records: Records, link_id: str) -> np.ndarray:
    """When vehicles came onto a link (s), in order."""
    assert records.passages is not None
    return np.sort(records.passages.loc[records.passages["link_id"] == link_id, "entry_s"].to_numpy())


def rate_vps(times_s: np.ndarray, start_s: float, end_s: float) -> float:
    """Events per second with start_s <= t < end_s."""
    return float(((times_s >= start_s) & (times_s < end_s)).sum()) / (end_s - start_s)


def longest_line(arrivals_s: np.ndarray, exits_s: np.ndarray) -> float:
    """Most vehicles that have come to the end of a road by free speed and have not left it (vertical queue)."""
    times = np.concatenate([arrivals_s, exits_s])
    change = np.concatenate([np.ones(len(arrivals_s)), -np.ones(len(exits_s))])
    order = np.lexsort((change, times))  # who leaves at the moment of arriving did not queue
    return float(np.cumsum(change[order]).max())
