"""Which form findings are written in, and where to: ``human`` to the terminal, ``sarif=lint.sarif`` to a file."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.base.errors import UserError
from engine.source.diagnostic import Diagnostic

#: Name -> its module in this package, loaded when it is asked for.
FORMATS: tuple[str, ...] = ("human", "json", "sarif", "junit", "github", "gitlab", "compact")


@dataclass(frozen=True, slots=True)
class Output:
    """One form, and the file it goes to; None is the terminal."""

    form: str
    path: Path | None = None


def parse_outputs(written: Sequence[str]) -> tuple[Output, ...]:
    """Outputs as given on the command line. Raises UserError for an unknown form, or two for one place."""
    outputs: list[Output] = []
    for each in written:
        form, equals, path = each.partition("=")
        if form not in FORMATS:
            raise UserError(f"there is no format {form!r}; one of {', '.join(FORMATS)}, or FORMAT=PATH")
        if equals and not path:
            raise UserError(f"{each!r} names no file after `=`")
        output = Output(form, Path(path) if path else None)
        if any(other.path == output.path for other in outputs):
            where = f"the file {output.path}" if output.path else "the terminal; write the other as FORMAT=PATH"
            raise UserError(f"two formats for {where}")
        outputs.append(output)
    return tuple(outputs)


def rendered(
    form: str,
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, str],
    *,
    color: bool = False,
    changed: Collection[str] = (),
    everything: bool = False,
) -> str:
    """The findings in one form. ``changed`` files come first where only some findings are shown; ``everything``
    lifts the cap per file of the form for people."""
    module = importlib.import_module(f"engine.report.{form}")
    options: dict[str, object] = {"color": color}
    if form == "github":
        options["changed"] = changed
    if form == "human" and everything:
        options["per_file_max"] = None
    text: str = module.render(diagnostics, sources, **options)
    return text


def write_output(path: Path, text: str, *, append: bool = False) -> None:
    """Write a report. Raises UserError if the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
