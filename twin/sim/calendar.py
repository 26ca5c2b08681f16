"""The compiled flow's calendar: a heap of eight-way branches, ordered by (time, server).

An entry is one number, time × 2²² + server, so the eight below one lie in one cache line and are compared at once. An
entry counts only while its time is its server's `due` time; one that a later word has overtaken is passed over when it
comes up. So scheduling touches one branch of the heap and nothing else. Where old entries fill the heap, they are
cleared away.
"""

import numpy as np

from twin.sim.kernel_state import compiled, inlined
from twin.sim.rules import LAST_US, NEVER

ROOT = 7
"""Place of the first entry: so the eight entries below one lie in one cache line."""

NO_ENTRY = np.int64((1 << 63) - 1)
"""What the places behind the last entry hold: it comes after every entry."""

SERVER_BITS = 22
MOST_SERVERS = 1 << SERVER_BITS
_SERVER = MOST_SERVERS - 1


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


@inlined
def first_time(s):
    """Time of the first event; NEVER if there is none. Entries that no longer count are taken off."""
    while s.control[0].heap_size > 0:
        first = s.heap[ROOT]
        time_us = first >> SERVER_BITS
        if s.due[first & _SERVER] == time_us:
            return time_us
        _pop(s)
    return NEVER


@inlined
def take_first(s):
    """Take the first event off; answers its server."""
    server = s.heap[ROOT] & _SERVER
    s.due[server] = NEVER
    _pop(s)
    return server


@compiled
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
def schedule(s, server, time_us):
    """Put the server's event at that time instead of any other; NEVER, or past the last time there is: it has none."""
    if s.due[server] != time_us:
        s.due[server] = time_us
        if time_us < LAST_US:
            if s.control[0].heap_size + ROOT + 8 >= s.heap.shape[0]:
                s.due[server] = NEVER
                _clear(s)
                s.due[server] = time_us
            i = s.control[0].heap_size
            s.control[0].heap_size = i + 1
            _sift_up(s, i, (time_us << SERVER_BITS) + server)
