"""Definitions: compile, check, test, explain, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UserError

if TYPE_CHECKING:
    from engine.lint.runner import LintReport
    from engine.serve.assembly import Compiled
    from engine.source.catalogue import Code
    from engine.verify.model import TestReport


def compile_workspace(root: Path) -> Compiled:
    """Load and compile a workspace. Raises UserError with every finding."""
    from engine.serve.assembly import compile_workspace as compile_

    return compile_(root)


def lint(root: Path) -> LintReport:
    """Every finding of a workspace: of its documents, of compiling them, and of the rules. Raises UserError if
    there is no workspace."""
    from engine.lint.runner import lint as lint_

    return lint_(root)


def explain(code: str | None) -> list[Code]:
    """The entry of a diagnostic code, or all of them. Raises UserError for an unknown one."""
    from engine.source.catalogue import find_code, load_all
    from engine.spec.nearest import suggestion

    if code is None:
        return list(load_all().values())
    found = find_code(code)
    if found is None:
        raise UserError(f"there is no code {code!r}: {suggestion(code.upper(), sorted(load_all()), what='codes are')}")
    return [found]


def run_tests(root: Path, only: str | None = None) -> TestReport:
    """Run the tests beside the definitions. Raises UserError if ``only`` chooses nothing."""
    from engine.verify.runner import run_tests as run

    return run(root, only=only)


def evaluate(expression: str, document: object) -> tuple[object, str]:
    """The value of an expression on a document, and its type in words. Raises UserError or Failure."""
    from engine.expr.evaluate import evaluate as evaluate_

    return evaluate_(expression, document)
