"""Fixed-time signals: effective greens of movements within a cycle."""

from dataclasses import dataclass

from twin.clock import TimeWindow


@dataclass(frozen=True, slots=True)
class Green:
    """One effective green: no lost time is added. It may run over the cycle's end.

    `to_link` None: every movement of that approach. `saturation_flow_vph` None: the link's capacity × lanes.
    """

    from_link: str
    to_link: str | None
    start_s: float  # from the cycle's start, before the offset
    green_s: float  # 0: never
    saturation_flow_vph: float | None = None
    permissive: bool = False  # yields to the conflicting stream
    lanes: float | None = None  # of the turn, with those that share them, at the stop line; None: not told apart


@dataclass(frozen=True, slots=True)
class SignalPlan:
    """The plan of one node. A movement without a green in the plan is never stopped.

    `window` None: all day. `assumed` names what nobody observed ("plan" where the twin computed it).
    """

    node_id: str
    cycle_s: float
    offset_s: float
    greens: tuple[Green, ...]
    window: TimeWindow | None = None
    assumed: frozenset[str] = frozenset()
