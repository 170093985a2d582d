"""A session finds after every edit what a cold check finds, and compiles only what the edit can have reached."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_workspace import BASE, copy_base

from engine.api import shipped_workspace
from engine.base.clock import FixedClock
from engine.base.errors import UserError
from engine.lint.rules import policy_rules
from engine.lint.runner import lint
from engine.lint.session import Session
from engine.plan import groups
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.policy import Policy

CLOCK = FixedClock("2026-03-01T00:00:00Z")
FILES = sorted(path.relative_to(BASE).as_posix() for path in BASE.rglob("*") if path.is_file())
WORDS = re.compile(r"[A-Za-z_][A-Za-z_.@0-9]*|[0-9]+|=|\{|\"")

#: An edit: which file, what is done, and two numbers that choose where.
Edit = tuple[str, str, int, int]
EDITS = st.tuples(
    st.sampled_from(FILES),
    st.sampled_from(["swap", "swap", "cut", "double", "comment", "empty", "remove", "copy"]),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
)


def edited(text: str, kind: str, first: int, second: int) -> str:
    """The text with one slip in it."""
    lines = text.splitlines(keepends=True) or [""]
    at = first % len(lines)
    if kind == "cut":
        return "".join(lines[:at] + lines[at + 1 :])
    if kind == "double":
        return "".join(lines[: at + 1] + lines[at:])
    if kind == "comment":
        return "# a comment\n" + text
    if kind == "empty":
        return ""
    words = list(WORDS.finditer(text))
    if not words:
        return text
    one, other = words[first % len(words)], words[second % len(words)]
    return text[: one.start()] + other[0] + text[one.end() :]


def apply(root: Path, edit: Edit) -> None:
    """Make the edit on disk."""
    file, kind, first, second = edit
    path = root / file
    if not path.exists():
        shutil.copy(BASE / file, path)
    elif kind == "remove" and file != "tieout.yaml":
        path.unlink()
    elif kind == "copy":
        shutil.copy(path, path.with_name(f"copy_{first % 3}_{path.name}"))
    elif kind != "remove":
        path.write_text(edited(path.read_text("utf-8"), kind, first, second), "utf-8")


def cold(root: Path) -> tuple[Diagnostic, ...]:
    return lint(root, environment={}, clock=CLOCK).diagnostics


@settings(max_examples=25)
@given(st.lists(EDITS, min_size=1, max_size=5))
def test_after_every_edit_on_disk_a_session_finds_what_a_cold_check_finds(
    tmp_path_factory: pytest.TempPathFactory, edits: list[Edit]
) -> None:
    root = copy_base(tmp_path_factory.mktemp("edited"))
    session = Session(root, {}, CLOCK)
    assert session.check().diagnostics == cold(root)
    for edit in edits:
        apply(root, edit)
        assert session.check().diagnostics == cold(root), edit


@settings(max_examples=20)
@given(st.lists(EDITS, min_size=1, max_size=4))
def test_unsaved_texts_count_as_if_they_were_saved(tmp_path_factory: pytest.TempPathFactory, edits: list[Edit]) -> None:
    root, saved = copy_base(tmp_path_factory.mktemp("open")), copy_base(tmp_path_factory.mktemp("saved"))
    session = Session(root, {}, CLOCK)
    for edit in edits:
        if edit[1] != "remove":
            apply(saved, edit)
        unsaved = {
            path.relative_to(saved).as_posix(): path.read_text("utf-8") for path in saved.rglob("*") if path.is_file()
        }
        assert session.check(unsaved).diagnostics == cold(saved), edit
    assert session.check().diagnostics == cold(root)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Path]]:
    root = tmp_path_factory.mktemp("shipped")
    for name in ("mappings", "schemas", "policies"):
        shutil.copytree(shipped_workspace() / name, root / name)
    shutil.copy(shipped_workspace() / "tieout.yaml", root)
    yield Session(root, {}, CLOCK), root


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mappings/flows/invoice_posted.flow.yaml", "=event.data", "=event.date"),
        ("mappings/accounting/ar_invoice.mapping.yaml", "fields:\n", "fields:\n  nowhere: =1\n"),
        ("schemas/address@1.schema.json", '"required"', '"requires"'),
        ("policies/cash_controls.policy.yaml", "message", "massage"),
    ],
)
def test_an_edit_of_the_shipped_workspace_is_found_as_in_a_cold_check(
    shipped: tuple[Session, Path], file: str, old: str, new: str
) -> None:
    session, root = shipped
    before = session.check().diagnostics
    path = root / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    try:
        found = session.check().diagnostics
        assert found == cold(root)
        assert found != before
    finally:
        path.write_text(text, "utf-8")
    assert session.check().diagnostics == before


#: A slip for every kind; what can be compiled in spite of it is looked at by the rules, too.
SLIPS = {
    "flow": "comment",
    "mapping": "comment",
    "policy": "double",
    "table": "rename",
    "source": "swap",
    "connection": "comment",
    "test": "remove",
    "journal": "cut",
    "schema": "comment",
    "rows": "cut",
}


def of_kind(root: Path, kind: str) -> list[Path]:
    """The files of a kind."""
    if kind in ("schema", "rows"):
        return sorted(root.rglob("*.schema.json" if kind == "schema" else "*.csv"))
    return sorted(root.rglob(f"*.{kind}.yaml"))


@pytest.mark.parametrize("kind", SLIPS)
def test_a_slip_in_every_kind_of_document_is_found_as_in_a_cold_check(shipped: tuple[Session, Path], kind: str) -> None:
    session, root = shipped
    before = session.check().diagnostics
    chosen, slip = random.Random(kind), SLIPS[kind]
    path = chosen.choice(of_kind(root, kind))
    other, text = path.with_name(f"other_{path.name}"), path.read_text("utf-8")
    if slip in ("remove", "rename"):
        path.unlink()
    if slip == "rename":
        other.write_text(text, "utf-8")
    elif slip != "remove":
        path.write_text(edited(text, slip, chosen.randrange(10_000), chosen.randrange(10_000)), "utf-8")
    try:
        assert session.check().diagnostics == cold(root), (path.name, slip)
    finally:
        other.unlink(missing_ok=True)
        path.write_text(text, "utf-8")
    assert session.check().diagnostics == before


def test_what_rules_find_in_several_documents_follows_an_edit_of_any_of_them(shipped: tuple[Session, Path]) -> None:
    session, root = shipped
    before = session.check().diagnostics
    rows, money = root / "mappings/tables/product_accounts.csv", root / "schemas/money@1.schema.json"
    texts = {path: path.read_text("utf-8") for path in (rows, money)}
    rows.write_text(texts[rows] + texts[rows].splitlines()[-1] + "\n", "utf-8")
    try:
        found = session.check().diagnostics
        assert found == cold(root) != before
        rows.write_text(texts[rows], "utf-8")
        money.write_text(texts[money].replace("{", '{ "examples": [5],', 1), "utf-8")
        found = session.check().diagnostics
        assert found == cold(root) != before
    finally:
        for path, text in texts.items():
            path.write_text(text, "utf-8")
    assert session.check().diagnostics == before


def test_rules_look_again_only_at_what_an_edit_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy_base(tmp_path / "small")
    looked_at: list[str] = []
    original = policy_rules._policy

    def watched(policy: Policy) -> Iterator[Diagnostic]:
        looked_at.append(policy.id)
        return original(policy)

    monkeypatch.setattr(policy_rules, "_policy", watched)
    session = Session(root, {}, CLOCK)
    session.check()
    session.check()
    flow = root / "mappings" / "booked.flow.yaml"
    flow.write_text("# noted\n" + flow.read_text("utf-8"), "utf-8")
    session.check()
    assert looked_at == ["controls"]
    policy = next(root.rglob("controls.policy.yaml"))
    policy.write_text("# noted\n" + policy.read_text("utf-8"), "utf-8")
    session.check()
    assert looked_at == ["controls", "controls"]


def test_only_what_an_edit_can_have_reached_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = copy_base(tmp_path / "small")
    compiled: list[str] = []
    for module, name in ((groups, "compile_mapping"), (groups, "compile_policy"), (groups, "compile_flow")):
        original = getattr(module, name)

        def watched(document: object, *rest: object, _original: object = original, **named: object) -> object:
            compiled.append(f"{type(document).__name__.lower()} {document.id}")  # type: ignore[attr-defined]
            return _original(document, *rest, **named)  # type: ignore[operator]

        monkeypatch.setattr(module, name, watched)
    session = Session(root, {}, CLOCK)
    session.check()
    assert set(compiled) == {"mapping entry", "mapping bill", "policy controls", "flow booked"}

    compiled.clear()
    session.check()
    assert compiled == []

    flow = root / "mappings" / "booked.flow.yaml"
    flow.write_text("# noted\n" + flow.read_text("utf-8"), "utf-8")
    session.check()
    assert compiled == ["flow booked"]

    compiled.clear()
    entry = root / "mappings" / "entry.mapping.yaml"
    entry.write_text("# noted\n" + entry.read_text("utf-8"), "utf-8")
    session.check()
    assert compiled == ["mapping entry", "flow booked"]

    compiled.clear()
    money = root / "schemas" / "money@1.schema.json"
    money.write_text(money.read_text("utf-8") + "\n", "utf-8")
    session.check()
    assert set(compiled) == {"mapping entry", "mapping bill", "policy controls", "flow booked"}


def test_what_was_checked_can_be_asked_for(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "small")
    session = Session(root, {}, CLOCK)
    assert (session.workspace, session.plan, session.library) == (None, None, None)
    session.check()
    assert session.workspace is not None
    assert session.plan is not None
    session.check({"mappings/booked.flow.yaml": "spec: flow/v1\n"})
    assert session.plan is None
    assert session.library is not None
    assert session.library.schemas.get("entry", 1) is not None


def test_a_session_outlives_a_workspace_that_is_gone_for_a_while(tmp_path: Path) -> None:
    root = copy_base(tmp_path / "small")
    session = Session(root, {}, CLOCK)
    before = session.check().diagnostics
    (root / "tieout.yaml").rename(root / "gone.yaml")
    with pytest.raises(UserError, match="not a workspace"):
        session.check()
    (root / "gone.yaml").rename(root / "tieout.yaml")
    assert session.check().diagnostics == before
