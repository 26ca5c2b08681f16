"""The rules of `rules.py` over arrays, compiled: one calendar entry a passage, also in full spillback.

How it works, in one page
-------------------------
A segment lets vehicles *in* one after another: it is a server. Its clients are the heads of the approaches that
lead to it: the segments upstream, and the origin queue of vehicles that wait outside. A head knows when it is
*ready* (rules 1 and 2) and what it wants (its *target*). The server's next service is at the latest of: the first
head that is ready, the headway of the previous entry, and room (rule 3). Only that one time stands on the
calendar; who is served is decided when it comes, by fair queueing. A full link whose next hole is not yet known
has no entry at all: the exit that makes room schedules it. So blocked heads cost nothing.

`_serve` moves one vehicle; that touches three things: the segment it left has room to give and perhaps a new head,
the segment it entered has less room and perhaps a first head, and each is reconsidered once.

Servers 0…L−1 let into segments; L…2L−1 end legs at segments (the last of a route); 2L…3L−1 relieve gridlock.
Equal times are served by server number. Everything is an integer: times in µs, vehicles in micro-PCU, lengths in mm.
Nothing here allocates. What is kept is in `kernel_state`, greens and giving way in `kernel_turns`, the calendar in
`calendar`, statistics in `counting`.
"""

import numpy as np

from twin.sim import rules
from twin.sim.calendar import first_time, schedule, take_first
from twin.sim.counting import count_entry, count_exit, count_queue, open_books
from twin.sim.kernel_door import state_at
from twin.sim.kernel_state import (
    GONE,
    IDLE,
    LAST_AHEAD,
    LEGS_ENDED,
    MORE_PASSAGES,
    MOVING,
    NOBODY,
    STANDING,
    compiled,
    compiled_inside,
    inlined,
)
from twin.sim.kernel_turns import against, count_stream, follow_at, green_from, sneaks_from, yields
from twin.sim.ways import read_ways

NEVER = rules.NEVER

earliest_exit = inlined(rules.earliest_exit)
headway = inlined(rules.headway)
flow_step = inlined(rules.flow_step)
gap_headway = inlined(rules.gap_headway)
room_level = inlined(rules.room_level)
is_surely_free = inlined(rules.is_surely_free)
time_of_level = inlined(rules.time_of_level)
relief_time = inlined(rules.relief_time)
start_tag = inlined(rules.start_tag)
tag_step = inlined(rules.tag_step)


# --- who is let in, and when ------------------------------------------------------------------------------------


@inlined
def _room_from(s, j, pcu):
    """When there is room on segment j for a vehicle of that size; NEVER while nobody knows (rule 3)."""
    here = s.approach[j]
    if is_surely_free(here.cum_in - here.cum_out, pcu, here.free_storage):
        return np.int64(0)
    road = s.road[j]
    if road.closed != 0:
        return NEVER
    level = room_level(here.cum_in, pcu, road.storage)
    if level <= 0:
        return np.int64(0)
    if level > here.cum_out:
        return NEVER
    # The first exit that reached the level. Levels only grow, up to the size of one vehicle.
    oldest = here.cum_in - road.storage
    exit_number = np.int64(max(road.room_at, here.exits - here.ring_mask))
    while s.ring[here.ring_at + (exit_number & here.ring_mask)].cum < oldest:
        exit_number += 1
    road.room_at = exit_number
    while s.ring[here.ring_at + (exit_number & here.ring_mask)].cum < level:
        exit_number += 1
    exit_ = s.ring[here.ring_at + (exit_number & here.ring_mask)]
    previous = np.int64(-NEVER)
    if exit_number > 0:
        previous = s.ring[here.ring_at + ((exit_number - 1) & here.ring_mask)].time
    return time_of_level(level, exit_.cum, exit_.time, previous, here.us_per_pcu) + road.wave_us


