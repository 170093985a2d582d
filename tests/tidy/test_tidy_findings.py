"""What findings are about is read from their values: no part of lint looks into the wording of a message or a help."""

from __future__ import annotations

import ast
from pathlib import Path

LINT = Path(__file__).parents[2] / "engine" / "lint"
WORDINGS = frozenset({"message", "help"})
READING = frozenset({
    "search", "match", "fullmatch", "finditer", "findall", "split", "sub", "startswith", "endswith", "partition",
    "rpartition", "removeprefix", "removesuffix", "find", "index", "count", "replace", "strip",
})  # fmt: skip


def readings(source: str) -> list[int]:
    """The lines on which a message or a help is searched, cut or compared with a text."""
    tree = ast.parse(source)
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr in WORDINGS
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def is_wording(node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id in names
        if isinstance(node, ast.JoinedStr):
            return any(isinstance(each, ast.FormattedValue) and is_wording(each.value) for each in node.values)
        return isinstance(node, ast.Attribute) and node.attr in WORDINGS

    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READING:
            if any(is_wording(each) for each in (node.func.value, *node.args)):
                lines.append(node.lineno)
        elif isinstance(node, ast.Compare):
            texts = any(isinstance(each, ast.Constant) for each in (node.left, *node.comparators))
            within = any(isinstance(each, ast.In | ast.NotIn) for each in node.ops)
            if (texts or within) and any(is_wording(each) for each in (node.left, *node.comparators)):
                lines.append(node.lineno)
    return lines


def test_no_part_of_lint_reads_the_wording_of_a_finding() -> None:
    found = [f"{path.relative_to(LINT)}:{line}" for path in LINT.rglob("*.py") for line in readings(path.read_text())]
    assert found == []


def test_only_the_place_of_a_finding_is_looked_for_by_what_its_message_marks() -> None:
    using = [
        path.name
        for path in LINT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "marked"
    ]
    assert using == ["origins.py"]


def test_a_reading_is_seen_however_it_is_written() -> None:
    assert readings("found = PATTERN.fullmatch(each.message)") == [1]
    assert readings("said = each.help\nfound = said.partition('x')") == [2]
    assert readings("near = 'may be null' in later.message") == [1]
    assert readings("near = each.help == 'quote it'") == [1]
    assert readings("NAME.findall(f'{first.message} {first.help}')") == [1]
    assert readings("label = Label(each.span, each.message)\nmessage = f'{each.message}: so'") == []
