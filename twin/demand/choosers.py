"""Who could go otherwise: everybody of the four purposes who goes by car, bus, e-bike or on foot, one row each.

Cars and riders of buses are simulated at scales of their own (`level.scale`, `level.bus_scale`), e-bikes and walkers
not at all. So a chooser stands for so many people, and says which rows of drivers and which of riders are his, should
he drive or ride: as many as those people are at the scale of that mode, a fraction by keyed chance. In the base those
rows of who goes otherwise make no trips.
Leaves out lorries, through traffic and taxis, whole tours (each trip chooses by itself), and who owns a car.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.chance import uniform
from twin.city.network import Network
from twin.city.trips import CHOOSER_COLUMNS, TRAVELLER_COLUMNS, Demand
from twin.clock import TimeWindow
from twin.demand.inputs import CHOICE_MODES, DemandInputs
from twin.demand.sampling import FIRST_RIDER_ID, MORNING, Drawn, as_demand, draw_habits, habits_of, stays_of
from twin.demand.streams import Stream

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FIRST_OTHER_ID = 1 << 33
"""E-bikes and walkers are numbered from here."""


def draw_with_choosers(
    network: Network, inputs: DemandInputs, *, seed: int, window: TimeWindow = MORNING, choosing: TimeWindow
) -> Demand:
    """The demand that `draw_demand` draws, with choosers: those who usually depart in `choosing`.

    Its first travellers and riders are those of `draw_demand`, to the digit.
    """
    drawn = draw_habits(network, inputs, seed=seed, window=window)
    demand = as_demand(drawn, inputs, window)
    others = habits_of(
        drawn.tables.other_streams, drawn.points, inputs, window=window, seed=seed, first_id=FIRST_OTHER_ID
    )
    parts = [
        _choosers(stream, part, drawn, inputs, choosing, seed)
        for stream, part in (*drawn.drivers, *drawn.riders, *others)
        if stream.chooses is not None
    ]
    choosers = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(_ALL_COLUMNS))
    return _with_rows_of_others(demand, choosers)


_ALL_COLUMNS = (*CHOOSER_COLUMNS, "origin_zone", "destination_zone", "persons")


def _choosers(
    stream: Stream, part: pd.DataFrame, drawn: Drawn, inputs: DemandInputs, choosing: TimeWindow, seed: int
) -> pd.DataFrame:
    """The choosers of one stream; `first_traveller` and `first_rider` −1 where they are still to be numbered."""
    choice = stream.chooses
    assert choice is not None
    usual_s = part["usual_depart_s"].to_numpy(dtype=np.float64)
    rows = part[(usual_s >= choosing.start_s) & (usual_s < choosing.end_s)]
    ids = rows["traveller_id"].to_numpy(dtype=np.int64)
    points = drawn.points
    zone_of_point = np.repeat(np.arange(len(points.zones)), points.counts)
    origin, destination = (
        zone_of_point[rows[end].to_numpy(dtype=np.int64)] for end in ("origin_point", "destination_point")
    )
    stay_s, parks = (rows[name].to_numpy() for name in ("stay_s", "parks"))
    if stream.mode == "bus":
        is_zone = np.array([zone.kind == "zone" for zone in points.zones], dtype=np.bool_)[destination]
        found = stays_of(inputs.parking.ends[choice.end], is_zone, ids, seed)
        stay_s, parks = found.stay_s, found.parks
    shares = choice.shares[:, origin, destination]
    by_mode = dict(zip(CHOICE_MODES, shares, strict=True))
    vehicles = np.floor(choice.people / choice.per_vehicle + uniform(seed, "cars of a chooser", ids))
    riders = np.floor(choice.people / choice.per_rider + uniform(seed, "riders of a chooser", ids))
    vehicles = np.where(by_mode["car"] > 0.0, vehicles, 0.0)  # a mode without a share in the base gains none
    riders = np.where(by_mode["bus"] > 0.0, riders, 0.0)
    columns = {
        "chooser_id": ids,
        "mode": np.full(len(ids), stream.mode, dtype=object),
        "people": np.full(len(ids), choice.people),
        "vehicles": np.ones(len(ids), dtype=np.int64) if stream.mode == "car" else vehicles.astype(np.int64),
        "first_traveller": ids if stream.mode == "car" else np.full(len(ids), -1, dtype=np.int64),
        "riders": np.ones(len(ids), dtype=np.int64) if stream.mode == "bus" else riders.astype(np.int64),
        "first_rider": ids - FIRST_RIDER_ID if stream.mode == "bus" else np.full(len(ids), -1, dtype=np.int64),
        "persons": np.full(len(ids), choice.per_vehicle * inputs.demand.level.scale),
        "stay_s": stay_s,
        "parks": parks,
        **{f"share_{mode}": share for mode, share in by_mode.items()},
    }
    same = ("purpose", "origin_point", "destination_point", "usual_depart_s", "travels_share")
    table = pd.DataFrame({**{name: rows[name] for name in (*same, "origin_zone", "destination_zone")}, **columns})
    return table[list(_ALL_COLUMNS)].astype({"mode": "str", "parks": "str"})


def _with_rows_of_others(demand: Demand, choosers: pd.DataFrame) -> Demand:
    """The demand with its choosers, and with rows of drivers and riders for those who are none in the base."""
    assert demand.riders is not None
    mode = choosers["mode"].to_numpy(dtype=object)
    drivers = _numbered(choosers, mode == "car", "vehicles", "first_traveller", len(demand.travellers))
    riders = _numbered(choosers, mode == "bus", "riders", "first_rider", len(demand.riders))
    choosers = choosers.assign(first_traveller=drivers.first, first_rider=riders.first)
    ids = {"travellers": len(demand.travellers), "riders": FIRST_RIDER_ID + len(demand.riders)}
    as_driver = _rows(choosers, drivers.rows, ids["travellers"], mode="car")
    as_rider = _rows(choosers, riders.rows, ids["riders"], mode="bus").assign(
        stay_s=0.0, parks=pd.Series("none", index=range(len(riders.rows)), dtype="str"), persons=1.0
    )
    return replace(
        demand,
        travellers=pd.concat([demand.travellers, as_driver], ignore_index=True),
        riders=pd.concat([demand.riders, as_rider], ignore_index=True),
        choosers=choosers[list(CHOOSER_COLUMNS)],
    )


class _Numbered:
    """Rows that choosers have more, `rows`: whose each is; `first`: of each chooser, its own in the base included."""

    def __init__(self, rows: Ints, first: Ints) -> None:
        self.rows = rows
        self.first = first


def _numbered(choosers: pd.DataFrame, has_own: NDArray[np.bool_], count: str, first: str, n_before: int) -> _Numbered:
    more = np.where(has_own, 0, choosers[count].to_numpy(dtype=np.int64))
    begins = n_before + np.cumsum(more) - more
    own = choosers[first].to_numpy(dtype=np.int64)
    return _Numbered(np.repeat(np.arange(len(more)), more), np.where(has_own, own, begins).astype(np.int64))


def _rows(choosers: pd.DataFrame, rows: Ints, first_id: int, *, mode: str) -> pd.DataFrame:
    """Rows of TRAVELLER_COLUMNS of choosers who might go by that mode; they make no trips."""
    chosen = choosers.iloc[rows].reset_index(drop=True)
    table = chosen.assign(
        traveller_id=first_id + np.arange(len(rows), dtype=np.int64),
        mode=pd.Series(mode, index=range(len(rows)), dtype="str"),
        travels_share=0.0,
    )
    return table[list(TRAVELLER_COLUMNS)]
