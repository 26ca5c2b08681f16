"""Vehicle classes: how much road each takes, and how fast it may go."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VehicleClass:
    """A kind of vehicle. `pcu`: passenger car units; `max_speed_mps` None: as the road allows."""

    name: str
    pcu: float
    max_speed_mps: float | None = None


VEHICLE_CLASSES = {
    # PCU of CJJ 37-2012 table 3.1.2: car 1.0, large bus 2.0, large truck 2.5. E-bike in mixed traffic: 0.3
    # (range 0.2–0.4 in Chinese practice, assumed).
    "car": VehicleClass("car", 1.0),
    "bus": VehicleClass("bus", 2.0, 60 / 3.6),
    "truck": VehicleClass("truck", 2.5, 70 / 3.6),
    "ebike": VehicleClass("ebike", 0.3, 25 / 3.6),
}
