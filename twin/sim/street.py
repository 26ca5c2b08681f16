"""What `SimpyFlow` moves, and what it moves on: vehicles, and the approaches to segments.

Units as in `tables`: µs, millionths of a PCU, mm; the rules' formulas are in `rules`.
"""

from bisect import bisect_left
from collections import deque

from simpy.events import Event

from twin.sim.environment import FlowEvent
from twin.sim.give_way import gap_tables
from twin.sim.kernel_state import OUTSIDE
from twin.sim.rules import (
    MICROS,
    NEVER,
    is_surely_free,
    room_level,
    start_tag,
    time_of_level,
)
from twin.sim.street_turns import Conflict, Stream, Turn
from twin.sim.tables import FlowTables, SegmentNumbers


class Vehicle:
    """One vehicle: its route, where on it it is, and what has happened to it so far."""

    __slots__ = (
        "arrive_us", "arrives_us", "at", "depart_us", "driven_mm", "enter_us", "entry_us", "free_us", "kind",
        "leg_ends", "level", "number", "on", "passage", "pcu", "route", "stands_on", "status",
    )  # fmt: skip

    def __init__(self, number: int, kind: int, pcu: int) -> None:
        self.number = number
        self.kind = kind  # index into tables.CLASS_NAMES
        self.pcu = pcu
        self.route: list[Segment] = []
        self.at = 0  # place in the route of the segment to enter next
        self.leg_ends: Event | None = None  # what its story waits for
        self.stands_on: Segment | None = None  # at whose end its story acts
        self.on: Segment | None = None  # that it came onto last
        self.status = OUTSIDE
        self.entry_us = self.arrives_us = 0  # of the present segment: entry, and arrival at its end if nobody is ahead
        self.level = 0  # cumulative PCU that entered the present segment before it
        self.passage = -1
        self.depart_us = self.enter_us = self.arrive_us = NEVER
        self.driven_mm = self.free_us = 0


class Row:
    """A row of vehicles whose first, the head, asks to be let into a segment."""

    __slots__ = ("ready_us", "target", "turn", "vehicles")

    def __init__(self, turn: Turn) -> None:
        self.vehicles: deque[Vehicle] = deque()
        self.ready_us = NEVER  # from when on the head could go
        self.target: Segment | None = None  # what it wants
        self.turn = turn  # by which turn


class Origin(Row):
    """The vehicles that wait outside a segment, by departure."""

    __slots__ = ("into",)

    def __init__(self, turn: Turn, into: "Segment") -> None:
        super().__init__(turn)
        self.into = into