@inlined
def _wait(s, a, j):
    """The head of approach a comes to wait for segment j."""
    s.approach[a].target = j
    s.approach[a].next_client = s.approach[j].client
    s.approach[j].client = a


@inlined
def stop_waiting(s, a, j):
    """The head of approach a no longer waits for segment j."""
    s.approach[a].target = NOBODY
    if s.approach[j].client == a:
        s.approach[j].client = s.approach[a].next_client
        return
    other = s.approach[j].client
    while s.approach[other].next_client != a:
        other = s.approach[other].next_client
    s.approach[other].next_client = s.approach[a].next_client


@inlined
def _pick(s, j, time_us):
    """The approach whose head segment j serves at that time: ready, and first by fair queueing; NOBODY if none."""
    server = s.approach[j]
    first = np.int64(server.client)
    if s.approach[first].next_client == NOBODY:
        return first if s.approach[first].ready <= time_us else np.int64(NOBODY)
    best = np.int64(NOBODY)
    best_tag = NEVER
    best_turn = np.int64(0)
    a = first
    while a != NOBODY:
        client = s.approach[a]
        if client.ready <= time_us:
            tag = start_tag(s.turn[client.turn].tag, server.virtual)
            if tag < best_tag or (tag == best_tag and client.turn < best_turn):
                best = a
                best_tag = tag
                best_turn = np.int64(client.turn)
        a = np.int64(client.next_client)
    return best


@inlined
def _first_ready(s, j):
    """When the first head that wants segment j is ready."""
    a = s.approach[j].client
    first = s.approach[a].ready
    a = s.approach[a].next_client
    while a != NOBODY:
        first = min(first, s.approach[a].ready)
        a = s.approach[a].next_client
    return first


@inlined
def _entry_from(s, j, now):
    """When segment j next lets a vehicle in; NEVER while nobody knows, or nobody asks."""
    here = s.approach[j]
    if here.client == NOBODY:
        return NEVER
    when = _first_ready(s, j)
    if when >= NEVER:
        return NEVER
    when = max(now, when, here.next_entry)
    # Whom it would be is asked only where its size can matter.
    if is_surely_free(here.cum_in - here.cum_out, s.control[0].largest_pcu, here.free_storage):
        return when
    pcu = s.vehicle[s.approach[_pick(s, j, when)].head].pcu
    room = _room_from(s, j, pcu)
    if room >= NEVER:
        return _smaller_later(s, j, pcu, when)
    return max(when, room)


@compiled_inside
def _smaller_later(s, j, pcu, time_us):
    """When a smaller vehicle than the one that finds no room is ready for segment j, and would find some."""
    first = NEVER
    a = np.int64(s.approach[j].client)
    while a != NOBODY:
        client = s.approach[a]
        if time_us < client.ready < NEVER and s.vehicle[client.head].pcu < pcu:
            first = min(first, max(client.ready, _room_from(s, j, s.vehicle[client.head].pcu)))
        a = np.int64(client.next_client)
    return first


@inlined
def reconsider(s, j, now):
    """Set when segment j next lets a vehicle in."""
    when = _entry_from(s, j, now)
    if when >= NEVER and s.approach[j].client != NOBODY and _is_blocked(s, j, now):
        _look_for_gridlock(s, j, now)
    schedule(s, j, when)


@inlined
def _is_blocked(s, j, now):
    """Whether the head of segment j waits for another segment that is full: only then can it be in a cycle."""
    here = s.approach[j]
    return (
        s.in_cycle[j] == 0
        and here.head != NOBODY
        and here.target >= 0
        and here.target < s.road.shape[0]
        and _entry_from(s, np.int64(here.target), now) >= NEVER
    )


