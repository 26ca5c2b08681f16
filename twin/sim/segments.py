"""The pieces that links are cut into: segments, lane groups at their end, bus lanes beside them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.city.network import Network
from twin.sim.lane_groups import LaneGroup

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Segments:
    """The pieces that links are cut into: first the parts of every link in order, then lane groups, then bus lanes.

    `group_of[link id, next link id]`: the group of a turn.
    """

    start: Ints  # (n_links + 1,)
    group_start: Ints  # (n_links + 1,)
    bus_lane_start: Ints  # (n_links + 1,)
    link: Ints  # (L,)
    length_m: NDArray[np.float64]
    lanes: NDArray[np.float64]
    places: NDArray[np.float64]  # PCU on a group of no length, else NaN
    group_of: dict[tuple[str, str], int]

    @property
    def first_bus_lane(self) -> int:
        return int(self.bus_lane_start[0])


def cut_links(network: Network, segment_m: float | None, groups: Mapping[str, Sequence[LaneGroup]]) -> Segments:
    """Every link in parts no longer than `segment_m` (None: whole), less the length of its groups."""
    links = network.links
    group_m = np.array([groups[link.id][0].length_m if link.id in groups else 0.0 for link in links])
    body_m = np.array([link.length_m for link in links]) - group_m
    counts = np.ones(len(links), dtype=np.int64)
    if segment_m is not None:
        counts = np.maximum(1, np.ceil(body_m / segment_m)).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    of_link = np.repeat(np.arange(len(links)), counts)
    lanes = [links[i].lanes for i in of_link]
    length_m = (body_m[of_link] / counts[of_link]).tolist()
    places = [math.nan] * len(length_m)
    group_link: list[int] = []
    group_of: dict[tuple[str, str], int] = {}
    for index, link in enumerate(links):
        for group in groups.get(link.id, ()):
            number = int(start[-1]) + len(group_link)
            group_of.update({(link.id, to_link): number for to_link in group.to_links})
            group_link.append(index)
            lanes.append(group.lanes)
            length_m.append(group.length_m)
            places.append(math.nan if group.places is None else group.places)
        if group_m[index]:  # and one for those who end here: they leave the street without a turn
            group_link.append(index)
            lanes.append(link.lanes)
            length_m.append(group_m[index])
            places.append(math.nan)
    bus_lane_link: list[int] = []
    for index, link in enumerate(links):
        if link.bus_lane is not None:
            along_m = [*[float(body_m[index]) / int(counts[index])] * int(counts[index]), float(group_m[index])]
            pieces_m = [piece_m for piece_m in along_m if piece_m > 0]
            bus_lane_link += [index] * len(pieces_m)
            lanes += [link.bus_lane.lanes] * len(pieces_m)
            length_m += pieces_m
            places += [math.nan] * len(pieces_m)
    group_start = start[-1] + _starts(group_link, len(links))
    return Segments(
        start=start,
        group_start=group_start,
        bus_lane_start=group_start[-1] + _starts(bus_lane_link, len(links)),
        link=np.concatenate([of_link, np.array([*group_link, *bus_lane_link], dtype=np.int64)]).astype(np.int64),
        length_m=np.array(length_m, dtype=np.float64),
        lanes=np.array(lanes, dtype=np.float64),
        places=np.array(places, dtype=np.float64),
        group_of=group_of,
    )


def _starts(of_link: list[int], n_links: int) -> Ints:
    """Where the pieces of each link begin, of pieces listed by link; shape (n_links + 1,)."""
    counts = np.bincount(np.array(of_link, dtype=np.int64), minlength=n_links)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
