"""Chance, keyed: every draw is a pure function of (seed, purpose, agent, draw number).

Nothing draws from a shared stream, so a measure leaves everybody else's luck alone: the third draw of
traveller 17 for "stay" is the same number in every scenario, on every worker, in any order.

The generator is a counter-based hash: three rounds of the SplitMix64 finaliser (Steele, Lea & Flood 2014,
"Fast splittable pseudorandom number generators") over seed, purpose, agent and draw.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_TO_UNIT = 2.0**-53


@lru_cache(maxsize=4096)
def _stream(seed: int, purpose: str) -> int:
    digest = hashlib.blake2b(purpose.encode(), digest_size=8).digest()
    return _mix_int((seed & _MASK) * _GAMMA + int.from_bytes(digest, "little"))


def _mix_int(value: int) -> int:
    value &= _MASK
    value = ((value ^ (value >> 30)) * _MIX_1) & _MASK
    value = ((value ^ (value >> 27)) * _MIX_2) & _MASK
    return value ^ (value >> 31)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(_MIX_1)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(_MIX_2)
    return values ^ (values >> np.uint64(31))


def uniform(seed: int, purpose: str, agents: ArrayLike, draw: int = 0) -> NDArray[np.float64]:
    """Uniform draws in [0, 1), one for each agent id (integers); shape as `agents`."""
    ids = np.asarray(agents, dtype=np.int64).astype(np.uint64)
    start = np.uint64(_stream(seed, purpose))
    with np.errstate(over="ignore"):
        bits = _mix(start + (ids + np.uint64(1)) * np.uint64(_GAMMA))
        bits = _mix(bits + np.uint64((draw + 1) * _MIX_1 & _MASK))
    return (bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT


def uniform_one(seed: int, purpose: str, agent: int, draw: int = 0) -> float:
    """The same number as `uniform` gives this agent, without an array: for stories, one draw at a time."""
    bits = _mix_int(_stream(seed, purpose) + (agent + 1) * _GAMMA)
    bits = _mix_int(bits + (draw + 1) * _MIX_1)
    return (bits >> 11) * _TO_UNIT


def normal(seed: int, purpose: str, agents: ArrayLike, draw: int = 0) -> NDArray[np.float64]:
    """Standard normal draws by inversion, one for each agent."""
    from scipy.special import ndtri

    middle = uniform(seed, purpose, agents, draw) + 0.5 * _TO_UNIT
    values: NDArray[np.float64] = ndtri(middle)
    return values


def exponential(seed: int, purpose: str, agents: ArrayLike, draw: int = 0) -> NDArray[np.float64]:
    """Exponential draws with mean 1, one for each agent."""
    return -np.log1p(-uniform(seed, purpose, agents, draw))


def choice(
    seed: int, purpose: str, agents: ArrayLike, weights: Sequence[float] | NDArray[Any], draw: int = 0
) -> NDArray[np.int64]:
    """Index drawn in proportion to `weights` (non-negative, not all zero), one for each agent."""
    cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
    if not cumulative[-1] > 0:
        raise ValueError("weights to choose by must not all be zero")
    target = uniform(seed, purpose, agents, draw) * cumulative[-1]
    index: NDArray[np.int64] = np.searchsorted(cumulative, target, side="right").astype(np.int64)
    return np.minimum(index, len(cumulative) - 1)