@compiled_inside
def _look_for_gridlock(s, j, now):
    """Follow who waits for whom from segment j: a way back to j through full segments is a cycle that stands."""
    if s.road[j].closed != 0 or s.in_cycle[j] != 0:
        return
    n = s.road.shape[0]
    control = s.control[0]
    at = control.cycle_links
    segment = np.int64(j)
    length = 0
    while True:
        s.cycle_links[at + length] = segment
        length += 1
        here = s.approach[segment]
        if length > n or s.in_cycle[segment] != 0:
            return
        if here.head == NOBODY or here.target < 0 or here.target >= n or s.road[here.target].closed != 0:
            return
        if _entry_from(s, np.int64(here.target), now) < NEVER:
            return
        if here.target == j:
            break
        segment = np.int64(here.target)
    lowest = j
    relieved = -NEVER
    for i in range(at, at + length):
        s.in_cycle[s.cycle_links[i]] = 1
        relieved = max(relieved, s.relieved[s.cycle_links[i]])
        lowest = min(lowest, s.cycle_links[i])
    s.cycle[control.cycles].time = now
    s.cycle[control.cycles].length = length
    control.cycles += 1
    control.cycle_links += length
    if control.patience_us > 0:
        schedule(s, 2 * n + lowest, relief_time(now, relieved, control.patience_us))


@inlined
def _ready_from(s, a, now):
    """From when on the head of segment a may go by its turn, room and others left out of account."""
    here = s.approach[a]
    turn = np.int64(here.turn)
    arrival = s.vehicle[here.head].arrives + s.turn[turn].penalty_us
    ready = green_from(s, turn, max(now, earliest_exit(arrival, here.next_exit)))
    if ready >= NEVER or not yields(s, turn):
        return ready
    flow, gone = against(s, turn, now, ready)
    wait = s.wait_us[s.turn[turn].gap_kind, flow_step(flow)]
    goes = max(ready, arrival + wait)
    if gone > ready:
        goes = max(goes, gone + wait)
    return green_from(s, turn, min(goes, max(ready, sneaks_from(s, turn, ready))))


@inlined
def new_head(s, a, now):
    """The vehicle now first at approach a: when it is ready, and what it wants."""
    n = s.road.shape[0]
    here = s.approach[a]
    if here.head == NOBODY:
        here.target = NOBODY
        here.ready = NEVER
        return
    vehicle = s.vehicle[here.head]
    if a >= n:
        here.turn = vehicle.ahead[(vehicle.at & LAST_AHEAD)]
        here.ready = max(now, s.journey[here.head].depart)
    elif vehicle.at == vehicle.end:
        here.target = n + a
        here.ready = max(now, earliest_exit(vehicle.arrives, here.next_exit))
        schedule(s, n + a, here.ready)
        return
    else:
        here.turn = vehicle.ahead[vehicle.at & LAST_AHEAD]
        here.ready = _ready_from(s, a, now)
    j = np.int64(s.turn[here.turn].to)
    _wait(s, a, j)
    reconsider(s, j, now)


# --- moving -----------------------------------------------------------------------------------------------------


@inlined
def _leave_segment(s, i, v, now, us_per_pcu):
    """Take the head v off segment i: the exit is recorded, room and a headway follow from it."""
    here = s.approach[i]
    vehicle = s.vehicle[v]
    here.head = vehicle.next
    if vehicle.next == NOBODY:
        here.tail = NOBODY
    if now - vehicle.arrives >= here.us_per_pcu:  # it lost more than a headway: it stood
        count_queue(s, i, v, now)
    here.cum_out += vehicle.pcu
    exit_ = s.ring[here.ring_at + (here.exits & here.ring_mask)]
    exit_.time = now
    exit_.cum = here.cum_out
    here.next_exit = now + headway(vehicle.pcu, us_per_pcu)
    count_exit(s, i, now, vehicle.entry)
    if s.control[0].keep_passages != 0:
        s.passage[s.journey[v].passage].exit = now


