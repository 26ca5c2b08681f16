"""When a bus is due: scheduled times at stops, and which runs one bus makes after another.

A block is what one bus does: a run, a layover, the run back, and so on. Blocks are made from the timetable alone: at
each end of a line the bus that has been ready longest takes the next departure, and where none is ready another bus
begins. Leaves out deadheading between lines, depots, drivers' hours and charging.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from twin.city.ground import Ground
from twin.city.network import Network
from twin.city.transit import BusLine

SCHEDULED_PACE = 1.3
"""Scheduled driving time over the time at free speed (assumed: what signals, queues and a bus's own pace cost)."""
SCHEDULED_DWELL_S = 20.0
"""Dwell that the timetable allows at each stop between the ends (assumed: dwell is 19–21 % of route time, F:74)."""
BUS_SPEED_MPS = 60 / 3.6
"""No bus is scheduled faster (the limit of `city.vehicles`)."""
SAME_END_M = 600.0
"""A bus turns from one direction to the other where one ends within so far of where the other begins (assumed)."""


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    """One departure of a line-direction: when it leaves the first stop and when it is due at the last."""

    line_id: str
    depart_s: float
    due_s: float


Block = tuple[ScheduledRun, ...]


def scheduled_s(network: Network, line: BusLine) -> tuple[float, ...]:
    """Scheduled time from the first stop to each stop (s): the line's own, else by pace and dwell.

    Between stops the links after the one stop up to and with the other's at free speed, times SCHEDULED_PACE.
    """
    if line.running_s:
        return line.running_s
    times, now_s, position = [0.0], 0.0, line.route.index(line.stops[0].link_id)
    for stop in line.stops[1:]:
        while line.route[position] != stop.link_id:
            position += 1
            link = network.link_by_id[line.route[position]]
            now_s += SCHEDULED_PACE * link.length_m / min(link.free_speed_mps, BUS_SPEED_MPS)
        now_s += SCHEDULED_DWELL_S
        times.append(now_s)
    return tuple(times)


def blocks_of(network: Network, lines: Sequence[BusLine], start_s: float, end_s: float) -> tuple[Block, ...]:
    """What each bus does, departures with start_s <= t < end_s, blocks in order of their first departure.

    Directions of one line (by name) share buses where their ends meet.
    """
    groups: dict[str, list[BusLine]] = {}
    for line in lines:
        groups.setdefault(line.name, []).append(line)
    ground = Ground(network)
    blocks: list[list[ScheduledRun]] = []
    for name in sorted(groups):
        blocks += _blocks_of_line(network, ground, groups[name], start_s, end_s)
    return tuple(tuple(block) for block in sorted(blocks, key=lambda block: (block[0].depart_s, block[0].line_id)))


def _blocks_of_line(
    network: Network, ground: Ground, directions: Sequence[BusLine], start_s: float, end_s: float
) -> list[list[ScheduledRun]]:
    by_id = {line.id: line for line in directions}
    takes = meeting_ends(ground, directions)
    total_s = {line.id: scheduled_s(network, line)[-1] for line in directions}
    departures = sorted((t, line.id) for line in directions for t in line.departures_s(start_s, end_s))
    ready: dict[str, list[tuple[float, int]]] = {line_id: [] for line_id in by_id}
    blocks: list[list[ScheduledRun]] = []
    for depart_s, line_id in departures:
        waiting = ready[line_id]
        if waiting and waiting[0][0] <= depart_s:
            _, number = heappop(waiting)
        else:
            number = len(blocks)
            blocks.append([])
        run = ScheduledRun(line_id, depart_s, depart_s + total_s[line_id])
        blocks[number].append(run)
        if line_id in takes:
            heappush(ready[takes[line_id]], (run.due_s + by_id[line_id].layover_s, number))
    return blocks


def meeting_ends(ground: Ground, directions: Sequence[BusLine]) -> dict[str, str]:
    """For each direction the one whose first stop is where it ends, itself for a loop; none: the bus goes home."""
    takes = {}
    for line in directions:
        end = line.stops[-1]
        near = [
            (ground.crow_m((end.lon, end.lat), (other.stops[0].lon, other.stops[0].lat)), other is line, other.id)
            for other in directions
        ]
        distance_m, _, other_id = min(near)
        if distance_m <= SAME_END_M:
            takes[line.id] = other_id
    return takes
