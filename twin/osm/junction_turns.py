"""Which turns a junction allows once its map nodes are one: those that some way through its inside makes.

A crossing of dual carriageways is four map nodes and four short streets between them. Merged into one node it keeps
exactly the turns that were possible on those streets, one-way and restricted as they are; none is lost, none invented.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from twin.osm.components import Nodes
from twin.osm.junctions import Merger
from twin.osm.repairs import note
from twin.osm.restrictions import NOT_SEPARABLE, OBEYED, StepNodes, TurnRules, WayChain
from twin.osm.street_graph import Stretch

NO_WAY_THROUGH = "turns that no way through the inside of a junction makes"

_LONGEST_WAY = 12
"""Streets that a way through one junction uses at most."""

Turn = tuple[Nodes, Nodes]


def banned_turns(
    stretches: Sequence[Stretch],
    outside: Sequence[Stretch],
    merger: Merger,
    rules: TurnRules,
    cut_ends: Iterable[int],
    counts: Counter[str],
) -> set[Turn]:
    """Turns between stretches outside junctions that nobody may make, as the map nodes of both.

    `cut_ends`: nodes where a map ends; what turns there is decided elsewhere.
    """
    outer = {stretch.nodes for stretch in outside}
    inner: dict[int, list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        if stretch.nodes not in outer and merger.of(stretch.from_node) == merger.of(stretch.to_node):
            inner[stretch.from_node].append(stretch)
    into, out_of = defaultdict(list), defaultdict(list)
    for stretch in outside:
        into[merger.of(stretch.to_node)].append(stretch)
        out_of[merger.of(stretch.from_node)].append(stretch)
    edge = {merger.of(node) for node in cut_ends}
    obeyed: dict[int, int] = {}  # relation of a chain of ways → a node where it holds
    banned: set[Turn] = set()
    for junction in sorted(into.keys() - edge):
        is_one = len(merger.members(junction)) == 1
        for came in into[junction]:
            reached = _reached(came, inner, out_of[junction], rules, obeyed)
            for gone in out_of[junction]:
                if gone.nodes in reached or _is_back(came, gone, merger):
                    continue
                banned.add((came.nodes, gone.nodes))
                if not is_one:
                    note(counts, NO_WAY_THROUGH, came.to_node)
    _ban_over_streets(rules.chains, into, out_of, merger, banned, obeyed, counts)
    for _, node in sorted(obeyed.items()):
        note(counts, OBEYED, node)
    return banned


def _is_back(came: Stretch, gone: Stretch, merger: Merger) -> bool:
    return merger.of(came.from_node) == merger.of(gone.to_node)


def _reached(
    came: Stretch,
    inner: Mapping[int, Sequence[Stretch]],
    leaving: Sequence[Stretch],
    rules: TurnRules,
    obeyed: dict[int, int],
) -> set[Nodes]:
    """Stretches that one may leave by after coming in by this one."""
    doors: dict[int, list[Stretch]] = defaultdict(list)
    for stretch in leaving:
        doors[stretch.from_node].append(stretch)
    found: set[Nodes] = set()
    ways: list[tuple[Stretch, ...]] = [(came,)]
    seen: set[tuple[Nodes, ...]] = set()
    while ways:
        way = ways.pop(0)
        last = way[-1]
        for onward in (*doors.get(last.to_node, ()), *inner.get(last.to_node, ())):
            if onward.nodes == last.nodes[::-1] or (_last(last), _first(onward)) in rules.banned:
                continue
            broken = [chain for chain in rules.chains if _breaks(chain, (*way, onward))]
            obeyed |= dict.fromkeys((chain.relation for chain in broken), onward.from_node)
            if broken:
                continue
            if onward.from_node in doors and onward in doors[onward.from_node]:
                found.add(onward.nodes)
            elif onward not in way and len(way) < _LONGEST_WAY and (state := _state(way, onward)) not in seen:
                seen.add(state)
                ways.append((*way, onward))
    return found


def _state(way: tuple[Stretch, ...], onward: Stretch) -> tuple[Nodes, ...]:
    """What of a way through a junction decides how it may go on: its last few streets, for chains of ways."""
    return tuple(stretch.nodes for stretch in (*way[-2:], onward))


def _breaks(chain: WayChain, way: Sequence[Stretch]) -> bool:
    """Whether a way ends as the chain forbids: over its ways, then on by the wrong one."""
    driven = [number for number, _ in groupby(step.road.way_id for stretch in way for step in stretch.steps)]
    last = way[-1].steps[0].road.way_id
    before = (chain.from_way, *chain.via_ways)
    at = len(driven) - len([number for number, _ in groupby(s.road.way_id for s in way[-1].steps)])
    if tuple(driven[:at][-len(before) :]) != before:
        return False
    return (last in chain.to_ways) != chain.is_only


def _ban_over_streets(
    chains: Iterable[WayChain],
    into: Mapping[int, Sequence[Stretch]],
    out_of: Mapping[int, Sequence[Stretch]],
    merger: Merger,
    banned: set[Turn],
    obeyed: dict[int, int],
    counts: Counter[str],
) -> None:
    """Chains over a street between two junctions: the turn out of it is banned where nobody else could be on it."""
    between = [stretch for leaving in out_of.values() for stretch in leaving]
    for chain in chains:
        if chain.relation in obeyed:
            continue
        for via in between:
            ways = tuple(number for number, _ in groupby(step.road.way_id for step in via.steps))
            if ways != chain.via_ways:
                continue
            feeders = [
                came
                for came in into[merger.of(via.from_node)]
                if (came.nodes, via.nodes) not in banned and not _is_back(came, via, merger)
            ]
            mine = [came for came in feeders if came.steps[-1].road.way_id == chain.from_way]
            wrong = [
                gone
                for gone in out_of.get(merger.of(via.to_node), ())
                if (gone.steps[0].road.way_id in chain.to_ways) != chain.is_only and not _is_back(via, gone, merger)
            ]
            if not mine or not wrong:
                continue
            if len(mine) == len(feeders):
                banned |= {(via.nodes, gone.nodes) for gone in wrong}
                obeyed[chain.relation] = via.to_node
            else:
                note(counts, NOT_SEPARABLE, via.from_node)


def _first(stretch: Stretch) -> StepNodes:
    return stretch.nodes[0], stretch.nodes[1]


def _last(stretch: Stretch) -> StepNodes:
    return stretch.nodes[-2], stretch.nodes[-1]
