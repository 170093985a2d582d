"""Python for fields, indices, projections and the building of arrays and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.expr.nodes import (
    Ast,
    Current,
    Field,
    Filter,
    Flatten,
    Index,
    MultiList,
    MultiObject,
    Project,
    ProjectValues,
    Slice,
)
from engine.expr.quick import element_type, only_objects, quick_element, quick_field
from engine.expr.scope import Names, Operand
from engine.schema.types import Array, Object, nullable, without_null
from engine.source.span import Span

if TYPE_CHECKING:
    from engine.expr.emitter import Emitter


def emit_field(emitter: Emitter, node: Field, value: str) -> str:
    if emitter.writer.quick:
        return quick_field(emitter.writer, node, value)
    return emitter.writer.assign(f"{emitter.fields(value, node.span)}.get({node.name!r})", node.span)


def emit_index(emitter: Emitter, node: Index, value: str) -> str:
    shortest = node.index + 1 if node.index >= 0 else -node.index
    test = f"{value}.__class__ is list and len({value}) >= {shortest}"
    name = emitter.writer.assign(f"{value}[{node.index}] if {test} else None", node.span)
    emitter.writer.types[name] = nullable(element_type(emitter.writer.types.get(value)))
    return name


def emit_slice(emitter: Emitter, node: Slice, value: str) -> str:
    part = ":".join("" if each is None else str(each) for each in (node.start, node.stop, node.step))
    return emitter.writer.assign(f"{value}[{part}] if {value}.__class__ is list else None", node.span)


def emit_flatten(emitter: Emitter, node: Flatten, current: Operand) -> str:
    writer, span = emitter.writer, node.span
    base = emitter.variable(emitter.value(node.child, current), span)
    result = writer.assign("None", span)
    with writer.block(f"if {base}.__class__ is list:", span):
        writer.count_steps(base, span)
        writer.write(f"{result} = []", span)
        element = writer.fresh()
        with writer.block(f"for {element} in {base}:", span):
            with writer.block(f"if {element}.__class__ is list:", span):
                writer.count_steps(element, span)
                writer.write(f"{result} += {element}", span)
            with writer.block("else:", span):
                writer.write(f"{result}.append({element})", span)
    return result


def _collect(emitter: Emitter, source: str, right: Ast, result: str, span: Span, condition: Ast | None = None) -> None:
    """A loop that appends to ``result`` what ``right`` makes of every element, null left out."""
    writer = emitter.writer
    element = quick_element(writer, source)
    with writer.block(f"for {element} in {source}:", span):
        if writer.quick and isinstance(writer.types.get(element), Object):
            only_objects(writer, element, span)
        if condition is not None:
            test = emitter.truth(emitter.value(condition, element), condition.span)
            with writer.block(f"if {test}:", condition.span):
                _append(emitter, right, element, result)
        else:
            _append(emitter, right, element, result)


def _append(emitter: Emitter, right: Ast, element: str, result: str) -> None:
    writer = emitter.writer
    made = element if isinstance(right, Current) else emitter.value(right, element)
    if made in writer.types:
        writer.types.setdefault(result, Array(without_null(writer.types[made])))
    if writer.kinds.get(made) == "dict":
        writer.write(f"{result}.append({made})", right.span)
        return
    with writer.block(f"if {made} is not None:", right.span):
        writer.write(f"{result}.append({made})", right.span)


def emit_project(emitter: Emitter, node: Project, current: Operand) -> str:
    writer, span = emitter.writer, node.span
    left = node.left
    if writer.quick and isinstance(left, Flatten):
        # Where the elements are objects there is nothing to flatten; the loop gives up if that is not so.
        base = emitter.variable(emitter.value(left.child, current), span)
        if not isinstance(element_type(writer.types.get(base)), Object):
            base = emitter.variable(emitter.value(left, current), span)
    else:
        base = emitter.variable(emitter.value(left, current), span)
    result = writer.assign("None", span)
    with writer.block(f"if {base}.__class__ is list:", span):
        writer.count_steps(base, span)
        writer.write(f"{result} = []", span)
        _collect(emitter, base, node.right, result, span)
    return result


def emit_filter(emitter: Emitter, node: Filter, current: Operand) -> str:
    writer, span = emitter.writer, node.span
    base = emitter.variable(emitter.value(node.left, current), span)
    result = writer.assign("None", span)
    with writer.block(f"if {base}.__class__ is list:", span):
        writer.count_steps(base, span)
        writer.write(f"{result} = []", span)
        _collect(emitter, base, node.right, result, span, node.condition)
    return result


def emit_project_values(emitter: Emitter, node: ProjectValues, current: Operand) -> str:
    writer, span = emitter.writer, node.span
    base = emitter.variable(emitter.value(node.left, current), span)
    result = writer.assign("None", span)
    with writer.block(f"if {base}.__class__ is dict:", span):
        writer.count_steps(base, span)
        writer.write(f"{result} = []", span)
        _collect(emitter, f"{base}.values()", node.right, result, span)
    return result


def emit_multi_list(emitter: Emitter, node: MultiList, value: str, current: Operand) -> str:
    writer, span = emitter.writer, node.span
    if isinstance(current, Names) or writer.kinds.get(value) == "dict":
        parts = [emitter.value(each, current) for each in node.elements]
        return writer.assign(f"[{', '.join(parts)}]", span, "list")
    result = writer.assign("None", span)
    with writer.block(f"if {value} is not None:", span):
        parts = [emitter.value(each, current) for each in node.elements]
        writer.write(f"{result} = [{', '.join(parts)}]", span)
    return result


def emit_multi_object(emitter: Emitter, node: MultiObject, value: str, current: Operand) -> str:
    writer, span = emitter.writer, node.span
    if isinstance(current, Names) or writer.kinds.get(value) == "dict":
        parts = [f"{name!r}: {emitter.value(each, current)}" for name, each in node.pairs]
        return writer.assign("{" + ", ".join(parts) + "}", span, "dict")
    result = writer.assign("None", span)
    with writer.block(f"if {value} is not None:", span):
        parts = [f"{name!r}: {emitter.value(each, current)}" for name, each in node.pairs]
        writer.write(f"{result} = {{{', '.join(parts)}}}", span)
    return result
