"""People react on the town: nobody where nothing changes, from car to bus where parking is dear; both answers told."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.grid_town import PLACE, write_measures
from twin.city.city import City
from twin.city.parking import Tariff
from twin.city.transit import Headway
from twin.clock import TimeWindow
from twin.demand.inputs import CHOICE_MODES, ChoiceSettings
from twin.demand.sampling import day
from twin.errors import DemandError
from twin.files.choice_files import choice_path, read_choice
from twin.files.city_files import load_city
from twin.files.results_files import read_comparison
from twin.results.alternatives import side_by_side
from twin.results.comparison import Comparison
from twin.routing.hyperpaths import strategies
from twin.scenario.scenario import Scenario
from twin.sim.parking_choice import CHOICE_SCALE_S, Seekers, expected_costs_s
from twin.sim.parking_knowledge import SLOTS
from twin.sim.parking_search import YUAN_S
from twin.study.compare import compare, reacting_as_asked
from twin.study.mode_costs import at_pace_of_streets, choosers_of, dearer_where_riders_stand, mean_ms, mode_costs
from twin.study.people_react import Choices, Reacted, as_in_base, settle_modes, with_choices
from twin.study.period import Period
from twin.study.rider_plans import access_of, line_graph, stop_places
from twin.study.settle import Settlement, settle_arm, settle_base
from twin.wording import Words

PERIOD = Period.around(TimeWindow.between("07:15", "08:00"))
CHOOSING = TimeWindow(PERIOD.start_s, PERIOD.last_s)
DEAR = 'kind = "set_tariff"\neverywhere = true\n[measures.tariff]\nhalf_hour_yuan = 1.5\nday_cap_yuan = 30.0'


@pytest.fixture(scope="module")
def settings(town_home: Path) -> ChoiceSettings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_HOME", str(town_home))
        return read_choice(choice_path(PLACE))[0]


@pytest.fixture(scope="module")
def town(town_home: Path) -> City:
    """The town with choosers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_HOME", str(town_home))
        return load_city(PLACE, choosing=CHOOSING)


@pytest.fixture(scope="module")
def base(grid_town: City) -> Settlement:
    return settle_base(grid_town, PERIOD, rounds=1)


@pytest.fixture(scope="module")
def before(base: Settlement, grid_town: City) -> Settlement:
    return settle_arm(base, grid_town, PERIOD, rounds=1)


def with_fee(city: City, half_hour_yuan: float) -> City:
    tariff = Tariff(half_hour_yuan, 20.0 * half_hour_yuan)
    return replace(city, sites=tuple(replace(site, tariff=tariff) for site in city.sites))


def reacted(
    base: Settlement,
    before: Settlement,
    town: City,
    settings: ChoiceSettings,
    *,
    after: Settlement | None = None,
    rounds: int = 1,
    induced: bool = False,
) -> Reacted:
    """People react in a town whose arm after is at first settled as before, unless another is given."""
    return settle_modes(
        base, before, after or before, town, PERIOD, settings, induced=induced, arm_rounds=1, mode_rounds=rounds
    )


def share_of(found: Reacted, town: City, mode: str) -> float:
    people = choosers_of(town.demand)["people"].to_numpy()
    return float(people[found.choices.mode == CHOICE_MODES.index(mode)].sum() / people.sum())


# --- costs ----------------------------------------------------------------------------------------------------------


def test_mean_times_are_of_the_intervals_asked_for() -> None:
    """Looks of 300 s; 10:00–10:10 are columns 120 and 121: the mean of 2 and 4 s is 3 s."""
    cost_ms = np.full((1, 288), 1000)
    cost_ms[0, 120:122] = [2000, 4000]
    assert mean_ms(cost_ms, 36000.0, 36600.0).tolist() == [3000]


def test_each_way_to_go_costs_what_its_parts_do(before: Settlement, town: City, settings: ChoiceSettings) -> None:
    assert town.demand is not None
    choosers, costs = choosers_of(town.demand), mode_costs(before, town.demand, PERIOD, settings)
    table_s = costs.table_s(7200.0)
    assert table_s.shape == (len(choosers), 4) and np.isfinite(table_s).all()
    own = (choosers["parks"] != "public").to_numpy()
    assert not costs.park_s[own].any() and (costs.park_s[~own] != 0.0).all()
    assert (costs.drive_s < costs.ebike_s).mean() > 0.9, "12 to 50 km/h against 18 km/h"
    assert (costs.bus_s <= costs.walk_s + 1e-6).all(), "who has no better bus walks"


