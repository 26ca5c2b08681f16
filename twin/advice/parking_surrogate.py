"""A quick model of a morning's public parking: a queueing network without streets, to value places before simulating.

Each site is a loss system whose mean number of parked cars is followed through the morning; drivers refused go on to
the next site within a walk. Means only: no chance is drawn, so no seed is used up. Leaves out traffic (search has a
stated speed), prices and gates. What it ranks is verified by the engine.

Closure: pointwise stationary fluid flow (Rider 1976; Wang, Tipper & Banerjee 1996). The chance of being refused is that
of the stationary loss system (Erlang B) that would have as many cars parked as there are now.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from twin.sim.parking_choice import CHOICE_SCALE_S
from twin.sim.parking_search import FULL_COST_S, walk_cost_s
from twin.units import SECONDS_PER_HOUR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP_S = 300.0
MOST_ASKED = 6  # sites a driver tries (assumed: what a quarter of an hour of patience allows)
SEARCH_MPS = 15 / 3.6  # speed of a driver who looks for a space (assumed; 10–20 km/h in cruising studies)
ASK_S = 30.0  # lost at a site that turns out full: turning in, looking, turning out (assumed)
DETOUR = 1.3  # way over crow distance in a city (assumed)
LEG_OF_WALK = 1.13  # mean distance from a point on a circle to a point within it, over its radius: 32/(9π)
AWAY_S = 1800.0  # what finding no space costs a driver beside the search (assumed)
CRUISING_WEIGHT = 1.5  # a minute of search delays others by half a minute (assumed)

_MOST_SPACES = 4000
_LEAST_FREE = 1e-7


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a morning comes to, in means. Totals over drivers; (n_destinations,) or (n_sites,) where it says so."""

    drivers: float
    turned_away: float
    searching_s: float
    walking_m: float  # one way, of those who park
    cost_h: float  # hours: search × 1.5, walking both ways × 2, half an hour for each who finds none
    cost_h_by_destination: Floats
    parked_by_site: Floats
    refused_by_site: Floats
    taken_at_end: Floats


@dataclass(frozen=True, eq=False)
class ParkingModel:
    """Drivers by destination and step, and the sites within a walk of each destination.

    `arrivals`: (n_destinations, n_steps, n_stays) drivers; `stay_s`: (n_stays,), mean stay of each kind.
    `near`: (n_destinations, n_near) sites by walk, nearest first, −1 where there are fewer; `walk_m`: the same shape.
    `leaves_after_s`: (n_sites,) mean time until those parked at the start leave, infinite: not in this morning.
    """

    arrivals: Floats
    stay_s: Floats
    near: Ints
    walk_m: Floats
    taken_at_start: Floats
    leaves_after_s: Floats
    step_s: float = STEP_S
    informed_share: float = 0.0  # of drivers who know where it is full and go there less

    @classmethod
    def laid_out(
        cls,
        arrivals: Floats,
        stay_s: Floats,
        destinations_xy: Floats,
        sites_xy: Floats,
        *,
        reach_m: Floats,
        taken_at_start: Floats,
        leaves_after_s: Floats | None = None,
        informed_share: float = 0.0,
        step_s: float = STEP_S,
    ) -> "ParkingModel":
        """From places in metres; `reach_m`: (n_sites,), longest walk from each site that drivers accept."""
        distance = np.hypot(*(destinations_xy[:, None, :] - sites_xy[None, :, :]).transpose(2, 0, 1))
        distance[distance > reach_m[None, :]] = np.inf
        most = max(1, int(np.isfinite(distance).sum(axis=1).max(initial=1)))
        order = np.argsort(distance, axis=1, kind="stable")[:, :most]
        walk = np.take_along_axis(distance, order, axis=1)
        known = np.isfinite(walk)
        if leaves_after_s is None:
            leaves_after_s = np.full(len(sites_xy), np.inf)
        return cls(
            arrivals, stay_s, np.where(known, order, -1), np.where(known, walk, 0.0), taken_at_start, leaves_after_s,
            step_s, informed_share,
        )  # fmt: skip

    @property
    def n_sites(self) -> int:
        return len(self.taken_at_start)

    def with_arrivals(self, factor: Floats) -> "ParkingModel":
        """As many times the drivers at each destination."""
        return ParkingModel(
            self.arrivals * factor[:, None, None], self.stay_s, self.near, self.walk_m, self.taken_at_start,
            self.leaves_after_s, self.step_s, self.informed_share,
        )  # fmt: skip

    def outcome(self, spaces: Ints) -> Outcome:
        """Follow the morning with so many spaces at each site, step by step."""
        lots = _Lots(self, spaces.astype(np.float64))
        asking = _Asking.of(self, lots.room)
        totals = np.zeros((3, len(self.near)))
        by_site = np.zeros((2, self.n_sites))
        for step in range(self.arrivals.shape[1]):
            come = self.arrivals[:, step, :]
            drivers = come.sum(axis=1)
            way, admitted = lots.let_in(come, asking)
            found = admitted.sum(axis=1)
            totals += drivers - found, drivers * way.search_s, (admitted * self.walk_m).sum(axis=1)
            asked, came_in = asking.by_site(drivers[:, None] * way.asked), asking.by_site(admitted)
            by_site += came_in, asked - came_in
        away, search_s, walk_m = totals
        cost_h = (CRUISING_WEIGHT * search_s + walk_cost_s(walk_m) + AWAY_S * away) / SECONDS_PER_HOUR
        return Outcome(
            drivers=float(self.arrivals.sum()),
            turned_away=float(away.sum()),
            searching_s=float(search_s.sum()),
            walking_m=float(walk_m.sum()),
            cost_h=float(cost_h.sum()),
            cost_h_by_destination=cost_h,
            parked_by_site=by_site[0],
            refused_by_site=by_site[1],
            taken_at_end=lots.taken(),
        )


