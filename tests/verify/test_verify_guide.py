"""The guide to testing: its documents can be read, and its commands and faults exist."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from cli import tieout
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.test import Test
from engine.spec.kinds import decode_document
from engine.verify.case_table import expanded
from engine.verify.faults import NAMES
from engine.verify.script import Script

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "testing.md").read_text("utf-8")
EXAMPLES = [textwrap.dedent(each) for each in re.findall(r"^ *```yaml\n(.*?)^ *```$", GUIDE, re.S | re.M)]
COMMANDS = sorted({each.strip() for each in re.findall(r"^tieout test([^#\n]*)", GUIDE, re.M)})


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_document_can_be_read_and_says_something(text: str) -> None:
    found = Diagnostics()
    node = read_yaml(text.encode(), "guide.yaml", found)
    test = None if node is None else decode_document(node, found, "test")
    assert isinstance(test, Test), [f"{each.code} {each.message}" for each in found.sorted]
    assert test.cases
    for case in test.cases:
        assert list(expanded(case))
        assert Script(case) is not None


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_exists(command: str) -> None:
    arguments = command.partition(">")[0].split()
    with pytest.raises(SystemExit) as left:
        tieout.main(["test", *arguments, "--help"], standalone_mode=True)
    assert left.value.code == 0


def test_every_fault_is_told() -> None:
    told = set(re.findall(r"`([a-z_]+)`", GUIDE))
    assert set(NAMES) <= told
