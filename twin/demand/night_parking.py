"""The deficit of spaces at night: cars that residents keep, against the spaces they may leave them in at 02:00.

An account by zone, not a run: at that hour nearly nobody drives. Every space of the zone counts, whoever's it is, but
for office spaces, which count only where they are shared over the night.
"""

from collections.abc import Mapping

import pandas as pd

from twin.city.city import City
from twin.demand.inputs import DemandInputs

NIGHT_S = 2 * 3600.0
"""02:00, when standards count (GB/T 51149: demand at the hour of its peak)."""

STAY_S = 4 * 3600.0  # a car that stands at 02:00 stays until 06:00 at least

NIGHT_COLUMNS = {
    "zone_id": "the zone",
    "district": "its district",
    "cars": "cars that its residents keep (assumed share of residents)",
    "home_spaces": "spaces of homes",
    "public_spaces": "public spaces one may stay in from 02:00 to 06:00, private ones shared then included",
    "deficit": "cars without a space; 0 where there is one for each",
}


def night_deficit(city: City, inputs: DemandInputs) -> pd.DataFrame:
    """One row a zone with NIGHT_COLUMNS, in order of zone id."""
    home: dict[str, int] = {}
    public: dict[str, int] = {}
    for site in city.private_sites:
        if site.access == "permit":
            home[site.zone_id] = home.get(site.zone_id, 0) + site.spaces
    for site in city.open_sites:
        if site.admits(NIGHT_S, STAY_S, has_permit=True):
            public[site.zone_id] = public.get(site.zone_id, 0) + site.spaces
    rows = []
    for zone in sorted((z for z in city.zones if z.kind == "zone"), key=lambda z: z.id):
        cars = round(zone.residents * inputs.parking.supply.cars_per_resident)
        places = home.get(zone.id, 0), public.get(zone.id, 0)
        rows.append((zone.id, zone.district, cars, *places, max(0, cars - sum(places))))
    return pd.DataFrame(rows, columns=list(NIGHT_COLUMNS))


def night_accounts(cities: Mapping[str, City], inputs: DemandInputs) -> list[dict[str, str | int]]:
    """One row a district, in order: its cars at night and, for each city given, spaces and cars without one.

    Deficits are of zones, summed: a space in one zone is no help to a car in another.

    Keys: `district`, `cars`, and for each name of `cities` `spaces_NAME` and `deficit_NAME`. No rows where nobody knows
    of spaces at homes.
    """
    if not all(city.private_sites for city in cities.values()):
        return []
    rows: dict[str, dict[str, str | int]] = {}
    for name, city in cities.items():
        zones = night_deficit(city, inputs)
        zones["spaces"] = zones["home_spaces"] + zones["public_spaces"]
        sums = zones.groupby("district", sort=True)[["cars", "spaces", "deficit"]].sum()
        for district, cars, spaces, deficit in sums.itertuples():
            row = rows.setdefault(str(district), {"district": str(district), "cars": int(cars)})
            row |= {f"spaces_{name}": int(spaces), f"deficit_{name}": int(deficit)}
    return [rows[district] for district in sorted(rows)]
