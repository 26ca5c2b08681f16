"""`twin advise bus` and `twin lines`: parse nothing, call, print."""

from pathlib import Path

from twin.advice.bus_lines import BusAdvice, advise_lines, line_states, lines_that_gain
from twin.advice.bus_scenario import bus_scenario, write_bus_scenario
from twin.cli.tables import print_lines, print_table
from twin.files.city_files import load_city
from twin.files.scenario_files import read_scenario
from twin.study.bus_forecast import fleet_of, forecast
from twin.transit.gtfs import write_gtfs
from twin.wording import Language


def advise_bus(scenario: str, *, lines: int, out: Path, openings: str | None, language: Language) -> None:
    """Choose lines to change over a scenario, tell them, and write them as a scenario."""
    base = read_scenario(scenario)
    city = base.apply_to(load_city(base.place))
    window = base.measured
    advice = advise_lines(city, count=lines, start_s=window.start_s, end_s=window.end_s)
    gaining = lines_that_gain(city, read_scenario(openings).apply_to(city)) if openings else ()
    named = f" --openings {openings}" if openings else ""
    command = f"twin advise bus {scenario} --lines {lines}{named}"
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"bus-{lines}.toml"
    write_bus_scenario(path, bus_scenario(path.stem, city, scenario, advice, gaining), command)
    print_table(_columns(language), _rows(advice, language))
    print_lines(_told(advice, path, scenario, language))


def _columns(language: Language) -> list[str]:
    return ["线路", "措施", "预计节省(人时)", "理由"] if language == "zh" else ["line", "change", "saves (h)", "why"]


def _rows(advice: BusAdvice, language: Language) -> list[list[str]]:
    return [
        [
            change.line,
            change.measure.describe(language),
            f"{change.worth_h:.0f}",
            change.why.zh if language == "zh" else change.why.en,
        ]
        for change in advice.changes
    ]


def _told(advice: BusAdvice, path: Path, base: str, language: Language) -> list[str]:
    (before, after), fleet = advice.cost_h, advice.fleet
    if language == "zh":
        return [
            f"预测：乘客广义时间 {before:.0f} → {after:.0f} 人时；车辆 {fleet[0]} → {fleet[1]}。",
            f"已写入 {path}。用 `twin compare {base} {path.stem}` 以配对模拟检验：选线未使用任何随机种子。",
        ]
    return [
        f"Forecast: riders' generalised time {before:.0f} → {after:.0f} h; buses {fleet[0]} → {fleet[1]}.",
        f"Written: {path}. `twin compare {base} {path.stem}` tests it on paired days: no seed was used to choose.",
    ]


def list_lines(scenario: str, *, feed: Path | None, language: Language) -> None:
    """What is wrong with each line of a scenario's city, the worst first; `feed`: also write its lines as GTFS."""
    read = read_scenario(scenario)
    city = read.apply_to(load_city(read.place))
    network = city.open_network()
    if feed is not None:
        write_gtfs(feed, city.lines, network, day=city.date, agency=city.title)
    now = forecast(city, network, read.measured.start_s, read.measured.end_s)
    rows = [
        [
            s.line,
            f"{s.km:.1f}",
            f"{s.speed_kmh:.1f}",
            f"{s.non_linearity:.2f}",
            f"{s.overlap:.1f}",
            f"{s.riders:.0f}",
            f"{s.fullest:.0%}",
            str(s.idle_stops),
            str(s.buses),
            ", ".join(s.faults),
        ]
        for s in line_states(city, network, now)
    ]
    columns = {
        "zh": ["线路", "公里(双向)", "计划车速", "非直线系数", "重复系数", "乘客", "最满断面", "空站", "车辆", "问题"],
        "en": ["line", "km", "km/h", "non-linearity", "overlap", "riders", "fullest", "unused", "buses", "faults"],
    }
    print_table(columns[language], rows)
    total = sum(fleet_of(city, network).values())
    print_lines([f"{len(rows)} 条线路，{total} 辆车" if language == "zh" else f"{len(rows)} lines, {total} buses"])
