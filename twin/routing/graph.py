"""The street graph as arrays: links in canonical order, and the turns between them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.network import Network

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


def _ints(values: Any) -> Ints:
    return np.array(list(values), dtype=np.int64)
