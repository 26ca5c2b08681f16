"""The first screen: what a candidate saves if nobody's travel times change, exactly, from skims.

With times c between nodes, a new street from a to b that takes t saves the flow d of a pair (o, z)
d · max(0, c_oz − min(c_oa + t + c_bz, c_ob + t + c_az)). Exact for one candidate at fixed times; no congestion moves.
Method: the k-shortest-path-free update of all pairs for one new edge (Murchland 1967).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.advice.opening_candidates import Candidate, CandidateEnd
from twin.city.network import Network
from twin.routing.loading import Pairs
from twin.routing.paths import Router

Floats = NDArray[np.float64]

_NO_WAY_S = 4.0 * 3600.0  # a pair without a way counts as so long: who is joined to the city saves that


@dataclass(frozen=True, eq=False)
class _Skims:
    """Times (s) from the origins of pairs to all nodes, and from nodes that candidates touch to all nodes."""

    from_origins: Floats
    origin_row: NDArray[np.int64]
    from_ends: Floats
    end_row: dict[int, int]


def detour_gains_vehh(
    network: Network,
    pairs: Pairs,
    time_s: Floats,
    candidates: Sequence[Candidate],
    new_time_s: Callable[[Candidate], float],
    *,
    router: Router | None = None,
) -> Floats:
    """Vehicle-hours an hour that each candidate saves at fixed times over links (`time_s`: (n_links,)).

    The last kind of flow of `pairs` counts. `new_time_s`: time over a candidate. Turns restricted in the network are
    obeyed on the old streets, and every turn at the ends of the new one is allowed.
    """
    router = router or Router(network)
    skims = _skims(network, router, pairs, time_s, candidates)
    index = router.graph.node_index
    link_s = dict(zip(router.graph.link_ids, time_s, strict=True))
    own_s = skims.from_origins[skims.origin_row, pairs.destination]
    flow = pairs.flow[:, -1]
    gains = np.zeros(len(candidates))
    for i, candidate in enumerate(candidates):
        reach = [_to_end(skims.from_origins, end, network, index, link_s) for end in candidate.ends]
        leave = [_from_end(skims, end, network, index, link_s) for end in candidate.ends]
        new_s = new_time_s(candidate)
        there = reach[0][skims.origin_row] + new_s + leave[1][pairs.destination]
        back = reach[1][skims.origin_row] + new_s + leave[0][pairs.destination]
        saved_s = np.maximum(0.0, own_s - np.minimum(there, back))
        gains[i] = float((flow * saved_s).sum()) / 3600.0
    return gains


def _skims(network: Network, router: Router, pairs: Pairs, time_s: Floats, candidates: Sequence[Candidate]) -> _Skims:
    index = router.graph.node_index
    origins, origin_row = np.unique(pairs.origin, return_inverse=True)
    nodes = {index[node] for c in candidates for end in c.ends for node in _nodes_of(end, network)}
    ends = np.array(sorted(nodes), dtype=np.int64)
    cost_ms = np.maximum(1, np.rint(1000.0 * time_s)).astype(np.int64).reshape(-1, 1)
    tables = []
    for some in (origins.astype(np.int64), ends):
        table = router.node_times_ms(some, cost_ms=cost_ms).astype(np.float64) / 1000.0
        tables.append(np.where(table < 0, _NO_WAY_S, table))
    return _Skims(tables[0], origin_row, tables[1], {int(node): row for row, node in enumerate(ends)})


def _nodes_of(end: CandidateEnd, network: Network) -> list[str]:
    if end.node_id is not None:
        return [end.node_id]
    return [node for link_id, _ in end.links for node in _ends_of(network, link_id)]


def _ends_of(network: Network, link_id: str) -> tuple[str, str]:
    link = network.link_by_id[link_id]
    return link.from_node, link.to_node


def _to_end(
    from_origins: Floats, end: CandidateEnd, network: Network, index: dict[str, int], link_s: dict[str, float]
) -> Floats:
    """Time from each origin to the end: in mid-block by the links that lead there."""
    if end.node_id is not None:
        to_node: Floats = from_origins[:, index[end.node_id]]
        return to_node
    ways = [from_origins[:, index[_ends_of(network, k)[0]]] + share * link_s[k] for k, share in end.links]
    nearest: Floats = np.minimum.reduce(ways)
    return nearest


def _from_end(
    skims: _Skims, end: CandidateEnd, network: Network, index: dict[str, int], link_s: dict[str, float]
) -> Floats:
    """Time from the end to each node."""
    if end.node_id is not None:
        from_node: Floats = skims.from_ends[skims.end_row[index[end.node_id]]]
        return from_node
    ways = [
        skims.from_ends[skims.end_row[index[_ends_of(network, k)[1]]]] + (1.0 - share) * link_s[k]
        for k, share in end.links
    ]
    nearest: Floats = np.minimum.reduce(ways)
    return nearest
