"""The list of random seeds (`seeds/seeds.toml`): one for drawing the population, one for each replicated day."""

from dataclasses import dataclass
from pathlib import Path

from twin.errors import DataFileError, joined_faults
from twin.files.catalogue import seeds_path
from twin.files.toml_values import read_document, read_fields

FORMAT = "twin-seeds/1"


@dataclass(frozen=True, slots=True)
class Seeds:
    """`replications`: days in the order in which studies use them, the same in both arms of a comparison."""

    population: int
    replications: tuple[int, ...]
    format: str = FORMAT


def read_seeds(path: Path | None = None) -> Seeds:
    """The seeds of a file; None: those of the catalogue. Raises DataFileError with all faults."""
    path = seeds_path() if path is None else path
    table = read_document(path, "the random seeds of studies")
    if table.get("format") != FORMAT:
        raise DataFileError(f"{path}: format is {table.get('format')!r}, must be {FORMAT!r}.")
    values, faults = read_fields(Seeds, table)
    days = values.get("replications", ())
    if len(set(days)) < len(days):
        faults.append("replications names a seed twice: its day would count double")
    if "replications" in values and not days:
        faults.append("replications is empty")
    if faults:
        raise DataFileError(joined_faults(str(path), faults))
    return Seeds(**values)