@inlined
def _enter_segment(s, j, v, now):
    """Put v at the tail of segment j."""
    here = s.approach[j]
    vehicle = s.vehicle[v]
    free_us = here.free_us
    if vehicle.kind != 0:
        free_us = s.free_us[j, vehicle.kind]
    vehicle.next = NOBODY
    vehicle.at += 1
    if (vehicle.at & LAST_AHEAD) == 0:
        read_ways(s, v)
    vehicle.entry = now
    vehicle.arrives = now + free_us
    vehicle.level = here.cum_in
    here.cum_in += vehicle.pcu
    here.next_entry = now + headway(vehicle.pcu, here.us_per_pcu)
    count_entry(s, j, now)
    control = s.control[0]
    if control.keep_passages != 0:
        passage = s.passage[control.passages]
        passage.vehicle = v
        passage.segment = j
        passage.entry = now
        passage.exit = NEVER
        s.journey[v].passage = control.passages
    control.passages += 1
    if here.tail == NOBODY:
        here.head = v
    else:
        s.vehicle[here.tail].next = v
    here.tail = v


@inlined
def _move(s, a, j, now):
    """Let the head of approach a into segment j."""
    n = s.road.shape[0]
    here = s.approach[a]
    server = s.approach[j]
    v = np.int64(here.head)
    vehicle = s.vehicle[v]
    turn = s.turn[here.turn]
    server.virtual = start_tag(turn.tag, server.virtual)
    turn.tag = server.virtual + tag_step(vehicle.pcu, turn.step)
    if s.control[0].cycles > 0 and a < n:
        dissolve(s, a)
    stop_waiting(s, a, j)
    was_tight = a < n and not is_surely_free(here.cum_in - here.cum_out, s.control[0].largest_pcu, here.free_storage)
    if a < n:
        us_per_pcu = turn.us_per_pcu
        if yields(s, here.turn):
            follow_us = follow_at(s, np.int64(here.turn), now)
            us_per_pcu = max(us_per_pcu, gap_headway(follow_us, now - here.ready, server.us_per_pcu))
        if turn.stream != NOBODY:
            count_stream(s, turn.stream, vehicle.pcu, now)
        _leave_segment(s, a, v, now, us_per_pcu)
    else:
        here.head = vehicle.next
        if vehicle.next == NOBODY:
            here.tail = NOBODY
        s.journey[v].enter = min(s.journey[v].enter, now)
        vehicle.status = MOVING
    was_empty = server.head == NOBODY
    _enter_segment(s, j, v, now)
    if was_empty:
        new_head(s, j, now)
    new_head(s, a, now)
    if was_tight:  # otherwise room did not bind there, and more of it changes nothing
        reconsider(s, a, now)
    if here.target != j:  # otherwise its new head has just had it set
        reconsider(s, j, now)


@inlined
def _serve(s, j, now):
    """Segment j's time has come: let in whose turn it is, if signal and room agree."""
    a = _pick(s, j, now)
    if a != NOBODY:
        green = now
        if a < s.road.shape[0]:
            green = green_from(s, s.approach[a].turn, now)
        if green > now:
            s.approach[a].ready = _ready_from(s, a, now)
        elif s.approach[j].next_entry <= now and _room_from(s, j, s.vehicle[s.approach[a].head].pcu) <= now:
            _move(s, a, j, now)
            return
    reconsider(s, j, now)


@inlined
def _end_leg(s, i, now):
    """The head of segment i stands at the end of its route: it leaves, or its story takes over."""
    v = np.int64(s.approach[i].head)
    s.journey[v].arrive = now
    s.vehicle[v].where = i
    if s.vehicle[v].has_story != 0:
        s.approach[i].target = NOBODY
        s.approach[i].ready = NEVER
        s.vehicle[v].status = STANDING
        s.ended[s.control[0].ended] = v
        s.control[0].ended += 1
    else:
        _take_off(s, v, now, GONE)


