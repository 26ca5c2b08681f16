"""The examples in the docstrings are true."""

import doctest

import pytest

from twin.files import run_inventory, run_store
from twin.results import comparison, estimates, metrics, numbers, run, standards

MODULES = (comparison, estimates, metrics, numbers, run, run_inventory, run_store, standards)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples_give_what_they_say(module) -> None:
    assert doctest.testmod(module).failed == 0
