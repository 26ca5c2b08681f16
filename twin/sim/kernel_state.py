"""What the compiled flow keeps: records of whole cache lines, and the decorators its functions share.

A large network does not fit into a processor's near memory: what a passage costs is the number of cache lines it
touches. So each record is a power of two of bytes, what one event needs of a thing lies together, and what is needed
seldom lies elsewhere (`ROAD`, `JOURNEY`).
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

NOBODY = -1

OUTSIDE, MOVING, STANDING, ASIDE, GONE = range(5)
"""What a vehicle is doing: `vehicle.status`."""

IDLE, LEGS_ENDED, MORE_PASSAGES, MORE_INTERVALS, MORE_CYCLES, NO_WAY = range(6)
"""What `kernel.advance` answers: nothing left until then, or what the caller must do before it goes on."""

ENTERED, LEFT, TIME_ON, DENSITY, QUEUE_MM = range(5)
"""Layers of `State.counts`."""

# Reference counts and copies of the state at every call would cost ten times the work itself: helpers are inlined,
# and since nothing here allocates no counting is needed (`_nrt`). What Python never calls needs no door from Python,
# which would hold the whole of it a second and third time.
_OPTIONS: dict[str, Any] = {"_nrt": False}
_INSIDE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, **_OPTIONS}
inlined = numba.njit(forceinline=True, **_INSIDE)
"""A helper of compiled functions, part of each that calls it; nothing of it alone is kept on disk."""


@cache
def _sources() -> str:
    """Checksum of all that compiled functions are made from."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function, and keep the code on disk until any source of the engine changes.

    Numba looks at the function's own file only; what is inlined from others would go on as it was.
    """
    return _kept(numba.njit(cache=True, **_OPTIONS)(function))


def compiled_inside(function: Callable[..., Any]) -> Any:
    """The same for a function that only compiled ones call."""
    return _kept(numba.njit(cache=True, **_INSIDE)(function))


def compiled_with_arrays(function: Callable[..., Any]) -> Any:
    """The same for a function that makes arrays, which numba counts."""
    return _kept(numba.njit(cache=True)(function))


def _kept(made: Any) -> Any:
    made._cache._cache_file._source_stamp = _sources()
    return made


def _record(size: int, fields: dict[str, str]) -> np.dtype:
    """A record of `size` bytes: fields by type, in order, the rest spare."""
    kinds = {"i8": np.int64, "i4": np.int32, "i1": np.int8}
    used = np.dtype([(name, kinds[kind]) for kind, names in fields.items() for name in names.split()])
    if used.itemsize > size:
        raise ValueError(f"{used.itemsize} bytes do not fit into {size}")
    spare = [(f"spare_{i}", np.int8) for i in range(size - used.itemsize)]
    return np.dtype([*used.descr, *spare])


APPROACH = np.dtype(
    [
        *_record(
            64,
            # As a server: who asks to come in, when the next may, how full it is (PCU in, out, and below which
            # sum room cannot bind), fair queueing's time.
            {"i8": "next_entry cum_in cum_out free_storage virtual us_per_pcu free_us", "i4": "client next_client"},
        ).descr,
        *_record(
            64,
            # As an approach: its first vehicle, when that is ready, by which turn to which server; then what is counted
            # in the present interval, and where its exits are remembered.
            {"i8": "ready next_exit time_on moment", "i4": "head tail target turn exits entries ring_at ring_mask"},
        ).descr,
    ]
)
"""What moves: one record a segment (0…L−1) and one an origin queue (L…2L−1). Two cache lines.

`free_us`: of a car. `client`: first of the approaches that wait to enter, linked by `next_client`. `moment`: Σ times
of exits − Σ times of entries in the interval, from which the vehicles on it follow.
"""

ROAD = _record(
    128,
    {
        "i8": "closed storage wave_us jam_mm length_mm wave_us_per_pcu out_at out_end",
        "i4": "room_at exits_before entries_before is_group exit_group",
    },
)
"""What is needed of a segment only when it is full, an interval ends or a leg begins.

