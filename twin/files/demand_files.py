"""Demand on disk: a folder with `passport.toml`, `zones.csv`, `demand.toml`, `parking.toml` and, where there are any,
tables of trips `od_<purpose>.csv`, which take the place of the gravity model, and of parking sites. Checked here.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from twin.city.network import ROAD_CLASSES
from twin.city.zones import Zone
from twin.clock import TimeWindow
from twin.demand.inputs import (
    OD_PURPOSES,
    PERSON_MODES,
    PURPOSES,
    DemandInputs,
    DemandPassport,
    DemandSettings,
    KnownSite,
    ParkingSettings,
    Profile,
    SourcedValue,
)
from twin.demand.parking_supply import window_of
from twin.errors import DataFileError, joined_faults
from twin.files.parking_files import PARKING_SITES_FILE, read_parking_sites
from twin.files.sourced_toml import MOST_FAULTS, SourcedToml
from twin.files.toml_values import nearest_name

FORMAT = "twin-demand/1"
ZONE_COLUMNS = {
    "id": "the zone, unique",
    "name": "what people call it",
    "kind": "zone or gate",
    "district": "district of a zone; kind of a gate, as in demand.toml [gates.kinds]",
    "lon": "WGS-84 degrees",
    "lat": "WGS-84 degrees",
    "area_km2": "area; empty for a gate",
    "residents": "people who live there; empty for a gate",
    "jobs": "people who work there; empty for a gate",
    "assumed": "columns that nobody observed, separated by blanks",
}
OD_COLUMNS = {
    "origin": "id of the zone or gate (of the home, for work, school, business and other)",
    "destination": "id of the zone or gate",
    "trips": "a day: person trips one way, or vehicles for through and freight",
}
_SUM_SLACK = 0.002
"""Shares written to four digits may miss a total of 1 by so much."""


def read_demand(folder: Path) -> DemandInputs:
    """Zones, settings and tables of a folder. Raises DataFileError with all faults of all its files."""
    passport_file = SourcedToml(folder / "passport.toml", expected_format=FORMAT, holds="what this demand is")
    demand_file = SourcedToml(folder / "demand.toml", expected_format=FORMAT, holds="trips, modes and hours")
    parking_file = SourcedToml(folder / "parking.toml", expected_format=FORMAT, holds="public spaces and stays")
    passport = passport_file.table(DemandPassport, passport_file.document, sourced=False)
    demand = demand_file.table(DemandSettings, demand_file.document)
    parking = parking_file.table(ParkingSettings, parking_file.document)
    zones, zone_faults = _read_zones(folder / "zones.csv")
    listed, site_faults = read_parking_sites(folder)
    if parking is not None:
        parking = replace(parking, sites=(*parking.sites, *listed))
    if passport is not None:
        for file in (demand_file, parking_file):
            file.faults += _citation_faults(file.sources, passport.citations)
    if demand is not None:
        demand_file.faults += _demand_faults(demand, parking)
        zone_faults += _gate_faults(zones, demand)
    if parking is not None:
        parking_file.faults += _parking_faults(parking)
    tables, table_messages = _read_tables(folder, zones)
    messages = [*passport_file.message(), *demand_file.message(), *parking_file.message(), *table_messages]
    if site_faults:
        messages.append(joined_faults(str(folder / PARKING_SITES_FILE), _shortened(site_faults)))
    if zone_faults:
        messages.insert(0, joined_faults(str(folder / "zones.csv"), _shortened(zone_faults)))
    if messages or passport is None or demand is None or parking is None:
        raise DataFileError("\n".join(messages))
    return DemandInputs(
        zones=tuple(zones),
        demand=demand,
        parking=parking,
        passport=passport,
        od_tables=tables,
        sources=(*demand_file.sources, *parking_file.sources),
    )


def _read_zones(path: Path) -> tuple[list[Zone], list[str]]:
    table, faults = _read_csv(path, ZONE_COLUMNS, "zones and gates of the place")
    zones: list[Zone] = []
    if faults:
        return zones, faults
    numbers: dict[str, pd.Series[float]] = {}
    for name in ("lon", "lat", "area_km2", "residents", "jobs"):
        is_optional = name not in ("lon", "lat")
        numbers[name], bad = _numbers(table[name], empty_is_zero=is_optional)
        faults += [f"row {i + 2}: {name} is {table[name][i]!r}, must be a number" for i in table.index[bad]]
        if is_optional:
            negative = table.index[numbers[name] < 0]
            faults += [f"row {i + 2}: {name} is {table[name][i]}, must not be negative" for i in negative]
    outside = (numbers["lon"].abs() > 180) | (numbers["lat"].abs() > 85)
    faults += [f"row {i + 2}: no longitude and latitude in degrees" for i in table.index[outside]]
    faults += [f"row {i + 2}: a second {table['id'][i]!r}" for i in table.index[table["id"].duplicated()]]
    faults += [f"row {i + 2}: id is empty" for i in table.index[table["id"].eq("")]]
    for i in table.index[~table["kind"].isin(["zone", "gate"])]:
        faults.append(f"row {i + 2}: kind is {table['kind'][i]!r}. {nearest_name(table['kind'][i], ['zone', 'gate'])}")
    for i in table.index:
        for word in table["assumed"][i].split():
            if word not in ZONE_COLUMNS:
                faults.append(f"row {i + 2}: assumed names {word!r}, no column. {nearest_name(word, ZONE_COLUMNS)}")
    if faults:
        return zones, faults
    for i in table.index:
        zones.append(
            Zone(
                id=table["id"][i],
                name=table["name"][i],
                kind="gate" if table["kind"][i] == "gate" else "zone",
                district=table["district"][i],
                lon=float(numbers["lon"][i]),
                lat=float(numbers["lat"][i]),
                area_km2=float(numbers["area_km2"][i]),
                residents=float(numbers["residents"][i]),
                jobs=float(numbers["jobs"][i]),
                assumed=frozenset(table["assumed"][i].split()),
            )
        )
    return zones, faults


def _read_tables(folder: Path, zones: list[Zone]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    tables: dict[str, pd.DataFrame] = {}
    messages: list[str] = []
    zone_ids = {zone.id for zone in zones}
    for path in sorted(folder.glob("od_*.csv")):
        purpose = path.stem.removeprefix("od_")
        if purpose not in OD_PURPOSES:
            messages.append(f"{path}: no purpose {purpose!r}. {nearest_name(purpose, OD_PURPOSES)}")
            continue
        table, faults = _read_csv(path, OD_COLUMNS, "trips between zones")
        if not faults:
            trips, bad = _numbers(table["trips"])
            faults += [f"row {i + 2}: trips is {table['trips'][i]!r}, must be a number" for i in table.index[bad]]
            faults += [f"row {i + 2}: trips is {trips[i]:g}, must not be negative" for i in table.index[trips < 0]]
            for end in ("origin", "destination"):
                for i in table.index[~table[end].isin(list(zone_ids))] if zone_ids else []:
                    faults.append(f"row {i + 2}: no zone {table[end][i]!r}. {nearest_name(table[end][i], zone_ids)}")
            repeated = table.index[table.duplicated(["origin", "destination"])]
            faults += [f"row {i + 2}: {table['origin'][i]} to {table['destination'][i]} again" for i in repeated]
            tables[purpose] = table.assign(trips=trips).sort_values(["origin", "destination"], ignore_index=True)
        if faults:
            messages.append(joined_faults(str(path), _shortened(faults)))
    return tables, messages


def _read_csv(path: Path, columns: Mapping[str, str], holds: str) -> tuple[pd.DataFrame, list[str]]:
    """The named columns as text without blanks around it, and which are missing. Further columns are left aside."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataFileError(f"{path}: no such file; it should hold the {holds}") from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataFileError(f"{path}: not a CSV table in UTF-8 ({error})") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        present = list(table.columns)
        return table, [f"no column {name!r} ({columns[name]}). {nearest_name(name, present)}" for name in missing]
    return table[list(columns)].apply(lambda column: column.str.strip()), []


