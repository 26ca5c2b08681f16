"""Streams of vehicles: which purpose goes from where to where, when, and what it does at its end.

A stream is a matrix of vehicle trips a day with one profile. Person trips by bus, e-bike and on foot stay in tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.city.zones import Zone
from twin.demand.gravity import Balanced, deterrence, furness, scaled_to, table_of, weights_of
from twin.demand.inputs import CHOICE_MODES, ChoiceMode, DemandInputs, Profile, PurposeSettings
from twin.demand.mode_choice import mode_tables
from twin.demand.profiles import hour_shares
from twin.demand.zones import Skim

Floats = NDArray[np.float64]
Way = Literal["outward", "homeward"]


@dataclass(frozen=True, eq=False)
class Choice:
    """What a stream's people choose among. `shares`: (n_modes, n_zones, n_zones) of CHOICE_MODES in the base.

    `people`: person trips that one row of the stream stands for, `per_vehicle` and `per_rider` those of a simulated car
    and a simulated rider of its purpose; `end`: key of parking ends of who comes by car.
    """

    shares: Floats
    people: float
    per_vehicle: float
    per_rider: float
    end: str


@dataclass(frozen=True, eq=False)
class Stream:
    """Vehicle trips a day (scale included) between zones; of mode "bus", riders. `end`: key of parking ends; "": it
    needs no space. Of modes "ebike" and "walk": the cars that would be there if all drove.
    """

    name: str  # e.g. "work/outward/car"; keys the luck of its travellers
    purpose: str
    mode: Literal["car", "truck", "bus", "ebike", "walk"]
    vehicles: Floats
    profile: Profile
    travels_share: float
    end: str
    persons: float = 1.0  # in each vehicle; 1: not known, the driver alone
    chooses: Choice | None = None  # None: goes as it does


@dataclass(frozen=True, eq=False)
class TripTables:
    """Everything that travels on a weekday: streams of vehicles, person trips by mode, bus riders, and notes.

    `persons`: (purpose, mode) → matrix of person trips a day, both ways; `bus_riders`: (n_zones, 24), by hour;
    `bus_streams`: the same riders by purpose and way, between zones; `other_streams`: e-bikes and walkers likewise.
    """

    streams: tuple[Stream, ...]
    persons: Mapping[tuple[str, str], Floats]
    bus_riders: Floats
    bus_streams: tuple[Stream, ...] = ()
    other_streams: tuple[Stream, ...] = ()
    balances: Mapping[str, Balanced] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def trip_tables(inputs: DemandInputs, skim: Skim) -> TripTables:
    """All trips of a weekday: from tables where the folder holds them, else by gravity."""
    streams: list[Stream] = []
    persons: dict[tuple[str, str], Floats] = {}
    balances: dict[str, Balanced] = {}
    n = len(inputs.zones)
    bus_riders = np.zeros((n, 24), dtype=np.float64)
    bus_streams: list[Stream] = []
    other_streams: list[Stream] = []
    for purpose in sorted(inputs.demand.purposes):
        settings = inputs.demand.purposes[purpose]
        outward = _outward_trips(inputs, purpose, settings, skim, balances)
        by_mode = mode_tables(outward, skim.km, purpose, inputs.demand.modes)
        for mode, table in by_mode.items():
            persons[purpose, mode] = table + table.T
        if "bus" in by_mode:
            bus_riders += by_mode["bus"].sum(axis=1)[:, None] * hour_shares(settings.outward)
            bus_riders += by_mode["bus"].sum(axis=0)[:, None] * hour_shares(settings.homeward)
            bus_streams += _bus_streams(inputs, purpose, settings, by_mode)
        streams += _purpose_streams(inputs, purpose, settings, by_mode)
        other_streams += _other_streams(inputs, purpose, settings, by_mode)
    streams += _gate_streams(inputs, skim, balances)
    streams += _lorry_streams(inputs, skim, balances)
    return TripTables(
        streams=tuple(stream for stream in streams if stream.vehicles.sum() > 0),
        persons=persons,
        bus_riders=bus_riders,
        bus_streams=tuple(stream for stream in bus_streams if stream.vehicles.sum() > 0),
        other_streams=tuple(stream for stream in other_streams if stream.vehicles.sum() > 0),
        balances=balances,
        notes=tuple(_balance_notes(balances)),
    )


def _outward_trips(
    inputs: DemandInputs, purpose: str, settings: PurposeSettings, skim: Skim, balances: dict[str, Balanced]
) -> Floats:
    """Person trips a day from the home (or workplace) end to the activity end: half of the purpose's trips."""
    zones = inputs.zones
    if purpose in inputs.od_tables:
        return _joinable(table_of(inputs.od_tables[purpose], zones), skim)
    residents = sum(zone.residents for zone in zones)
    level = inputs.demand.level
    total = 0.5 * residents * level.trips_per_resident * settings.share_of_trips
    starts = weights_of(zones, resident_weight=settings.start_resident_weight, job_weight=settings.start_job_weight)
    ends = weights_of(zones, resident_weight=settings.end_resident_weight, job_weight=settings.end_job_weight)
    pull = deterrence(skim.minutes, settings.deterrence_per_min)
    reachable = np.isfinite(np.diagonal(skim.minutes))
    balanced = furness(pull, scaled_to(starts, total) * reachable, ends * reachable)
    balances[purpose] = balanced
    return balanced.table


