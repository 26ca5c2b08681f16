"""The map of a check: findings at their places, by how grave they are."""

import json
from pathlib import Path

import pandas as pd
from click.testing import CliRunner

from twin.files.network_check import FINDING_COLUMNS, LINK_COLUMNS, NetworkCheck, write_check
from viz.commands import map_command
from viz.findings_map import findings_map

LINE = json.dumps([[121.40, 37.50], [121.41, 37.50]])


def check() -> NetworkCheck:
    """Two streets that cross without a junction, a dead end, and a speed limit that was refused."""
    rows = [
        ("crossing", "look", "同层相交但无路口", "streets that cross", 121.405, 37.50, "青年路 × 南大街", "a b"),
        ("dead_end", "fact", "断头路端点", "dead ends", 121.41, 37.50, "</script>", "n1"),
        ("repair", "repair", "限速标签无效，按等级取值", "speed limits refused", 121.40, 37.50, "", ""),
    ]
    links = [(i, "南大街", "primary", 2.0, 880.0, LINE) for i in "ab"]
    return NetworkCheck(
        "小城: 2 nodes",
        ("a sentence",),
        pd.DataFrame(rows, columns=list(FINDING_COLUMNS)),
        pd.DataFrame(links, columns=list(LINK_COLUMNS)),
        "© OpenStreetMap contributors, ODbL",
    )


def test_each_grade_is_a_layer_and_the_first_view_shows_what_to_look_at() -> None:
    page = findings_map(check(), language="en").page
    assert [view.id for view in page.views] == ["check", "repair", "fact"]
    assert page.views[0].left == ("look",)
    assert [layer["id"] for layer in page.layers if layer["config"]["isVisible"]] == ["look"]
    (feature,) = page.datasets["look"]["features"]
    assert feature["geometry"]["coordinates"] == [121.405, 37.50]
    assert feature["properties"] == {
        "finding": "streets that cross", "street": "青年路 × 南大街", "id": "a b", "grade": "look at",
    }  # fmt: skip
    assert page.legend[0].note == "streets that cross: 1" and page.facts == "look at 1 · while reading 1 · fact 1"
    assert page.sources == "© OpenStreetMap contributors, ODbL"


def test_names_of_streets_cannot_become_code() -> None:
    assert findings_map(check()).page.title == "路网检查：小城: 2 nodes"
    assert '</script>"' not in findings_map(check())._repr_html_()


def test_the_command_draws_the_folder_of_a_check(tmp_path: Path) -> None:
    write_check(check(), tmp_path)
    answer = CliRunner().invoke(map_command, [str(tmp_path), "--language", "en"])
    assert (answer.exit_code, answer.output.strip()) == (0, str(tmp_path / "map.html"))
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "Check of streets: 小城: 2 nodes" in page
