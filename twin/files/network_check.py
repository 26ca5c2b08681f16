"""The check of a street network: what was repaired while it was read, and what in it a person should look at.

Of a place by name, a map file, or a folder of GMNS tables; in words, and as files that `twin map` draws.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from twin.city.network import Network
from twin.city.street_findings import FINDING_KINDS, Finding, findings_of
from twin.errors import DataFileError
from twin.files.catalogue import network_folder
from twin.files.gmns_files import read_gmns
from twin.files.network_files import load_network, read_passport
from twin.files.route_lines import RouteLines, lines_on_streets
from twin.files.whole_files import write_whole, write_whole_text
from twin.osm.report import NetworkReport
from twin.osm.route_relations import MappedLine, read_mapped_lines
from twin.osm.streets import read_network
from twin.units import km_from_metres
from twin.wording import Words

FINDINGS_FILE, LINKS_FILE, ABOUT_FILE = "findings.csv", "links.parquet", "check.json"
FINDING_COLUMNS = {
    "kind": "word of FINDING_KINDS, repair, or bus_line",
    "weight": "error, look, fact or repair",
    "zh": "what, in Chinese",
    "en": "what, in English",
    "lon": "degrees",
    "lat": "degrees",
    "street": "name, where there is one",
    "about": "ids of links or the node, separated by spaces",
}
LINK_COLUMNS = {
    "link_id": "id",
    "name": "street",
    "road_class": "class",
    "lanes": "of one direction",
    "length_m": "metres",
    "geometry": "GeoJSON coordinates",
}
WEIGHTS = {
    "error": Words("有误", "error"),
    "look": Words("待核实", "look at"),
    "repair": Words("读入时处理", "while reading"),
    "fact": Words("情况", "fact"),
}


LINE_GAP = Words("公交线路关系的道路不相连", "a gap between the ways of a bus line")
STOP_NOT_SERVED = Words("公交站无法由道路到达，未停靠", "a bus stop that no street of the line reaches, not served")

MOST_LINE_NOTES = 20
"""So many notes on bus lines are told one by one."""

OSM_SOURCE = "© OpenStreetMap contributors, ODbL"
REPAIRS_ZH = {
    "approaches whose marked lanes do not fit the turns, left out": "转向车道标线与转向不符，未采用",
    "bus lanes that leave no lane for others, left out": "不给其他车辆留车道的公交专用道，未采用",
    "bus lanes whose hours or side are not understood, left out": "时段或位置无法理解的公交专用道，未采用",
    "closures by the hour not understood, left out": "分时段封闭的时段无法理解，未采用",
    "cut streets whose two carriageways were joined at the border": "图边界处被切断、已合拢的双幅路",
    "directions of loops from a junction to itself split in their middle": "回到同一路口的环路，从中间分开",
    "directions of streets with a bus lane": "有公交专用道的道路方向",
    "directions of streets not understood": "单行标签无法理解",
    "lane tags refused": "车道数标签无效，按等级取值",
    "lanes by hour left out": "分时段车道未采用",
    "map nodes merged into the junction they are part of": "并入所属路口的地图节点",
    "markings of lanes not understood": "车道标线标签无法理解",
    "pieces of street drawn twice, first kept": "重复绘制的路段，只取其一",
    "points that a bridge or tunnel shares with the street below, taken apart": "桥隧与下方道路共用的点，已拆开",
    "reversible streets taken as two-way": "可变方向道路，按双向处理",
    "roundabouts, whose ring has the way": "环岛(环内优先)",
    "signals and signs away from junctions left out": "不在路口的信号灯和标志，未采用",
    "smaller parts that hang together, but not with the rest": "自成一体但与主体不连通的部分，未采用",
    "speed limits by hour left out": "分时段限速未采用",
    "speed limits refused": "限速标签无效，按等级取值",
    "street directions left out because one cannot get there and back": "无法往返到达的道路方向，未采用",
    "street directions whose lane count was brought into 1 to 8": "车道数调整到1–8",
    "streets closed at some hours": "分时段封闭的道路",
    "streets closed to lorries, at all or some hours": "全天或分时段禁止货车的道路",
    "turn restrictions by way that would stop other traffic too, left out": "经路段的转向限制会影响其他车流，未采用",
    "turn restrictions obeyed": "已遵守的转向限制",
    "turn restrictions of ways that no car drives here, left out": "涉及无机动车道路的转向限制，未采用",
    "turn restrictions without usable members, left out": "成员不全的转向限制，未采用",
    "turns that no way through the inside of a junction makes": "路口内部走不通、已去掉的转向",
    "ways cut where their nodes lie outside the file": "在图边界处切断的道路",
}
"""What was done while a map was read, in Chinese; the English words are those of the report."""


@dataclass(frozen=True, eq=False)
class NetworkCheck:
    """What a check found. `findings`: one row a place, with FINDING_COLUMNS; `links`: the streets, with LINK_COLUMNS.

    `sentences`: what is assumed, and repairs whose place is not known; `source`: where the streets are from.
    """

    title: str
    sentences: tuple[str, ...]
    findings: pd.DataFrame
    links: pd.DataFrame
    source: str

    def summary(self) -> list[tuple[str, str, int, float]]:
        """(weight, what in both languages, how often, kilometres of links) a kind, the gravest first."""
        rows: list[tuple[str, str, int, float]] = []
        for _, group in self.findings.groupby(["weight", "zh", "en"], sort=False):
            weight, zh, en = (str(group[column].iloc[0]) for column in ("weight", "zh", "en"))
            ids = {link_id for about in group["about"] for link_id in about.split()}
            length_m = float(self.links.loc[self.links["link_id"].isin(ids), "length_m"].sum())
            rows.append((weight, zh if zh == en else f"{zh} {en}", len(group), km_from_metres(length_m)))
        order = list(WEIGHTS)
        return sorted(rows, key=lambda row: order.index(row[0]))


def check_network(what: str) -> NetworkCheck:
    """Check the streets of a place by name, of a map file, or of a folder of GMNS tables."""
    path = Path(what)
    if path.is_dir() and (path / "link.csv").is_file():
        found = read_gmns(path)
        size = f"{len(found.network.nodes):,} nodes, {len(found.network.links):,} links"
        return _check(found.network, f"{path.name} (GMNS): {size}", found.notes, {}, "")
    if path.is_file():
        network, report = read_network(path, place=path.name)
        check = _check(network, _title(path.name, report), _said(report), report.repaired_at, OSM_SOURCE)
        return _with_lines(check, read_mapped_lines(path), network)
    if path.suffix or len(path.parts) > 1:
        raise DataFileError(f"{what}: no map file and no folder of GMNS tables (node.csv, link.csv) is there.")
    passport = read_passport(network_folder(what))
    network, report = load_network(what)
    source = f"{passport.source}; {passport.licence}; {passport.attribution}"
    said = [*_said(report), *passport.known_errors]
    return _check(network, _title(f"{passport.title} ({passport.kind})", report), said, report.repaired_at, source)


def _title(name: str, report: NetworkReport) -> str:
    return f"{name}: {report.nodes:,} nodes, {report.links:,} links, {report.length_km:,.0f} km of links"


def _said(report: NetworkReport) -> list[str]:
    places = {what: len(places) for what, places in report.repaired_at.items()}
    placed = {f"{count:,} {what}." for what, count in report.repairs.items() if places.get(what) == count}
    return [sentence for sentence in report.sentences() if sentence not in placed]


def _check(
    network: Network,
    title: str,
    sentences: list[str] | tuple[str, ...],
    repaired_at: dict[str, tuple[tuple[float, float], ...]],
    source: str,
) -> NetworkCheck:
    rows = [_row(finding) for finding in findings_of(network)]
    for what, places in sorted(repaired_at.items()):
        words = REPAIRS_ZH.get(what, what), what
        rows += [("repair", "repair", *words, round(lon, 6), round(lat, 6), "", "") for lon, lat in places]
    links = [
        (link.id, link.name, link.road_class, link.lanes, link.length_m, _line(network.ends_of(link)))
        for link in network.links
    ]
    return NetworkCheck(
        title,
        tuple(sentences),
        pd.DataFrame(rows, columns=list(FINDING_COLUMNS)),
        pd.DataFrame(links, columns=list(LINK_COLUMNS)),
        source,
    )


def _with_lines(check: NetworkCheck, mapped: tuple[MappedLine, ...], network: Network) -> NetworkCheck:
    """The check with what is to be said of the bus lines in the same map; as it was where there are none."""
    if not mapped:
        return check
    on_streets = lines_on_streets(mapped, network)
    rows = pd.DataFrame(list(_line_rows(mapped, on_streets)), columns=list(FINDING_COLUMNS))
    return replace(
        check,
        sentences=(*check.sentences, on_streets.summary, *_first(on_streets.notes)),
        findings=pd.concat([check.findings, rows], ignore_index=True),
    )


def _first(notes: Sequence[str]) -> list[str]:
    """The first notes on lines, and how many there are more."""
    more = len(notes) - MOST_LINE_NOTES
    return [*notes[:MOST_LINE_NOTES], *([f"and {more:,} more notes on bus lines"] if more > 0 else [])]


def _line_rows(
    mapped: tuple[MappedLine, ...], on_streets: RouteLines
) -> Iterator[tuple[str, str, str, str, float, float, str, str]]:
    """Gaps between the ways of relations, and stops that lie off every street, each at its place."""
    for line in mapped:
        for gap in line.gaps:
            yield _line_row("look", LINE_GAP, gap.lon, gap.lat, line)
    served = {(line.name, line.direction): {(s.lon, s.lat) for s in line.stops} for line in on_streets.lines}
    for key, line in on_streets.mapped.items():
        for stop in line.stops:
            if (stop.lon, stop.lat) not in served.get(key, set()):
                yield _line_row("look", STOP_NOT_SERVED, stop.lon, stop.lat, line)


def _line_row(
    weight: str, words: Words, lon: float, lat: float, line: MappedLine
) -> tuple[str, str, str, str, float, float, str, str]:
    name = f"{line.line} {line.direction}"
    return "bus_line", weight, words.zh, words.en, round(lon, 6), round(lat, 6), name, ""


def _row(finding: Finding) -> tuple[str, str, str, str, float, float, str, str]:
    kind = FINDING_KINDS[finding.kind]
    lon, lat = round(finding.lon, 6), round(finding.lat, 6)
    return finding.kind, kind.weight, kind.words.zh, kind.words.en, lon, lat, finding.street, " ".join(finding.about)


def _line(points: tuple[tuple[float, float], ...]) -> str:
    return json.dumps([[round(lon, 6), round(lat, 6)] for lon, lat in points])


def write_check(check: NetworkCheck, folder: Path) -> None:
    """Write a check as tables that `read_check` reads back; what it is about comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole_text(folder / FINDINGS_FILE, check.findings.to_csv(index=False, lineterminator="\n"))
    write_whole(folder / LINKS_FILE, check.links.to_parquet(index=False))
    about = {"title": check.title, "sentences": list(check.sentences), "source": check.source}
    write_whole_text(folder / ABOUT_FILE, json.dumps(about, ensure_ascii=False, indent=1) + "\n")


def is_check(folder: Path) -> bool:
    """Whether a folder holds a check."""
    return (folder / ABOUT_FILE).is_file() and (folder / FINDINGS_FILE).is_file()


def read_check(folder: Path) -> NetworkCheck:
    """The check in a folder. Raises DataFileError where it holds none."""
    try:
        about = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
        texts = {"street": "str", "about": "str"}
        findings = pd.read_csv(folder / FINDINGS_FILE, dtype=texts, keep_default_na=False)
        links = pd.read_parquet(folder / LINKS_FILE)
    except (OSError, ValueError, KeyError) as error:
        raise DataFileError(
            f"{folder}: no whole check of a network ({error}). `twin network check` makes one."
        ) from error
    return NetworkCheck(about["title"], tuple(about["sentences"]), findings, links, about["source"])
