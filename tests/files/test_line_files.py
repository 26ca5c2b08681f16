import pytest

from twin.errors import DataFileError
from twin.files.line_files import read_lines

STOPS = """line,direction,seq,stop_name,lon,lat,coverage
10路,上行,2,乙,121.41,37.50,whole
10路,上行,1,甲,121.40,37.50,
"""
HEADWAYS = """line,type,peak_headway_min,offpeak_headway_min,source
10路,市区线,8,12,assumption by line type
"""


def written(folder, stops=STOPS, headways=HEADWAYS):
    (folder / "bus_lines.csv").write_text(stops, encoding="utf-8")
    (folder / "bus_headways.csv").write_text(headways, encoding="utf-8")
    return folder


def faults(folder):
    with pytest.raises(DataFileError) as error:
        read_lines(folder)
    return str(error.value)


def test_stops_come_sorted_with_numbers_as_numbers(tmp_path):
    lines, headways = read_lines(written(tmp_path))
    assert lines["stop_name"].tolist() == ["甲", "乙"] and lines["seq"].tolist() == [1, 2]
    assert lines["coverage"].tolist() == ["whole", "whole"]
    assert headways["peak_headway_min"].tolist() == [8.0]


def test_further_columns_are_left_aside(tmp_path):
    wider = (
        STOPS.replace("coverage", "coverage,osm_node_id").replace("whole", "whole,1").replace("37.50,\n", "37.50,,\n")
    )
    lines, _ = read_lines(written(tmp_path, stops=wider))
    assert "osm_node_id" not in lines.columns


def test_missing_column_is_told_with_the_nearest(tmp_path):
    text = faults(written(tmp_path, stops=STOPS.replace("stop_name", "stopname")))
    assert "no column 'stop_name' (name of the stop). Did you mean 'stopname'?" in text


def test_all_faults_of_both_files_are_told_together(tmp_path):
    stops = STOPS + "10路,上行,2,丙,400,37.5,partly\n11路,上行,1,丁,121.4,37.5,whole\n"
    text = faults(written(tmp_path, stops=stops, headways=HEADWAYS + "10路,市区线,-8,12,x\n"))
    for told in (
        "row 4: (400, 37.5) is no longitude",
        "coverage is 'partly'",
        "second stop number 2",
        "row 5: 11路 上行 has only this one stop",
        "row 3: peak_headway_min is -8",
        "a second row for 10路",
    ):
        assert told in text


def test_words_where_numbers_belong_are_told_with_their_row(tmp_path):
    text = faults(written(tmp_path, stops=STOPS.replace("121.41", "east"), headways=HEADWAYS.replace("8,", "often,")))
    assert "row 2: lon is 'east', must be a number" in text
    assert "row 2: peak_headway_min is 'often', must be a number" in text


def test_stops_and_headways_speak_of_the_same_lines(tmp_path):
    text = faults(written(tmp_path, headways=HEADWAYS.replace("10路", "10")))
    assert "no headway for line 10路" in text and "headway for '10', which has no stops. Did you mean '10路'?" in text


def test_missing_file_is_told(tmp_path):
    assert "no such file" in faults(tmp_path)
