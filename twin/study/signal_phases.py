"""Phases of a signal: which turns have green together, and how much of an hour each phase needs.

Approaches go by axis: those that point the same or opposite way together. Left turns go with their approach and give
way to oncoming traffic, or have a phase of their own ahead of it where volumes ask for one and they have a lane to wait
in. Right turns go with their approach.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from twin.city.network import Link, Movement, Network
from twin.city.signals import SignalPlan
from twin.sim.give_way import GAP_KINDS
from twin.sim.lane_groups import POCKET_M, SHORTEST_BODY_M, LaneGroup, given_groups, planned_groups
from twin.sim.turn_angles import bend_deg, do_conflict, is_left

TurnVolumes = Mapping[tuple[str, str], float]
"""PCU/h by (from link, to link); 0 where missing."""

SATURATION_VPH = {"through": 1650.0, "left": 1550.0, "right": 1450.0}
"""Saturation flow of one lane (PCU/h): through 1400–2000, left 1300–1800, right 1550 less 6 % for walkers and e-bikes
that cross it (usual values in Chinese cities; assumed)."""

SKETCH_SATURATION_VPH = 1500.0
"""Saturation flow of one lane in a schematic network, whatever its turn (PCU/h): through 1650 less opposed left turns
and e-bikes (assumed). A junction of a sketch stands for several: whose turn lanes and gaps it has is not known."""

STRAIGHT_DEG = 35.0
ONE_AXIS_DEG = 45.0

MANY_LEFTS_VPH = 240.0
MANY_CROSSINGS = {1: 50_000.0, 2: 90_000.0, 3: 110_000.0}
"""A left turn asks for its own phase above MANY_LEFTS_VPH, or where its volume times the oncoming one is more than
this, by oncoming lanes, or from two lanes (HCM 2000, chapter 10, appendix A). Only where oncoming traffic exists."""

GREEN_SHARE = 0.5
"""Share of the cycle in which oncoming traffic has green, for what of it a permitted left turn meets (assumed)."""

_PERMITTED = next(kind for kind in GAP_KINDS if kind.name.startswith("left against oncoming"))
PERMITTED_LEFT_VPH = 3600.0 / _PERMITTED.follow_up_s
"""Most that a lane of permitted left turns discharges, when nobody comes towards it. Every permitted turn has this
flow, opposed or not: a street that nobody drives, opened opposite, changes nothing."""

WIDEST_WITHOUT_POCKET = 1.5
"""Lanes up to which an approach has no lane for left turns: a street of one lane is seldom widened (assumed)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Turns that have green together. `is_left`: a phase of left turns that nothing crosses."""

    axis_deg: float  # heading of its approaches modulo 180
    turns: tuple[Movement, ...]
    is_left: bool = False


class Approaches:
    """The turns that lead to signals and the lanes they wait in: one queue for each lane group, else for each link."""

    def __init__(
        self, network: Network, turns: dict[str, list[Movement]], groups: Mapping[str, tuple[LaneGroup, ...]]
    ) -> None:
        self.network = network
        self.turns = turns  # by node
        self.groups = groups  # by link

    @classmethod
    def for_volumes(cls, network: Network, nodes: Collection[str], volume_vph: TurnVolumes) -> "Approaches":
        """Approaches laid out for these volumes: left turns have lanes of their own on streets of more than one lane.

        Where both go, the stop line has a lane more than the street; left turns and the others share the lanes so that
        the fuller of the two queues is as empty as can be (at least one lane each; one for left turns where equal).
        """
        here = cls(network, _turns_at(network, nodes), {})
        if here.is_sketch:
            return cls(network, here.turns, given_groups(network))
        groups: dict[str, tuple[LaneGroup, ...]] = {}
        for turns in here.turns.values():
            for link_id in dict.fromkeys(turn.from_link for turn in turns):
                link = network.link_by_id[link_id]
                if link.lanes > WIDEST_WITHOUT_POCKET and link.length_m > SHORTEST_BODY_M:
                    groups[link_id] = here._layout(link, [t for t in turns if t.from_link == link_id], volume_vph)
        return cls(network, here.turns, groups | given_groups(network))

    @classmethod
    def of_plans(cls, network: Network, plans: Sequence[SignalPlan], was: Network) -> "Approaches":
        """Approaches with the lanes of plans that were made for the network `was`.

        Where a link has more or fewer lanes now, so have those who do not turn left; a link that no plan knows has the
        layout of no volumes.
        """
        nodes = list(dict.fromkeys(plan.node_id for plan in plans if plan.node_id in network.node_by_id))
        groups = dict(cls.for_volumes(network, nodes, {}).groups)
        for link_id, own in planned_groups(network, plans).items():
            if link_id in was.link_by_id:
                more = network.link_by_id[link_id].lanes - was.link_by_id[link_id].lanes
                groups[link_id] = tuple(_widened(network, group, more) for group in own)
        return cls(network, _turns_at(network, nodes), groups | given_groups(network))

    def _layout(self, link: Link, turns: Sequence[Movement], volume_vph: TurnVolumes) -> tuple[LaneGroup, ...]:
        lefts = [turn for turn in turns if self.kind(turn) == "left"]
        others = [turn for turn in turns if turn not in lefts]

        def need(some: Sequence[Movement]) -> float:
            return sum(volume_vph.get((t.from_link, t.to_link), 0.0) / SATURATION_VPH[self.kind(t)] for t in some)

        most = max(1, math.floor(link.lanes))  # of left turns, so that one lane stays for the others
        left_lanes = min(
            range(1, most + 1), key=lambda n: (max(need(lefts) / n, need(others) / (link.lanes + 1 - n)), n)
        )
        if not lefts or not others:
            return (LaneGroup(link.id, tuple(turn.to_link for turn in turns), link.lanes, POCKET_M),)
        return (
            LaneGroup(link.id, tuple(turn.to_link for turn in lefts), float(left_lanes), POCKET_M),
            LaneGroup(link.id, tuple(turn.to_link for turn in others), link.lanes + 1 - left_lanes, POCKET_M),
        )

    @property
    def is_sketch(self) -> bool:
        """Whether junctions stand for several: then nobody has turn lanes, and what left turns lose is in the flow."""
        return self.network.kind == "schematic"

    def gives_way(self, turn: Movement, *, is_alone: bool) -> bool:
        """Whether a turn yields on green: left turns, unless they have a phase of their own."""
        return not self.is_sketch and not is_alone and self.kind(turn) == "left"

    def group_of(self, turn: Movement) -> LaneGroup | None:
        """The lane group of a turn; None: the whole link is one queue."""
        groups = self.groups.get(turn.from_link, ())
        return next((group for group in groups if turn.to_link in group.to_links), None)

    def lanes(self, turn: Movement) -> float:
        """Lanes of the queue in which a turn waits."""
        group = self.group_of(turn)
        return self.network.link_by_id[turn.from_link].lanes if group is None else group.lanes

    def has_pocket(self, turn: Movement) -> bool:
        """Whether only left turns wait in the queue of a turn."""
        group = self.group_of(turn)
        return group is not None and all(
            is_left(self.network, Movement(turn.node_id, turn.from_link, to_link)) for to_link in group.to_links
        )

    def kind(self, turn: Movement) -> str:
        """ "left", "through" or "right"."""
        bend = bend_deg(self.network, turn)
        return "left" if bend > STRAIGHT_DEG else "right" if bend < -STRAIGHT_DEG else "through"

    def saturation_vph(self, turn: Movement, *, permissive: bool) -> float:
        """Discharge of a turn's queue on green (PCU/h), whoever it must let pass left out of account."""
        if self.is_sketch:
            return SKETCH_SATURATION_VPH * self.lanes(turn)
        full = SATURATION_VPH[self.kind(turn)] * self.lanes(turn)
        side_by_side = self.lanes(turn) if self.has_pocket(turn) else 1.0
        return min(PERMITTED_LEFT_VPH * side_by_side, full) if permissive else full

    def phases(self, node_id: str, volume_vph: TurnVolumes) -> tuple[Phase, ...]:
        """The phases of a node in their order; fewer than two where no approaches cross."""
        found: list[Phase] = []
        for axis, links in axes_of(self.network, self.network.links_in[node_id]):
            ids = {link.id for link in links}
            turns = [turn for turn in self.turns[node_id] if turn.from_link in ids]
            alone = self._protected(turns, volume_vph)
            rest = tuple(turn for turn in turns if turn not in alone)
            found += [Phase(axis, alone, is_left=True)] if alone else []
            found += [Phase(axis, rest)] if rest else []
        return tuple(found)

    def _protected(self, turns: Sequence[Movement], volume_vph: TurnVolumes) -> tuple[Movement, ...]:
        """Left turns of one axis that have a phase of their own: all with a pocket, if one of them asks for it."""
        lefts = [t for t in turns if self.kind(t) == "left" and self.has_pocket(t) and self.oncoming(t, turns)]
        asks = any(self._asks(turn, turns, volume_vph) for turn in lefts)
        return tuple(lefts) if asks else ()

    def _asks(self, left: Movement, turns: Sequence[Movement], volume_vph: TurnVolumes) -> bool:
        oncoming = self.oncoming(left, turns)
        against_vph = sum(volume_vph.get((t.from_link, t.to_link), 0.0) for t in oncoming)
        lanes = max(self.network.link_by_id[t.from_link].lanes for t in oncoming)
        most = MANY_CROSSINGS[max(1, min(3, round(lanes)))]
        mine_vph = volume_vph.get((left.from_link, left.to_link), 0.0)
        is_many = mine_vph > MANY_LEFTS_VPH or mine_vph * against_vph > most or self.lanes(left) > 1
        return against_vph > 0 and is_many

    def oncoming(self, left: Movement, turns: Sequence[Movement]) -> list[Movement]:
        """Turns of the same green that a left turn gives way to: those it crosses that are no left turns."""
        return [t for t in turns if self.kind(t) != "left" and do_conflict(self.network, left, t)]

    def _queues_vph(self, turns: Sequence[Movement]) -> float:
        """Saturation flow of the queues in which these turns wait (PCU/h)."""
        queues: dict[tuple[str, tuple[str, ...]], float] = {}
        for turn in turns:
            group = self.group_of(turn)
            queue = turn.from_link, () if group is None else group.to_links
            queues[queue] = max(queues.get(queue, 0.0), self.saturation_vph(turn, permissive=False))
        return sum(queues.values())

    def flow_ratio(self, phase: Phase, volume_vph: TurnVolumes) -> float:
        """Share of an hour that a phase's fullest queue needs: the sum of volume / saturation over its turns.

        A permitted left turn counts with what gaps in oncoming traffic leave it.
        """
        needs: dict[tuple[str, tuple[str, ...]], float] = {}
        for turn in phase.turns:
            group = self.group_of(turn)
            queue = turn.from_link, () if group is None else group.to_links
            permissive = self.gives_way(turn, is_alone=phase.is_left)
            saturation = self.saturation_vph(turn, permissive=permissive)
            against = self.oncoming(turn, phase.turns) if permissive else []
            against_vph = sum(volume_vph.get((t.from_link, t.to_link), 0.0) for t in against)
            if against_vph > 0:
                saturation = min(saturation, permitted_left_vph(against_vph, self._queues_vph(against)))
            needs[queue] = needs.get(queue, 0.0) + volume_vph.get((turn.from_link, turn.to_link), 0.0) / saturation
        return max(needs.values(), default=0.0)


