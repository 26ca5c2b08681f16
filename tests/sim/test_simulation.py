"""One raw run: books, tables of whole links, stories, and what a trip without a way becomes."""

import pandas as pd
import pytest

from twin.city.network import Link, Network, Node
from twin.errors import SimulationError
from twin.records import LINK_COLUMNS, PASSAGE_COLUMNS, TRIP_COLUMNS
from twin.sim.simulation import books, simulate
from twin.sim.trip_table import Trip, TripTable

in_both_flows = pytest.mark.parametrize("flow", ["compiled", "simpy"])


def two_roads() -> Network:
    nodes = tuple(Node(node_id, 121.0, 37.0) for node_id in "abc")
    return Network(
        nodes, (Link("1", "a", "b", 1000.0, 1.0, 10.0, 1800.0), Link("2", "b", "c", 500.0, 1.0, 10.0, 1800.0))
    )


@in_both_flows
def test_ways_are_found_where_only_nodes_are_given(flow) -> None:
    streets = two_roads()
    trips = TripTable.of(
        streets,
        [
            Trip("there", 10.0, origin="a", destination="c"),
            Trip("back", 10.0, origin="c", destination="a"),
            Trip("stay", 20.0, origin="b", destination="b"),
        ],
    )
    ended = simulate(streets, trips, flow=flow)
    assert (ended.books["finished"], ended.books["unroutable"]) == (2, 1)
    trips_by_id = ended.trips.set_index("trip_id")
    assert trips_by_id.loc["there", ["enter_s", "arrive_s", "distance_m"]].tolist() == [10.0, 160.0, 1500.0]
    assert trips_by_id.loc["stay", ["enter_s", "arrive_s", "distance_m"]].tolist() == [20.0, 20.0, 0.0]
    assert trips_by_id.loc["back", "status"] == "unroutable"
    assert trips_by_id.loc["back", ["enter_s", "arrive_s"]].isna().all()


@in_both_flows
def test_tables_have_their_columns_and_rows_in_canonical_order(flow) -> None:
    streets = two_roads()
    trips = TripTable.of(streets, [Trip("10", 0.0, ("1", "2")), Trip("9", 0.0, ("1", "2")), Trip("8", 5.0, ("2",))])
    ended = simulate(streets, trips, flow=flow, keep_passages=True, segment_m=250.0)
    for table, columns in (
        (ended.trips, TRIP_COLUMNS),
        (ended.links, LINK_COLUMNS),
        (ended.passages, PASSAGE_COLUMNS),
    ):
        assert list(table.columns) == list(columns)
    assert list(ended.trips["trip_id"]) == ["8", "9", "10"]
    assert ended.trips["enter_s"].tolist() == [5.0, 0.0, 2.0]  # of two that depart at once the lower id goes first
    assert ended.passages.to_numpy().tolist() == [
        ["8", "2", 5.0, 55.0],
        ["9", "1", 0.0, 100.0],
        ["9", "2", 100.0, 150.0],
        ["10", "1", 2.0, 102.0],
        ["10", "2", 102.0, 152.0],
    ]
    assert ended.passages_count == 2 + 2 * (4 + 2)  # segments: 4 of link 1, 2 of link 2


@in_both_flows
def test_cutting_links_changes_no_statistics_of_links(flow) -> None:
    streets = two_roads()
    trips = TripTable.of(streets, [Trip(str(i), 3.0 * i, ("1", "2")) for i in range(500)])
    whole = simulate(streets, trips, flow=flow).links
    cut = simulate(streets, trips, flow=flow, segment_m=250.0).links
    pd.testing.assert_frame_equal(whole, cut)
    first = whole.iloc[0]
    # 300 come in during the first 900 s, 267 leave; each is on it for 100 s.
    assert first[["entered", "left", "mean_travel_time_s", "max_queue_m"]].tolist() == [300, 267, 100.0, 0.0]
    assert first["mean_density_vpkm"] == pytest.approx(
        (267 * 100.0 + sum(900.0 - 3.0 * i for i in range(267, 300))) / 900
    )


@in_both_flows
def test_anyones_story_drives_among_the_others(flow) -> None:
    log = []

    def ambulance(run):
        vehicle = run.flow.add_vehicle("car")
        yield run.env.timeout(30.0)
        yield run.flow.drive(vehicle, run.route(["1"]))
        log.append((run.env.now, "at the accident"))
        yield run.env.timeout(60.0)
        yield run.flow.drive(vehicle, run.route(["2"]))
        log.append((run.env.now, "at the hospital"))
        run.flow.leave(vehicle)

    streets = two_roads()
    trips = TripTable.of(streets, [Trip("behind", 40.0, ("1", "2"))])
    ended = simulate(streets, trips, flow=flow, stories=[ambulance])
    assert log == [(130.0, "at the accident"), (240.0, "at the hospital")]
    assert ended.trips[["trip_id", "depart_s", "arrive_s", "status"]].to_numpy().tolist() == [
        ["behind", 40.0, 242.0, "finished"],  # held up until 190, and a headway of 2 s behind
        ["story-1", 30.0, 240.0, "finished"],
    ]


@in_both_flows
def test_a_story_with_an_unknown_link_is_told(flow) -> None:
    def lost(run):
        yield run.flow.drive(run.flow.add_vehicle(), run.route(["7"]))

    with pytest.raises(SimulationError, match="link '7', which is not in the network"):
        simulate(two_roads(), TripTable.of(two_roads(), []), stories=[lost], flow=flow)


def test_a_horizon_of_years_is_refused() -> None:
    with pytest.raises(SimulationError, match="too long to count"):
        simulate(two_roads(), TripTable.of(two_roads(), []), until_s=1e13)


def test_hand_typed_trips_are_checked() -> None:
    with pytest.raises(SimulationError, match="2 faults"):
        TripTable.of(two_roads(), [Trip("x", 0.0, ("9",)), Trip("y", 0.0, origin="a", destination="z")])
    with pytest.raises(SimulationError, match="two trips have one id"):
        TripTable.of(two_roads(), [Trip("x", 0.0, ("1",)), Trip("x", 0.0, ("1",))])


def test_a_trip_that_wants_to_start_after_the_horizon_waits_outside() -> None:
    streets = two_roads()
    trips = TripTable.of(streets, [Trip("1", 500.0, ("1",)), Trip("2", 500.0, origin="a", destination="a")])
    assert simulate(streets, trips, until_s=400.0).books["waiting_outside"] == 2


def test_a_status_nobody_knows_breaks_the_books() -> None:
    assert books(pd.Series(["finished", "parked"]))["created"] == 2
    with pytest.raises(SimulationError, match="1 of 2 vehicles are in no status"):
        books(pd.Series(["finished", "vanished"]))
