"""A small prompt for trying expressions on a document. Bad input is answered, never a crash."""

from __future__ import annotations

from typing import Any, TextIO

from engine import api
from engine.base.errors import Failure, UserError

HELP = """Type an expression, such as  sum(lines[].amount)  or  lines[0].product.
  :load FILE   take another JSON document
  :keys        what the document holds at the top
  :quit        leave (or Ctrl-D)
"""


def prompt(document: Any, source: TextIO, out: TextIO) -> int:
    """Read expressions until the end of input; prints each value and type. Always 0."""
    interactive = source.isatty()
    if interactive:
        import readline  # gives editing and history to input()

        readline.set_history_length(1000)
        out.write("An expression, or :help\n")
    while True:
        line = _next_line(source, interactive)
        if line is None:
            return 0
        line = line.strip()
        if line in (":quit", ":q"):
            return 0
        if line.startswith(":load "):
            document = _loaded(line.removeprefix(":load ").strip(), document, out)
        elif line == ":keys":
            out.write(", ".join(document) + "\n" if isinstance(document, dict) else "the document is no object\n")
        elif line.startswith(":"):
            out.write(HELP)
        elif line:
            out.write(_answer(line, document))
        out.flush()


def _next_line(source: TextIO, interactive: bool) -> str | None:
    try:
        if interactive:
            return input("> ")
        return source.readline() or None
    except EOFError:
        return None
    except KeyboardInterrupt:
        return ""
    except UnicodeDecodeError:
        return ":help"


def _loaded(file: str, before: Any, out: TextIO) -> Any:
    from engine.commands.options import read_input
    from engine.source.json_payload import parse_json

    try:
        return parse_json(read_input(file))
    except (UserError, Failure) as wrong:
        out.write(f"error: {wrong.message}\n")
        return before


def _answer(expression: str, document: Any) -> str:
    from engine.base.identity import json_bytes
    from engine.report.human import render

    try:
        value, type_ = api.evaluate(expression.removeprefix("="), document)
    except UserError as wrong:
        if not wrong.diagnostics:
            return f"error: {wrong.message}\n"
        sources = {"<expression>": expression.removeprefix("=")}
        return render(wrong.diagnostics, sources, color=False)  # type: ignore[arg-type]
    except Failure as failure:
        return f"error: {failure.message}\n"
    return f"{json_bytes(api.plain(value)).decode()}\n  {type_}\n"
