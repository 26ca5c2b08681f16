"""New streets that end in the middle of a block, cross others, follow a line, or lead a dead end straight on."""

import datetime
from dataclasses import replace

import pandas as pd
import pytest
from small_town import DAY, network, place, street, town

from twin.city.cuts import with_cuts_of
from twin.city.network import Movement, Node
from twin.city.signals import Green, SignalPlan
from twin.city.trips import Demand
from twin.city.zones import LoadingPoint
from twin.errors import ScenarioError
from twin.scenario.measure import NEW, places_of
from twin.scenario.scenario import Scenario
from twin.scenario.street_measures import ChangeLanes, SetSpeedLimit
from twin.scenario.street_openings import OpenLink
from twin.study.signal_plans import adapted_plans
from twin.wording import Words

MID_BLOCK = place(0.5, 1)
"""Half way along 红旗路 between 青年路 and 海港路."""

USUAL = {"road_class": "tertiary", "speed_kmh": 36.0, "capacity_vph": 900.0}


def from_mid_block(**values):
    """A tertiary street from the middle of a block of 红旗路 to 南大街×海港路, north-east of it."""
    return OpenLink(id="a", ends=(MID_BLOCK, "南大街×海港路"), name="新路", **{**USUAL, **values})


def new_node(before, after):
    (node_id,) = after.network.node_by_id.keys() - before.network.node_by_id.keys()
    return node_id


def test_an_end_in_mid_block_cuts_the_street_both_ways():
    before, after = town(), from_mid_block().apply(town())
    node = new_node(before, after)
    links = after.network.link_by_id
    there = [links[f"n01-n11~n01~{node}"], links[f"n01-n11~{node}~n11"]]
    back = [links[f"n11-n01~n11~{node}"], links[f"n11-n01~{node}~n01"]]
    assert "n01-n11" not in links and "n11-n01" not in links
    assert [link.length_m for link in (*there, *back)] == pytest.approx([220.0] * 4, abs=0.5)
    assert sum(link.length_m for link in there) == 440.0
    assert {(link.lanes, link.name, link.part_of) for link in there} == {(2.0, "红旗路", "n01-n11")}
    assert len(after.network.links) == len(before.network.links) + 2 + 2


def test_traffic_turns_into_the_new_street_from_both_sides_and_drives_on_past_it():
    before, after = town(), from_mid_block().apply(town())
    node = new_node(before, after)
    (into,) = [link.id for link in after.network.links_out[node] if link.name == "新路"]
    turns = {(t.from_link, t.to_link) for t in after.network.turns() if t.node_id == node}
    assert {came for came, gone in turns if gone == into} == {f"n01-n11~n01~{node}", f"n11-n01~n11~{node}"}
    assert (f"n01-n11~n01~{node}", f"n01-n11~{node}~n11") in turns
    assert len(turns) == 6  # of three approaches, each into the two other arms


def test_bus_line_drives_over_the_pieces_and_keeps_its_stops():
    before, after = town(), from_mid_block().apply(town())
    node = new_node(before, after)
    (line,) = after.lines
    pieces = (f"n01-n11~n01~{node}", f"n01-n11~{node}~n11")
    assert line.route == ("n00-n01", *pieces, "n11-n21", "n21-n31")
    assert [stop.link_id for stop in line.stops] == ["n00-n01", pieces[1], "n11-n21", "n21-n31"]


def test_first_stop_on_a_later_piece_begins_the_route_there():
    """The stop lies 88 m before the end of a block that is cut in its middle."""
    city = town()
    (line,) = city.lines
    stops = (replace(line.stops[1], lon=place(0.8, 1)[0]), *line.stops[2:])
    city = replace(city, lines=(replace(line, stops=stops, route=line.route[1:]),))
    after = from_mid_block().apply(city)
    node = new_node(city, after)
    assert after.lines[0].route[0] == after.lines[0].stops[0].link_id == f"n01-n11~{node}~n11"


def test_turns_bans_signals_sites_and_trips_go_on_with_the_piece_at_the_junction():
    streets = replace(
        network(movements=(Movement("n11", "n01-n11", "n11-n21"),)), banned_turns=frozenset({("n21-n11", "n11-n01")})
    )
    city = replace(
        town(),
        network=streets,
        sites=tuple(replace(site, link_id="n01-n11") for site in town().sites),
        signals=(SignalPlan("n11", 60.0, 0.0, (Green("n01-n11", "n11-n21", 0.0, 30.0), Green("n11-n01", None, 0, 9))),),
        demand=Demand(pd.DataFrame(), (LoadingPoint("Z1", *place(1, 1), "n01-n11"),)),
    )
    after = from_mid_block().apply(city)
    node = new_node(city, after)
    last, first_back = f"n01-n11~{node}~n11", f"n11-n01~n11~{node}"
    assert Movement("n11", last, "n11-n21") in after.network.movements
    assert after.network.banned_turns == {("n21-n11", first_back)}
    assert {site.link_id for site in after.sites} == {last}
    assert [green.from_link for green in after.signals[0].greens] == [last, f"n11-n01~{node}~n01"]
    assert after.demand.points[0].link_id == last


