"""Options that several commands share, and how their errors are shown with the text they point into."""

from __future__ import annotations

import codecs
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.api import Place, find_place
from engine.base.errors import Failure, UserError
from engine.commands.show import machine_says, show_user_error, sources_of

F = TypeVar("F", bound=Callable[..., Any])

USAGE = 2


class Day(click.DateTime):
    """A calendar day."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no day: write it as year, month and day, such as 2026-03-01", param, ctx)


def command(name: str, example: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A click command whose help ends with an example."""
    return click.command(name, cls=_Command, epilog=f"Example: {example}", **settings)


def group(name: str, example: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Group]:
    """A click command that also has commands below it, and whose help ends with an example."""
    return click.group(name, cls=_Group, epilog=f"Example: {example}", **settings)


class _Shown(click.Command):
    """Shows what the user can mend while it is still known whether JSON was asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        as_json = bool(ctx.params.get("as_json"))
        try:
            return super().invoke(ctx)
        except UserError as wrong:
            show_user_error(wrong, as_json=as_json)
        except Failure as failure:
            show_user_error(UserError(failure.message), as_json=as_json)
        except (OSError, ModuleNotFoundError) as error:
            said = machine_says(error)
            if said is None:
                raise
            show_user_error(UserError(said), as_json=as_json)
        return USAGE


class _Command(_Shown):
    """A command that shows what the user can mend."""


class _Group(_Shown, click.Group):
    """The same of a command with commands below it."""


def json_option(function: F) -> F:
    """``--json``: print one JSON value instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def place_options(function: Callable[..., int]) -> Callable[..., int]:
    """Where to work. The command gets ``place``; findings of a UserError are shown with their source lines."""

    @functools.wraps(function)
    def with_place(
        workspace: Path | None, state: Path | None, store: str | None, environment: str | None, **given: Any
    ) -> int:
        place = find_place(workspace, state, store, environment)
        return shown(place, lambda: function(place=place, **given), as_json=bool(given.get("as_json")))

    for option in reversed(_PLACE):
        with_place = option(with_place)
    return with_place


def shown(place: Place, work: Callable[[], int], *, as_json: bool = False) -> int:
    """Do the work; findings are printed with the lines of the workspace that they point into."""
    try:
        return work()
    except UserError as wrong:
        show_user_error(wrong, sources_of(wrong.diagnostics, place.root), as_json=as_json)
        return USAGE


_PLACE = (
    click.option(
        "--workspace", type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="The workspace; found from the current folder upwards if left out.",
    ),
    click.option(
        "--state", type=click.Path(path_type=Path, file_okay=False), envvar="TIEOUT_STATE", show_envvar=True,
        help="Folder of the store, token and checkpoints; .tieout in the workspace if left out.",
    ),
    click.option(
        "--store", envvar="TIEOUT_STORE", show_envvar=True,
        help="The store: a SQLite file or postgresql://…; store.db in the state folder if left out.",
    ),
    click.option(
        "--environment", envvar="TIEOUT_ENVIRONMENT", show_envvar=True, default="development", show_default=True,
        help="The environment that the store belongs to.",
    ),
)  # fmt: skip


def read_input(file: str) -> bytes:
    """The bytes of a file, or of standard input for ``-``, without the byte order mark that some programs begin a
    file with. Raises UserError."""
    if file == "-":
        return sys.stdin.buffer.read().removeprefix(codecs.BOM_UTF8)
    try:
        return Path(file).read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
