"""What `SimpyFlow` knows of turns: their greens, and the streams that they yield to. Formulas are in `rules`."""

from typing import NamedTuple

from twin.sim.give_way import SNEAKERS
from twin.sim.rules import NEVER, STREAM_WINDOW_US, flow_step, passed_lately, queue_gone_after, wait_for_green


class Turn:
    """A way from an approach into a segment, with its greens and its share of the right to go."""

    __slots__ = (
        "exit_us_per_pcu",
        "follow_us",
        "greens",
        "number",
        "penalty_us",
        "step",
        "stream",
        "tag",
        "wait_us",
        "yields_to",
    )

    def __init__(
        self, number: int, step: int, exit_us_per_pcu: int, penalty_us: int, greens: list[tuple[int, int, int]]
    ) -> None:
        self.number = number
        self.step = step  # of the tag, per PCU: inverse to its merge weight
        self.tag = 0  # fair queueing: when its next service is due, in the segment's virtual time
        self.exit_us_per_pcu = exit_us_per_pcu  # headway of exits
        self.penalty_us = penalty_us
        self.greens = greens  # start, length, cycle
        self.stream: Stream | None = None  # where its passages are counted for those who yield to it
        self.yields_to: list[Conflict] = []
        self.follow_us: list[int] = []  # by conflicting flow, see give_way.gap_tables
        self.wait_us: list[int] = []

    def green_from(self, time_us: int) -> int:
        """First time from `time_us` on at which it has green; a turn without greens is never stopped."""
        greens = self.greens
        return min([wait_for_green(time_us, *green) for green in greens]) if greens else time_us

    def green_at(self, time_us: int) -> tuple[int, int, int, int] | None:
        """Start, length, cycle and the red before (µs) of the green that it has at that time; None: it has none."""
        for start_us, green_us, cycle_us in self.greens:
            into_us = (time_us - start_us) % cycle_us
            if into_us < green_us:
                reds = [(start_us - start - green) % cycle_us for start, green, _ in self.greens if green > 0]
                return time_us - into_us, green_us, cycle_us, min(cycle_us, *reds)
        return None

    def against(self, now: int, time_us: int) -> tuple[int, int]:
        """What it yields to at that time: flow (micro-PCU a window, as known now), and when their queues have gone."""
        flow, gone_us = 0, -NEVER
        queue, of_queue = -1, 0
        for conflict in self.yields_to:
            passed = conflict.stream.passed_lately(now)
            if not conflict.turn.greens:
                flow += passed * conflict.scale // 1000
                continue
            green = conflict.turn.green_at(time_us)
            if green is None:
                continue
            began_us, green_us, _, red_us = green
            flow += passed
            of_queue = passed if conflict.queue != queue else of_queue + passed
            queue = conflict.queue
            after_us = queue_gone_after(of_queue, red_us, conflict.turn.exit_us_per_pcu)
            gone_us = max(gone_us, began_us + min(after_us, green_us))
        return flow, gone_us

    def sneaks_from(self, time_us: int) -> int:
        """When in the green of that time the last may turn whatever comes; NEVER: it is not known when that ends."""
        green = self.green_at(time_us)
        if green is None or green[1] >= green[2]:
            return NEVER
        began_us, green_us, _, _ = green
        return began_us + max(0, green_us - SNEAKERS * self.follow_us[0])

    def follow_at(self, now: int) -> int:
        """Time from a vehicle that yields to the next (µs), at the gaps of that time, or until the last may turn."""
        flow, _ = self.against(now, now)
        return min(self.follow_us[flow_step(flow)], max(self.follow_us[0], self.sneaks_from(now) - now))


class Stream:
    """What passed of a turn that others yield to, in the present window of time and in the one before."""

    __slots__ = ("before", "began_us", "count", "window")

    def __init__(self) -> None:
        self.began_us = self.window = self.count = self.before = 0

    def add(self, pcu: int, now: int) -> None:
        """A vehicle passed."""
        if self.count == 0:
            self.began_us = now
        window = (now - self.began_us) // STREAM_WINDOW_US
        if self.window != window:
            self.before = self.count if self.window + 1 == window else 0
            self.count, self.window = 0, window
        self.count += pcu

    def passed_lately(self, now: int) -> int:
        """Micro-PCU that passed in the last window."""
        return passed_lately(self.window, self.count, self.before, now - self.began_us)


class Conflict(NamedTuple):
    """A stream that a turn yields to, its scale in thousandths, the turn that it is, the segment it queues on."""

    stream: Stream
    scale: int
    turn: Turn
    queue: int
