"""The pipelines and hooks that teams start from run as written, on a real repository with a change to review."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from engine import api

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 120


def sh(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A step as the runners run it: bash that stops at the first failure, with this environment's programs first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PIP_NO_INDEX": "1", "GIT_CONFIG_GLOBAL": "/dev/null", **more}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command], cwd=folder, env=environment,
        capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
    )  # fmt: skip


def git(folder: Path, *arguments: str) -> None:
    author = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the shipped workspace on its branch main."""
    folder = tmp_path_factory.mktemp("origin") / "workspace"
    api.init_workspace(folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "start")
    return folder


@pytest.fixture
def change(origin: Path, tmp_path: Path) -> Path:
    """A clone with a branch that changes what a control says."""
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(origin), str(folder))
    git(folder, "checkout", "-q", "-b", "change")
    policy = folder / "policies" / "cash_controls.policy.yaml"
    text = policy.read_text("utf-8")
    summary = re.search(r"^summary: .*$", text, re.M)
    assert summary is not None
    policy.write_text(
        text.replace(summary[0], "summary: What must hold before cash is booked, as agreed in May."), "utf-8"
    )
    git(folder, "commit", "-q", "-am", "Say since when")
    return folder


def steps_of(file: str) -> list[dict[str, Any]]:
    job = yaml.load((ROOT / "docs" / "ci" / file).read_text("utf-8"), yaml.BaseLoader)
    steps: list[dict[str, Any]] = job["jobs"]["definitions"]["steps"]
    return steps


def test_the_github_workflow_runs_as_written(change: Path, tmp_path: Path) -> None:
    ran = []
    summary = tmp_path / "summary.md"
    for step in steps_of("github-actions.yml"):
        if "run" in step and not step["run"].startswith("gh "):  # the comment itself needs GitHub
            done = sh(step["run"], change, GITHUB_BASE_REF="main", GITHUB_STEP_SUMMARY=str(summary))
            assert done.returncode == 0, f"{step['name']}: {done.stdout}{done.stderr}"
            ran.append(step["name"])
    assert ran == ["Install", "Format", "Lint", "Tests", "Contracts", "What this change means"]
    assert json.loads((change / "lint.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert int(ElementTree.parse(change / "tests.xml").getroot().get("tests", "0")) > 100
    assert "cash_controls" in (change / "plan.md").read_text("utf-8").replace("\\_", "_")


def test_the_github_workflow_stops_at_a_mistake(change: Path) -> None:
    flow = change / "mappings" / "flows" / "invoice_posted.flow.yaml"
    flow.write_text(
        flow.read_text("utf-8").replace("=event.data.invoice.lines", "=event.data.invoice.lnes", 1), "utf-8"
    )
    lint = next(step for step in steps_of("github-actions.yml") if step.get("name") == "Lint")
    done = sh(lint["run"], change, GITHUB_BASE_REF="main")
    assert done.returncode == 1
    assert "::error file=mappings/flows/invoice_posted.flow.yaml,line=" in done.stdout


def test_the_gitlab_pipeline_runs_as_written(change: Path) -> None:
    job = yaml.load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text("utf-8"), yaml.BaseLoader)["definitions"]
    for line in (*job["before_script"], *job["script"]):
        done = sh(line, change, TARGET="origin/main")
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    assert json.loads((change / "quality.json").read_text("utf-8")) == []
    for path in (job["artifacts"]["reports"]["codequality"], job["artifacts"]["reports"]["junit"], "plan.md"):
        assert (change / path).is_file()


def hooks() -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}


@pytest.mark.parametrize("hook", hooks())
def test_a_hook_passes_on_a_clean_change(change: Path, hook: str) -> None:
    entry = hooks()[hook]
    files = " policies/cash_controls.policy.yaml" if entry.get("pass_filenames", True) else ""
    done = sh(entry["entry"] + files, change)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=change, capture_output=True, check=True).stdout
        == b""
    )


def test_hooks_look_at_every_kind_of_document(origin: Path) -> None:
    pattern = re.compile(hooks()["tieout-fmt"]["files"])
    documents = [path for path in origin.rglob("*.yaml") if path.name not in ("tieout.yaml", "manifest.yaml")]
    assert [path.name for path in documents if not pattern.search(path.name)] == []


def test_the_guide_names_every_hook(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "ci.md").read_text("utf-8")
    assert [hook for hook in hooks() if hook not in guide] == []
    assert shutil.which("tieout", path=str(Path(sys.executable).parent)) is not None
