"""Parking on one day, as drivers meet it: spaces, gates, what each knows, and what of the search is written down.

The story is told in `driver`; here are the answers to its questions.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin import chance
from twin.city.parking import AS_IT_IS, ParkingPolicy, ParkingSite
from twin.records import INTERVAL_S
from twin.sim.environment import Environment, Story
from twin.sim.flow import Flow
from twin.sim.lanes_taken import ILLEGAL_LANES, LanesTaken
from twin.sim.parking_gates import Gate
from twin.sim.parking_knowledge import Knowledge, Knows, after_seen_full
from twin.sim.parking_search import (
    FARTHEST_WALK_M,
    FULL_COST_S,
    WALK_MPS,
    YUAN_S,
    Leg,
    Near,
    Plan,
    SearchMap,
    walk_cost_s,
)
from twin.sim.parking_stock import ParkingStock

Floats = NDArray[np.float64]

PATIENCE_S = 900.0  # longest search (assumed; 3.5–13.9 min in sixteen studies of cruising)
MORE_COST_S = 1.6
"""By so many seconds of cost a second of search lets a driver accept more: 30 m of walk a minute, there and back
(PARKAGENT: Benenson, Martens & Birfir 2008)."""

GUIDED_FROM_M = 1000.0  # so far before the end of the usual way guidance decides (assumed: boards stand on arterials)
WAIT_WEIGHT = 2.0  # a minute in line costs as much as two of driving (as waiting for buses)
BELIEVED_STAY_S = 4 * 3600.0  # who waits at a full site believes that its cars stay so long (assumed)
RISK_TAKEN_YUAN = 10.0
"""Of those who found nothing, so many stop where it is forbidden that the share falls by e with each such sum of
expected fine (assumed): one in e at the default of 100 yuan for one stop in ten."""

FIRST_SITE_AGENT = 1 << 46  # cars parked at the start leave after drivers and buses of the same instant


@dataclass(frozen=True, slots=True)
class Errand:
    """What one driver is out for. `destination`: metres in the network's own system; `stay_s`: time at it."""

    traveller: int
    route: NDArray[np.int32]  # segments to the site of first choice
    last_link: int  # index of the route's last link; −1: starts at the site's own junction
    site: int
    destination: tuple[float, float]
    stay_s: float
    knows: Knows = "nothing"
    books: bool = False
    has_permit: bool = False
    patience_s: float = PATIENCE_S


@dataclass(slots=True)
class Fate:
    """What became of a driver; times in s, None where it has not happened."""

    vehicle: int = -1
    here: int = -1  # link at whose end the driver stands; −1: has not driven
    is_aside: bool = True  # off the road
    site: int = -1
    booked: int = -1
    parked_at_s: float | None = None
    gave_up_at_s: float | None = None
    search_began_s: float | None = None
    search_m: float = 0.0  # driven in search, of which `local_m` in streets that the network does not have
    local_m: float = 0.0
    walk_m: float = 0.0
    gate_s: float = 0.0
    fee_yuan: float = 0.0
    how: str = ""  # one of records.PARKED_HOW
    searched: int = 0  # sites found full
    seen_full: dict[int, float] = field(default_factory=dict)  # site → when
    set_out_s: float | None = None  # of a way back; None: as planned, or not yet
    has_no_way: bool = False  # home from where the car stands


