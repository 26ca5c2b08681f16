"""Signal plans of a base: computed once from a loading of it, then frozen; and adapted where a measure changes a
junction. Re-timing for its own sake is a measure, so that no opening is credited with new signals.

Phases as in `signal_phases`. Cycle and splits by Webster (1958): C = (1.5 L + 5) / (1 − Y), greens in proportion to
each phase's critical flow ratio.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from twin.city.network import Movement, Network
from twin.city.signals import LOST_S, Green, SignalOrder, SignalPlan
from twin.clock import TimeWindow
from twin.sim.give_way import green_of
from twin.sim.signals import plans_by_node
from twin.study.signal_phases import ONE_AXIS_DEG, Approaches, Phase, TurnVolumes, apart_deg, axis_deg
from twin.study.signal_waves import Junction, green_waves

SHORTEST_CYCLE_S, LONGEST_CYCLE_S = 60.0, 160.0  # usual in Chinese cities (domain practice 60–180 s)
SHORTEST_GREEN_S = 12.0  # 10–15 s
HIGHEST_LOAD = 0.95  # flow ratio of the whole junction beyond which Webster's cycle has no end


@dataclass(frozen=True, slots=True)
class _Design:
    """The phases of a junction and the share of an hour that each needs."""

    node_id: str
    phases: tuple[Phase, ...]
    ratios: tuple[float, ...]

    @property
    def lost_s(self) -> float:
        return LOST_S * len(self.phases)

    @property
    def cycle_s(self) -> float:
        """Webster's cycle in whole seconds, within the usual bounds and no shorter than the shortest greens."""
        load = min(HIGHEST_LOAD, sum(self.ratios))
        webster_s = (1.5 * self.lost_s + 5.0) / (1.0 - load)
        shortest_s = max(SHORTEST_CYCLE_S, self.lost_s + SHORTEST_GREEN_S * len(self.phases))
        return float(round(min(LONGEST_CYCLE_S, max(shortest_s, webster_s))))

    def windows(self, cycle_s: float) -> list[tuple[float, float]]:
        """Start and length of the green of each phase (s)."""
        to_share = cycle_s - self.lost_s - SHORTEST_GREEN_S * len(self.phases)
        total = sum(self.ratios)
        found, start_s = [], 0.0
        for ratio in self.ratios:
            share = ratio / total if total > 0 else 1.0 / len(self.phases)
            green_s = round(SHORTEST_GREEN_S + to_share * share, 1)
            found.append((start_s, green_s))
            start_s += green_s + LOST_S
        return found


VolumesByHours = Sequence[tuple[TimeWindow, TurnVolumes]]
"""Volumes by turn in hours that have a plan of their own."""


def plan_signals(
    network: Network,
    volume_vph: TurnVolumes,
    *,
    nodes: Collection[str] | None = None,
    coordinated: Collection[str] = (),
    by_hours: VolumesByHours = (),
) -> tuple[SignalPlan, ...]:
    """A plan for every signal node with crossing approaches, or for those of `nodes`; `volume_vph` by turn.

    `coordinated`: nodes whose cycles and offsets make green waves along streets (`signal_waves`). `by_hours`: all other
    nodes have a plan more for each of these hours: the same phases and lanes, cycle and greens by the volumes then.
    """
    signals = {node.id for node in network.nodes if node.control == "signal" and len(network.links_in[node.id]) >= 2}
    approaches = Approaches.for_volumes(network, signals, volume_vph)
    designs: dict[str, _Design] = {}
    for node in network.nodes:
        if node.id in signals and (nodes is None or node.id in nodes):
            phases = approaches.phases(node.id, volume_vph)
            if len({phase.axis_deg for phase in phases}) >= 2:
                ratios = tuple(approaches.flow_ratio(phase, volume_vph) for phase in phases)
                designs[node.id] = _Design(node.id, phases, ratios)
    junctions = {
        node_id: Junction(node_id, design.phases, design.cycle_s)
        for node_id, design in designs.items()
        if node_id in coordinated
    }
    waves = green_waves(network, junctions, volume_vph)
    plans = []
    for design in designs.values():
        plans.append(_plan(network, approaches, design, waves))
        for hours, then_vph in () if design.node_id in waves else by_hours:
            ratios = tuple(approaches.flow_ratio(phase, then_vph) for phase in design.phases)
            plans.append(replace(_plan(network, approaches, replace(design, ratios=ratios), {}), window=hours))
    return tuple(plans)