def _turns_at(network: Network, nodes: Collection[str]) -> dict[str, list[Movement]]:
    turns: dict[str, list[Movement]] = {node_id: [] for node_id in nodes}
    for turn in network.turns():
        if turn.node_id in turns:
            turns[turn.node_id].append(turn)
    return turns


def _widened(network: Network, group: LaneGroup, more: float) -> LaneGroup:
    """The group with so many lanes more, unless it is for left turns; at least one."""
    link = network.link_by_id[group.from_link]
    turns = [Movement(link.to_node, link.id, to_link) for to_link in group.to_links]
    if more == 0 or all(is_left(network, turn) for turn in turns):
        return group
    return replace(group, lanes=max(1.0, group.lanes + more))


def permitted_left_vph(oncoming_vph: float, saturation_vph: float) -> float:
    """Left turns an hour of green that find gaps in an oncoming flow (veh/h), or leave at the end of a green.

    q e^(−q t_c) / (1 − e^(−q t_f)) in the part of the green that the queue of the red leaves, 1 − q r / ((s − q) g), as
    in `twin.sim.give_way`; at least one each `longest_gap_s`.
    """
    if oncoming_vph <= 0:
        return PERMITTED_LEFT_VPH
    q = oncoming_vph / 3600.0
    gaps_vps = q * math.exp(-q * _PERMITTED.critical_gap_s) / -math.expm1(-q * _PERMITTED.follow_up_s)
    red_a_green = (1.0 - GREEN_SHARE) / GREEN_SHARE
    spare_vph = saturation_vph - oncoming_vph
    unblocked = max(0.0, 1.0 - oncoming_vph * red_a_green / spare_vph) if spare_vph > 0 else 0.0
    return 3600.0 * max(gaps_vps * unblocked, 1.0 / _PERMITTED.longest_gap_s)


def axes_of(network: Network, approaches: Sequence[Link]) -> list[tuple[float, tuple[Link, ...]]]:
    """Approaches by axis: the one with most lanes leads; within 45° of its axis they go with it, the rest together."""
    axes = {link.id: axis_deg(network, link) for link in approaches}
    leader = max(approaches, key=lambda link: (link.lanes * link.capacity_vph, -axes[link.id]))
    along = tuple(a for a in approaches if apart_deg(axes[a.id], axes[leader.id]) <= ONE_AXIS_DEG)
    across = tuple(a for a in approaches if a not in along)
    return [(axes[leader.id], along)] + ([(axes[across[0].id], across)] if across else [])


def axis_deg(network: Network, link: Link) -> float:
    """Heading of the link's last stretch modulo 180°, 0 = east."""
    (lon_0, lat_0), (lon_1, lat_1) = network.ends_of(link)[-2:]
    east = (lon_1 - lon_0) * math.cos(math.radians(lat_1))
    return math.degrees(math.atan2(lat_1 - lat_0, east)) % 180.0


def apart_deg(one: float, other: float) -> float:
    """Angle between two axes (°), 0 to 90."""
    apart = abs(one - other) % 180.0
    return min(apart, 180.0 - apart)
