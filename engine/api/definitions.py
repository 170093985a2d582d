"""Definitions: compile, check, explain, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UserError

if TYPE_CHECKING:
    from engine.lint.report import LintReport
    from engine.serve.assembly import Compiled
    from engine.source.catalogue import Code


def compile_workspace(root: Path) -> Compiled:
    """Load and compile a workspace. Raises UserError with every finding."""
    from engine.serve.assembly import compile_workspace as compile_

    return compile_(root)


def lint(root: Path, state: Path | None = None, *, beside: bool = False) -> LintReport:
    """Every finding of a workspace: of its documents, of compiling them, and of the rules; from the cache in the
    ``state`` folder, if one is given and nothing changed. Raises UserError if there is no workspace.

    ``beside`` lets it copy the process to use a second processor: only for a program that does nothing else.
    """
    if state is not None:
        from engine.lint.cache import lint_cached

        return lint_cached(root, state, beside=beside)
    if beside:
        import os

        from engine.base.clock import SystemClock
        from engine.lint.beside import lint_beside

        return lint_beside(root, os.environ, SystemClock())[0]
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


def evaluate(expression: str, document: object) -> tuple[object, str]:
    """The value of an expression on a document, and its type in words. Raises UserError or Failure."""
    from engine.expr.evaluate import evaluate as evaluate_

    return evaluate_(expression, document)
