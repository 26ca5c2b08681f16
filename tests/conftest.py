"""What many tests stand on: a town, small and congested, and one road."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.grid_town import PLACE, write_town
from twin.city.city import City
from twin.city.network import Link, Network, Node
from twin.files.city_files import load_city


@pytest.fixture(scope="session")
def town_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with `grid_town` in it, and its cache beside; tests add scenarios of names of their own."""
    return write_town(tmp_path_factory.mktemp("town"))


@pytest.fixture
def in_town(town_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of `grid_town`, as the one that places, scenarios and runs are looked for in."""
    monkeypatch.setenv("TWIN_HOME", str(town_home))
    monkeypatch.setenv("TWIN_CACHE", str(town_home / "cache"))
    return town_home


@pytest.fixture(scope="session")
def grid_town(town_home: Path) -> Iterator[City]:
    """The town as a city."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWIN_HOME", str(town_home))
        patch.setenv("TWIN_CACHE", str(town_home / "cache"))
        yield load_city(PLACE)


@pytest.fixture
def one_road() -> Network:
    """Two links in a row of 1,000 m at 10 m/s and one lane: 100 s each, 1,800 cars/h."""
    nodes = (Node("a", 121.0, 37.0), Node("b", 121.0113, 37.0), Node("c", 121.0226, 37.0))
    links = tuple(Link(f"{u}{v}", u, v, 1000.0, 1.0, 10.0, 1800.0) for u, v in ("ab", "bc"))
    return Network(nodes, links, crs="EPSG:32651")
