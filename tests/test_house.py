"""The house itself: imports go down only, data lies in the wheel, and the documents name commands that exist."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import pytest

from twin.cli.program import program
from twin.scenario.kinds import MEASURE_KINDS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "NOTICE.md")
DATA_FOLDERS = ("networks", "seeds", "scenarios")

PROMISED = re.compile(r"[`\n ]twin ([a-z]+)(?: (replace|check|list|show|gc|sql))?")
CODE = re.compile(r"`([^`\n]+)`|```[a-z]*\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
MAKE = re.compile(r"\bmake ((?:run|test|check|bench)\b(?: (?:run|test|check|bench)\b)*)")


def test_imports_go_down_only() -> None:
    check = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_in_functions_are_for_quick_starts_only() -> None:
    late = re.compile(r"^ +(?:from|import) (?:twin|viz)\b", re.MULTILINE)
    commands = {f"twin/cli/{name}_commands.py" for name in ("advise", "place", "runs")}
    allowed = commands | {"twin/cli/program.py", "viz/commands.py", "twin/__init__.py", "viz/__init__.py"}
    # Under `if TYPE_CHECKING:` nothing is imported when the program runs.
    type_checking = re.compile(r"^if TYPE_CHECKING:\n(?:(?: +.*)?\n)+", re.MULTILINE)
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("twin", "viz")
        for path in (ROOT / package).rglob("*.py")
        if late.search(type_checking.sub("", path.read_text(encoding="utf-8")))
    }
    assert found <= allowed


def test_only_the_outermost_packages_hand_out_names() -> None:
    for path in (ROOT / "twin").glob("*/__init__.py"):
        if path.parent.name != "cli":
            text = path.read_text(encoding="utf-8").strip()
            assert text.startswith('"""') and text.count('"""') == 2 and text.endswith('"""'), path


@pytest.mark.slow
def test_places_seeds_and_scenarios_lie_in_the_wheel(tmp_path: Path) -> None:
    # With the build backend itself: no environment of its own, so no network.
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in DATA_FOLDERS:
        wanted = {f"twin_data/{p.relative_to(ROOT).as_posix()}" for p in (ROOT / folder).rglob("*") if p.is_file()}
        assert wanted and wanted <= names
    drawn = [p for p in (ROOT / "viz").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert {p.relative_to(ROOT).as_posix() for p in drawn} <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_in_the_documents_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    context = click.Context(program)
    for inline, block in CODE.findall(text):
        for command, below in PROMISED.findall(f"`{inline or block}"):
            found = program.get_command(context, command)
            assert found is not None, f"{name}: twin {command}"
            if below:
                assert isinstance(found, click.Group) and below in found.commands, f"{name}: twin {command} {below}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_targets_of_make_in_the_documents_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in MAKE.findall((ROOT / name).read_text(encoding="utf-8")):
        assert set(words.split()) <= targets, f"{name}: make {words}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_in_the_documents_lead_to_files(name: str) -> None:
    for target in LINK.findall((ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), f"{name}: {target}"


def test_files_that_the_documents_name_exist() -> None:
    named = re.compile(r"(?:twin|viz|tests|networks|seeds|scenarios|docs)/[\w./\-]+\.\w+")
    for name in DOCUMENTS:
        for path in named.findall((ROOT / name).read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{name}: {path}"


def test_the_readme_shows_every_measure_of_scenario_documents() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [kind for kind in MEASURE_KINDS if f"`{kind}`" not in text] == []


def test_constraints_are_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"#.*|[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)
    named = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(d for part in project["optional-dependencies"].values() for d in part)]
    wanted = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ]", text)[0]).lower() for text in asked} - {"yantai-twin"}
    assert wanted <= named


def test_constants_that_the_architecture_names_exist() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "twin").rglob("*.py"))
    named = re.findall(r"`(?:\w+\.)?([A-Z]+(?:_[A-Z]+)+)`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    assert named and [name for name in named if not re.search(rf"\b{name}\b", code)] == []