class _Lots:
    """Mean cars at each site through one morning: those from the start, and those who came, by kind of stay."""

    def __init__(self, model: ParkingModel, room: Floats) -> None:
        self.room = room
        self._near = model.near
        self._early = np.minimum(model.taken_at_start, room)
        self._parked = np.zeros((len(model.stay_s), len(room)))
        self._half_step = np.exp(-model.step_s / 2.0 / model.stay_s)[:, None]  # share that stays for half a step
        self._early_half_step = np.exp(-model.step_s / 2.0 / model.leaves_after_s)

    def taken(self) -> Floats:
        """Cars at each site now."""
        taken: Floats = self._parked.sum(axis=0) + self._early
        return taken

    def let_in(self, come: Floats, asking: "_Asking") -> tuple["_Ways", Floats]:
        """One step: cars leave, and drivers come who find sites as full as they are half a step on.

        `come`: drivers by destination and kind of stay. Returns their ways, and who got in by destination and site.
        """
        drivers = come.sum(axis=1)
        self._leave()
        halfway = np.minimum(self.taken(), self.room)
        self._leave()
        left = np.maximum(self.room - self.taken(), 0.0)
        first = asking.by_site(drivers[:, None] * asking.ways(refusal(self.room, halfway)).admitted)
        way = asking.ways(refusal(self.room, np.minimum(halfway + first / 2.0, self.room)))
        admitted = drivers[:, None] * way.admitted
        wanted = asking.by_site(admitted)
        fits = np.minimum(1.0, np.divide(left, wanted, out=np.ones_like(left), where=wanted > 0))
        admitted *= np.append(fits, 0.0)[self._near]
        share = np.divide(come, drivers[:, None], out=np.zeros_like(come), where=drivers[:, None] > 0)
        for kind, stays in enumerate(self._half_step):
            self._parked[kind] += asking.by_site(admitted * share[:, kind, None]) * stays
        return way, admitted

    def _leave(self) -> None:
        """Half a step passes."""
        self._parked *= self._half_step
        self._early = self._early * self._early_half_step


@dataclass(frozen=True, slots=True)
class _Ways:
    """Shares of the drivers to each destination, (n_destinations, n_near); `search_s`: mean, (n_destinations,)."""

    admitted: Floats
    asked: Floats
    search_s: Floats


