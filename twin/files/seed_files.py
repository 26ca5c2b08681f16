"""The list of random seeds that studies use: `seeds.toml`."""

from dataclasses import dataclass
from pathlib import Path

from twin.errors import DataFileError
from twin.files.sourced_toml import SourcedToml

FORMAT = "twin-seeds/1"


@dataclass(frozen=True, slots=True)
class Seeds:
    """`population`: the seed that draws who travels; `replications`: one seed for each day, in the order used."""

    population: int
    replications: tuple[int, ...]

    def first(self, count: int) -> tuple[int, ...]:
        """The seeds of so many replications. Raises DataFileError where the list is too short."""
        if count > len(self.replications):
            raise DataFileError(
                f"{count} replications asked, seeds.toml lists {len(self.replications)} seeds; ask fewer or add seeds"
            )
        return self.replications[:count]


def read_seeds(path: Path) -> Seeds:
    """The seeds of a file. Raises DataFileError with all faults; no seed may stand twice."""
    file = SourcedToml(path, expected_format=FORMAT, holds="the random seeds of studies")
    seeds = file.table(Seeds, file.document, sourced=False)
    if seeds is not None:
        listed = seeds.replications
        repeated = sorted({seed for seed in listed if listed.count(seed) > 1})
        file.faults += [f"replications: {seed} stands twice" for seed in repeated]
        file.faults += [f"replications: {seed} is negative" for seed in listed if seed < 0]
        if not listed:
            file.faults.append("replications is empty, must hold at least one seed")
    if seeds is None or file.faults:
        raise DataFileError("\n".join(file.message()))
    return seeds
