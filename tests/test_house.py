"""The rules of the house that no linter checks."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "habitue"

LONGEST_MODULE = 400
LONGER_MODULES: dict[str, str] = {
    # "room/module.py": "why it is one meaning all the same",
}

# Nobody but these reads the clock: everywhere else `as_of` is an argument.
ROOMS_WITH_A_CLOCK = {"workspace", "web", "cli", "demo"}
CLOCK = re.compile(r"\bdate\.today\(|\bdatetime\.(now|today)\(|\butcnow\(|\btime\.time\(")

MACHINE_PATH = re.compile(r"(?:^|[^\w./])/(?:work|farm|root|home|Users|mnt)/", re.MULTILINE)
REGISTRY = re.compile(
    r"https?://[^ \"'<>]+/(?:simple|packages)/"
    r"|\"resolved\": \"http"
    r"|\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com)\b"
    r"|--(?:extra-)?index-url[ =]|--find-links[ =]"
)
ADDRESSED_LOCKS = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock"}

SLOW_IMPORTS = ("altair", "alembic", "duckdb", "ibis", "pandas", "pyarrow", "sqlalchemy", "vl_convert")


def files_of_the_repository() -> list[Path]:
    """The files git tracks or would track; outside a clone, all that lies here."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
        paths = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [path for path in ROOT.rglob("*") if not {".venv", ".tools", "__pycache__"} & set(path.parts)]
    return [path for path in paths if path.is_file()]


def matches(pattern: re.Pattern[str], paths: list[Path]) -> Iterator[str]:
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for match in pattern.finditer(text):
            yield f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.end()) + 1}: {match.group().strip()}"


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_no_file_names_a_machine_path():
    assert list(matches(MACHINE_PATH, files_of_the_repository())) == []


def test_no_file_names_a_registry():
    assert list(matches(REGISTRY, files_of_the_repository())) == []


def test_no_lock_that_records_addresses():
    assert [path.name for path in files_of_the_repository() if path.name in ADDRESSED_LOCKS] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "see /" + "home/anna/x"),
        (MACHINE_PATH, "/" + "root/x"),
        (REGISTRY, "https" + "://mirror.example/simple/numpy"),
        (REGISTRY, "https" + "://files.python" + "hosted.org/x"),
        (CLOCK, "as_of = date.today" + "()"),
        (CLOCK, "datetime.datetime.now" + "(UTC)"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str):
    assert pattern.search(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "../shared/data, docs/work/x, https://example.org/home/"),
        (CLOCK, "time.monotonic(), candidate.today_(x), runtime.time_(y)"),
    ],
)
def test_the_patterns_leave_the_rest(pattern: re.Pattern[str], text: str):
    assert not pattern.search(text)


def test_modules_have_one_meaning():
    lengths = {path.relative_to(PACKAGE).as_posix(): len(path.read_text("utf-8").splitlines()) for path in modules()}
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert {name: lines for name, lines in too_long.items() if name not in LONGER_MODULES} == {}
    assert set(LONGER_MODULES) <= set(too_long), "no longer too long: take it off the list"


def test_no_clock_in_the_core():
    core = [
        path for path in modules() if path.relative_to(PACKAGE).parts[0].removesuffix(".py") not in ROOMS_WITH_A_CLOCK
    ]
    assert list(matches(CLOCK, core)) == []


def test_the_command_line_starts_light():
    if importlib.util.find_spec("habitue.cli") is None:
        pytest.skip("there is no habitue.cli yet")
    code = "import sys, habitue.cli; print(*sorted(m for m in sys.argv[1:] if m in sys.modules))"
    command = [sys.executable, "-c", code, *SLOW_IMPORTS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