@dataclass(frozen=True, slots=True)
class _Asking:
    """In which order drivers ask: first a site drawn by size and walk, then the nearest ones, each once."""

    sites: Ints  # (n_destinations × n_near,), one past the last for none
    near: Ints
    weight: Floats
    is_next: NDArray[np.bool_]  # asked after the first choice: the nearest with spaces, no more than patience allows
    leg_s: Floats
    informed_share: float
    n_sites: int

    @classmethod
    def of(cls, model: ParkingModel, room: Floats) -> "_Asking":
        there = np.append(room, 0.0)[model.near]
        has_spaces = there > 0.0
        leg_s = ASK_S + LEG_OF_WALK * DETOUR * model.walk_m / SEARCH_MPS
        sites = np.where(model.near < 0, model.n_sites, model.near).ravel()
        return cls(
            sites=sites,
            near=model.near,
            weight=there * np.exp(-walk_cost_s(model.walk_m) / CHOICE_SCALE_S),
            is_next=has_spaces & (np.cumsum(has_spaces, axis=1) < MOST_ASKED),
            leg_s=leg_s,
            informed_share=model.informed_share,
            n_sites=model.n_sites,
        )

    def by_site(self, drivers: Floats) -> Floats:
        """Sums of (n_destinations, n_near) at each site."""
        sums = np.bincount(self.sites, weights=drivers.ravel(), minlength=self.n_sites + 1)
        return np.asarray(sums[:-1], dtype=np.float64)

    def ways(self, refused_at: Floats) -> _Ways:
        """What becomes of drivers where each site refuses such a share, site by site independently."""
        refused = np.append(refused_at, 1.0)[self.near]
        weight = self.weight * np.exp(-self.informed_share * refused * FULL_COST_S / CHOICE_SCALE_S)
        total = weight.sum(axis=1, keepdims=True)
        first = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        refused_next = np.where(self.is_next, refused, 1.0)
        none_before = np.ones_like(refused_next)
        np.cumprod(refused_next[:, :-1], axis=1, out=none_before[:, 1:])
        failed_first = first * refused
        nearer = np.cumsum(first, axis=1) - first
        farther = failed_first.sum(axis=1, keepdims=True) - np.cumsum(failed_first, axis=1)
        reached = np.where(self.is_next, none_before * (nearer + farther), 0.0)
        return _Ways(
            admitted=first * (1.0 - refused) + reached * (1.0 - refused),
            asked=first + reached,
            search_s=(reached * self.leg_s).sum(axis=1),
        )


def refusal(spaces: Floats, taken: Floats) -> Floats:
    """Chance (0–1) that a driver finds a site full, from its spaces and the mean number taken now; (n_sites,) each.

    That of the loss system M/M/c/c that carries this mean (Erlang B of the load a with a(1 − B) = taken).
    """
    free_share = 1.0 - np.divide(taken, spaces, out=np.ones_like(taken), where=spaces > 0)
    at = np.stack([np.log(np.clip(spaces, 1.0, _MOST_SPACES)), np.log(np.clip(free_share, _LEAST_FREE, 1.0))], axis=-1)
    share: Floats = np.where(spaces > 0, np.clip(_refusal_table()(at), 0.0, 1.0), 1.0)
    return share


@lru_cache(maxsize=1)
def _refusal_table() -> RegularGridInterpolator:
    """Refusal over the logarithms of spaces and of the free share, by Erlang's recursion B(n) = aB/(n + aB)."""
    spaces = np.unique(np.round(np.geomspace(1, _MOST_SPACES, 80)).astype(np.int64))
    load = spaces[:, None] * np.geomspace(1e-3, 1e7, 900)[None, :]
    blocked, kept = np.ones_like(load), np.zeros_like(load)
    for n in range(1, _MOST_SPACES + 1):
        at = np.searchsorted(spaces, n)
        blocked[at:] = load[at:] * blocked[at:] / (n + load[at:] * blocked[at:])
        if spaces[at] == n:
            kept[at] = blocked[at]
    free = 1.0 - load * (1.0 - kept) / spaces[:, None]
    log_free = np.linspace(np.log(_LEAST_FREE), 0.0, 400)
    table = np.empty((len(spaces), len(log_free)))
    for row in range(len(spaces)):
        known = free[row] > 0.1 * _LEAST_FREE
        x = np.log(free[row][known])[::-1]
        table[row] = np.interp(log_free, x, kept[row][known][::-1])
    table[:, -1] = 0.0
    return RegularGridInterpolator((np.log(spaces), log_free), table, bounds_error=False, fill_value=None)
