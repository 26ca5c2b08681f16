"""The engine gives what it gave: one day of the town and one of Yantai, to the last digit.

Where a change of the engine is meant, renew: `python -m tests.golden.golden_runs`, and say in the commit why.
"""

from pathlib import Path

import pytest

from tests.golden.golden_runs import GOLDEN, known
from tests.grid_town import PLACE


@pytest.mark.parametrize("name", [PLACE, pytest.param("yantai", marks=pytest.mark.slow)])
def test_a_day_gives_what_it_gave(name: str, tmp_path: Path) -> None:
    found = GOLDEN[name](tmp_path)
    for arm, totals in known()[name].items():
        assert found[arm] == totals, "moved; if it is meant: python -m tests.golden.golden_runs"
    assert found.keys() == known()[name].keys()
    for totals in found.values():
        assert totals["created"] > 1000 and totals["search_us"] > 0 and totals["bus_time_us"] > 0
