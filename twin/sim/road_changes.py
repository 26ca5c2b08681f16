"""What a link is by the hour: closures, lost lanes and bus lanes that stand in the city begin and end.

On a link with a bus lane the narrowest of what holds at a time leaves the lanes for all, and a closure closes both.
"""

from collections.abc import Iterator, Sequence
from math import inf

from twin.city.network import Link, LinkChange
from twin.clock import DAY_S
from twin.sim.environment import Environment, Story
from twin.sim.lanes_taken import ChangesSegments
from twin.sim.tables import FlowTables

FIRST_ROAD_AGENT = 1 << 47  # after drivers and buses among simultaneous stories


def road_changes(env: Environment, flow: ChangesSegments, tables: FlowTables) -> Iterator[tuple[Story, int]]:
    """A story for each dated change of each link and one for each bus lane, with its agent id.

    A window over midnight holds in both parts.
    """
    number = 0
    for index, link in enumerate(tables.network.links):
        if link.bus_lane is not None:
            yield _beside_bus_lane(env, flow, tables, index), FIRST_ROAD_AGENT + number
            number += 1
            continue
        for change in link.changes:
            for shift_s in (-DAY_S, 0.0):
                start_s, end_s = change.window.start_s + shift_s, change.window.end_s + shift_s
                if end_s > env.now:
                    segments = tables.all_segments(index)
                    lanes = link.lanes if change.lanes is None else change.lanes
                    speed_mps = link.free_speed_mps if change.free_speed_mps is None else change.free_speed_mps
                    yield (
                        _change(
                            env, flow, segments, start_s, end_s, lanes / link.lanes, speed_mps / link.free_speed_mps
                        ),
                        FIRST_ROAD_AGENT + number,
                    )
                number += 1


def _change(
    env: Environment,
    flow: ChangesSegments,
    segments: Sequence[int],
    start_s: float,
    end_s: float,
    lane_share: float,
    speed_share: float,
) -> Story:
    if start_s > env.now:
        yield env.timeout(start_s - env.now)
    for segment in segments:
        flow.change_segment(segment, lane_share=lane_share, speed_share=speed_share)
    yield env.timeout(end_s - env.now)
    for segment in segments:
        flow.change_segment(segment, lane_share=1.0, speed_share=1.0)


def _beside_bus_lane(env: Environment, flow: ChangesSegments, tables: FlowTables, index: int) -> Story:
    """Keep the lanes for all at what its bus lane and its changes leave of them."""
    link = tables.network.links[index]
    bus_lane = range(*tables.bus_lane_start[index : index + 2].tolist())
    shown = 1.0, 1.0
    while True:
        lanes, speed_mps = lanes_for_all_at(link, env.now)
        now = lanes / link.lanes, speed_mps / link.free_speed_mps
        if now != shown:
            for segment in tables.all_segments(index):
                flow.change_segment(segment, lane_share=now[0], speed_share=now[1])
            for segment in bus_lane:
                flow.change_segment(segment, lane_share=1.0 if lanes > 0 else 0.0, speed_share=now[1])
            shown = now
        wait_s = _next_edge_s(link, env.now)
        if wait_s == inf:
            return
        yield env.timeout(wait_s)


def lanes_for_all_at(link: Link, time_s: float) -> tuple[float, float]:
    """Lanes that all may drive, and free speed (m/s), at a time: the least of what holds then; 0 lanes: closed."""
    held = [change for change in link.changes if _holds(change, time_s)]
    lanes = [link.lanes, *(change.lanes for change in held if change.lanes is not None)]
    if link.bus_lane is not None and link.bus_lane.holds_at(time_s):
        lanes.append(link.lanes - link.bus_lane.lanes)
    speeds_mps = [link.free_speed_mps, *(c.free_speed_mps for c in held if c.free_speed_mps is not None)]
    return min(lanes), min(speeds_mps)


def _holds(change: LinkChange, time_s: float) -> bool:
    return time_s in change.window or time_s + DAY_S in change.window


def _next_edge_s(link: Link, time_s: float) -> float:
    """How long until a change or the bus lane of a link begins or ends (s); infinite: never."""
    windows = [change.window for change in link.changes]
    windows += link.bus_lane.hours if link.bus_lane is not None else ()
    return min(((edge - time_s) % DAY_S or DAY_S for w in windows for edge in (w.start_s, w.end_s)), default=inf)
