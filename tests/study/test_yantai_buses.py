"""Riders and runs of the embedded Yantai beside what is published; tuned to it (`bus_scale`), so illustrative."""

import pytest

from twin.clock import DAY_S, TimeWindow
from twin.files.catalogue import demand_folder
from twin.files.city_files import load_city
from twin.files.demand_files import read_demand
from twin.study.bus_forecast import forecast


@pytest.mark.slow
def test_daily_boardings_and_runs_of_yantai_lie_where_they_are_published() -> None:
    """14.0 million boardings in 40 days are 350,000 a day, on working days up to 480,000 (demand.toml, F:60).

    Boardings a day: expected riders of the day × boardings of a trip, as strategies of 07:00–09:00 make them.
    """
    peak = TimeWindow.between("07:00", "09:00")
    city = load_city("yantai", hours=peak)
    riders = city.demand.riders
    carried = forecast(city, city.open_network(), peak.start_s, peak.end_s).loads
    boardings = carried.boards.sum() / riders["travels_share"].sum()
    assert 1.4 < boardings < 1.7
    scale = read_demand(demand_folder("yantai")).demand.level.bus_scale
    a_day = scale * city.demand.tables["bus_riders"]["riders"].sum()
    assert 350_000 < boardings * a_day < 480_000
    runs = sum(len(line.departures_s(0.0, 2 * DAY_S)) for line in city.lines)
    assert runs == pytest.approx(12_500, rel=0.01)
