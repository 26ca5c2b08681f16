"""What an opening does beside its total: streets that gain and lose, quiet streets, bus lines. The town: `gap_town`."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.advice.gap_town import at, both_ways, city
from twin.advice.offered_streets import offered, opening_of
from twin.advice.opening_candidates import find_candidates
from twin.advice.opening_equilibria import OpeningEquilibria
from twin.advice.opening_findings import (
    lines_that_could_use,
    residential_change_vehkm,
    streets_changed,
    streets_in_equilibrium,
)
from twin.advice.opening_table import OPENING_COLUMNS, verdict_of
from twin.advice.opening_trials import DynamicArm
from twin.advice.opening_words import cost_lines, summary_lines
from twin.city.transit import BusLine, Stop
from twin.clock import TimeWindow
from twin.results.estimates import paired

HOUR = TimeWindow.between("07:00", "08:00")
FROM_SPUR = (("a2-spur", "b1-b2", 36),)  # from the end of the spur to the junction beyond


SOUTHERN = ("a0-a1", "a1-a2", "a2-a3", "a3-a4")


def residential(place, *streets):
    """The town with these streets residential, both ways."""
    ids = {link for street in streets for link in (street, "-".join(street.split("-")[::-1]))}
    links = tuple(
        replace(link, road_class="residential" if link.id in ids else link.road_class) for link in place.network.links
    )
    return replace(place, network=replace(place.network, links=links))


def equilibria_of(place):
    (candidate,) = find_candidates(place).candidates
    return OpeningEquilibria(place, offered(place, [opening_of(candidate, "x", "新")]), HOUR)


def test_streets_that_gain_are_told_with_the_hours_that_are_no_longer_spent_there():
    """36 cars leave 155 m of the spur, 880 m of the southern street and 1,320 m of others: 15.5, 88 and 132 s each."""
    changes = streets_in_equilibrium(equilibria_of(residential(city(trips=FROM_SPUR), *SOUTHERN)), "x")
    assert [street for street, _ in changes] == ["断头街", "(residential)", "(tertiary)"]
    assert [change for _, change in changes] == pytest.approx([-0.155, -0.88, -1.32], rel=0.01)


def test_traffic_that_an_opening_brings_to_residential_streets_is_told_and_what_it_takes_away():
    """36 cars drove 880 m of the southern street each: 31.7 veh·km less. From a1 to b2 they went round by the west;
    now they take a1–a2, 440 m, which is the residential one: 15.8 veh·km more."""
    taken = residential_change_vehkm(equilibria_of(residential(city(trips=FROM_SPUR), *SOUTHERN)), "x")
    assert taken == pytest.approx(-31.68, rel=0.001)
    through = residential(city(trips=(("a0-a1", "b1-b2", 36),)), "a1-a2")
    assert residential_change_vehkm(equilibria_of(through), "x") == pytest.approx(36 * 0.44, rel=0.001)
    assert residential_change_vehkm(equilibria_of(city(trips=FROM_SPUR)), "x") is None


def test_a_bus_line_that_passes_both_ends_in_the_middle_of_its_streets_could_use_the_opening():
    """Without the junction b2: 155 m of the spur, 4 × 440 m round, then half of 880 m, less 289 m straight on."""
    plain = city()
    gone = {"b1-b2", "b2-b1", "b2-b3", "b3-b2"}
    links = [link for link in plain.network.links if link.id not in gone] + both_ways("b1", "b3", 880.0)
    nodes = tuple(node for node in plain.network.nodes if node.id != "b2")
    route = ("spur-a2", "a2-a3", "a3-a4", "a4-b4", "b4-b3", "b3-b1")
    stops = (Stop("首站", *at(2, 0), "spur-a2"), Stop("末站", *at(1, 1), "b3-b1"))
    line = BusLine("1路/上行", "1路", "上行", stops, route, ())
    place = replace(plain, network=replace(plain.network, nodes=nodes, links=tuple(links)))
    (candidate,) = find_candidates(place).candidates
    ((name, saved_m),) = lines_that_could_use(replace(place, lines=(line,)), candidate)
    assert (name, saved_m) == ("1路", pytest.approx(155 + 4 * 440 + 440 - 289, abs=2))
    short = replace(line, route=route[:-1], stops=(stops[0], replace(stops[1], link_id="b4-b3")))
    assert lines_that_could_use(replace(place, lines=(short,)), candidate) == []


def arm(spent_vehh):
    """Two streets of the town, two days."""
    table = np.array(spent_vehh)
    return DynamicArm((1, 2), table.sum(axis=1), np.zeros(3), ("a0-a1", "spur-a2"), table, 100.0 * table)


def test_streets_are_told_by_what_they_change_the_most_first():
    """On both days the spur's street loses 2 vehicle-hours and the other gains a half."""
    before, after = arm([[3.0, 5.0], [4.0, 6.0]]), arm([[3.5, 3.0], [4.5, 4.0]])
    table = streets_changed("x", before, after, (1, 2), city().network)
    assert table["street"].tolist() == ["断头街", "(tertiary)"]
    assert table["change_vehh"].tolist() == [-2.0, 0.5]
    assert table["change_vehicles"].tolist() == [-200.0, 50.0]


def test_a_verdict_needs_an_interval_without_zero_and_an_effect_beyond_the_swing_of_settling():
    saved = paired([100.0, 101.0, 102.0], [90.0, 91.5, 91.5])  # −10, −9.5, −10.5
    assert verdict_of(saved, 5.0) == "better"
    assert verdict_of(saved, 11.0) == "not told apart"
    assert verdict_of(paired([90.0, 91.5, 91.5], [100.0, 101.0, 102.0]), 5.0) == "worse"
    assert verdict_of(paired([100.0, 100.0, 100.0], [90.0, 110.0, 99.0]), 0.1) == "not told apart"


def test_unit_costs_stand_beneath_the_table_in_words():
    """A secondary street of two lanes each way: 20 + 10 million yuan a kilometre."""
    rows = [dict.fromkeys(OPENING_COLUMNS, 0) | {"road_class": "secondary", "lanes": 2.0}]
    (line,) = cost_lines(pd.DataFrame(rows), "zh")
    assert line == "造价假定(万元/公里)：次干路单向2车道 3,000；桥梁为其 5 倍。"


def test_the_whole_set_has_a_verdict_too():
    static = {f"static_{name}_vehh": 8.0 for name in ("set", "greedy", "best_alone", "before", "doubt")}
    meta = static | {"network_kind": "synthetic", "chosen": 2, "selection_seeds": [1, 2], "verification_seeds": [3, 4]}
    effect = {"set_selection": [9.0, 8.0, 10.0], "set_verification": [5.0, 3.0, 7.0], "set_swing_vehh": 6.0}
    verdicts = {"set_verdict": "not told apart", "verdicts_alone": {"better": 1, "not told apart": 1}}
    told = summary_lines(meta | effect | verdicts | {"dynamic_before_vehh": 1e3}, "en")[-1]
    assert "saves 9.0 on the 2 days of selection, 5.0 (3.0 to 7.0) on the 2 of verification" in told
    assert told.endswith("Verdict: not told apart. Each of them alone: better 1, not told apart 1.")