def _numbers(texts: "pd.Series[str]", *, empty_is_zero: bool = False) -> tuple["pd.Series[float]", "pd.Series[bool]"]:
    filled = texts.mask(texts.eq(""), "0") if empty_is_zero else texts
    numbers = pd.to_numeric(filled, errors="coerce").astype("float64")
    bad = numbers.isna() | numbers.abs().eq(math.inf)
    return numbers.mask(bad, 0.0), bad


def _citation_faults(sources: list[SourcedValue], citations: Mapping[str, str]) -> list[str]:
    return [
        f"{source.key}: tag {source.tag} is not among the citations of passport.toml"
        for source in sources
        if source.tag.startswith("F:") and source.tag not in citations
    ]


def _demand_faults(settings: DemandSettings, parking: ParkingSettings | None) -> list[str]:
    faults = []
    for name in settings.purposes:
        if name not in PURPOSES:
            faults.append(f"purposes.{name}: unknown purpose. {nearest_name(name, PURPOSES)}")
    for name in settings.loading.class_weights:
        if name not in ROAD_CLASSES:
            faults.append(f"loading.class_weights.{name}: unknown class. {nearest_name(name, ROAD_CLASSES)}")
    faults += _total_faults("purposes.*.share_of_trips", [p.share_of_trips for p in settings.purposes.values()])
    for key, profile in _profiles(settings).items():
        faults += _total_faults(key, [*profile.quarters_05_10, *profile.other_hours])
    faults += _mode_faults(settings)
    for number, ban in enumerate(settings.lorries.bans, start=1):
        try:
            TimeWindow.between(ban.start, ban.end)
        except ValueError as error:
            faults.append(f"lorries.bans[{number}]: {error}")
    ends = {"gates.ends_at": settings.gates.ends_at}
    for name, purpose in settings.purposes.items():
        ends |= {f"purposes.{name}.starts_at": purpose.starts_at, f"purposes.{name}.ends_at": purpose.ends_at}
    for key, end in ends.items():
        if parking is not None and end not in parking.ends:
            faults.append(f"{key} is {end!r}, not in parking.toml [ends]. {nearest_name(end, parking.ends)}")
    for key, share in _travel_shares(settings).items():
        if share > 1:
            faults.append(f"{key} is {share:g}, must be above 0 and at most 1")
    return faults


