"""Which bus lines to run more or less often: a simple stated rule, no simulation yet.

The rule, at equal bus-kilometres a day, among lines with a bus every half-hour or more often in the peak: half of the
lines get up to three buses for two, those with fewest peak buses for the people and jobs along them; the other half
run less often, those that share most of their way with other lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from twin.advice.candidate_files import write_candidates
from twin.city.city import City
from twin.city.ground import ground_of
from twin.city.network import Network
from twin.city.transit import PEAKS, BusLine, is_peak
from twin.errors import DemandError
from twin.scenario.bus_measures import SetHeadway
from twin.scenario.scenario import Scenario
from twin.units import km_from_metres
from twin.wording import Words

MORE_OFTEN = 2.0 / 3.0
"""Headways of lines that get more buses are multiplied by this: three buses for two."""
LEAST_OFTEN = 1.5
"""No line's headways grow beyond this factor; where that does not pay for the others, they get less."""
LONGEST_PEAK_HEADWAY_S = 30.0 * 60.0
"""Lines that run less often in the peak are on demand, for tourists or for villages: another question."""
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class LineChoice:
    """A line whose headways are multiplied by `factor`.

    `people`: residents and jobs of the zones it stops in, per peak bus an hour; `shared`: other lines on its way,
    mean over its length.
    """

    line: str
    factor: float
    people: float
    shared: float
    km_a_day: float


def find_line_changes(city: City, *, count: int = 16) -> tuple[LineChoice, ...]:
    """So many lines to change at equal bus-kilometres, first those that get more buses."""
    network = city.network
    lines = _by_name(line for line in city.lines if _is_regular(line))
    if len(lines) < count:
        raise DemandError(f"{city.place} has {len(lines)} regular bus lines, {count} are to be changed")
    people = {name: _people_per_bus(city, directions) for name, directions in lines.items()}
    shared = _shared(network, lines)
    km = {name: sum(_km_a_day(network, line) for line in directions) for name, directions in lines.items()}
    n_more = count // 2
    short = sorted((name for name in lines if people[name] > 0), key=lambda name: (-people[name], name))[:n_more]
    # Lines that run alone are nobody's double: only shared ways can give buses away.
    doubled = sorted(
        (name for name in lines if name not in short and shared[name] >= 1.0), key=lambda name: (-shared[name], name)
    )[: count - len(short)]
    more, fewer = _factors(sum(km[name] for name in short), sum(km[name] for name in doubled))
    return tuple(
        LineChoice(name, factor, people[name], shared[name], km[name])
        for names, factor in ((short, more), (doubled, fewer))
        for name in names
    )


def _factors(short_km: float, doubled_km: float) -> tuple[float, float]:
    """Factors of headways (lines with more buses, lines with fewer) that keep bus-kilometres equal."""
    added_km = short_km * (1.0 / MORE_OFTEN - 1.0)
    given_km = min(added_km, doubled_km * (1.0 - 1.0 / LEAST_OFTEN))
    more = short_km / (short_km + given_km)
    fewer = doubled_km / (doubled_km - given_km)
    return round(float(more), 3), round(float(fewer), 3)


def write_line_changes(city: City, path: Path, *, count: int = 16) -> tuple[LineChoice, ...]:
    """Write the choice as a scenario of changed headways."""
    choices = find_line_changes(city, count=count)
    measures = tuple(
        SetHeadway(id=f"line-{choice.line}", group="buses", line=choice.line, factor=choice.factor)
        for choice in choices
    )
    scenario = Scenario(
        name=path.stem,
        title=Words(f"优化{len(measures)}条公交线路(候选)", f"{len(measures)} bus lines changed (candidates)"),
        place=city.place,
        based_on="baseline",
        answers=("work-report-2024/p03-bus-lines",),
        measures=measures,
        notes=BUS_NOTES,
    )
    write_candidates(path, scenario, write_line_changes)
    return choices


BUS_NOTES = (
    "2024年政府工作报告未列出这16条线路，公开渠道也未查到清单；这里的候选线路由程序按简单规则选出，不是真实调整方案。",
    "规则：在高峰间隔不超过30分钟的线路中选，全日车公里基本不变；8条沿线居民和岗位多而高峰班次少的线路加密(至多三班代两班)，"
    "8条与其他线路重复最多的线路相应拉大间隔(至多1.5倍)；发车间隔本身是按线路类型假定的。",
    "The report names none of the 16 lines and no list was found: the lines are chosen by a simple stated rule, not by "
    "simulation, and are not the real changes.",
    "Rule, among lines with a peak bus at least every 30 minutes: bus-kilometres a day stay about equal; the 8 lines "
    "with fewest peak buses for the people and jobs along them get up to three buses for two, and the 8 lines that "
    "share most of their way with others pay for it with headways up to 1.5 times as long. Headways are assumed.",
)


def _is_regular(line: BusLine) -> bool:
    peaks = [part.headway_s for part in line.headways if is_peak(part.window)]
    return bool(peaks) and max(peaks) <= LONGEST_PEAK_HEADWAY_S


def _by_name(lines: Iterable[BusLine]) -> dict[str, list[BusLine]]:
    groups: dict[str, list[BusLine]] = {}
    for line in lines:
        groups.setdefault(line.name, []).append(line)
    return dict(sorted(groups.items()))


def _km_a_day(network: Network, line: BusLine) -> float:
    route_m = sum(network.link_by_id[link].length_m for link in line.route)
    return km_from_metres(route_m) * len(line.departures_s(0.0, _DAY_S))


def _people_per_bus(city: City, directions: list[BusLine]) -> float:
    """Residents and jobs of the zones whose middle is nearest to a stop, for each peak bus an hour; 0: no peak bus."""
    peak_h = sum(peak.duration_s for peak in PEAKS) / 3600.0
    buses = sum(len(line.departures_s(peak.start_s, peak.end_s)) for line in directions for peak in PEAKS) / peak_h
    zones = [zone for zone in city.zones if zone.kind == "zone"]
    if not zones or buses == 0:
        return 0.0
    ground = ground_of(city.network)
    middles = ground.xy([zone.lon for zone in zones], [zone.lat for zone in zones])
    stops = [(stop.lon, stop.lat) for line in directions for stop in line.stops]
    places = ground.xy([lon for lon, _ in stops], [lat for _, lat in stops])
    square_m2 = ((places[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2)
    served = {int(i) for i in square_m2.argmin(axis=1)}
    return sum(zones[i].residents + zones[i].jobs for i in sorted(served)) / buses


def _shared(network: Network, lines: dict[str, list[BusLine]]) -> dict[str, float]:
    """Number of other lines on a line's way, mean over its length."""
    users: dict[str, set[str]] = {}
    for name, directions in lines.items():
        for line in directions:
            for link in line.route:
                users.setdefault(link, set()).add(name)
    shared = {}
    for name, directions in lines.items():
        route = [network.link_by_id[link] for line in directions for link in line.route]
        length_m = sum(link.length_m for link in route)
        shared[name] = sum(link.length_m * (len(users[link.id]) - 1) for link in route) / length_m
    return shared
