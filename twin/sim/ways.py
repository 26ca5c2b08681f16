"""The ways of vehicles: their routes as turns, and the few next of them that lie in a vehicle's own record."""

from twin.sim.kernel_state import LAST_AHEAD, NOBODY, WAYS_AHEAD, compiled, inlined


@inlined
def read_ways(s, v):
    """Put the ways around where vehicle v is on its route into its record."""
    vehicle = s.vehicle[v]
    first = vehicle.at - (vehicle.at & LAST_AHEAD)
    for i in range(WAYS_AHEAD):
        vehicle.ahead[i] = s.way[first + i]


@compiled
def find_ways(road, turn, stands_on, way, begin, end):
    """Turn a leg of segments into one of turns, in place; answers the place of the first that is none, or `end`.

    It begins from the segment stood on, or, with NOBODY, from the origin queue of its first segment: the turns of
    origin queues are the last.
    """
    n = road.shape[0]
    n_turns = turn.shape[0] - n
    here = stands_on
    for at in range(begin, end):
        onward = way[at]
        if onward < 0 or onward >= n:
            return at
        found = n_turns + onward
        if here != NOBODY:
            found = road[here].out_at
            last = road[here].out_end
            while found < last and turn[found].to != onward:
                found += 1
            if found == last:
                return at
        way[at] = found
        here = onward
    return end


@compiled
def find_all_ways(road, turn, way, starts, ends):
    """`find_ways` for every vehicle of a fleet; the first vehicle whose route breaks and the place; (−1, −1): none."""
    for v in range(starts.shape[0]):
        at = find_ways(road, turn, NOBODY, way, starts[v], ends[v])
        if at < ends[v]:
            return v, at
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
