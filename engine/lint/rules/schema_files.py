"""Schemas that say something without effect, or that no value can satisfy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.schema.schema import Schema
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.node import Mapping, Node, Scalar, Sequence, plain
from engine.source.span import Span

_BOUNDS = (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"))
_BESIDE_CONSTANTS = ("pattern", "minLength", "maxLength", "format", "minimum", "maximum")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for file in subject.workspace.schemas:
        root = file.node
        if file.path not in subject.workspace.files or not isinstance(root, Mapping) or _is_vendor(root):
            continue
        yield from _definitions(subject, root)
        yield from subject.known.told(_objects_of, root)
        examples, name = root.get("examples"), root.get("$id")
        if isinstance(examples, Sequence) and isinstance(name, Scalar):
            schema = subject.plan.contracts.get(re.sub(r"^tieout:schema/", "", str(name.value)))
            if schema is not None:
                yield from subject.known.told(_examples, examples, schema)


def _objects_of(root: Mapping) -> Iterator[Diagnostic]:
    for node in _objects(root):
        yield from _node(node)


def _is_vendor(root: Mapping) -> bool:
    marked = root.get("x-vendor")
    return isinstance(marked, Scalar) and marked.value is True


def _objects(node: Node) -> Iterator[Mapping]:
    """Every object of the file that can be a schema; examples and constants are not looked into."""
    if isinstance(node, Mapping):
        yield node
        for entry in node.entries:
            if entry.key not in {"examples", "const", "enum"}:
                yield from _objects(entry.value)
    elif isinstance(node, Sequence):
        for each in node:
            yield from _objects(each)


def _node(node: Mapping) -> Iterator[Diagnostic]:
    if isinstance(node.get("properties"), Mapping) and isinstance(node.get("required"), Sequence):
        yield from _twice(node.get("required"), "SCHEMA226", "is required twice")
    listed = node.get("enum")
    if isinstance(listed, Sequence):
        yield from _twice(listed, "SCHEMA222", "is listed twice")
        yield from _alike(listed)
    if isinstance(listed, Sequence) or isinstance(node.get("const"), Scalar):
        for entry in node.entries:
            if entry.key in _BESIDE_CONSTANTS and isinstance(entry.value, Scalar):
                message = f"`{entry.key}` has no effect beside listed values"
                yield finding("SCHEMA225", message, entry.key_span, "remove it, or the values that it forbids")
    pattern = node.get("pattern")
    if isinstance(pattern, Scalar) and isinstance(pattern.value, str) and listed is None:
        yield from _unanchored(pattern, pattern.value)
    for low, high in _BOUNDS:
        least, most = _whole(node.get(low)), _whole(node.get(high))
        if least is not None and most is not None and least > most:
            place = node.get(low)
            message = f"no value fits: `{low}` is {least} and `{high}` is {most}"
            yield finding("SCHEMA223", message, node.span if place is None else place.span, "exchange the two")


def _whole(node: Node | None) -> int | None:
    return node.value if isinstance(node, Scalar) and type(node.value) is int else None


def _twice(listed: Node | None, code: str, what: str) -> Iterator[Diagnostic]:
    known: dict[object, Span] = {}
    for each in listed if isinstance(listed, Sequence) else ():
        value = (type(each.value), each.value) if isinstance(each, Scalar) else None
        if value is not None and value in known:
            labels = (Label(known[value], "for the first time here"),)
            yield finding(code, f"`{value[1]}` {what}", each.span, "leave one out, or correct it", labels)
        elif value is not None:
            known[value] = each.span


def _alike(listed: Sequence) -> Iterator[Diagnostic]:
    known: dict[str, str] = {}
    for each in listed:
        if not isinstance(each, Scalar) or not isinstance(each.value, str):
            continue
        key = each.value.strip().casefold()
        if each.value != each.value.strip() or known.get(key, each.value) != each.value:
            message = f"'{each.value}' and '{known.get(key, each.value.strip())}' are two values to every program"
            yield finding("SCHEMA224", message, each.span, "list one spelling only")
        known.setdefault(key, each.value)


def _unanchored(pattern: Scalar, text: str) -> Iterator[Diagnostic]:
    if text.startswith("^") or text.endswith("$") or "|" in text:
        return
    fix = None
    if pattern.quoted and pattern.span.line == pattern.span.end_line and "\\" not in text:
        fix = Fix("Anchor it at both ends", (Edit(pattern.span, f'"^{text}$"'),), safe=False)
    message = f"`{text[:24]}` is looked for anywhere in the text: more before and behind it passes too"
    yield finding("SCHEMA221", message, pattern.span, f"write ^{text[:40]}$ if the whole text is meant", fix=fix)


def _definitions(subject: Subject, root: Mapping) -> Iterator[Diagnostic]:
    defined = root.get("$defs")
    if not isinstance(defined, Mapping):
        return
    own = subject.workspace.files[root.span.file]
    name = root.get("$id")
    for entry in defined.entries:
        reference = f"#/$defs/{entry.key}"
        elsewhere = f"{name.value}{reference}" if isinstance(name, Scalar) else reference
        used = f'"{reference}"' in own or any(elsewhere in text for text in subject.workspace.files.values())
        if not used:
            message = f"nothing refers to the definition `{entry.key}`"
            yield finding("SCHEMA220", message, entry.key_span, "use it by $ref, or remove it")


def _examples(examples: Sequence, schema: Schema) -> Iterator[Diagnostic]:
    """Examples of the whole schema that are not what it says."""
    for each in examples:
        errors = schema.errors(plain(each))
        if errors:
            message = f"the example does not fit its schema: {errors[0].message}"
            yield finding("SCHEMA227", message[:90], each.span, "correct the example, or the schema")
