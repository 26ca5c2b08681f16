"""The rules of `rules.py` over arrays, compiled: one calendar entry a passage, also in full spillback.

How it works, in one page
-------------------------
A segment lets vehicles *in* one after another: it is a server. Its clients are the heads of the approaches that
lead to it: the segments upstream, and the origin queue of vehicles that wait outside. A head knows when it is
*ready* (rules 1 and 2) and what it wants (its *target*). The server's next service is at the latest of: the first
head that is ready, the headway of the previous entry, and room (rule 3). Only that one time stands on the
calendar; who is served is decided when it comes, by fair queueing. A full link whose next hole is not yet known
has no entry at all: the exit that makes room schedules it. So blocked heads cost nothing.

`serve` moves one vehicle; that touches three things: the segment it left has room to give and perhaps a new head,
the segment it entered has less room and perhaps a first head, and each is reconsidered once.

Servers 0…L−1 let into segments; L…2L−1 end legs at segments (the last of a route); 2L…3L−1 relieve gridlock.
The calendar is an indexed binary heap by (time, server), so equal times are served in canonical order.

Everything is a 64-bit integer: times in µs, vehicles in micro-PCU, lengths in mm. Nothing here allocates.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from twin.sim import rules

NEVER = rules.NEVER
MICROS = rules.MICROS
NOBODY = -1

OUTSIDE, MOVING, STANDING, ASIDE, GONE = range(5)
"""What a vehicle is doing: `vehicle.status`."""

IDLE, LEGS_ENDED, MORE_PASSAGES, MORE_INTERVALS, MORE_CYCLES, NO_WAY = range(6)
"""What `advance` answers: nothing left until then, or what the caller must do before it goes on."""

ENTERED, LEFT, TIME_ON, DENSITY, QUEUE_MM = range(5)
"""Layers of `State.counts`."""


def _integers(*names: str) -> np.dtype:
    """A record of 64-bit integers, filled up to whole cache lines of 64 bytes."""
    spare = [f"spare_{i}" for i in range(-len(names) % 8)]
    return np.dtype([(name, np.int64) for name in (*names, *spare)])


# Order matters for speed alone: what one event touches lies in as few cache lines as can be.
APPROACH = _integers(
    "head", "tail",  # vehicles, first and last
    "ready", "target", "turn",  # of the head: from when on, which server, by which turn
    "next_exit", "next_entry",  # headways
    "waiting",  # heads that want this segment
    "cum_in", "cum_out", "exits", "room_at",  # cumulative PCU, number of exits, exit that made the last room
    "virtual",  # fair queueing's time of this segment as a server
    "client",  # the approach that came to wait last
    "on", "since",  # vehicles on it, and since when
)  # fmt: skip
"""What moves: one record a segment (0…L−1) and one an origin queue (L…2L−1)."""

ROAD = _integers(
    "closed", "free_storage", "storage", "us_per_pcu", "ring_at", "ring_mask", "out_at", "out_end",
    "in_at", "in_end", "wave_us", "jam_mm", "length_mm", "wave_us_per_pcu",
)  # fmt: skip
"""What is driven on: one record a segment; constant but for `closed`."""

TURN = _integers("to", "green_at", "green_end", "penalty_us", "step", "tag", "from_")
"""One record a turn (0…T−1), then one an origin queue (T…T+L−1)."""

VEHICLE = _integers(
    "next", "kind", "pcu", "at", "end", "arrives", "entry", "level",
    "depart", "enter", "arrive", "status", "has_story", "where", "passage",
)  # fmt: skip
EXIT = np.dtype([("time", np.int64), ("cum", np.int64)])
ENTRY = np.dtype([("time", np.int64), ("server", np.int64)])
GREEN = np.dtype([("start", np.int64), ("length", np.int64), ("cycle", np.int64)])
PASSAGE = np.dtype([("vehicle", np.int64), ("segment", np.int64), ("entry", np.int64), ("exit", np.int64)])
CYCLE = np.dtype([("time", np.int64), ("length", np.int64)])
CONTROL = _integers(
    "heap_size", "passages", "ended", "cycles", "cycle_links", "relieved", "keep_passages", "patience_us",
    "interval_us", "first_interval", "row", "row_ends", "now", "steps",
)  # fmt: skip


class State(NamedTuple):
    """Everything that moves, and what it moves on; record arrays of the types above."""

    approach: np.ndarray  # (2L,) APPROACH
    road: np.ndarray  # (L,) ROAD
    turn: np.ndarray  # (T + L,) TURN
    free_us: np.ndarray  # (L, C)
    entry_gap: np.ndarray  # (L, C)
    exit_gap: np.ndarray  # (T, C)
    in_turns: np.ndarray  # turns into each segment
    in_from: np.ndarray  # the segments they come from
    greens: np.ndarray  # GREEN
    ring: np.ndarray  # EXIT, each segment's last exits
    vehicle: np.ndarray  # (n_vehicles,) VEHICLE
    route: np.ndarray  # int32: segments, one vehicle's after another's
    heap: np.ndarray  # (3L,) ENTRY
    heap_at: np.ndarray  # (3L,) position of each server in the heap, −1: not in it
    counts: np.ndarray  # (n_intervals, L, 5)
    passage: np.ndarray  # PASSAGE
    ended: np.ndarray  # (L,) vehicles whose legs ended at this instant
    cycle: np.ndarray  # CYCLE
    cycle_links: np.ndarray
    in_cycle: np.ndarray  # (L,) 1: part of a standing cycle
    control: np.ndarray  # (1,) CONTROL


# Reference counts and copies of the state at every call would cost ten times the work itself: helpers are inlined,
# and since nothing here allocates no counting is needed (`_nrt`).
_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
_inlined = numba.njit(forceinline=True, **_OPTIONS)
_entry = numba.njit(**_OPTIONS)

earliest_exit = _inlined(rules.earliest_exit)
wait_for_green = _inlined(rules.wait_for_green)
room_level = _inlined(rules.room_level)
is_surely_free = _inlined(rules.is_surely_free)
time_of_level = _inlined(rules.time_of_level)
start_tag = _inlined(rules.start_tag)
tag_step = _inlined(rules.tag_step)


# --- the calendar -----------------------------------------------------------------------------------------------


@_inlined
def _place(s, i, time_us, server):
    entry = s.heap[i]
    entry.time = time_us
    entry.server = server
    s.heap_at[server] = i


@_inlined
def _sift_up(s, i, time_us, server):
    while i > 0:
        parent = (i - 1) >> 1
        above = s.heap[parent]
        if above.time < time_us or (above.time == time_us and above.server < server):
            break
        _place(s, i, above.time, above.server)
        i = parent
    _place(s, i, time_us, server)


@_inlined
def _sift_down(s, i, time_us, server):
    size = s.control[0].heap_size
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        below = s.heap[child]
        if child + 1 < size:
            other = s.heap[child + 1]
            if other.time < below.time or (other.time == below.time and other.server < below.server):
                child += 1
                below = other
        if time_us < below.time or (time_us == below.time and server < below.server):
            break
        _place(s, i, below.time, below.server)
        i = child
    _place(s, i, time_us, server)


@_inlined
def _remove(s, i):
    size = s.control[0].heap_size - 1
    s.control[0].heap_size = size
    s.heap_at[s.heap[i].server] = NOBODY
    if i < size:
        last = s.heap[size]
        if last.time < s.heap[i].time or (last.time == s.heap[i].time and last.server < s.heap[i].server):
            _sift_up(s, i, last.time, last.server)
        else:
            _sift_down(s, i, last.time, last.server)


@_inlined
def _schedule(s, server, time_us):
    """Put the server on the calendar at that time; NEVER takes it off."""
    i = s.heap_at[server]
    if time_us >= NEVER:
        if i >= 0:
            _remove(s, i)
    elif i < 0:
        i = s.control[0].heap_size
        s.control[0].heap_size = i + 1
        _sift_up(s, i, time_us, server)
    elif time_us < s.heap[i].time:
        _sift_up(s, i, time_us, server)
    elif time_us > s.heap[i].time:
        _sift_down(s, i, time_us, server)


# --- the rules over arrays --------------------------------------------------------------------------------------


@_inlined
def _green_from(s, turn, time_us):
    """First time from `time_us` on at which the turn has green; a turn without greens is never stopped."""
    row = s.turn[turn].green_at
    end = s.turn[turn].green_end
    if row == end:
        return time_us
    first = NEVER
    while row < end:
        green = s.greens[row]
        first = min(first, wait_for_green(time_us, green.start, green.length, green.cycle))
        row += 1
    return first


@_inlined
def _room_from(s, j, pcu):
    """When there is room on segment j for a vehicle of that size; NEVER while nobody knows (rule 3)."""
    road = s.road[j]
    here = s.approach[j]
    if road.closed != 0:
        return NEVER
    if is_surely_free(here.cum_in - here.cum_out, pcu, road.free_storage):
        return 0
    level = room_level(here.cum_in, pcu, road.storage)
    if level <= 0:
        return 0
    if level > here.cum_out:
        return NEVER
    # The first exit that reached the level. Levels only grow, up to the size of one vehicle.
    oldest = here.cum_in - road.storage
    exit_number = max(here.room_at, here.exits - road.ring_mask)
    while s.ring[road.ring_at + (exit_number & road.ring_mask)].cum < oldest:
        exit_number += 1
    here.room_at = exit_number
    while s.ring[road.ring_at + (exit_number & road.ring_mask)].cum < level:
        exit_number += 1
    exit_ = s.ring[road.ring_at + (exit_number & road.ring_mask)]
    previous = np.int64(-NEVER)
    if exit_number > 0:
        previous = s.ring[road.ring_at + ((exit_number - 1) & road.ring_mask)].time
    return time_of_level(level, exit_.cum, exit_.time, previous, road.us_per_pcu) + road.wave_us


@_inlined
def _pick(s, j, time_us):
    """The approach whose head segment j serves at that time: ready, and first by fair queueing; NOBODY if none."""
    server = s.approach[j]
    if server.waiting == 1 and s.approach[server.client].target == j:
        return server.client if s.approach[server.client].ready <= time_us else NOBODY
    n = s.road.shape[0]
    best = NOBODY
    best_tag = NEVER
    position = s.road[j].in_at
    end = s.road[j].in_end
    while position <= end:
        approach = s.in_from[position] if position < end else n + j
        client = s.approach[approach]
        if client.target == j and client.ready <= time_us:
            tag = start_tag(s.turn[client.turn].tag, server.virtual)
            if tag < best_tag:
                best = approach
                best_tag = tag
        position += 1
    return best


@_inlined
def _first_ready(s, j):
    """When the first head that wants segment j is ready."""
    server = s.approach[j]
    if server.waiting == 1 and s.approach[server.client].target == j:
        return s.approach[server.client].ready
    n = s.road.shape[0]
    first = NEVER
    if s.approach[n + j].target == j:
        first = s.approach[n + j].ready
    position = s.road[j].in_at
    end = s.road[j].in_end
    while position < end:
        client = s.approach[s.in_from[position]]
        if client.target == j and client.ready < first:
            first = client.ready
        position += 1
    return first


@_inlined
def _reconsider(s, j, now):
    """Set when segment j next lets a vehicle in."""
    here = s.approach[j]
    when = NEVER
    if here.waiting > 0:
        when = _first_ready(s, j)
        if when < NEVER:
            when = max(now, when, here.next_entry)
            room = _room_from(s, j, s.vehicle[s.approach[_pick(s, j, when)].head].pcu)
            when = max(when, room)
            if room >= NEVER:
                _look_for_gridlock(s, j, now)
    _schedule(s, j, when)


@_entry
def _look_for_gridlock(s, j, now):
    """Follow who waits for whom from segment j: a way back to j through full segments is a cycle that stands."""
    if s.road[j].closed != 0 or s.in_cycle[j] != 0:
        return
    n = s.road.shape[0]
    control = s.control[0]
    at = control.cycle_links
    segment = j
    length = 0
    while True:
        s.cycle_links[at + length] = segment
        length += 1
        here = s.approach[segment]
        if length > n or s.in_cycle[segment] != 0:
            return
        if here.head == NOBODY or here.target < 0 or here.target >= n or s.road[here.target].closed != 0:
            return
        if _room_from(s, here.target, s.vehicle[here.head].pcu) < NEVER:
            return
        if here.target == j:
            break
        segment = here.target
    lowest = j
    for i in range(at, at + length):
        s.in_cycle[s.cycle_links[i]] = 1
        lowest = min(lowest, s.cycle_links[i])
    s.cycle[control.cycles].time = now
    s.cycle[control.cycles].length = length
    control.cycles += 1
    control.cycle_links += length
    if control.patience_us > 0:
        _schedule(s, 2 * n + lowest, now + control.patience_us)


@_inlined
def _new_head(s, a, now):
    """The vehicle now first at approach a: when it is ready, and what it wants."""
    n = s.road.shape[0]
    here = s.approach[a]
    if here.head == NOBODY:
        here.target = NOBODY
        here.ready = NEVER
        return
    vehicle = s.vehicle[here.head]
    j = a - n
    if a >= n:
        here.turn = s.exit_gap.shape[0] + j
        here.ready = max(now, vehicle.depart)
    elif vehicle.at == vehicle.end:
        here.target = n + a
        here.ready = max(now, earliest_exit(vehicle.arrives, here.next_exit))
        _schedule(s, n + a, here.ready)
        return
    else:
        j = np.int64(s.route[vehicle.at])
        turn = s.road[a].out_at
        while s.turn[turn].to != j:
            turn += 1
        here.turn = turn
        arrival = vehicle.arrives + s.turn[turn].penalty_us
        here.ready = _green_from(s, turn, max(now, earliest_exit(arrival, here.next_exit)))
    here.target = j
    s.approach[j].waiting += 1
    s.approach[j].client = a
    _reconsider(s, j, now)


# --- counting ---------------------------------------------------------------------------------------------------


@_inlined
def _count_vehicles(s, j, now, change):
    """Keep the time integral of vehicles on segment j (veh·µs in the present interval)."""
    here = s.approach[j]
    s.counts[s.control[0].row, j, DENSITY] += here.on * (now - here.since)
    here.since = now
    here.on += change


@_entry
def _next_interval(s):
    """Close the present interval of counting for every segment."""
    control = s.control[0]
    for j in range(s.road.shape[0]):
        _count_vehicles(s, j, control.row_ends, 0)
    control.row += 1
    control.row_ends += control.interval_us


@_inlined
def _open_books(s, now):
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


@_entry
def _count_queue(s, i, v, now):
    """Where vehicle v on segment i had to stop: its rear, from the segment's end (Newell 1993).

    Behind a cumulative level X it stood if it came to that place before the wave of the exit from X on did:
    exit + (level of v − cum after the exit) / q > arrival of v at the end. Exits are at least 1/q apart, so this
    holds from some exit on: the first such exit is the farthest stop. Where no exit has come yet that would free it,
    it stands since it came there; less than a headway is no stop.
    """
    road = s.road[i]
    here = s.approach[i]
    vehicle = s.vehicle[v]
    low = max(0, here.exits - road.ring_mask)
    high = here.exits
    while low < high:
        middle = (low + high) >> 1
        exit_ = s.ring[road.ring_at + (middle & road.ring_mask)]
        if exit_.time + (vehicle.level - exit_.cum) * road.us_per_pcu // MICROS > vehicle.arrives:
            high = middle
        else:
            low = middle + 1
    stood_behind = 0
    previous = np.int64(-NEVER)
    if low > 0:
        before = s.ring[road.ring_at + ((low - 1) & road.ring_mask)]
        stood_behind = before.cum
        previous = before.time
    ahead = vehicle.level - stood_behind
    front_mm = min(road.length_mm, ahead * road.jam_mm // MICROS)
    stopped = vehicle.arrives - (vehicle.arrives - vehicle.entry) * front_mm // road.length_mm
    until = now
    if low < here.exits:
        exit_ = s.ring[road.ring_at + (low & road.ring_mask)]
        start = time_of_level(stood_behind, exit_.cum, exit_.time, previous, road.us_per_pcu)
        until = min(now, start + ahead * road.wave_us_per_pcu // MICROS)
    elif now - stopped < road.us_per_pcu:
        return
    rear_mm = min(road.length_mm, (ahead + vehicle.pcu) * road.jam_mm // MICROS)
    width = s.control[0].interval_us
    for interval in range(stopped // width, until // width + 1):
        row = interval - s.control[0].first_interval
        s.counts[row, i, QUEUE_MM] = max(s.counts[row, i, QUEUE_MM], rear_mm)


# --- moving -----------------------------------------------------------------------------------------------------


@_inlined
def _leave_segment(s, i, v, now, gap):
    """Take the head v off segment i: the exit is recorded, room and a headway follow from it."""
    here = s.approach[i]
    road = s.road[i]
    vehicle = s.vehicle[v]
    here.head = vehicle.next
    if vehicle.next == NOBODY:
        here.tail = NOBODY
    if now - vehicle.arrives >= road.us_per_pcu:  # it lost more than a headway: it stood
        _count_queue(s, i, v, now)
    here.cum_out += vehicle.pcu
    exit_ = s.ring[road.ring_at + (here.exits & road.ring_mask)]
    exit_.time = now
    exit_.cum = here.cum_out
    here.exits += 1
    here.next_exit = now + gap
    _count_vehicles(s, i, now, -1)
    row = s.control[0].row
    s.counts[row, i, LEFT] += 1
    s.counts[row, i, TIME_ON] += now - vehicle.entry
    if s.control[0].keep_passages != 0:
        s.passage[vehicle.passage].exit = now


@_inlined
def _enter_segment(s, j, v, now):
    """Put v at the tail of segment j."""
    here = s.approach[j]
    vehicle = s.vehicle[v]
    free_us = s.free_us[j, vehicle.kind]
    vehicle.next = NOBODY
    vehicle.at += 1
    vehicle.entry = now
    vehicle.arrives = now + free_us
    vehicle.level = here.cum_in
    here.cum_in += vehicle.pcu
    here.next_entry = now + s.entry_gap[j, vehicle.kind]
    _count_vehicles(s, j, now, 1)
    control = s.control[0]
    s.counts[control.row, j, ENTERED] += 1
    if control.keep_passages != 0:
        passage = s.passage[control.passages]
        passage.vehicle = v
        passage.segment = j
        passage.entry = now
        passage.exit = NEVER
        vehicle.passage = control.passages
    control.passages += 1
    if here.tail == NOBODY:
        here.head = v
    else:
        s.vehicle[here.tail].next = v
    here.tail = v


@_inlined
def _move(s, a, j, now):
    """Let the head of approach a into segment j."""
    n = s.road.shape[0]
    here = s.approach[a]
    server = s.approach[j]
    v = here.head
    vehicle = s.vehicle[v]
    turn = s.turn[here.turn]
    server.virtual = start_tag(turn.tag, server.virtual)
    turn.tag = server.virtual + tag_step(vehicle.pcu, turn.step)
    server.waiting -= 1
    here.target = NOBODY
    if a < n:
        _leave_segment(s, a, v, now, s.exit_gap[here.turn, vehicle.kind])
        if s.control[0].cycles > 0:
            s.in_cycle[a] = 0
    else:
        here.head = vehicle.next
        if vehicle.next == NOBODY:
            here.tail = NOBODY
        vehicle.enter = min(vehicle.enter, now)
        vehicle.status = MOVING
    was_empty = server.head == NOBODY
    _enter_segment(s, j, v, now)
    if was_empty:
        _new_head(s, j, now)
    _new_head(s, a, now)
    if a < n:
        _reconsider(s, a, now)
    _reconsider(s, j, now)


@_inlined
def _serve(s, j, now):
    """Segment j's time has come: let in whose turn it is, if signal and room agree."""
    a = _pick(s, j, now)
    if a != NOBODY:
        green = now
        if a < s.road.shape[0]:
            green = _green_from(s, s.approach[a].turn, now)
        if green > now:
            s.approach[a].ready = green
        elif s.approach[j].next_entry <= now and _room_from(s, j, s.vehicle[s.approach[a].head].pcu) <= now:
            _move(s, a, j, now)
            return
    _reconsider(s, j, now)


