"""What happened in a run: the column tables that the engine writes and the metrics read.

Times are seconds from 00:00 of the scenario's date. Null: it did not happen within the run.
"""

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

INTERVAL_S = 900.0
"""Length of one interval of link statistics (s)."""

FORMAT = "twin-records/1"

Status = Literal["finished", "travelling", "waiting_outside", "parked", "gave_up", "unroutable"]
STATUSES: tuple[Status, ...] = (
    "finished",
    "travelling",
    "waiting_outside",
    "parked",
    "gave_up",
    "unroutable",
)

TRIP_COLUMNS = {
    "trip_id": ("id", "text in raw runs, traveller id in studies"),
    "vehicle_class": ("class", "car, bus, truck, ebike"),
    "depart_s": ("s", "when the vehicle wanted to start"),
    "enter_s": ("s", "when it came onto its first link"),
    "arrive_s": ("s", "when it reached the end of its route, or its parking space"),
    "distance_m": ("m", "driven so far, search for parking included"),
    "free_flow_s": ("s", "the same links at free speed, without junction delay"),
    "status": ("word", "one of STATUSES"),
}

STUDY_TRIP_COLUMNS = {
    "search_s": ("s", "from where the search began to parking or giving up; 0 if not searched"),
    "search_m": ("m", "driven while searching, local streets included"),
    "found_space": (
        "true/false/null",
        "false: wanted a public space and got none; null: wanted none, or still under way",
    ),
    "search_from_s": ("s", "when the search began; null: did not search"),
    "local_search_m": ("m", "of search_m, on local streets that the network does not have"),
    "site_id": ("id", "where it parked; empty: at no public site"),
    "walk_m": ("m", "from the space to the destination, one way, as the crow flies; null: not parked"),
    "fee_yuan": ("yuan", "for the whole stay; null: not parked"),
    "gate_s": ("s", "waited and served at the gate of the site"),
    "parked_how": ("word", "one of PARKED_HOW; empty: wanted no public space, or not parked"),
    "knows": ("word", "one of KNOWLEDGE; empty: wanted no public space"),
    "free_travel_s": ("s", "the route's time in light traffic with signals, frozen from the base"),
    "near": ("true/false", "origin or destination within 2 km of a measure"),
    "origin_district": ("name", "district in which the trip starts; empty: it comes in through a gate"),
    "destination_district": ("name", "district in which it ends; empty: it leaves through a gate"),
    "destination_zone": ("id", "zone in which it ends"),
    "persons": ("count", "people in the vehicle, the driver included"),
}

PARKED_HOW = ("site", "booked", "illegal")
"""How somebody who wanted a public space left the car: in a space found, in one booked, where it is forbidden."""

KNOWLEDGE = ("nothing", "experience", "guidance")
"""What a driver knows of how full sites are."""

LINK_COLUMNS = {
    "link_id": ("id", "the link"),
    "interval_start_s": ("s", "start of the interval of 900 s"),
    "entered": ("PCU-free count", "vehicles that came onto the link"),
    "left": ("count", "vehicles that left it"),
    "mean_travel_time_s": ("s", "mean time on the link of those that left; null if none"),
    "mean_density_vpkm": ("veh/km", "time mean of vehicles on the link, all lanes, over its length"),
    "max_queue_m": ("m", "farthest standing vehicle from the link's downstream end"),
}

PASSAGE_COLUMNS = {
    "trip_id": ("id", "the vehicle"),
    "link_id": ("id", "the link"),
    "entry_s": ("s", "came onto the link"),
    "exit_s": ("s", "left it; null while on it"),
}

REACH_MIN = (30, 45, 60)
"""Times within which something counts as reached (min)."""
REACHED = ("jobs", "schools", "hospitals")
"""What residents want to reach."""
WALKED_M = (300, 500)
"""Walks to a stop within which people count as served (m)."""

ZONE_COLUMNS = {
    "zone_id": ("id", "the zone"),
    "district": ("name", "its district"),
    "residents": ("count", "people who live there"),
    "jobs": ("count", "people who work there"),
    "lon": ("degrees", "WGS-84, its centre"),
    "lat": ("degrees", "WGS-84"),
    **{
        f"covered_{metres}m": ("0–1", f"share of its ground within a walk of {metres} m of a stop")
        for metres in WALKED_M
    },
    **{
        f"{what}_{minutes}min": ("count", f"{what} within {minutes} minutes by car, from the middle of the window on")
        for what in REACHED
        for minutes in REACH_MIN
    },
    **{
        f"{what}_bus_{minutes}min": ("count", f"{what} within {minutes} minutes by bus and on foot, by the timetable")
        for what in REACHED
        for minutes in REACH_MIN
    },
}
"""Null: cannot be known, for want of lines or of known places."""

NEW_ROAD_COLUMNS = {
    "road": ("id", "the measure that opens it"),
    "trip_id": ("id", "a trip whose usual route uses it"),
}

