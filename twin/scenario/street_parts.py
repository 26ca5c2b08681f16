"""Words of a planner to links of a network: a street, a part of it between two others, a place, a direction."""

import difflib
import heapq
import itertools
from collections.abc import Iterable
from typing import Literal

from twin.city.ground import ground_of
from twin.city.network import Link, Network
from twin.errors import ScenarioError

Place = tuple[float, float] | str
"""(lon, lat) in WGS-84 degrees, or a crossing as "A路×B路"."""

Direction = Literal["both", "north", "east", "south", "west"]

NEAR_M = 150.0
"""How far a place may lie from the street or junction it means (m): the schematic network is that exact."""
_ONE_JUNCTION_M = 300.0
_HEADINGS = {"north": (0.0, 1.0), "east": (1.0, 0.0), "south": (0.0, -1.0), "west": (-1.0, 0.0)}


def nearest_words(word: str, known: Iterable[str]) -> str:
    """ "Did you mean …?" with the nearest known words, or what there is."""
    known = sorted(set(known))
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.4)
    if close:
        return f"Did you mean {' or '.join(repr(name) for name in close)}?"
    return f"There is {', '.join(known[:5])}{' …' if len(known) > 5 else ''}." if known else "There is none."


def street_links(network: Network, street: str) -> list[Link]:
    """All links of a street by its name. Raises ScenarioError with the nearest names."""
    links = [link for link in network.links if link.name == street]
    if not links:
        raise ScenarioError(
            f"no street {street!r} in network {network.place!r}. {nearest_words(street, network.street_names)}"
        )
    return links


def part_of_street(
    network: Network,
    *,
    street: str = "",
    cross_streets: tuple[str, str] | None = None,
    near: tuple[float, float] | None = None,
    direction: Direction = "both",
) -> list[Link]:
    """Links of a street, in canonical order: all of it, the part between two cross streets, or the one link near
    a place (which may have no name). A direction keeps the links that lead that way, within a right angle."""
    if near is not None:
        links = _links_at(network, street, near)
    elif cross_streets is not None:
        links = _links_between(network, street, *cross_streets)
    else:
        links = street_links(network, street)
    kept = [link for link in links if leads(network, link, direction)]
    if not kept:
        raise ScenarioError(f"no link of {street or 'this street'} leads {direction} there; try 'both'")
    return sorted(kept, key=lambda link: network.link_index[link.id])


def node_at(network: Network, place: Place, *, among: set[str] | None = None) -> str:
    """The junction a place means: the nearest within 150 m, or where two streets cross.

    `among` None: all nodes, else only those. Raises ScenarioError where there is none, or two streets meet twice.
    """
    if isinstance(place, str):
        return _crossing(network, place, among)
    found = ground_of(network).nodes_near(*place, 5_000.0)
    usable = [(node, far_m) for node, far_m in found if among is None or node in among]
    if usable and usable[0][1] <= NEAR_M:
        return usable[0][0]
    lon, lat = place
    nearest = f"the nearest is {usable[0][1]:.0f} m away" if usable else "none lies within 5 km"
    raise ScenarioError(f"no junction or street end within {NEAR_M:.0f} m of [{lon}, {lat}]: {nearest}")


def _crossing(network: Network, words: str, among: set[str] | None) -> str:
    names = [name.strip() for name in words.split("×" if "×" in words else "x")]
    if len(names) != 2 or not all(names):
        raise ScenarioError(f"{words!r} is no place: write [longitude, latitude] or two streets as 'A路×B路'")
    first, second = (_nodes_of(street_links(network, name)) for name in names)
    shared = [node.id for node in network.nodes if node.id in first & second and (among is None or node.id in among)]
    if not shared:
        crossing = sorted(
            {
                link.name
                for node_id in first
                for link in network.links_out[node_id]
                if link.name and link.name != names[0]
            }
        )
        meets = f"{names[0]} meets {', '.join(crossing[:8])}" if crossing else f"{names[0]} meets no named street"
        raise ScenarioError(f"{names[0]} and {names[1]} do not meet in network {network.place!r}; {meets}")
    ground = ground_of(network)
    places = [(network.node_by_id[i].lon, network.node_by_id[i].lat) for i in shared]
    if any(ground.crow_m(places[0], place) > _ONE_JUNCTION_M for place in places[1:]):
        listed = ", ".join(f"[{lon:.5f}, {lat:.5f}]" for lon, lat in places[:4])
        raise ScenarioError(f"{names[0]} and {names[1]} meet more than once; say which place: {listed}")
    return max(shared, key=lambda i: (len(network.links_out[i]), -shared.index(i)))