@_inlined
def _end_leg(s, i, now):
    """The head of segment i stands at the end of its route: it leaves, or its story takes over."""
    v = s.approach[i].head
    s.vehicle[v].arrive = now
    s.vehicle[v].where = i
    if s.vehicle[v].has_story != 0:
        s.approach[i].target = NOBODY
        s.approach[i].ready = NEVER
        s.vehicle[v].status = STANDING
        s.ended[s.control[0].ended] = v
        s.control[0].ended += 1
    else:
        _take_off(s, v, now, GONE)


@_entry
def _take_off(s, v, now, status):
    """Take the head vehicle v off its segment, to the roadside (ASIDE) or for good (GONE)."""
    vehicle = s.vehicle[v]
    i = vehicle.where
    s.approach[i].target = NOBODY
    _leave_segment(s, i, v, now, s.entry_gap[i, vehicle.kind])
    vehicle.next = NOBODY
    vehicle.where = NOBODY
    vehicle.status = status
    _new_head(s, i, now)
    _reconsider(s, i, now)


@_entry
def _relieve(s, i, now):
    """Patience is over: if the cycle through segment i still stands, let its head on over the storage limit."""
    n = s.road.shape[0]
    here = s.approach[i]
    if s.in_cycle[i] == 0 or here.head == NOBODY or here.target < 0 or here.target >= n:
        return
    ready = max(here.ready, _green_from(s, here.turn, now))
    if s.road[here.target].closed != 0:
        ready = now + s.control[0].patience_us
    if ready > now:
        _schedule(s, 2 * n + i, ready)
        return
    # The whole cycle is looked at anew after the move.
    segment = i
    while segment >= 0 and segment < n and s.in_cycle[segment] != 0:
        s.in_cycle[segment] = 0
        segment = s.approach[segment].target
    s.control[0].relieved += 1
    _move(s, i, here.target, now)


