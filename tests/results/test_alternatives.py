"""Alternatives over one base in one table."""

import pytest
from small_runs import parked, run_of, trips_of
from test_comparison import compared

from twin.errors import SimulationError
from twin.results.alternatives import side_by_side


def arm(name, searches, *, of, seeds=(1, 2, 3)):
    """Runs in which the one driver searches so long (s), by seed."""
    return [
        run_of(trips_of(parked(1, 300.0 + s, search_s=s, search_m=5.0 * s)), arm=of, seed=seed, scenario=name)
        for seed, s in zip(seeds, searches, strict=True)
    ]


def study(name, searches, base=(100.0, 110.0, 120.0)):
    return compared(arm("baseline", base, of="before"), arm(name, searches, of="after"))


def test_each_alternative_stands_beside_the_base_with_its_paired_change_and_the_last_against_the_first() -> None:
    """Building saves 60, 61 and 62 s, 61 ± 2.5; managing 20, 21 and 22; managing less building is 40 on each seed."""
    built, managed = study("build", [40.0, 49.0, 58.0]), study("manage", [80.0, 89.0, 98.0])
    table = side_by_side([built, managed], ["mean_search_s"], "en").iloc[0]
    assert table["metric"] == "mean search for parking" and table["before"] == "110.0"
    assert table["build"] == "49 (−61: −63 to −59)"
    assert table["manage"] == "89 (−21: −23 to −19)"
    assert table["manage − build"] == "+40.0: +40.0 to +40.0"


def test_the_table_begins_with_parking_and_leaves_out_what_was_not_measured() -> None:
    table = side_by_side([study("build", [40.0, 49.0, 58.0])], language="en")
    assert table["metric"].iloc[0] == "mean search for parking"
    assert "mean travel time" in table["metric"].tolist()  # the headline set follows
    assert "bus operating speed" not in table["metric"].tolist()


def test_comparisons_of_other_bases_or_seeds_are_not_put_side_by_side() -> None:
    built = study("build", [40.0, 49.0, 58.0])
    fewer = compared(
        arm("baseline", [100.0, 110.0], of="before", seeds=(1, 2)), arm("few", [9.0, 9.0], of="after", seeds=(1, 2))
    )
    with pytest.raises(SimulationError, match="one base and the same seeds"):
        side_by_side([built, fewer])
    with pytest.raises(SimulationError, match="was not run alike"):
        side_by_side([built, study("manage", [80.0, 89.0, 98.0], base=(100.0, 110.0, 121.0))])
