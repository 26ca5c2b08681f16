"""Compiled code on disk is made anew when any source of the engine changes, not only a function's own file."""

from twin.sim import calendar, counting, kernel, legs, ways
from twin.sim.kernel_state import _sources


def test_every_compiled_function_is_kept_under_the_checksum_of_all_sources() -> None:
    found = {}
    for module in (calendar, counting, kernel, legs, ways):
        for name, value in vars(module).items():
            is_compiled = hasattr(value, "py_func") and not value.targetoptions.get("forceinline")
            if is_compiled and value.py_func.__module__ == module.__name__:
                found[f"{module.__name__}.{name}"] = value._cache._cache_file._source_stamp
    assert len(found) > 10
    assert set(found.values()) == {_sources()}
