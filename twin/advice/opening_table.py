"""The tables of an opening study: one row an opening that was weighed, one row a gap that was looked at."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.advice.offered_streets import BRIDGED, opening_of
from twin.advice.opening_candidates import Candidate, CandidateEnd
from twin.advice.opening_equilibria import OpeningEquilibria
from twin.advice.opening_findings import (
    lines_that_could_use,
    nearer,
    residential_change_vehkm,
    streets_in_equilibrium,
)
from twin.city.city import City
from twin.city.network import Network
from twin.city.places import KnownPlace
from twin.results.estimates import Estimate
from twin.results.numbers import written
from twin.scenario.street_costs import assumed_cost
from twin.scenario.street_openings import OpenLink
from twin.units import METRES_PER_KM

Verdict = Literal["better", "worse", "not told apart", "static only"]

MOST_STREETS = 3
"""So many streets are told that gain, and so many that lose."""

OPENING_COLUMNS = {
    "measure_id": ("id", "the measure in the scenario; empty: not tried in the dynamic model"),
    "name": ("name", "候选A …; empty: not tried"),
    "is_chosen": ("yes/no", "member of the best set"),
    "from_street": ("name", "streets at the stub"),
    "to_street": ("name", "streets at the other end"),
    "stub": ("word", "dead end or T-stem"),
    "from_lon": ("degrees", "the stub"),
    "from_lat": ("degrees", "the stub"),
    "to_lon": ("degrees", "the other end"),
    "to_lat": ("degrees", "the other end"),
    "length_m": ("m", "straight line"),
    "round_m": ("m", "way round through the streets, at most 8 km"),
    "road_class": ("word", "class it would have"),
    "lanes": ("count", "each way"),
    "crosses": ("words", "what lies on the line as far as the map has it"),
    "cost_yuan": ("yuan", "assumed, from the table of unit costs (scenario.street_costs)"),
    "fixed_vehh": ("veh·h", "saved if nobody's times change (exact, from skims)"),
    "static_vehh": ("veh·h", "saved in static equilibrium, alone"),
    "in_set_vehh": ("veh·h", "saved in static equilibrium by adding it last to the set"),
    "selection_vehh": ("veh·h", "saved alone in the dynamic model, mean of the days of selection"),
    "verified_vehh": ("veh·h", "saved alone in the dynamic model, mean of the days of verification"),
    "verified_low_vehh": ("veh·h", "95 % interval, chance between days only"),
    "verified_high_vehh": ("veh·h", "95 % interval, chance between days only"),
    "swing_vehh": ("veh·h", "by how much the effect moved from round to round of settling (standard deviation)"),
    "verdict": ("word", "better, worse, not told apart; static only: not tried in the dynamic model"),
    "braess": ("yes/no", "the total worsens: in the dynamic model beyond the noise, or in static equilibrium"),
    "static_vehh_per_km": ("veh·h/km", "static_vehh over length"),
    "static_vehh_per_10m_yuan": ("veh·h/10⁷ yuan", "static_vehh over cost"),
    "residential_vehkm": ("veh·km", "change on residential streets in static equilibrium, alone; null: there are none"),
    "school_residents": ("people", "residents whose nearest known school is half a minute nearer or more"),
    "hospital_residents": ("people", "residents whose nearest known hospital is half a minute nearer or more"),
    "gaining_streets": ("text", "at most three with less time spent on them in static equilibrium, alone (veh·h)"),
    "losing_streets": ("text", "at most three with more time spent on them in static equilibrium, alone (veh·h)"),
    "bus_lines": ("text", "lines that pass both ends on a longer way, with the metres saved"),
    "one_sided_ends": ("count", "ends that join one carriageway of a dual one only: right in, right out"),
    "refused": ("text", "why it could not be built"),
}  # fmt: skip

CANDIDATE_COLUMNS = {
    "key": ("id", "the gap"),
    "stub": ("word", "dead end or T-stem"),
    "from_lon": ("degrees", "the stub"),
    "from_lat": ("degrees", "the stub"),
    "to_lon": ("degrees", "the other end"),
    "to_lat": ("degrees", "the other end"),
    "length_m": ("m", "straight line"),
    "round_m": ("m", "way round"),
    "straightness": ("share", "1 straight on from both ends, 0 at 60°"),
    "goes_on": ("yes/no", "the street goes on under its name beyond"),
    "crosses": ("words", "what lies on the line"),
    "fixed_vehh": ("veh·h", "saved at fixed times"),
    "static_vehh": ("veh·h", "saved in static equilibrium; null: not in the shortlist"),
}


@dataclass(frozen=True, eq=False)
class Weighed:
    """One candidate of the shortlist with all that was found; None or NaN: not tried so far."""

    key: str
    opening: OpenLink | None
    candidate: Candidate
    fixed_vehh: float
    static_vehh: float
    in_set_vehh: float
    is_chosen: bool
    refused: str
    selection: Estimate | None
    verification: Estimate | None
    swing_vehh: float

    def verdict(self) -> Verdict:
        """What the days of verification say of it."""
        return "static only" if self.verification is None else verdict_of(self.verification, self.swing_vehh)


def verdict_of(effect: Estimate, swing_vehh: float) -> Verdict:
    """Better or worse where chance between days and the swing of settling both allow to say so."""
    if abs(effect.mean) <= swing_vehh or not effect.excludes_zero:
        return "not told apart"
    return "better" if effect.mean < 0.0 else "worse"


def opening_table(
    rows: Sequence[Weighed],
    base: City,
    equilibria: OpeningEquilibria,
    places: Sequence[KnownPlace],
) -> pd.DataFrame:
    """Rows with OPENING_COLUMNS: the set first, then others by static gain."""
    network = base.open_network()
    listed = [_row(row, base, network, equilibria, places) for row in rows]
    table = pd.DataFrame(listed, columns=list(OPENING_COLUMNS))
    by_name = [(len(name), name) if name else (9, "") for name in table["name"]]
    order = sorted(
        range(len(table)),
        key=lambda i: (not table["is_chosen"].iloc[i], by_name[i], -_known(table["static_vehh"].iloc[i])),
    )
    return table.iloc[order].reset_index(drop=True)


def _row(
    row: Weighed,
    base: City,
    network: Network,
    equilibria: OpeningEquilibria,
    places: Sequence[KnownPlace],
) -> dict[str, Any]:
    c, tried = row.candidate, row.verification
    cost = assumed_cost(
        c.road_class, c.lanes, c.crow_m, is_structure=any(kind in BRIDGED for kind in c.crosses)
    ).yuan  # fmt: skip
    near = {
        kind: math.nan if row.refused else nearer(equilibria, base, places, row.key, kind)
        for kind in ("school", "hospital")
    }
    changes = [] if row.refused else streets_in_equilibrium(equilibria, row.key)
    quiet_vehkm = None if row.refused else residential_change_vehkm(equilibria, row.key)
    return {
        "measure_id": row.opening.id if row.opening else "",
        "name": row.opening.name if row.opening else "",
        "is_chosen": row.is_chosen,
        "from_street": _streets_at(network, c.ends[0]),
        "to_street": _streets_at(network, c.ends[1]),
        "stub": c.stub.kind,
        "from_lon": c.ends[0].lon,
        "from_lat": c.ends[0].lat,
        "to_lon": c.ends[1].lon,
        "to_lat": c.ends[1].lat,
        "length_m": c.crow_m,
        "round_m": c.round_m,
        "road_class": c.road_class,
        "lanes": c.lanes,
        "crosses": " ".join(c.crosses),
        "cost_yuan": cost,
        "fixed_vehh": row.fixed_vehh,
        "static_vehh": row.static_vehh,
        "in_set_vehh": row.in_set_vehh,
        "selection_vehh": -row.selection.mean if row.selection else math.nan,
        "verified_vehh": -tried.mean if tried else math.nan,
        "verified_low_vehh": -tried.high if tried else math.nan,
        "verified_high_vehh": -tried.low if tried else math.nan,
        "swing_vehh": row.swing_vehh,
        "verdict": row.verdict(),
        "braess": row.verdict() == "worse" or _known(row.static_vehh) < -equilibria.doubt_vehh,
        "static_vehh_per_km": row.static_vehh / (c.crow_m / METRES_PER_KM),
        "static_vehh_per_10m_yuan": row.static_vehh / (cost / 1e7),
        "residential_vehkm": math.nan if quiet_vehkm is None else quiet_vehkm,
        "school_residents": near["school"],
        "hospital_residents": near["hospital"],
        "gaining_streets": _listed([change for change in changes[::-1] if change[1] < 0.0]),
        "losing_streets": _listed([change for change in changes if change[1] > 0.0]),
        "bus_lines": "、".join(f"{name}(−{saved:.0f} m)" for name, saved in lines_that_could_use(base, c)[:5]),
        "one_sided_ends": 0 if row.refused else opening_of(c, row.key, row.key).one_sided_ends(base),
        "refused": row.refused,
    }


def candidate_table(
    candidates: Sequence[Candidate],
    fixed_vehh: NDArray[np.float64],
    ids: Mapping[str, str],
    alone: Mapping[str, float],
) -> pd.DataFrame:
    """All gaps that were looked at (CANDIDATE_COLUMNS), by what they save at fixed times."""
    rows = [
        (c.key, c.stub.kind, *c.places[0], *c.places[1], c.crow_m, c.round_m, c.straightness, c.goes_on,
         " ".join(c.crosses), float(gain), alone.get(ids.get(c.key, ""), math.nan))
        for c, gain in zip(candidates, fixed_vehh, strict=True)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(CANDIDATE_COLUMNS))
    return table.sort_values(["fixed_vehh", "key"], ascending=[False, True]).reset_index(drop=True)


def _listed(changes: Sequence[tuple[str, float]]) -> str:
    """The first streets with the vehicle-hours they change by."""
    return "、".join(f"{street} {written(change, 1, signed=True)}" for street, change in changes[:MOST_STREETS])


def _streets_at(network: Network, end: CandidateEnd) -> str:
    """Names of the streets at an end; of a street without a name its class."""
    if end.node_id is not None:
        links = (*network.links_out[end.node_id], *network.links_in[end.node_id])
    else:
        links = tuple(network.link_by_id[link_id] for link_id, _ in end.links)
    names = dict.fromkeys(link.name for link in links if link.name)
    return "×".join(list(names)[:2]) or f"({links[0].road_class})"


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value
