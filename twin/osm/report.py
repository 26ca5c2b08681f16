"""What was assumed, repaired and left out when streets were read: the numbers behind every warning."""

from dataclasses import dataclass, field

_WORDS = {
    "lanes": "lane counts",
    "free_speed_mps": "free speeds",
    "capacity_vph": "capacities",
    "jam_density_vpkm": "jam densities",
    "road_class": "classes",
    "opened_on": "opening dates",
    "geometry": "lines",
    "priority": "priorities",
}


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """Counts of one reading. Lengths are of directed links; `kept_length_share`: of all drivable street on file."""

    source: str
    nodes: int
    links: int
    length_km: float
    named_length_share: float
    kept_length_share: float
    signals: int
    assumed_signals: int
    planned_links: int
    shortest_link_m: float
    assumed_links: dict[str, int]  # field of Link → links on which nobody observed it
    repairs: dict[str, int]  # what was done → how often
    repaired_at: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)  # what → where (lon, lat)

    def sentences(self) -> list[str]:
        """One sentence a fact, the most important first."""
        said = [
            f"{count:,} of {self.links:,} links have assumed {_WORDS[field]}."
            for field, count in sorted(self.assumed_links.items())
        ]
        if self.signals:
            said.append(f"{self.assumed_signals:,} of {self.signals:,} signals are assumed.")
        else:
            said.append("No junction has a signal.")
        if self.planned_links:
            said.append(f"{self.planned_links:,} links are planned or under construction, with no opening date.")
        left_out_share = 1.0 - self.kept_length_share
        if left_out_share >= 0.0005:
            said.append(f"{left_out_share:.1%} of the street length was left out or lies inside junctions.")
        said += [f"{count:,} {what}." for what, count in sorted(self.repairs.items())]
        return said
