"""SimPy's clock with canonical ties: simultaneous events run by (time, flow before stories, agent id, sequence).

Times are kept on a grid of whole microseconds, which is the flow's unit; so a story that waits 0.1 + 0.2 s and a
vehicle that needs 0.3 s agree on when "now" is.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

import simpy
from simpy.core import EmptySchedule
from simpy.events import NORMAL, Event, Process

from twin.sim.memory import nothing_collected
from twin.sim.rules import LAST_US, MICROS, NEVER

FLOW, STORY = 0, 1
FIRST_UNNAMED_AGENT = 1 << 48  # stories without an agent id come after those with one, in order of creation

Story = Generator[Event, Any, Any]

Coming = tuple[float, int, Callable[[], Story]]
"""A story to come: when it starts (s), its agent, and what makes it."""


class FlowEvent(Event):
    """What a flow does again and again, one at a time: an event that is never used up.

    Only its `due_us` counts: an entry on the calendar for any other time is out of date and passes unnoticed.
    """

    def __init__(self, env: "Environment", server: int, happens: Callable[[int], None]) -> None:
        super().__init__(env)
        self.server = server
        self.happens = happens
        self.due_us = NEVER


class StoryProcess(Process):
    """A story under way; `agent` orders it among others at the same instant."""

    def __init__(self, env: "Environment", generator: Story, agent: int) -> None:
        super().__init__(env, generator)
        self.agent = agent


class LegEnd(Event):
    """A vehicle has come to the end of its leg; of several at one instant, the lowest agent's goes first.

    The agent is that of the story that drives. The vehicle's number would not do: it counts who started before, so it
    shifts with every bus that a measure adds. It orders the vehicles that no story drives.
    """

    def __init__(self, env: "Environment", vehicle: int) -> None:
        super().__init__(env)
        self.agent: int = getattr(env._active_proc, "agent", vehicle)


class Awaited(Event):
    """What a story waits for until somebody calls it or its patience ends; ties go by the agent of who waits.

    Its value: whether it was called.
    """

    def __init__(self, env: "Environment", longest_s: float | None = None) -> None:
        super().__init__(env)
        self.agent: int = getattr(env.active_process, "agent", FIRST_UNNAMED_AGENT)
        if longest_s is not None:
            timer = env.timeout(max(0.0, longest_s))
            assert timer.callbacks is not None
            timer.callbacks.append(self._give_up)

    def _give_up(self, _: Event) -> None:
        if not self.triggered:
            self.succeed(False)

    def call(self) -> None:
        """Tell who waits that it is his turn."""
        self.succeed(True)


class MovesVehicles(Protocol):
    """What the clock needs of a flow that keeps a calendar of its own."""

    def next_us(self) -> int:
        """Time of its next event (µs)."""

    def advance(self, until_us: int) -> None:
        """Run through `until_us`, or through the first instant at which legs end, and trigger those legs' events."""


class Environment(simpy.Environment):
    """The calendar of one run; `now` in seconds from 00:00 of the scenario's date."""

    def __init__(self, initial_time: float = 0.0) -> None:
        super().__init__(initial_time)
        self._sequence = count()
        self._beginning = count(-FIRST_UNNAMED_AGENT)  # before any of `_sequence`
        self._unnamed = count(FIRST_UNNAMED_AGENT)
        self._starting: int | None = None  # agent of the story that is being made
        self.calendar_flow: MovesVehicles | None = None

    @property
    def now_us(self) -> int:
        """The present time in whole microseconds."""
        return round(self._now * MICROS)

    def story(self, generator: Story, agent: int | None = None) -> Process:
        """Start a story now; `agent` orders it among others at the same instant."""
        self._starting = next(self._unnamed) if agent is None else agent
        process = StoryProcess(self, generator, self._starting)
        self._starting = None
        return process

    def story_at(self, start_s: float, generator: Story, agent: int) -> None:
        """Start a story when its time comes; costs nothing until then."""
        self.stories_at([(start_s, agent, lambda: generator)])

    def stories_at(self, stories: Iterable[Coming]) -> None:
        """Start stories each when its time comes: given by time, then agent.

        Of those to come only the first is on the calendar, and no story is made before it starts.
        """
        coming = iter(stories)
        first = next(coming, None)
        if first is None:
            return
        start_s, agent, make = first
        begin = Event(self)
        begin._ok = True
        begin._value = None
        assert begin.callbacks is not None
        begin.callbacks.append(lambda _: self._begin(agent, make, coming))
        # As if put there before the run began: ahead of what the same agent does at that instant.
        queue: Any = self._queue
        heappush(queue, (round(start_s * MICROS), STORY, NORMAL, agent, next(self._beginning), begin))

    def _begin(self, agent: int, make: Callable[[], Story], others: Iterator[Coming]) -> None:
        self.stories_at(others)
        self.story(make(), agent)

    def schedule(self, event: Event, priority: Any = NORMAL, delay: float = 0) -> None:
        """Put a triggered event on the calendar; its agent is its own, or that of the story that begins or acts."""
        agent = getattr(event, "agent", self._starting)
        if agent is None:
            active = self._active_proc
            agent = FIRST_UNNAMED_AGENT if active is None else getattr(active, "agent", FIRST_UNNAMED_AGENT)
        self._put(round((self._now + delay) * MICROS), STORY, priority, agent, event)

    def schedule_flow(self, event: FlowEvent, time_us: int) -> None:
        """Put a flow's event at that time instead of any other, ahead of every story then; NEVER takes it off."""
        if time_us != event.due_us:
            event.due_us = time_us
            if time_us < LAST_US:
                self._put(time_us, FLOW, NORMAL, event.server, event)

    def _put(self, time_us: int, kind: int, priority: int, agent: int, event: Event) -> None:
        queue: Any = self._queue  # SimPy's own list; entries in this order are its idea, too
        heappush(queue, (time_us, kind, priority, agent, next(self._sequence), event))

    def set_now_us(self, time_us: int) -> None:
        """Move the clock to an instant at which the flow has legs to hand over."""
        self._now = time_us / MICROS

    def run(self, until: Any = None) -> Any:
        """Run until a time (s), an event, or, with None, to the end; as SimPy does."""
        with nothing_collected():
            return super().run(until)

    def peek(self) -> float:
        """Time of the next event (s); infinite when there is none."""
        queue: Any = self._queue
        while queue and queue[0][1] == FLOW and queue[0][-1].due_us != queue[0][0]:
            heappop(queue)
        times = [entry[0] for entry in queue[:1]]
        if self.calendar_flow is not None:
            times.append(self.calendar_flow.next_us())
        return min(times, default=float("inf")) / MICROS

    def step(self) -> None:
        """Run the next event: the flow's up to the next story's time, then that story."""
        queue: Any = self._queue
        flow = self.calendar_flow
        if flow is not None:
            horizon = queue[0][0] if queue else 1 << 61
            if flow.next_us() <= horizon:
                flow.advance(horizon)
                return
        if not queue:
            raise EmptySchedule
        time_us, kind, _, _, _, event = heappop(queue)
        if kind == FLOW:
            if event.due_us == time_us:
                self._now = time_us / MICROS
                event.due_us = NEVER
                event.happens(time_us)
            return
        self._now = time_us / MICROS
        callbacks, event.callbacks = event.callbacks, None
        for callback in callbacks:
            callback(event)
        if not event._ok and not hasattr(event, "_defused"):
            raise event._value