@_entry
def advance(s, until):
    """Run the calendar through `until` (µs), or through the first instant at which a leg with a story ends."""
    n = s.road.shape[0]
    control = s.control[0]
    while control.heap_size > 0:
        now = s.heap[0].time
        server = s.heap[0].server
        if control.ended > 0 and now > control.now:
            return LEGS_ENDED
        if now > until:
            break
        if control.keep_passages != 0 and control.passages >= s.passage.shape[0]:
            return MORE_PASSAGES
        answer = _open_books(s, now)
        if answer != IDLE:
            return answer
        control.steps += 1
        control.now = now
        if server < n:
            _serve(s, server, now)  # reschedules the server, or takes it off the calendar
        else:
            _schedule(s, server, NEVER)
            if server < 2 * n:
                _end_leg(s, server - n, now)
            else:
                _relieve(s, server - 2 * n, now)
    if control.ended > 0:
        return LEGS_ENDED
    return IDLE


# --- what the outside says --------------------------------------------------------------------------------------
# Each answers IDLE when done, or what the caller must make room for before it says it again.


@_entry
def take_off(s, v, now, status):
    """Take vehicle v, which stands, off its segment, to the roadside (ASIDE) or for good (GONE)."""
    answer = _open_books(s, now)
    if answer == IDLE:
        _take_off(s, v, now, status)
    return answer


