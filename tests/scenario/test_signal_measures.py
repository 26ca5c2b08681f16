"""Measures on signals: which junctions are meant, and what is ordered of them."""

from dataclasses import replace

import pytest
from small_town import DAY, place, town

from twin.city.city import City
from twin.city.signals import SignalOrder
from twin.errors import ScenarioError
from twin.scenario.measure import changed_places
from twin.scenario.scenario import Scenario
from twin.scenario.signal_measures import AdaptiveSignals, RetimeSignals, SignalPriority
from twin.wording import Words


def signalled_town(*signals: str) -> City:
    """The town with signals at these junctions."""
    city = town()
    nodes = tuple(replace(n, control="signal") if n.id in signals else n for n in city.network.nodes)
    return replace(city, network=replace(city.network, nodes=nodes))


TOWN = ("n11", "n12", "n21", "n22")


def test_all_signals_are_meant_where_no_place_is_given():
    city = RetimeSignals(id="r").apply(signalled_town(*TOWN))
    assert city.signal_orders == tuple(SignalOrder(node, retime="alone") for node in TOWN)


def test_signals_along_a_street():
    """海港路 runs from n10 to n13."""
    city = AdaptiveSignals(id="a", control="actuated", street="海港路").apply(signalled_town(*TOWN))
    assert city.signal_orders == (SignalOrder("n11", control="actuated"), SignalOrder("n12", control="actuated"))


def test_signals_around_a_junction():
    """Neighbours are 440 m away, the one across 620 m."""
    city, here = signalled_town(*TOWN), place(1, 1)
    assert [o.node_id for o in RetimeSignals(id="r", at=here).apply(city).signal_orders] == ["n11"]
    near = RetimeSignals(id="r", at=here, within_m=500.0).apply(city).signal_orders
    assert [o.node_id for o in near] == ["n11", "n12", "n21"]
    crossing = RetimeSignals(id="r", at="海港路×红旗路").apply(city).signal_orders
    assert [o.node_id for o in crossing] == ["n11"]


def test_both_measures_at_one_junction_are_one_order():
    city = RetimeSignals(id="r", coordinate=True).apply(signalled_town("n11"))
    both = AdaptiveSignals(id="a", control="max_pressure").apply(city)
    assert both.signal_orders == (SignalOrder("n11", "coordinated", "max_pressure"),)


def test_two_controls_at_one_junction_conflict():
    measures = (AdaptiveSignals(id="a", control="actuated"), AdaptiveSignals(id="b", control="max_pressure"))
    scenario = Scenario("s", Words("s", "s"), "town", date=DAY, measures=measures)
    assert any(
        "'a' and 'b' set control of signal n11 differently" in f for f in scenario.faults_in(signalled_town("n11"))
    )


def test_area_of_influence_lies_around_the_signals():
    before = signalled_town("n11", "n22")
    after = RetimeSignals(id="r", at=place(1, 1)).apply(before)
    assert changed_places(before, after) == [place(1, 1)]
    assert RetimeSignals(id="r", at=place(1, 1)).touches(before) == [place(1, 1)]


def test_place_without_a_signal_is_told():
    with pytest.raises(ScenarioError, match="no junction with a signal along 海港路"):
        RetimeSignals(id="r", street="海港路").apply(town())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"street": "海港路", "at": "海港路×红旗路"}, "not both"),
        ({"within_m": 100.0}, "`within_m` needs the junction `at`"),
        ({"at": "海港路×红旗路", "within_m": -1.0}, "within_m is -1"),
    ],
)
def test_places_that_cannot_be_meant_are_refused(values, said):
    with pytest.raises(ScenarioError, match=said):
        RetimeSignals(id="r", **values)


def test_unknown_control_is_refused():
    with pytest.raises(ScenarioError, match="control is 'clever', must be one of actuated, max_pressure"):
        AdaptiveSignals(id="a", control="clever")


def test_measures_are_said_in_both_languages():
    assert (
        RetimeSignals(id="r", street="海港路", coordinate=True).describe("zh") == "海港路沿线信号重新配时并协调(绿波)"
    )
    assert AdaptiveSignals(id="a", control="actuated").describe("en") == "actuated control of signals everywhere"


def test_priority_is_given_at_signals_that_buses_pass():
    """10路 runs n00 – n01 – n11 – n21 – n31 and ends there, so n11 and n21 are passed and n31 is not."""
    city = signalled_town(*TOWN, "n31")
    everywhere = SignalPriority(id="p").apply(city).signal_orders
    assert everywhere == tuple(SignalOrder(node, control="bus_priority") for node in ("n11", "n21"))
    one = SignalPriority(id="p", lines=("10路",), street="海港路").apply(city).signal_orders
    assert one == (SignalOrder("n11", control="bus_priority", lines=("10路/上行",)),)


def test_priority_where_no_bus_passes_is_refused():
    with pytest.raises(ScenarioError, match="no bus of line 10路 passes a signal at 北马路×海港路"):
        SignalPriority(id="p", lines=("10路",), at="北马路×海港路").apply(signalled_town("n11", "n13"))
    with pytest.raises(ScenarioError, match=r"no bus line '11路' here\. Did you mean '10路'"):
        SignalPriority(id="p", lines=("11路",)).apply(signalled_town("n11"))


def test_priority_and_control_by_traffic_at_one_junction_conflict():
    measures = (AdaptiveSignals(id="a", control="actuated"), SignalPriority(id="b"))
    scenario = Scenario("s", Words("s", "s"), "town", date=DAY, measures=measures)
    assert any(
        "'a' and 'b' set control of signal n11 differently" in f for f in scenario.faults_in(signalled_town("n11"))
    )


def test_priority_is_said_in_both_languages():
    assert SignalPriority(id="p", lines=("10路", "17路")).describe("zh") == "全部信号公交优先(10路、17路)"
    assert SignalPriority(id="p", street="海港路").describe("en") == "priority for buses at signals along 海港路"
