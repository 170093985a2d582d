"""What comes after linting: which findings are shown, mending them, accepting them for now, writing them down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UserError

if TYPE_CHECKING:
    from engine.lint.fixing import FixReport
    from engine.report.outputs import Output
    from engine.source.diagnostic import Diagnostic


def fix(root: Path, *, unsafe: bool = False, chosen: Callable[[Diagnostic], bool] = lambda _: True) -> FixReport:
    """What a workspace's files would be with the fixes of the chosen findings applied. Writes nothing."""
    from engine.lint.fixing import fix_workspace
    from engine.lint.session import Session

    return fix_workspace(Session(root).check, unsafe=unsafe, chosen=chosen)


def write_texts(root: Path, texts: Mapping[str, str]) -> None:
    """Replace files of a workspace, each as a whole or not at all. Raises UserError if one cannot be written."""
    import tempfile  # slow to import, and rarely needed

    for file, text in texts.items():
        path = (root / file).resolve()
        try:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            with os.fdopen(handle, "wb") as draft:
                draft.write(text.encode())
            Path(name).chmod(path.stat().st_mode & 0o7777)
            Path(name).replace(path)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from error


def unified_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What changes, as `patch` and `git apply` read it."""
    import difflib

    lines: list[str] = []
    for file in sorted(after):
        old, new = before[file].splitlines(keepends=True), after[file].splitlines(keepends=True)
        for line in difflib.unified_diff(old, new, f"a/{file}", f"b/{file}"):
            lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines)


def changed_files(root: Path, revision: str) -> frozenset[str]:
    """Files of a workspace that differ from a Git revision, untracked ones too. Raises UserError without Git."""
    from engine.lint.changed import changed_files as changed

    return changed(root, revision)


def concerning(diagnostics: Iterable[Diagnostic], files: frozenset[str]) -> list[Diagnostic]:
    """The findings in some files, and those elsewhere that point into them: what they broke."""
    return [
        each
        for each in diagnostics
        if each.span.file in files or any(label.span.file in files for label in each.labels)
    ]


def without_accepted(
    diagnostics: Sequence[Diagnostic], files: Mapping[str, str], baseline: Path
) -> tuple[Diagnostic, ...]:
    """The findings that a baseline does not accept, and one for each of its entries that is mended."""
    from engine.lint.baseline import apply_baseline, read_baseline

    return apply_baseline(diagnostics, files, read_baseline(baseline))


def write_baseline(path: Path, diagnostics: Sequence[Diagnostic], files: Mapping[str, str]) -> None:
    """Accept all these findings from now on. Raises UserError if the file cannot be written."""
    from engine.lint.baseline import written
    from engine.report.outputs import write_output

    write_output(path, written(diagnostics, files))


def report_outputs(written: Sequence[str]) -> tuple[Output, ...]:
    """The forms and files that findings go to. Raises UserError for one that cannot be."""
    from engine.report.outputs import parse_outputs

    return parse_outputs(written)


def write_findings(
    outputs: Sequence[Output],
    diagnostics: Sequence[Diagnostic],
    files: Mapping[str, str],
    *,
    color: bool = False,
    changed: frozenset[str] = frozenset(),
    everything: bool = False,
    root: Path | None = None,
) -> str:
    """Write the findings into every output that is a file, and give the text for the terminal.

    ``root`` is the workspace: forms for services that show findings beside the code count paths from the root of its
    repository. In a GitHub workflow that asks for annotations, the whole table goes into the job's summary too.
    """
    from engine.report.github import summary
    from engine.report.outputs import rendered, write_output
    from engine.report.repository import FORMS, Repository

    shown = ""
    repository = None if root is None else Repository.of(root)
    moves = repository is not None and not repository.is_workspace and any(each.form in FORMS for each in outputs)
    for output in outputs:
        here = color and output.path is None
        found, sources, touched = diagnostics, files, changed
        if repository is not None and moves and output.form in FORMS:
            found, sources = repository.findings(diagnostics), repository.sources(files)
            touched = frozenset(map(repository.path, changed))
        text = rendered(output.form, found, sources, color=here, changed=touched, everything=everything)
        if output.path is None:
            shown = text
        else:
            write_output(output.path, text)
        if output.form == "github" and os.environ.get("GITHUB_STEP_SUMMARY"):
            write_output(Path(os.environ["GITHUB_STEP_SUMMARY"]), summary(found, touched), append=True)
    return shown
