"""What a link is by the hour: closures, lost lanes, tidal lanes and bus lanes that stand in the city begin and end.

Of several changes that hold at a time the narrowest and the slowest count, a bus lane takes its part of the lanes for
all, and a closure closes both. Windows are of every day, over midnight too.
"""

from collections.abc import Iterator
from math import inf

from twin.city.network import Link, LinkChange
from twin.clock import DAY_S
from twin.sim.environment import Environment, Story
from twin.sim.lanes_taken import ChangesSegments
from twin.sim.rules import MICROS
from twin.sim.tables import FlowTables

FIRST_ROAD_AGENT = 1 << 47  # after drivers and buses among simultaneous stories


def road_changes(env: Environment, flow: ChangesSegments, tables: FlowTables) -> Iterator[tuple[Story, int]]:
    """A story for each link that changes by the hour, with its agent id."""
    for index, link in enumerate(tables.network.links):
        if link.changes or link.bus_lane is not None:
            yield _through_the_day(env, flow, tables, index), FIRST_ROAD_AGENT + index


def _through_the_day(env: Environment, flow: ChangesSegments, tables: FlowTables, index: int) -> Story:
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
        yield env.timeout(max(wait_s, 1.0 / MICROS))


def lanes_for_all_at(link: Link, time_s: float) -> tuple[float, float]:
    """Lanes that all may drive, and free speed (m/s), at a time of any day; 0 lanes: closed."""
    held = [change for change in link.changes if _holds(change, time_s)]
    lanes = min((change.lanes for change in held if change.lanes is not None), default=link.lanes)
    if link.bus_lane is not None and link.bus_lane.holds_at(time_s):
        lanes = min(lanes, link.lanes - link.bus_lane.lanes)
    return lanes, min((c.free_speed_mps for c in held if c.free_speed_mps is not None), default=link.free_speed_mps)


def _holds(change: LinkChange, time_s: float) -> bool:
    return (time_s - change.window.start_s) % DAY_S < change.window.duration_s


def _next_edge_s(link: Link, time_s: float) -> float:
    """How long until a change or the bus lane of a link begins or ends (s); infinite: never."""
    windows = [change.window for change in link.changes]
    windows += link.bus_lane.hours if link.bus_lane is not None else ()
    return min(((edge - time_s) % DAY_S or DAY_S for w in windows for edge in (w.start_s, w.end_s)), default=inf)
