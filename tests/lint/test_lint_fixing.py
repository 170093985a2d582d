"""Fixes: every one mends its own finding and nothing else, keeps comments, and is left out when it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from corpus.measure import Mistake, mistakes
from corpus.patches import Trial, trial
from hypothesis import given
from hypothesis import strategies as st
from small_workspace import BASE, copy_base

from engine.lint.fixing import Check, apply_edits, fix_workspace
from engine.lint.mending import MENDED
from engine.lint.runner import LintReport
from engine.lint.session import Session
from engine.source.catalogue import load_all
from engine.source.diagnostic import Diagnostic, Edit, Fix, Level
from engine.source.span import Span

FIXTURES = BASE.parent


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    folder: Path = tmp_path_factory.mktemp("fixing") / "workspace"
    folder.mkdir()
    with trial(folder) as each:
        yield each


def mended(check: Check, finding: Diagnostic) -> tuple[list[Diagnostic], Mapping[str, str]]:
    """What is left of a workspace's findings after the fix of one of them alone, and the texts that changed."""
    done = fix_workspace(check, unsafe=True, chosen=lambda each: each == finding)
    assert done.discarded == (), f"{finding.code} {finding.fix}"
    return [*done.remaining.diagnostics], done.texts


def test_the_fix_of_every_mistake_in_the_corpus_mends_it(tried: Trial) -> None:
    fixed: set[str] = set()
    for several in together(mistakes()):
        fixed |= mend(tried, several)
    assert len(fixed) >= 25, sorted(fixed)


def together(all_mistakes: Iterable[Mistake]) -> list[list[Mistake]]:
    """Mistakes whose codes have fixes, put together so that a few checks of the workspace do for all: no two of one
    file, and none that keeps others from being looked for. That other codes have no fix is the corpus's own test."""
    codes, depth = load_all(), Counter[tuple[bool, bool, str]]()
    made: dict[tuple[bool, bool, int], list[Mistake]] = {}
    for mistake in all_mistakes:
        if codes[mistake.code].fixable:
            stage = (mistake.code.startswith(("YAML", "SPEC")), mistake.code[-3:] > "200")
            files = {mistake.patch.file, mistake.at}
            position = max(depth[*stage, file] for file in files)
            depth.update({(*stage, file): position + 1 - depth[*stage, file] for file in files})
            made.setdefault((*stage, position), []).append(mistake)
    return list(made.values())


def mend(tried: Trial, several: list[Mistake]) -> set[str]:
    """Apply the fixes of mistakes, all at once where they do not hide each other; the codes of those that have one."""
    places = [(mistake, mistake.place(tried.root)) for mistake in several]
    with tried.patched(*(mistake.patch for mistake in several)):
        report = tried.check({})
        told = {(each.code, each.span.file, each.span.line): each for each in reversed(report.diagnostics)}
        found = [told.get((mistake.code, mistake.at, line)) for mistake, line in places]
        wanted = [each for each in found if each is not None and each.fix is not None and not each.fix.suggestion]
        done = fix_workspace(
            lambda texts: tried.check(texts) if texts else report, unsafe=True, chosen=lambda each: each in wanted
        )
    if len(several) > 1 and (None in found or done.discarded):
        half = len(several) // 2
        return mend(tried, several[:half]) | mend(tried, several[half:])
    names = [mistake.patch.id for mistake in several]
    assert None not in found, names
    assert done.discarded == () and {each.span.file for each in wanted} <= {each.span.file for each in done.applied}, (
        names
    )
    left = {(each.code, each.span.file, each.message) for each in done.remaining.diagnostics}
    assert left.isdisjoint({(each.code, each.span.file, each.message) for each in wanted}), names
    return {each.code for each in wanted}


@pytest.mark.parametrize("folder", sorted(each.name for each in FIXTURES.iterdir() if each != BASE))
def test_the_fix_of_a_rule_leaves_what_the_rule_wants(tmp_path: Path, folder: str) -> None:
    import shutil

    copy_base(tmp_path)
    shutil.copytree(FIXTURES / folder / "bad", tmp_path, dirs_exist_ok=True)
    session = Session(tmp_path, {})
    before = session.check().diagnostics
    for finding in before:
        fix = finding.fix
        if fix is not None and not fix.suggestion:
            left, _ = mended(session.check, finding)
            assert finding not in left
            assert len(left) < len(before)


def test_every_code_with_an_edit_says_that_it_is_fixable() -> None:
    codes = load_all()
    assert [code for code in sorted(MENDED) if not codes[code].fixable] == []