def test_buses_are_as_slow_as_the_streets(before: Settlement, grid_town: City) -> None:
    """Twice the time on every street is 100 % more between stops, the dwell of 20 s left aside."""
    network = before.stage.network
    graph = line_graph(network, grid_town.lines, stop_places(grid_town, network), PERIOD.start_s, PERIOD.last_s)
    mean_s = np.array([link.length_m / min(link.free_speed_mps, 10.0) for link in network.links])
    once, twice = (at_pace_of_streets(graph, grid_town, network, mean_s * times).ride_s for times in (1.0, 2.0))
    rides = np.isfinite(once) & (once > 20.0)
    assert rides.sum() > 10 and np.allclose(twice[rides] - 20.0, 2.0 * (once[rides] - 20.0))


def test_a_dearer_fee_makes_parking_dearer_by_as_much(before: Settlement, town: City) -> None:
    """All sites cost alike, so a yuan more is a yuan's worth of seconds more, and twice the spaces S·ln 2 less."""
    search = before.stage.search
    at = search.xy[:1]
    seeker = Seekers(
        np.zeros(1, np.int64), at, at, np.array([28800.0]), np.array([1800.0]), np.ones(1), np.zeros(1, bool)
    )
    usual = np.ones((len(search.sites), SLOTS))

    def cost_s(half_hour_yuan: float) -> float:
        priced = settle_stage(before, with_fee(before.stage.city, half_hour_yuan))
        return float(expected_costs_s(priced, seeker, usual, yuan_s=np.array([YUAN_S]))[0])

    assert cost_s(2.0) - cost_s(1.0) == pytest.approx(YUAN_S)
    double = replace(before.stage.city, sites=tuple(replace(s, spaces=2 * s.spaces) for s in before.stage.city.sites))
    found = expected_costs_s(settle_stage(before, double), seeker, usual, yuan_s=np.array([YUAN_S]))
    assert cost_s(1.0) - float(found[0]) == pytest.approx(CHOICE_SCALE_S * math.log(2.0))


def settle_stage(settled: Settlement, city: City):
    return type(settled.stage).of(city).search


# --- choices --------------------------------------------------------------------------------------------------------


def test_books_of_people_hold(town: City) -> None:
    """Everybody goes by exactly one mode: cars and riders of the day are the rows of those who chose them."""
    assert town.demand is not None
    choosers = choosers_of(town.demand)
    nobody = as_in_base(choosers)
    mode = np.where(np.arange(len(choosers)) % 3 == 0, (nobody.mode + 1) % 2, nobody.mode)
    demand = with_choices(town.demand, Choices(nobody.shares, mode, nobody.factor))
    assert demand.riders is not None
    cars = int((demand.travellers["travels_share"] > 0).sum())
    fixed = int((town.demand.travellers["travels_share"] > 0).sum()) - int((choosers["mode"] == "car").sum())
    assert cars == fixed + int(choosers["vehicles"][mode == 0].sum())
    riding = int((demand.riders["travels_share"] > 0).sum())
    assert town.demand.riders is not None
    others = int((town.demand.riders["travels_share"] > 0).sum()) - int((choosers["mode"] == "bus").sum())
    assert riding == others + int(choosers["riders"][mode == 1].sum())


def test_nobody_changes_where_nothing_does(
    base: Settlement, before: Settlement, town: City, settings: ChoiceSettings
) -> None:
    found = reacted(base, before, town, settings, induced=True)
    assert found.rounds["gap"].tolist() == [0.0, 0.0] and found.rounds["changed"].tolist() == [0.0, 0.0]
    assert (found.choices.factor == 1.0).all()
    n = len(before.habits.origin)
    assert np.array_equal(found.settlement.cost_ms, before.cost_ms)
    assert np.array_equal(found.settlement.habits.routes.length[:n], before.habits.routes.length)
    assert not found.settlement.habits.routes.length[n:].any(), "who does not drive has no way"


