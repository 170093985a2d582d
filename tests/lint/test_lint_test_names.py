"""What lint says of tests that name what is not there: the same slips that a run of the tests would stumble over."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_workspace import copy_base, replace_in

from engine.lint.runner import lint


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "message", "help"),
    [
        ("booked.test.yaml", "flow: booked@1", "flow: bookd@1", "TEST205",
         "there is no flow `bookd@1` that this test could be about", "did you mean `booked@1`?"),
        ("booked.test.yaml", "flow: booked@1", "flow: booked@1\n  mapping: entry@1", "TEST205",
         "a test is about one thing; this one names flow and mapping", ""),
        ("booked.test.yaml", "      posted:\n", "      postd:\n", "TEST206",
         "there is no step `postd`", "did you mean `posted`?"),
        ("booked.test.yaml", "path: [entry, checked", "path: [entri, checked", "TEST206",
         "there is no step `entri`", "did you mean `entry`?"),
        ("booked.test.yaml", "        posted: {bill", "        posting: {bill", "TEST206",
         "there is no step `posting`", "did you mean `posted`?"),
        ("controls.test.yaml", "violations: [not_negative]", "violations: [not_negativ]", "TEST206",
         "there is no rule `not_negativ`", "did you mean `not_negative`?"),
        ("controls.test.yaml", "  entry: {bill", "  entri: {bill", "TEST206",
         "there is no input `entri`", "did you mean `entry`?"),
        ("controls.test.yaml", "id: good\n", "id: good\n    replies: {posted: [{document: {id: d1}}]}\n", "TEST206",
         "only a flow asks the outside: nothing would use the reply of `posted`", "remove `replies`"),
    ],
)  # fmt: skip
def test_a_slip_is_named_at_its_line_with_what_was_probably_meant(
    tmp_path: Path, file: str, old: str, new: str, code: str, message: str, help: str
) -> None:
    root = copy_base(tmp_path)
    replace_in(root, file, (old, new))
    found = [each for each in lint(root, environment={}).diagnostics if each.code == code]
    assert [(each.message, each.help) for each in found] == [(message, help)]
    assert found[0].span.file == f"mappings/{file}"
    assert found[0].span.line > 3
