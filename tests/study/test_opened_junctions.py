"""A T with a signal becomes a crossing: opened, its plan is kept and extended; opened and re-timed, it is made anew."""

from datetime import date

from twin.city.city import City
from twin.city.cuts import with_cuts_of
from twin.city.network import Link, Network, Node
from twin.city.signals import LOST_S
from twin.scenario.street_openings import OpenLink
from twin.study.signal_plans import adapted_plans, plan_signals, retimed_plans

STEP = 400.0 / 111_320.0
QUANTITIES = {"length_m": 400.0, "lanes": 2.0, "free_speed_mps": 15.0, "capacity_vph": 1800.0}


def t_junction() -> City:
    """西—中—东 is a main street; 南 ends at 中 from the south, with a signal. 北街 lies a block further north."""
    places = {"w": (-1, 0), "m": (0, 0), "e": (1, 0), "s": (0, -1), "nw": (-1, 1), "ne": (1, 1)}
    nodes = tuple(Node(i, x * STEP, y * STEP, "signal" if i == "m" else "none") for i, (x, y) in places.items())
    streets = {
        "主街": ("wm", "me"),
        "南街": ("sm",),
        "西街": (("w", "nw"),),
        "东街": (("e", "ne"),),
        "北街": (("nw", "ne"),),
    }
    links = [
        Link(f"{a}-{b}", a, b, **QUANTITIES, road_class="secondary", name=name)
        for name, ends in streets.items()
        for one, other in ends
        for a, b in ((one, other), (other, one))
    ]
    return City("t", "t", date(2024, 1, 1), Network(nodes, tuple(links), place="t", crs="EPSG:3857"))


VOLUMES = {("w-m", "m-e"): 900.0, ("e-m", "m-w"): 800.0, ("s-m", "m-e"): 200.0, ("s-m", "m-w"): 150.0}
NORTH = OpenLink(id="north", extend="主街×南街", name="北延", road_class="secondary", lanes=2.0)


def opened():
    """Base and after with the same cuts, the base's plans, and those of the opened junctions."""
    before, after = t_junction(), NORTH.apply(t_junction())
    base = with_cuts_of(before, after)
    plans = plan_signals(base.network, VOLUMES)
    return base, after, plans, adapted_plans(base.network, plans, after.network)


def test_the_stem_of_the_t_is_led_to_the_next_street_and_makes_a_crossing_there() -> None:
    base, after, _, _ = opened()
    assert len(after.network.links_in["m"]) == 4
    (node,) = [n for n in after.network.nodes if n.id not in t_junction().network.node_by_id]
    assert (round(node.lon, 6), round(node.lat / STEP, 3), node.control) == (0.0, 1.0, "signal")
    assert len(after.network.links) == len(base.network.links) + 2


def test_opened_keeps_cycle_offset_greens_and_lost_time_and_gives_the_new_approach_its_axis() -> None:
    _, after, plans, (adapted, remade) = opened()
    (was,), (now, new) = plans, adapted
    assert now.node_id == "m" and remade == ["m", new.node_id]
    assert (now.cycle_s, now.offset_s) == (was.cycle_s, was.offset_s)
    assert {(g.start_s, g.green_s) for g in now.greens} == {(g.start_s, g.green_s) for g in was.greens}
    into = next(link.id for link in after.network.links_in["m"] if link.name == "北延")
    phase_of = {g.from_link: (g.start_s, g.green_s) for g in now.greens}
    assert phase_of[into] == phase_of["s-m"] != phase_of["w-m"]
    windows = sorted({(g.start_s, g.green_s) for g in now.greens})
    assert sum(green_s for _, green_s in windows) == now.cycle_s - LOST_S * len(windows)


def test_the_new_approach_has_turn_lanes_and_its_left_turns_give_way() -> None:
    _, after, _, (adapted, _) = opened()
    into = next(link.id for link in after.network.links_in["m"] if link.name == "北延")
    greens = {g.to_link: g for g in adapted[0].greens if g.from_link == into}
    assert {to: (g.lanes, g.permissive) for to, g in greens.items()} == {
        "m-e": (1.0, True), "m-s": (2.0, False), "m-w": (2.0, False),
    }  # fmt: skip


def test_a_junction_that_gets_its_signal_with_the_street_has_the_shortest_plan() -> None:
    _, _, _, (adapted, _) = opened()
    new = adapted[1]
    assert new.cycle_s == 60.0 and {g.green_s for g in new.greens} == {27.0}


def test_opened_and_retimed_makes_both_plans_from_the_volumes_with_the_street() -> None:
    """Half of the cars from the south go on to the north now, and many more come down from there."""
    base, after, plans, (adapted, _) = opened()
    again = OpenLink(**{**{f: getattr(NORTH, f) for f in NORTH.__dataclass_fields__}, "retime": True})
    orders = again.apply(t_junction()).signal_orders
    assert {order.node_id for order in orders} == {plan.node_id for plan in adapted}
    into = next(link.id for link in after.network.links_in["m"] if link.name == "北延")
    volumes = {**VOLUMES, (into, "m-s"): 1400.0}
    retimed = {plan.node_id: plan for plan in retimed_plans(adapted, orders, after.network, volumes)}

    def green_s(plan, approach):
        return max(g.green_s for g in plan.greens if g.from_link == approach) / plan.cycle_s

    assert green_s(retimed["m"], "s-m") > green_s(adapted[0], "s-m")
    assert base.network.node_by_id["m"].control == "signal" and plans[0].node_id == "m"
