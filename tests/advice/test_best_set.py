"""The best set of things whose worth depends on each other."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from twin.advice.best_set import best_set


def worth_of(alone, together):
    """Sum of what each is worth alone, and what pairs add."""

    def worth(built):
        pairs = itertools.combinations(sorted(built), 2)
        return float(sum(alone[one] for one in built) + sum(together.get(pair, 0.0) for pair in pairs))

    return worth


def test_the_two_best_alone_that_do_the_same_work_are_not_both_chosen():
    """A and B save 10 and 9 on one corridor, together 10.5; C saves 5 elsewhere: A and C save 15."""
    found = best_set(["A", "B", "C"], worth_of({"A": 10, "B": 9, "C": 5}, {("A", "B"): -8.5}), count=2)
    assert found.chosen == ("A", "C")
    assert (found.worth, found.best_alone, found.best_alone_worth) == (15.0, ("A", "B"), 10.5)


def test_two_that_help_only_together_are_found_by_an_exchange():
    """A 10, B 6, C 5; with C, B adds 8 more. Greedy takes A and B (16); B and C are worth 19."""
    found = best_set(["A", "B", "C"], worth_of({"A": 10, "B": 6, "C": 5}, {("B", "C"): 8}), count=2)
    assert (found.greedy_worth, found.worth, set(found.chosen)) == (16.0, 19.0, {"B", "C"})
    assert found.exchanges == (("A", "C"),)


def test_nothing_is_added_that_gains_no_more_than_the_doubt():
    found = best_set(["A", "B"], worth_of({"A": 3, "B": 0.5}, {}), count=2, least_gain=1.0)
    assert found.chosen == ("A",)


def test_what_makes_the_whole_worse_is_left_out():
    assert best_set(["A", "B"], worth_of({"A": -2, "B": 4}, {}), count=2).chosen == ("B",)


@given(
    st.lists(st.integers(0, 20), min_size=6, max_size=6),
    st.lists(st.integers(-6, 0), min_size=15, max_size=15),
)
def test_it_is_never_worse_than_the_best_alone_nor_better_than_the_best_of_all(alone, pairs):
    """Worth falls as sets grow; checked against all 20 sets of three."""
    things = list("ABCDEF")
    together = dict(zip(itertools.combinations(things, 2), pairs, strict=True))
    worth = worth_of(dict(zip(things, alone, strict=True)), together)
    found = best_set(things, worth, count=3)
    best = max(worth(frozenset(some)) for k in range(4) for some in itertools.combinations(things, k))
    assert found.greedy_worth <= found.worth <= best
    assert found.worth == worth(frozenset(found.chosen))
