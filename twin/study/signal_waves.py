"""Green waves: junctions of one street with one cycle, each green beginning when the platoon from the last arrives.

The rule, simple and one-way: along a street, junctions that follow each other within LONGEST_GAP_M have the longest of
their cycles, and the green of the busier direction begins later than at the junction before by the time to drive there
at free speed. A junction belongs to one street: the busiest comes first. The other direction has what is left over;
that both fit (maximal bandwidth) is not attempted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.city.network import Link, Movement, Network
from twin.sim.turn_angles import bend_deg
from twin.study.signal_phases import STRAIGHT_DEG, Phase, TurnVolumes

LONGEST_GAP_M = 800.0
"""Signals farther apart than half a mile are not coordinated: platoons have spread (MUTCD 2009, section 4D.04)."""


@dataclass(frozen=True, slots=True)
class Junction:
    """A signal that may be part of a wave."""

    node_id: str
    phases: tuple[Phase, ...]
    cycle_s: float


@dataclass(frozen=True, slots=True)
class _Chain:
    """Junctions in driving order: node ids, the links by which they are reached, and free times since the first (s)."""

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    times_s: tuple[float, ...]
    volume_vph: float


def green_waves(
    network: Network, junctions: Mapping[str, Junction], volume_vph: TurnVolumes
) -> dict[str, tuple[float, str, float]]:
    """By node: the cycle (s), the link whose green is part of the wave, and when that begins (s, of the cycle)."""
    found: dict[str, tuple[float, str, float]] = {}
    names = {link.name for node_id in junctions for link in network.links_in[node_id] if link.name}
    chains = [chain for name in sorted(names) for chain in _chains(network, junctions, name, volume_vph)]
    for chain in sorted(chains, key=lambda chain: -chain.volume_vph):
        for part in _free_parts(chain, found):
            cycle_s = max(junctions[chain.nodes[i]].cycle_s for i in part)
            first_s = chain.times_s[part[0]]
            for i in part:
                found[chain.nodes[i]] = (cycle_s, chain.links[i], (chain.times_s[i] - first_s) % cycle_s)
    return found


def _free_parts(chain: _Chain, taken: Mapping[str, object]) -> list[list[int]]:
    """The longest runs of two or more junctions of a chain that are in no other wave."""
    parts: list[list[int]] = [[]]
    for i, node_id in enumerate(chain.nodes):
        if node_id in taken:
            parts.append([])
        else:
            parts[-1].append(i)
    return [part for part in parts if len(part) >= 2]


def _chains(network: Network, junctions: Mapping[str, Junction], name: str, volume_vph: TurnVolumes) -> list[_Chain]:
    """The chains of junctions along the links of one street, one for each direction."""
    approaches = [link for node_id in junctions for link in network.links_in[node_id] if link.name == name]
    approaches.sort(key=lambda link: network.link_index[link.id])
    after = {link.id: _next(network, junctions, link) for link in approaches}
    reached = {onward[0].id for onward in after.values() if onward is not None}
    starts = [link for link in approaches if link.id not in reached]
    chains, seen = [], set()
    for start in [*starts, *approaches]:
        nodes, links, times_s = [], [], []
        link, time_s = start, 0.0
        while link.id not in seen and link.to_node not in nodes:
            seen.add(link.id)
            nodes.append(link.to_node)
            links.append(link.id)
            times_s.append(time_s)
            onward = after.get(link.id)
            if onward is None:
                break
            link, time_s = onward[0], time_s + onward[1]
        if len(nodes) >= 2:
            here = set(links)
            volume = sum(v for (from_link, _), v in volume_vph.items() if from_link in here) / len(nodes)
            chains.append(_Chain(tuple(nodes), tuple(links), tuple(times_s), volume))
    return chains


def _next(network: Network, junctions: Mapping[str, Junction], link: Link) -> tuple[Link, float] | None:
    """The approach of the street to the next junction straight on, and the free time to its end (s)."""
    driven_m, time_s = 0.0, 0.0
    while True:
        onward = [
            other
            for other in network.links_out[link.to_node]
            if other.name == link.name
            and other.to_node != link.from_node
            and abs(bend_deg(network, Movement(link.to_node, link.id, other.id))) <= STRAIGHT_DEG
        ]
        if not onward:
            return None
        link = onward[0]
        driven_m += link.length_m
        time_s += link.free_time_s
        if driven_m > LONGEST_GAP_M:
            return None
        if link.to_node in junctions:
            return link, time_s
