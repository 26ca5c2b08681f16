"""What people weigh when they choose how to go, on disk: `mode_choice.toml`, checked at the door."""

from pathlib import Path

from twin.demand.inputs import CHOICE_MODES, PURPOSES, ChoiceSettings, SourcedValue
from twin.errors import DataFileError
from twin.files.catalogue import demand_folder, homes
from twin.files.sourced_toml import SourcedToml
from twin.files.toml_values import nearest_name

FORMAT = "twin-mode-choice/1"
CHOICE_FILE = "mode_choice.toml"


def choice_path(place: str) -> Path:
    """The file that holds for a place: its own beside its demand, else the one for all. Raises DataFileError."""
    own = demand_folder(place) / CHOICE_FILE
    for path in (own, *(home / "seeds" / CHOICE_FILE for home in homes())):
        if path.is_file():
            return path
    raise DataFileError(f"seeds/{CHOICE_FILE}: found in no home; reinstall the package or set TWIN_HOME.")


def read_choice(path: Path) -> tuple[ChoiceSettings, tuple[SourcedValue, ...]]:
    """The settings of a file, and where each value is from. Raises DataFileError with all faults."""
    file = SourcedToml(path, expected_format=FORMAT, holds="what people weigh when they choose how to go")
    settings = file.table(ChoiceSettings, file.document)
    if settings is not None:
        file.faults += _faults(settings)
    if file.message() or settings is None:
        raise DataFileError("\n".join(file.message()))
    return settings, tuple(file.sources)


def _faults(settings: ChoiceSettings) -> list[str]:
    faults = []
    for key in ("driver_time_yuan_per_h", "purpose_scale"):
        given = getattr(settings, key)
        faults += [f"{key}.{name} is missing" for name in PURPOSES if name not in given]
        faults += [
            f"{key}.{name}: unknown purpose. {nearest_name(name, PURPOSES)}" for name in given if name not in PURPOSES
        ]
    listed = [mode for nest in settings.nests.values() for mode in nest.modes]
    for mode in CHOICE_MODES:
        if listed.count(mode) != 1:
            faults.append(f"nests: {mode} stands in {listed.count(mode)} nests, must stand in one")
    return faults
