"""The README and the guides say what is true: commands run, documents compile, what they name exists."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
import yaml

from cli import COMMANDS, tieout
from docs.figures import FIGURES, RESULTS
from engine import api
from engine.connect.declaration import ManifestForm
from engine.report.human import render
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.decode import decode
from engine.spec.kinds import decode_document

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

#: The order in which the README answers questions.
CHAPTERS = (
    "What came out of `make demo`", "A flow in 25 lines", "What is guaranteed, and where", "Write a mapping",
    "Add a connector", "Run it for real", "Measured", "What is not there yet", "Licence",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, and the marker comment right above it."""

    page: Path
    language: str
    text: str
    marker: str


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in re.finditer(
        r"(?:<!-- (?P<marker>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", text, re.S | re.M
    ):
        yield Block(page, found["language"], found["text"], found["marker"] or "")


ALL = [block for page in PAGES for block in blocks(page)]


def marked(kind: str) -> list[tuple[Block, str]]:
    """Blocks whose marker begins with a word, and the rest of the marker."""
    return [(block, block.marker.removeprefix(f"{kind}: ")) for block in ALL if block.marker.startswith(f"{kind}: ")]


# ----------------------------------------------------------------------------- what is named exists


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_test_that_is_named_exists(page: Path) -> None:
    missing = []
    for file, _, name in re.findall(r"`(tests/[\w/]+\.py)(::(\w+))?`", page.read_text("utf-8")):
        path = ROOT / file
        if not path.is_file() or (name and not re.search(rf"def {name}\(", path.read_text("utf-8"))):
            missing.append(f"{file}::{name}")
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)):
        if re.match(r"https?://", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            missing.append(target)
    assert missing == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made on GitHub."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_found_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in re.findall(r"\]\(([^)#]+)\)", index.read_text("utf-8"))}
    pages = [page for page in (ROOT / "docs").rglob("*.md") if page != index and page.parent.name != "decisions"]
    assert [page.name for page in pages if page not in linked] == []


def test_the_hooks_for_workspaces_run_commands_that_exist() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert [hook["entry"].split()[1] for hook in hooks if hook["entry"].split()[1] not in COMMANDS] == []
    paths = ("mappings/flows/invoice_posted.flow.yaml", "schemas/invoice/invoice.v1.schema.json")
    assert [hook["id"] for hook in hooks if not any(re.search(hook["files"], path) for path in paths)] == []


def test_the_readme_answers_in_order() -> None:
    assert tuple(re.findall(r"^## (.+)$", README, flags=re.M)) == CHAPTERS
    assert re.match(r"# Tieout\n\n```\nmake demo .*\nmake test .*\n```\n", README)


def test_every_guarantee_names_its_boundary_and_its_test() -> None:
    table = README.partition("## What is guaranteed")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 12
    assert [row[0] for row in rows if len(row) != 4 or "`tests/" not in row[3]] == []
    assert "exactly once" not in README.lower()


# ----------------------------------------------------------------------------- what is shown is so


@pytest.mark.parametrize("block", marked("file"), ids=lambda pair: pair[1])
def test_a_file_that_is_shown_is_that_file(block: tuple[Block, str]) -> None:
    shown, name = block
    assert shown.text == (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("block", marked("excerpt"), ids=lambda pair: pair[1])
def test_an_excerpt_leaves_out_and_changes_nothing(block: tuple[Block, str]) -> None:
    shown, name = block
    short, whole = yaml.safe_load(shown.text), yaml.safe_load((ROOT / name).read_text("utf-8"))
    steps = {step["id"]: step for step in whole["steps"]}
    assert {key: value for key, value in short.items() if key != "steps"}.items() <= {
        key: value for key, value in whole.items() if key != "steps"
    }.items()
    lines = (ROOT / name).read_text("utf-8").splitlines()
    for step in short["steps"]:
        assert contains(steps[step["id"]], step)
    assert [line for line in shown.text.splitlines() if not line.lstrip().startswith("#") and line not in lines] == []
    said = " ".join(line for line in shown.text.splitlines() if line.lstrip().startswith("#"))
    left_out = [id_ for id_ in steps if id_ not in [step["id"] for step in short["steps"]]]
    assert [id_ for id_ in left_out[:-1] if id_ not in said] == []
    assert len(shown.text.splitlines()) <= 25


def contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    return bool(whole == part)


@pytest.mark.parametrize("block", marked("finding"), ids=lambda pair: pair[1])
def test_a_finding_that_is_shown_is_made(block: tuple[Block, str], tmp_path: Path) -> None:
    shown, marker = block
    name, _, change = marker.partition(": ")
    before, _, after = change.partition(" -> ")
    workspace = tmp_path / "workspace"
    api.init_workspace(workspace)
    file = workspace / name
    text = file.read_text("utf-8")
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    report = api.lint(workspace)
    said = render(report.diagnostics, report.files, color=False)
    assert said.startswith(shown.text)


#: Whole documents; what the generated pages show are fragments, held by the tests of the catalogue.
DOCUMENTS = [
    block
    for block in ALL
    if block.language == "yaml"
    and block.text.startswith("spec: ")
    and block.page.parent.name != "reference"
    and "excerpt" not in block.marker
]


@pytest.mark.parametrize("block", DOCUMENTS, ids=lambda block: f"{block.page.name}-{block.text.split()[1]}")
def test_a_whole_document_can_be_decoded(block: Block) -> None:
    found = Diagnostics()
    node = read_yaml(block.text.encode(), "block.yaml", found)
    assert node is not None, found.sorted
    if block.text.startswith("spec: connector/v1"):
        document: Any = decode(node, ManifestForm, found)
    else:
        document = decode_document(node, found)
    assert document is not None, found.sorted


# ----------------------------------------------------------------------------- commands


def sessions(executed: bool) -> list[tuple[str, str, str]]:
    """(page, command, what it prints) of every `$ tieout` in a block; those of blocks marked `executed`, or all."""
    found = []
    for block in ALL:
        for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            if command.startswith("tieout ") and (block.marker == "executed" or not executed):
                found.append((block.page.name, command, output))
    return found


@pytest.mark.parametrize(("page", "command", "output"), sessions(False), ids=lambda value: value[:60])
def test_a_command_that_is_shown_exists_with_its_options(page: str, command: str, output: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    group: click.Command = tieout
    context = click.Context(group, info_name="tieout")
    while isinstance(group, click.Group) and words and not words[0].startswith("-"):
        inner = group.get_command(context, words.pop(0))
        assert inner is not None, f"{page}: {command}"
        group = inner
    if isinstance(group, click.Group):
        # `exceptions` without a subcommand lists; `test` has options of its own
        listed = group.get_command(context, "list")
        assert listed is not None or group.invoke_without_command, f"{page}: {command}"
        group = listed or group
    known = {name for parameter in group.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert [word for word in words if re.match(r"--\w", word) and word.partition("=")[0] not in known] == []


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A PATH on which `tieout` is this checkout's, and a state folder of its own."""
    folder = tmp_path_factory.mktemp("docs")
    script = folder / "tieout"
    script.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{ROOT / 'cli.py'}' \"$@\"\n", "utf-8")
    script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    path = os.pathsep.join((str(folder), kept.get("PATH", "")))
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT), "TIEOUT_STATE": str(folder / "state"), "NO_COLOR": "1"}


@pytest.mark.parametrize(("page", "command", "output"), sessions(True), ids=lambda value: value[:60])
def test_a_command_prints_what_is_shown(page: str, command: str, output: str, environment: dict[str, str]) -> None:
    shell = shutil.which("sh")
    assert shell is not None
    done = subprocess.run(
        [shell, "-c", f"{command} 2>&1"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1, 2)
    assert re.fullmatch(loosely(output.rstrip()), done.stdout.rstrip().replace(" ", ""), re.S), done.stdout


def loosely(shown: str) -> str:
    """A pattern: `…` stands for any text, on a line of its own also for any lines or none. Blanks do not count."""
    lines = [re.escape(line.replace(" ", "")).replace("…", "[^\n]*") for line in shown.splitlines()]
    return "\n".join(".*" if line == "[^\n]*" else line for line in lines)


# ----------------------------------------------------------------------------- figures


def test_the_figures_are_those_that_are_measured() -> None:
    shown = README.partition("<!-- figures -->")[2].partition("<!-- end of figures -->")[0]
    measured = orjson.loads(RESULTS.read_bytes()) if RESULTS.exists() else None
    if measured is None:
        assert "make bench" in shown
    else:
        assert [title for key, title, _ in FIGURES if key in measured and title not in shown] == []
        assert str(measured["details"]["machine"]["processors"]) in shown