def _plan(
    network: Network, approaches: Approaches, design: _Design, waves: Mapping[str, tuple[float, str, float]]
) -> SignalPlan:
    """The plan of a design. A wave says its cycle, and when a link's green is to begin."""
    wave = waves.get(design.node_id)
    cycle_s = design.cycle_s if wave is None else wave[0]
    greens = []
    for phase, (start_s, green_s) in zip(design.phases, design.windows(cycle_s), strict=True):
        greens += [_green(approaches, turn, start_s, green_s, is_alone=phase.is_left) for turn in phase.turns]
    greens.sort(key=lambda green: (network.link_index[green.from_link], network.link_index[green.to_link or ""]))
    if wave is None:
        offset_s = _offset_s(network, design.node_id, cycle_s)
    else:
        _, link_id, begins_s = wave
        through = [g.start_s for g in greens if g.from_link == link_id]
        offset_s = round((begins_s - max(through)) % cycle_s, 1) % cycle_s
    return SignalPlan(design.node_id, cycle_s, offset_s, tuple(greens), assumed=frozenset({"plan"}))


def _green(approaches: Approaches, turn: Movement, start_s: float, green_s: float, *, is_alone: bool) -> Green:
    permissive = approaches.gives_way(turn, is_alone=is_alone)
    saturation = approaches.saturation_vph(turn, permissive=permissive)
    return Green(turn.from_link, turn.to_link, start_s, green_s, saturation, permissive, _group_lanes(approaches, turn))


def _group_lanes(approaches: Approaches, turn: Movement) -> float | None:
    group = approaches.group_of(turn)
    return None if group is None else group.lanes


def _offset_s(network: Network, node_id: str, cycle_s: float) -> float:
    """Not coordinated: an offset that hangs on where the junction is, so that renaming changes nothing."""
    node = network.node_by_id[node_id]
    digest = hashlib.blake2b(f"{node.lon:.6f} {node.lat:.6f}".encode(), digest_size=4).digest()
    return float(int.from_bytes(digest, "little") % round(cycle_s))


def adapted_plans(
    base: Network, plans: Sequence[SignalPlan], network: Network
) -> tuple[tuple[SignalPlan, ...], list[str]]:
    """The base's plans on other streets, and the ids of junctions re-made.

    The rule: cycle, offset and greens stay, and saturation flow follows the lanes there are now. A turn that is new has
    the green of its approach; that of a new approach the green of the phase whose axis is nearest its own; a new left
    turn gives way, or goes with the left phase of that axis if there is one and it has a pocket. An approach more than
    45° off every axis has a phase of its own behind the others: the shortest green and its lost time, by which the
    cycle is longer. What is gone leaves its phase. Junctions without a plan in the base stay without, but for those
    that have a signal only now: the shortest cycle, shared evenly by its phases.
    """
    approaches = Approaches.of_plans(network, plans, base)
    before = Approaches.of_plans(base, plans, base)
    kept, remade = [], []
    for plan in plans:
        here = approaches.turns.get(plan.node_id, [])
        were = {(turn.from_link, turn.to_link) for turn in before.turns[plan.node_id]}
        if {(turn.from_link, turn.to_link) for turn in here} != were and plan.node_id not in remade:
            remade.append(plan.node_id)
        if len({turn.from_link for turn in here}) >= 2:
            kept.append(_adapted(before, plan, approaches))
    had = {node.id for node in base.nodes if node.control == "signal"} | {plan.node_id for plan in plans}
    now = {node.id for node in network.nodes if node.control == "signal"} - had
    new = plan_signals(network, {}, nodes=now) if now else ()
    return (*kept, *new), [*remade, *(plan.node_id for plan in new)]


def _adapted(before: Approaches, plan: SignalPlan, approaches: Approaches) -> SignalPlan:
    known: dict[tuple[str, str], tuple[Green, ...]] = {
        (turn.from_link, turn.to_link): green_of(plan, turn) for turn in before.turns[plan.node_id]
    }
    greens: list[Green] = []
    cycle_s = plan.cycle_s
    own_phase: tuple[float, float] | None = None
    for turn in approaches.turns[plan.node_id]:
        like = known.get((turn.from_link, turn.to_link))
        if like is None:
            like = _like(before, plan, known, approaches, turn)
        if like is None and own_phase is None:
            own_phase = (cycle_s, SHORTEST_GREEN_S)
            cycle_s += SHORTEST_GREEN_S + LOST_S
        if like is None and own_phase is not None:
            greens.append(_green(approaches, turn, *own_phase, is_alone=False))
        greens += [_with_lanes(approaches, turn, green) for green in like or ()]
    return replace(plan, cycle_s=cycle_s, greens=tuple(greens))


