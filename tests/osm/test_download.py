"""Streets by name or box: a stand-in server answers once, later answers come from the cache; offline says so."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import osmnx
import pytest

from twin.errors import DataFileError
from twin.osm.download import NOMINATIM_VARIABLE, OVERPASS_VARIABLE, download_streets
from twin.osm.streets import read_network

BOX = (121.40, 37.50, 121.42, 37.52)
NOTHING_LISTENS = "http://127.0.0.1:9/"


class _StandIn(BaseHTTPRequestHandler):
    """Overpass with one two-way street and one one-way street, drawn against its direction."""

    asked: list[str]

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        nodes = [{"type": "node", "id": i, "lat": 37.505, "lon": 121.402 + 0.002 * i} for i in range(1, 5)]
        street = {"highway": "primary", "name": "魁富路", "lanes": "4", "maxspeed": "60"}
        ways = [
            {"type": "way", "id": 10, "nodes": [1, 2, 3], "tags": street},
            {"type": "way", "id": 11, "nodes": [3, 4], "tags": {**street, "highway": "secondary"}},
        ]
        body = json.dumps({"elements": [*nodes, *ways]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def settings_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "cache_folder", "use_cache", "overpass_url", "nominatim_url", "overpass_rate_limit", "all_oneway",
        "useful_tags_way", "useful_tags_node",
    ):  # fmt: skip
        monkeypatch.setattr(osmnx.settings, name, getattr(osmnx.settings, name))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    asked: list[str] = []
    handler = type("Handler", (_StandIn,), {"asked": asked})
    listening = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    monkeypatch.setenv(OVERPASS_VARIABLE, f"http://127.0.0.1:{listening.server_port}/api")
    yield asked
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_a_box_becomes_a_file_that_reads_like_any_other_and_is_fetched_once(server: list[str], tmp_path: Path) -> None:
    path = download_streets(BOX, tmp_path)
    network, report = read_network(path)
    assert server == ["/api/interpreter"]
    assert report.links == 2
    link = network.links[0]
    assert (link.name, link.lanes, round(3.6 * link.free_speed_mps)) == ("魁富路", 2.0, 60)
    assert download_streets(BOX, tmp_path) == path
    assert len(server) == 1


def test_without_a_connection_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERPASS_VARIABLE, NOTHING_LISTENS)
    monkeypatch.setenv(NOMINATIM_VARIABLE, NOTHING_LISTENS)
    for where in (BOX, "烟台"):
        with pytest.raises(DataFileError, match=r"no answer .* or use a file"):
            download_streets(where, tmp_path)
    assert not list(tmp_path.rglob("*.osm"))


@pytest.mark.parametrize(
    "box", [(1.0, 2.0, 0.5, 3.0), (0.0, 0.0, 0.0, 1.0), (0.0, 91.0, 1.0, 92.0), (0.0, 0.0, 5.0, 5.0)]
)
def test_a_box_that_is_none_or_too_wide_is_refused(box: tuple[float, float, float, float], tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="box"):
        download_streets(box, tmp_path)
