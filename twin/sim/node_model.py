"""The node as fluid: who passes a junction when approaches want more than the streets behind it can take.

A pure function of flows, after Tampère, Corthout, Cattrysse & Immers (2011), "A generic class of first order node
models for dynamic macroscopic simulation of traffic flows", Transportation Research B 45, 289–309, with their
capacity-proportional rule for sharing a street. It holds the requirements they list: any number of approaches and
exits, as much flow as the rule allows, no negative flow, vehicles and turning fractions conserved (first in, first
out on each approach), demand and supply never exceeded, and invariance: an approach that is held back does not pass
more when more vehicles queue on it, and a street with room to spare changes nothing when it has more.

The vehicle engine does not call it: it serves whole vehicles one after another by merge weights. This is the value
that its averages are held against. Left out: conflicts inside the junction (signals, gaps), which would be further
limits on approaches.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import SimulationError

Floats = NDArray[np.float64]


def node_flows(demand: ArrayLike, supply: ArrayLike, weight: ArrayLike) -> Floats:
    """Flow of each turn, (n_approaches, n_exits), in the unit of `demand`.

    `demand`: (n_approaches, n_exits), what would pass each turn if nothing held it back (0: no such turn). `supply`:
    (n_exits,), what each exit can take. `weight`: (n_approaches,), an approach's share in an exit is in proportion
    to weight × its turning fraction; the usual weight is its capacity. A lane group that queues by itself is an
    approach of its own.

    Two approaches that want (0.4, 0.3) of a street that takes 0.5 have half each:

    >>> node_flows([[0.4], [0.3]], [0.5], [0.5, 0.5]).ravel().tolist()
    [0.25, 0.25]
    """
    wanted, room, weights = _checked(demand, supply, weight)
    total = wanted.sum(axis=1)
    share = np.divide(wanted, total[:, None], out=np.zeros_like(wanted), where=total[:, None] > 0) * weights[:, None]
    flow = np.zeros_like(wanted)
    asks = wanted > 0
    while asks.any():
        claimed = np.where(asks, share, 0.0).sum(axis=0)
        level = np.divide(room, claimed, out=np.full(len(room), np.inf), where=claimed > 0)
        tightest = int(np.argmin(level))
        here = asks[:, tightest]
        content = here & (total <= level[tightest] * weights)
        served = content if content.any() else here
        flow[served] = wanted[served] if content.any() else level[tightest] * share[served]
        room = np.maximum(0.0, room - flow[served].sum(axis=0))
        asks[served] = False
    return flow


def _checked(demand: ArrayLike, supply: ArrayLike, weight: ArrayLike) -> tuple[Floats, Floats, Floats]:
    wanted, room, weights = (np.asarray(given, dtype=np.float64) for given in (demand, supply, weight))
    if wanted.ndim != 2 or room.shape != wanted.shape[1:] or weights.shape != wanted.shape[:1]:
        raise SimulationError(
            f"a node with demand {wanted.shape} (approaches, exits) needs supply ({wanted.shape[-1]},) and weight "
            f"({wanted.shape[0]},), has {room.shape} and {weights.shape}"
        )
    if not (np.isfinite(wanted).all() and (wanted >= 0).all() and (room >= 0).all() and not np.isnan(room).any()):
        raise SimulationError("demand and supply of a node must be numbers of at least 0")
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise SimulationError("each approach of a node needs a positive weight, usually its capacity")
    return wanted, room, weights
