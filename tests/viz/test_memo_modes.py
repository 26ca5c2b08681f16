"""The memo's tables of people who react."""

from dataclasses import replace

import numpy as np
import pandas as pd

from tests.viz.small_comparison import small_comparison
from twin.results.comparison import Comparison
from twin.results.mode_shares import MODE_ROUND_COLUMNS, mode_shares
from viz.memo_modes import mode_tables
from viz.report import report_html

CHOOSERS = pd.DataFrame(
    {"mode": ["car", "bus"], "purpose": ["work", "work"], "people": [3.0, 1.0], "travels_share": [1.0, 1.0]}
)
ROUNDS = pd.DataFrame([(0, 0.1, 0.0, 0.75, 0.25, 0.0, 0.0, 1.0, 9.0)], columns=list(MODE_ROUND_COLUMNS))


def people() -> Comparison:
    shares = mode_shares(CHOOSERS, np.array(["bus", "bus"], dtype=object), np.ones(2), np.zeros(2, dtype=np.bool_))
    return replace(small_comparison(), modes=shares, mode_rounds=ROUNDS)


def test_a_study_in_which_nobody_is_asked_has_no_table_of_modes() -> None:
    assert mode_tables(small_comparison(), "en") == []


def test_both_answers_stand_side_by_side_above_the_shares() -> None:
    both, shares = mode_tables(replace(small_comparison(), reacting=people()), "en")
    nobody, reacting = (both.head.index(name) for name in ("nobody changes mode", "people react"))
    assert both.lines and all(line[nobody] == line[reacting] for line in both.lines), "the same rows in this example"
    car = next(line for line in shares.lines if line[1] == "car")
    assert car[2:] == ("3", "0", "−3", "75.00", "0.00", "−75.00")


def test_the_memo_says_what_rests_on_priors() -> None:
    html = report_html(replace(small_comparison(), reacting=people()), language="en")
    assert "How people go" in html and "how many change mode rests on priors" in html
    assert "not mode, time or destination" in report_html(small_comparison(), language="en")


def test_the_answer_with_people_who_react_says_so_first() -> None:
    assert people().warning_lines("en")[0].startswith("People react")
