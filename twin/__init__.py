"""A traffic and parking digital twin for cities, first of all Yantai (烟台).

The names a planner types are here; everything else is imported by its full module name.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from twin.files.runs_database import runs_database
    from twin.results.comparison import Comparison
    from twin.scenario.scenario import Scenario
    from twin.study.compare import compare, load_scenario, run

__all__ = ["Comparison", "Scenario", "__version__", "compare", "load_scenario", "run", "runs_database"]

_HOMES = {
    "compare": "twin.study.compare",
    "load_scenario": "twin.study.compare",
    "run": "twin.study.compare",
    "runs_database": "twin.files.runs_database",
    "Comparison": "twin.results.comparison",
    "Scenario": "twin.scenario.scenario",
}


def __getattr__(name: str) -> Any:
    # Heavy libraries load where they are used, so that `twin --help` answers at once.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'twin' has no name {name!r}")
