"""Who gives way: turns that yield to streams they cross or join, and what gaps leave them.

A turn that yields serves its queue at the capacity that gaps in the conflicting streams leave, and a vehicle that comes
to an empty approach waits for a first gap. Both follow from the conflicting flow of the last minute or two, which each
stream counts as vehicles pass. So capacity falls with the conflicting flow, whether that comes evenly or in platoons;
a single gap is not looked for.

On a permissive green the stream against it is known better: its queue of the red comes first, for q r / (s − q), and
leaves no gap; then it flows as it arrives, until its green ends. So a turn has what that leaves of the green, g_u, and
in it the capacity c of the mean flow q: c g_u / C. Two vehicles leave at the end of each green come what may.

Sources: capacity c = q e^(−q t_c) / (1 − e^(−q t_f)) (HCM 2016, two-way stop control; Harders 1968); mean wait for a
first gap (e^(q t_c) − 1) / q − t_c (Adams 1936); critical gaps t_c and follow-up times t_f: HCM 2016, base values for
two-lane major streets, permitted left turns, and the single-lane roundabout with capacity 1380 e^(−0.00102 v).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.city.network import Movement, Network
from twin.city.signals import Green, SignalPlan
from twin.sim.rules import FLOW_STEP, FLOW_STEPS, MICROS, STREAM_WINDOW_US
from twin.sim.turn_angles import bend_deg, do_conflict

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class GapKind:
    """How drivers of a turn use gaps. `longest_gap_s`: they never wait longer for the one ahead (assumed)."""

    name: str
    critical_gap_s: float
    follow_up_s: float
    longest_gap_s: float = 60.0


GAP_KINDS = (
    GapKind("minor right", 6.2, 3.3),
    GapKind("minor through", 6.5, 4.0),
    GapKind("minor left", 7.1, 3.5),
    # Where it is not known when a green ends, its two sneakers are one each 20 s of green.
    GapKind("left against oncoming traffic on green", 4.5, 2.5, 20.0),
    # Follow-up 3600 / 1380 s, and the gap that gives the exponent 0.00102 · 3600 = t_c − t_f / 2.
    GapKind("roundabout", 4.976, 2.609),
)
_RIGHT, _THROUGH, _LEFT, _PERMITTED, _ROUNDABOUT = range(len(GAP_KINDS))
SNEAKERS = 2
"""Vehicles that turn at the end of each permissive green even where no gap came (HCM 2016, chapter 31)."""

_STRAIGHT_DEG = 35.0
WHOLE_SCALE = 1000


@dataclass(frozen=True, slots=True)
class Yielding:
    """A turn that yields: in which way, and to which other turns of its node.

    `scales`: by how many thousandths the mean flow of each is multiplied while it goes, where its greens are not known
    beforehand (under control by traffic): a stream that has green for half the time flows twice its mean then.
    """

    kind: int
    to: tuple[tuple[str, str], ...]
    scales: tuple[int, ...]


def yielding_turns(network: Network, signals: Sequence[SignalPlan]) -> dict[tuple[str, str], Yielding]:
    """Every turn that yields, by (from link, to link).

    Without a plan, turns from links of priority 1 yield to conflicting turns from links of priority 2. With a plan,
    turns of permissive greens yield to conflicting turns that are not permissive and have green at the same time.
    """
    turns: dict[str, list[Movement]] = {}
    for turn in network.turns():
        turns.setdefault(turn.node_id, []).append(turn)
    plans = {plan.node_id: plan for plan in signals}
    yielding: dict[tuple[str, str], Yielding] = {}
    for node_id, here in turns.items():
        if node_id in plans:
            yielding.update(_at_signal(network, plans[node_id], here))
        else:
            yielding.update(_by_priority(network, here))
    return yielding


def _by_priority(network: Network, turns: Sequence[Movement]) -> dict[tuple[str, str], Yielding]:
    links = network.link_by_id
    major = [turn for turn in turns if links[turn.from_link].priority == 2]
    found = {}
    for turn in turns:
        if links[turn.from_link].priority == 2 or not major:
            continue
        to = tuple((m.from_link, m.to_link) for m in major if do_conflict(network, turn, m))
        if to:
            found[turn.from_link, turn.to_link] = Yielding(_kind(network, turn, major), to, (WHOLE_SCALE,) * len(to))
    return found


def _kind(network: Network, turn: Movement, major: Sequence[Movement]) -> int:
    """How a minor turn uses gaps: as into a roundabout where the street it joins is of one direction, else by bend."""
    if len({m.from_link for m in major}) == 1 and all(m.to_link != turn.from_link for m in major):
        into = network.link_by_id[turn.to_link]
        goes_back = any(link.to_node == into.from_node for link in network.links_out[into.to_node])
        if not goes_back:
            return _ROUNDABOUT
    bend = bend_deg(network, turn)
    return _LEFT if bend > _STRAIGHT_DEG else _RIGHT if bend < -_STRAIGHT_DEG else _THROUGH


def _at_signal(network: Network, plan: SignalPlan, turns: Sequence[Movement]) -> dict[tuple[str, str], Yielding]:
    greens = {(turn.from_link, turn.to_link): green_of(plan, turn) for turn in turns}
    found = {}
    for turn in turns:
        key = turn.from_link, turn.to_link
        mine = greens[key]
        if not any(green.permissive for green in mine):
            continue
        to, scales = [], []
        for other in turns:
            theirs = greens[other.from_link, other.to_link]
            if not theirs or any(green.permissive for green in theirs) or not do_conflict(network, turn, other):
                continue
            if any(_overlap(one, two, plan.cycle_s) for one in mine for two in theirs):
                to.append((other.from_link, other.to_link))
                share = min(1.0, sum(green.green_s for green in theirs) / plan.cycle_s)
                scales.append(round(WHOLE_SCALE / share))
        if to:
            found[key] = Yielding(_PERMITTED, tuple(to), tuple(scales))
    return found


def green_of(plan: SignalPlan, turn: Movement) -> tuple[Green, ...]:
    """The greens of a turn in a plan: its own, or those of its whole approach."""
    own = tuple(g for g in plan.greens if (g.from_link, g.to_link) == (turn.from_link, turn.to_link))
    return own or tuple(g for g in plan.greens if g.from_link == turn.from_link and g.to_link is None)


def _overlap(one: Green, other: Green, cycle_s: float) -> bool:
    if one.green_s <= 0 or other.green_s <= 0:
        return False
    after = (other.start_s - one.start_s) % cycle_s
    return after < one.green_s or (one.start_s - other.start_s) % cycle_s < other.green_s


def gap_tables() -> tuple[Ints, Ints]:
    """Time a vehicle takes from the one ahead, and wait for a first gap (µs), by kind and conflicting flow.

    Shape (kinds, FLOW_STEPS); column i: i × FLOW_STEP micro-PCU in STREAM_WINDOW_US.
    """
    flow_vps = np.arange(FLOW_STEPS) * FLOW_STEP / MICROS / (STREAM_WINDOW_US / MICROS)
    follow, wait = [], []
    for kind in GAP_KINDS:
        t_c, t_f, q = kind.critical_gap_s, kind.follow_up_s, flow_vps[1:]
        capacity = q * np.exp(-q * t_c) / -np.expm1(-q * t_f)
        follow.append(np.minimum(np.concatenate([[t_f], 1.0 / capacity]), kind.longest_gap_s))
        first = np.expm1(q * t_c) / q - t_c
        wait.append(np.minimum(np.concatenate([[0.0], first]), kind.longest_gap_s))
    scale = float(MICROS)
    return np.rint(np.array(follow) * scale).astype(np.int64), np.rint(np.array(wait) * scale).astype(np.int64)


@dataclass(frozen=True, eq=False)
class YieldTables:
    """Who yields to whom, by turn of the engine. T turns, S streams that somebody yields to.

    Turn t yields to the streams `conflicts[conflict_start[t]:conflict_start[t + 1]]` (stream, scale in thousandths, the
    turn that is the stream, the segment it queues on; those of one queue together), in the way `kind[t]`.
    `stream[t]`: the stream that passages of the turn are counted in, −1: none.
    """

    kind: Ints  # (T,)
    stream: Ints  # (T,)
    conflict_start: Ints  # (T + 1,)
    conflicts: Ints  # (n, 4)
    n_streams: int


def yield_tables(
    yielding: Mapping[tuple[str, str], Yielding], turns: Sequence[Movement | None], queues: Sequence[int]
) -> YieldTables:
    """The tables of these turns, None being the way from one segment to the next; `queues`: the segment each leaves."""
    number: dict[tuple[str, str], int] = {}
    at: dict[tuple[str, str], int] = {}  # its first: one from a bus lane comes behind that of the lanes for all
    for t, turn in enumerate(turns):
        if turn is not None:
            at.setdefault((turn.from_link, turn.to_link), t)
    for turn in turns:
        mine = None if turn is None else yielding.get((turn.from_link, turn.to_link))
        for key in mine.to if mine is not None else ():
            number.setdefault(key, len(number))
    kind, stream = np.zeros(len(turns), dtype=np.int64), np.full(len(turns), -1, dtype=np.int64)
    starts, rows = [0], []
    for t, turn in enumerate(turns):
        if turn is not None:
            stream[t] = number.get((turn.from_link, turn.to_link), -1)
            mine = yielding.get((turn.from_link, turn.to_link))
            if mine is not None:
                kind[t] = mine.kind
                to = zip(mine.to, mine.scales, strict=True)
                against = [(number[key], scale, at[key], queues[at[key]]) for key, scale in to]
                rows += sorted(against, key=lambda row: (row[3], row[2]))
        starts.append(len(rows))
    conflicts = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return YieldTables(kind, stream, np.array(starts, dtype=np.int64), conflicts, len(number))
