"""The table of measures: the word a scenario document uses, and the class that carries it out."""

from twin.scenario.access_measures import BanLorries
from twin.scenario.bus_measures import RemoveStop, SetHeadway
from twin.scenario.ebike_measures import SetEbikes
from twin.scenario.line_measures import AddStop, MergeLines, RerouteLine, SplitLine
from twin.scenario.measure import Measure
from twin.scenario.parking_measures import AddParking
from twin.scenario.parking_policies import BookParking, EnforceParking, GuideParking
from twin.scenario.parking_rules import LimitStay, RequirePermit, SetTariff, ShareParking
from twin.scenario.signal_measures import AdaptiveSignals, RetimeSignals, SignalPriority
from twin.scenario.street_measures import AddBusLane, ChangeLanes, CloseLink, SetSpeedLimit, WorkZone
from twin.scenario.street_openings import OpenLink
from twin.scenario.timetable_measures import ExpressRun, HoldBuses, SetSpan
from twin.scenario.turn_measures import SetTurn

MEASURE_KINDS: dict[str, type[Measure]] = {
    "open_link": OpenLink,
    "close_link": CloseLink,
    "change_lanes": ChangeLanes,
    "set_speed_limit": SetSpeedLimit,
    "work_zone": WorkZone,
    "add_bus_lane": AddBusLane,
    "ban_lorries": BanLorries,
    "set_ebikes": SetEbikes,
    "set_turn": SetTurn,
    "add_parking": AddParking,
    "set_tariff": SetTariff,
    "limit_stay": LimitStay,
    "require_permit": RequirePermit,
    "share_parking": ShareParking,
    "guide_parking": GuideParking,
    "book_parking": BookParking,
    "enforce_parking": EnforceParking,
    "set_headway": SetHeadway,
    "remove_stop": RemoveStop,
    "add_stop": AddStop,
    "set_span": SetSpan,
    "reroute_line": RerouteLine,
    "split_line": SplitLine,
    "merge_lines": MergeLines,
    "express_run": ExpressRun,
    "hold_buses": HoldBuses,
    "retime_signals": RetimeSignals,
    "adaptive_signals": AdaptiveSignals,
    "signal_priority": SignalPriority,
}

KIND_OF = {measure_class: kind for kind, measure_class in MEASURE_KINDS.items()}
