"""A place by name into a `City`: streets, zones, travellers, parking and lines, put together from their files.

Zones, gates, lines and sites are known by coordinates, so they attach to whatever streets the place has. What could
not be attached stands in `City.notes`, in sentences.
"""

import dataclasses
import datetime

from twin.city.city import City
from twin.clock import TimeWindow
from twin.demand.choosers import draw_with_choosers
from twin.demand.parking_supply import sites_of
from twin.demand.private_parking import private_sites_of
from twin.demand.sampling import MORNING, draw_demand
from twin.demand.whole_days import draw_whole_days
from twin.errors import DemandError
from twin.files.barrier_files import read_places_of
from twin.files.catalogue import demand_folder, network_folder
from twin.files.demand_files import read_demand
from twin.files.line_files import read_lines
from twin.files.network_files import load_network, read_passport
from twin.files.screenline_files import read_screenlines
from twin.files.seed_files import read_seeds
from twin.transit.gtfs import lines_from_gtfs
from twin.transit.line_tables import build_lines

LINES_FILE = "bus_lines.csv"
FEED_FILE = "gtfs.zip"
"""Lines of a place as a GTFS feed; where it lies beside the streets, the tables are not read."""


def load_city(
    place: str,
    *,
    on: datetime.date | None = None,
    seed: int | None = None,
    hours: TimeWindow = MORNING,
    choosing: TimeWindow | None = None,
) -> City:
    """The city of a place on a day.

    `on` None: the day of the place's passport. `seed` draws the population; None: the one in seeds/seeds.toml. `hours`:
    when its travellers usually depart; sites are as full as when those begin; longer than
    a morning, who parked drives home again. `choosing`: when those do who may go by
    another mode; None: nobody may.
    Travellers and sites stand on the streets of the passport's day whatever `on` is, so that opening a street
    moves nobody. Signals are not planned here.
    """
    folder = network_folder(place)
    passport = read_passport(folder)
    network, _ = load_network(place)
    settled = network.open_on(passport.city_date)
    inputs = read_demand(demand_folder(place))
    population = read_seeds().population if seed is None else seed
    is_whole_day = hours.duration_s > MORNING.duration_s
    if choosing is not None and is_whole_day:
        raise DemandError(
            f"{place}: people change mode only in studies of a morning (--window 07:00-09:00), not of {hours}"
        )
    if choosing is None:
        draw = draw_whole_days if is_whole_day else draw_demand
        demand = draw(settled, inputs, seed=population, window=hours)
    else:
        demand = draw_with_choosers(settled, inputs, seed=population, window=hours, choosing=choosing)
    city = City(
        place=place,
        title=passport.title,
        date=on or passport.city_date,
        network=network,
        zones=inputs.zones,
        sites=sites_of(settled, inputs, start_s=hours.start_s, turns_over=is_whole_day),
        private_sites=private_sites_of(settled, inputs),
        demand=demand,
        screenlines=read_screenlines(demand_folder(place)),
        places=read_places_of(folder),
        notes=tuple(demand.tables["notes"]["note"]),
    )
    if (folder / FEED_FILE).is_file():
        lines, notes = lines_from_gtfs(folder / FEED_FILE, city.open_network(), on=passport.city_date)
        return dataclasses.replace(city, lines=lines, notes=(*city.notes, *notes))
    if not (folder / LINES_FILE).is_file():
        return city
    runs_a_day = passport.bus.runs_a_day if passport.bus else None
    lines, notes = build_lines(*read_lines(folder), city.open_network(), runs_a_day=runs_a_day)
    return dataclasses.replace(city, lines=lines, notes=(*city.notes, *notes))