@compiled_inside
def _take_off(s, v, now, status):
    """Take the head vehicle v off its segment, to the roadside (ASIDE) or for good (GONE)."""
    vehicle = s.vehicle[v]
    i = np.int64(vehicle.where)
    s.approach[i].target = NOBODY
    _leave_segment(s, i, v, now, s.approach[i].us_per_pcu)
    vehicle.next = NOBODY
    vehicle.where = NOBODY
    vehicle.status = status
    new_head(s, i, now)
    reconsider(s, i, now)


@inlined
def dissolve(s, i):
    """The head of segment i goes: the cycle it is part of, if any, stands no longer and is looked at anew."""
    segment = np.int64(i)
    while segment >= 0 and segment < s.road.shape[0] and s.in_cycle[segment] != 0:
        s.in_cycle[segment] = 0
        segment = np.int64(s.approach[segment].target)


@compiled_inside
def _relieve(s, i, now):
    """Patience is over: if the cycle through segment i still stands, let its head on over the storage limit."""
    n = s.road.shape[0]
    here = s.approach[i]
    if s.in_cycle[i] == 0 or here.head == NOBODY or here.target < 0 or here.target >= n:
        return
    ready = max(here.ready, green_from(s, here.turn, now))
    if s.road[here.target].closed != 0:
        ready = now + s.control[0].patience_us
    if ready > now:
        schedule(s, 2 * n + i, ready)
        return
    s.control[0].relieved += 1
    s.relieved[i] = now
    segment = np.int64(here.target)
    while segment != i:
        s.relieved[segment] = now
        segment = np.int64(s.approach[segment].target)
    _move(s, i, np.int64(here.target), now)


@inlined
def note_next(s):
    """Write down the time of the next event, NEVER if there is none: to ask for it costs more than to read it."""
    s.control[0].next = first_time(s)


@compiled
def advance(at, until):
    """Run the calendar through `until` (µs), or through the first instant at which a leg with a story ends."""
    s = state_at(at)
    n = s.road.shape[0]
    control = s.control[0]
    while True:
        now = first_time(s)
        control.next = now
        if control.ended > 0 and now > control.now:
            return LEGS_ENDED
        if now > until or now >= NEVER:
            return IDLE
        if control.keep_passages != 0 and control.passages >= s.passage.shape[0]:
            return MORE_PASSAGES
        answer = open_books(s, now)
        if answer != IDLE:
            return answer
        server = take_first(s)
        control.steps += 1
        control.now = now
        if server < n:
            _serve(s, server, now)
        elif server < 2 * n:
            _end_leg(s, server - n, now)
        else:
            _relieve(s, server - 2 * n, now)


# --- what the outside says --------------------------------------------------------------------------------------
# Each answers IDLE when done, or what the caller must make room for before it says it again.


@compiled
def take_off(at, v, now, status):
    """Take vehicle v, which stands, off its segment, to the roadside (ASIDE) or for good (GONE)."""
    s = state_at(at)
    answer = open_books(s, now)
    if answer == IDLE:
        _take_off(s, v, now, status)
    note_next(s)
    return answer


@compiled
def show_greens(at, a, turn, green_at, green_end, now):
    """From now on a turn from segment a has the greens of these rows; none: it is never stopped."""
    s = state_at(at)
    answer = open_books(s, now)
    if answer == IDLE:
        s.turn[turn].green_at = green_at
        s.turn[turn].green_end = green_end
        here = s.approach[a]
        if here.head != NOBODY and here.turn == turn and here.target >= 0 and here.target < s.road.shape[0]:
            here.ready = _ready_from(s, a, now)
            reconsider(s, np.int64(here.target), now)
    note_next(s)
    return answer


@compiled
def close_segment(at, j, now, closed):
    """Close segment j to entries, or open it again."""
    s = state_at(at)
    answer = open_books(s, now)
    if answer == IDLE:
        s.road[j].closed = closed
        reconsider(s, j, now)
    note_next(s)
    return answer
