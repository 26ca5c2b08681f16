"""Which rule of the engine moves the mean duration: the same tables with one rule taken away.

Greens that yield are taken as protected, streets that yield as streets with the way, or both. What
SUMO's drivers do lies near the variant whose duration does.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from twin.city.network import Network
from twin.city.signals import SignalPlan
from twin.files.gmns_files import read_gmns
from twin.files.trip_files import read_trips
from twin.records import INTERVAL_S
from twin.sim.simulation import simulate

Town = tuple[Network, tuple[SignalPlan, ...]]


def as_converted(network: Network, signals: tuple[SignalPlan, ...]) -> Town:
    """Nothing taken away."""
    return network, signals


def without_permissive(network: Network, signals: tuple[SignalPlan, ...]) -> Town:
    """Greens that yield have the way."""
    plans = (replace(p, greens=tuple(replace(g, permissive=False) for g in p.greens)) for p in signals)
    return network, tuple(plans)


def without_priority(network: Network, signals: tuple[SignalPlan, ...]) -> Town:
    """No street yields to another."""
    return replace(network, links=tuple(replace(link, priority=2) for link in network.links)), signals


def without_giving_way(network: Network, signals: tuple[SignalPlan, ...]) -> Town:
    """Nobody yields: signals, queues and merges alone."""
    return without_priority(*without_permissive(network, signals))


VARIANTS: dict[str, Callable[[Network, tuple[SignalPlan, ...]], Town]] = {
    "as converted": as_converted,
    "greens that yield taken as protected": without_permissive,
    "streets that yield given the way": without_priority,
    "nobody gives way": without_giving_way,
}


def durations_s(tables: Path) -> dict[str, float]:
    """Mean duration of the finished trips (s) under each variant of a folder of tables."""
    read = read_gmns(tables)
    found = {}
    for name, change in VARIANTS.items():
        network, signals = change(read.network, read.signals)
        trips = read_trips(tables / "TRIPS.csv", network)
        start_s = float(trips.depart_s.min()) // INTERVAL_S * INTERVAL_S
        table = simulate(network, trips, signals=signals, start_s=start_s).trips
        done = table["status"] == "finished"
        found[name] = float((table["arrive_s"] - table["enter_s"])[done].mean())
    return found
