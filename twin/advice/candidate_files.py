"""Scenario documents of candidates: each says in its header which command wrote it."""

from collections.abc import Callable
from pathlib import Path

from twin.files.scenario_files import write_scenario
from twin.scenario.scenario import Scenario


def write_candidates(path: Path, scenario: Scenario, writer: Callable[..., object]) -> None:
    """Write a scenario that `writer(city, path)` made, with the command line that makes it again as its header."""
    call = f"{writer.__name__}(load_city('{scenario.place}'), Path('{path.name}'))"
    imports = (
        "from pathlib import Path",
        f"from {writer.__module__} import {writer.__name__}",
        "from twin.files.city_files import load_city",
    )
    write_scenario(path, scenario, header=f'Written by: python -c "{"; ".join((*imports, call))}"')
