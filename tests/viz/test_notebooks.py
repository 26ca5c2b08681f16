"""The notebooks: one question, few cells, no outputs; and they run as they stand."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import viz

NOTEBOOKS = sorted((Path(viz.__file__).parent / "notebooks").glob("*.ipynb"))
REPLICATIONS = re.compile(r"^replications = \d+$", flags=re.MULTILINE)
SPACES = re.compile(r"^spaces = [\d_]+$", flags=re.MULTILINE)
ROUNDS = re.compile(r"^rounds = \d+$", flags=re.MULTILINE)
MEASURED = re.compile(r"^measured = .+$", flags=re.MULTILINE)
BRIEF = """
import dataclasses as _dataclasses, twin
from twin.clock import TimeWindow as _TimeWindow

_load, _run, _compare = twin.load_scenario, twin.run, twin.compare
_few = {"base_rounds": 2, "arm_rounds": 1}
twin.load_scenario = lambda name: _dataclasses.replace(_load(name), measured=_TimeWindow.between("07:00", "07:15"))
twin.run = lambda name, **options: _run(twin.load_scenario(name), **(_few | options))
twin.compare = lambda before, after, **options: _compare(before, after, **(_few | options))
"""
"""Before the first cell: a quarter of an hour, few rounds. What cells say to the studies they make stays as it is."""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_a_notebook_is_short_and_its_outputs_are_stripped(notebook) -> None:
    nbformat.validate(notebook)
    assert len(code_cells(notebook)) <= 10
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_cells(notebook))


def test_a_notebook_begins_with_its_question_and_ends_with_the_map(notebook) -> None:
    assert "Question." in notebook.cells[0].source
    assert notebook.cells[-1].source == "viz.before_after_map(comparison)"


def test_a_notebook_holds_no_path_of_anybodys_machine(notebook) -> None:
    assert not re.search(r"[\"'](/|[A-Z]:\\)", "\n".join(cell.source for cell in notebook.cells))


@pytest.mark.slow
def test_a_notebook_runs_from_top_to_bottom(notebook, tmp_path) -> None:
    pytest.importorskip("twin.study.compare")
    replaced = 0
    for cell in code_cells(notebook):
        cell.source, count = REPLICATIONS.subn("replications = 2", cell.source)
        cell.source = SPACES.sub("spaces = 200", cell.source)
        cell.source = ROUNDS.sub("rounds = 2", cell.source)
        cell.source = MEASURED.sub('measured = ("07:00", "07:15")', cell.source)
        replaced += count
    assert replaced == 1
    notebook.cells.insert(0, nbformat.v4.new_code_cell(BRIEF))
    NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = code_cells(notebook)[-1].outputs[-1]["data"]["text/html"]
    assert shown.startswith("<iframe srcdoc=")
    assert (tmp_path / "memo.html").stat().st_size > 50_000
