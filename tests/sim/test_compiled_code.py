"""Compiled code on disk is made anew when any source of the engine changes, not only a function's own file."""

import numba

from tests.sim.small_streets import street
from twin.sim import calendar, counting, kernel, kernel_door, legs, parking_search, ways
from twin.sim.compiling import CALLED_WITH, compile_part, compile_rules
from twin.sim.environment import Environment
from twin.sim.flow import Fleet
from twin.sim.flow_compiled import CompiledFlow
from twin.sim.kernel_state import _sources
from twin.sim.tables import build_tables


def test_every_compiled_function_is_kept_under_the_checksum_of_all_sources() -> None:
    found = {}
    for module in (calendar, counting, kernel, kernel_door, legs, parking_search, ways):
        for name, value in vars(module).items():
            is_compiled = hasattr(value, "py_func") and not value.targetoptions.get("forceinline")
            if is_compiled and value.py_func.__module__ == module.__name__:
                found[f"{module.__name__}.{name}"] = value._cache._cache_file._source_stamp
    assert len(found) > 10
    assert set(found.values()) == {_sources()}


def test_workers_compile_what_a_run_calls() -> None:
    """Else a run would compile it once more, half a minute long."""
    compile_rules()
    for function, types_of_call in CALLED_WITH.items():
        assert function.signatures == [types_of_call]
    compile_part(0)
    compile_part(1)
    for function, types_of_call in CALLED_WITH.items():
        assert function.signatures == [types_of_call]


def test_behind_the_door_each_array_of_the_state_lies_in_its_place() -> None:
    state = CompiledFlow(Environment(), build_tables(street()), Fleet.none())._state
    behind = numba.njit(lambda at: kernel_door.state_at(at))(kernel_door.addresses(state))
    for name, here, there in zip(state._fields, state, behind, strict=True):
        assert (here.ctypes.data, here.shape, here.dtype) == (there.ctypes.data, there.shape, there.dtype), name