def _like(
    before: Approaches,
    plan: SignalPlan,
    known: Mapping[tuple[str, str], tuple[Green, ...]],
    approaches: Approaches,
    turn: Movement,
) -> tuple[Green, ...] | None:
    """The greens a new turn shares: of its approach, or of the axis nearest its own; None: of no phase there is."""
    links = list(dict.fromkeys(from_link for from_link, _ in known))
    mine_deg = axis_deg(approaches.network, approaches.network.link_by_id[turn.from_link])
    far = {i: apart_deg(axis_deg(before.network, before.network.link_by_id[i]), mine_deg) for i in links}
    nearest = turn.from_link if turn.from_link in far else min(links, key=lambda i: far[i])
    if nearest != turn.from_link and far[nearest] > ONE_AXIS_DEG:
        return None
    is_left = approaches.kind(turn) == "left"
    beside = [nearest, *(i for i in links if i != nearest and far[i] <= ONE_AXIS_DEG)]
    turns_of = {i: [t for t in before.turns[plan.node_id] if t.from_link == i] for i in beside}
    if is_left and approaches.has_pocket(turn):
        for link_id in beside:
            for other in turns_of[link_id]:
                alone = known[other.from_link, other.to_link]
                if before.kind(other) == "left" and alone and not any(green.permissive for green in alone):
                    return alone
    straight = sorted(turns_of[nearest], key=lambda t: before.kind(t) == "left")
    permissive = approaches.gives_way(turn, is_alone=False)
    return tuple(replace(green, permissive=permissive) for green in known[straight[0].from_link, straight[0].to_link])


def _with_lanes(approaches: Approaches, turn: Movement, green: Green) -> Green:
    """The green for this turn, at the saturation flow of the lanes it has now."""
    flow = None if green.saturation_flow_vph is None else approaches.saturation_vph(turn, permissive=green.permissive)
    lanes = _group_lanes(approaches, turn)
    return replace(green, from_link=turn.from_link, to_link=turn.to_link, saturation_flow_vph=flow, lanes=lanes)


def retimed_plans(
    plans: Sequence[SignalPlan],
    orders: Sequence[SignalOrder],
    network: Network,
    volume_vph: TurnVolumes,
    by_hours: VolumesByHours = (),
) -> tuple[SignalPlan, ...]:
    """The plans with those new that are ordered to be re-timed, by the rule of the base from these volumes."""
    ordered = {order.node_id for order in orders if order.retime != "no"}
    waves = {order.node_id for order in orders if order.retime == "coordinated"}
    new = plans_by_node(plan_signals(network, volume_vph, nodes=ordered, coordinated=waves, by_hours=by_hours))
    found: list[SignalPlan] = []
    for node_id, old in plans_by_node(plans).items():
        found += [replace(plan, control=old[0].control, lines=old[0].lines) for plan in new.pop(node_id, ())] or old
    return (*found, *(plan for more in new.values() for plan in more))


def with_controls(plans: Sequence[SignalPlan], orders: Sequence[SignalOrder]) -> tuple[SignalPlan, ...]:
    """The plans under the control that is ordered."""
    ordered = {order.node_id: (order.control, order.lines) for order in orders if order.control is not None}
    as_planned = {plan.node_id: (plan.control, plan.lines) for plan in plans}
    wanted = as_planned | ordered
    return tuple(replace(plan, control=wanted[plan.node_id][0], lines=wanted[plan.node_id][1]) for plan in plans)


def junctions_that_differ(before: Sequence[SignalPlan], after: Sequence[SignalPlan]) -> list[str]:
    """Ids of nodes whose plans are not the same in two arms, in the order of the plans."""
    one, other = plans_by_node(before), plans_by_node(after)
    return [node_id for node_id in dict.fromkeys([*one, *other]) if one.get(node_id) != other.get(node_id)]


def least_reds(plans: Sequence[SignalPlan]) -> dict[str, tuple[float, float]]:
    """Red and cycle (s) by approach, of its turn that waits least."""
    found: dict[str, tuple[float, float]] = {}
    for plan in plans:
        for green in plan.greens:
            red_s = plan.cycle_s - green.green_s
            if green.from_link not in found or red_s < found[green.from_link][0]:
                found[green.from_link] = (red_s, plan.cycle_s)
    return found
