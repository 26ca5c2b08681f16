"""What a day of a city came to, as tables: trips, runs of buses, their stops."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.records import BUS_STOP_COLUMNS
from twin.sim.bus import BusFate, BusRun, BusService
from twin.sim.errands import what_drivers_know
from twin.sim.flow import FlowRecords
from twin.sim.kernel_state import GONE, OUTSIDE
from twin.sim.outcome import in_seconds
from twin.sim.parking_day import Fate
from twin.sim.rules import MICROS
from twin.sim.stage import Day, Habits, Stage
from twin.sim.tables import CLASS_NAMES

Ints = NDArray[np.int64]


def trip_table(
    stage: Stage,
    habits: Habits,
    day: Day,
    flowed: FlowRecords,
    fleet_rows: Ints,
    fates: Mapping[int, Fate],
    until_s: float,
    has_way: NDArray[np.bool_],
    comes_back: NDArray[np.bool_],
) -> pd.DataFrame:
    """One row a trip that was begun or meant to begin, by traveller id, columns as in records.TRIP_COLUMNS."""
    n = len(day.traveller)
    vehicles = flowed.vehicles
    depart_s, sets_out = day.depart_s.copy(), ~comes_back
    number = np.full(n, -1, dtype=np.int64)
    number[fleet_rows] = np.arange(len(fleet_rows))
    story_rows = np.array(list(fates), dtype=np.int64)
    number[story_rows] = [fate.vehicle for fate in fates.values()]
    known = number >= 0
    enter_s, arrive_s, distance_m, free_s = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n), np.zeros(n)
    enter_s[known] = in_seconds(vehicles.enter_us[number[known]])
    arrive_s[known] = in_seconds(vehicles.arrive_us[number[known]])
    distance_m[known] = vehicles.driven_mm[number[known]] / 1000.0
    free_s[known] = vehicles.free_us[number[known]] / MICROS
    status = np.full(n, "travelling", dtype=object)
    doing = np.full(n, GONE)
    doing[known] = vehicles.status[number[known]]
    status[doing == OUTSIDE] = "waiting_outside"
    status[doing == GONE] = "finished"
    stands_at_home = has_way & ~known & (habits.routes.length[day.traveller] == 0)
    arrive_s[stands_at_home] = day.depart_s[stands_at_home]
    wants = habits.wants_site[day.traveller]
    status[(doing == GONE) & wants & (habits.site[day.traveller] < 0)] = "gave_up"
    search_s, search_m = np.zeros(n), np.zeros(n)
    local_m, walk_m, fee_yuan = np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)
    search_from_s, gate_s = np.full(n, np.nan), np.zeros(n)
    how, knows, site_id = (np.full(n, "", dtype=object) for _ in range(3))
    story = np.array(sorted(fates), dtype=np.int64)
    story = story[wants[story] & (habits.site[day.traveller[story]] >= 0)]
    knows[story] = what_drivers_know(day.traveller[story], stage.city.parking)
    found = np.full(n, None, dtype=object)
    found[wants & (status == "finished")] = True
    found[status == "gave_up"] = False
    sites = stage.search.sites
    for row, fate in fates.items():
        if fate.set_out_s is not None:
            depart_s[row], sets_out[row] = fate.set_out_s, True
        ended = fate.parked_at_s if fate.parked_at_s is not None else fate.gave_up_at_s
        arrive_s[row] = np.nan if ended is None else ended
        if ended is None:
            is_outside = fate.vehicle < 0 or doing[row] == OUTSIDE
            status[row] = "waiting_outside" if is_outside else "travelling"
            found[row] = None
        else:
            status[row] = "finished" if fate.parked_at_s is not None else "gave_up"
            found[row] = fate.site >= 0 if wants[row] else None
        if fate.parked_at_s is not None and wants[row]:
            how[row], walk_m[row], fee_yuan[row] = fate.how, fate.walk_m, fate.fee_yuan
            site_id[row] = sites[fate.site].id if fate.site >= 0 else ""
        if fate.search_began_s is not None:
            search_from_s[row] = fate.search_began_s
            search_s[row] = (until_s if ended is None else ended) - fate.search_began_s
        search_m[row], local_m[row], gate_s[row] = fate.search_m, fate.local_m, fate.gate_s
        if fate.has_no_way:
            status[row], found[row] = "unroutable", None
    distance_m += local_m
    status[~has_way] = "unroutable"
    found[~has_way] = None
    arrive_s[(status == "travelling") | (status == "waiting_outside") | (status == "unroutable")] = np.nan
    trips = pd.DataFrame(
        {
            "trip_id": day.traveller,
            "vehicle_class": np.array(CLASS_NAMES)[day.vehicle_class],
            "depart_s": depart_s,
            "enter_s": enter_s,
            "arrive_s": arrive_s,
            "distance_m": distance_m,
            "free_flow_s": free_s,
            "status": status,
            "search_s": search_s,
            "search_m": search_m,
            "found_space": pd.array(found, dtype="boolean"),
            "search_from_s": search_from_s,
            "local_search_m": local_m,
            "site_id": site_id,
            "walk_m": walk_m,
            "fee_yuan": fee_yuan,
            "gate_s": gate_s,
            "parked_how": how,
            "knows": knows,
        }
    ).astype(dict.fromkeys(("status", "vehicle_class", "site_id", "parked_how", "knows"), "str"))
    return trips[sets_out].sort_values("trip_id", kind="stable", ignore_index=True)


def bus_table(runs: Sequence[BusRun], fates: Sequence[BusFate], flowed: FlowRecords) -> pd.DataFrame:
    """One row a run, by line and departure, columns as in records.BUS_COLUMNS."""
    vehicles = np.array([fate.vehicle for fate in fates], dtype=np.int64)
    driven = np.zeros(len(runs))
    began = vehicles >= 0
    driven[began] = flowed.vehicles.driven_mm[vehicles[began]] / 1000.0
    table = pd.DataFrame(
        {
            "run_id": pd.Series([run.run_id for run in runs], dtype="str"),
            "line_id": pd.Series([run.line_id for run in runs], dtype="str"),
            "depart_s": np.array([run.depart_s for run in runs], dtype=np.float64),
            "started_s": _known([fate.started_s for fate in fates]),
            "arrive_s": _known([fate.arrived_s for fate in fates]),
            "due_s": np.array([run.depart_s + run.halts[-1].due_s for run in runs], dtype=np.float64),
            "distance_m": driven,
            **{
                name: np.array([getattr(fate, name) for fate in fates], dtype=kind)
                for name, kind in (
                    ("dwell_s", np.float64),
                    ("held_s", np.float64),
                    ("stops_served", np.int64),
                    ("on", np.int64),
                    ("off", np.int64),
                    ("left_behind", np.int64),
                    ("max_load", np.int64),
                )
            },
            "capacity": np.array([run.capacity for run in runs], dtype=np.int64),
            "seats": np.array([run.seats for run in runs], dtype=np.int64),
        }
    )
    return table.sort_values(["line_id", "depart_s"], kind="stable", ignore_index=True)


def _known(times_s: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if time_s is None else time_s for time_s in times_s], dtype=np.float64)


def visit_table(service: BusService) -> pd.DataFrame:
    """One row a stop of a run that a bus has left, columns as in records.BUS_STOP_COLUMNS."""
    table = pd.DataFrame(service.visits, columns=list(BUS_STOP_COLUMNS))
    kinds = {"run_id": "str", "arrive_s": "float64", "leave_s": "float64"}
    return table.astype({name: kinds.get(name, "int64") for name in BUS_STOP_COLUMNS})
