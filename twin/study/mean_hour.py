"""A city's mean hour as flows: trips between nodes, and how the time over each link rises with volume."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.network import Network
from twin.city.transit import BusLine
from twin.city.vehicles import VEHICLE_CLASSES
from twin.clock import TimeWindow
from twin.routing.loading import Pairs
from twin.sim.stage import Habits
from twin.study.habits import demand_of
from twin.study.static_equilibrium import DelayFunctions

_BPR_ALPHA, _BPR_BETA = 0.6, 3.5  # arterials with junctions (0.5–0.6, 3–4)
_SIGNAL_WAIT_S = 15.0  # mean wait there in light traffic, before plans exist


@dataclass(frozen=True, slots=True)
class HeldShares:
    """Share of its lanes' flow that an approach lets through, at a signal or where it yields, before plans exist."""

    at_signal: float
    yielding: float


TO_RANK = HeldShares(0.5, 1.0)
"""To rank measures, to any gap."""

FOR_FIRST_ROUTES = HeldShares(0.4, 0.3)
"""For routes that the engine begins with, which knows of phases, and of gaps that leave some 500 of 1,700 veh/h (HCM).
The first loading of embedded Yantai takes 36 thousand vehicle-hours with them, 41 with the others."""


def mean_hour(city: City, habits: Habits, measured: TimeWindow) -> Pairs:
    """Trips an hour between nodes, of those that usually depart in the window: PCU, then vehicles."""
    travellers = demand_of(city).travellers
    usual = travellers["usual_depart_s"].to_numpy(dtype=np.float64)
    counts = (usual >= measured.start_s) & (usual < measured.end_s)
    hours = measured.duration_s / 3600.0
    vehicles = np.where(counts, travellers["travels_share"].to_numpy(dtype=np.float64), 0.0) / hours
    flow = np.stack([vehicles * pcu_of(travellers), vehicles], axis=1)
    return Pairs.of(habits.origin, habits.destination, flow)


def pcu_of(travellers: pd.DataFrame) -> NDArray[np.float64]:
    """PCU of what each traveller drives: a lorry or a car."""
    return np.where(travellers["mode"].eq("truck"), VEHICLE_CLASSES["truck"].pcu, VEHICLE_CLASSES["car"].pcu)


def bus_flow(network: Network, lines: Sequence[BusLine], hours: TimeWindow) -> NDArray[np.float64]:
    """PCU of buses an hour on each link, where they have no lane of their own; a line with a street closed: none."""
    flow = np.zeros(len(network.links))
    for line in lines:
        if all(link in network.link_index for link in line.route):
            pcu = VEHICLE_CLASSES["bus"].pcu * len(line.departures_s(hours.start_s, hours.end_s))
            flow[[network.link_index[link] for link in line.route]] += pcu / (hours.duration_s / 3600.0)
    shared = np.array([link.lanes_for_all == link.lanes for link in network.links])
    return np.where(shared, flow, 0.0)


def street_delays(
    network: Network, shares: HeldShares = TO_RANK, *, beside: NDArray[np.float64] | None = None
) -> DelayFunctions:
    """Volume–delay functions of streets before signals have plans (s, PCU/h); `beside`: flow that is there anyhow."""
    links = network.links
    signal = np.array([network.node_by_id[link.to_node].control == "signal" for link in links])
    yields = np.array([link.priority == 1 for link in links]) & ~signal
    held = np.where(signal, shares.at_signal, np.where(yields, shares.yielding, 1.0))
    free_s = np.array([link.free_time_s for link in links]) + np.where(signal, _SIGNAL_WAIT_S, 0.0)
    capacity = np.array([link.capacity_vph * link.lanes_for_all for link in links]) * held
    return DelayFunctions.bpr(free_s, capacity, alpha=_BPR_ALPHA, beta=_BPR_BETA, beside=beside)
