"""Commands for editors: schemas of the document kinds, new documents, the language server."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine import api
from engine.api import Place
from engine.commands.options import command, json_option, place_options
from engine.commands.show import show_json
from engine.spec.editor_blank import creatable

CLEAN, FINDINGS = 0, 1

_NEW = f"""Make a document of a KIND called NAME: the smallest good one, with its test and the schemas that it needs.

KIND is one of: {", ".join(creatable())}. `tieout schemas` says what each is for.

Nothing is overwritten. `tieout new workspace NAME` makes an empty workspace in the current folder."""


@command("schemas", "tieout schemas --write")
@click.argument("kind", required=False)
@click.option("--write", "folder", metavar="DIR", is_flag=False, flag_value="", default=None,
              help="Write those of all kinds to a folder, schemas/editor if none is named.")  # fmt: skip
@json_option
@place_options
def schemas(place: Place, kind: str | None, folder: str | None, as_json: bool) -> int:
    """Print the JSON Schema of a KIND of document, or write all of them, for editors that complete and check YAML."""
    if folder is not None:
        target = Path(folder) if folder else place.workspace / api.EDITOR_SCHEMA_FOLDER
        changed = api.write_editor_schemas(target)
        if as_json:
            show_json({"folder": str(target), "written": changed})
        else:
            click.echo(f"wrote {len(changed)} schemas to {target}" if changed else f"{target} is current")
    elif kind is not None:
        sys.stdout.write(api.schema_text(api.editor_schema(kind)))
    elif as_json:
        show_json(api.editor_schemas())
    else:
        for name, schema in api.editor_schemas().items():
            click.echo(f"{name:<12}{schema.get('description', '')}")
        click.echo("one of them: tieout schemas KIND    all into files: tieout schemas --write")
    return CLEAN


@command("new", "tieout new flow invoice_reminder && tieout lint && tieout test", help=_NEW)
@click.argument("kind")
@click.argument("name")
@click.option("--folder", metavar="DIR", help="Where in the workspace; beside others of its kind if left out.")
@click.option("--workspace", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="The workspace; found from the current folder upwards if left out.")  # fmt: skip
@json_option
def new(kind: str, name: str, folder: str | None, workspace: Path | None, as_json: bool) -> int:
    made = api.new_document(workspace or Path.cwd(), kind, name, folder)
    if as_json:
        show_json({"kind": kind, "name": name, "files": made})
    else:
        for file in made:
            click.echo(f"made {file}")
        if kind == "connector":
            click.echo(
                "next: say its requests and answers in the manifest, then `tieout new connection` and name it there"
            )
    return CLEAN


@command("lsp", "tieout lsp")
@click.option(
    "--stdio", is_flag=True, expose_value=False, help="Speak over standard input and output, which is the only way."
)
def lsp() -> int:
    """Run the language server, which an editor starts by itself: diagnostics, completion, hover, rename and more."""
    return CLEAN if api.serve_language() else FINDINGS


COMMANDS: dict[str, click.Command] = {"new": new, "schemas": schemas, "lsp": lsp}
