"""From a tree of nodes to a definition, derived from the shapes of :mod:`engine.spec.documents`.

Nothing here names a key: what a document may hold is read from the fields of its shape, once per shape.
All findings of a document are collected; a document with any is not decoded.
"""

from __future__ import annotations

import dataclasses
import datetime
import types
import typing
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from engine.base.record import frozen, hints_of
from engine.source.about import About, Slip
from engine.source.diagnostic import Diagnostic, Diagnostics, Edit, Fix
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence
from engine.spec import codes as codes
from engine.spec import leaves
from engine.spec.leaves import INVALID
from engine.spec.nearest import nearest, suggestion
from engine.spec.shape import FIELD, ExactlyOne, Field, Map
from engine.spec.values import Duration, Expression, Name, Reference, Template, Tree

T = TypeVar("T")

#: Decodes a node: the node, what it is called in messages, where findings go. Gives INVALID after a finding.
Decoder = Callable[[Node, str, Diagnostics], Any]

_LEAVES: dict[Any, Decoder] = {
    str: leaves.plain_text,
    bool: leaves.boolean,
    int: leaves.integer,
    Decimal: leaves.decimal,
    datetime.date: leaves.date,
    Name: leaves.name,
    Reference: leaves.reference,
    Expression: leaves.expression,
    Template: leaves.template,
    Duration: leaves.duration,
}


@frozen
class Key:
    """One key of a shape, as decoding and tools need it: its spelling, declaration and decoder."""

    key: str
    field: str
    declared: Field
    type: Any
    required: bool
    default: Any
    decode: Decoder


@frozen
class Layout:
    """What is known about a shape: its keys by spelling, and its rules."""

    shape: type[Any]
    keys: dict[str, Key]
    rules: tuple[ExactlyOne, ...]


def decode(node: Node, shape: type[T], diagnostics: Diagnostics) -> T | None:
    """The definition that a tree says, or None with findings.

    ``shape`` is a document's shape or that of a part; the key ``spec`` of a document has been read before
    (:mod:`engine.spec.kinds`) and is passed over where the shape has no such key.
    """
    if isinstance(node, Mapping) and "spec" not in layout(shape).keys and node.get("spec") is not None:
        node = Mapping(tuple(entry for entry in node.entries if entry.key != "spec"), node.span)
    found = Diagnostics()
    value = _decode_shape(shape, node, "the document", found)
    diagnostics.extend(found)
    return None if value is INVALID else typing.cast("T", value)


def layout(shape: type[Any]) -> Layout:
    """The keys and rules of a shape, from its declaration; worked out once per shape."""
    known = _LAYOUTS.get(shape)
    if known is None:
        known = _LAYOUTS[shape] = _lay_out(shape)
    return known


_LAYOUTS: dict[type[Any], Layout] = {}


def _lay_out(shape: type[Any]) -> Layout:
    hints = hints_of(shape)
    keys: dict[str, Key] = {}
    for field in dataclasses.fields(shape):
        if field.name == "span":
            continue
        hint = hints[field.name]
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        declared: Field = field.metadata[FIELD]
        key = field.name.removesuffix("_")
        keys[key] = Key(key, field.name, declared, hint, required, field.default, _decoder(hint, declared))
    return Layout(shape, keys, tuple(getattr(shape, "RULES", ())))