SITE_COLUMNS = {
    "site_id": ("id", "the parking site"),
    "interval_start_s": ("s", "start of the interval of 900 s"),
    "occupied": ("spaces", "occupied at the interval's end"),
    "arrived": ("count", "cars that parked"),
    "turned_away": ("count", "cars that found it full"),
    "left": ("count", "cars that drove off"),
    "revenue_yuan": ("yuan", "fees of the whole stays of cars that parked"),
    "gate_wait_s": ("s", "waited and served at the gate by cars that parked, together"),
}

STUDY_SITE_COLUMNS = {
    "spaces": ("spaces", "in the site"),
    "district": ("name", "district of its zone; empty: in none"),
}

CRUISING_COLUMNS = {
    "link_id": ("id", "the link"),
    "interval_start_s": ("s", "start of the interval of 900 s"),
    "searching": ("count", "passages of cars in search of a space"),
    "illegal": ("count", "cars that stopped at its end where it is forbidden"),
}
"""One row for each link and interval in which there was any."""

BUS_COLUMNS = {
    "run_id": ("id", "line, direction and number of departure"),
    "line_id": ("id", "the line-direction"),
    "depart_s": ("s", "scheduled departure"),
    "started_s": ("s", "left for the first stop: later than scheduled where the bus came late; null if not"),
    "arrive_s": ("s", "reached the last stop and let all off; null if not"),
    "due_s": ("s", "scheduled at the last stop"),
    "distance_m": ("m", "driven"),
    "dwell_s": ("s", "spent at stops with open doors"),
    "held_s": ("s", "held for the timetable or the headway"),
    "stops_served": ("count", "stops halted at"),
    "on": ("riders", "boarded"),
    "off": ("riders", "got off"),
    "left_behind": ("riders", "wanted this bus, found it full and stayed; one who waits for three counts thrice"),
    "max_load": ("riders", "most aboard between two stops"),
    "capacity": ("riders", "room, standing included"),
    "seats": ("riders", "seats"),
}

BUS_STOP_COLUMNS = {
    "run_id": ("id", "the run"),
    "stop": ("number", "stop of the line, from 0"),
    "arrive_s": ("s", "came to the stop"),
    "leave_s": ("s", "left it"),
    "on": ("riders", "boarded"),
    "off": ("riders", "got off"),
    "load": ("riders", "aboard when it leaves"),
    "left_behind": ("riders", "wanted this bus, found it full and stayed"),
}

LINE_COLUMNS = {
    "line_id": ("id", "the line-direction"),
    "name": ("text", "the line"),
    "direction": ("text", "the direction"),
    "stops": ("count", "stops"),
    "length_m": ("m", "from the first stop to the last"),
    "scheduled_s": ("s", "from the first stop to the last"),
    "runs_a_day": ("count", "departures on the day; 0: its streets are closed"),
    "runs_measured": ("count", "departures in the measured window"),
    "buses": ("count", "that the line needs for its timetable, all directions together"),
}
"""One row a line-direction: the timetable of the arm, the same for all its runs."""

LINE_STOP_COLUMNS = {
    "line_id": ("id", "the line-direction"),
    "stop": ("number", "stop of the line, from 0"),
    "name": ("text", "its name"),
    "lon": ("degrees", "WGS-84"),
    "lat": ("degrees", "WGS-84"),
    "along_m": ("m", "along the line from its first stop"),
    "due_s": ("s", "scheduled, after the departure from the first stop"),
    "buses_ph": ("1/h", "buses an hour that halt there, of this line in the measured window"),
}

RIDER_COLUMNS = {
    "rider_id": ("id", "the rider"),
    "depart_s": ("s", "left the origin"),
    "arrive_s": ("s", "reached the destination, or gave up; null: neither"),
    "status": ("word", "waiting (or on the way to a stop), aboard, arrived, walked, gave_up, no_way"),
    "walk_s": ("s", "walked so far: to, between and from stops"),
    "wait_s": ("s", "waited at stops so far"),
    "ride_s": ("s", "aboard so far"),
    "boardings": ("count", "buses boarded"),
    "refused": ("count", "full buses that left without the rider"),
}

CYCLE_COLUMNS = {
    "closed_s": ("s", "when the cycle of full links closed"),
    "links": ("ids", "the links of the cycle, in order"),
}


@dataclass(frozen=True, eq=False)
class Records:
    """Tables of one run. `books`: status → count, with "created" as their sum."""

    trips: pd.DataFrame
    links: pd.DataFrame
    books: dict[str, int]
    sites: pd.DataFrame | None = None
    cruising: pd.DataFrame | None = None
    buses: pd.DataFrame | None = None
    bus_stops: pd.DataFrame | None = None
    riders: pd.DataFrame | None = None
    passages: pd.DataFrame | None = None
    gridlocks: pd.DataFrame | None = None
    relieved: int = 0
    passages_count: int = 0
    end_s: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)  # load_cpu_s, run_cpu_s, … of the making
