"""Runs small enough to check in the head: two streets of 1 km at 10 m/s, measured 07:00–09:00."""

from typing import Any

import pandas as pd

from twin.clock import TimeWindow
from twin.records import CRUISING_COLUMNS, SITE_COLUMNS, STATUSES, STUDY_TRIP_COLUMNS, TRIP_COLUMNS, Records
from twin.results.run import STREET_COLUMNS, Arm, LightTraffic, Run

SEVEN = 25_200.0
NINE = 32_400.0
WINDOW = TimeWindow(SEVEN, NINE)
END_S = 36_000.0

STREETS = pd.DataFrame(
    {
        "link_id": ["1", "2"],
        "name": ["南大街", "青年路"],
        "road_class": ["primary", "tertiary"],
        "lanes": [2.0, 1.0],
        "length_m": [1000.0, 1000.0],
        "free_speed_mps": [10.0, 10.0],
        "capacity_vph": [1000.0, 1000.0],
        "signal_node": ["N1", ""],
        "geometry": ["[[121.38,37.53],[121.39,37.53]]", "[[121.39,37.53],[121.4,37.53]]"],
        "assumed": ["lanes", ""],
    }
)


def trip(trip_id: int, time_s: float | None, **changed: Any) -> dict[str, Any]:
    """A car that departs at 07:00 for both streets and wants no public space, unless changed; `time_s` None: no end."""
    usual = {
        "trip_id": trip_id,
        "vehicle_class": "car",
        "depart_s": SEVEN,
        "enter_s": SEVEN,
        "arrive_s": None if time_s is None else SEVEN + time_s,
        "distance_m": 2000.0,
        "free_flow_s": 200.0,
        "status": "travelling" if time_s is None else "finished",
        "search_s": 0.0,
        "search_m": 0.0,
        "found_space": None,
        "free_travel_s": 250.0,
        "near": False,
        "origin_district": "芝罘区",
        "destination_district": "莱山区",
        "persons": 2.0,
        "search_from_s": None,
        "local_search_m": 0.0,
        "site_id": "",
        "walk_m": None,
        "fee_yuan": None,
        "gate_s": 0.0,
        "parked_how": "",
        "knows": "",
        "destination_zone": "Z2",
    }
    return usual | changed


def trips_of(*trips: dict[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame(trips, columns=[*TRIP_COLUMNS, *STUDY_TRIP_COLUMNS])
    return table.astype({"arrive_s": "float64", "found_space": "boolean"})


def links_of(*rows: tuple[str, float, int, float | None]) -> pd.DataFrame:
    """Interval statistics from (link id, interval start, vehicles that left, mean time s)."""
    table = pd.DataFrame(rows, columns=["link_id", "interval_start_s", "left", "mean_travel_time_s"])
    table["mean_travel_time_s"] = table["mean_travel_time_s"].astype("float64")
    return table.assign(entered=table["left"], mean_density_vpkm=1.0, max_queue_m=0.0)


def parked(trip_id: int, time_s: float, **changed: Any) -> dict[str, Any]:
    """A car that parked 50 m from its destination for 2 yuan, unless changed."""
    space = {"found_space": True, "parked_how": "site", "site_id": "P1", "walk_m": 50.0, "fee_yuan": 2.0}
    return trip(trip_id, time_s, **space | changed)


def sites_of_run(*rows: tuple[str, float, int, int, int], **columns: Any) -> pd.DataFrame:
    """Records of sites from (site, interval start, occupied, arrived, turned away); nothing else happened there."""
    table = pd.DataFrame(rows, columns=list(SITE_COLUMNS)[:5])
    return table.assign(**(dict.fromkeys(list(SITE_COLUMNS)[5:], 0) | columns))


def cruising_of(*rows: tuple[str, float, int]) -> pd.DataFrame:
    """Cars in search from (link, interval start, passages in search)."""
    return pd.DataFrame(rows, columns=list(CRUISING_COLUMNS)[:3]).assign(illegal=0)


def books_of(trips: pd.DataFrame) -> dict[str, int]:
    counts = {status: int((trips["status"] == status).sum()) for status in STATUSES}
    return {"created": len(trips), **counts}


PLACES = ("zones", "crossings", "new_roads", "lines", "line_stops")


def run_of(
    trips: pd.DataFrame | None = None,
    links: pd.DataFrame | None = None,
    *,
    arm: Arm = "before",
    seed: int = 1,
    scenario: str | None = None,
    light_s: dict[str, float] | None = None,
    streets: pd.DataFrame = STREETS,
    **tables: Any,
) -> Run:
    """A run of these tables, some of the run and the rest of its records.

    Without trips one car that takes 300 s, without links one vehicle on each at 150 s.
    """
    trips = trips_of(trip(1, 300.0)) if trips is None else trips
    links = links_of(("1", SEVEN, 1, 150.0), ("2", SEVEN, 1, 150.0)) if links is None else links
    places = {name: tables.pop(name) for name in PLACES if name in tables}
    return Run(
        scenario=scenario or {"before": "baseline", "after": "yantai-2024"}[arm],
        arm=arm,
        seed=seed,
        records=Records(trips=trips, links=links, books=books_of(trips), end_s=END_S, **tables),
        measured=WINDOW,
        links=streets[list(STREET_COLUMNS)],
        free_times=LightTraffic(light_s or {}),
        **places,
    )


def bus_morning() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Buses, their stops and riders: three runs due every 600 s, 9 km in half an hour; the second leaves its second
    stop 300 s late. 40 aboard each for 1,000 s, 30 seats. Riders: one direct, one who changes, one who gives up, one
    early.
    """
    runs = ["a", "b", "c"]
    depart_s = [SEVEN, SEVEN + 600.0, SEVEN + 1200.0]
    buses = pd.DataFrame(
        {
            "run_id": runs, "line_id": "1路/上行", "depart_s": depart_s, "due_s": [t + 1700.0 for t in depart_s],
            "arrive_s": [t + late + 1800.0 for t, late in zip(depart_s, (0.0, 300.0, 0.0), strict=True)],
            "distance_m": 9000.0, "seats": 30, "capacity": 70,
        }
    )  # fmt: skip
    rows = [
        (run, stop, t + 1060.0 * stop + late * stop, t + 60.0 + 1060.0 * stop + late * stop, 40 - 40 * stop)
        for run, t, late in zip(runs, depart_s, (0.0, 300.0, 0.0), strict=True)
        for stop in (0, 1)
    ]
    visits = pd.DataFrame(rows, columns=["run_id", "stop", "arrive_s", "leave_s", "load"])
    riders = pd.DataFrame(
        {
            "rider_id": [1, 2, 3, 4],
            "depart_s": [SEVEN, SEVEN, SEVEN, SEVEN - 1.0],
            "status": ["arrived", "arrived", "gave_up", "arrived"],
            "walk_s": [300.0, 300.0, 300.0, 0.0],
            "wait_s": [300.0, 600.0, 3600.0, 0.0],
            "ride_s": [1200.0, 1800.0, 0.0, 0.0],
            "boardings": [1, 2, 0, 1],
            "refused": [0, 1, 3, 0],
        }
    )
    return buses, visits, riders