def _travel_shares(settings: DemandSettings) -> dict[str, float]:
    shares = {f"purposes.{name}.travels_share": purpose.travels_share for name, purpose in settings.purposes.items()}
    return shares | {
        "gates.travels_share": settings.gates.travels_share,
        "lorries.travels_share": settings.lorries.travels_share,
    }


def _profiles(settings: DemandSettings) -> dict[str, Profile]:
    profiles = {"gates.profile": settings.gates.profile, "lorries.profile": settings.lorries.profile}
    for name, purpose in settings.purposes.items():
        profiles |= {f"purposes.{name}.outward": purpose.outward, f"purposes.{name}.homeward": purpose.homeward}
    return profiles


def _mode_faults(settings: DemandSettings) -> list[str]:
    faults = []
    bands = settings.modes.bands_km
    if any(later <= earlier for earlier, later in itertools.pairwise(bands)):
        faults.append(f"modes.bands_km is {list(bands)}, must rise")
    for name in settings.purposes:
        if name not in settings.modes.shares:
            faults.append(f"modes.shares.{name} is missing")
    for name, shares in settings.modes.shares.items():
        if name not in settings.purposes:
            faults.append(f"modes.shares.{name}: unknown purpose. {nearest_name(name, settings.purposes)}")
        for mode in [mode for mode in shares if mode not in PERSON_MODES]:
            faults.append(f"modes.shares.{name}.{mode}: unknown mode. {nearest_name(mode, PERSON_MODES)}")
        wrong = [mode for mode, values in shares.items() if len(values) != len(bands) + 1]
        for mode in wrong:
            faults.append(f"modes.shares.{name}.{mode} has {len(shares[mode])} entries, must have {len(bands) + 1}")
        if not wrong and shares:
            for band in range(len(bands) + 1):
                values = [shares[mode][band] for mode in shares]
                faults += _total_faults(f"modes.shares.{name}, band {band + 1}", values)
    return faults


def _parking_faults(settings: ParkingSettings) -> list[str]:
    faults = []
    for name, end in settings.ends.items():
        if end.own_place + end.drop_off > 1:
            faults.append(f"ends.{name}: own_place and drop_off together are over 1")
    if settings.supply.kerb_spaces < settings.supply.kerb_sites:
        faults.append("supply.kerb_sites is more than supply.kerb_spaces, must leave each site a space")
    if settings.supply.kerb_spaces and not settings.supply.kerb_sites:
        faults.append("supply.kerb_sites is 0, must be at least 1 where there are kerb spaces")
    for site in settings.sites:
        faults += _site_faults(site)
    ids = [site.id for site in settings.sites]
    faults += [f"sites: a second {name!r}" for name in sorted({name for name in ids if ids.count(name) > 1})]
    return faults


def _site_faults(site: KnownSite) -> list[str]:
    """What is wrong with the hours and numbers of a site that a person wrote down."""
    faults = []
    for name in ("open_hours", "shared_hours"):
        try:
            _ = window_of(getattr(site, name)) if getattr(site, name) else None
        except ValueError as error:
            faults.append(f"site {site.id}: {name}: {error}")
    for name in ("half_hour_yuan", "first_half_hour_yuan", "gate_s"):
        value = getattr(site, name)
        if value is not None and not 0.0 <= value < 10_000.0:
            faults.append(f"site {site.id}: {name} is {value:g}, must not be negative")
    if site.charging_spaces > site.spaces:
        faults.append(f"site {site.id}: {site.charging_spaces} charging_spaces are more than its {site.spaces} spaces")
    if site.side and site.kind != "kerb":
        faults.append(f"site {site.id}: side is {site.side!r}, only kerb spaces have one")
    return faults


def _total_faults(key: str, shares: list[float]) -> list[str]:
    total = math.fsum(shares)
    return [] if abs(total - 1.0) <= _SUM_SLACK else [f"{key}: shares add up to {total:.4f}, must be 1"]


def _gate_faults(zones: list[Zone], settings: DemandSettings) -> list[str]:
    kinds = settings.gates.kinds
    return [
        f"gate {zone.id}: no kind {zone.district!r} in demand.toml [gates.kinds]. {nearest_name(zone.district, kinds)}"
        for zone in zones
        if zone.kind == "gate" and zone.district not in kinds
    ]


def _shortened(faults: list[str]) -> list[str]:
    if len(faults) <= MOST_FAULTS:
        return faults
    return [*faults[:MOST_FAULTS], f"and {len(faults) - MOST_FAULTS} more"]