def test_dearer_parking_moves_people_from_the_car_the_more_the_dearer(
    base: Settlement, before: Settlement, town: City, settings: ChoiceSettings
) -> None:
    """The fee of a stay of hours goes from 1 to 1.5 and 2 yuan a half-hour; who leaves at 1.5 has left at 2."""
    free, left = share_of(reacted(base, before, town, settings), town, "car"), None
    for fee in (1.5, 2.0):
        dear = with_fee(town, fee)
        after = settle_arm(base, replace(dear, demand=before.stage.city.demand), PERIOD, rounds=1)
        found = reacted(base, before, dear, settings, after=after)
        share = share_of(found, dear, "car")
        assert share < free and share_of(found, dear, "bus") > 0.29
        gone = found.choices.mode != as_in_base(choosers_of(town.demand)).mode
        assert left is None or (gone | ~left).all()
        free, left = share, gone


def test_who_changes_to_the_bus_rides_and_who_drove_does_not(
    base: Settlement, before: Settlement, town: City, settings: ChoiceSettings
) -> None:
    dear = with_fee(town, 2.0)
    after = settle_arm(base, replace(dear, demand=before.stage.city.demand), PERIOD, rounds=1)
    found = reacted(base, before, dear, settings, after=after)
    demand = found.settlement.stage.city.demand
    choosers = choosers_of(demand)
    assert demand is not None and demand.riders is not None
    made = set(day(demand, 1)["traveller_id"].tolist())
    left = choosers[(choosers["mode"] == "car").to_numpy() & (found.choices.mode == CHOICE_MODES.index("bus"))]
    assert len(left) > 10 and not made & set(left["first_traveller"].tolist())
    rides = left[left["riders"] > 0]
    assert (demand.riders["travels_share"].to_numpy()[rides["first_rider"]] > 0).all()


def test_better_buses_induce_trips_and_worse_ones_suppress_them(
    base: Settlement, before: Settlement, town: City, settings: ChoiceSettings
) -> None:
    for factor, sign in ((0.25, 1.0), (4.0, -1.0)):
        lines = tuple(
            replace(line, headways=tuple(Headway(h.window, h.headway_s * factor) for h in line.headways))
            for line in town.lines
        )
        other = replace(town, lines=lines)
        after = settle_arm(base, replace(other, demand=before.stage.city.demand), PERIOD, rounds=1)
        after = replace(after, cost_ms=before.cost_ms)  # four times the buses would slow down the cars too
        found = reacted(base, before, other, settings, after=after, induced=True)
        change = found.choices.factor - 1.0
        assert (sign * change >= -1e-6).mean() > 0.95 and sign * change.mean() > 0.0
        assert sign * float(found.rounds["gain_h"].iloc[0]) > 0.0


def test_a_demand_without_choosers_is_refused(before: Settlement, settings: ChoiceSettings) -> None:
    assert before.stage.city.demand is not None
    with pytest.raises(DemandError, match="without choosers"):
        mode_costs(before, before.stage.city.demand, PERIOD, settings)


# --- the study ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def both(town_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Comparison, Path]:
    """A study of dearer parking, asked for both answers, and where it was written."""
    out = tmp_path_factory.mktemp("both")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_HOME", str(town_home))
        patch.setenv("TWIN_CACHE", str(town_home / "cache"))
        write_measures(town_home, "react-dear", DEAR)
        study = compare(
            "base", "react-dear", replications=1, base_rounds=3, arm_rounds=2, jobs=1, people_react=True, out=out
        )
    return study, out


def value(comparison: Comparison, metric: str) -> tuple[float, float]:
    row = comparison.rows[(comparison.rows["metric"] == metric) & (comparison.rows["area"] == "city")].iloc[0]
    return float(row["before"]), float(row["after"])


