"""The compiled flow's arrays at the beginning of a run: an empty network, and the fleet outside it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import SimulationError
from twin.sim import kernel_state as k
from twin.sim import memory
from twin.sim.calendar import MOST_SERVERS, NO_ENTRY, ROOT, clear_wheel, slice_bits, wheel_slices
from twin.sim.flow import Fleet
from twin.sim.give_way import gap_tables
from twin.sim.rules import NEVER
from twin.sim.tables import FlowTables


def first_state(
    tables: FlowTables, fleet: Fleet, start_us: int, *, width_us: int, patience_us: int, keep_passages: bool
) -> k.State:
    """Arrays of an empty network with the fleet's vehicles, not yet queued; their ways are yet to be found.

    `width_us`: of the intervals that are counted. `patience_us` 0: gridlock is left standing.
    """
    n = tables.n_segments
    if 3 * n >= MOST_SERVERS:
        raise SimulationError(f"{n} segments are more than the calendar tells apart, {MOST_SERVERS // 3}")
    has_groups = tables.first_bus_lane > tables.first_group
    most_ways = 2 * len(fleet.route) + len(fleet) if has_groups else len(fleet.route)
    control = np.zeros(1, dtype=k.CONTROL)
    control["keep_passages"], control["patience_us"] = int(keep_passages), patience_us
    control["interval_us"], control["first_interval"] = width_us, start_us // width_us
    control["row_from"], control["row_ends"], control["now"] = start_us, (start_us // width_us + 1) * width_us, start_us
    control["largest_pcu"] = max(tables.class_pcu)
    control["slice_bits"] = slice_bits(n)
    control["slice"] = start_us >> slice_bits(n)
    latest_us = int(fleet.depart_us.max(initial=start_us))
    greens = np.zeros(len(tables.greens), dtype=k.GREEN)
    for column, field in enumerate(("start", "length", "cycle")):
        greens[field] = tables.greens[:, column]
    conflict = np.zeros(len(tables.yields.conflicts), dtype=k.CONFLICT)
    for column, field in enumerate(("stream", "scale", "turn", "queue")):
        conflict[field] = tables.yields.conflicts[:, column]
    follow_us, wait_us = gap_tables()
    state = k.State(
        approach=_approaches(tables),
        road=_roads(tables),
        turn=_turns(tables),
        free_us=memory.copied(tables.free_us.T),
        greens=greens,
        conflict=conflict,
        stream=np.zeros(tables.yields.n_streams, dtype=k.STREAM),
        follow_us=follow_us,
        wait_us=wait_us,
        ring=memory.zeros(int(tables.exits_kept.sum()), k.EXIT),
        vehicle=_vehicles(tables, fleet),
        journey=_journeys(fleet),
        way=memory.zeros(most_ways + k.WAYS_AHEAD, np.int32),
        heap=memory.copied(np.full(6 * n + 64 + ROOT, NO_ENTRY)),
        wheel=memory.copied(np.full(wheel_slices(n), k.NOBODY, dtype=np.int32)),
        slot=memory.zeros(6 * n + 1, k.SLOT),
        due=memory.copied(np.full(3 * n, NEVER, dtype=np.int64)),
        counts=memory.zeros(((latest_us - start_us) // width_us + 5, n, 5)),
        passage=np.zeros(len(fleet.route) + 1024 if keep_passages else 1, dtype=k.PASSAGE),
        ended=np.zeros(n, dtype=np.int64),
        cycle=np.zeros(64, dtype=k.CYCLE),
        cycle_links=np.zeros(6 * (n + 1) + 64, dtype=np.int64),
        in_cycle=np.zeros(n, dtype=np.int64),
        relieved=np.full(n, -NEVER, dtype=np.int64),
        control=control,
    )
    clear_wheel(state)
    return state


def blank_vehicles(count: int) -> NDArray[Any]:
    """Vehicles outside the network that go nowhere yet."""
    rows = memory.zeros(count, k.VEHICLE)
    rows["next"] = rows["where"] = k.NOBODY
    rows["status"] = k.OUTSIDE
    return rows


def blank_journeys(count: int) -> NDArray[Any]:
    """Journeys on which nothing has happened yet."""
    rows = memory.zeros(count, k.JOURNEY)
    rows["depart"] = rows["enter"] = rows["arrive"] = NEVER
    return rows


def _journeys(fleet: Fleet) -> NDArray[Any]:
    journey = blank_journeys(len(fleet))
    journey["depart"] = fleet.depart_us
    return journey


def _approaches(tables: FlowTables) -> NDArray[Any]:
    n = tables.n_segments
    approach = memory.zeros(2 * n, k.APPROACH)
    for field in ("head", "tail", "target", "client", "next_client"):
        approach[field] = k.NOBODY
    approach["ready"] = NEVER
    segments = approach[:n]
    segments["us_per_pcu"], segments["free_us"] = tables.us_per_pcu, tables.free_us[0]
    segments["free_storage"] = tables.free_storage
    segments["ring_at"] = np.cumsum(tables.exits_kept) - tables.exits_kept
    segments["ring_mask"] = tables.exits_kept - 1
    return approach


def _roads(tables: FlowTables) -> NDArray[Any]:
    road = memory.zeros(tables.n_segments, k.ROAD)
    road["wave_us"], road["storage"], road["jam_mm"] = tables.wave_us, tables.storage, tables.jam_mm_per_pcu
    road["wave_us_per_pcu"] = tables.wave_us_per_pcu
    road["length_mm"] = np.maximum(1, tables.length_mm)
    road["is_group"][tables.first_group : tables.first_bus_lane] = 1
    road["exit_group"] = tables.exit_group
    road["out_at"], road["out_end"] = tables.out_start[:-1], tables.out_start[1:]
    return road


def _turns(tables: FlowTables) -> NDArray[Any]:
    n_turns = len(tables.turn_to)
    turn = memory.zeros(n_turns + tables.n_segments, k.TURN)
    turn["step"] = tables.weight_step
    turn["to"][:n_turns], turn["to"][n_turns:] = tables.turn_to, np.arange(tables.n_segments)
    turn["us_per_pcu"][:n_turns], turn["penalty_us"][:n_turns] = tables.exit_us_per_pcu, tables.penalty_us
    turn["green_at"][:n_turns], turn["green_end"][:n_turns] = tables.green_start[:-1], tables.green_start[1:]
    yields = tables.yields
    turn["gap_kind"][:n_turns], turn["stream"] = yields.kind, k.NOBODY
    turn["stream"][:n_turns] = yields.stream
    turn["yield_at"][:n_turns], turn["yield_end"][:n_turns] = yields.conflict_start[:-1], yields.conflict_start[1:]
    return turn


def _vehicles(tables: FlowTables, fleet: Fleet) -> NDArray[Any]:
    vehicle = blank_vehicles(len(fleet))
    vehicle["kind"] = fleet.vehicle_class
    vehicle["pcu"] = np.array(tables.class_pcu, dtype=np.int64)[fleet.vehicle_class]
    return vehicle
