"""The changes that no test noticed, for people and for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.verify.mutants.advice import Advice
from engine.verify.mutants.trial import Fate, MutantReport, Tried

FORMAT_VERSION = 1


def human(report: MutantReport, *, color: bool = False) -> str:
    """Survivors by place with what was changed, then the counts and the score."""
    red, dim, end = ("\x1b[31m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    lines: list[str] = []
    for each in report.of(Fate.SURVIVED, Fate.UNREACHED):
        mutation = each.mutation
        why = "no test notices" if each.fate is Fate.SURVIVED else "no test comes here"
        lines.append(f"{red}{mutation.file}:{mutation.line}{end}  {mutation.what}  {dim}({why}){end}")
        lines.append(f"  - {mutation.original}")
        if mutation.mutated:
            lines.append(f"  + {mutation.mutated}")
        if each.advice is not None:
            lines.append(f"  {each.advice.words(mutation.original)}")
    if lines:
        lines.append("")
    return "\n".join([*lines, _counts(report)]) + "\n"


def _counts(report: MutantReport) -> str:
    count = {fate: len(report.of(fate)) for fate in Fate}
    tried = count[Fate.NOTICED] + count[Fate.SURVIVED] + count[Fate.UNREACHED]
    said = f"{count[Fate.NOTICED]} of {tried} changes were noticed: {report.score:.1f} %"
    if count[Fate.REFUSED]:
        said += f"; {count[Fate.REFUSED]} more do not compile"
    if count[Fate.UNTRIED]:
        said += f"; {count[Fate.UNTRIED]} were not tried, the time was up"
    return f"{said} ({report.seconds:.1f} s)"


def as_json(report: MutantReport) -> dict[str, Any]:
    """The report as a JSON-like value; every change with its fate."""
    return {
        "format_version": FORMAT_VERSION,
        "score": round(report.score, 2),
        "counts": {str(fate): len(report.of(fate)) for fate in Fate},
        "changes": [_change(each) for each in report.tried],
    }


def _change(each: Tried) -> dict[str, Any]:
    mutation = each.mutation
    return {
        "file": mutation.file,
        "line": mutation.line,
        "what": mutation.what,
        "original": mutation.original,
        "mutated": mutation.mutated,
        "fate": str(each.fate),
        "by": each.by,
        "advice": None if each.advice is None else _advice(each.advice, mutation.original),
    }


def _advice(advice: Advice, original: str) -> dict[str, Any]:
    return {**asdict(advice), "words": advice.words(original)}
