"""The command that makes documentation of a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from engine import api
from engine.api import Place
from engine.commands.options import command, json_option, place_options
from engine.commands.show import progress, show_json

CLEAN = 0


@click.group("docs", epilog="Example: tieout docs build --out site")
def docs() -> None:
    """Documentation of the workspace: a site for readers, mapping tables, the events as AsyncAPI."""


@command("build", "tieout docs build --out site")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), show_default=True,
              help="The folder of the site: new, empty, or with an earlier site.")  # fmt: skip
@json_option
@place_options
def build(place: Place, out: Path, as_json: bool) -> int:
    """Write the workspace as a static site: flows as diagrams, mappings as tables (and CSV), contracts, policies,
    who owns what, the events as an AsyncAPI document. It needs no JavaScript and can be printed."""
    with progress("writing the site"):
        files = api.catalog_site(place.workspace)
        api.write_site(files, out)
    if as_json:
        show_json({"folder": str(out), "files": sorted(files)})
    else:
        click.echo(f"wrote {len(files)} files to {out}: open {out / 'index.html'}")
    return CLEAN


docs.add_command(build)

COMMANDS: dict[str, click.Command] = {"docs": docs}
