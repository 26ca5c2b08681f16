"""What a link is by the hour: closures and lost lanes that stand in the city as `Link.changes` begin and end."""

from collections.abc import Iterator, Sequence

from twin.clock import DAY_S
from twin.sim.environment import Environment, Story
from twin.sim.lanes_taken import ChangesSegments
from twin.sim.tables import FlowTables

FIRST_ROAD_AGENT = 1 << 47  # after drivers and buses among simultaneous stories


def road_changes(env: Environment, flow: ChangesSegments, tables: FlowTables) -> Iterator[tuple[Story, int]]:
    """A story for each dated change of each link, with its agent id. A window over midnight holds in both parts."""
    number = 0
    for index, link in enumerate(tables.network.links):
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
