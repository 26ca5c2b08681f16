"""The ways of vehicles: their routes as turns, and the few next of them that lie in a vehicle's own record."""

import numpy as np

from twin.sim.kernel_state import LAST_AHEAD, NOBODY, WAYS_AHEAD, compiled, compiled_with_arrays, inlined


@compiled_with_arrays
def expand(segment_start, links):
    """The segments of links, in order; those of link i are `segment_start[i]:segment_start[i + 1]`."""
    total = 0
    for link in links:
        total += segment_start[link + 1] - segment_start[link]
    segments = np.empty(total, dtype=np.int32)
    at = 0
    for link in links:
        for segment in range(segment_start[link], segment_start[link + 1]):
            segments[at] = segment
            at += 1
    return segments


@inlined
def read_ways(s, v):
    """Put the ways around where vehicle v is on its route into its record."""
    vehicle = s.vehicle[v]
    first = vehicle.at - (vehicle.at & LAST_AHEAD)
    for i in range(WAYS_AHEAD):
        vehicle.ahead[i] = s.way[first + i]


@inlined
def _turn_to(road, turn, here, onward):
    """The turn from a segment to another, NOBODY if there is none."""
    t = road[here].out_at
    end = road[here].out_end
    while t < end:
        if turn[t].to == onward:
            return t
        t += 1
    return np.int64(NOBODY)


@inlined
def _turn_to_group(road, turn, here, onward):
    """The turn from a segment to its lane group for another segment, NOBODY if there is none."""
    for t in range(road[here].out_at, road[here].out_end):
        group = turn[t].to
        if road[group].is_group != 0 and _turn_to(road, turn, group, onward) != NOBODY:
            return np.int64(t)
    return np.int64(NOBODY)


@compiled
def find_ways(road, turn, stands_on, leaves, route, begin, end, way, at):
    """Write the segments `route[begin:end]` as turns to `way[at:]`; answers how many, or ~place of a step that is none.

    A leg begins from the segment stood on, or, with NOBODY, from the origin queue of its first segment: the turns of
    origin queues are the last. Lane groups are gone through as the turns ask. `leaves`: the leg ends for good, in the
    group for that.
    """
    n = road.shape[0]
    here = np.int64(stands_on)
    first = at
    for place in range(begin, end):
        onward = np.int64(route[place])
        if onward < 0 or onward >= n:
            return ~place
        if here == NOBODY:
            found = np.int64(turn.shape[0] - n + onward)
        else:
            found = _turn_to(road, turn, here, onward)
            if found == NOBODY:
                to_group = _turn_to_group(road, turn, here, onward)
                if to_group == NOBODY:
                    return ~place
                way[at] = to_group
                at += 1
                found = _turn_to(road, turn, np.int64(turn[to_group].to), onward)
        way[at] = found
        at += 1
        here = onward
    if leaves and here != NOBODY and road[here].exit_group != NOBODY:
        way[at] = _turn_to(road, turn, here, np.int64(road[here].exit_group))
        at += 1
    return at - first


@compiled
def find_all_ways(road, turn, route, starts, ends, way, way_start):
    """`find_ways` for a fleet, one after another; the first vehicle whose route breaks and the place, (−1, −1): none.

    `way_start`: (n + 1,), filled: where the ways of each begin.
    """
    for v in range(starts.shape[0]):
        count = find_ways(road, turn, NOBODY, True, route, starts[v], ends[v], way, way_start[v])
        if count < 0:
            return v, ~count
        way_start[v + 1] = way_start[v] + count
    return -1, -1


@compiled
def add_driven(way, turn, length_mm, free_us, kinds, legs, driven_mm, driven_free_us):
    """Add distance (mm) and free-speed time (µs) of legs to their vehicles.

    `legs`: (n, 3) vehicle, and its `way[begin:end]`.
    """
    for leg in range(legs.shape[0]):
        v = legs[leg, 0]
        for at in range(legs[leg, 1], legs[leg, 2]):
            j = turn[way[at]].to
            driven_mm[v] += length_mm[j]
            driven_free_us[v] += free_us[j, kinds[v]]
