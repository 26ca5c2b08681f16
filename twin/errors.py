"""The errors a person can act on. Each message says where, what, what is allowed, and what to do next.

A simulation outcome (gridlock, a full car park, an unfinished trip) is a result, never an error.
"""


class TwinError(Exception):
    """Base of all errors a user can mend; the command line prints the message and exits with `exit_status`."""

    exit_status = 2


class NetworkError(TwinError):
    """A street network, a map file or a bus line that cannot be used."""


class DemandError(TwinError):
    """Zones, tables or trips that cannot be used."""


class ScenarioError(TwinError):
    """A scenario document or measure that cannot be carried out."""


class DataFileError(TwinError):
    """A file that is missing, of the wrong format or version, or damaged."""


class SimulationError(TwinError):
    """A run that could not be completed (not a bad outcome: those are results)."""

    exit_status = 3


def joined_faults(where: str, faults: list[str]) -> str:
    """All faults of one file as one message, so that a person mends them in one go."""
    if len(faults) == 1:
        return f"{where}: {faults[0]}"
    return "\n".join([f"{where}: {len(faults)} faults", *(f"  - {fault}" for fault in faults)])