def test_who_gives_way_at_the_end_of_a_street_does_not_at_a_new_junction_within_it():
    links = tuple(replace(k, priority=1) if k.id == "n01-n11" else k for k in network().links)
    city = replace(town(), network=replace(network(), links=links))
    after = from_mid_block().apply(city)
    node = new_node(city, after)
    assert after.network.link_by_id[f"n01-n11~n01~{node}"].priority == 2
    assert after.network.link_by_id[f"n01-n11~{node}~n11"].priority == 1
    (out,) = [link for link in after.network.links_in[node] if link.name == "新路"]
    assert out.priority == 1  # tertiary, at a secondary street


def test_a_wider_new_street_has_the_way_where_no_signal_decides():
    after = from_mid_block(road_class="primary").apply(
        replace(
            town(), network=replace(network(), links=tuple(replace(k, road_class="tertiary") for k in network().links))
        )
    )
    node = new_node(town(), after)
    assert {link.name: link.priority for link in after.network.links_in[node]} == {"红旗路": 1, "新路": 2}
    assert all("priority" in link.assumed for link in after.network.links_in[node] if link.name == "红旗路")


def test_new_junction_of_two_wide_streets_has_a_signal_with_equal_greens():
    """Two axes, no volumes: the shortest cycle of 60 s, less 3 s lost a phase, is 27 s each."""
    before, after = town(), from_mid_block(road_class="secondary").apply(town())
    node = new_node(before, after)
    assert after.network.node_by_id[node].control == "signal" and after.network.node_by_id[node].assumed == {"control"}
    base = with_cuts_of(before, after)
    plans, remade = adapted_plans(base.open_network(), (), after.open_network())
    assert remade == [node] and [plan.node_id for plan in plans] == [node]
    assert plans[0].cycle_s == 60.0 and {green.green_s for green in plans[0].greens} == {27.0}


def test_narrow_streets_meet_without_a_signal():
    after = from_mid_block().apply(town())
    assert after.network.node_by_id[new_node(town(), after)].control == "none"


def test_crossed_streets_are_cut_and_joined_unless_the_street_is_a_bridge():
    """From the west end of 红旗路 to a point of 海港路 half way between 南大街 and 北马路 it crosses 南大街."""
    ends = ("红旗路×青年路", place(1, 2.5))
    level = OpenLink(id="a", ends=ends, name="新路", **USUAL).apply(town())
    added = level.network.node_by_id.keys() - town().network.node_by_id.keys()
    assert len(added) == 2  # at 南大街, and at its end
    assert len([link for link in level.network.links if link.name == "新路"]) == 4
    bridge = OpenLink(id="a", ends=ends, name="新路", bridge=True, **USUAL).apply(town())
    over = [link for link in bridge.network.links if link.name == "新路"]
    assert len(over) == 2 and all(link.is_structure for link in over)
    assert len(bridge.network.node_by_id.keys() - town().network.node_by_id.keys()) == 1


def test_bridges_that_are_there_are_neither_crossed_nor_joined():
    links = tuple(replace(k, is_structure=k.name == "南大街") for k in network().links)
    city = replace(town(), network=replace(network(), links=links))
    after = OpenLink(id="a", ends=("红旗路×青年路", place(1, 2.5)), name="新路", **USUAL).apply(city)
    assert all(not link.part_of for link in after.network.links if link.name == "南大街")
    assert len([link for link in after.network.links if link.name == "新路"]) == 2


def dual(*, lanes_class="secondary"):
    """The town, 红旗路 between 青年路 and 海港路 on two carriageways 22 m apart: eastward south, westward north."""
    lines = {"n01-n11": 0.975, "n11-n01": 1.025}
    links = tuple(
        replace(
            k, road_class=lanes_class, geometry=(place(int(k.id[1]), 1), *drawn(k, lines[k.id]), place(int(k.id[5]), 1))
        )
        if k.id in lines
        else k
        for k in network().links
    )
    return replace(town(), network=replace(network(), links=links))


def drawn(link, row):
    columns = (0.05, 0.95) if link.id == "n01-n11" else (0.95, 0.05)
    return tuple(place(column, row) for column in columns)


FROM_SOUTH = OpenLink(id="a", ends=("港城大街×海港路", place(0.5, 0.97)), name="新路", **USUAL)


