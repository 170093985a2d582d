"""Commands that check definitions and explain what was found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.api import Place
from engine.base.record import frozen
from engine.commands.options import command, json_option, place_options
from engine.commands.show import progress, show_json, telling, wants_color

if TYPE_CHECKING:
    from engine.lint.report import LintReport
    from engine.report.outputs import Output
    from engine.source.catalogue import Code
    from engine.source.diagnostic import Diagnostic

CLEAN, FINDINGS, DEFECT = 0, 1, 3
_LEVELS = ("error", "warning", "info")


@frozen
class _Wanted:
    """What was asked for, beside the workspace."""

    root: Path
    outputs: tuple[Output, ...]
    chosen: Callable[[str], bool]
    narrowed: bool
    changed: frozenset[str] | None
    fail_on: str
    everything: bool


@command("lint", "tieout lint mappings/flows --format human --format sarif=lint.sarif")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "forms", multiple=True, metavar="FORMAT[=PATH]",
              help="How findings are printed: human (the default), json, sarif, junit, github, gitlab, compact. "
              "Several at once with =PATH: one for the terminal, each other into its file.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--fail-on", type=click.Choice(_LEVELS), default="warning", show_default=True,
              help="The mildest finding that makes the command fail.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Show more than fifty findings of a file.")
@click.option("--fix", "fix", is_flag=True, help="Mend what can be mended for sure, then show the rest.")
@click.option("--unsafe", is_flag=True, help="With --fix: also what is probably meant.")
@click.option("--diff", "diff", is_flag=True, help="With --fix: print the changes, make none.")
@click.option("--baseline", type=click.Path(path_type=Path, dir_okay=False),
              help="A file of findings that are accepted for now.")  # fmt: skip
@click.option("--write-baseline", is_flag=True, help="Accept everything found now: write it into --baseline.")
@click.option("--changed-since", metavar="REV",
              help="Check all; show what is found in, or points into, files changed since a Git revision.")  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Check anew, also what did not change since it was last checked.")
@click.option("--problem-matcher", is_flag=True, help="Print the matcher by which CI reads --format compact.")
@place_options
def lint(
    place: Place,
    paths: tuple[Path, ...],
    forms: tuple[str, ...],
    as_json: bool,
    fail_on: str,
    everything: bool,
    fix: bool,
    unsafe: bool,
    diff: bool,
    baseline: Path | None,
    write_baseline: bool,
    changed_since: str | None,
    no_cache: bool,
    problem_matcher: bool,
) -> int:
    """Check every document of the workspace. With PATHS, show only what is found in these files and folders."""
    if problem_matcher:
        from engine.report.compact import MATCHER

        show_json(MATCHER)
        return CLEAN
    if (unsafe or diff) and not fix:
        raise click.UsageError("--unsafe and --diff go with --fix")
    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline goes with --baseline FILE")
    if fix and write_baseline:
        raise click.UsageError("fix first, then accept the rest: --fix and --write-baseline do not go together")
    root = place.workspace
    wanted = _Wanted(
        root=root,
        outputs=api.report_outputs(_forms(forms, as_json)),
        chosen=lambda file: _lies_in(root / file, paths),
        narrowed=bool(paths) or changed_since is not None,
        changed=None if changed_since is None else api.changed_files(root, changed_since),
        fail_on=fail_on,
        everything=everything,
    )
    if fix:
        return _fix(root, wanted, baseline, unsafe=unsafe, diff=diff)
    with telling("checking the workspace"):
        report = api.lint(root, None if no_cache else place.state, beside=_owns_process())
    if baseline is not None and write_baseline:
        api.write_baseline(baseline, report.diagnostics, report.files)
    return _show(report, wanted, baseline)


def _owns_process() -> bool:
    """Whether the process runs this one command and ends; the command line knows."""
    return bool(getattr(click.get_current_context().find_root().command, "owns_process", False))


def _forms(forms: tuple[str, ...], as_json: bool) -> list[str]:
    """What goes to the terminal, unless it is said, is for people; ``--json`` says it."""
    to_files = [form for form in forms if "=" in form]
    to_terminal = [form for form in forms if "=" not in form]
    if as_json and to_terminal not in ([], ["json"]):
        raise click.UsageError("--json and another format for the terminal; write the other as FORMAT=PATH")
    return [*(["json"] if as_json else to_terminal or ["human"]), *to_files]


def _show(report: LintReport, wanted: _Wanted, baseline: Path | None) -> int:
    """Print the findings that are asked for; whether one of them is bad enough to fail."""
    files = dict(report.files)
    found = list(_selected(report, wanted, baseline))
    if baseline is not None and any(each.span.file == str(baseline) for each in found):
        files[str(baseline)] = baseline.read_text("utf-8")
    shown = api.write_findings(
        wanted.outputs,
        found,
        files,
        color=wants_color(),
        changed=wanted.changed or frozenset(),
        everything=wanted.everything,
        root=wanted.root,
    )
    sys.stdout.write(shown)
    failing = _LEVELS[: _LEVELS.index(wanted.fail_on) + 1]
    return FINDINGS if any(each.level.value in failing for each in found) else CLEAN


def _selected(report: LintReport, wanted: _Wanted, baseline: Path | None) -> list[Diagnostic]:
    found: list[Diagnostic] = list(report.diagnostics)
    stale: list[Diagnostic] = []
    if baseline is not None:
        known = {*report.diagnostics}
        left = api.without_accepted(report.diagnostics, report.files, baseline)
        found = [each for each in left if each in known]
        # Entries may belong to files that are not asked for, so they are judged with the whole workspace only.
        stale = [] if wanted.narrowed else [each for each in left if each not in known]
    if wanted.changed is not None:
        found = api.concerning(found, wanted.changed)
    return [*(each for each in found if wanted.chosen(each.span.file)), *stale]


def _fix(root: Path, wanted: _Wanted, baseline: Path | None, *, unsafe: bool, diff: bool) -> int:
    def chosen(finding: Diagnostic) -> bool:
        mine = wanted.changed is None or finding.span.file in wanted.changed
        return mine and wanted.chosen(finding.span.file)

    with progress("mending the workspace"):
        report = api.fix(root, unsafe=unsafe, chosen=chosen)
    for each in report.discarded:
        click.echo(f"defect: the fix of {each.code} at {each.span} mends nothing and was left out; tell us", err=True)
    if diff:
        sys.stdout.write(api.unified_diff(report.before, report.texts))
        return DEFECT if report.discarded else FINDINGS if report.texts else CLEAN
    api.write_texts(root, report.texts)
    for file in sorted(report.texts):
        codes = ", ".join(each.code for each in report.applied if each.span.file == file)
        click.echo(f"fixed {file}: {codes}", err=True)
    code = _show(report.remaining, wanted, baseline)
    return DEFECT if report.discarded else code


def _lies_in(file: Path, paths: tuple[Path, ...]) -> bool:
    """Whether a file is one of the paths or below one; a link that leads round and round lies where it stands."""
    if not paths:
        return True
    real = Path(os.path.realpath(file))
    return any(real.is_relative_to(os.path.realpath(path)) for path in paths)


@command("explain", "tieout explain YAML013")
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Every code.")
@json_option
def explain(code: str | None, everything: bool, as_json: bool) -> int:
    """Explain a diagnostic code, with an example of what to avoid and what to prefer."""
    if (code is None) != everything:
        raise click.UsageError("name a code, or say --all")
    found = api.explain(code)
    if as_json:
        entries = [_entry(each) for each in found]
        show_json(entries if everything else entries[0])
    elif everything:
        for each in found:
            click.echo(f"{each.code}  {each.level:<7}  {each.summary}")
    else:
        click.echo(_explanation(found[0]))
    return CLEAN


def _entry(code: Code) -> dict[str, Any]:
    names = ("code", "name", "level", "summary", "avoid", "prefer", "why", "exceptions", "fixable", "since")
    return {name: getattr(code, name) for name in names}


def _explanation(code: Code) -> str:
    from engine.source.catalogue import sections

    parts = [f"{code.code} {code.name} ({code.level})", code.summary]
    for title, text, is_fragment in sections(code):
        indented = "\n".join([f"{title}:", *(f"    {line}" for line in text.splitlines())])
        parts.append(indented if is_fragment else f"{title}: {text}")
    return "\n\n".join(parts)


COMMANDS: dict[str, click.Command] = {"lint": lint, "explain": explain}
