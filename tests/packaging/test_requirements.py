"""What the program imports is what its distribution asks for, and what development installs is pinned."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OWN = {"engine", "connectors", "demo", "cli"}
#: Imported where they are there: what the extras `postgresql`, `usage`, `properties` and `lsp` bring.
EXTRAS = {"psycopg", "duckdb", "numpy", "hypothesis", "pygls", "lsprotocol"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(lines: list[str]) -> set[str]:
    """The names of requirements such as `psycopg[binary]>=3.2,<4`."""
    return {normal(re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0]) for line in lines}


def imported() -> dict[str, str]:
    """Every top-level module of others that the program imports, with one place that does."""
    found: dict[str, str] = {}
    files = [
        ROOT / "cli.py",
        *(path for name in ("engine", "connectors", "demo") for path in (ROOT / name).rglob("*.py")),
    ]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in names:
                found.setdefault(name.split(".")[0], f"{path.relative_to(ROOT)}:{node.lineno}")
    return {name: place for name, place in found.items() if name not in OWN | set(sys.stdlib_module_names)}


def test_every_import_is_a_declared_dependency_and_every_dependency_is_imported_or_named() -> None:
    providers = metadata.packages_distributions()
    declared = required(PROJECT["dependencies"])
    used = {normal(each) for name in imported() for each in providers.get(name, [name])}
    undeclared = {
        name: place
        for name, place in imported().items()
        if name not in EXTRAS and not {normal(each) for each in providers.get(name, [name])} & declared
    }
    assert undeclared == {}
    assert declared - used == set()


def test_every_dependency_of_the_program_and_of_development_is_pinned_once() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []
    pinned = [normal(line.split("==")[0]) for line in lines]
    assert sorted(set(pinned)) == sorted(pinned)
    asked = required([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]])
    assert asked - set(pinned) == set()


def test_every_pin_lies_in_the_range_that_the_program_declares() -> None:
    """Otherwise nothing can be installed from a fresh clone."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {normal(name): version for name, _, version in (line.partition("==") for line in lines)}
    asked = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    requirements = [Requirement(line) for line in asked]
    outside = [str(each) for each in requirements if not each.specifier.contains(pins[normal(each.name)])]
    assert outside == []


def test_the_version_is_said_once() -> None:
    from cli import VERSION

    assert PROJECT["version"] == VERSION