def turns_at_new_node(city, opening):
    after = opening.apply(city)
    node = new_node(city, after)
    into_new = {link.id for link in after.network.links_out[node] if link.name == "新路"}
    return after, node, {t.from_link.split("~")[0] for t in after.network.turns() if t.to_link in into_new}


def test_narrow_street_at_a_dual_carriageway_joins_the_near_side_only():
    """Right in, right out: who comes from the east on the far carriageway does not turn in; the new street yields."""
    city = dual()
    after, node, came_from = turns_at_new_node(city, FROM_SOUTH)
    assert came_from == {"n01-n11"}
    assert FROM_SOUTH.one_sided_ends(city) == 1
    assert {link.priority for link in after.network.links_in[node] if link.name == "新路"} == {1}


def test_wide_street_at_a_dual_carriageway_has_a_signal_at_a_gap_in_the_median():
    city, wide = dual(), replace(FROM_SOUTH, road_class="secondary")
    after, node, came_from = turns_at_new_node(city, wide)
    assert came_from == {"n01-n11", "n11-n01"}
    assert after.network.node_by_id[node].control == "signal"
    assert wide.one_sided_ends(city) == 0


def test_gap_in_the_median_may_be_ordered_and_forbidden():
    city = dual()
    ordered, forbidden = (
        replace(FROM_SOUTH, median_gap=True),
        replace(FROM_SOUTH, road_class="secondary", median_gap=False),
    )
    assert turns_at_new_node(city, ordered)[2] == {"n01-n11", "n11-n01"}
    assert turns_at_new_node(city, forbidden)[2] == {"n01-n11"}


def test_street_drawn_on_one_line_is_no_dual_carriageway():
    assert from_mid_block(median_gap=True).one_sided_ends(town()) == 0


def test_drawn_line_gives_length_and_geometry():
    """Two legs of half a block each way round a corner: 220 m east, then 444 m north (0.004 degrees)."""
    line = (MID_BLOCK, place(0.5, 1.5), place(1, 1.5))
    after = OpenLink(id="a", geometry=line, name="新路", **USUAL).apply(town())
    there = [link for link in after.network.links if link.name == "新路"]
    assert len(there) == 2 and {len(link.geometry) for link in there} == {3}
    assert there[0].length_m == pytest.approx(222 + 221, abs=2)
    assert "geometry" not in there[0].assumed
    assert there[0].geometry == there[1].geometry[::-1]


def test_street_along_another_is_refused():
    with pytest.raises(ScenarioError, match=r"the new street runs along 红旗路 for 44[0-9] m"):
        OpenLink(id="a", geometry=(place(0, 1), place(1, 1), place(2, 2)), **USUAL).apply(town())


def with_dead_end():
    """The town with a street of its own from 红旗路×青年路 half a block west."""
    streets = network()
    west = Node("w", *place(-0.5, 1))
    links = (*streets.links, *street("w", "n01", "断头路"))
    return replace(town(), network=replace(streets, nodes=(*streets.nodes, west), links=links))


def test_stem_of_a_t_is_led_straight_on_to_the_next_street():
    """The north end of 海港路 meets 北马路 as a T; a street of its own lies 300 m further north."""
    streets = network()
    nodes = (Node("a", *place(0, 3.7)), Node("b", *place(3, 3.7)))
    links = (*streets.links, *street("a", "b", "滨海路"), *street("a", "n03", "西路"), *street("b", "n33", "东路"))
    city = replace(town(), network=replace(streets, nodes=(*streets.nodes, *nodes), links=links))
    after = OpenLink(id="a", extend="北马路×海港路", name="海港路", **USUAL).apply(city)
    node = new_node(city, after)
    joined = after.network.node_by_id[node]
    assert (joined.lon, joined.lat) == pytest.approx(place(1, 3.7), abs=2e-5)
    assert {(k.from_node, k.to_node) for k in after.network.links if k.id.startswith("new-")} == {
        ("n13", node),
        (node, "n13"),
    }


def test_dead_end_without_a_street_ahead_and_crossings_cannot_be_extended():
    with pytest.raises(ScenarioError, match=r"no street lies straight on from \[.*\] within 1000 m"):
        OpenLink(id="a", extend=place(-0.5, 1), **USUAL).apply(with_dead_end())
    with pytest.raises(ScenarioError, match="a place where 4 streets meet"):
        OpenLink(id="a", extend="红旗路×海港路", **USUAL).apply(town())


def in_scenario(*measures):
    return Scenario("s", Words("s", "s"), "town", measures=measures)


