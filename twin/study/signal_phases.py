"""Phases of a signal: which turns have green together, and how much of an hour each phase needs.

Approaches go by axis: those that point the same or opposite way together. Left turns go with their approach and give
way to oncoming traffic, or have a phase of their own ahead of it where volumes ask for one and they have a lane to wait
in. Right turns go with their approach.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from twin.city.network import Link, Movement, Network
from twin.sim.give_way import GAP_KINDS
from twin.sim.lane_groups import LaneGroup, assumed_groups, given_groups
from twin.sim.turn_angles import bend_deg, do_conflict, is_left

TurnVolumes = Mapping[tuple[str, str], float]
"""PCU/h by (from link, to link); 0 where missing."""

SATURATION_VPH = {"through": 1650.0, "left": 1550.0, "right": 1450.0}
"""Saturation flow of one lane (PCU/h): through 1400–2000, left 1300–1800, right 1550 less 6 % for walkers and e-bikes
that cross it (usual values in Chinese cities; assumed)."""

STRAIGHT_DEG = 35.0
ONE_AXIS_DEG = 45.0

MANY_LEFTS_VPH = 240.0
MANY_CROSSINGS = {1: 50_000.0, 2: 90_000.0, 3: 110_000.0}
"""A left turn asks for its own phase above MANY_LEFTS_VPH, or where its volume times the oncoming one is more than
this, by oncoming lanes (HCM 2000, chapter 10, appendix A). Only where oncoming traffic exists."""

GREEN_SHARE = 0.5
"""Share of the hour in which oncoming traffic flows, for what a permitted left turn meets on green."""

_PERMITTED = next(kind for kind in GAP_KINDS if kind.name.startswith("left against oncoming"))
PERMITTED_LEFT_VPH = 3600.0 / _PERMITTED.follow_up_s
"""Most that a permitted left turn discharges, when nobody comes towards it. Every permitted turn has this flow, opposed
or not: a street that nobody drives, opened opposite, changes nothing."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Turns that have green together. `is_left`: a phase of left turns that nothing crosses."""

    axis_deg: float  # heading of its approaches modulo 180
    turns: tuple[Movement, ...]
    is_left: bool = False


class Approaches:
    """The lanes and turns that lead to signals: one queue for each lane group, else for each link."""

    def __init__(self, network: Network, signal_nodes: Collection[str]) -> None:
        self.network = network
        self.groups = assumed_groups(network, signal_nodes) | given_groups(network)
        self.turns: dict[str, list[Movement]] = {node_id: [] for node_id in signal_nodes}
        for turn in network.turns():
            if turn.node_id in self.turns:
                self.turns[turn.node_id].append(turn)

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
        full = SATURATION_VPH[self.kind(turn)] * self.lanes(turn)
        return min(PERMITTED_LEFT_VPH, full) if permissive else full

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
        return against_vph > 0 and (mine_vph > MANY_LEFTS_VPH or mine_vph * against_vph > most)

    def oncoming(self, left: Movement, turns: Sequence[Movement]) -> list[Movement]:
        """Turns of the same green that a left turn gives way to: those it crosses that are no left turns."""
        return [t for t in turns if self.kind(t) != "left" and do_conflict(self.network, left, t)]

    def flow_ratio(self, phase: Phase, volume_vph: TurnVolumes) -> float:
        """Share of an hour that a phase's fullest queue needs: the sum of volume / saturation over its turns.

        A permitted left turn counts with what gaps in oncoming traffic leave it.
        """
        needs: dict[tuple[str, tuple[str, ...]], float] = {}
        for turn in phase.turns:
            group = self.group_of(turn)
            queue = turn.from_link, () if group is None else group.to_links
            saturation = self.saturation_vph(turn, permissive=False)
            if self.kind(turn) == "left" and not phase.is_left:
                against = self.oncoming(turn, phase.turns)
                against_vph = sum(volume_vph.get((t.from_link, t.to_link), 0.0) for t in against)
                saturation = min(saturation, permitted_left_vph(against_vph / GREEN_SHARE))
            needs[queue] = needs.get(queue, 0.0) + volume_vph.get((turn.from_link, turn.to_link), 0.0) / saturation
        return max(needs.values(), default=0.0)


def permitted_left_vph(oncoming_vph: float) -> float:
    """Left turns an hour of green that find gaps in an oncoming flow (veh/h), or leave at the end of a green.

    q e^(−q t_c) / (1 − e^(−q t_f)) as in `twin.sim.give_way`, at least one each `longest_gap_s`.
    """
    if oncoming_vph <= 0:
        return PERMITTED_LEFT_VPH
    q = oncoming_vph / 3600.0
    gaps_vps = q * math.exp(-q * _PERMITTED.critical_gap_s) / -math.expm1(-q * _PERMITTED.follow_up_s)
    return 3600.0 * max(gaps_vps, 1.0 / _PERMITTED.longest_gap_s)


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
