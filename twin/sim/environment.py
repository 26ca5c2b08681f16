"""SimPy's clock with canonical ties: simultaneous events run by (time, flow before stories, agent id, sequence).

Times are kept on a grid of whole microseconds, which is the flow's unit; so a story that waits 0.1 + 0.2 s and a
vehicle that needs 0.3 s agree on when "now" is.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
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

_Entry = tuple[int, int, int, int, int, Event]
"""Of the calendar: due (µs), FLOW or STORY, priority, agent, sequence, event."""

_NEAR_BITS = 26
"""The heap holds what is due within 2^26 µs, some 67 s; what is later waits unsorted. Most stays of drivers end after
the run: in one heap every event would be compared with a dozen of them."""


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


class StoryBegun(StoryProcess):
    """A story whose first step is taken as it is made, not by an event of its own: the one that made it was that."""

    def __init__(self, env: "Environment", generator: Story, agent: int, begins: Event) -> None:
        Event.__init__(self, env)
        self.agent = agent
        self._generator = generator
        self._resume(begins)


class LegEnd(Event):
    """A vehicle has come to the end of its leg; of several at one instant, the lowest agent's goes first.

    The agent is that of the story that drives. The vehicle's number would not do: it counts who started before, so it
    shifts with every bus that a measure adds. It orders the vehicles that no story drives.
    """

    def __init__(self, env: "Environment", vehicle: int) -> None:
        super().__init__(env)
        self.agent: int = getattr(env._active_proc, "agent", vehicle)

    def happen(self) -> None:
        """Be triggered and processed at once."""
        self._ok, self._value = True, None
        callbacks, self.callbacks = self.callbacks, None  # type: ignore[assignment]  # as SimPy marks what is processed
        for callback in callbacks:
            callback(self)


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

    def advance(self, until_us: int) -> bool:
        """Run through `until_us`, or through the first instant at which legs end, and trigger those legs' events;
        whether any ended."""


class Environment(simpy.Environment):
    """The calendar of one run; `now` in seconds from 00:00 of the scenario's date."""

    def __init__(self, initial_time: float = 0.0) -> None:
        super().__init__(initial_time)
        self._sequence = count()
        self._beginning = count(-FIRST_UNNAMED_AGENT)  # before any of `_sequence`
        self._unnamed = count(FIRST_UNNAMED_AGENT)
        self._starting: int | None = None  # agent of the story that is being made
        self.calendar_flow: MovesVehicles | None = None
        self._is_running = False
        self._near_ends_us = 0
        self._later: dict[int, list[_Entry]] = {}  # by spans of 2^_NEAR_BITS µs

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
        begin.callbacks.append(lambda event: self._begin(event, agent, make, coming))
        # As if put there before the run began: ahead of what the same agent does at that instant.
        self._put((round(start_s * MICROS), STORY, NORMAL, agent, next(self._beginning), begin))

    def _begin(self, event: Event, agent: int, make: Callable[[], Story], others: Iterator[Coming]) -> None:
        self.stories_at(others)
        StoryBegun(self, make(), agent, event)

    def schedule(self, event: Event, priority: Any = NORMAL, delay: float = 0) -> None:
        """Put a triggered event on the calendar; its agent is its own, or that of the story that begins or acts."""
        agent = getattr(event, "agent", self._starting)
        if agent is None:
            active = self._active_proc
            agent = FIRST_UNNAMED_AGENT if active is None else getattr(active, "agent", FIRST_UNNAMED_AGENT)
        due_us = round((self._now + delay) * MICROS)
        self._put((due_us, STORY, priority, agent, next(self._sequence), event))

    def schedule_flow(self, event: FlowEvent, time_us: int) -> None:
        """Put a flow's event at that time instead of any other, ahead of every story then; NEVER takes it off."""
        if time_us != event.due_us:
            event.due_us = time_us
            if time_us < LAST_US:
                self._put((time_us, FLOW, NORMAL, event.server, next(self._sequence), event))

    def _put(self, entry: _Entry) -> None:
        if entry[0] < self._near_ends_us:
            heappush(self._queue, entry)  # type: ignore[misc]  # SimPy's own list; such an order is its idea, too
        else:
            self._later.setdefault(entry[0] >> _NEAR_BITS, []).append(entry)

    def _fetch_later(self) -> None:
        """Bring the next span that has events into the empty heap."""
        if self._later:
            span = min(self._later)
            queue: Any = self._queue
            queue += self._later.pop(span)
            heapify(queue)
            self._near_ends_us = (span + 1) << _NEAR_BITS

    def legs_end(self, time_us: int, ends: Sequence["LegEnd"]) -> None:
        """Move the clock to an instant at which these legs end. A single one for which the calendar has nothing else
        then happens at once; others take their turns."""
        self._now = time_us / MICROS
        queue: Any = self._queue
        if len(ends) > 1 or (queue and queue[0][0] <= time_us):
            for event in ends:
                event.succeed()
        else:
            ends[0].happen()

    def run(self, until: Any = None) -> Any:
        """Run until a time (s), an event, or, with None, to the end; as SimPy does."""
        self._is_running = True
        try:
            with nothing_collected():
                return super().run(until)
        finally:
            self._is_running = False

    def peek(self) -> float:
        """Time of the next event (s); infinite when there is none."""
        queue: Any = self._queue
        while (queue or self._later) and not self._head_counts():
            heappop(queue)
        times = [entry[0] for entry in queue[:1]]
        if self.calendar_flow is not None:
            times.append(self.calendar_flow.next_us())
        return min(times, default=float("inf")) / MICROS

    def _head_counts(self) -> bool:
        """Whether the first event of the calendar is not out of date; there is one."""
        queue: Any = self._queue
        if not queue:
            self._fetch_later()
        time_us, kind, *_, event = queue[0]
        return bool(kind == STORY or event.due_us == time_us)

    def step(self) -> None:
        """Run the next event: the flow's up to the next story's time, then that story. Within `run` all are run, one
        after another, since a call of this for each costs as much as an event of a flow."""
        queue: Any = self._queue
        flow = self.calendar_flow
        goes_on = True
        while goes_on:
            goes_on = self._is_running
            if not queue:
                self._fetch_later()
            if flow is not None and flow.advance(queue[0][0] if queue else NEVER):
                continue
            if not queue:
                raise EmptySchedule
            time_us, kind, _, _, _, event = heappop(queue)
            if kind == STORY:
                self._now = time_us / MICROS
                callbacks, event.callbacks = event.callbacks, None
                for callback in callbacks:
                    callback(event)
                if not event._ok and not hasattr(event, "_defused"):
                    raise event._value
            elif event.due_us == time_us:
                self._now = time_us / MICROS
                event.due_us = NEVER
                event.happens(time_us)
