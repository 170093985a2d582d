"""Definitions that are compiled together: every version of one major of a mapping, a policy or a flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.plan.flow_scope import either
from engine.plan.flows import compile_flow
from engine.plan.library import Callee, Library, Parts
from engine.plan.mapping_plan import compile_mapping
from engine.plan.model import FlowPlan, MappingPlan, PolicyPlan
from engine.plan.policies import compile_policy
from engine.plan.versions import Version, check_dates, dated, in_order, version_number
from engine.schema.types import ANY, Type
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.policy import Policy


def name_of(document: Any) -> str:
    """What refers to it, ``id@MAJOR``."""
    return f"{document.id}@{version_number(document.version)[0]}"


def compile_mappings(
    documents: Sequence[MappingDocument], digests: Sequence[str], library: Library
) -> Callee[MappingPlan] | None:
    """The versions of one mapping; None if any of them did not compile."""
    # Compiling a mapping reports what its signature names wrongly; reading the signature again does not.
    quiet = replace(library, diagnostics=Diagnostics())
    versions: list[Version[MappingPlan]] = []
    inputs: list[Mapping[str, Type]] = []
    outputs: list[Type] = []
    parts: Parts = {}
    for document, digest in zip(documents, digests, strict=True):
        made = _mapping(document, digest, parts, library)
        if made is not None:
            versions.append(dated(document.id, document.version, document.effective, document.span, made))
        inputs.append(quiet.input_types(document.input, parts))
        output = quiet.schema(document.output, parts)
        outputs.append(ANY if output is None else output.type)
    check_dates(versions, library.diagnostics)
    if len(versions) != len(documents):
        return None
    label, named = f"mapping `{name_of(documents[0])}`", tuple(document.output for document in documents)
    return Callee(label, tuple(inputs), named, either(outputs), in_order(versions), parts)


def _mapping(document: MappingDocument, digest: str, parts: Parts, library: Library) -> MappingPlan | None:
    parts[f"mapping:{document.id}@{document.version}"] = digest
    if _needs_unread_schema(document, library):
        return None

    def table(name: str) -> Any:
        spec = library.tables.get(name)
        if spec is not None:
            parts.update({f"table:{plan.id}@{plan.version}": plan.digest for plan in spec.plan})
        return spec

    return compile_mapping(
        document, schemas=library.schemas, tables=table, digest=digest, diagnostics=library.diagnostics
    )


def _needs_unread_schema(document: MappingDocument, library: Library) -> bool:
    """Whether a schema it names is there but has findings: those are to be mended first."""
    named = [document.output, *(declared.schema for _, declared in document.input)]
    keys = {(reference.id, reference.major) for reference in named if reference is not None}
    return any(library.schemas.get(*key) is None and key in library.schemas.declared for key in keys)


def compile_policies(documents: Sequence[Policy], digests: Sequence[str], library: Library) -> Callee[PolicyPlan]:
    """The versions of one policy."""
    versions: list[Version[PolicyPlan]] = []
    inputs: list[Mapping[str, Type]] = []
    parts: Parts = {}
    for document, digest in zip(documents, digests, strict=True):
        made = compile_policy(document, digest, library)
        versions.append(dated(document.id, document.version, document.effective, document.span, made.plan))
        inputs.append(made.inputs)
        parts.update(made.parts)
    check_dates(versions, library.diagnostics)
    return Callee(f"policy `{name_of(documents[0])}`", tuple(inputs), (), ANY, in_order(versions), parts)


def compile_flows(documents: Sequence[Flow], digests: Sequence[str], library: Library) -> Callee[FlowPlan]:
    """The versions of one major of a flow; the flows they call are compiled already."""
    versions: list[Version[FlowPlan]] = []
    inputs: list[Mapping[str, Type]] = []
    outputs: list[Type] = []
    parts: Parts = {}
    for document, digest in zip(documents, digests, strict=True):
        made = compile_flow(document, digest, library)
        versions.append(dated(document.id, document.version, document.effective, document.span, made.plan))
        inputs.append(made.inputs)
        outputs.append(made.output)
        parts.update(made.parts)
    check_dates(versions, library.diagnostics)
    return Callee(f"flow `{name_of(documents[0])}`", tuple(inputs), (), either(outputs), in_order(versions), parts)
