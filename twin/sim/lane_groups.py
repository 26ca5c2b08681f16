"""Lane groups: where the last stretch of a link holds a queue for each turn, and a full one blocks the rest.

Two sources. Where the lanes of every turn of an approach are given and add up to no more than the link has, each turn
has its own, or shares them with the turns of its `Movement.lane_group`, which may be more than the link has farther
back. Where a signal plan says how many lanes its turns have at the stop line (`Green.lanes`), turns that bend
left have those, and the rest theirs: approaches of urban streets are widened. Everywhere else one queue holds all
turns, first in, first out; but where some of them give way on green, two vehicles of those wait inside the junction.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from twin.city.network import Link, Movement, Network
from twin.city.signals import SignalPlan
from twin.sim.turn_angles import is_left

POCKET_M = 60.0
"""Length of turn lanes at a planned signal (m): 50 to 70 m at widened approaches of main streets (assumed; GB 50647
asks for the longest queue)."""

OWN_LANES_M = 120.0
"""Length over which given lanes are separate queues (m): solid lines before a stop line, 30 to 100 m, and the way on
which drivers have sorted themselves (assumed)."""

SHORTEST_BODY_M = 20.0
"""What must be left of a link before its lane groups begin, so that a driver can come to the head of it (m)."""


WAITING_PLACES = 2.0
"""PCU of turns that give way on green and wait inside the junction, out of the way of those behind (HCM 2016: the
sneakers; waiting areas of left turns in Chinese cities hold as many or more)."""


@dataclass(frozen=True, slots=True)
class LaneGroup:
    """The last `length_m` of a link for these turns. `lanes`: of the group.

    `places`: the group is a place inside the junction for so many PCU, of no length (None: a stretch of the link).
    """

    from_link: str
    to_links: tuple[str, ...]
    lanes: float
    length_m: float
    places: float | None = None


def given_groups(network: Network) -> dict[str, tuple[LaneGroup, ...]]:
    """Lane groups of the links whose turns all have lanes that add up to no more than the link's, by link id."""
    groups: dict[str, tuple[LaneGroup, ...]] = {}
    for link, turns in _approaches(network):
        lanes = [turn.lanes for turn in turns]
        if len(turns) < 2 or any(n is None for n in lanes):
            continue
        if all(turn.lane_group is not None for turn in turns):
            groups |= _marked(link, turns)
            continue
        own = [float(n) for n in lanes if n is not None]
        if sum(own) <= link.lanes + 1e-9 and (length_m := _length_m(link, OWN_LANES_M)):
            groups[link.id] = tuple(
                LaneGroup(link.id, (turn.to_link,), n, length_m) for turn, n in zip(turns, own, strict=True)
            )
    return groups


def _marked(link: Link, turns: list[Movement]) -> dict[str, tuple[LaneGroup, ...]]:
    """Groups of turns that share marked lanes; short ones where the stop line has more lanes than the link."""
    together: dict[int | None, list[Movement]] = {}
    for turn in turns:
        together.setdefault(turn.lane_group, []).append(turn)
    lanes = [float(some[0].lanes or link.lanes) for some in together.values()]
    length_m = _length_m(link, OWN_LANES_M if sum(lanes) <= link.lanes + 1e-9 else POCKET_M)
    if len(together) < 2 or not length_m:
        return {}
    return {
        link.id: tuple(
            LaneGroup(link.id, tuple(turn.to_link for turn in some), n, length_m)
            for some, n in zip(together.values(), lanes, strict=True)
        )
    }


def planned_groups(network: Network, plans: Iterable[SignalPlan]) -> dict[str, tuple[LaneGroup, ...]]:
    """Lane groups of the approaches whose signal plan gives lanes to turns, by link id: left turns, and the others.

    The link is cut there whichever turns it has, so that a street nobody drives changes nothing.
    """
    lanes = {(g.from_link, g.to_link): g.lanes for plan in plans for g in plan.greens if g.lanes is not None}
    cut = {from_link for from_link, _ in lanes}
    groups: dict[str, tuple[LaneGroup, ...]] = {}
    for link, turns in _approaches(network):
        length_m = _length_m(link, POCKET_M)
        if link.id not in cut or not length_m:
            continue
        left = tuple(turn.to_link for turn in turns if is_left(network, turn))
        others = tuple(turn.to_link for turn in turns if turn.to_link not in left)
        own = []
        for to_links in (left, others):
            known = [lanes[link.id, to] for to in to_links if (link.id, to) in lanes]
            if to_links:
                own.append(LaneGroup(link.id, to_links, max(known, default=link.lanes), length_m))
        groups[link.id] = tuple(own)
    return groups


def waiting_places(network: Network, plans: Iterable[SignalPlan], grouped: Collection[str]) -> dict[str, LaneGroup]:
    """Places inside junctions for turns that give way on green, by link id; not on links that have lane groups.

    They are there whoever comes against a turn, so that a street nobody drives changes nothing.
    """
    permissive = {(g.from_link, g.to_link) for plan in plans for g in plan.greens if g.permissive}
    places = {}
    for link, turns in _approaches(network):
        to_links = tuple(
            turn.to_link for turn in turns if not permissive.isdisjoint(((link.id, turn.to_link), (link.id, None)))
        )
        if to_links and link.id not in grouped:
            places[link.id] = LaneGroup(link.id, to_links, link.lanes, 0.0, WAITING_PLACES)
    return places


def detector_groups(network: Network, nodes: Collection[str]) -> dict[str, tuple[LaneGroup, ...]]:
    """The last stretch of every link that leads to these nodes, all turns in one queue: where its detectors lie.

    For signals that traffic controls, on links that have no other groups. A cut changes no queue.
    """
    return {
        link.id: (LaneGroup(link.id, tuple(turn.to_link for turn in turns), link.lanes, length_m),)
        for link, turns in _approaches(network)
        if link.to_node in nodes and (length_m := _length_m(link, POCKET_M))
    }


def _approaches(network: Network) -> Iterator[tuple[Link, list[Movement]]]:
    turns: dict[str, list[Movement]] = {}
    for turn in network.turns():
        turns.setdefault(turn.from_link, []).append(turn)
    return ((link, turns[link.id]) for link in network.links if link.id in turns)


def _length_m(link: Link, wanted_m: float) -> float:
    """Length of the groups: as wanted, or what the link has beyond its body; 0: too short for any."""
    return max(0.0, min(wanted_m, link.length_m - SHORTEST_BODY_M))
