"""Commitments of the work report as facts."""

from pathlib import Path

import pytest

from twin.errors import DataFileError
from twin.files.document_files import read_commitments

REPORT = Path(__file__).resolve().parents[2] / "seeds" / "documents" / "work-report-2024" / "commitments.toml"


def test_the_three_programmes_have_their_numbers_and_no_area_is_guessed() -> None:
    facts = {fact.id: fact for fact in read_commitments(REPORT)}
    programme = [facts[name] for name in ("p02-dead-ends-2024", "p03-bus-lines", "p12-parking-spaces")]
    assert [(fact.number, fact.unit, fact.area) for fact in programme] == [
        (10, "条", "not stated"),
        (16, "条", "not stated"),
        (5000, "个", "not stated"),
    ]
    assert all("yantai-2024" in fact.answered_by for fact in programme)


def test_both_lots_of_charging_piles_stand_and_neither_is_modelled() -> None:
    piles = [fact for fact in read_commitments(REPORT) if "充电桩" in fact.term]
    assert [(fact.year, fact.kind, fact.number) for fact in piles] == [(2023, "result", 10000), (2024, "plan", 10000)]
    assert not any(fact.is_modelled for fact in piles)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "commitments.toml"
    path.write_text(
        """format = "twin-commitments/1"
title = "t"
source = "s"
retrieved = "2026-01-01"
licence = "facts"

[[commitments]]
id = "Zehn Straßen"
year = 2024
kind = "plan"
term = "断头路"
number = -10
unit = "条"
area = "not stated"
answered_by = "perhaps"
tag = "X"

[[commitments]]
id = "lines"
year = 2024
kind = "plan"
term = ""
unit = "条"
area = "全市"
answered_by = ["bus-16"]
tag = "S"

[[commitments]]
id = "lines"
year = 2024
kind = "result"
term = "线路"
unit = "条"
area = "全市"
answered_by = "not modelled yet"
tag = "S"
""",
        encoding="utf-8",
    )
    with pytest.raises(DataFileError) as caught:
        read_commitments(path)
    text = str(caught.value)
    assert "6 faults" in text
    assert "commitments[1].id is 'Zehn Straßen', must be small letters, digits and hyphens" in text
    assert "commitments[1].number is -10, must not be negative" in text
    assert "commitments[1].tag is 'X', must be S, D, A or F:number" in text
    assert "commitments[1].answered_by is 'perhaps', must be scenario names in [ ] or 'not modelled yet'" in text
    assert "commitments[2].term is empty" in text
    assert "commitments[3].id: a second 'lines'" in text


def test_an_unknown_key_gets_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "commitments.toml"
    path.write_text(REPORT.read_text(encoding="utf-8").replace("answered_by", "answerd_by", 1), encoding="utf-8")
    with pytest.raises(DataFileError, match=r"commitments\[1\].answerd_by: unknown key. Did you mean 'answered_by'"):
        read_commitments(path)
