"""What of a place finds a street to stand on: zones, gates, car parks and bus lines against a network."""

from dataclasses import dataclass
from pathlib import Path

from twin.city.ground import ground_of
from twin.city.network import Network
from twin.demand.inputs import DemandInputs
from twin.files.city_files import LINES_FILE
from twin.files.line_files import read_lines
from twin.transit.line_tables import build_lines

NEAR_M = 300.0
"""What lies farther than this from every street does not stand on it."""

_SEARCH_M = 20_000.0


@dataclass(frozen=True, slots=True)
class Attachments:
    """How the things of a place stand on streets.

    `distance_m`: what → name → metres to the nearest street (inf beyond 20 km); `lines`: ids of the line-directions
    that can be driven, of `all_lines`; `line_notes`: what of them is cut or left out.
    """

    distance_m: dict[str, dict[str, float]]
    lines: frozenset[str]
    all_lines: int
    line_notes: tuple[str, ...]


def attachments(network: Network, inputs: DemandInputs, lines_folder: Path) -> Attachments:
    """How zones, gates, named car parks and lines of a place stand on a network (pass the one open on its day)."""
    ground = ground_of(network)

    def away_m(lon: float, lat: float) -> float:
        near = ground.links_near(lon, lat, NEAR_M) or ground.links_near(lon, lat, _SEARCH_M)
        return near[0].distance_m if near else float("inf")

    distance_m: dict[str, dict[str, float]] = {"zones": {}, "gates": {}, "car parks": {}}
    for zone in inputs.zones:
        what = "gates" if zone.kind == "gate" else "zones"
        distance_m[what][f"{zone.id} {zone.name}"] = away_m(zone.lon, zone.lat)
    for site in inputs.parking.sites:
        distance_m["car parks"][site.name] = away_m(site.lon, site.lat)
    if not (lines_folder / LINES_FILE).is_file():
        return Attachments(distance_m, frozenset(), 0, ())
    stops, headways = read_lines(lines_folder)
    lines, notes = build_lines(stops, headways, network)
    all_lines = len(stops[["line", "direction"]].drop_duplicates())
    return Attachments(distance_m, frozenset(line.id for line in lines), all_lines, tuple(notes))


def counted(found: Attachments) -> dict[str, tuple[int, int]]:
    """What → (stands on a street, all there are)."""
    counts = {
        what: (sum(away_m <= NEAR_M for away_m in named.values()), len(named))
        for what, named in found.distance_m.items()
    }
    return {**counts, "bus lines": (len(found.lines), found.all_lines)}


def lost_and_far(before: Attachments, after: Attachments) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """In sentences: what stood on the streets before and does not now, and what lies far from any as it did before."""
    lost, far = [], []
    for what, named in after.distance_m.items():
        for name, away_m in named.items():
            if away_m <= NEAR_M:
                continue
            was_m = before.distance_m[what][name]
            away = (
                f"{away_m:,.0f} m from the nearest street" if away_m < _SEARCH_M else "more than 20 km from any street"
            )
            if was_m <= NEAR_M:
                lost.append(f"{what[:-1]} {name} lies {away}")
            else:
                far.append(f"{what[:-1]} {name} lies {away} (before: {min(was_m, _SEARCH_M):,.0f} m)")
    lost += [f"bus line {line} finds no way" for line in sorted(before.lines - after.lines)]
    return tuple(lost), tuple(far)
