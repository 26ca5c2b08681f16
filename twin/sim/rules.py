"""The rules of traffic flow, each a plain function of whole numbers.

Time is in microseconds and vehicles are in millionths of a PCU, both 64-bit integers: sums do not depend on their
order, a shift of all departures by Δ shifts every result by exactly Δ, and Python and compiled code agree to the
bit. `SimpyFlow` runs these functions as Python, `CompiledFlow` compiles the very same ones.

Link: a queue with kinematic-wave physics on a triangular fundamental diagram (Newell 1993): free speed u, capacity
q, backward wave w = q / (k_j − q / u), storage N = k_j · L. A vehicle

  1. reaches the end of a link at `entry + L / u`; first in, first out;
  2. may leave at the latest of: that arrival, the previous exit + PCU / saturation flow, a green of its turn;
  3. may enter the next link at the latest of: the previous entry there + PCU / q, and the moment when cumulative
     PCU out of it have made room, + L / w: the hole travels backward (Leclercq & Bécarie 2012, event-based LWR).

Merge: heads that want one link share it in proportion to merge weights (start-time fair queueing, Goyal, Vin &
Cheng 1996), never by who asked first.
"""

NEVER = 1 << 62
"""A time that does not come (µs)."""

LAST_US = 1 << 41
"""The end of time: a run may last 25 days, and what lies beyond does not come (µs)."""

MICROS = 1_000_000
"""Microseconds a second, and micro-PCU a PCU."""


def earliest_exit(arrival_us: int, next_exit_us: int) -> int:
    """Rule 2 without the signal: not before its own arrival, nor before the headway of the vehicle ahead ends."""
    return arrival_us if arrival_us > next_exit_us else next_exit_us


def headway(pcu: int, us_per_pcu: int) -> int:
    """Time from one vehicle over a line to the next (µs): the first one's size at the line's rate."""
    return pcu * us_per_pcu // MICROS


def wait_for_green(time_us: int, start_us: int, green_us: int, cycle_us: int) -> int:
    """First time from `time_us` on at which a green that starts at `start_us` (mod cycle) shows; NEVER if it has
    no length. A green holds start <= t < start + green.
    """
    if green_us <= 0:
        return NEVER
    phase = (time_us - start_us) % cycle_us
    return time_us if phase < green_us else time_us + cycle_us - phase


def room_level(cum_in: int, pcu: int, storage: int) -> int:
    """Cumulative PCU that must have left a link before a vehicle may enter it (rule 3).

    Fractional, so that a short link keeps its capacity; an empty link takes one vehicle of any size.
    """
    level = cum_in + pcu - storage
    return level if level < cum_in else cum_in


def is_surely_free(on_link: int, pcu: int, free_storage: int) -> bool:
    """Whether a link is so empty that room cannot bind: less on it than would pass out while a wave runs back.

    `free_storage` = N − saturation flow · L/w − two of the largest vehicles: the exit that made room for this
    vehicle then lies more than L/w in the past, however fast the link discharged.
    """
    return on_link + pcu <= free_storage


def time_of_level(level: int, cum: int, exit_us: int, previous_exit_us: int, us_per_pcu: int) -> int:
    """When the cumulative count of PCU out passed `level`, within the exit that raised it to `cum`.

    A vehicle crosses the line during the headway before its exit, at saturation flow; so a fraction of a vehicle
    left a fraction of a headway earlier, but never before the exit before it.
    """
    crossed_us = exit_us - (cum - level) * us_per_pcu // MICROS
    return crossed_us if crossed_us > previous_exit_us else previous_exit_us


STREAM_WINDOW_US = 180 * MICROS
"""Over how long the flow of a stream is measured that others yield to."""

FLOW_STEP, FLOW_STEPS = 500_000, 361
"""Conflicting flows are told apart in steps of 10 PCU/h, up to 3,600 (micro-PCU a window)."""


def passed_lately(window: int, count: int, before: int, since_us: int) -> int:
    """Micro-PCU that passed in the last window, when `count` did in the window of that number and `before` in the one
    before it: of an older window as much as its share of the last `STREAM_WINDOW_US`.

    `since_us`: time since the stream's first vehicle, from which its windows are counted.
    """
    number, into_us = since_us // STREAM_WINDOW_US, since_us % STREAM_WINDOW_US
    if number == window:
        return count + before * (STREAM_WINDOW_US - into_us) // STREAM_WINDOW_US
    if number == window + 1:
        return count * (STREAM_WINDOW_US - into_us) // STREAM_WINDOW_US
    return 0


def flow_step(flow: int) -> int:
    """Place of a conflicting flow (micro-PCU a window) in the tables of gaps."""
    step = flow // FLOW_STEP
    return step if step < FLOW_STEPS else FLOW_STEPS - 1


def queue_gone_after(flow: int, red_us: int, us_per_pcu: int) -> int:
    """How long after the start of a stream's green the queue of its red has gone (µs): q r / (s − q), or NEVER.

    `flow`: q, micro-PCU a window; `red_us`: r; `us_per_pcu`: 1 / s (uniform arrivals, HCM 2016, chapter 31).
    """
    saturation = STREAM_WINDOW_US * MICROS // us_per_pcu
    return red_us * flow // (saturation - flow) if flow < saturation else NEVER


def gap_headway(follow_us: int, waited_us: int, entry_us: int) -> int:
    """Time from one vehicle that yields to the next (µs), given how long the first was ready before it went.

    Gaps already count the vehicles it waits for: the wait for the entry of one of them is not added.
    """
    return follow_us - (waited_us if waited_us < entry_us else entry_us)


RELIEVED_AGAIN_US = 10 * MICROS
"""Time between reliefs of one jam: some 360 vehicles an hour, a fifth of what a free lane lets through (assumed)."""


def relief_time(closed_us: int, relieved_us: int, patience_us: int) -> int:
    """When a cycle that closed is relieved: after the patience, or soon where a relief on it is less than that ago.

    Then it is the same jam: its vehicles have stood long enough, and one in each patience would never empty it.
    """
    return closed_us + (RELIEVED_AGAIN_US if closed_us - relieved_us < patience_us else patience_us)


def start_tag(finish_tag: int, virtual_time: int) -> int:
    """Fair queueing: a turn that had been idle starts with the link's present virtual time, with no saved credit."""
    return finish_tag if finish_tag > virtual_time else virtual_time


def tag_step(pcu: int, us_per_weight: int) -> int:
    """How far a service moves its turn's tag: PCU over merge weight."""
    return pcu * us_per_weight // MICROS