def _decoder(hint: Any, declared: Field) -> Decoder:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (each for each in typing.get_args(hint) if each is not types.NoneType)
        return partial(_decode_optional, _decoder(inner, declared))
    if origin is tuple:
        return partial(_decode_list, _decoder(typing.get_args(hint)[0], declared))
    if origin is Map:
        inner = typing.get_args(hint)[0]
        named = inner is Expression or (inner not in _LEAVES and inner is not Tree)
        return partial(_decode_map, _decoder(inner, declared), named)
    if hint is Tree:
        return _decode_tree
    if hint is str and declared.pattern:
        return partial(leaves.plain_text, pattern=declared.pattern)
    if hint in _LEAVES:
        return _LEAVES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return partial(_decode_enum, hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return partial(_decode_shape, hint)
    raise TypeError(f"a document cannot hold {hint!r}")


def _decode_optional(inner: Decoder, node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    if isinstance(node, Scalar) and node.value is None:
        diagnostics.error("SPEC022", f"{owner} is null", node.span, "leave the key out")
        return INVALID
    return inner(node, owner, diagnostics)


def _decode_list(inner: Decoder, node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    if not isinstance(node, Sequence):
        return leaves.wrong_type(node, "a list", owner, diagnostics)
    values = [inner(each, f"an entry of {owner}", diagnostics) for each in node.items]
    return INVALID if any(value is INVALID for value in values) else tuple(values)


def _decode_map(inner: Decoder, named: bool, node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    """An object with free keys: names where the values are computed or shapes, else anything (paths, vendors' keys)."""
    if not isinstance(node, Mapping):
        return leaves.wrong_type(node, "an object", owner, diagnostics)
    values = []
    for entry in node.entries:
        valid = not named or leaves.is_key_name(entry.key)
        if not valid:
            help = "lower-case letters, digits and `_`, a letter first"
            about = About(slip=Slip.NAME_FORM)
            diagnostics.error("SPEC017", f"`{entry.key}` is not a name", entry.key_span, help, about=about)
        value = inner(entry.value, f"`{entry.key}`", diagnostics)
        values.append((entry.key, value if valid else INVALID))
    return INVALID if any(value is INVALID for _, value in values) else Map(tuple(values))


def _decode_tree(node: Node, _owner: str, _diagnostics: Diagnostics) -> Any:
    return Tree(node)


def _decode_enum(kind: type[Enum], node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    return leaves.alternative(node, kind, owner, diagnostics)


def _decode_shape(shape: type[Any], node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    if not isinstance(node, Mapping):
        return leaves.wrong_type(node, "an object", owner, diagnostics)
    plan = layout(shape)
    values: dict[str, Any] = {"span": node.span}
    unknown: list[Entry] = []
    for entry in node.entries:
        key = plan.keys.get(entry.key)
        if key is None:
            unknown.append(entry)
        else:
            values[key.field] = key.decode(entry.value, f"`{entry.key}`", diagnostics)
    missing = [key.key for key in plan.keys.values() if key.required and key.field not in values]
    explained = _report_unknown(unknown, plan, node, owner, missing, diagnostics) if unknown else _NOTHING
    for name in missing:
        if name not in explained:
            help = f"add `{name}: …`. {plan.keys[name].declared.doc}"
            about = About(missing=(name,), kind="key", owner=owner)
            diagnostics.error("SPEC011", f"{owner} has no `{name}`", _head(node), help, about=about)
    broken = unknown or missing or any(value is INVALID for value in values.values())
    for rule in plan.rules:
        if explained.isdisjoint(rule.keys) and not _holds(rule, node, owner, diagnostics):
            broken = True
    return INVALID if broken else shape(**values)


_NOTHING: frozenset[str] = frozenset()


def _report_unknown(
    unknown: list[Entry], plan: Layout, node: Mapping, owner: str, missing: list[str], diagnostics: Diagnostics
) -> frozenset[str]:
    """Findings for unknown keys. Gives the keys that they were probably meant to be, which need no own finding."""
    given = {entry.key for entry in node.entries}
    free = [key for key in plan.keys if key not in given]
    explained: set[str] = set()
    for entry in unknown:
        meant = nearest(entry.key, missing) or nearest(entry.key, free)
        fix = None
        if meant is not None and meant not in explained:
            fix = Fix(f"rename to `{meant}`", (Edit(entry.key_span, meant),), safe=False)
            explained.add(meant)
        help = f"did you mean `{meant}`?" if meant else suggestion(entry.key, free, what="it can also have")
        message = f"{owner} has no key `{entry.key}`"
        about = About(unknown=(entry.key,), kind="key", owner=owner, meant=meant or "")
        diagnostics.add(Diagnostic("SPEC010", message, entry.key_span, help=help, fix=fix, about=about))
    return frozenset(explained)


def _holds(rule: ExactlyOne, node: Mapping, owner: str, diagnostics: Diagnostics) -> bool:
    given = [entry for entry in node.entries if entry.key in rule.keys]
    if len(given) == 1:
        return True
    listed = ", ".join(f"`{key}`" for key in rule.keys)
    if not given:
        diagnostics.error("SPEC016", f"{owner} needs exactly one of its alternatives", _head(node), f"one of {listed}")
    else:
        both = " and ".join(f"`{entry.key}`" for entry in given[:2])
        message = f"{owner} has both {both}; exactly one is allowed"
        about = About(named=tuple(f"`{entry.key}`" for entry in given[:2]), slip=Slip.BESIDE)
        diagnostics.error("SPEC016", message, given[1].key_span, f"one of {listed}", about=about)
    return False


def _head(node: Mapping) -> Any:
    """Where to point for something an object lacks: its first key, not the whole object."""
    return node.entries[0].key_span if node.entries else node.span
