"""Signals: effective greens of movements within a cycle, who sets them, and orders to change them."""

from dataclasses import dataclass
from typing import Literal

from twin.clock import TimeWindow

Control = Literal["fixed", "actuated", "max_pressure", "bus_priority"]
"""Who decides when a phase ends: the clock, the gaps in its traffic, the queues before and behind the junction, or the
clock unless a bus comes."""

CONTROLS: tuple[Control, ...] = ("fixed", "actuated", "max_pressure", "bus_priority")

LOST_S = 3.0
"""Lost time of a phase (s): start-up 2–3 s and clearance 1–2 s, less what is driven in yellow; 2–4 s in practice."""


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

    `window` None: all day; else in these hours of every day. `control`: other than "fixed", the greens that begin and
    end together are a phase, and its length is decided while it runs. `lines`: ids of the bus lines that have priority
    under "bus_priority"; (): all. `assumed` names what nobody observed ("plan" where the twin computed it).
    """

    node_id: str
    cycle_s: float
    offset_s: float
    greens: tuple[Green, ...]
    window: TimeWindow | None = None
    assumed: frozenset[str] = frozenset()
    control: Control = "fixed"
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignalOrder:
    """What a measure wants of the signal at a node, for a study to carry out when it knows the volumes.

    `retime`: a new plan from the volumes with all measures in place; "coordinated": with a green wave along its street.
    `control` None: as it is. `lines`: as of a plan.
    """

    node_id: str
    retime: Literal["no", "alone", "coordinated"] = "no"
    control: Control | None = None
    lines: tuple[str, ...] = ()
