"""Drawing only: kepler.gl maps, charts and memos of what `twin` computed. It imports `twin`, never the reverse.

The names a planner types are here; they load their libraries on use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from viz.kepler_map import before_after_map
    from viz.report import write_report
    from viz.street_table import street_table

__all__ = ["before_after_map", "street_table", "write_report"]

_HOMES = {"before_after_map": "viz.kepler_map", "street_table": "viz.street_table", "write_report": "viz.report"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'viz' has no name {name!r}")
