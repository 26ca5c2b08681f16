"""Effective greens of a SUMO signal program.

A lamp shows G (has the way), g (yields), y, r, u (red and yellow), s (stop, then go), o and O (off). Cars need
`driving.START_LOST_S` to get going and use `driving.YELLOW_USED_S` of the yellow, so the effective green begins later
and ends later than the lamp's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.driving import START_LOST_S, YELLOW_USED_S
from benchmarks.sumo_net import Program

_WAY, _YIELDS, _YELLOW = frozenset("GO"), frozenset("gso"), frozenset("yY")


@dataclass(frozen=True)
class EffectiveGreen:
    """From `start_s` after the cycle's beginning for `length_s`; `is_permissive`: yields to the conflicting stream."""

    start_s: float
    length_s: float
    is_permissive: bool


def greens_of(program: Program, lamps: Sequence[int]) -> list[EffectiveGreen]:
    """Effective greens of a turn: green while any of its lamps is, with the way only while one has it.

    A green that is never lost has no start-up and lasts the cycle. One too short for the lost time has length 0.
    """
    shown = [_shown([state[lamp] for lamp in lamps]) for _, state in program.phases]
    ends = _running_sum([duration_s for duration_s, _ in program.phases])
    cycle_s = ends[-1]
    if "r" not in shown and "y" not in shown:
        kinds = [(start_s, end_s, kind) for (start_s, end_s), kind in zip(pairwise([0.0, *ends]), shown, strict=True)]
        return [EffectiveGreen(s, e - s, k == "g") for s, e, k in _joined(kinds)]
    first = next(i for i, kind in enumerate(shown) if kind not in "Gg")
    order = [(first + i) % len(shown) for i in range(len(shown))]
    base_s = [0.0, *ends][first]
    pieces, at_s = [], base_s
    for phase in order:
        duration_s = program.phases[phase][0]
        pieces.append((at_s, at_s + duration_s, shown[phase]))
        at_s += duration_s
    pieces = _joined(pieces)
    found = []
    for i, (start_s, end_s, kind) in enumerate(pieces):
        if kind not in "Gg":
            continue
        before, after = pieces[i - 1], pieces[(i + 1) % len(pieces)]
        begins_s = start_s if before[2] in "Gg" else start_s + START_LOST_S
        stops_s = end_s + min(YELLOW_USED_S, after[1] - after[0]) if after[2] == "y" else end_s
        length_s = round(max(0.0, stops_s - begins_s), 6)
        found.append(EffectiveGreen(round(begins_s % cycle_s, 6), length_s, kind == "g"))
    return found or [EffectiveGreen(0.0, 0.0, False)]


def _shown(letters: Sequence[str]) -> str:
    """What a turn sees: G, g, y or r, the best of its lamps."""
    for word, kinds in (("G", _WAY), ("g", _YIELDS), ("y", _YELLOW)):
        if not kinds.isdisjoint(letters):
            return word
    return "r"


def _joined(pieces: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Neighbours of one kind made one."""
    joined: list[tuple[float, float, str]] = []
    for start_s, end_s, kind in pieces:
        if joined and joined[-1][2] == kind:
            joined[-1] = (joined[-1][0], end_s, kind)
        else:
            joined.append((start_s, end_s, kind))
    return joined


def _running_sum(lengths_s: Sequence[float]) -> list[float]:
    total, sums = 0.0, []
    for length_s in lengths_s:
        total += length_s
        sums.append(total)
    return sums