class ParkingDay:
    """The parking of one day. `usual`: chances of a space that earlier days taught, (n_sites, SLOTS). `own_cars`: of
    the cars at each site at the start those whose drivers are told of and set out today; None: none of them."""

    def __init__(
        self,
        env: Environment,
        flow: Flow,
        search: SearchMap,
        *,
        policy: ParkingPolicy = AS_IT_IS,
        usual: Floats | None = None,
        lanes: LanesTaken | None = None,
        seed: int = 0,
        own_cars: NDArray[np.int64] | None = None,
    ) -> None:
        self.env = env
        self.search = search
        self.policy = policy
        self._own_cars = np.zeros(len(search.sites), dtype=np.int64) if own_cars is None else own_cars
        self.stock = ParkingStock(
            [_with_at_least(site, n) for site, n in zip(search.sites, self._own_cars.tolist(), strict=True)],
            delay_s=self.policy.guidance_delay_s,
        )
        self.lanes = lanes or LanesTaken(flow, search.tables)
        self.seed = seed
        self._knowledge = Knowledge(self.stock, usual)
        self._gates: dict[int, Gate] = {}
        self._link_mm = search.tables.link_mm
        self._searched: list[tuple[NDArray[np.integer], float, float]] = []
        self._illegal: list[tuple[int, float]] = []

    def cars_there_at_start(self) -> Iterator[tuple[Story, int]]:
        """A story for each site whose first cars leave during the run, with its agent."""
        for number, site in enumerate(self.search.sites):
            if site.start_stay_s is not None and site.occupied_at_start > 0:
                yield self._leave_in_turn(number, site.start_stay_s), FIRST_SITE_AGENT + number

    def _leave_in_turn(self, site: int, mean_s: float) -> Story:
        there = min(self.search.sites[site].occupied_at_start, self.search.sites[site].spaces)
        cars = np.arange(max(0, there - int(self._own_cars[site])))
        stays_s = chance.exponential(self.seed, f"leaves {self.search.keys[site]}", cars) * mean_s
        start_s = self.env.now
        for at_s in np.sort(start_s + stays_s).tolist():
            yield self.env.timeout(at_s - self.env.now)
            self.stock.leave(site, self.env.now)

    def sets_out(self, site: int) -> Story:
        """A car that stood at a site since the start leaves it; how it drives on is another story."""
        self.stock.leave(site, self.env.now)
        yield from ()

    # --- plans ------------------------------------------------------------------------------------------------

    def book(self, errand: Errand, fate: Fate) -> bool:
        """Keep the space that costs least among the sites near the destination; False: all are full."""
        near, cost_s = self._costs(errand)
        for place in np.argsort(cost_s, kind="stable").tolist():
            site = int(near.sites[place])
            if math.isfinite(float(cost_s[place])) and self.stock.book(site, self.env.now):
                fate.booked = site
                return True
        return False

    def first_plan(self, errand: Errand, fate: Fate) -> Plan:
        """The usual way, with kerb spaces near the destination looked at; whoever is guided decides before its end."""
        route, search = errand.route, self.search
        if len(route) == 0:
            return Plan(errand.site if fate.booked < 0 else fate.booked, ())
        last = Leg(route, errand.last_link)
        if fate.booked == errand.site:
            return Plan(errand.site, (last,))
        if fate.booked >= 0 or errand.knows == "guidance":
            cut = search.cut_before_end(route, GUIDED_FROM_M)
            return Plan(-1, (Leg(route[:cut], search.tables.link_of(int(route[cut - 1]))),))
        legs = search.usual_legs(route, *errand.destination)
        return Plan(errand.site, legs, self._usual_cost_s(errand) if len(legs) > 1 or legs[0].kerbs else math.inf)

    def next_plan(self, errand: Errand, fate: Fate) -> Plan | None:
        """Where to look next from the end of the link one stands on; None: nowhere."""
        if fate.here < 0:
            return None
        if fate.booked >= 0:
            return self.search.way_to(fate.here, fate.booked)
        near, cost_s = self._costs(errand)
        if len(near.sites) == 0:
            return None
        now_s = self.env.now
        chances = self._knowledge.chances(errand.knows, near.sites, now_s)
        if not near.is_plain:
            chances = np.where(np.isfinite(cost_s), chances, 0.0)
        for site, seen_s in fate.seen_full.items():
            place = near.place.get(site)
            if place is not None:
                chances[place] *= after_seen_full(1.0, now_s - seen_s)
        return self.search.best(fate.here, near.sites, cost_s, chances)

    def rest_of_usual_way(self, errand: Errand, fate: Fate) -> Plan:
        """On to the site of first choice where no better way leads anywhere; a booking that cannot be reached ends."""
        if fate.booked >= 0:
            self.stock.cancel(fate.booked, self.env.now)
            fate.booked = -1
        cut = self.search.cut_before_end(errand.route, GUIDED_FROM_M)
        legs = (Leg(errand.route[cut:], errand.last_link),) if cut < len(errand.route) else ()
        return Plan(errand.site, legs)

    def farther_plan(self, errand: Errand, fate: Fate) -> Plan | None:
        """An off-street site beyond the usual walk, for whom patience has left; None: none may have a space."""
        if fate.here < 0:
            return None
        near = self.search.near(*errand.destination, within_m=FARTHEST_WALK_M)
        is_new = [not self.search.is_kerb[site] and site not in fate.seen_full for site in near.sites.tolist()]
        sites = near.sites[np.array(is_new, dtype=np.bool_)]
        if len(sites) == 0:
            return None
        stay_s = errand.stay_s
        sites = sites[self.search.is_admitted(sites, self.env.now, stay_s, errand.has_permit)]
        if len(sites) == 0:
            return None
        walk_s = walk_cost_s(np.hypot(*(self.search.xy[sites] - np.array(errand.destination)).T))
        cost_s = walk_s + self.search.price_s(sites, self.env.now, stay_s)
        return self.search.best(fate.here, sites, cost_s, self._knowledge.chances(errand.knows, sites, self.env.now))

    def _costs(self, errand: Errand) -> tuple[Near, Floats]:
        """Sites near the destination and what each costs beyond the drive (s); infinite where one may not stay."""
        near = self.search.near(*errand.destination)
        cost_s = self.search.beyond_s(near, self.env.now, errand.stay_s)
        if not near.is_plain:
            admitted = self.search.is_admitted(near.sites, self.env.now, errand.stay_s, errand.has_permit)
            cost_s = np.where(admitted, cost_s, np.inf)
        return near, cost_s

    def _usual_cost_s(self, errand: Errand) -> float:
        """What the site of first choice is expected to cost beyond the drive."""
        one = np.array([errand.site], dtype=np.int64)
        risk = 1.0 - float(self._knowledge.chances(errand.knows, one, self.env.now)[0])
        return self._cost_at_s(errand.site, errand) + risk * FULL_COST_S

    def _cost_at_s(self, site: int, errand: Errand) -> float:
        fee = self.search.sites[site].tariff.fee_yuan(errand.stay_s, from_s=self.env.now)
        return float(walk_cost_s(self.search.walk_m(site, *errand.destination))) + YUAN_S * fee

    # --- decisions --------------------------------------------------------------------------------------------

    def accepts(self, site: int, plan: Plan, errand: Errand, fate: Fate) -> bool:
        """Whether a kerb space seen in passing is good enough: no dearer than what the plan is expected to cost, and
        by the minute of search a little more. So who is near takes more easily, and so does who has searched long."""
        if not self.search.sites[site].admits(self.env.now, errand.stay_s, has_permit=errand.has_permit):
            return False
        searched_s = 0.0 if fate.search_began_s is None else self.env.now - fate.search_began_s
        return self._cost_at_s(site, errand) <= plan.cost_s + MORE_COST_S * searched_s

    def waits_at(self, site: int, errand: Errand, fate: Fate, plan: Plan | None) -> bool:
        """Whether a driver queues at the gate of a full site: it has a gate, he would not stand in the way of all
        behind, and the line seems to cost less than the next plan does. Lines seem to move as if cars stayed
        `BELIEVED_STAY_S`."""
        here = self.search.sites[site]
        if here.gate_s <= 0.0 or here.spaces <= 0 or not self._has_room_to_wait(site, fate):
            return False
        if plan is None:
            return True
        line_s = (self.stock.waiting(site) + 1 + self.gate(site).on_street) * BELIEVED_STAY_S / here.spaces
        return self._cost_at_s(site, errand) + WAIT_WEIGHT * line_s < plan.cost_s

    def _has_room_to_wait(self, site: int, fate: Fate) -> bool:
        """Room before the gate, or along a lane that is not the only one of the street."""
        gate = self.gate(site)
        if gate.has_room() or fate.is_aside:
            return True
        link = self.search.tables.network.links[fate.here]
        return link.lanes >= 2.0 and gate.on_street < link.length_m * link.jam_density_vpkm / 1000.0

    def stops_illegally(self, errand: Errand, fate: Fate) -> bool:
        """Whether a driver who found nothing stops where it is forbidden."""
        expected_yuan = self.policy.enforcement * self.policy.fine_yuan
        luck = chance.uniform_one(self.seed, "stops where it is forbidden", errand.traveller)
        return fate.here >= 0 and luck < math.exp(-expected_yuan / RISK_TAKEN_YUAN)

    def metres_to_free(self, site: int, errand: Errand, look: int) -> float:
        """How far a driver goes along local streets to the first free space: least of A places drawn evenly over the
        loop L, mean L / (A + 1); all of the loop where none is free."""
        free, loop_m = self.stock.free(site), self.search.sites[site].local_street_m
        if free <= 0:
            return loop_m
        luck = chance.uniform_one(self.seed, "where a space is free", errand.traveller, look)
        return loop_m * -math.expm1(math.log1p(-luck) / free)

    def gate(self, site: int) -> Gate:
        """The gate of a site."""
        if site not in self._gates:
            self._gates[site] = Gate(self.env, self.search.sites[site])
        return self._gates[site]

    def has_gate(self, site: int) -> bool:
        """Whether cars are let into a site one after another."""
        return self.search.sites[site].gate_s > 0.0

    def lanes_at(self, link: int) -> float:
        """Lanes of a link."""
        return self.search.tables.network.links[link].lanes

    def kerb_lane(self, link: int) -> int:
        """The segment at a link's end."""
        return int(self.search.tables.segment_start[link + 1]) - 1

    # --- what happens -----------------------------------------------------------------------------------------

    def sees_full(self, site: int, fate: Fate) -> None:
        """A driver finds a site full."""
        fate.searched += 1
        fate.seen_full[site] = self.env.now

    def begin_search(self, fate: Fate) -> None:
        """From now on a driver is in search, if he was not before."""
        if fate.search_began_s is None:
            fate.search_began_s = self.env.now

    def drove(self, leg: Leg, fate: Fate, began_s: float) -> None:
        """A driver has driven a leg; in search its links count as searched."""
        fate.here = leg.link
        fate.is_aside = False
        if fate.search_began_s is not None:
            links = self.search.tables.links_of(leg.segments) if leg.links is None else leg.links
            fate.search_m += float(np.add.reduce(self._link_mm[links])) / 1000.0
            self._searched.append((links, began_s, self.env.now))

    def searched_locally(self, metres: float, fate: Fate) -> None:
        """A driver has searched so far in local streets."""
        fate.local_m += metres
        fate.search_m += metres

    def parked(self, site: int, errand: Errand, fate: Fate, how: str) -> None:
        """A driver stands in a space of a site."""
        fate.site, fate.how, fate.parked_at_s = site, how, self.env.now
        fate.walk_m = self.search.walk_m(site, *errand.destination)
        stay_s = errand.stay_s + 2.0 * fate.walk_m / WALK_MPS
        fate.fee_yuan = self.search.sites[site].tariff.fee_yuan(stay_s, from_s=self.env.now)
        self.stock.pay(site, self.env.now, fate.fee_yuan, fate.gate_s)

    def stopped_illegally(self, errand: Errand, fate: Fate) -> None:
        """A driver stands where it is forbidden, takes part of a lane, and is fined with the chance of the policy."""
        fate.how, fate.parked_at_s = "illegal", self.env.now
        links = self.search.tables.network
        end = links.node_by_id[links.links[fate.here].to_node]
        x, y = self.search.xy_of(np.array([end.lon]), np.array([end.lat]))[0]
        fate.walk_m = math.hypot(x - errand.destination[0], y - errand.destination[1])
        is_fined = chance.uniform_one(self.seed, "is fined", errand.traveller) < self.policy.enforcement
        fate.fee_yuan = self.policy.fine_yuan if is_fined else 0.0
        self.lanes.take(self.kerb_lane(fate.here), ILLEGAL_LANES)
        self._illegal.append((fate.here, self.env.now))

    def drives_off(self, fate: Fate) -> None:
        """A driver comes back and leaves: the space, or the lane, is somebody else's at once."""
        if fate.how == "illegal":
            self.lanes.give_back(self.kerb_lane(fate.here), ILLEGAL_LANES)
        else:
            self.stock.leave(fate.site, self.env.now)

    # --- the books --------------------------------------------------------------------------------------------

    def cruising_table(self) -> pd.DataFrame:
        """Cars in search and illegal stops by link and quarter of an hour, columns as records.CRUISING_COLUMNS."""
        passed, at_s = _passages(self._searched, self.search.tables.link_mm)
        stopped = np.array([link for link, _ in self._illegal], dtype=np.int64)
        stopped_s = np.array([time_s for _, time_s in self._illegal], dtype=np.float64)
        link = np.concatenate([passed, stopped])
        interval = (np.concatenate([at_s, stopped_s]) // INTERVAL_S).astype(np.int64)
        is_stop = np.arange(len(link)) >= len(passed)
        order = np.lexsort((interval, link))
        link, interval, is_stop = link[order], interval[order], is_stop[order]
        is_first = np.ones(len(link), dtype=np.bool_)
        is_first[1:] = (link[1:] != link[:-1]) | (interval[1:] != interval[:-1])
        firsts = np.flatnonzero(is_first)
        ids = np.array([self.search.tables.network.links[i].id for i in link[firsts].tolist()], dtype=object)
        stops = np.add.reduceat(is_stop.astype(np.int64), firsts) if len(firsts) else np.zeros(0, dtype=np.int64)
        counts = np.diff(np.append(firsts, len(link)))
        return pd.DataFrame(
            {
                "link_id": pd.Series(ids, dtype="str"),
                "interval_start_s": interval[firsts] * INTERVAL_S,
                "searching": counts - stops,
                "illegal": stops,
            }
        )


def _with_at_least(site: ParkingSite, cars: int) -> ParkingSite:
    """The site with so many cars at the start, if it had fewer."""
    return site if cars <= site.occupied_at_start else replace(site, occupied_at_start=cars)


def _passages(
    legs: Sequence[tuple[NDArray[np.integer], float, float]], link_mm: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats]:
    """Links driven in search and when each was left: the leg's time spread over its links by length."""
    if not legs:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    links = np.concatenate([links for links, _, _ in legs]).astype(np.int64)
    counts = np.array([len(links) for links, _, _ in legs])
    began, ended = (np.repeat([leg[i] for leg in legs], counts) for i in (1, 2))
    along = np.cumsum(link_mm[links])
    starts = np.cumsum(counts) - counts
    before = np.repeat(np.append(0, along)[starts], counts)
    whole = np.repeat(along[starts + counts - 1], counts) - before
    return links, began + (ended - began) * (along - before) / whole
