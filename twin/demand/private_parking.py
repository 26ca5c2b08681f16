"""Spaces of homes and offices: how many there are and how full, so that a measure can share them by hours.

One lot for the homes and one for the offices of a zone, at its two largest street points. Travellers with a place of
their own park there and need no story, so these spaces count in no run until strangers may use a part of them.
"""

from collections.abc import Iterator

import numpy as np

from twin.city.network import Network
from twin.city.parking import Access, ParkingSite, Tariff
from twin.demand.inputs import DemandInputs
from twin.demand.zones import StreetPoints, street_points

_ASSUMED = frozenset({"name", "lon", "lat", "link_id", "spaces", "occupied_at_start", "tariff"})
_WORDS = {"home": "居住区泊位", "office": "单位泊位"}


def private_sites_of(
    network: Network, inputs: DemandInputs, points: StreetPoints | None = None
) -> tuple[ParkingSite, ...]:
    """Private lots in order of id, all assumed; homes admit holders of permits, offices their staff."""
    if points is None:
        points = street_points(network, inputs.zones, inputs.demand.loading)
    return tuple(sorted(_lots(points, inputs), key=lambda site: site.id))


def _lots(points: StreetPoints, inputs: DemandInputs) -> Iterator[ParkingSite]:
    supply = inputs.parking.supply
    for number, zone in enumerate(points.zones):
        start, count = int(points.start[number]), int(points.counts[number])
        if zone.kind != "zone" or count == 0:
            continue
        largest = start + np.argsort(-points.weights[start : start + count], kind="stable")
        kinds: tuple[tuple[str, Access, float], ...] = (
            ("home", "permit", zone.residents * supply.home_spaces_per_resident),
            ("office", "staff", zone.jobs * supply.office_spaces_per_job),
        )
        for place, (kind, access, spaces) in enumerate(kinds):
            if round(spaces) > 0:
                point = points.points[int(largest[place % count])]
                yield ParkingSite(
                    id=f"{zone.id}-{kind}",
                    name=f"{zone.name} {_WORDS[kind]}",
                    kind="lot",
                    lon=point.lon,
                    lat=point.lat,
                    link_id=point.link_id,
                    zone_id=zone.id,
                    spaces=round(spaces),
                    tariff=Tariff(),
                    assumed=_ASSUMED,
                    access=access,
                )
