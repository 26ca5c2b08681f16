"""Barriers: what a new street cannot simply cross, and ground that must not be built on.

A barrier is an area or a line as the map has it. What the map does not have is not known: a line that crosses no
barrier is not thereby buildable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray

from twin.city.ground import Ground

BarrierKind = Literal["water", "rail", "building", "park", "motorway", "structure", "not_buildable"]

BARRIER_KINDS: tuple[BarrierKind, ...] = (
    "water", "rail", "building", "park", "motorway", "structure", "not_buildable",
)  # fmt: skip
"""`motorway`: an expressway, crossed on a bridge only; `structure`: a street on a bridge or in a tunnel."""

TOUCHES_M = 0.5
"""A line that meets a barrier at an end of its own within this distance (m) ends there and does not cross it."""


@dataclass(frozen=True, slots=True, eq=False)
class Barrier:
    """One barrier: its kind, its name ("" where it has none) and its shape in WGS-84 degrees (longitude, latitude)."""

    kind: BarrierKind
    name: str
    shape: shapely.Geometry


class BarrierGround:
    """Barriers laid out in the metres of a network's ground, to be asked what a line crosses."""

    def __init__(self, barriers: Sequence[Barrier], ground: Ground) -> None:
        self.barriers = tuple(barriers)
        self._shapes: NDArray[np.object_] = np.array(
            [shapely.transform(barrier.shape, lambda xy: ground.xy(xy[:, 0], xy[:, 1])) for barrier in self.barriers],
            dtype=object,
        )
        self._tree = shapely.STRtree(self._shapes)

    def crossed_by(self, line: shapely.LineString) -> tuple[Barrier, ...]:
        """Barriers that a line (in metres) crosses, in their order; one that it only ends at is not crossed."""
        if not len(self._shapes):
            return ()
        inner = shapely.ops.substring(line, min(TOUCHES_M, line.length / 3), max(line.length - TOUCHES_M, 0.0))
        return tuple(self.barriers[int(i)] for i in sorted(self._tree.query(inner, predicate="intersects")))
