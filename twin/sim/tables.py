"""The engine's network: streets cut into short segments, as integer tables for both flows.

Links longer than `SEGMENT_M` are cut into equal segments, so that bus stops, parking entrances and gates can sit at
a segment's end. The cut depends on the link alone, never on what stands along it, so that adding a stop or a site
that nobody uses changes nothing; cutting itself changes no result (the wave model is the same on both sides).
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.city.network import Movement, Network
from twin.city.signals import Green, SignalPlan
from twin.city.vehicles import VEHICLE_CLASSES
from twin.errors import SimulationError
from twin.sim.give_way import YieldTables, yield_tables, yielding_turns
from twin.sim.lane_groups import LaneGroup, given_groups, waiting_places
from twin.sim.rules import MICROS
from twin.sim.segments import Segments, cut_links
from twin.sim.ways import expand

Ints = NDArray[np.int64]

SEGMENT_M = 800.0
"""Longest segment in studies (m): a bus stop or a car park stands within 400 m of its place along the link. Shorter
segments cost time in proportion to their number and change no queue."""

WEIGHT_STEP = 2**9 * 3**3 * 5**4 * 7 * 11 * 17
"""Tag step per PCU of merge weight 1. Steps of usual capacities (1400 … 2200 veh/h) times lanes are whole numbers."""

LONGEST_STEP = 3.5e12
"""Merge weights below 0.0033 act as if they were that: a step times the micro-PCU of a truck is a 64-bit number."""

CLASS_NAMES = tuple(VEHICLE_CLASSES)
CLASS_PCU = tuple(round(kind.pcu * MICROS) for kind in VEHICLE_CLASSES.values())


@dataclass(frozen=True, eq=False)
class SegmentNumbers:
    """What a flow keeps of one segment (units as in FlowTables); `exit_us_per_pcu`: by its turns."""

    is_closed: bool
    storage: int
    us_per_pcu: int
    wave_us: int
    jam_mm: int
    free_us: Ints
    exit_us_per_pcu: Ints

    @property
    def wave_us_per_pcu(self) -> int:
        """Time the backward wave takes for the road of one standing PCU (µs)."""
        return self.wave_us * MICROS // self.storage


@dataclass(frozen=True, eq=False)
class FlowTables:
    """Segments, turns and signals as integers. Times µs, PCU in millionths; L segments, T turns, C classes.

    Row s of the segment arrays is one segment; `segment_start[i]:segment_start[i + 1]` are those of link i, in order.
    Where a link has lane groups these lie side by side behind its last segment: `group_start[i]:group_start[i + 1]`,
    the last for those who end on the link. Or it has one group of no length, for those who wait inside the junction;
    all others leave from its last segment. A route does not name groups. Behind all groups come the bus lanes, each a
    row of segments beside its link: `bus_lane_start[i]:bus_lane_start[i + 1]`, one beside each segment and one beside
    lane groups that have a length. Only routes of buses name them (`bus_lanes`). Origin queue of segment s is approach
    L + s; its turn is T + s.
    """

    network: Network
    segment_start: Ints  # (n_links + 1,)
    group_start: Ints  # (n_links + 1,)
    bus_lane_start: Ints  # (n_links + 1,)
    segment_link: Ints  # (L,) the link each is part of
    length_mm: Ints  # (L,)
    free_us: Ints  # (C, L) time at the class's free speed
    us_per_pcu: Ints  # (L,) headway at capacity
    wave_us: Ints  # (L,) L / w
    storage: Ints  # (L,) micro-PCU
    free_storage: Ints  # (L,) micro-PCU on it up to which room cannot bind (rules.is_surely_free)
    jam_mm_per_pcu: Ints  # (L,) road that one standing PCU takes, over all lanes
    turn_from: Ints  # (T,)
    turn_to: Ints  # (T,)
    exit_us_per_pcu: Ints  # (T,) headway of exits by this turn
    penalty_us: Ints  # (T,)
    weight_step: Ints  # (T + L,) tag step per PCU; origins follow the turns
    out_start: Ints  # (L + 1,) turns of segment s: out_start[s]:out_start[s + 1], as turns are sorted by from
    yields: YieldTables
    green_start: Ints  # (T + 1,) greens of turn t: rows green_start[t]:green_start[t + 1] of `greens`
    greens: Ints  # (n_greens, 3) start, length, cycle
    class_pcu: tuple[int, ...] = CLASS_PCU
    smallest_pcu: int = min(CLASS_PCU)  # of the vehicles that may come
    notes: tuple[str, ...] = field(default=())

    @property
    def n_segments(self) -> int:
        return len(self.segment_link)

    @property
    def first_group(self) -> int:
        """Segments from here on are lane groups, up to the first bus lane."""
        return int(self.segment_start[-1])

    @property
    def first_bus_lane(self) -> int:
        """Segments from here on are bus lanes."""
        return int(self.bus_lane_start[0])

    def all_segments(self, link: int) -> list[int]:
        """The segments of a link that are for all, and its lane groups."""
        parts, groups = self.segment_start[link : link + 2], self.group_start[link : link + 2]
        return [*range(*parts.tolist()), *range(*groups.tolist())]

    @cached_property
    def exit_group(self) -> Ints:
        """The lane group of those who end on the link that a segment is the last of; −1: none. Shape (L,)."""
        exits = np.full(self.n_segments, -1, dtype=np.int64)
        grouped = np.flatnonzero(np.diff(self.group_start) > 1)
        exits[self.segment_start[grouped + 1] - 1] = self.group_start[grouped + 1] - 1
        return exits

    @cached_property
    def link_mm(self) -> Ints:
        """Length of each link (mm), (n_links,)."""
        body: Ints = np.add.reduceat(self.length_mm[: self.first_group], self.segment_start[:-1])
        grouped = np.flatnonzero(np.diff(self.group_start))
        body[grouped] += self.length_mm[self.group_start[grouped]]
        return body

    def segments_of(self, link_ids: Iterable[str]) -> NDArray[np.int32]:
        """The segments of a route given as link ids, in driving order."""
        index = self.network.link_index
        return self.expand(np.array([index[link_id] for link_id in link_ids], dtype=np.int64))

    def expand(self, links: NDArray[np.integer]) -> NDArray[np.int32]:
        """The segments of link indices, in order."""
        segments: NDArray[np.int32] = expand(self.segment_start, links)
        return segments

    def links_of(self, segments: NDArray[np.integer]) -> Ints:
        """The links that a way of segments goes along, in order."""
        links = self.segment_link[segments]
        entered: Ints = links[np.append(True, links[1:] != links[:-1])]
        return entered

    def turns_out(self, segment: int) -> slice:
        """The turns from a segment."""
        return slice(int(self.out_start[segment]), int(self.out_start[segment + 1]))

    def changed(self, segment: int, *, lane_share: float, speed_share: float) -> "SegmentNumbers":
        """The numbers of a segment with a share of its lanes and of its free speed; no lanes: closed, else as it is.

        Capacity and storage go with the lanes; the backward wave follows from N / q = L / u + L / w. Shares of 1
        give back the numbers of the tables.
        """
        lanes = lane_share if lane_share > 0 else 1.0
        free_us = np.maximum(1, np.rint(self.free_us[:, segment] / speed_share)).astype(np.int64)
        slower_us = int(free_us.min() - self.free_us[:, segment].min())
        return SegmentNumbers(
            is_closed=lane_share <= 0,
            storage=max(1, round(int(self.storage[segment]) * lanes)),
            us_per_pcu=round(int(self.us_per_pcu[segment]) / lanes),
            wave_us=max(1, int(self.wave_us[segment]) - slower_us),
            jam_mm=round(int(self.jam_mm_per_pcu[segment]) / lanes),
            free_us=free_us,
            exit_us_per_pcu=np.rint(self.exit_us_per_pcu[self.turns_out(segment)] / lanes).astype(np.int64),
        )

    def link_of(self, segment: int) -> int:
        """Index of the link a segment is part of."""
        return int(self.segment_link[segment])

    @cached_property
    def exits_kept(self) -> Ints:
        """How many of its last exits each segment remembers: as many as the smallest vehicles fit on it, and more.

        Shape (L,), each a power of two.
        """
        fit = self.storage // self.smallest_pcu + 4
        return np.array([1 << int(count - 1).bit_length() for count in fit.tolist()], dtype=np.int64)

    @property
    def wave_us_per_pcu(self) -> Ints:
        """Time the backward wave takes for the road of one standing PCU (µs). Shape (L,)."""
        return np.array(
            [wave * MICROS // full for wave, full in zip(self.wave_us.tolist(), self.storage.tolist(), strict=True)],
            dtype=np.int64,
        )

    def no_turn(self, from_segment: int, to_segment: int, vehicle: int) -> SimulationError:
        """The error of a route that turns where no turn is."""
        links = self.network.links
        from_link, to_link = (links[self.link_of(segment)].id for segment in (from_segment, to_segment))
        return SimulationError(
            f"vehicle {vehicle}: its route turns from link {from_link} into link {to_link}, but there is no such turn"
        )


def build_tables(
    network: Network,
    signals: Sequence[SignalPlan] = (),
    *,
    segment_m: float | None = None,
    classes: Collection[str] | None = None,
    groups: Mapping[str, Sequence[LaneGroup]] | None = None,
) -> FlowTables:
    """Tables of every link of the network (take `open_on(day)` first). `segment_m` None: links stay whole.

    `classes`: vehicles that may come, None: any. A flow remembers fewer exits where no small vehicle comes, and
    memory is what limits its speed. `groups`: lane groups by link id; None: those that the network gives.

    Raises SimulationError where a plan names links that are not at its node.
    """
    links = network.links
    groups = given_groups(network) if groups is None else groups
    places = waiting_places(network, signals, groups)
    segments = cut_links(network, segment_m, {**groups, **{link_id: (place,) for link_id, place in places.items()}})
    parts = [links[i] for i in segments.link]
    length_m, lanes = segments.length_m, segments.lanes
    speed = np.array([link.free_speed_mps for link in parts])
    flow = np.array([link.capacity_vph for link in parts]) * lanes / 3600.0
    jam_vpm = np.array([link.jam_density_vpkm for link in parts]) * lanes / 1000.0
    wave_mps = flow / (jam_vpm - flow / speed)
    limits = [math.inf if k.max_speed_mps is None else k.max_speed_mps for k in VEHICLE_CLASSES.values()]
    pcu = np.array(CLASS_PCU) / MICROS
    turn_from, turn_to, movements = _segment_turns(network, segments)
    n_segments = len(segments.link)
    out_start = np.concatenate([[0], np.cumsum(np.bincount(turn_from, minlength=n_segments))])
    green_start, greens, saturation, notes = _signal_tables(network, signals, segments, turn_from, movements)
    exit_vps = np.where(np.isnan(saturation), flow[turn_from], saturation / 3600.0)
    for t, movement in enumerate(movements):
        if movement is not None and movement.capacity_vph is not None:
            exit_vps[t] = min(exit_vps[t], movement.capacity_vph / 3600.0)
    largest_exit_vps = flow.copy()
    np.maximum.at(largest_exit_vps, turn_from, exit_vps)
    free_pcu = jam_vpm * length_m - largest_exit_vps * length_m / wave_mps - 2 * max(pcu)
    weights = np.array(
        [w if (w := link.merge_weight) is not None else link.capacity_vph * link.lanes for link in parts],
        dtype=np.float64,
    )
    of_all = np.array([link.lanes for link in parts[segments.first_bus_lane :]])
    weights[segments.first_bus_lane :] *= lanes[segments.first_bus_lane :] / of_all
    turn_weight = weights[turn_from] if len(turn_from) else np.zeros(0)
    # A driveway joins like one lane of the street it enters.
    origin_weight = np.array([link.capacity_vph for link in parts])
    return FlowTables(
        network=network,
        segment_start=segments.start,
        group_start=segments.group_start,
        bus_lane_start=segments.bus_lane_start,
        segment_link=segments.link,
        length_mm=_micro(length_m, 1000),
        free_us=np.maximum(1, np.stack([_micro(length_m / np.minimum(speed, limit)) for limit in limits])),
        us_per_pcu=_micro(1.0 / flow),
        wave_us=np.maximum(1, _micro(length_m / wave_mps)),
        storage=np.maximum(1, _micro(np.where(np.isnan(segments.places), jam_vpm * length_m, segments.places))),
        free_storage=_micro(np.floor(free_pcu)),
        jam_mm_per_pcu=_micro(1.0 / jam_vpm, 1000),
        turn_from=turn_from,
        turn_to=turn_to,
        exit_us_per_pcu=_micro(1.0 / exit_vps),
        penalty_us=np.array([0 if m is None else round(m.penalty_s * MICROS) for m in movements], dtype=np.int64),
        weight_step=_weight_steps(np.concatenate([turn_weight, origin_weight])),
        out_start=out_start.astype(np.int64),
        yields=yield_tables(yielding_turns(network, signals), movements, turn_from.tolist()),
        green_start=green_start,
        greens=greens,
        smallest_pcu=min(CLASS_PCU[CLASS_NAMES.index(name)] for name in classes or CLASS_NAMES),
        notes=tuple(notes),
    )


def _micro(values: NDArray[np.float64], scale: int = MICROS) -> Ints:
    return np.rint(np.asarray(values, dtype=np.float64) * scale).astype(np.int64)


def _weight_steps(weights: NDArray[np.float64]) -> Ints:
    """Tag step per PCU of each turn, then of each origin, by its own weight alone.

    Never relative to others that enter the same segment: one that nobody drives would turn how the rest are rounded.
    """
    return np.rint(np.clip(WEIGHT_STEP / weights, 1.0, LONGEST_STEP)).astype(np.int64)


def _segment_turns(network: Network, segments: Segments) -> tuple[Ints, Ints, list[Movement | None]]:
    """Turns between segments, sorted by (from, to); None for the passage from one segment to the next of a link.

    A turn goes from and into bus lanes too, where its links have some.
    """
    index = network.link_index
    start, bus_lane = segments.start.tolist(), segments.bus_lane_start.tolist()
    rows: list[tuple[int, int, Movement | None]] = []
    for i in range(len(network.links)):
        rows += [(s, s + 1, None) for s in range(start[i], start[i + 1] - 1)]
        rows += [(start[i + 1] - 1, group, None) for group in range(*segments.group_start[i : i + 2].tolist())]
        rows += [(s, s + 1, None) for s in range(bus_lane[i], bus_lane[i + 1] - 1)]
    for turn in network.turns():
        came, goes = index[turn.from_link], index[turn.to_link]
        from_segments = [segments.group_of.get((turn.from_link, turn.to_link), start[came + 1] - 1)]
        from_segments += [bus_lane[came + 1] - 1] if bus_lane[came + 1] > bus_lane[came] else []
        to_segments = [start[goes], *([bus_lane[goes]] if bus_lane[goes + 1] > bus_lane[goes] else [])]
        rows += [(from_segment, to_segment, turn) for from_segment in from_segments for to_segment in to_segments]
    rows.sort(key=lambda row: row[:2])
    turn_from = np.array([row[0] for row in rows], dtype=np.int64)
    turn_to = np.array([row[1] for row in rows], dtype=np.int64)
    return turn_from, turn_to, [row[2] for row in rows]


def green_row(plan: SignalPlan, green: Green) -> tuple[int, int, int]:
    """Start, length and cycle of a plan's green (µs)."""
    cycle_us = round(plan.cycle_s * MICROS)
    start_us = round((plan.offset_s + green.start_s) * MICROS) % cycle_us
    return start_us, min(cycle_us, round(green.green_s * MICROS)), cycle_us


