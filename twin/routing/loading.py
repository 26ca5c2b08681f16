"""All or nothing: every pair of nodes on its quickest way at once, as volumes on links."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.routing import kernel
from twin.routing.graph import Ints, StreetGraph

Floats = NDArray[np.float64]

_FINEST = 2.0**29  # whole units that the longest link takes: costs are exact to 2e-9 of it


@dataclass(frozen=True, eq=False)
class Pairs:
    """Flows between nodes, sorted by origin, then destination. `flow`: (n_pairs, k), k kinds that go the same way."""

    origin: Ints
    destination: Ints
    flow: Floats

    @classmethod
    def of(cls, origin: Ints, destination: Ints, flow: Floats) -> "Pairs":
        """Pairs of the trips given, one row a trip, added up; trips within one node and without flow are left out."""
        moves = (origin != destination) & (flow > 0).any(axis=1)
        n_nodes = int(max(origin.max(initial=0), destination.max(initial=0))) + 1
        keys, inverse = np.unique(origin[moves] * n_nodes + destination[moves], return_inverse=True)
        columns = [np.bincount(inverse, weights=kind, minlength=len(keys)) for kind in flow[moves].T]
        return cls(keys // n_nodes, keys % n_nodes, np.stack(columns, axis=1))


def all_or_nothing(graph: StreetGraph, pairs: Pairs, cost_s: Floats) -> Floats:
    """Volume on each link, (n_links, k), with all flow of a pair on the way of least cost (canonical ties).

    Costs of links and turns are rounded to a fine unit. Pairs without a way are nowhere.
    """
    unit_s = max(float(cost_s.max(initial=0.0)), 1e-9) / _FINEST
    units = np.maximum(1, np.rint(cost_s / unit_s)).astype(np.int32).reshape(-1, 1)
    penalty = np.minimum(np.rint(graph.ways.penalty_ms / 1000.0 / unit_s), _FINEST).astype(np.int32)
    ways = graph.ways._replace(penalty_ms=penalty)
    firsts = np.flatnonzero(np.diff(pairs.origin, prepend=-1))
    volume = np.zeros((len(cost_s), pairs.flow.shape[1]))
    kernel.load_groups(
        np.append(firsts, len(pairs.origin)), pairs.origin[firsts], pairs.destination, pairs.flow,
        ways, kernel.Costs(units, units, units[:0], kernel.INTERVAL_MS, kernel.static_ahead(ways, units)), volume,
    )  # fmt: skip
    return volume
