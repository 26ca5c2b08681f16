"""Who goes otherwise when times and prices change: a nested logit that pivots about the shares of the base.

Only differences of utility against the base enter, so that what changes nothing moves nobody, whatever the shares.
Sources: pivot form: Kumar 1980, Transportation Research Record 775; Ben-Akiva & Lerman 1985, Discrete Choice Analysis,
ch. 5 and 10; nests: Williams 1977, Environment and Planning A 9; Daly & Zachary 1978.
Leaves out why shares are what they are in the base, and who owns a car.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin.demand.inputs import ChoiceSettings, Nest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def pivoted(shares: Floats, gain: Floats, modes: Sequence[str], nests: Sequence[Nest]) -> tuple[Floats, Floats]:
    """Shares after utilities rose by `gain`, and the change of the logsum: (n, n_modes) and (n,), in utils.

    Within a nest of scale θ: p'(m|n) ∝ p(m|n)·exp(Δ_m/θ), its own logsum Γ_n = θ·ln Σ_m p(m|n)·exp(Δ_m/θ); between
    nests p'(n) ∝ p(n)·exp(Γ_n); all together ln Σ_n p(n)·exp(Γ_n). A mode without a share in the base keeps none.
    """
    inside = np.zeros_like(shares)
    of_nests, gains = [], []
    for nest in nests:
        columns = [modes.index(mode) for mode in nest.modes]
        here = shares[:, columns]
        total = here.sum(axis=1)
        within = np.divide(here, total[:, None], out=np.zeros_like(here), where=total[:, None] > 0.0)
        raised, logsum = _raised(within, gain[:, columns] / nest.scale)
        inside[:, columns] = raised
        of_nests.append(total)
        gains.append(nest.scale * logsum)
    base = np.stack(of_nests, axis=1)
    chosen, logsum = _raised(base, np.stack(gains, axis=1))
    for number, nest in enumerate(nests):
        columns = [modes.index(mode) for mode in nest.modes]
        inside[:, columns] *= chosen[:, [number]]
    moved = (gain != 0.0).any(axis=1, where=shares > 0.0)
    return np.where(moved[:, None], inside, shares), np.where(moved, logsum, 0.0)


def _raised(shares: Floats, gain: Floats) -> tuple[Floats, Floats]:
    """p·exp(gain) brought to a total of 1, and ln of what the total was; where nobody chooses: as it was, and 0."""
    has = shares > 0.0
    top = np.max(gain, axis=1, where=has, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    weight = np.where(has, shares * np.exp(np.where(has, gain - top[:, None], 0.0)), 0.0)
    total = weight.sum(axis=1)
    someone = total > 0.0
    raised = np.divide(weight, total[:, None], out=shares.copy(), where=someone[:, None])
    return raised, np.where(someone, top + np.log(np.where(someone, total, 1.0)), 0.0)


def modes_after(base_mode: Ints, before: Floats, after: Floats, luck: Floats) -> Ints:
    """The mode of each chooser once shares are `after`, given the one he has while they are `before`.

    As few change as can (the maximal coupling): of a mode that loses, the share p'/p stays, those with the least luck;
    who leaves takes a mode that gained, in proportion to gains. So equal shares move nobody, larger losses move whoever
    a smaller one did, and shares come out as `after` on average. `luck`: uniform draws, the same in all arms.
    """
    rows = np.arange(len(base_mode))
    own_before, own_after = before[rows, base_mode], after[rows, base_mode]
    stays = np.divide(own_after, own_before, out=np.ones(len(rows)), where=own_before > 0.0)
    leaves = np.flatnonzero(luck >= np.minimum(stays, 1.0))
    gains = np.maximum(0.0, after[leaves] - before[leaves])
    reached = np.cumsum(gains, axis=1)
    leaves = leaves[reached[:, -1] > 0.0]
    reached = reached[reached[:, -1] > 0.0]
    again = (luck[leaves] - stays[leaves]) / (1.0 - stays[leaves])
    taken = (again[:, None] * reached[:, [-1]] >= reached).sum(axis=1)
    mode = base_mode.copy()
    mode[leaves] = np.minimum(taken, before.shape[1] - 1)
    return mode


def utility_gain(cost_change_s: Floats, purposes: Sequence[str], settings: ChoiceSettings) -> Floats:
    """Rise of utility (utils) from changes of generalised cost in seconds of riding: −β·Δ/60, times the purpose's
    scale."""
    gain: Floats = -utils_per_min(purposes, settings)[:, None] * cost_change_s / 60.0
    return gain


def utils_per_min(purposes: Sequence[str], settings: ChoiceSettings) -> Floats:
    """Utility of a minute of riding to each (utils)."""
    return settings.utils_per_min * np.array([settings.purpose_scale[purpose] for purpose in purposes])


def trips_factor(logsum_change: Floats, settings: ChoiceSettings) -> Floats:
    """Trips made over trips made before, where trips may be induced or suppressed: exp(φ·Δ logsum).

    φ = 0 would make nobody travel more or less, 1 would be a logit between travelling and not of the same scale as
    that between modes. At most twice as many, at least none.
    """
    factor: Floats = np.exp(settings.trips_per_logsum * np.minimum(logsum_change, np.log(2.0)))
    return np.minimum(factor, 2.0)