`…_before`: when the interval began. `is_group`: a lane group; `exit_group`: the one of those who end here.
"""

TURN = _record(
    64, {"i8": "step tag us_per_pcu penalty_us", "i4": "to green_at green_end yield_at yield_end gap_kind stream"}
)
"""One record a turn (0…T−1), then one an origin queue (T…T+L−1).

`yield_at:yield_end`: rows of `State.conflict`; `stream`: where its passages are counted for those who yield to it.
"""

STREAM = np.dtype([("began", np.int64), ("window", np.int64), ("count", np.int64), ("before", np.int64)])
CONFLICT = np.dtype([("stream", np.int64), ("scale", np.int64), ("turn", np.int64), ("queue", np.int64)])

WAYS_AHEAD = 4
LAST_AHEAD = WAYS_AHEAD - 1
VEHICLE = np.dtype(
    [
        *_record(48, {"i8": "arrives entry level", "i4": "next at end pcu where", "i1": "kind status has_story"}).descr,
        ("ahead", np.int32, (WAYS_AHEAD,)),
    ]
)
"""One cache line. `ahead`: the aligned four of its ways in which `at` lies, since a look into `State.way` is far."""

JOURNEY = np.dtype([("depart", np.int64), ("enter", np.int64), ("arrive", np.int64), ("passage", np.int64)])
EXIT = np.dtype([("time", np.int64), ("cum", np.int64)])
SLOT = np.dtype([("server", np.int32), ("next", np.int32)])
GREEN = np.dtype([("start", np.int64), ("length", np.int64), ("cycle", np.int64)])
PASSAGE = np.dtype([("vehicle", np.int64), ("segment", np.int64), ("entry", np.int64), ("exit", np.int64)])
CYCLE = np.dtype([("time", np.int64), ("length", np.int64)])
CONTROL = _record(
    192,
    {
        "i8": "heap_size passages ended cycles cycle_links relieved keep_passages patience_us "
        "interval_us first_interval row row_from row_ends now steps largest_pcu "
        "slice slice_bits free_slot slots_used next"
    },
)


class State(NamedTuple):
    """Everything that moves, and what it moves on; record arrays of the types above."""

    approach: np.ndarray  # (2L,) APPROACH
    road: np.ndarray  # (L,) ROAD
    turn: np.ndarray  # (T + L,) TURN
    free_us: np.ndarray  # (L, C)
    greens: np.ndarray  # GREEN
    conflict: np.ndarray  # CONFLICT
    stream: np.ndarray  # STREAM
    follow_us: np.ndarray  # (kinds, FLOW_STEPS) see give_way.gap_tables
    wait_us: np.ndarray  # (kinds, FLOW_STEPS)
    ring: np.ndarray  # EXIT, each segment's last exits
    vehicle: np.ndarray  # (n_vehicles,) VEHICLE
    journey: np.ndarray  # (n_vehicles,) JOURNEY
    way: np.ndarray  # int32: turns, one vehicle's after another's, from an origin queue's on
    heap: np.ndarray  # see calendar.py, as for the next two
    wheel: np.ndarray  # (slices,) int32
    slot: np.ndarray  # SLOT
    due: np.ndarray  # (3L,) when each server's event is due, NEVER: it has none
    counts: np.ndarray  # (n_intervals, L, 5)
    passage: np.ndarray  # PASSAGE
    ended: np.ndarray  # (L,) vehicles whose legs ended at this instant
    cycle: np.ndarray  # CYCLE
    cycle_links: np.ndarray
    in_cycle: np.ndarray  # (L,) 1: part of a standing cycle
    relieved: np.ndarray  # (L,) when a cycle that it was part of was last relieved
    control: np.ndarray  # (1,) CONTROL
