"""Each signal junction before and after: street 1, 1 km in 100 s, leads to junction N1."""

import math

from small_runs import SEVEN, STREETS, links_of, run_of

from twin.results.junctions_compared import JUNCTION_COMPARISON_COLUMNS, compare_junctions

BOTH = STREETS.assign(signal_node="N1")


def runs(arm, *times_s, streets=STREETS):
    return [
        run_of(links=links_of(("1", SEVEN, 4, time_s)), arm=arm, seed=seed, streets=streets)
        for seed, time_s in enumerate(times_s, start=1)
    ]


def compared(before, after, *, links_before=STREETS, links_after=STREETS):
    table = compare_junctions(before, after, links_before, links_after)
    assert list(table) == list(JUNCTION_COMPARISON_COLUMNS)
    return table.set_index("node_id")


def test_a_junction_that_gains_ten_seconds_on_every_seed_changes_clearly() -> None:
    found = compared(runs("before", 135.0, 155.0), runs("after", 125.0, 145.0)).loc["N1"]
    # Delays 35 and 55 s before, 25 and 45 s after: means 45 (level 2) and 35 (level 2); 8 vehicles in 2 × 2 h.
    assert found[["before_delay_s", "after_delay_s", "before_level", "after_level"]].tolist() == [45.0, 35.0, 2, 2]
    assert found[["difference_delay_s", "ci_low", "ci_high", "is_clear"]].tolist() == [-10.0, -10.0, -10.0, True]
    assert found[["before_vph", "name"]].tolist() == [2.0, "南大街"]
    assert found[["lon", "lat"]].tolist() == [121.39, 37.53]


def test_levels_change_at_thirty_fifty_and_sixty_seconds() -> None:
    levels = [
        compared(runs("before", 100.0 + d), runs("after", 100.0)).loc["N1", "before_level"] for d in (29, 30, 50, 61)
    ]
    assert levels == [1, 2, 3, 4]


def test_a_junction_is_named_by_all_streets_that_reach_it() -> None:
    pair = runs("before", 150.0, streets=BOTH), runs("after", 150.0, streets=BOTH)
    assert compared(*pair, links_before=BOTH, links_after=BOTH).loc["N1", "name"] == "南大街 × 青年路"


def test_a_junction_that_nobody_passes_has_no_delay_and_no_level() -> None:
    idle = [run_of(links=links_of(("1", SEVEN, 0, None)), arm=arm) for arm in ("before", "after")]
    found = compared(idle[:1], idle[1:]).loc["N1"]
    assert math.isnan(found["before_delay_s"]) and math.isnan(found["difference_delay_s"])
    assert (found["before_level"], found["is_clear"]) == (0, False)


def test_a_city_without_signals_has_no_junctions() -> None:
    none = STREETS.assign(signal_node="")
    pair = runs("before", 150.0, streets=none), runs("after", 150.0, streets=none)
    assert compared(*pair, links_before=none, links_after=none).empty
