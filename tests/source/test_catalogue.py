"""The catalogue of codes: complete, in order, and its own examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.base.errors import Defect
from engine.source.catalogue import PREFIXES, Code, as_markdown, find_code, load_all, register
from engine.source.diagnostic import Diagnostics, Level
from engine.source.yaml_reader import read_yaml

ROOT = Path(__file__).resolve().parents[2]


def test_every_code_has_a_known_prefix_and_says_why() -> None:
    codes = load_all()
    own = [code.name for code in codes.values() if code.prefix in ("YAML", "SPEC")]
    assert len(set(own)) == len(own)
    for code in codes.values():
        assert code.prefix in PREFIXES
        assert code.summary.endswith(".")
        assert code.why or code.avoid, code.code


def test_codes_used_by_readers_and_decoding_are_declared() -> None:
    known = load_all()
    files = [each for package in ("source", "spec") for each in (ROOT / "engine" / package).rglob("*.py")]
    used = {code for each in files for code in re.findall(r'"([A-Z]{2,6}[0-9]{3})"', each.read_text("utf-8"))}
    # Numbers from 220 on are rules of the linter, which look at documents that were read.
    declared = {code for code in known if code.startswith(("YAML", "SPEC")) and int(code[-3:]) < 220}
    assert used == declared
    reported = {
        code
        for each in files
        if each.name != "codes.py"
        for code in re.findall(r'"([A-Z]{2,6}[0-9]{3})"', each.read_text("utf-8"))
    }
    assert reported == declared


@pytest.mark.parametrize("code", [code for code in load_all().values() if code.prefix == "YAML"], ids=lambda c: c.code)
def test_examples_show_the_finding_and_its_absence(code: Code) -> None:
    if not code.code.startswith("YAML0"):
        return
    for text, shown in ((code.avoid, True), (code.prefer, False)):
        if text:
            diagnostics = Diagnostics()
            read_yaml(text, "f.yaml", diagnostics)
            assert (code.code in {each.code for each in diagnostics.sorted}) == shown


def test_a_number_is_not_used_twice() -> None:
    with pytest.raises(Defect, match="declared twice"):
        register(Code("YAML001", "another", Level.ERROR, "Another."))
    with pytest.raises(Defect, match="not a code"):
        register(Code("NOPE001", "nope", Level.ERROR, "Nope."))


def test_codes_are_found_in_any_case() -> None:
    found = find_code("yaml002")
    assert found is not None and found.name == "duplicate-key"
    assert find_code("YAML999") is None


def test_reference_page_has_a_heading_for_every_code_of_the_language() -> None:
    page = (ROOT / "docs/reference/codes.md").read_text("utf-8")
    own = {name: code for name, code in load_all().items() if code.prefix in ("YAML", "SPEC")}
    for section in as_markdown(own).split("\n## ")[1:]:
        assert f"## {section}".rstrip() in page
