"""Which site a driver heads for first, as a habit: the least expected cost, with experience of how full sites are.

A logit over the sites near the destination, one error per driver and site, so that a site added elsewhere changes
nobody's draw. What full sites teach is found in rounds: everybody chooses by the chances known so far, sites fill and
empty over an average day without traffic, and the share that found a space at each half-hour is what is known next.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin import chance
from twin.city.parking import ParkingPolicy
from twin.sim.parking_knowledge import SLOT_S, SLOTS, UNKNOWN_CHANCE
from twin.sim.parking_search import FULL_COST_S, LONGEST_WALK_M, MOST_CHOICES, YUAN_S, SearchMap, walk_cost_s

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CHOICE_SCALE_S = 600.0
"""Choice falls by e for so much more cost: with the walk that is 190 m one way (assumed: 500 m is accepted by one in
five, 200 m by nine in ten)."""

CROW_MPS = 7.0  # towards the site from where one comes: 33 km/h over a way 1.3 times as long as the crow's (assumed)
ROUNDS = 6


@dataclass(frozen=True, eq=False)
class Seekers:
    """Those who look for public spaces: traveller ids, where they come from and go to (m), usual arrival (s), stay (s),
    share of days on which they come, and whether they hold a permit."""

    travellers: Ints
    from_xy: Floats
    to_xy: Floats
    arrive_s: Floats
    stay_s: Floats
    weight: Floats
    has_permit: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class FirstChoices:
    """Site of first choice of each seeker, −1 where none is within a walk; `usual`: (n_sites, SLOTS), the chances of
    finding a space that earlier days taught."""

    site: Ints
    usual: Floats


def holds_permit(seed: int, travellers: Ints, policy: ParkingPolicy) -> NDArray[np.bool_]:
    """Whether each holds a parking permit."""
    return chance.uniform(seed, "holds a permit", travellers) < policy.permit_share


def first_choices(search: SearchMap, seed: int, seekers: Seekers, *, rounds: int = ROUNDS) -> FirstChoices:
    """Choose, fill the sites, learn, and choose again; chances are means over the rounds."""
    usual = np.full((len(search.sites), SLOTS), UNKNOWN_CHANCE)
    options = _options(search, seed, seekers)
    site = _chosen(options, usual, seekers)
    for number in range(1, rounds + 1):
        usual = usual + (_found_share(search, site, seekers) - usual) / number
        site = _chosen(options, usual, seekers)
    return FirstChoices(site, usual)


@dataclass(frozen=True, eq=False)
class _Options:
    """Sites that each seeker may choose, padded with −1: (n, k), and their utility without the risk of a full site."""

    site: Ints
    utility: Floats


def _options(search: SearchMap, seed: int, seekers: Seekers) -> _Options:
    n = len(seekers.travellers)
    places, group = np.unique(seekers.to_xy, axis=0, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(len(places) + 1))
    site = np.full((n, MOST_CHOICES), -1, dtype=np.int64)
    utility = np.full((n, MOST_CHOICES), -np.inf)
    prices = _Prices(search, seekers)
    for number, (x, y) in enumerate(places.tolist()):
        rows = order[bounds[number] : bounds[number + 1]]
        near = search.near(x, y)
        for column, candidate in enumerate(near.sites.tolist()):
            fit = rows if near.is_plain else rows[_admitted(search, candidate, seekers, rows)]
            if len(fit) == 0:
                continue
            luck = chance.uniform(seed, f"likes a site {search.keys[candidate]}", seekers.travellers[fit])
            gumbel = -np.log(-np.log(np.clip(luck, 1e-12, 1 - 1e-12)))
            away = seekers.from_xy[fit] - search.xy[candidate]
            cost_s = near.cost_s[column] + np.hypot(away[:, 0], away[:, 1]) / CROW_MPS
            cost_s = cost_s + prices.at(candidate)[fit]
            site[fit, column] = candidate
            utility[fit, column] = np.log(search.spaces[candidate]) - cost_s / CHOICE_SCALE_S + gumbel
    return _Options(site, utility)


class _Prices:
    """Fees of all stays in seconds of driving; stays that begin and last alike cost alike: asked once a tariff."""

    def __init__(self, search: SearchMap, seekers: Seekers) -> None:
        begins = (seekers.arrive_s // SLOT_S).astype(np.int64)
        lasts = np.ceil(seekers.stay_s / SLOT_S).astype(np.int64)
        kinds, back = np.unique(np.stack([begins, lasts], axis=1), axis=0, return_inverse=True)
        self._search = search
        self._kinds: list[list[int]] = kinds.tolist()
        self._kind_of = back.reshape(-1)
        self._of_tariff: dict[int, Floats] = {}

    def at(self, site: int) -> Floats:
        """What each seeker would pay at a site (s)."""
        tariff = int(self._search.tariff_of[site])
        if tariff not in self._of_tariff:
            one = np.array([site], dtype=np.int64)
            fees = [float(self._search.price_s(one, b * SLOT_S, n * SLOT_S)[0]) for b, n in self._kinds]
            self._of_tariff[tariff] = np.array(fees)[self._kind_of]
        return self._of_tariff[tariff]


def expected_costs_s(search: SearchMap, seekers: Seekers, usual: Floats, *, yuan_s: Floats) -> Floats:
    """What parking is expected to cost each seeker before he chooses a site (s of driving): walk, fee, search and risk.

    The logsum of the choice among sites, −S·ln Σ spaces·exp(−cost / S) with S = CHOICE_SCALE_S, so that a dearer site
    never makes parking cheaper (McFadden 1978; Williams 1977). `yuan_s`: what a yuan is worth to each. Where there is
    no site, as much as one full at the end of the longest walk.
    """
    none_s = float(walk_cost_s(LONGEST_WALK_M)) + FULL_COST_S
    cost_s = np.full(len(seekers.travellers), none_s)
    places, group = np.unique(seekers.to_xy, axis=0, return_inverse=True)
    order = np.argsort(group.reshape(-1), kind="stable")
    bounds = np.searchsorted(group.reshape(-1)[order], np.arange(len(places) + 1))
    slot = (seekers.arrive_s // SLOT_S).astype(np.int64) % SLOTS
    prices = _Prices(search, seekers)
    for number, (x, y) in enumerate(places.tolist()):
        rows = order[bounds[number] : bounds[number + 1]]
        near = search.near(x, y)
        if len(near.sites) == 0:
            continue
        beyond_s = np.empty((len(rows), len(near.sites)))
        for column, site in enumerate(near.sites.tolist()):
            risk = 1.0 - usual[site, slot[rows]]
            fee_s = prices.at(site)[rows] * (yuan_s[rows] / YUAN_S)
            beyond_s[:, column] = near.cost_s[column] + fee_s + risk * FULL_COST_S
            if not near.is_plain:
                beyond_s[~_admitted(search, site, seekers, rows), column] = np.inf
        spaces = search.spaces[near.sites]
        least_s = beyond_s.min(axis=1)
        may = np.flatnonzero(np.isfinite(least_s))
        weight = np.exp(-(beyond_s[may] - least_s[may, None]) / CHOICE_SCALE_S) @ spaces
        cost_s[rows[may]] = least_s[may] - CHOICE_SCALE_S * np.log(weight)
    return cost_s


def _admitted(search: SearchMap, site: int, seekers: Seekers, rows: Ints) -> NDArray[np.bool_]:
    """Whether each of these seekers may stay at the site, walks included."""
    admits = search.sites[site].admits
    stays = zip(seekers.arrive_s[rows].tolist(), seekers.stay_s[rows].tolist(), seekers.has_permit[rows], strict=True)
    return np.array([admits(from_s, stay_s, has_permit=bool(permit)) for from_s, stay_s, permit in stays], np.bool_)


def _chosen(options: _Options, usual: Floats, seekers: Seekers) -> Ints:
    """The option of most utility of each seeker, the risk of finding it full included."""
    if len(options.site) == 0:
        return np.zeros(0, dtype=np.int64)
    slot = (seekers.arrive_s // SLOT_S).astype(np.int64) % SLOTS
    risk = 1.0 - usual[np.maximum(options.site, 0), slot[:, None]] if len(usual) else np.zeros(options.site.shape)
    utility = options.utility - risk * (FULL_COST_S / CHOICE_SCALE_S)
    best = np.argmax(utility, axis=1)
    chosen: Ints = options.site[np.arange(len(best)), best]
    return chosen


def _found_share(search: SearchMap, site: Ints, seekers: Seekers) -> Floats:
    """Share of the drivers who find a space where they go first, by site and half-hour: (n_sites, SLOTS).

    An average day as a fluid: who finds none goes elsewhere and is forgotten. Nobody came: there was a space if any
    was free. Half-hours before the first arrival stay as they begin.
    """
    n_sites = len(search.sites)
    spaces = search.spaces.astype(np.float64)
    taken = np.minimum(spaces, np.array([s.occupied_at_start for s in search.sites], dtype=np.float64))
    share = np.where(spaces > taken, 1.0, 0.0)[:, None].repeat(SLOTS, axis=1)
    goes = np.flatnonzero(site >= 0)
    if len(goes) == 0:
        return share
    first = int(seekers.arrive_s[goes].min() // SLOT_S)
    comes = (seekers.arrive_s[goes] // SLOT_S).astype(np.int64) - first
    leaves = comes + np.ceil(seekers.stay_s[goes] / SLOT_S).astype(np.int64)
    n_slots = int(comes.max()) + 1
    where, weight = site[goes], seekers.weight[goes]
    order = np.argsort(comes, kind="stable")
    bounds = np.searchsorted(comes[order], np.arange(n_slots + 1))
    leaving = np.zeros((n_slots, n_sites))
    for slot in range(n_slots):
        taken = taken - leaving[slot]
        rows = order[bounds[slot] : bounds[slot + 1]]
        arrivals = np.bincount(where[rows], weights=weight[rows], minlength=n_sites)
        free = np.maximum(0.0, spaces - taken)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(arrivals > 0, np.minimum(1.0, free / arrivals), np.where(free >= 1.0, 1.0, 0.0))
        share[:, (first + slot) % SLOTS] = found
        taken = taken + found * arrivals
        stays = rows[leaves[rows] < n_slots]
        np.add.at(leaving, (leaves[stays], where[stays]), found[where[stays]] * weight[stays])
    if n_slots < SLOTS:
        later = (first + n_slots + np.arange(SLOTS - n_slots)) % SLOTS
        share[:, later] = share[:, [(first + n_slots - 1) % SLOTS]]
        share[:, : first % SLOTS] = share[:, [first % SLOTS]]
    return share
