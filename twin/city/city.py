"""The city: the one thing measures change and the engine drives."""

import datetime
from dataclasses import dataclass, replace

from twin.city.network import Network
from twin.city.parking import AS_IT_IS, ParkingPolicy, ParkingSite
from twin.city.places import KnownPlace
from twin.city.screenlines import Screenline
from twin.city.signals import SignalOrder, SignalPlan
from twin.city.transit import BusLine
from twin.city.trips import Demand
from twin.city.zones import Zone


@dataclass(frozen=True, eq=False)
class City:
    """Streets, zones, parking, lines, signals and travellers of a place on a date.

    `network` holds every link on record; the links one may drive on `date` are `open_network()`.
    """

    place: str
    title: str
    date: datetime.date
    network: Network
    zones: tuple[Zone, ...] = ()
    sites: tuple[ParkingSite, ...] = ()
    private_sites: tuple[ParkingSite, ...] = ()  # of homes and offices: nobody else's until a measure shares them
    parking: ParkingPolicy = AS_IT_IS
    lines: tuple[BusLine, ...] = ()
    signals: tuple[SignalPlan, ...] = ()
    signal_orders: tuple[SignalOrder, ...] = ()  # what measures want of signals; a study carries it out
    demand: Demand | None = None  # None: trips come from elsewhere, e.g. a table given to `simulate`
    screenlines: tuple[Screenline, ...] = ()
    places: tuple[KnownPlace, ...] = ()  # schools, hospitals …: what residents want to reach
    reroute_share: float = 0.0  # of drivers, who hear of other ways on the road
    notes: tuple[str, ...] = ()  # what the builder could not do, in sentences

    def open_network(self) -> Network:
        """The streets that may be driven on the city's date."""
        return self.network.open_on(self.date)

    def on(self, day: datetime.date) -> "City":
        """The same city on another day: other links and sites are open."""
        return replace(self, date=day)

    @property
    def open_sites(self) -> tuple[ParkingSite, ...]:
        """Parking sites in use on the city's date."""
        return tuple(s for s in self.sites if s.opened_on is None or s.opened_on <= self.date)
