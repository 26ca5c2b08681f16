"""Screenlines: lines across the city at which traffic is counted, known by coordinates and never by ids of links."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from twin.city.ground import ground_of
from twin.city.network import Network
from twin.wording import Words

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")

CROSSING_COLUMNS = {
    "screenline": ("id", "the screenline"),
    "towards": ("word", "left or right: the side of the screenline that the link leads to, seen along the line"),
    "link_id": ("id", "a link that crosses it"),
}


@dataclass(frozen=True, slots=True)
class Screenline:
    """A line of (lon, lat), and what lies left and right of it, seen along the line."""

    id: str
    name: Words
    line: tuple[tuple[float, float], ...]
    left: Words
    right: Words
    assumed: bool = True  # whether nobody surveyed the line
    note: str = ""

    def towards(self, side: Side) -> Words:
        """The screenline and the direction of those who cross it to that side."""
        there = self.left if side == "left" else self.right
        return Words(f"{self.name.zh}，往{there.zh}", f"{self.name.en}, towards {there.en}")


def crossings_of(network: Network, screenlines: Iterable[Screenline]) -> pd.DataFrame:
    """The links that cross each screenline, with CROSSING_COLUMNS, in order of screenlines and links.

    A link crosses where its line meets the screenline an odd number of times; one that comes back does not. Its
    direction is that of the last meeting.
    """
    ground, rows = ground_of(network), []
    for screenline in screenlines:
        lons, lats = zip(*screenline.line, strict=True)
        across = shapely.LineString(ground.xy(lons, lats))
        for position in np.flatnonzero(shapely.intersects(ground.link_lines, across)):
            side = _side_reached(ground.link_lines[position], across)
            if side is not None:
                rows.append((screenline.id, side, network.links[position].id))
    return pd.DataFrame(rows, columns=list(CROSSING_COLUMNS)).astype("str")


def _side_reached(line: shapely.LineString, across: shapely.LineString) -> Side | None:
    """The side of `across` that a line leads to; None where it comes back, or only touches."""
    sides: list[Side] = []
    corners, stakes = np.asarray(line.coords), np.asarray(across.coords)
    for start, end in itertools.pairwise(corners):
        met: list[tuple[float, Side]] = []
        for first, last in itertools.pairwise(stakes):
            along, step, gap = last - first, end - start, start - first
            turn = _cross(along, step)
            if turn == 0.0:
                continue
            at_step, at_stake = _cross(gap, along) / turn, _cross(gap, step) / turn
            if 0.0 <= at_step < 1.0 and 0.0 <= at_stake < 1.0:  # half open: a shared corner counts once
                met.append((at_step, "left" if turn > 0.0 else "right"))
        sides += [side for _, side in sorted(met)]
    return sides[-1] if len(sides) % 2 else None


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(a[0] * b[1] - a[1] * b[0])
