"""Turns in the compiled flow: their greens, and what those leave that a turn yields to; `street_turns` over arrays."""

import numpy as np

from twin.sim import rules
from twin.sim.give_way import SNEAKERS
from twin.sim.kernel_state import NOBODY, compiled_inside, inlined

NEVER = rules.NEVER
STREAM_WINDOW_US = rules.STREAM_WINDOW_US

flow_step = inlined(rules.flow_step)
passed_lately = inlined(rules.passed_lately)
queue_gone_after = inlined(rules.queue_gone_after)
wait_for_green = inlined(rules.wait_for_green)


@inlined
def green_from(s, turn, time_us):
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


@inlined
def _green_at(s, turn, time_us):
    """The row of the green that a turn has at that time, NOBODY if it has none."""
    for row in range(s.turn[turn].green_at, s.turn[turn].green_end):
        green = s.greens[row]
        if green.length > 0 and (time_us - green.start) % green.cycle < green.length:
            return np.int64(row)
    return np.int64(NOBODY)


@inlined
def _red_before(s, turn, row):
    """How long a turn has red before a green of its own (µs)."""
    green = s.greens[row]
    red = np.int64(green.cycle)
    for other_row in range(s.turn[turn].green_at, s.turn[turn].green_end):
        other = s.greens[other_row]
        if other.length > 0:
            red = min(red, (green.start - other.start - other.length) % green.cycle)
    return red


@compiled_inside
def against(s, turn, now, time_us):
    """What a turn yields to at that time: flow (micro-PCU a window, as known now), and when their queues have gone."""
    flow = np.int64(0)
    gone = np.int64(-NEVER)
    queue = np.int64(NOBODY)
    of_queue = np.int64(0)
    for row in range(s.turn[turn].yield_at, s.turn[turn].yield_end):
        conflict = s.conflict[row]
        stream = s.stream[conflict.stream]
        passed = passed_lately(stream.window, stream.count, stream.before, now - stream.began)
        other = s.turn[conflict.turn]
        if other.green_at == other.green_end:
            flow += passed * conflict.scale // 1000
            continue
        green_row = _green_at(s, conflict.turn, time_us)
        if green_row == NOBODY:
            continue
        flow += passed
        of_queue = passed if conflict.queue != queue else of_queue + passed
        queue = conflict.queue
        green = s.greens[green_row]
        after = queue_gone_after(of_queue, _red_before(s, conflict.turn, green_row), other.us_per_pcu)
        gone = max(gone, time_us - (time_us - green.start) % green.cycle + min(after, green.length))
    return flow, gone


@inlined
def sneaks_from(s, turn, time_us):
    """When in the green of that time the last may turn whatever comes; NEVER: it is not known when the green ends."""
    row = _green_at(s, turn, time_us)
    if row == NOBODY or s.greens[row].length >= s.greens[row].cycle:
        return NEVER
    green = s.greens[row]
    began = time_us - (time_us - green.start) % green.cycle
    return began + max(0, green.length - SNEAKERS * s.follow_us[s.turn[turn].gap_kind, 0])


@inlined
def follow_at(s, turn, now):
    """Time from a vehicle that yields to the next (µs), at the gaps of that time, or until the last may turn."""
    flow, _ = against(s, turn, now, now)
    follow = s.follow_us[s.turn[turn].gap_kind]
    return min(follow[flow_step(flow)], max(follow[0], sneaks_from(s, turn, now) - now))


@inlined
def yields(s, turn):
    return s.turn[turn].yield_at < s.turn[turn].yield_end


@inlined
def count_stream(s, stream, pcu, now):
    """A vehicle passed that others yield to."""
    row = s.stream[stream]
    if row.count == 0:
        row.began = now
    window = (now - row.began) // STREAM_WINDOW_US
    if row.window != window:
        row.before = row.count if row.window + 1 == window else 0
        row.count = 0
        row.window = window
    row.count += pcu
