"""Travellers of whole days: who parks at the end of a way out comes back from there, both ways made or neither.

Beside a morning's draw (`sampling`), whose ways out and home know nothing of each other. Riders of buses, taxis,
lorries, through traffic and who is only dropped are drawn as there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.chance import uniform
from twin.city.network import Network
from twin.city.trips import Demand
from twin.clock import DAY_S, TimeWindow
from twin.demand.inputs import DemandInputs, ParkingEnd
from twin.demand.profiles import DayShares
from twin.demand.sampling import draw_demand, travellers_of
from twin.demand.streams import Stream, trip_tables
from twin.demand.tours import SHORTEST_STAY_S, StayLaw, stays_between, ways_back
from twin.demand.zones import Skim, StreetPoints, skim_zones, street_points
from twin.routing.paths import Router

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST_TOUR_ID = 1 << 33
"""What the two ways of a tour have in common (from where to where, how long) is drawn under numbers of its own."""


@dataclass(frozen=True, eq=False)
class _Place:
    """What tours are drawn from."""

    points: StreetPoints
    skim: Skim
    inputs: DemandInputs
    window: TimeWindow
    seed: int

    def alone(self, stream: Stream, first_id: int) -> pd.DataFrame:
        """Trips of a stream that lead back from none and are led back from by none."""
        return travellers_of(stream, self.points, self.inputs, window=self.window, seed=self.seed, first_id=first_id)

    def end_of(self, stream: Stream) -> ParkingEnd | None:
        """Parking at the end of a stream; None: it needs no space."""
        return self.inputs.parking.ends[stream.end] if stream.end else None


def draw_whole_days(network: Network, inputs: DemandInputs, *, seed: int, window: TimeWindow) -> Demand:
    """Travellers whose usual departure lies in a window of many hours, on the streets given.

    `Demand.way_out` says from which trip each leads back. A way back whose way out lies before the window leads back
    from none; one after the window is not in the table.
    """
    demand = draw_demand(network, inputs, seed=seed, window=window)
    points = street_points(network, inputs.zones, inputs.demand.loading)
    skim = skim_zones(Router(network), points)
    place = _Place(points, skim, inputs, window, seed)
    travellers, way_out = _travellers(trip_tables(inputs, skim).streams, place)
    return demand if travellers is None else replace(demand, travellers=travellers, way_out=way_out)


def _travellers(streams: Sequence[Stream], place: _Place) -> tuple[pd.DataFrame | None, Ints]:
    """Rows of all streams, and of each the row of its way out (−1: none). None: nobody travels."""
    named = {stream.name: stream for stream in streams}
    dropped: dict[str, float] = {}  # by stream of ways home: share whose way out left no car
    parts: list[pd.DataFrame] = []
    outs: list[Ints] = []
    first_id, first_tour = 0, FIRST_TOUR_ID
    for stream in streams:
        home, end = named.get(_name_home(stream.name)), place.end_of(stream)
        if home is not None and end is not None:
            dropped[home.name] = end.drop_off
            tours = _tours(stream, end, place, first_tour)
            first_tour += len(tours)
            legs, way_out = _legs(tours, stream, home, place, first_id)
            parts.append(legs)
            outs.append(way_out)
            first_id += len(legs)
            stream = replace(stream, vehicles=stream.vehicles * end.drop_off, end="")
        part = place.alone(replace(stream, vehicles=stream.vehicles * dropped.get(stream.name, 1.0)), first_id)
        parts.append(part)
        outs.append(np.full(len(part), -1, dtype=np.int64))
        first_id += len(part)
    some = [part for part in parts if len(part)]
    return (pd.concat(some, ignore_index=True) if some else None), np.concatenate([*outs, np.zeros(0, dtype=np.int64)])


def _name_home(name: str) -> str:
    """The stream of ways home of a stream of ways out; "": it is none."""
    parts = name.split("/")
    if name == "through/in":
        return "through/out"
    return "/".join([parts[0], "homeward", *parts[2:]]) if parts[1:2] == ["outward"] else ""


def _tours(stream: Stream, end: ParkingEnd, place: _Place, first_id: int) -> pd.DataFrame:
    """One row for each tour of a day: the way out of who parks."""
    parks = 1.0 - end.drop_off
    own = replace(end, own_place=end.own_place / parks if parks > 0 else 0.0, drop_off=0.0)
    parking = replace(place.inputs.parking, ends={**place.inputs.parking.ends, stream.end: own})
    who_park = replace(stream, name=f"{stream.name}/tours", vehicles=stream.vehicles * parks)
    return travellers_of(
        who_park, place.points, replace(place.inputs, parking=parking), window=TimeWindow(0.0, DAY_S),
        seed=place.seed, first_id=first_id,
    )  # fmt: skip


def _legs(tours: pd.DataFrame, out: Stream, home: Stream, place: _Place, first_id: int) -> tuple[pd.DataFrame, Ints]:
    """The ways of tours that lie in the window, out before home, and the row of each one's way out (−1: none).

    A tour is made every day alike: in a window longer than a day it has as many ways out as days.
    """
    if len(tours) == 0:
        return tours, np.zeros(0, dtype=np.int64)
    depart_s = tours["usual_depart_s"].to_numpy(dtype=np.float64)
    home_s, stay_s = _back_and_stay(tours, out, home, place)
    outwards, homewards = tours.assign(stay_s=stay_s), _turned_round(tours, home, place)
    window = place.window
    ways: list[pd.DataFrame] = []
    origins: list[Ints] = []
    row = first_id
    for nth in range(int(window.start_s // DAY_S) - 2, int(-(-window.end_s // DAY_S))):
        goes, comes = (
            np.flatnonzero((at_s + nth * DAY_S >= window.start_s) & (at_s + nth * DAY_S < window.end_s))
            for at_s in (depart_s, home_s)
        )
        row_of = np.full(len(tours), -1, dtype=np.int64)
        row_of[goes] = row + np.arange(len(goes))
        ways += [
            outwards.iloc[goes].assign(usual_depart_s=depart_s[goes] + nth * DAY_S),
            homewards.iloc[comes].assign(usual_depart_s=home_s[comes] + nth * DAY_S),
        ]
        origins += [np.full(len(goes), -1, dtype=np.int64), row_of[comes]]
        row += len(goes) + len(comes)
    legs = pd.concat(ways, ignore_index=True)
    return legs.assign(traveller_id=first_id + np.arange(len(legs), dtype=np.int64)), np.concatenate(origins)


def _back_and_stay(tours: pd.DataFrame, out: Stream, home: Stream, place: _Place) -> tuple[Floats, Floats]:
    """When each sets out for home, and the stay before it (s), by the profile of ways home or by the law of stays."""
    ids = tours["traveller_id"].to_numpy(dtype=np.int64)
    depart_s = tours["usual_depart_s"].to_numpy(dtype=np.float64)
    drive_s = _drive_s(tours, place)
    purpose = place.inputs.demand.purposes.get(out.purpose)
    if purpose is not None and purpose.back_by == "stay":
        stay_s = np.maximum(SHORTEST_STAY_S, tours["stay_s"].to_numpy(dtype=np.float64))
        return depart_s + drive_s + stay_s, stay_s
    law = StayLaw.of(place.inputs.parking.ends[out.end])
    profiles = DayShares.of(out.profile), DayShares.of(home.profile)
    table = ways_back(*profiles, law, drive_s=float(drive_s.mean())).table
    luck = uniform(place.seed, "quarter of the way back", ids)
    return stays_between(depart_s, drive_s, table, luck, uniform(place.seed, "time of the way back", ids))


def _drive_s(tours: pd.DataFrame, place: _Place) -> Floats:
    """Free-flow time between the zones of each tour (s); 0 where no way is known."""
    index: Mapping[str, int] = {zone.id: number for number, zone in enumerate(place.points.zones)}
    origin, destination = (
        tours[f"{end}_zone"].map(index).to_numpy(dtype=np.int64) for end in ("origin", "destination")
    )
    minutes = place.skim.minutes[origin, destination]
    return 60.0 * np.where(np.isfinite(minutes), minutes, 0.0)


def _turned_round(tours: pd.DataFrame, home: Stream, place: _Place) -> pd.DataFrame:
    """The ways home of tours: ends turned round, with the parking that there is at home; nobody parks at a gate."""
    ids = tours["traveller_id"].to_numpy(dtype=np.int64)
    zones = {zone.id for zone in place.points.zones if zone.kind == "zone"}
    end = place.end_of(home)
    parks, stay_s = np.full(len(tours), "none", dtype=object), np.zeros(len(tours))
    if end is not None:
        luck = uniform(place.seed, "place to park at home", ids)
        at = np.searchsorted([end.own_place, end.own_place + end.drop_off], luck, side="right")
        is_zone = tours["origin_zone"].isin(zones).to_numpy()
        parks = np.where(is_zone, np.array(["private", "none", "public"], dtype=object)[at], "none")
        stay_s = np.where(is_zone, StayLaw.of(end).drawn_s(place.seed, "stay at home", ids), 0.0)
    return tours.assign(
        origin_zone=tours["destination_zone"],
        destination_zone=tours["origin_zone"],
        origin_point=tours["destination_point"],
        destination_point=tours["origin_point"],
        parks=pd.array(parks, dtype="str"),
        stay_s=stay_s,
    )