def _signal_tables(
    network: Network,
    signals: Sequence[SignalPlan],
    segments: Segments,
    turn_from: Ints,
    movements: list[Movement | None],
) -> tuple[Ints, Ints, NDArray[np.float64], list[str]]:
    """Greens by turn; a turn without one in its node's plan is never stopped. One plan a node."""
    at_turn: dict[tuple[str, str | None], list[tuple[int, int, int]]] = {}
    saturation_of: dict[tuple[str, str | None], float] = {}
    notes = []
    planned = set()
    for plan in signals:
        if plan.node_id in planned:
            raise SimulationError(
                f"signal at node {plan.node_id}: two plans at one time; `plans_at` gives those of one"
            )
        if round(plan.cycle_s * MICROS) <= 0:
            raise SimulationError(f"signal at node {plan.node_id}: cycle_s is {plan.cycle_s}, must be positive")
        planned.add(plan.node_id)
        for green in plan.greens:
            link = network.link_by_id.get(green.from_link)
            if link is None or link.to_node != plan.node_id:
                raise SimulationError(f"signal at node {plan.node_id}: no link {green.from_link} leads there")
            key = (green.from_link, green.to_link)
            at_turn.setdefault(key, []).append(green_row(plan, green))
            if green.saturation_flow_vph is not None:
                saturation_of[key] = green.saturation_flow_vph
    missing = [n.id for n in network.nodes if n.control == "signal" and n.id not in planned]
    if missing:
        notes.append(f"{len(missing)} signal nodes have no plan and act as uncontrolled, e.g. {missing[0]}")
    starts, rows = [0], []
    saturation = np.full(len(turn_from), np.nan)
    for t, movement in enumerate(movements):
        if movement is not None:
            for key in ((movement.from_link, movement.to_link), (movement.from_link, None)):
                if key in at_turn:
                    rows += at_turn[key]
                    if turn_from[t] >= segments.first_bus_lane:
                        break  # a lane by itself: at its own capacity
                    saturation[t] = saturation_of.get(key, np.nan)
                    if key[1] is None:  # of the whole approach: a group has its share by lanes
                        saturation[t] *= segments.lanes[turn_from[t]] / network.link_by_id[key[0]].lanes
                    break
        starts.append(len(rows))
    greens = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return np.array(starts, dtype=np.int64), greens, saturation, notes
