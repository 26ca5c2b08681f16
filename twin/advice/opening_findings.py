"""What an opening does beside its total: streets that win and lose, traffic in residential streets, schools and
hospitals nearer, bus lines that could use it."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.advice.opening_candidates import Candidate
from twin.advice.opening_equilibria import OpeningEquilibria
from twin.advice.opening_trials import DynamicArm
from twin.city.city import City
from twin.city.ground import Ground, ground_of
from twin.city.network import Network
from twin.city.places import KnownPlace
from twin.results.estimates import FALSE_DISCOVERIES, false_discovery, paired_many
from twin.units import METRES_PER_KM

STREET_COLUMNS = {
    "measure_id": ("id", "the opening; empty: the whole set"),
    "street": ("name", "street, or the class of streets without a name"),
    "change_vehh": ("veh·h", "time spent on it in the window, after less before, on the days of verification"),
    "low_vehh": ("veh·h", "95 % interval of the change, chance between days only"),
    "high_vehh": ("veh·h", "95 % interval of the change"),
    "change_vehicles": ("veh", "vehicles over its busiest link, after less before"),
    "is_clear": (
        "yes/no",
        "outside the noise, all streets held together (false discoveries at 5 %); none where the effect of the opening "
        "is within the swing of settling",
    ),
}

RESIDENTIAL = ("residential", "service")
"""Classes into which through traffic should not be drawn."""

NEARER_MIN = 0.5
"""A school or hospital is nearer where the drive to the nearest one is shorter by so much (minutes, assumed)."""

MAY_USE_WITHIN_M = 150.0
"""A bus line whose way passes both ends within this distance (m) could use an opening."""

LEAST_BUS_SAVING_M = 200.0


def streets_changed(
    measure_id: str, before: DynamicArm, after: DynamicArm, seeds: Sequence[int], network: Network
) -> pd.DataFrame:
    """Change of time spent on each street (STREET_COLUMNS), largest first; streets that only one arm has are left
    out."""
    there = set(before.link_ids)
    shared = [link_id for link_id in after.link_ids if link_id in there]
    names = np.array([_street_name(network, link_id) for link_id in shared])
    streets, owner = np.unique(names, return_inverse=True)
    rows_of = [_rows(arm, seeds) for arm in (before, after)]
    at = [_columns(arm, shared) for arm in (before, after)]
    spent = [arm.link_vehh[rows][:, columns] for arm, rows, columns in zip((before, after), rows_of, at, strict=True)]
    flow = [
        arm.link_vehicles[rows][:, columns] for arm, rows, columns in zip((before, after), rows_of, at, strict=True)
    ]
    by_street = np.zeros((len(seeds), len(streets)))
    for i in range(len(seeds)):
        by_street[i] = np.bincount(owner, weights=spent[1][i] - spent[0][i], minlength=len(streets))
    many = paired_many(by_street)
    busiest = np.zeros(len(streets))
    change = (flow[1] - flow[0]).mean(axis=0)
    mean_flow = flow[0].mean(axis=0)
    for k in range(len(streets)):
        own = np.flatnonzero(owner == k)
        busiest[k] = change[own[np.argmax(mean_flow[own])]]
    is_clear = (
        false_discovery(many.p) <= FALSE_DISCOVERIES if len(seeds) > 1 else np.zeros(len(streets), dtype=np.bool_)
    )
    table = pd.DataFrame(
        {
            "measure_id": measure_id,
            "street": streets,
            "change_vehh": many.mean,
            "low_vehh": many.low,
            "high_vehh": many.high,
            "change_vehicles": busiest,
            "is_clear": is_clear,
        }
    )
    order = np.lexsort((streets, -np.abs(many.mean)))
    return table.iloc[order].reset_index(drop=True)


def streets_in_equilibrium(equilibria: OpeningEquilibria, measure_id: str) -> list[tuple[str, float]]:
    """Streets of today with the vehicle-hours of the window that more or less are spent on them in static equilibrium
    with the opening built alone; what the gap of both equilibria leaves open is left out. The most lost first."""
    network, hours = equilibria.network, equilibria.hours
    spent = [equilibria.equilibrium(built) for built in ((), (measure_id,))]
    before, after = (found.volume[:, -1] * found.time_s * hours / 3600.0 for found in spent)
    by_street: dict[str, float] = {}
    for position in equilibria.of_today.tolist():
        street = _street_name(network, network.links[position].id)
        by_street[street] = by_street.get(street, 0.0) + float(after[position] - before[position])
    clear = [(street, change) for street, change in by_street.items() if abs(change) > equilibria.doubt_vehh]
    return sorted(clear, key=lambda row: (-row[1], row[0]))


def residential_change_vehkm(equilibria: OpeningEquilibria, measure_id: str) -> float | None:
    """Vehicle-kilometres of the window that the opening alone brings to today's residential streets in static
    equilibrium, or takes from them; None where the network has no such street."""
    links = equilibria.network.links
    quiet = [k for k in equilibria.of_today.tolist() if links[k].road_class in RESIDENTIAL]
    if not quiet:
        return None
    length_km = np.array([links[k].length_m for k in quiet]) / METRES_PER_KM
    before, after = (equilibria.equilibrium(built).volume[quiet, -1] for built in ((), (measure_id,)))
    return float(((after - before) * length_km).sum()) * equilibria.hours


def nearer(
    equilibria: OpeningEquilibria, city: City, places: Sequence[KnownPlace], measure_id: str, kind: str
) -> float:
    """Residents whose drive to the nearest place of a kind is shorter by half a minute or more, at the times of the
    static equilibria; NaN where no such place is known."""
    there = [place for place in places if place.kind == kind]
    zones = [zone for zone in city.zones if zone.kind == "zone"]
    if not there or not zones:
        return math.nan
    network, router = equilibria.network, equilibria.router
    ground = ground_of(network)
    starts = _nearest_nodes(ground.node_xy, ground.xy([z.lon for z in zones], [z.lat for z in zones]))
    ends = _nearest_nodes(ground.node_xy, ground.xy([p.lon for p in there], [p.lat for p in there]))
    times_min = []
    for built in ((), (measure_id,)):
        cost_ms = np.maximum(1, np.rint(1000.0 * equilibria.equilibrium(built).time_s)).astype(np.int64).reshape(-1, 1)
        table = router.node_times_ms(starts, cost_ms=cost_ms)[:, ends].astype(np.float64) / 60_000.0
        times_min.append(np.where(table < 0, np.inf, table).min(axis=1))
    saved_min = np.nan_to_num(times_min[0] - times_min[1])
    residents = np.array([zone.residents for zone in zones])
    return float(residents[saved_min >= NEARER_MIN].sum())


def lines_that_could_use(city: City, candidate: Candidate) -> list[tuple[str, float]]:
    """Names of bus lines that pass both ends and drive a longer way between them, with the metres saved; most first."""
    network = city.open_network()
    ground = ground_of(network)
    ends = [shapely.Point(*ground.xy(*place)[0]) for place in candidate.places]
    saved: dict[str, float] = {}
    for line in city.lines:
        route = [network.link_index[i] for i in line.route if i in network.link_index]
        at = [_driven_m(ground, route, end) for end in ends]
        if at[0] is None or at[1] is None:
            continue
        saving = abs(at[1] - at[0]) - candidate.crow_m
        if saving >= LEAST_BUS_SAVING_M:
            saved[line.name] = max(saving, saved.get(line.name, 0.0))
    return sorted(saved.items(), key=lambda item: (-item[1], item[0]))


def _driven_m(ground: Ground, route: Sequence[int], place: shapely.Point) -> float | None:
    """How far along its way (positions of links) a line is where it passes a place; None where it does not."""
    lines = ground.link_lines[list(route)]
    far_m = shapely.distance(lines, place)
    if not len(far_m) or far_m.min() > MAY_USE_WITHIN_M:
        return None
    nearest = int(np.argmin(far_m))
    lengths = [ground.network.links[k].length_m for k in route[: nearest + 1]]
    share = float(shapely.line_locate_point(lines[nearest], place, normalized=True))
    return sum(lengths[:-1]) + share * lengths[-1]


def _street_name(network: Network, link_id: str) -> str:
    link = network.link_by_id[link_id]
    return link.name or f"({link.road_class})"


def _rows(arm: DynamicArm, seeds: Sequence[int]) -> list[int]:
    return [arm.seeds.index(seed) for seed in seeds]


def _columns(arm: DynamicArm, link_ids: Iterable[str]) -> list[int]:
    index = {link_id: i for i, link_id in enumerate(arm.link_ids)}
    return [index[link_id] for link_id in link_ids]


def _nearest_nodes(node_xy: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.int64]:
    apart = ((node_xy[None, :, :] - points[:, None, :]) ** 2).sum(axis=2)
    return np.asarray(apart.argmin(axis=1), dtype=np.int64)
