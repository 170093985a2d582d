"""Checks one connector: what its manifest says, how it behaves before a made-up counterpart, and, where that is asked
for, how it gets on with a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.base.clock import Clock
from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.identity import Identity
from engine.base.record import frozen
from engine.connect import codes
from engine.connect.declaration import OperationForm, OperationKind
from engine.connect.http_message import HttpReply
from engine.connect.manifest import Manifest, load_manifest
from engine.connect.operation_form import compile_operations
from engine.connect.rehearsal import Trial, Verdict, rehearse, try_out
from engine.connect.reply_form import reply_value
from engine.connect.sample_input import input_of_type, varied
from engine.plan.schemas import load_schemas
from engine.schema.registry import Registry
from engine.serve.assembly import compile_workspace, open_connection
from engine.source.diagnostic import Diagnostics, Level
from engine.source.json_reader import read_json
from engine.spec.workspace import LoadedWorkspace, SchemaFile, load_workspace

MANIFEST = "manifest"
#: What systems and what stands before them usually answer when they do not do what is asked.
USUAL = (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504)
#: After these somebody may still have done it: a class that says "nothing was written" is wrong.
_OPEN = (500, 502, 504)
_UNDECIDED = (ErrorClass.UNKNOWN_OUTCOME, ErrorClass.TIMEOUT)


@frozen
class Asked:
    """A connection that is to be asked for real; with ``write`` an operation is said there, too."""

    connection: str
    write: str | None = None


def check_connector(
    root: Path | None, name: str, clock: Clock, operation: str | None, given: Any, asked: Asked | None
) -> list[Trial]:
    """Everything that can be told about a connector, in order. ``given`` is an input for the operation, or None.

    Raises UserError for a connector, an operation or a connection that is not there.
    """
    workspace = None if root is None else load_workspace(root)
    found = Diagnostics()
    own, read = (None, None) if workspace is None else (workspace.own_connectors, workspace.read)
    manifest = load_manifest(name, found, None, own, read)
    if any(each.code == codes.UNKNOWN_CONNECTOR for each in found.sorted):
        raise UserError("; ".join(f"{each.message}; {each.help}" for each in found.sorted))
    title = "it can be read, and nothing in it contradicts itself"
    wrong = [each for each in found.sorted if each.level is Level.ERROR]
    if manifest is None:
        return [Trial("", MANIFEST, title, Verdict.BROKEN, f"{each.span}: {each.message}", each.help) for each in wrong]
    trials = [Trial("", MANIFEST, title, Verdict.HOLDS)]
    registry = _registry(workspace, manifest)
    trials.extend(_declared(manifest, registry))
    wanted = asked.write if asked is not None and asked.write is not None else operation
    form = None if wanted is None else _operation(manifest, wanted)
    content = given if form is None else _decoded(form, registry, given)
    if asked is not None:
        trials.extend(asyncio.run(_ask(root, manifest, asked, form, content, clock)))
        return trials

    def inputs(of: str, number: int) -> Any:
        if form is not None and of == form.name and content is not None:
            return varied(content, number)
        declared = manifest.operations[of].input
        schema = None if declared is None else registry.get(declared.id, declared.major)
        return None if schema is None else input_of_type(schema.type, number)

    rehearsed = asyncio.run(rehearse(manifest, inputs, clock))
    order = ["", *manifest.operations]
    chosen = [each for each in (*trials, *rehearsed) if form is None or each.operation in ("", form.name)]
    return sorted(chosen, key=lambda each: order.index(each.operation))


# ----------------------------------------------------------------------------- what the manifest says


def _registry(workspace: LoadedWorkspace | None, manifest: Manifest) -> Registry:
    files = [] if workspace is None else list(workspace.schemas)
    have = {file.path for file in files}
    for path, raw in manifest.schema_files():
        node = read_json(raw, path, Diagnostics())
        if node is not None and path not in have:
            files.append(SchemaFile(path, node))
    return load_schemas(tuple(files), (), Diagnostics()).registry


def _declared(manifest: Manifest, registry: Registry) -> Iterator[Trial]:
    yield from _contracts(manifest, registry)
    yield from _errors(manifest)
    for form in manifest.form.operations:
        if form.kind is OperationKind.WRITE:
            yield from _fate(form)


def _contracts(manifest: Manifest, registry: Registry) -> Iterator[Trial]:
    title = "every contract that it names is there"
    missing = [
        f"{form.name} names {reference.id}@{reference.major}, which is no schema of the workspace or the connector"
        for form in manifest.form.operations
        for reference in (form.input, form.output)
        if reference is not None and registry.get(reference.id, reference.major) is None
    ]
    if missing:
        advice = "write the schema (`tieout new schema NAME`), or leave the reference out"
        yield Trial("", "contracts", title, Verdict.BROKEN, "; ".join(missing), advice)
        return
    open_ = [form.name for form in manifest.form.operations if form.kind is OperationKind.WRITE and form.input is None]
    found = f"these take anything, and nothing is checked before it is sent: {', '.join(open_)}" if open_ else ""
    yield Trial("", "contracts", title, Verdict.HOLDS, found)


def _errors(manifest: Manifest) -> Iterator[Trial]:
    """What usual answers mean, and whether one that leaves the outcome open is taken for a refusal."""
    code = compile_operations(manifest.form, Diagnostics())
    for form in manifest.form.operations:
        operation = None if code is None else code.operations.get(form.name)
        if operation is None or form.kind is OperationKind.READ:
            continue
        scope: dict[str, Any] = {"input": None, "key": "", "settings": {}}
        meanings = {
            status: operation.errors.judge({**scope, "reply": reply_value(HttpReply(status, (), b""))})[0]
            for status in USUAL
        }
        title = "every answer means something"
        wrong = [status for status in _OPEN if meanings[status] not in _UNDECIDED]
        if wrong:
            said = ", ".join(f"{status} means {meanings[status].value}" for status in wrong)
            found = f"{said}: nothing was written; but a system that answers so may have done it"
            yield Trial(form.name, "errors", title, Verdict.BROKEN, found,
                        "give these answers the class `unknown_outcome`, or leave them to `otherwise`")  # fmt: skip
        else:
            yield Trial(form.name, "errors", title, Verdict.HOLDS, _grouped(meanings))


def _grouped(meanings: Mapping[int, ErrorClass]) -> str:
    """``401 auth; 429 rate_limited; else …``, by class."""
    by_class: dict[str, list[str]] = {}
    for status, error_class in meanings.items():
        by_class.setdefault(error_class.value, []).append(str(status))
    return "; ".join(f"{' '.join(statuses)} {name}" for name, statuses in by_class.items())


def _fate(form: OperationForm) -> Iterator[Trial]:
    """What becomes of an effect whose answer was lost."""
    declared = form.idempotency
    title = "an outcome that was lost can be found out"
    if form.read_back is not None and (form.read_back.absent is not None or form.request is None):
        yield Trial(form.name, "fate", title, Verdict.HOLDS)
    elif declared is not None and declared.refuses_duplicates:
        yield Trial(form.name, "fate", title, Verdict.HOLDS, "by sending it again: the system refuses duplicates")
    else:
        what = "`read_back` has no `absent`" if form.read_back is not None else "there is no `read_back`"
        yield Trial(form.name, "fate", title, Verdict.LEFT_OUT,
                    f"{what}, and the system does not refuse duplicates: a person is asked each time")  # fmt: skip


# ----------------------------------------------------------------------------- a connection, for real


async def _ask(
    root: Path | None, manifest: Manifest, asked: Asked, form: OperationForm | None, content: Any, clock: Clock
) -> list[Trial]:
    if root is None:
        raise UserError("a connection is declared in a workspace: name one with --workspace")
    plan = compile_workspace(root).plan
    connection = plan.connections.get(asked.connection)
    if connection is None or connection.connector != manifest.name:
        known = ", ".join(sorted(n for n, each in plan.connections.items() if each.connector == manifest.name))
        raise UserError(f"no connection {asked.connection!r} uses {manifest.name}; those that do: {known or 'none'}")
    connector = open_connection(connection, clock)
    title = "the system can be reached and accepts the credentials"
    try:
        try:
            trials = [Trial("", "reach", title, Verdict.HOLDS, await connector.check())]
        except Failure as failure:
            advice = "check the address, the credentials and the network"
            return [Trial("", "reach", title, Verdict.BROKEN, failure.message, advice)]
        if form is not None and asked.write is not None:
            trials.extend(await try_out(connector, form, content, Identity(clock).new()))
        return trials
    finally:
        await connector.close()


def _operation(manifest: Manifest, name: str) -> OperationForm:
    found = manifest.operation(name)
    if found is None or found.kind is OperationKind.READ:
        known = ", ".join(each.name for each in manifest.form.operations if each.kind is OperationKind.WRITE)
        raise UserError(f"connector {manifest.name} has no write operation {name!r}; it has: {known or 'none'}")
    return found.form


def _decoded(form: OperationForm, registry: Registry, given: Any) -> Any:
    """The input as the operation gets it, in the types of its contract."""
    schema = None if form.input is None else registry.get(form.input.id, form.input.major)
    if given is None or schema is None:
        return given
    try:
        return schema.decode(given)
    except Failure as failure:
        raise UserError(f"the input does not fit {form.input}: {failure.message}") from failure
