"""The compiled flow's calendar: events in the order of (time, server).

Time is cut into short slices. What lies in a later slice stands unsorted in that slice's list, so that scheduling is
one step however many events there are; the lists lie on a wheel, and a time more than a turn of the wheel away stands
in its list until its turn comes. What lies in the present slice stands in a small heap. An entry of the heap is one
number, time × 2²² + server.

An entry counts only while its time is its server's `due` time; one that a later word has overtaken is dropped when it
comes up. Source: calendar queue (Brown 1988), with a heap for the present slice, so that a thousand events at one
instant are still sorted in n log n.
"""

import numpy as np

from twin.sim.kernel_state import NOBODY, compiled, compiled_inside, inlined
from twin.sim.rules import LAST_US, NEVER

ROOT = 7
"""Place of the heap's first entry: so the eight entries below one lie in one cache line."""

NO_ENTRY = np.int64((1 << 63) - 1)
"""What the places behind the last entry hold: it comes after every entry."""

SERVER_BITS = 22
MOST_SERVERS = 1 << SERVER_BITS
_SERVER = MOST_SERVERS - 1

_BETWEEN_EVENTS_US = 16_000_000
"""Time between two events of one street in moderate traffic: with that many streets a slice holds an event or two."""


def slice_bits(n_segments: int) -> int:
    """Length of a slice of time, as a power of two µs."""
    return max(6, min(20, (_BETWEEN_EVENTS_US // max(1, n_segments)).bit_length()))


def wheel_slices(n_segments: int) -> int:
    """Slices on the wheel, a power of two: some half a minute."""
    return 1 << max(10, (2 * n_segments - 1).bit_length())


# --- the heap of the present slice --------------------------------------------------------------------------------


@inlined
def _sift_up(s, i, entry):
    """Put an entry at place i (counted from the root as 0) or above."""
    while i > 0:
        parent = (i - 1) >> 3
        above = s.heap[parent + ROOT]
        if above < entry:
            break
        s.heap[i + ROOT] = above
        i = parent
    s.heap[i + ROOT] = entry


@inlined
def _sift_down(s, i, entry):
    """Put an entry at place i or below."""
    size = s.control[0].heap_size
    while True:
        child = 8 * i + 1
        if child >= size:
            break
        at = child + ROOT
        least = s.heap[at]
        for other in range(1, 8):
            least = min(least, s.heap[at + other])
        if entry < least:
            break
        place = child
        for other in range(1, 8):
            if s.heap[at + other] == least:
                place = child + other
        s.heap[i + ROOT] = least
        i = place
    s.heap[i + ROOT] = entry


@inlined
def _pop(s):
    """Take the first entry off."""
    size = s.control[0].heap_size - 1
    s.control[0].heap_size = size
    last = s.heap[size + ROOT]
    s.heap[size + ROOT] = NO_ENTRY
    if size > 0:
        _sift_down(s, 0, last)


@compiled_inside
def _clear(s):
    """Keep the entries that count, each once."""
    size = s.control[0].heap_size
    kept = 0
    for i in range(size):
        entry = s.heap[i + ROOT]
        s.heap[i + ROOT] = NO_ENTRY
        if s.due[entry & _SERVER] == entry >> SERVER_BITS:
            s.due[entry & _SERVER] = NEVER  # so that a second entry of the same time is seen as one
            s.heap[kept + ROOT] = entry
            kept += 1
    s.control[0].heap_size = kept
    for i in range(kept - 1, -1, -1):
        entry = s.heap[i + ROOT]
        s.due[entry & _SERVER] = entry >> SERVER_BITS
        _sift_down(s, i, entry)


@inlined
def _push(s, server, time_us):
    """Put an entry into the heap."""
    if s.control[0].heap_size + ROOT + 8 >= s.heap.shape[0]:
        _clear(s)
    i = s.control[0].heap_size
    s.control[0].heap_size = i + 1
    _sift_up(s, i, (time_us << SERVER_BITS) + server)


# --- the wheel of later slices ------------------------------------------------------------------------------------


@inlined
def _put_on_wheel(s, server, number):
    """Put a server into the list of a slice."""
    control = s.control[0]
    at = number & (s.wheel.shape[0] - 1)
    slot = control.free_slot
    control.free_slot = s.slot[slot].next
    control.slots_used += 1
    s.slot[slot].server = server
    s.slot[slot].next = s.wheel[at]
    s.wheel[at] = slot


@compiled
def clear_wheel(s):
    """Put every later event on the wheel anew, each once."""
    control = s.control[0]
    s.wheel[:] = NOBODY
    for slot in range(s.slot.shape[0]):
        s.slot[slot].next = slot + 1
    s.slot[s.slot.shape[0] - 1].next = NOBODY
    control.free_slot = 0
    control.slots_used = 0
    for server in range(s.due.shape[0]):
        number = s.due[server] >> control.slice_bits
        if s.due[server] < LAST_US and number > control.slice:
            _put_on_wheel(s, server, number)


@inlined
def _next_slice(s):
    """Go on to the next slice, and put its events into the heap."""
    control = s.control[0]
    control.slice += 1
    at = control.slice & (s.wheel.shape[0] - 1)
    slot = np.int64(s.wheel[at])
    if slot == NOBODY:
        return
    s.wheel[at] = NOBODY
    while slot != NOBODY:
        onward = np.int64(s.slot[slot].next)
        server = np.int64(s.slot[slot].server)
        due = s.due[server]
        number = due >> control.slice_bits
        if due < LAST_US and number > control.slice and number & (s.wheel.shape[0] - 1) == at:
            s.slot[slot].next = s.wheel[at]  # not yet: some turns of the wheel later
            s.wheel[at] = slot
        else:
            s.slot[slot].next = control.free_slot
            control.free_slot = slot
            control.slots_used -= 1
            if number == control.slice:
                _push(s, server, due)
        slot = onward


# --- what a flow asks ---------------------------------------------------------------------------------------------


@inlined
def first_time(s):
    """Time of the first event; NEVER if there is none."""
    while True:
        while s.control[0].heap_size > 0:
            first = s.heap[ROOT]
            time_us = first >> SERVER_BITS
            if s.due[first & _SERVER] == time_us:
                return time_us
            _pop(s)
        if s.control[0].slots_used == 0:
            return NEVER
        _next_slice(s)


@inlined
def take_first(s):
    """Take the first event off; answers its server."""
    server = s.heap[ROOT] & _SERVER
    s.due[server] = NEVER
    _pop(s)
    return server


@inlined
def schedule(s, server, time_us):
    """Put the server's event at that time instead of any other; NEVER, or past the last time there is: it has none."""
    if s.due[server] != time_us:
        s.due[server] = time_us
        if time_us < LAST_US:
            number = time_us >> s.control[0].slice_bits
            if number <= s.control[0].slice:
                _push(s, server, time_us)
            elif s.control[0].free_slot == NOBODY:
                clear_wheel(s)  # which puts this one on it too
            else:
                _put_on_wheel(s, server, number)