@_inlined
def _is_way(s, stands_on, route_at, route_end):
    """Whether a route is of segments there are, joined by turns there are, from the segment stood on (or none)."""
    here = stands_on
    for at in range(route_at, route_end):
        onward = s.route[at]
        if onward < 0 or onward >= s.road.shape[0]:
            return False
        if here != NOBODY:
            turn = s.road[here].out_at
            end = s.road[here].out_end
            while turn < end and s.turn[turn].to != onward:
                turn += 1
            if turn == end:
                return False
        here = onward
    return True


@_entry
def start_leg(s, v, now, route_at, route_end):
    """Send vehicle v along `route[route_at:route_end]`: onward from where it stands, or in from outside."""
    answer = _open_books(s, now)
    if answer != IDLE:
        return answer
    vehicle = s.vehicle[v]
    if not _is_way(s, vehicle.where if vehicle.status == STANDING else NOBODY, route_at, route_end):
        return NO_WAY
    vehicle.at = route_at
    vehicle.end = route_end
    if vehicle.status == STANDING:
        vehicle.status = MOVING
        _new_head(s, vehicle.where, now)
    else:
        vehicle.depart = now
        vehicle.status = OUTSIDE
        _join_queue(s, s.road.shape[0] + s.route[route_at], v, now)
    return IDLE


