"""The engine's code made ready before a run, so that the time of a run is the run's own; by two processes where there
are: the loop of the calendar takes as long as everything else together.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import types

from twin.city.network import Link, Network, Node
from twin.sim import kernel, legs
from twin.sim.environment import Environment, Story
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.tables import build_tables

_STATE: Any = types.Array(types.int64, 2, "C")  # `kernel_door.addresses`
_ROUTE: Any = types.Array(types.int32, 1, "C")
CALLED_WITH: dict[Any, tuple[Any, ...]] = {
    kernel.advance: (_STATE, types.int64),
    legs.start_leg: (_STATE, types.int64, types.int64, _ROUTE, types.int64),
    kernel.take_off: (_STATE, types.int64, types.int64, types.int64),
}
"""What stories and the clock call in every run, and with what: each is compiled when it is called first."""


@cache
def compile_rules() -> None:
    """Have all of the compiled flow's code ready: two cars drive one street, the second as a story does."""
    env, flow = _one_street()

    def drive_and_leave() -> Story:
        vehicle = flow.add_vehicle()
        yield flow.drive(vehicle, flow.tables.expand(np.zeros(1, dtype=np.int32)))
        flow.leave(vehicle)

    env.story(drive_and_leave(), 0)
    env.run()
    flow.finish()


def compile_part(number: int) -> None:
    """Compile part 0 or 1 of that and keep it on disk, for `compile_rules` in any process to find."""
    if number == 0:
        kernel.advance.compile(CALLED_WITH[kernel.advance])
    elif number == 1:
        _, flow = _one_street()
        for word in (legs.start_leg, kernel.take_off):
            word.compile(CALLED_WITH[word])
        flow.finish()


def _one_street() -> tuple[Environment, CompiledFlow]:
    ends = tuple(Node(node_id, 0.0, 0.0) for node_id in ("from", "to"))
    street = Link("street", "from", "to", length_m=100.0, lanes=1.0, free_speed_mps=10.0, capacity_vph=1800.0)
    tables = build_tables(Network(ends, (street,)))
    env = Environment()
    one = np.ones(1, dtype=np.int64)
    fleet = Fleet(0 * one, 0 * one, one, np.zeros(1, dtype=np.int32), 0 * one)
    return env, CompiledFlow(env, tables, fleet, keep_passages=True)