class Segment(Row):
    """A piece of street: an approach to the segments after it, and a server of its own approaches."""

    __slots__ = (
        "base_free_us",
        "base_length_mm",
        "cum_in",
        "cum_out",
        "density",
        "entered",
        "entry",
        "exit_cums",
        "exit_group",
        "exit_times",
        "exits_kept",
        "free_storage",
        "free_us",
        "in_cycle",
        "is_closed",
        "is_group",
        "jam_mm",
        "left",
        "leg_end",
        "length_mm",
        "next_entry_us",
        "next_exit_us",
        "number",
        "on",
        "origin",
        "queue_mm",
        "relief",
        "relieved_us",
        "row_ends_us",
        "rows",
        "since_us",
        "storage",
        "time_on_us",
        "turns",
        "us_per_pcu",
        "virtual_time",
        "waiting",
        "wave_us",
        "wave_us_per_pcu",
        "width_us",
    )  # fmt: skip

    entry: FlowEvent  # it lets a vehicle in
    leg_end: FlowEvent  # its head comes to the end of its route
    relief: FlowEvent  # a gridlock that it is part of has stood long enough

    def __init__(self, tables: FlowTables, number: int, start_us: int, width_us: int, turn: Turn) -> None:
        super().__init__(turn)
        self.number = number
        self.turns: dict[Segment, Turn] = {}
        self.is_group = tables.first_group <= number < tables.first_bus_lane
        self.exit_group: Segment | None = None  # the lane group of those who end here
        self.origin = Origin(turn, self)
        self.base_length_mm = int(tables.length_mm[number])
        self.base_free_us: list[int] = tables.free_us[
            :, number
        ].tolist()  # before any change: what trips are held against
        self.length_mm = max(1, self.base_length_mm)
        self.change(tables.changed(number, lane_share=1.0, speed_share=1.0))
        self.free_storage = int(tables.free_storage[number])
        self.exits_kept = int(tables.exits_kept[number])
        # As a server.
        self.waiting: list[Origin | Segment] = []  # approaches whose heads want to come in
        self.virtual_time = 0
        self.next_entry_us = 0
        self.next_exit_us = 0
        self.in_cycle = False
        self.relieved_us = -NEVER  # when a cycle that it was part of was last relieved
        # Cumulative PCU, and the last exits with what was out after each.
        self.cum_in = self.cum_out = 0
        self.exit_times: list[int] = []
        self.exit_cums: list[int] = []
        # Statistics: of the present interval, and of those before.
        self.width_us = width_us
        self.on = 0
        self.since_us = start_us
        self.row_ends_us = (start_us // width_us + 1) * width_us
        self.entered = self.left = self.time_on_us = self.density = 0
        self.rows: list[tuple[int, int, int, int]] = []
        self.queue_mm: dict[int, int] = {}

    def change(self, numbers: SegmentNumbers) -> None:
        """Give it other lanes or another speed; vehicles on it keep the arrival they have."""
        self.is_closed = numbers.is_closed
        self.storage = numbers.storage
        self.free_storage = -1  # `is_surely_free` was derived for a road that does not change
        self.us_per_pcu = numbers.us_per_pcu
        self.wave_us, self.wave_us_per_pcu = numbers.wave_us, numbers.wave_us_per_pcu
        self.jam_mm = numbers.jam_mm
        self.free_us: list[int] = numbers.free_us.tolist()
        for turn, us_per_pcu in zip(self.turns.values(), numbers.exit_us_per_pcu.tolist(), strict=False):
            turn.exit_us_per_pcu = us_per_pcu

    def group_to(self, onward: "Segment") -> "Segment | None":
        """The lane group that leads to a segment; None: none does."""
        return next((group for group in self.turns if group.is_group and onward in group.turns), None)

    # --- who is let in, and when there is room -------------------------------------------------------------------

    def next_approach(self, time_us: int) -> "Origin | Segment | None":
        """The approach whose head a segment serves at that time: ready, and first by fair queueing; None if none."""
        waiting = self.waiting
        if len(waiting) == 1:
            return waiting[0] if waiting[0].ready_us <= time_us else None
        best: Origin | Segment | None = None
        best_rank = (NEVER, 0)
        for approach in waiting:
            if approach.ready_us <= time_us:
                rank = (start_tag(approach.turn.tag, self.virtual_time), approach.turn.number)
                if rank < best_rank:
                    best, best_rank = approach, rank
        return best

    def room_from(self, pcu: int) -> int:
        """When there is room on a segment for a vehicle of that size; NEVER while nobody knows (rule 3)."""
        if self.is_closed:
            return NEVER
        if is_surely_free(self.cum_in - self.cum_out, pcu, self.free_storage):
            return 0
        level = room_level(self.cum_in, pcu, self.storage)
        if level <= 0:
            return 0
        if level > self.cum_out:
            return NEVER
        exit_us, cum, previous_us = self.exit_at_level(level)
        return time_of_level(level, cum, exit_us, previous_us, self.us_per_pcu) + self.wave_us

    def entry_from(self, now: int) -> int:
        """When it next lets a vehicle in; NEVER while nobody knows, or nobody asks."""
        waiting = self.waiting
        if not waiting:
            return NEVER
        when = waiting[0].ready_us
        for approach in waiting:
            if approach.ready_us < when:
                when = approach.ready_us
        if when >= NEVER:
            return NEVER
        if when < now:
            when = now
        if when < self.next_entry_us:
            when = self.next_entry_us
        first = self.next_approach(when)
        assert first is not None  # one is ready by then
        pcu = first.vehicles[0].pcu
        room_us = self.room_from(pcu)
        if room_us >= NEVER:
            return self._smaller_later(pcu, when)
        return room_us if room_us > when else when

    def _smaller_later(self, pcu: int, time_us: int) -> int:
        """When a smaller vehicle than the one that finds no room is ready, and would find some."""
        later = [a for a in self.waiting if time_us < a.ready_us < NEVER and a.vehicles[0].pcu < pcu]
        return min((max(a.ready_us, self.room_from(a.vehicles[0].pcu)) for a in later), default=NEVER)

    # --- exits ------------------------------------------------------------------------------------------------

    def remember_exit(self, now: int) -> None:
        """Note that PCU out have come to `cum_out`; old exits are forgotten."""
        self.exit_times.append(now)
        self.exit_cums.append(self.cum_out)
        if len(self.exit_times) > 2 * self.exits_kept:
            del self.exit_times[: self.exits_kept], self.exit_cums[: self.exits_kept]

    def exit_at_level(self, level: int) -> tuple[int, int, int]:
        """The exit that raised PCU out to `level` or beyond: its time, PCU out after it, time of the one before."""
        first = max(0, len(self.exit_times) - self.exits_kept + 1)
        i = bisect_left(self.exit_cums, level, first)
        return self.exit_times[i], self.exit_cums[i], self.exit_times[i - 1] if i > 0 else -NEVER

    # --- counting ---------------------------------------------------------------------------------------------

    def count_vehicles(self, now: int, change: int) -> None:
        """Keep the time integral of vehicles on it (veh·µs), interval by interval."""
        while now >= self.row_ends_us:
            self.density += self.on * (self.row_ends_us - self.since_us)
            self.rows.append((self.entered, self.left, self.time_on_us, self.density))
            self.entered = self.left = self.time_on_us = self.density = 0
            self.since_us = self.row_ends_us
            self.row_ends_us += self.width_us
        self.density += self.on * (now - self.since_us)
        self.since_us = now
        self.on += change

    def count_queue(self, vehicle: Vehicle, now: int) -> None:
        """Where a vehicle had to stop: its rear, from the segment's end (Newell 1993).

        Behind a cumulative level X it stood if it came to that place before the wave of the exit from X on did:
        exit + (level of v − cum after the exit) / q > arrival of v at the end. Exits are at least 1/q apart, so this
        holds from some exit on: the first such exit is the farthest stop. Where no exit has come yet that would free
        it, it stands since it came there; less than a headway is no stop.
        """
        low = max(0, len(self.exit_times) - self.exits_kept + 1)
        high = len(self.exit_times)
        while low < high:
            middle = (low + high) >> 1
            wave_us = (vehicle.level - self.exit_cums[middle]) * self.us_per_pcu // MICROS
            if self.exit_times[middle] + wave_us > vehicle.arrives_us:
                high = middle
            else:
                low = middle + 1
        stood_behind, previous_us = (self.exit_cums[low - 1], self.exit_times[low - 1]) if low > 0 else (0, -NEVER)
        ahead = vehicle.level - stood_behind
        front_mm = min(self.length_mm, ahead * self.jam_mm // MICROS)
        stopped_us = vehicle.arrives_us - (vehicle.arrives_us - vehicle.entry_us) * front_mm // self.length_mm
        until_us = now
        if low < len(self.exit_times):
            start_us = time_of_level(
                stood_behind, self.exit_cums[low], self.exit_times[low], previous_us, self.us_per_pcu
            )
            until_us = min(now, start_us + ahead * self.wave_us_per_pcu // MICROS)
        elif now - stopped_us < self.us_per_pcu:
            return
        rear_mm = min(self.length_mm, (ahead + vehicle.pcu) * self.jam_mm // MICROS)
        for interval in range(stopped_us // self.width_us, until_us // self.width_us + 1):
            self.queue_mm[interval] = max(self.queue_mm.get(interval, 0), rear_mm)

    def counts(self) -> list[tuple[int, int, int, int, int]]:
        """One row an interval up to the present: entered, left, time on, density, queue (as FlowRecords.counts)."""
        rows = [*self.rows, (self.entered, self.left, self.time_on_us, self.density)]
        first = self.row_ends_us // self.width_us - len(rows)
        return [(*row, self.queue_mm.get(first + i, 0)) for i, row in enumerate(rows)]


Approach = Origin | Segment


def build_street(tables: FlowTables, start_us: int, width_us: int) -> list[Segment]:
    """Every segment of the tables, empty, joined by its turns; statistics by intervals of `width_us`."""
    n_turns = len(tables.turn_to)
    steps = tables.weight_step.tolist()
    segments = [
        Segment(tables, number, start_us, width_us, Turn(n_turns + number, steps[n_turns + number], 0, 0, []))
        for number in range(tables.n_segments)
    ]
    greens = [(start, length, cycle) for start, length, cycle in tables.greens.tolist()]
    rows = zip(tables.turn_from.tolist(), tables.turn_to.tolist(), tables.penalty_us.tolist(), strict=True)
    for number, (from_, to, penalty_us) in enumerate(rows):
        shown = greens[tables.green_start[number] : tables.green_start[number + 1]]
        us_per_pcu = int(tables.exit_us_per_pcu[number])
        segments[from_].turns[segments[to]] = Turn(number, steps[number], us_per_pcu, penalty_us, shown)
    _join_streams(segments, tables)
    for segment, group in zip(segments, tables.exit_group.tolist(), strict=True):
        segment.exit_group = segments[group] if group >= 0 else None
    return segments


def _join_streams(segments: list[Segment], tables: FlowTables) -> None:
    """Tell each turn that yields to which streams, and each of their turns to count."""
    yields = tables.yields
    streams = [Stream() for _ in range(yields.n_streams)]
    turns = {turn.number: turn for segment in segments for turn in segment.turns.values()}
    follow_us, wait_us = (table.tolist() for table in gap_tables())
    for segment in segments:
        for turn in segment.turns.values():
            if yields.stream[turn.number] >= 0:
                turn.stream = streams[yields.stream[turn.number]]
            rows = yields.conflicts[yields.conflict_start[turn.number] : yields.conflict_start[turn.number + 1]]
            turn.yields_to = [
                Conflict(streams[stream], scale, turns[other], queue) for stream, scale, other, queue in rows.tolist()
            ]
            kind = int(yields.kind[turn.number])
            turn.follow_us, turn.wait_us = follow_us[kind], wait_us[kind]
