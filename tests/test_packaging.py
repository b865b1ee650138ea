"""What is installed: the locked versions fit the stated ones, and the wheel holds every file of the package."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import habitue

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


def locked(name: str) -> dict[str, list[str]]:
    """Versions by package; more than one where they differ by Python version."""
    versions: dict[str, list[str]] = {}
    for pin in PINS.finditer((ROOT / "locks" / name).read_text(encoding="utf-8")):
        versions.setdefault(canonicalize_name(pin["name"]), []).append(pin["version"])
    return versions


@pytest.mark.parametrize(("lock", "extras"), [("runtime.txt", ["demo"]), ("dev.txt", list(EXTRAS))])
def test_locks_fit_the_stated_requirements(lock: str, extras: list[str]):
    versions = locked(lock)
    stated = [
        Requirement(text) for text in PROJECT["dependencies"] + [text for extra in extras for text in EXTRAS[extra]]
    ]
    faults = [
        f"{requirement}: locked {found or 'nothing'}"
        for requirement in stated
        for found in [versions.get(canonicalize_name(requirement.name), [])]
        if not found or not all(requirement.specifier.contains(version) for version in found)
    ]
    assert faults == [], "run `make locks`"


def test_locks_agree():
    runtime, dev = locked("runtime.txt"), locked("dev.txt")
    assert runtime.items() <= dev.items()


@pytest.mark.parametrize("lock", ["tools.txt", "runtime.txt", "dev.txt"])
def test_every_pin_has_hashes(lock: str):
    text = (ROOT / "locks" / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_versions_agree():
    assert PROJECT["version"] == habitue.__version__


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("habitue/")}
    source = ROOT / "src"
    lying = {
        path.relative_to(source).as_posix()
        for path in (source / "habitue").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".DS_Store"
    }
    assert held == lying