def test_comments_order_and_line_ends_survive(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    path = root / "mappings" / "booked.flow.yaml"
    text = path.read_text("utf-8").replace('version: "1.0.0"', "version: 1.0 # in quotes, please")
    text = text.replace("purpose: ", "purpos: ")
    path.write_bytes(text.replace("\n", "\r\n").encode())
    done = fix_workspace(Session(root, {}).check, unsafe=True)
    (after,) = done.texts.values()
    text = text.replace("version: 1.0 #", 'version: "1.0.0" #').replace("purpos: ", "purpose: ")
    assert after == text.replace("\n", "\r\n")
    assert sorted(each.code for each in done.applied) == ["SPEC010", "SPEC013"]
    assert done.remaining.diagnostics == ()


def test_unsafe_fixes_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    path = root / "mappings" / "booked.flow.yaml"
    path.write_text(path.read_text("utf-8").replace("mapping: entry@1", "mapping: entri@1"), "utf-8")
    check = Session(root, {}).check
    assert fix_workspace(check).texts == {}
    assert fix_workspace(check, unsafe=True).remaining.diagnostics == ()


# ----------------------------------------------------------------------------- fixes that do no good


def reports(*rounds: Mapping[str, Any]) -> Any:
    """A check that answers by the text of the one file: text -> findings."""
    answers = {text: found for each in rounds for text, found in each.items()}

    def check(texts: Mapping[str, str]) -> LintReport:
        text = texts.get("a.yaml", "start")
        return LintReport(tuple(answers[text]), {"a.yaml": text}, 0.0)

    return check


def finding(code: str, new: str, safe: bool = True, column: int = 1, width: int = 5) -> Diagnostic:
    span = Span("a.yaml", 1, column, 1, column + width)
    return Diagnostic(code, f"{code} is here", span, Level.ERROR, fix=Fix("fix it", (Edit(span, new),), safe))


def test_a_fix_that_brings_more_findings_is_left_out_and_told() -> None:
    bad = finding("FLOW210", "worse")
    check = reports({"start": [bad], "worse": [finding("FLOW211", "x"), finding("FLOW212", "x")]})
    done = fix_workspace(check)
    assert (done.texts, done.discarded, done.applied) == ({}, (bad,), ())


def test_a_fix_that_breaks_the_file_is_left_out() -> None:
    bad = finding("FLOW210", "worse")
    broken = Diagnostic("YAML001", "the text is not YAML here", Span("a.yaml"))
    assert fix_workspace(reports({"start": [bad], "worse": [broken]})).discarded == (bad,)


def test_a_fix_that_mends_nothing_is_left_out() -> None:
    bad = finding("FLOW210", "start")
    assert fix_workspace(reports({"start": [bad]})).discarded == (bad,)


def test_what_a_fix_uncovers_at_a_later_stage_does_not_count_against_it() -> None:
    first = finding("YAML022", "later")
    later = [Diagnostic(code, code, Span("a.yaml")) for code in ("SPEC010", "SPEC011")]
    done = fix_workspace(reports({"start": [first], "later": later}))
    assert (done.applied, done.discarded) == ((first,), ())
    assert len(done.remaining.diagnostics) == 2


def test_the_good_fixes_of_a_batch_are_kept_when_one_is_bad() -> None:
    good, bad = finding("FLOW210", "S", width=1), finding("FLOW211", "T", column=5, width=1)
    check = reports({
        "start": [good, bad],
        "StarT": [bad, finding("FLOW212", ""), finding("FLOW213", "")],
        "Start": [bad],
    })  # fmt: skip
    done = fix_workspace(check)
    assert (done.applied, done.discarded, done.texts) == ((good,), (bad,), {"a.yaml": "Start"})


def test_edits_of_the_same_text_take_a_round_each() -> None:
    one, other = finding("FLOW210", "s1art"), finding("FLOW211", "s2art")
    check = reports({"start": [one, other], "s1art": [other], "s2art": []})
    assert [each.code for each in fix_workspace(check).applied] == ["FLOW210", "FLOW211"]


# ----------------------------------------------------------------------------- edits


@given(st.lists(st.text("ab\n", max_size=4), min_size=1, max_size=6), st.booleans())
def test_edits_put_together_are_the_text_with_every_part_replaced(parts: list[str], last: bool) -> None:
    text, edits, wanted, at = "".join(parts), [], "", 0
    for number, part in enumerate(parts):
        replaced = part and number % 2 == last
        if replaced:
            before, upto = text[:at], text[: at + len(part)]
            span = Span(
                "a",
                before.count("\n") + 1,
                at - before.rfind("\n"),
                upto.count("\n") + 1,
                len(upto) - upto.rfind("\n"),
            )
            edits.append(Edit(span, f"<{number}>"))
        wanted += f"<{number}>" if replaced else part
        at += len(part)
    assert apply_edits(text, edits) == wanted