@_entry
def _join_queue(s, a, v, now):
    """Put v behind those who wait outside at approach a, ahead of those who depart later."""
    here = s.approach[a]
    if here.tail == NOBODY:
        here.head = v
        here.tail = v
        _new_head(s, a, now)
    elif s.vehicle[here.tail].depart <= now:
        s.vehicle[here.tail].next = v
        here.tail = v
    elif s.vehicle[here.head].depart > now:
        s.vehicle[v].next = here.head
        here.head = v
        s.approach[here.target].waiting -= 1
        _new_head(s, a, now)
    else:
        ahead = here.head
        while s.vehicle[s.vehicle[ahead].next].depart <= now:
            ahead = s.vehicle[ahead].next
        s.vehicle[v].next = s.vehicle[ahead].next
        s.vehicle[ahead].next = v


@_entry
def load_origins(s, order, start_us):
    """Queue scheduled vehicles outside their first segments; `order`: by departure, then number."""
    n = s.road.shape[0]
    for i in range(order.shape[0]):
        v = order[i]
        here = s.approach[n + s.route[s.vehicle[v].at]]
        if here.tail == NOBODY:
            here.head = v
        else:
            s.vehicle[here.tail].next = v
        here.tail = v
    for j in range(n):
        if s.approach[n + j].head != NOBODY:
            _new_head(s, n + j, start_us)


@_entry
def close_segment(s, j, now, closed):
    """Close segment j to entries, or open it again."""
    answer = _open_books(s, now)
    if answer == IDLE:
        s.road[j].closed = closed
        _reconsider(s, j, now)
    return answer


@_entry
def close_counts(s, now):
    """Bring densities up to the end, and count the queues of vehicles that still stand on a segment."""
    while now >= s.control[0].row_ends:
        _next_interval(s)
    for j in range(s.road.shape[0]):
        _count_vehicles(s, j, now, 0)
        v = s.approach[j].head
        while v != NOBODY:
            _count_queue(s, j, v, now)
            v = s.vehicle[v].next


@_entry
def first_broken_turn(route, route_start, route_end, road, turn):
    """The first vehicle whose route takes a turn that does not exist, and the place in the route; (−1, −1): none."""
    for v in range(route_start.shape[0]):
        for at in range(route_start[v], route_end[v] - 1):
            here = road[route[at]]
            found = False
            for t in range(here.out_at, here.out_end):
                if turn[t].to == route[at + 1]:
                    found = True
                    break
            if not found:
                return v, at
    return -1, -1