def test_both_answers_are_given_over_one_before(both: tuple[Comparison, Path]) -> None:
    """All sites are dearer alike: with nobody changing mode nothing happens, with people who react fewer drive."""
    nobody, people = both[0], both[0].reacting
    assert people is not None
    assert value(nobody, "vehicle_km")[0] == value(nobody, "vehicle_km")[1] == value(people, "vehicle_km")[0]
    assert value(people, "vehicle_km")[1] < value(people, "vehicle_km")[0]
    assert nobody.modes.empty and nobody.warning_lines("en")[0] != people.warning_lines("en")[0]
    assert any("nobody takes the bus" in line for line in nobody.warning_lines("en"))
    assert not any("nobody takes the bus" in line for line in people.warning_lines("en"))
    assert any("nested logit" in words["en"] for words in people.meta["assumptions"])
    assert any("出行次数不变" in words["zh"] for words in people.meta["assumptions"])


def test_trips_by_all_modes_together_stay(both: tuple[Comparison, Path]) -> None:
    people = both[0].reacting
    assert people is not None
    city = people.modes[(people.modes["area"] == "city") & (people.modes["purpose"] == "all")].set_index("mode")
    assert city.loc["all", "before_trips"] == pytest.approx(city.loc["all", "after_trips"])
    assert city.loc["car", "after_share"] < city.loc["car", "before_share"]
    assert city.loc["bus", "after_share"] > city.loc["bus", "before_share"]
    assert city.loc[["car", "bus", "ebike", "walk"], "after_share"].sum() == pytest.approx(1.0)


def test_modes_come_to_rest_with_the_road(both: tuple[Comparison, Path]) -> None:
    people = both[0].reacting
    assert people is not None
    gap = people.mode_rounds["gap"]
    assert gap.iloc[-1] < 0.1 * gap.iloc[0] and len(gap) >= 2


def test_both_answers_are_read_back_as_they_were_written(both: tuple[Comparison, Path]) -> None:
    study, out = both
    found = read_comparison(out)
    assert found.reacting is not None and study.reacting is not None
    for name in ("rows", "modes", "mode_rounds", "settling"):
        pd.testing.assert_frame_equal(getattr(found.reacting, name), getattr(study.reacting, name), check_exact=True)
    assert read_comparison(out / "people-react").meta["after"] == "react-dear"


def test_what_is_asked_goes_before_what_the_scenario_says() -> None:
    plain = Scenario("s", Words("s", "s"), PLACE)
    reacts = replace(plain, people_react=True, induced=True)

    def asked(scenario: Scenario, people_react: bool | None, induced: bool | None) -> tuple[bool, bool]:
        found = reacting_as_asked(scenario, people_react, induced)
        return found.people_react, found.induced

    assert asked(plain, None, None) == (False, False) and asked(reacts, None, None) == (True, True)
    assert asked(plain, True, None) == (True, False) and asked(plain, None, True) == (True, True)
    assert asked(reacts, False, None) == (False, False) and asked(reacts, None, False) == (True, False)


def test_both_answers_may_stand_side_by_side(both: tuple[Comparison, Path]) -> None:
    people = both[0].reacting
    assert people is not None
    table = side_by_side([both[0], people], language="en")
    assert list(table.columns[3:5]) == ["react-dear", "react-dear (people react)"]


def test_a_ride_is_dearer_by_the_share_of_riders_who_stand(before: Settlement, town: City) -> None:
    """Buses of one seat: with more than one aboard on average a share 1 − 1/load stands, at 0.3 of the time more."""
    assert town.demand is not None
    network = before.stage.network
    stops = stop_places(town, network)
    graph = line_graph(network, town.lines, stops, PERIOD.start_s, PERIOD.last_s)
    access = access_of(town, network, stops, graph)
    found = strategies(graph, access.start, access.place, access.walk_s)
    seats = {n: tuple(replace(line, seats=n) for line in town.lines) for n in (1, 1000)}
    dear = dearer_where_riders_stand(graph, found, access, seats[1], town.demand, PERIOD).ride_s
    roomy = dearer_where_riders_stand(graph, found, access, seats[1000], town.demand, PERIOD).ride_s
    rides = np.isfinite(graph.ride_s)
    assert np.array_equal(roomy[rides], graph.ride_s[rides])
    ratio = dear[rides] / graph.ride_s[rides]
    assert (ratio >= 1.0).all() and 1.1 < ratio.max() < 1.3
