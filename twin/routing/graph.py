"""The street graph as arrays: links in canonical order, and the turns between them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.network import Network
from twin.routing.kernel import Ways

Ints = NDArray[np.int64]


def _grouped_index(keys: Ints, count: int) -> tuple[Ints, Ints]:
    """Positions of each key 0…count−1: (start of each group, positions), positions ascending within a group."""
    order = np.argsort(keys, kind="stable").astype(np.int64)
    start = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=count), out=start[1:])
    return start, order


@dataclass(frozen=True, eq=False)
class StreetGraph:
    """A network as integer arrays. Indices follow the canonical order of ids, so order-preserving renaming and
    row order change nothing.

    `turn_start`: (n_links + 1,), turns of link i are `turn_start[i]:turn_start[i + 1]`; `turn_to`: link index;
    `turn_penalty_ms`: added when turning. `out_start`/`out_links`, `in_start`/`in_links`: links by node.
    """

    node_ids: tuple[str, ...]
    link_ids: tuple[str, ...]
    node_index: dict[str, int]
    link_index: dict[str, int]
    link_from: Ints
    link_to: Ints
    length_m: NDArray[np.float64]
    free_ms: Ints  # time at free speed, at least 1 ms
    turn_start: Ints
    turn_from: Ints
    turn_to: Ints
    turn_penalty_ms: Ints
    out_start: Ints
    out_links: Ints
    in_start: Ints
    in_links: Ints

    @classmethod
    def of(cls, network: Network) -> "StreetGraph":
        """The graph of every link of the network (take `network.open_on(day)` first)."""
        node_index = {node.id: i for i, node in enumerate(network.nodes)}
        link_index = network.link_index
        link_from = _ints(node_index[link.from_node] for link in network.links)
        link_to = _ints(node_index[link.to_node] for link in network.links)
        turns = network.turns()
        turn_from = _ints(link_index[turn.from_link] for turn in turns)
        turn_to = _ints(link_index[turn.to_link] for turn in turns)
        penalty_ms = _ints(round(1000 * turn.penalty_s) for turn in turns)
        order = np.lexsort((turn_to, turn_from))
        turn_start = np.zeros(len(network.links) + 1, dtype=np.int64)
        np.cumsum(np.bincount(turn_from, minlength=len(network.links)), out=turn_start[1:])
        out_start, out_links = _grouped_index(link_from, len(network.nodes))
        in_start, in_links = _grouped_index(link_to, len(network.nodes))
        return cls(
            node_ids=tuple(node_index),
            link_ids=tuple(link_index),
            node_index=node_index,
            link_index=link_index,
            link_from=link_from,
            link_to=link_to,
            length_m=np.array([link.length_m for link in network.links], dtype=np.float64),
            free_ms=np.maximum(1, _ints(round(1000 * link.free_time_s) for link in network.links)),
            turn_start=turn_start,
            turn_from=turn_from[order],
            turn_to=turn_to[order],
            turn_penalty_ms=penalty_ms[order],
            out_start=out_start,
            out_links=out_links,
            in_start=in_start,
            in_links=in_links,
        )

    @cached_property
    def link_ways(self) -> Ways:
        """A spot for the end of each link, with the turns that are allowed there."""
        links = np.arange(len(self.link_ids))
        return _ways(
            links, self.link_to, (self.turn_start, self.turn_to, self.turn_penalty_ms), (self.in_start, self.in_links),
            (self.out_start, self.out_links),
        )  # fmt: skip

    @cached_property
    def ways(self) -> Ways:
        """The fewest spots that answer questions between nodes: the nodes, where every turn but back is free.

        Turning back never shortens a way then, since the node it leads to was passed before; the same routes come
        out at a fraction of the work. One restricted or costly turn anywhere, and each link's end is a spot.
        """
        if not self._has_plain_turns():
            return self.link_ways
        nodes = np.arange(len(self.node_ids))
        out = (self.out_start, self.out_links)
        return _ways(
            self.link_to, nodes, (*out, np.zeros_like(self.out_links)), (np.append(nodes, len(nodes)), nodes), out
        )

    def _has_plain_turns(self) -> bool:
        """Whether every link may go on, at no cost, into all links out of its end that do not lead straight back."""
        goes_back = self.link_to[self.turn_to] == self.link_from[self.turn_from]
        ways_out = np.diff(self.out_start)[self.link_to]
        pairs = self.link_from * len(self.node_ids) + self.link_to
        ends, counts = np.unique(pairs, return_counts=True)
        back = self.link_to * len(self.node_ids) + self.link_from
        at = np.minimum(np.searchsorted(ends, back), len(ends) - 1)
        ways_back = np.where(ends[at] == back, counts[at], 0) if len(ends) else counts
        plain = np.bincount(self.turn_from[~goes_back], minlength=len(self.link_ids)) == ways_out - ways_back
        return bool(plain.all() and not self.turn_penalty_ms.any())


def _ways(spot_of: Ints, node_of: Ints, ahead: tuple[Ints, Ints, Ints], spots: Any, out: Any) -> Ways:
    """Spots in the compact form that is searched; `spots` and `out`: (start of each node's, all of them)."""
    start, links, penalty_ms = ahead
    parts = (spot_of, node_of, start, links, spot_of[links], penalty_ms, *spots, *out)
    return Ways(*(np.ascontiguousarray(part, dtype=np.int32) for part in parts))


def _ints(values: Any) -> Ints:
    return np.array(list(values), dtype=np.int64)
