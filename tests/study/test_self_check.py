"""A short form of the statistical self-check: `python -m tests.study.self_check` is the long one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.study.self_check import (
    ARM_ROUNDS,
    BASE_ROUNDS,
    MOST_PAIRS,
    SEEDS_OF_EFFECT,
    Chain,
    Told,
    settled_chain,
    study_of_effect,
    study_of_nothing,
)
from twin.study.compare import compare

STUDIES, PAIRS = 5, 5


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("self-check")
        patch.setenv("TWIN_HOME", str(home))
        return settled_chain(home)


def seeds_of(study: int) -> range:
    first = SEEDS_OF_EFFECT + 2 * MOST_PAIRS * study
    return range(first, first + PAIRS)


def test_the_checked_chain_is_the_one_that_studies_use(chain: Chain, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TWIN_HOME", str(tmp_path))
    monkeypatch.setenv("TWIN_CACHE", str(tmp_path / "cache"))
    settled_chain(tmp_path)
    whole = compare("base", "planted", replications=2, base_rounds=BASE_ROUNDS, arm_rounds=ARM_ROUNDS, jobs=1)
    short = study_of_effect(chain, [1, 2])
    keys = ["arm", "seed", "metric"]
    values = [
        table[(table["area"] == "city") & (table["metric"] != "cruising_share")].set_index(keys)["value"].sort_index()
        for table in (short.replications.assign(seed=short.replications["seed"] + 1), whole.replications)
    ]
    pd.testing.assert_series_equal(*values, check_exact=True)


@pytest.mark.slow
def test_the_planted_effect_is_inside_its_interval_and_found(chain: Chain) -> None:
    """The truth for each study is the mean of all other studies' pairs, whose days it does not share.

    At least 3 of 5: with 95 % each, fewer would be seen by luck in 1 of 860 trials.
    """
    tables = [study_of_effect(chain, seeds_of(study)) for study in range(STUDIES)]
    told = [Told.by(table).estimates["mean_delay_s"] for table in tables]
    means = np.array([estimate.mean for estimate in told])
    others = (means.sum() - means) / (STUDIES - 1)
    inside = [e.low <= truth <= e.high for e, truth in zip(told, others, strict=True)]
    assert others.max() < -1.0, "the second lane saves seconds"
    assert sum(inside) >= 3
    assert sum(estimate.high < 0.0 for estimate in told) >= 3


@pytest.mark.slow
def test_no_effect_is_seldom_called(chain: Chain) -> None:
    """Other days of the same arm: at most 2 of 5 by any word; with 5 % each, more would be luck in 1 of 860 trials."""
    told = [Told.by(study_of_nothing(chain, seeds_of(study))) for study in range(STUDIES)]
    assert all(abs(t.estimates["mean_delay_s"].mean) > 0.0 for t in told), "days differ"
    assert sum(t.verdict in ("better", "worse", "depends") for t in told) <= 2