def test_order_of_openings_does_not_matter():
    """Both cut 红旗路 between 青年路 and 海港路, at a third and two thirds of the block."""
    one = OpenLink(id="1", ends=(place(0.33, 1), "南大街×青年路"), **USUAL)
    two = OpenLink(id="2", ends=(place(0.67, 1), "南大街×海港路"), **USUAL)
    a, b = (in_scenario(*order).apply_to(town()).network for order in ((one, two), (two, one)))
    assert a.node_by_id == b.node_by_id
    assert {link.id: round(link.length_m, 6) for link in a.links} == {
        link.id: round(link.length_m, 6) for link in b.links
    }
    assert len([link for link in a.links if link.part_of == "n01-n11"]) == 3


def test_two_streets_to_one_place_in_mid_block_share_the_junction():
    one, two = from_mid_block(), OpenLink(id="b", ends=(MID_BLOCK, "港城大街×海港路"), **USUAL)
    after = in_scenario(one, two).apply_to(town())
    assert len(after.network.links_out[new_node(town(), after)]) == 4


def test_the_same_opening_twice_is_refused():
    faults = in_scenario(from_mid_block(), replace(from_mid_block(), id="b")).faults_in(town())
    assert faults == ["measure 'b': the ends of 'b' are joined by a street already"]


def test_measures_on_a_street_conflict_though_it_was_cut_between_them():
    slow, fast = (SetSpeedLimit(id=f"v{v}", street="红旗路", speed_kmh=v) for v in (40, 50))
    (fault,) = in_scenario(slow, from_mid_block(), fast).faults_in(town())
    assert fault.startswith("measures 'v40' and 'v50' set free_speed_mps of link n01-n11~")
    assert in_scenario(slow, from_mid_block(), ChangeLanes(id="l", street="红旗路", lanes=3)).faults_in(town()) == []


def test_base_is_cut_like_the_scenario_so_that_links_differ_only_by_the_new_street():
    before, after = town(), from_mid_block().apply(town())
    base = with_cuts_of(before, after)
    new = {link.id for link in after.network.links} - {link.id for link in base.network.links}
    assert {after.network.link_by_id[i].name for i in new} == {"新路"} and len(new) == 2
    assert base.network.link_by_id.keys() <= after.network.link_by_id.keys()
    assert base.lines == after.lines
    assert with_cuts_of(base, after) is base
    again = from_mid_block().apply(base)
    assert again.network.link_by_id.keys() == after.network.link_by_id.keys()


def test_retiming_is_asked_for_only_with_the_word():
    nodes = tuple(replace(n, control="signal") if n.id == "n12" else n for n in network().nodes)
    city = replace(town(), network=replace(network(), nodes=nodes))
    assert from_mid_block().apply(city).signal_orders == ()
    (order,) = from_mid_block(retime=True).apply(city).signal_orders
    assert (order.node_id, order.retime) == ("n12", "alone")


def test_street_opens_on_its_day_and_not_before():
    day = DAY + datetime.timedelta(days=1)
    with pytest.raises(ScenarioError, match="opens on 2024-01-01, after the scenario's date 2023-12-31"):
        from_mid_block(opens_on=day).apply(town())
    after = from_mid_block(opens_on=day).apply(town().on(day))
    new = [link for link in after.network.links if link.name == "新路"]
    assert {link.opened_on for link in new} == {day} and after.open_network().link_by_id.keys() >= {k.id for k in new}


def test_cost_is_assumed_by_class_and_length_unless_given():
    """A tertiary street of one lane each way costs 14 million yuan a kilometre; this one is drawn as 500 m."""
    cost = from_mid_block(length_m=500.0).cost(town())
    assert cost.yuan == pytest.approx(7e6) and cost.is_assumed
    given = from_mid_block(cost_yuan=3e6).cost(town())
    assert (given.yuan, given.is_assumed) == (3e6, False)


def test_places_of_an_opening_are_its_ends():
    edits = from_mid_block().edits(town())
    assert {edit.thing for edit in edits if edit.field == NEW} == {"node", "link"}
    assert set(places_of(town(), edits)) == {MID_BLOCK, place(1, 2)}


def test_numbers_stay_numbers_so_that_ids_keep_their_order():
    streets = network()
    number = {node.id: str(k) for k, node in enumerate(streets.nodes, start=1)}
    nodes = tuple(replace(n, id=number[n.id]) for n in streets.nodes)
    links = tuple(replace(k, from_node=number[k.from_node], to_node=number[k.to_node]) for k in streets.links)
    city = replace(town(), network=replace(streets, nodes=nodes, links=links))
    after = from_mid_block().apply(city)
    assert [node.id for node in after.network.nodes[:16]] == [str(k) for k in range(1, 17)]
    assert after.network.nodes[16].id.isdecimal()