def _joinable(table: Floats, skim: Skim) -> Floats:
    return np.where(np.isfinite(skim.minutes), table, 0.0)


def _purpose_streams(
    inputs: DemandInputs, purpose: str, settings: PurposeSettings, by_mode: Mapping[str, Floats]
) -> list[Stream]:
    """Cars and taxis of a purpose, out and home. A taxi needs no space and its empty way is left out."""
    scale = inputs.demand.level.scale
    loads = {"car": settings.persons_per_car, "taxi": inputs.demand.modes.persons_per_taxi}
    streams = []
    for mode, load in loads.items():
        if mode not in by_mode:
            continue
        vehicles = by_mode[mode] * (scale / load)
        ways: tuple[tuple[Way, Floats, Profile, str], ...] = (
            ("outward", vehicles, settings.outward, settings.ends_at),
            ("homeward", vehicles.T, settings.homeward, settings.starts_at),
        )
        for way, table, profile, end in ways:
            name = f"{purpose}/{way}/{mode}"
            choice = _choice(inputs, settings, by_mode, "car", way) if mode == "car" else None
            end = end if mode == "car" else ""
            streams.append(Stream(name, purpose, "car", table, profile, settings.travels_share, end, load, choice))
    return streams


def _bus_streams(
    inputs: DemandInputs, purpose: str, settings: PurposeSettings, by_mode: Mapping[str, Floats]
) -> list[Stream]:
    """Riders of buses of a purpose, out and home; `level.scale` is of cars and leaves them alone."""
    riders = by_mode["bus"] * inputs.demand.level.bus_scale
    ways: tuple[tuple[Way, Floats, Profile], ...] = (
        ("outward", riders, settings.outward),
        ("homeward", riders.T, settings.homeward),
    )
    return [
        Stream(
            f"{purpose}/{way}/bus", purpose, "bus", table, profile, settings.travels_share, "",
            chooses=_choice(inputs, settings, by_mode, "bus", way),
        )
        for way, table, profile in ways
    ]  # fmt: skip


def _other_streams(
    inputs: DemandInputs, purpose: str, settings: PurposeSettings, by_mode: Mapping[str, Floats]
) -> list[Stream]:
    """E-bikes and walkers of a purpose, out and home, as many as there would be cars if all of them drove."""
    streams = []
    modes: tuple[Literal["ebike", "walk"], ...] = ("ebike", "walk")
    for mode in modes:
        if mode not in by_mode:
            continue
        cars = by_mode[mode] * (inputs.demand.level.scale / settings.persons_per_car)
        ways: tuple[tuple[Way, Floats, Profile, str], ...] = (
            ("outward", cars, settings.outward, settings.ends_at),
            ("homeward", cars.T, settings.homeward, settings.starts_at),
        )
        for way, table, profile, end in ways:
            name, choice = f"{purpose}/{way}/{mode}", _choice(inputs, settings, by_mode, mode, way)
            load = settings.persons_per_car
            streams.append(Stream(name, purpose, mode, table, profile, settings.travels_share, end, load, choice))
    return streams


def _choice(
    inputs: DemandInputs, settings: PurposeSettings, by_mode: Mapping[str, Floats], mode: ChoiceMode, way: Way
) -> Choice:
    """What the people of one mode and way choose among. Those who go by taxi stay with it and are left out."""
    none = np.zeros((len(inputs.zones), len(inputs.zones)))
    trips = np.stack([by_mode.get(other, none) for other in CHOICE_MODES])
    total = trips.sum(axis=0)
    shares = np.divide(trips, total, out=np.zeros_like(trips), where=total > 0.0)
    level = inputs.demand.level
    per_vehicle, per_rider = settings.persons_per_car / level.scale, 1.0 / level.bus_scale
    return Choice(
        shares=shares if way == "outward" else shares.transpose(0, 2, 1),
        people=per_rider if mode == "bus" else per_vehicle,
        per_vehicle=per_vehicle,
        per_rider=per_rider,
        end=settings.ends_at if way == "outward" else settings.starts_at,
    )


