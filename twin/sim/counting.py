"""What the compiled flow counts of its segments, interval by interval: entries, exits, times, vehicles, queues."""

import numpy as np

from twin.sim import rules
from twin.sim.kernel_state import (
    DENSITY,
    ENTERED,
    IDLE,
    LEFT,
    MORE_CYCLES,
    MORE_INTERVALS,
    NOBODY,
    QUEUE_MM,
    TIME_ON,
    compiled,
    compiled_inside,
    inlined,
)

NEVER = rules.NEVER
MICROS = rules.MICROS
time_of_level = inlined(rules.time_of_level)


@inlined
def count_entry(s, j, now):
    """A vehicle came onto segment j."""
    here = s.approach[j]
    here.entries += 1
    here.moment -= now


@inlined
def count_exit(s, j, now, entry_us):
    """A vehicle that came at `entry_us` left segment j."""
    here = s.approach[j]
    here.exits += 1
    here.moment += now
    here.time_on += now - entry_us


@inlined
def _write_row(s, j, from_us, to_us):
    """Add what segment j counted between these times to its present row; veh·µs follow from the moment."""
    here = s.approach[j]
    road = s.road[j]
    row = s.counts[s.control[0].row, j]
    before = road.entries_before - road.exits_before
    row[ENTERED] += here.entries - road.entries_before
    row[LEFT] += here.exits - road.exits_before
    row[TIME_ON] += here.time_on
    row[DENSITY] += (here.entries - here.exits) * to_us - before * from_us + here.moment
    road.entries_before = here.entries
    road.exits_before = here.exits
    here.time_on = 0
    here.moment = 0


@compiled_inside
def _next_interval(s):
    """Close the present interval for every segment."""
    control = s.control[0]
    for j in range(s.road.shape[0]):
        _write_row(s, j, control.row_from, control.row_ends)
    control.row += 1
    control.row_from = control.row_ends
    control.row_ends += control.interval_us


@inlined
def open_books(s, now):
    """Begin the interval of that time, and see that there is room to name the gridlocks one event may close."""
    control = s.control[0]
    while now >= control.row_ends:
        if control.row + 1 >= s.counts.shape[0]:
            return MORE_INTERVALS
        _next_interval(s)
    if control.cycles + 4 >= s.cycle.shape[0]:
        return MORE_CYCLES
    if control.cycle_links + 5 * (s.road.shape[0] + 1) >= s.cycle_links.shape[0]:
        return MORE_CYCLES
    return IDLE


@compiled_inside
def count_queue(s, i, v, now):
    """Where vehicle v on segment i had to stop: its rear, from the segment's end (Newell 1993).

    Behind a cumulative level X it stood if it came to that place before the wave of the exit from X on did:
    exit + (level of v − cum after the exit) / q > arrival of v at the end. Exits are at least 1/q apart, so this
    holds from some exit on: the first such exit is the farthest stop. Where no exit has come yet that would free it,
    it stands since it came there; less than a headway is no stop.
    """
    road = s.road[i]
    here = s.approach[i]
    vehicle = s.vehicle[v]
    low = max(0, here.exits - here.ring_mask)
    high = np.int64(here.exits)
    while low < high:
        middle = (low + high) >> 1
        exit_ = s.ring[here.ring_at + (middle & here.ring_mask)]
        if exit_.time + (vehicle.level - exit_.cum) * here.us_per_pcu // MICROS > vehicle.arrives:
            high = middle
        else:
            low = middle + 1
    stood_behind = np.int64(0)
    previous = np.int64(-NEVER)
    if low > 0:
        before = s.ring[here.ring_at + ((low - 1) & here.ring_mask)]
        stood_behind = before.cum
        previous = before.time
    ahead = vehicle.level - stood_behind
    front_mm = min(road.length_mm, ahead * road.jam_mm // MICROS)
    stopped = vehicle.arrives - (vehicle.arrives - vehicle.entry) * front_mm // road.length_mm
    until = now
    if low < here.exits:
        exit_ = s.ring[here.ring_at + (low & here.ring_mask)]
        start = time_of_level(stood_behind, exit_.cum, exit_.time, previous, here.us_per_pcu)
        until = min(now, start + ahead * road.wave_us_per_pcu // MICROS)
    elif now - stopped < here.us_per_pcu:
        return
    rear_mm = min(road.length_mm, (ahead + vehicle.pcu) * road.jam_mm // MICROS)
    width = s.control[0].interval_us
    for interval in range(stopped // width, until // width + 1):
        row = interval - s.control[0].first_interval
        s.counts[row, i, QUEUE_MM] = max(s.counts[row, i, QUEUE_MM], rear_mm)


@compiled
def close_counts(s, now):
    """Bring the last interval up to the end, and count the queues of vehicles that still stand on a segment."""
    control = s.control[0]
    while now >= control.row_ends:
        _next_interval(s)
    for j in range(s.road.shape[0]):
        _write_row(s, j, control.row_from, now)
        v = s.approach[j].head
        while v != NOBODY:
            count_queue(s, j, v, now)
            v = s.vehicle[v].next
    control.row_from = now