def _nodes_of(links: Iterable[Link]) -> set[str]:
    return {node for link in links for node in (link.from_node, link.to_node)}


def _links_at(network: Network, street: str, near: tuple[float, float]) -> list[Link]:
    """The link of the street nearest to a place, and its opposite direction."""
    among = {link.id for link in street_links(network, street)} if street else None
    found = ground_of(network).links_near(*near, NEAR_M, among=among)
    if not found:
        raise ScenarioError(f"no link of {street or 'any street'} within {NEAR_M:.0f} m of [{near[0]}, {near[1]}]")
    link = network.link_by_id[found[0].link_id]
    within = {candidate.link_id for candidate in found}
    back = [
        other
        for other in network.links_out[link.to_node]
        if other.to_node == link.from_node and other.id in within and other.name == link.name
    ]
    return [link, *back]


def _links_between(network: Network, street: str, first: str, second: str) -> list[Link]:
    """Links of a street on its shortest stretch between two cross streets, both directions."""
    links = street_links(network, street)
    on_street = _nodes_of(links)
    starts = on_street & _nodes_of(street_links(network, first))
    ends = on_street & _nodes_of(street_links(network, second))
    for cross, nodes in ((first, starts), (second, ends)):
        if not nodes:
            meets = {
                link.name for node in on_street for link in network.links_out[node] if link.name not in ("", street)
            }
            raise ScenarioError(f"{street} does not meet {cross!r}. {nearest_words(cross, meets)}")
    stretch = _stretch(links, starts, ends)
    if not stretch:
        raise ScenarioError(f"{street} does not lead from {first} to {second} in network {network.place!r}")
    pairs = set(itertools.pairwise(stretch))
    return [
        link for link in links if (link.from_node, link.to_node) in pairs or (link.to_node, link.from_node) in pairs
    ]


def _stretch(links: list[Link], starts: set[str], ends: set[str]) -> list[str]:
    """Nodes of the shortest walk along links, either direction, from one set of nodes to another; [] if none."""
    around: dict[str, list[tuple[str, float]]] = {}
    for link in links:
        around.setdefault(link.from_node, []).append((link.to_node, link.length_m))
        around.setdefault(link.to_node, []).append((link.from_node, link.length_m))
    queue: list[tuple[float, str, tuple[str, ...]]] = [(0.0, node, (node,)) for node in sorted(starts)]
    heapq.heapify(queue)
    done: set[str] = set()
    while queue:
        walked_m, node, walk = heapq.heappop(queue)
        if node in ends and len(walk) > 1:
            return list(walk)
        if node in done:
            continue
        done.add(node)
        for onward, length_m in around.get(node, ()):
            if onward not in done:
                heapq.heappush(queue, (walked_m + length_m, onward, (*walk, onward)))
    return []


def leads(network: Network, link: Link, direction: Direction) -> bool:
    """Whether a link leads that way, within a right angle."""
    if direction == "both":
        return True
    start, end = network.node_by_id[link.from_node], network.node_by_id[link.to_node]
    (x1, y1), (x2, y2) = ground_of(network).xy([start.lon, end.lon], [start.lat, end.lat])
    east, north = _HEADINGS[direction]
    return bool((x2 - x1) * east + (y2 - y1) * north > 0)
