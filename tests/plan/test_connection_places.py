"""Findings about a connection's settings and secrets stand at the line that is to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_workspace import compile_at, copy_base

CONNECTION = """\
spec: connection/v1
id: billing
connector: stripe
owner: billing-operations
summary: The billing system.
settings:
  base_url: https://api.stripe.com
  api_version: "1"
secrets:
  api_key:
    env: KEY
  webhook_secret:
    env: WEBHOOK
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "words"),
    [
        ("  api_version:", "  api_versoin:", "CONN003", 8, "no setting 'api_versoin'"),
        ('  api_version: "1"', "  api_version: true", "CONN003", 8, "must be of type"),
        ("  api_key:", "  api_kee:", "CONN102", 11, "no secret 'api_kee'"),
        ("  api_key:\n    env: KEY\n", "", "CONN102", 11, "secret 'api_key' is missing"),
    ],
)
def test_a_slip_is_reported_at_its_own_line(
    tmp_path: Path, old: str, new: str, code: str, line: int, words: str
) -> None:
    root = copy_base(tmp_path)
    assert old in CONNECTION
    (root / "mappings" / "billing.connection.yaml").write_text(CONNECTION.replace(old, new), "utf-8")
    _, found = compile_at(root)
    (finding,) = [each for each in found.sorted if each.code == code and words in each.message]
    assert (finding.span.file, finding.span.line) == ("mappings/billing.connection.yaml", line)