def _gate_streams(inputs: DemandInputs, skim: Skim, balances: dict[str, Balanced]) -> list[Stream]:
    """Cars that come in, go out, or pass from gate to gate."""
    gates, scale = inputs.demand.gates, inputs.demand.level.scale
    weights = weights_of(inputs.zones, resident_weight=gates.resident_weight, job_weight=gates.job_weight)
    if "through" in inputs.od_tables:
        table = _joinable(table_of(inputs.od_tables["through"], inputs.zones), skim) * scale
        return [Stream("through/table", "through", "car", table, gates.profile, gates.travels_share, gates.ends_at)]
    per_day = {kind: (settings.cars_per_day, settings.through_share) for kind, settings in gates.kinds.items()}
    inward, across = _gate_tables(inputs, skim, per_day, weights, gates.deterrence_per_min, balances, "through")
    parts = (("in", inward, gates.ends_at), ("out", inward.T, ""), ("across", across, ""))
    return [
        Stream(f"through/{way}", "through", "car", table * scale, gates.profile, gates.travels_share, end)
        for way, table, end in parts
    ]


def _lorry_streams(inputs: DemandInputs, skim: Skim, balances: dict[str, Balanced]) -> list[Stream]:
    """Lorries between workplaces, and between workplaces and gates. They unload where they stop."""
    lorries, scale, zones = inputs.demand.lorries, inputs.demand.level.scale, inputs.zones
    if "freight" in inputs.od_tables:
        tables = {"table": _joinable(table_of(inputs.od_tables["freight"], zones), skim)}
    else:
        jobs = weights_of(zones, resident_weight=0.0, job_weight=1.0) * np.isfinite(np.diagonal(skim.minutes))
        pull = deterrence(skim.minutes, lorries.deterrence_per_min)
        inside = furness(pull, jobs * lorries.trips_per_job, jobs)
        balances["freight"] = inside
        kinds = inputs.demand.gates.kinds.items()
        per_day = {kind: (settings.lorries_per_day, settings.through_share) for kind, settings in kinds}
        inward, across = _gate_tables(
            inputs, skim, per_day, jobs, inputs.demand.gates.deterrence_per_min, balances, "freight across"
        )
        tables = {"inside": inside.table, "in": inward, "out": inward.T, "across": across}
    return [
        Stream(f"freight/{way}", "freight", "truck", table * scale, lorries.profile, lorries.travels_share, "")
        for way, table in tables.items()
    ]


def _gate_tables(
    inputs: DemandInputs,
    skim: Skim,
    per_day: Mapping[str, tuple[float, float]],
    weights: Floats,
    deterrence_per_min: float,
    balances: dict[str, Balanced],
    name: str,
) -> tuple[Floats, Floats]:
    """Vehicles a day from gates to zones (the way back is its mirror), and from gate to gate."""
    one_way = np.array([0.5 * per_day[z.district][0] if z.kind == "gate" else 0.0 for z in inputs.zones])
    through = np.array([per_day[z.district][1] if z.kind == "gate" else 0.0 for z in inputs.zones])
    pull = deterrence(skim.minutes, deterrence_per_min) * weights[None, :]
    sums = pull.sum(axis=1, keepdims=True)
    share = np.divide(pull, sums, out=np.zeros_like(pull), where=sums > 0)
    passing = one_way * through
    is_far = np.isfinite(skim.km) & (skim.km >= inputs.demand.gates.least_through_km)
    np.fill_diagonal(is_far, False)
    across = furness(is_far.astype(np.float64), passing, passing)
    if passing.any():
        balances[name] = across
    return (one_way * (1.0 - through))[:, None] * share, across.table


def _balance_notes(balances: Mapping[str, Balanced]) -> list[str]:
    return [
        f"{name}: the trip table misses its margins by up to {balanced.gap:.2%} of its total "
        f"after {balanced.rounds} rounds; some zones cannot be joined"
        for name, balanced in balances.items()
        if not balanced.has_converged
    ]


def balance_table(balances: Mapping[str, Balanced]) -> pd.DataFrame:
    """How well each table met its margins: purpose, rounds, gap (share of the total)."""
    rows = [(name, balanced.rounds, balanced.gap) for name, balanced in balances.items()]
    return pd.DataFrame(rows, columns=["purpose", "rounds", "gap"])


def zone_ids(zones: tuple[Zone, ...]) -> NDArray[np.object_]:
    """Ids of zones as an array, for picking by index."""
    return np.array([zone.id for zone in zones], dtype=object)
