"""A measure that is taken out of a scenario leaves the network as it was, to the byte."""

from pathlib import Path

import pytest
from small_town import place, town

from twin.clock import TimeWindow
from twin.files.gmns_files import write_gmns
from twin.scenario.access_measures import BanLorries
from twin.scenario.measure import Measure
from twin.scenario.scenario import Scenario
from twin.scenario.street_measures import ChangeLanes, CloseLink, SetSpeedLimit, WorkZone
from twin.scenario.street_openings import OpenLink
from twin.scenario.turn_measures import SetTurn
from twin.wording import Words

NEW = {"road_class": "tertiary", "speed_kmh": 36.0, "capacity_vph": 900.0}
STREET_MEASURES: tuple[Measure, ...] = (
    OpenLink(id="planned", street="港城大街"),
    OpenLink(id="mid-block", ends=(place(0.5, 1), place(1.5, 2)), **NEW),
    OpenLink(id="drawn", geometry=(place(2, 0.5), place(2.5, 0.5), place(2.5, 1)), **NEW),
    CloseLink(id="close", street="解放路"),
    ChangeLanes(id="lanes", street="南大街", lanes=3),
    SetSpeedLimit(id="speed", street="红旗路", speed_kmh=40),
    WorkZone(id="works", street="北马路", lanes_open=1, between=TimeWindow.between("22:00", "06:00")),
    BanLorries(id="lorries", street="北马路", between=(TimeWindow.between("07:00", "08:30"),)),
    SetTurn(id="turn", at="红旗路×海港路", turn="left"),
)


def written(folder: Path, *measures: Measure) -> dict[str, bytes]:
    """The files of the town's network with these measures in place."""
    city = Scenario("s", Words("s", "s"), "town", measures=measures).apply_to(town())
    write_gmns(city.network, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("measure", STREET_MEASURES, ids=lambda measure: measure.id)
def test_a_measure_taken_out_leaves_the_network_to_the_byte(measure: Measure, tmp_path: Path) -> None:
    """All measures but one are the same files whether that one was there before or not; and none is the base."""
    base, others = written(tmp_path / "n"), [other for other in STREET_MEASURES if other is not measure]
    without = written(tmp_path / "n", *others)
    whole = written(tmp_path / "n", *STREET_MEASURES)
    assert whole != without != base
    assert written(tmp_path / "n", *others) == without
    assert written(tmp_path / "n") == base
