"""Signal plans of a base: computed once from a loading of it, then frozen; and adapted where a measure changes a
junction. Re-timing for its own sake is a measure, so that no opening is credited with new signals.

Two phases by axis: approaches that point the same or opposite way go together, left turns among them permitted.
Cycle and splits by Webster (1958): C = (1.5 L + 5) / (1 − Y), greens in proportion to each phase's critical flow ratio.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from twin.city.network import Link, Network
from twin.city.signals import Green, SignalPlan

LOST_S = 3.0  # per phase (2–4 s, assumed)
SHORTEST_CYCLE_S, LONGEST_CYCLE_S = 60.0, 160.0  # usual in Chinese cities (domain practice 60–180 s)
SHORTEST_GREEN_S = 12.0  # 10–15 s
SATURATION_VPH = 1500.0  # PCU/h and lane: through 1650 (1400–2000) less opposed left turns and e-bikes (assumed)
HIGHEST_LOAD = 0.95  # flow ratio of the whole junction beyond which Webster's cycle has no end


@dataclass(frozen=True, slots=True)
class _Phase:
    axis_deg: float  # heading of its approaches modulo 180
    approaches: tuple[Link, ...]


def plan_signals(network: Network, volume_vph: Mapping[str, float]) -> tuple[SignalPlan, ...]:
    """A plan for every signal node with crossing approaches; `volume_vph`: PCU/h on each link id, 0 where missing."""
    plans = []
    for node in network.nodes:
        approaches = network.links_in[node.id]
        if node.control != "signal" or len(approaches) < 2:
            continue
        phases = _phases(network, approaches)
        if len(phases) < 2:
            continue
        ratios = [max(volume_vph.get(a.id, 0.0) / (SATURATION_VPH * a.lanes) for a in p.approaches) for p in phases]
        plans.append(_webster(network, node.id, phases, ratios))
    return tuple(plans)


def adapted_plans(
    base: Network, plans: Sequence[SignalPlan], network: Network
) -> tuple[tuple[SignalPlan, ...], list[str]]:
    """The base's plans on other streets, and the ids of junctions re-made.

    The rule: cycle, offset and greens stay; an approach that is new gets the green of the phase whose axis is nearest
    its own; an approach that is gone leaves its phase. Saturation flow follows the lanes an approach has now.
    Junctions without signals in the base stay without.
    """
    kept, remade = [], []
    for plan in plans:
        approaches = network.links_in.get(plan.node_id, ())
        known = {green.from_link: green for green in plan.greens}
        axes = {link.id: _axis_deg(base, link) for link in base.links_in[plan.node_id]}
        greens = []
        for link in approaches:
            like = known.get(link.id) or known[min(known, key=lambda i: _apart_deg(axes[i], _axis_deg(network, link)))]
            greens.append(_with_lanes(like, base.link_by_id[like.from_link], link))
        if {link.id for link in approaches} != known.keys():
            remade.append(plan.node_id)
        if len(greens) >= 2:
            kept.append(replace(plan, greens=tuple(greens)))
    return tuple(kept), remade


def _with_lanes(green: Green, was: Link, link: Link) -> Green:
    """The green of a base's approach for an approach of perhaps other lanes."""
    saturation = green.saturation_flow_vph
    wider = link.lanes / was.lanes
    return replace(green, from_link=link.id, saturation_flow_vph=None if saturation is None else saturation * wider)


def _webster(network: Network, node_id: str, phases: list[_Phase], ratios: list[float]) -> SignalPlan:
    lost_s = LOST_S * len(phases)
    load = min(HIGHEST_LOAD, sum(ratios))
    cycle_s = min(LONGEST_CYCLE_S, max(SHORTEST_CYCLE_S, (1.5 * lost_s + 5.0) / (1.0 - load)))
    cycle_s = float(round(cycle_s))
    to_share = cycle_s - lost_s - SHORTEST_GREEN_S * len(phases)
    total = sum(ratios)
    greens, start_s = [], 0.0
    for phase, ratio in zip(phases, ratios, strict=True):
        share = ratio / total if total > 0 else 1.0 / len(phases)
        green_s = round(SHORTEST_GREEN_S + to_share * share, 1)
        greens += [
            Green(link.id, None, start_s, green_s, saturation_flow_vph=SATURATION_VPH * link.lanes)
            for link in phase.approaches
        ]
        start_s += green_s + LOST_S
    return SignalPlan(
        node_id, cycle_s, _offset_s(network, node_id, cycle_s), tuple(greens), assumed=frozenset({"plan"})
    )


def _offset_s(network: Network, node_id: str, cycle_s: float) -> float:
    """Not coordinated: an offset that hangs on where the junction is, so that renaming changes nothing."""
    node = network.node_by_id[node_id]
    digest = hashlib.blake2b(f"{node.lon:.6f} {node.lat:.6f}".encode(), digest_size=4).digest()
    return float(int.from_bytes(digest, "little") % round(cycle_s))


def _phases(network: Network, approaches: Sequence[Link]) -> list[_Phase]:
    """Approaches by axis: the one with most lanes leads; within 45° of its axis they go with it, the rest together."""
    axes = {link.id: _axis_deg(network, link) for link in approaches}
    leader = max(approaches, key=lambda link: (link.lanes * link.capacity_vph, -axes[link.id]))
    along = tuple(a for a in approaches if _apart_deg(axes[a.id], axes[leader.id]) <= 45.0)
    across = tuple(a for a in approaches if a not in along)
    groups = [(axes[leader.id], along)] + ([(axes[across[0].id], across)] if across else [])
    return [_Phase(axis, links) for axis, links in groups]


def _axis_deg(network: Network, link: Link) -> float:
    """Heading of the link's last stretch modulo 180°, 0 = east."""
    (lon_0, lat_0), (lon_1, lat_1) = network.ends_of(link)[-2:]
    east = (lon_1 - lon_0) * math.cos(math.radians(lat_1))
    return math.degrees(math.atan2(lat_1 - lat_0, east)) % 180.0


def _apart_deg(one: float, other: float) -> float:
    apart = abs(one - other) % 180.0
    return min(apart, 180.0 - apart)
