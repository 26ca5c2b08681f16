"""How legs begin in the compiled flow: from where a vehicle stands, or from the queue outside."""

import numpy as np

from twin.sim.counting import open_books
from twin.sim.kernel import dissolve, new_head, note_next, reconsider, stop_waiting
from twin.sim.kernel_door import state_at
from twin.sim.kernel_state import IDLE, MOVING, NO_WAY, NOBODY, OUTSIDE, STANDING, compiled, compiled_inside
from twin.sim.ways import find_ways, read_ways


@compiled
def start_leg(at, v, now, route, begin):
    """Send vehicle v along a route of segments, onward from where it stands, or in from outside.

    Its ways are put at `way[begin:]`, where there is room for twice as many.
    """
    s = state_at(at)
    answer = open_books(s, now)
    if answer != IDLE:
        return answer
    vehicle = s.vehicle[v]
    stands_on = np.int64(vehicle.where) if vehicle.status == STANDING else np.int64(NOBODY)
    count = find_ways(s.road, s.turn, stands_on, False, route, 0, route.shape[0], s.way, begin)
    if count < 0:
        return NO_WAY
    vehicle.at = begin
    vehicle.end = begin + count
    read_ways(s, v)
    if vehicle.status == STANDING:
        vehicle.status = MOVING
        new_head(s, np.int64(vehicle.where), now)
    else:
        s.journey[v].depart = now
        vehicle.status = OUTSIDE
        _join_queue(s, s.road.shape[0] + np.int64(route[0]), v, now)
    note_next(s)
    return IDLE


@compiled
def redirect(at, v, now, here, leaves, route, begin):
    """Give vehicle v, which is on segment `here`, another route onward from there.

    Its ways are put at `way[begin + 1:]`, where there is room for twice as many and one, behind the one it came by.
    """
    s = state_at(at)
    answer = open_books(s, now)
    if answer != IDLE:
        return answer
    count = find_ways(s.road, s.turn, here, leaves, route, 0, route.shape[0], s.way, begin + 1)
    if count < 0:
        return NO_WAY
    vehicle = s.vehicle[v]
    s.way[begin] = s.way[vehicle.at - 1]
    vehicle.at = begin + 1
    vehicle.end = begin + 1 + count
    read_ways(s, v)
    if s.approach[here].head == v:
        wanted = np.int64(s.approach[here].target)
        dissolve(s, here)  # a gridlock that it stood in is one no more
        stop_waiting(s, here, wanted)
        reconsider(s, wanted, now)
        new_head(s, here, now)
    note_next(s)
    return IDLE


@compiled_inside
def _join_queue(s, a, v, now):
    """Put v behind those who wait outside at approach a, ahead of those who depart later."""
    here = s.approach[a]
    if here.tail == NOBODY:
        here.head = v
        here.tail = v
        new_head(s, a, now)
    elif s.journey[here.tail].depart <= now:
        s.vehicle[here.tail].next = v
        here.tail = v
    elif s.journey[here.head].depart > now:
        s.vehicle[v].next = here.head
        here.head = v
        stop_waiting(s, a, np.int64(here.target))
        new_head(s, a, now)
    else:
        ahead = np.int64(here.head)
        while s.journey[s.vehicle[ahead].next].depart <= now:
            ahead = np.int64(s.vehicle[ahead].next)
        s.vehicle[v].next = s.vehicle[ahead].next
        s.vehicle[ahead].next = v


@compiled
def load_origins(s, order, start_us):
    """Queue scheduled vehicles outside their first segments; `order`: by departure, then number."""
    n = s.road.shape[0]
    for i in range(order.shape[0]):
        v = order[i]
        read_ways(s, v)
        here = s.approach[n + s.turn[s.way[s.vehicle[v].at]].to]
        if here.tail == NOBODY:
            here.head = v
        else:
            s.vehicle[here.tail].next = v
        here.tail = v
    for j in range(n):
        if s.approach[n + j].head != NOBODY:
            new_head(s, n + j, start_us)
    note_next(s)
