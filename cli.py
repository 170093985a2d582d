"""The command line `tieout`: options, lazy commands and exit codes; no logic.

Exit codes: 0 clean, 1 findings, 2 usage or configuration, 3 our defect.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

VERSION = "0.1.0"

CLEAN, FINDINGS, USAGE, DEFECT = 0, 1, 2, 3

#: What one wants to do -> command -> (module with a click command of that name, one line for the overview). Modules are
#: imported when used.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Write definitions": {
        "init": ("authoring", "Make a new workspace: a copy of the shipped one."),
        "new": ("editing", "Make a small good document of any kind, with its test."),
        "fmt": ("rewriting", "Write definitions in canonical form; comments and meaning stay."),
        "migrate": ("rewriting", "Move definitions to the newest version of the language."),
        "schemas": ("editing", "JSON Schemas of the document kinds, for any editor."),
        "lsp": ("editing", "Run the language server, for an editor."),
    },
    "Check and try them": {
        "lint": ("checking", "Check every document of the workspace."),
        "test": ("testing", "Run the tests beside the definitions."),
        "explain": ("checking", "Explain a diagnostic code, with an example."),
        "eval": ("authoring", "Evaluate an expression on a document."),
        "trace": ("running", "Show what a flow does with an event, without sending anything."),
        "connector": ("connectors", "Check a connector: its manifest, and how it behaves."),
    },
    "Review a change": {
        "plan": ("review", "What a change of definitions changes at run time, and what it reaches."),
        "compat": ("review", "Whether changed contracts still fit what was written and who reads it."),
        "backtest": ("review", "Recorded events through old and new definitions: what comes out differently."),
        "why": ("fields", "What feeds a field: sources, tables, constants and rules."),
        "impact": ("fields", "What a field reaches: steps, rules, documents, tests."),
        "docs": ("catalog", "Documentation of the workspace: a static site."),
    },
    "Calculate on files": {
        "calculate": ("finance", "Run a calculating document (pricing, revenue, ...) on facts."),
        "rate": ("finance", "Charges for usage records or quantities, by a pricing document."),
        "prorate": ("finance", "Charges and credits for a part of a period or a change in it."),
        "schedule": ("finance", "Revenue recognition by period."),
        "journal": ("finance", "Balanced entries for events."),
        "metrics": ("finance", "Recurring revenue and its movements."),
    },
    "Run the engine": {
        "doctor": ("operating", "Check the installation, the store and the connections."),
        "serve": ("running", "Run the engine as a daemon."),
        "run": ("running", "Run a flow for one event, on a store."),
        "call": ("running", "Call a flow of the running daemon and wait for its answer."),
        "demo": ("running", "Play a month of a subscription company against a real ERP."),
    },
    "Watch it, settle what waits, prove it": {
        "status": ("operating", "What is where: messages, runs, effects, exceptions."),
        "runs": ("operating", "List runs."),
        "exceptions": ("operating", "List what waits for a person, and settle it."),
        "retry": ("operating", "Work on a stopped run again."),
        "pause": ("connections", "Have a connection left alone for a while."),
        "resume": ("connections", "End the pause of a connection."),
        "lineage": ("operating", "The chain from source event to document, from any id on it."),
        "audit": ("operating", "Verify the audit chains."),
    },
}
COMMANDS: dict[str, tuple[str, str]] = {name: known for each in SECTIONS.values() for name, known in each.items()}

#: Commands that build a workspace once and end leave next to no garbage in cycles: looking for it took a tenth of them.
#: How many more things than before are made until it is looked for, by module; a check ends before that.
RARELY = 500_000
BRIEF = {**dict.fromkeys(("authoring", "fields", "catalog", "rewriting", "testing"), RARELY), "checking": 20 * RARELY}


class LazyGroup(click.Group):
    """Imports a command's module only when the command is used, so that `--help` stays fast."""

    #: Whether the process runs this one command and ends.
    owns_process = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = COMMANDS.get(cmd_name)
        if known is None:
            return None
        if self.owns_process and known[0] in BRIEF:
            gc.set_threshold(BRIEF[known[0]], 20, 100)
            atexit.register(gc.freeze)  # or Python looks for cycles in all that is left before it ends
        module = importlib.import_module(f"engine.commands.{known[0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        wide = max(map(len, COMMANDS))
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(wide), line) for name, (_, line) in commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            if not sys.stdout.closed:  # the language server closes it when its editor is gone
                sys.stdout.flush()
            return result
        except BrokenPipeError:
            # The reader has seen enough (`| head`): the framework would end with 1, which is what findings end with.
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - what is flushed at the end
            return CLEAN

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}") from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start with: tieout init my-workspace && cd my-workspace && tieout lint && tieout test",
)
@click.version_option(VERSION, prog_name="tieout", message="%(prog)s %(version)s")
def tieout() -> None:
    """Every subscription change becomes the correct financial outcome, once, and anyone can prove it."""


def script() -> None:
    """What the installed command and ``python -m cli`` run: the process is theirs, so they may tune its collector."""
    LazyGroup.owns_process = True
    main()


def main() -> None:
    """Run the command that the arguments name: what went wrong becomes an exit code and a message, not a traceback."""
    from engine.base.errors import Failure, UserError

    try:
        result = tieout.main(standalone_mode=False)
        code = result if isinstance(result, int) else CLEAN
    except click.exceptions.Exit as finished:
        code = finished.exit_code
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        code = USAGE
    except click.ClickException as wrong:
        _tell_programs(wrong.format_message())
        wrong.show()
        code = USAGE
    except UserError as wrong:
        from engine.commands.show import show_user_error

        show_user_error(wrong)
        code = USAGE
    except Failure as failure:
        _tell_programs(failure.message)
        click.echo(f"error: {failure.message}", err=True)
        code = USAGE
    except Exception as error:  # noqa: BLE001 - the outermost boundary: a defect is reported, not thrown at the user
        from engine.commands.show import show_defect

        _tell_programs("Tieout made a mistake")
        show_defect(error)
        code = DEFECT
    sys.exit(code)


def _tell_programs(message: str) -> None:
    """Where JSON was asked for, what went wrong is one JSON value on standard output as well."""
    if "--json" in sys.argv[1:]:
        import json

        click.echo(json.dumps({"error": message, "diagnostics": []}, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    script()
