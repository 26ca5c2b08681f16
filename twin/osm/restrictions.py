"""Turn restrictions of a map: which steps may not follow each other, and which chains of ways nobody may drive.

Read are `no_…` and `only_…` by a node or by ways, for cars. Left out and counted: restrictions for other vehicles, by
the hour, without usable members, of ways that no car drives, and at points where no streets meet.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from twin.osm.extract import Extract, OsmRestriction
from twin.osm.repairs import note
from twin.osm.street_graph import Step, Stretch

StepNodes = tuple[int, int]
"""Map nodes of one step, in the direction of travel."""

_FOR_CARS = ("restriction:motorcar", "restriction:motor_vehicle", "restriction")
_CARS = frozenset({"motorcar", "motor_vehicle", "vehicle"})

OBEYED = "turn restrictions obeyed"
BY_HOUR = "turn restrictions by the hour left out"
OTHERS = "turn restrictions that are not for cars, left out"
UNUSABLE = "turn restrictions without usable members, left out"
ELSEWHERE = "turn restrictions of ways that no car drives here, left out"
NOT_SEPARABLE = "turn restrictions by way that would stop other traffic too, left out"


@dataclass(frozen=True, slots=True)
class WayChain:
    """Who came by `from_way` over the `via_ways` may not (or may only) go on by a way of `to_ways`."""

    relation: int
    from_way: int
    via_ways: tuple[int, ...]
    to_ways: frozenset[int]
    is_only: bool


@dataclass(frozen=True)
class TurnRules:
    """Steps that may not follow each other at a map node, by the relation that says so; and chains of ways."""

    banned: dict[tuple[StepNodes, StepNodes], int]
    chains: tuple[WayChain, ...]


def turn_rules(extract: Extract, stretches: Sequence[Stretch], counts: Counter[str]) -> TurnRules:
    """What the map's restrictions forbid on these stretches."""
    into: dict[tuple[int, int], list[Step]] = {}  # (way, node) → steps of the way that come to the node
    away: dict[int, list[Step]] = {}
    ways: set[int] = set()
    for stretch in stretches:
        for step in stretch.steps:
            into.setdefault((step.road.way_id, step.to_node), []).append(step)
            away.setdefault(step.from_node, []).append(step)
            ways.add(step.road.way_id)
    drawn = {street.id for street in extract.streets}  # who may only go on by a bus street may not go on
    banned: dict[tuple[StepNodes, StepNodes], int] = {}
    chains = []
    for relation in extract.restrictions:
        word = _for_cars(relation, counts)
        if word is None:
            continue
        from_ways, to_ways = relation.ids("w", "from"), frozenset(relation.ids("w", "to"))
        via_nodes, via_ways = relation.ids("n", "via"), relation.ids("w", "via")
        is_only = word.startswith("only_")
        if not from_ways or not to_ways or bool(via_ways) == bool(via_nodes) or len(via_nodes) > 1:
            _skip(relation, UNUSABLE, extract, counts)
        elif not ways.intersection(from_ways) or not (to_ways & (drawn if is_only else ways)) or set(via_ways) - ways:
            _skip(relation, ELSEWHERE, extract, counts)
        elif via_ways:
            chains += [WayChain(relation.id, way, via_ways, to_ways, is_only) for way in from_ways if way in ways]
        elif not any((way, via_nodes[0]) in into for way in from_ways):
            _skip(relation, ELSEWHERE, extract, counts)
        else:
            found = [
                ((came.from_node, came.to_node), (gone.from_node, gone.to_node))
                for way in from_ways
                for came in into.get((way, via_nodes[0]), ())
                for gone in away.get(via_nodes[0], ())
                if (gone.road.way_id in to_ways) != is_only and gone.to_node != came.from_node
            ]
            banned |= dict.fromkeys(found, relation.id)
            note(counts, OBEYED, via_nodes[0])
    return TurnRules(banned, tuple(chains))


def _for_cars(relation: OsmRestriction, counts: Counter[str]) -> str | None:
    """The restriction as a word if it holds for cars all day."""
    tags = relation.tags
    word = next((tags[key] for key in _FOR_CARS if key in tags), None)
    excepted = {part.strip() for part in tags.get("except", "").split(";")}
    if word is None:
        counts[BY_HOUR if any(key.endswith(":conditional") for key in tags) else OTHERS] += 1
        return None
    if excepted & _CARS:
        counts[OTHERS] += 1
        return None
    if any(key in tags for key in ("day_on", "day_off", "hour_on", "hour_off")):
        counts[BY_HOUR] += 1
        return None
    if not word.startswith(("no_", "only_")):
        counts[UNUSABLE] += 1
        return None
    return word


def _skip(relation: OsmRestriction, why: str, extract: Extract, counts: Counter[str]) -> None:
    known = [node for node in relation.ids("n", "via") if node in extract.positions]
    if known:
        note(counts, why, known[0])
    else:
        counts[why] += 1
