"""The part of a map that the twin reads: streets, car parks, land use. Plain values, no library's objects."""

from dataclasses import dataclass, field

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class OsmWay:
    """A way as drawn: node ids in order, tags as text. A polygon ends where it began."""

    id: int
    nodes: tuple[int, ...]
    tags: Tags

    @property
    def is_closed(self) -> bool:
        return len(self.nodes) > 3 and self.nodes[0] == self.nodes[-1]


@dataclass(frozen=True, slots=True)
class OsmRestriction:
    """A relation that restricts turns: tags as text, members in order as (kind "n", "w" or "r", id, role)."""

    id: int
    tags: Tags
    members: tuple[tuple[str, int, str], ...]

    def ids(self, kind: str, role: str) -> tuple[int, ...]:
        """Members of that kind and role, in order."""
        return tuple(number for its_kind, number, its_role in self.members if (its_kind, its_role) == (kind, role))


@dataclass(frozen=True, slots=True)
class Extract:
    """Streets of one map file with the nodes they need, in order of id whatever the order of the file.

    `positions`: node id → (lon, lat), WGS-84 degrees; `areas`: car parks, and land use and buildings where asked for.
    """

    positions: dict[int, tuple[float, float]]
    node_tags: dict[int, Tags]  # only nodes with tags the twin reads
    streets: tuple[OsmWay, ...]
    areas: tuple[OsmWay, ...] = ()
    restrictions: tuple[OsmRestriction, ...] = ()
    repairs: dict[str, int] = field(default_factory=dict)  # what was wrong in the file, and how often

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box around the streets' nodes (lon, lat)."""
        lons = [lon for lon, _ in self.positions.values()]
        lats = [lat for _, lat in self.positions.values()]
        return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2

    def outline_of(self, way: OsmWay) -> tuple[tuple[float, float], ...]:
        """(lon, lat) of a way's nodes, those outside the file left out."""
        return tuple(self.positions[node] for node in way.nodes if node in self.positions)
