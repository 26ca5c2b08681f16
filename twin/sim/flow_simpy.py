"""`SimpyFlow`: what stories and runs say to streets on the SimPy calendar. `CompiledFlow` answers the same, to the last
bit; the rules are told in `street_service`.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import Event

from twin.errors import SimulationError
from twin.records import INTERVAL_S
from twin.sim.environment import Environment, LegEnd
from twin.sim.flow import (
    PATIENCE_S,
    Fleet,
    FlowRecords,
    GreenRow,
    GridlockPolicy,
    VehicleTable,
    expected_class,
    interval_us,
    refuse_unknown_segments,
)
from twin.sim.kernel_state import ASIDE, GONE, LEFT, MOVING, OUTSIDE, STANDING, TIME_ON
from twin.sim.rules import MICROS, NEVER
from twin.sim.street import Segment, Vehicle, build_street
from twin.sim.street_service import StreetService
from twin.sim.tables import FlowTables, Ints


class SimpyFlow:
    """Moves vehicles by events on the SimPy calendar; see `flow.Flow` for the interface.

    `fleet`: vehicles with whole routes, numbered from 0; story vehicles are numbered after them.
    """

    def __init__(
        self,
        env: Environment,
        tables: FlowTables,
        fleet: Fleet,
        *,
        gridlock: GridlockPolicy = "report",
        keep_passages: bool = False,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self.env = env
        self.tables = tables
        width_us = interval_us(interval_s)
        self._first_interval = env.now_us // width_us
        self._segments = build_street(tables, env.now_us, width_us)
        patience_us = round(PATIENCE_S * MICROS) if gridlock == "relieve" else 0
        self._service = StreetService(env, self._segments, patience_us=patience_us, keep_passages=keep_passages)
        self._keep_passages = keep_passages
        self._vehicles = self._scheduled(fleet)

    def _scheduled(self, fleet: Fleet) -> list[Vehicle]:
        """The fleet, queued outside its first segments by departure, then number."""
        refuse_unknown_segments(self.tables, fleet.route)
        route = [self._segments[number] for number in fleet.route.tolist()]
        vehicles = []
        rows = zip(fleet.vehicle_class, fleet.depart_us, fleet.route_start, fleet.route_end, strict=True)
        for number, (kind, depart_us, start, end) in enumerate(rows):
            vehicle = Vehicle(number, int(kind), self.tables.class_pcu[kind])
            vehicle.depart_us = int(depart_us)
            vehicle.route = self._through_groups(vehicle, route[start:end])
            last = vehicle.route[-1]
            if last.exit_group is not None:
                vehicle.route.append(last.exit_group)
            vehicles.append(vehicle)
        for vehicle in sorted(vehicles, key=lambda vehicle: vehicle.depart_us):
            vehicle.route[0].origin.vehicles.append(vehicle)
        for segment in self._segments:
            self._service.new_head(segment.origin, self._service.now_us)
        return vehicles

    def _through_groups(self, vehicle: Vehicle, route: Sequence[Segment]) -> list[Segment]:
        """The route with the lane groups that its turns go through. Raises SimulationError for a turn there is not."""
        whole = [*route[:1]]
        for segment, onward in pairwise(route):
            if onward not in segment.turns:
                group = segment.group_to(onward)
                if group is None:
                    raise self.tables.no_turn(segment.number, onward.number, vehicle.number)
                whole.append(group)
            whole.append(onward)
        return whole

    # --- what stories say -------------------------------------------------------------------------------------

    def add_vehicle(self, vehicle_class: str = "car") -> int:
        kind = expected_class(self.tables, vehicle_class)
        self._vehicles.append(Vehicle(len(self._vehicles), kind, self.tables.class_pcu[kind]))
        return len(self._vehicles) - 1

    def drive(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> Event:
        event = LegEnd(self.env, vehicle)
        if len(route) == 0:
            return event.succeed()
        driven = self._vehicles[vehicle]
        if driven.leg_ends is not None:
            raise SimulationError(f"vehicle {vehicle} is under way; wait for the end of its leg before it drives on")
        refuse_unknown_segments(self.tables, route)
        ahead = [self._segments[int(number)] for number in route]
        stands_on = driven.stands_on
        if stands_on is None:
            ahead = self._through_groups(driven, ahead)
        else:
            ahead = self._through_groups(driven, [stands_on, *ahead])[1:]
        now = self.env.now_us
        driven.route, driven.at = ahead, 0
        driven.leg_ends = event
        if stands_on is None:
            driven.depart_us = now
            driven.status = OUTSIDE
            self._service.join_queue(ahead[0].origin, driven, now)
        else:
            driven.stands_on = None
            driven.status = MOVING
            self._service.new_head(stands_on, now)
        return event

    def way_left(self, vehicle: int) -> list[int]:
        driver = self._vehicles[vehicle]
        if driver.status != MOVING or not 0 < driver.at < len(driver.route):
            return []
        here, *ahead = driver.route[driver.at - 1 :]
        if here.is_group or ahead[0] is here.exit_group:
            return []
        return [segment.number for segment in (here, *ahead) if not segment.is_group]

    def redirect(self, vehicle: int, route: Sequence[int] | NDArray[np.integer]) -> None:
        if not self.way_left(vehicle) or len(route) == 0:
            raise SimulationError(f"vehicle {vehicle} takes no other way where it is")
        refuse_unknown_segments(self.tables, route)
        driver = self._vehicles[vehicle]
        here = driver.route[driver.at - 1]
        ahead = self._through_groups(driver, [here, *(self._segments[int(number)] for number in route)])
        if driver.leg_ends is None and ahead[-1].exit_group is not None:
            ahead.append(ahead[-1].exit_group)
        driver.route, driver.at = ahead, 1
        if here.vehicles[0] is driver:
            now = self.env.now_us
            wanted = here.target
            assert wanted is not None  # it had a way before it
            self._service.dissolve(here)  # a gridlock that it stood in is one no more
            wanted.waiting.remove(here)
            here.target = None
            self._service.reconsider(wanted, now)
            self._service.new_head(here, now)

    def place_of(self, vehicle: int) -> tuple[int, float] | None:
        driver = self._vehicles[vehicle]
        if driver.status not in (MOVING, STANDING) or driver.on is None:
            return None
        return driver.on.number, driver.arrives_us / MICROS

    def totals(self) -> tuple[Ints, Ints]:
        sums = [np.array(segment.counts(), dtype=np.int64).sum(axis=0) for segment in self._segments]
        table = np.array(sums, dtype=np.int64).reshape(-1, 5)
        return table[:, LEFT], table[:, TIME_ON]

    def hold(self, vehicle: int) -> None:
        self._step_off(vehicle, ASIDE)

    def leave(self, vehicle: int) -> None:
        leaver = self._vehicles[vehicle]
        if leaver.leg_ends is not None or leaver.stands_on is not None:
            self._step_off(vehicle, GONE)
        else:
            leaver.status = GONE

    def _step_off(self, vehicle: int, status: int) -> None:
        segment = self._vehicles[vehicle].stands_on
        if segment is None:
            raise SimulationError(f"vehicle {vehicle} does not stand at the end of a link, so it cannot leave the road")
        self._service.take_off(segment, self.env.now_us, status)

    def change_segment(self, segment: int, *, lane_share: float, speed_share: float) -> None:
        self._segments[segment].change(self.tables.changed(segment, lane_share=lane_share, speed_share=speed_share))
        self._service.reconsider(self._segments[segment], self.env.now_us)

    def show_greens(self, turns: Iterable[int], greens: Sequence[GreenRow]) -> None:
        now = self.env.now_us
        for number in turns:
            segment = self._segments[int(self.tables.turn_from[number])]
            turn = segment.turns[self._segments[int(self.tables.turn_to[number])]]
            turn.greens = list(greens)
            if segment.vehicles and segment.turn is turn and segment.target is not None:
                segment.ready_us = self._service.ready_from(segment, now)
                self._service.reconsider(segment.target, now)

    def red_s(self, turn: int) -> float | None:
        segment = self._segments[int(self.tables.turn_from[turn])]
        green_us = segment.turns[self._segments[int(self.tables.turn_to[turn])]].green_from(self.env.now_us)
        return None if green_us >= NEVER else (green_us - self.env.now_us) / MICROS

    def arrived_s(self, vehicle: int) -> float | None:
        arrive_us = self._vehicles[vehicle].arrive_us
        return None if arrive_us >= NEVER else arrive_us / MICROS

    def vehicles_on(self, segment: int) -> int:
        return len(self._segments[segment].vehicles)

    # --- the books --------------------------------------------------------------------------------------------

    def finish(self) -> FlowRecords:
        now = max(self.env.now_us, self._service.now_us)
        for segment in self._segments:
            segment.count_vehicles(now, 0)
            for vehicle in segment.vehicles:
                segment.count_queue(vehicle, now)
        counts = np.array([segment.counts() for segment in self._segments], dtype=np.int64)
        passages = np.array(self._service.passages, dtype=np.int64).reshape(-1, 4)
        return FlowRecords(
            vehicles=VehicleTable(
                depart_us=self._column("depart_us"),
                enter_us=self._column("enter_us"),
                arrive_us=self._column("arrive_us"),
                status=self._column("status"),
                driven_mm=self._column("driven_mm"),
                free_us=self._column("free_us"),
                vehicle_class=self._column("kind"),
            ),
            counts=np.ascontiguousarray(counts.transpose(1, 0, 2)),
            first_interval=self._first_interval,
            passages=passages if self._keep_passages else None,
            n_passages=self._service.n_passages,
            cycles=tuple(self._service.cycles),
            relieved=self._service.relieved,
            end_us=now,
        )

    def _column(self, name: str) -> NDArray[Any]:
        return np.array([getattr(vehicle, name) for vehicle in self._vehicles], dtype=np.int64)
