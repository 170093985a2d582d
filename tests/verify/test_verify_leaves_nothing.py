"""Running tests leaves nothing in the folder that they are run in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from engine.api import new_document

CASES = """spec: test/v1
id: any_subject
summary: Whatever comes is judged.
target:
  policy: limits@1
cases:
  - id: any
    forall:
      contract: limits_subject@1
      examples: 5
    expect: {}
"""


def test_cases_for_all_inputs_leave_no_folder_behind(tmp_path: Path) -> None:
    new_document(tmp_path, "workspace", "mine")
    new_document(tmp_path, "policy", "limits")
    (tmp_path / "policies/any.test.yaml").write_text(CASES, "utf-8")
    before = {path.name for path in tmp_path.iterdir()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HYPOTHESIS")}
    command = [sys.executable, str(Path(__file__).parents[2] / "cli.py"), "test"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 inputs" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == before
