"""Known places of a city: schools, hospitals and whatever else its table names. Not zones: nobody is drawn from
them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place by name and kind ("school", "hospital", …), WGS-84 degrees."""

    name: str
    kind: str
    lon: float
    lat: float
