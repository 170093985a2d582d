"""Compiles the documents that calculate, and the steps that use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from engine.base.record import frozen
from engine.finance.calculations import calculation
from engine.finance.compare import Compared
from engine.finance.facts import shown, type_of
from engine.plan import model as plan
from engine.plan.expressions import computed, tree
from engine.plan.library import Callee, Library, Parts
from engine.plan.references import resolve_major
from engine.plan.versions import Version, check_dates, dated, in_order, version_number
from engine.schema.types import ANY, Type
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.flow import Calculate, CalculatedBy, Comparison, Mode, Step
from engine.spec.values import Reference

if TYPE_CHECKING:
    from engine.plan.steps import Head, Made, StepCompiler

#: Who owns the figures that this engine calculates on its own authority (requirements D0, A4).
OURSELVES = "tieout"


def compile_calculation(kind: str, document: Any, digest: str, diagnostics: Diagnostics) -> plan.CalculationPlan | None:
    """A calculating document as a plan, or None with what is wrong with it added to ``diagnostics``."""
    made = calculation(kind)
    found = Diagnostics()
    made.check(document, found)
    diagnostics.extend(found)
    if found.has_errors:
        return None

    @cache
    def prepared() -> Callable[[Any], Any]:
        # When it is first used: most checks of a workspace calculate nothing.
        return made.prepare(document)

    def calculate(value: Any) -> dict[str, Any]:
        result: dict[str, Any] = shown(prepared()(made.input_of(value)))
        return result

    return plan.CalculationPlan(kind, document.id, document.version, digest, document.owner, calculate)


def compile_calculations(
    kind: str, documents: Sequence[Any], digests: Sequence[str], library: Library
) -> Callee[plan.CalculationPlan] | None:
    """The versions of one major of a calculating document; None if any of them did not compile."""
    versions: list[Version[plan.CalculationPlan]] = []
    parts: Parts = {}
    for document, digest in zip(documents, digests, strict=True):
        parts[f"{kind}:{document.id}@{document.version}"] = digest
        made = compile_calculation(kind, document, digest, library.diagnostics)
        if made is not None:
            versions.append(dated(document.id, document.version, document.effective, document.span, made))
    check_dates(versions, library.diagnostics)
    if len(versions) != len(documents):
        return None
    first = documents[0]
    label = f"{kind} `{first.id}@{version_number(first.version)[0]}`"
    return Callee(label, (), (), ANY, in_order(versions), parts)


@frozen
class _Facts:
    """The step's document: its versions, what it is told, what it answers."""

    select: Any
    input: Type
    result: Type


def compile_step(compiler: StepCompiler, head: Head, step: Step, types: Mapping[str, Type]) -> Made:
    """Compile a `calculate` step; the type of its output is that of the owner's figures, or of our result."""
    assert step.calculate is not None
    declared, library = step.calculate, compiler.library
    _check_options(declared, library.diagnostics)
    figures = None if declared.figures is None else computed(declared.figures, types, library.diagnostics)
    facts = None if declared.by is None else _facts(declared.by, library, compiler.parts)
    wanted = None if facts is None else facts.input
    given = None if declared.input is None else tree(declared.input, types, library.diagnostics, wanted)
    scope = {**types, "result": ANY if facts is None else facts.result}
    compared = tuple(_compared(each, types, scope, library.diagnostics) for each in declared.compare)
    output = figures.type if figures is not None else ANY if facts is None else facts.result
    if (declared.by is not None and facts is None) or (figures is None and given is None):
        return None, output
    made = plan.CalculateStep(
        *head,
        subject=declared.subject,
        mode=str(declared.mode),
        owner=declared.owner,
        figures=None if figures is None else figures.value,
        calculation=None if facts is None else facts.select,
        input=None if given is None else given.value,
        compare=compared,
    )
    return made, output


def _check_options(declared: Calculate, found: Diagnostics) -> None:
    """Which keys belong to which mode, and who may calculate."""
    mode, span = declared.mode, declared.span
    ours = declared.owner == OURSELVES
    if mode is Mode.CALCULATE and not ours:
        help = "use `mode: verify` to recompute it and compare, or `mode: accept` to pass it on"
        found.error("FLOW015", f"`{declared.owner}` owns this figure, so it is not calculated here", span, help)
    if mode is not Mode.CALCULATE and ours:
        found.error("FLOW015", f"`mode: {mode}` is for figures of another system", span, "use `mode: calculate`")
    wanted = {
        Mode.ACCEPT: ({"figures"}, set()),
        Mode.VERIFY: ({"figures", "by", "input", "compare"}, set()),
        Mode.CALCULATE: ({"by", "input"}, set()),
    }[mode][0]
    keys = [(name, name in wanted) for name in ("figures", "by", "input", "compare")]
    lacks = [name for name, is_wanted in keys if is_wanted and not getattr(declared, name)]
    useless = [name for name, is_wanted in keys if not is_wanted and getattr(declared, name)]
    told = [f"{verb} {_listed(names)}" for verb, names in (("wants", lacks), ("has no use for", useless)) if names]
    todo = [f"{verb} {_listed(names)}" for verb, names in (("add", lacks), ("remove", useless)) if names]
    if told:
        found.error("FLOW014", f"`mode: {mode}` {' and '.join(told)}", span, " and ".join(todo))


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _facts(by: CalculatedBy, library: Library, parts: Parts) -> _Facts | None:
    kind = next(kind for kind in CalculatedBy.KINDS if getattr(by, kind) is not None)
    reference: Reference = getattr(by, kind)
    found = library.calculations.get((kind, reference.id, reference.major))
    if found is None:
        if not {(kind, str(reference)), (kind, reference.id)} & library.broken:
            known = [(id_, major) for other, id_, major in library.calculations if other == kind]
            resolve_major("FIN002", f"{kind} document", reference, known, library.diagnostics)
        return None
    parts.update(found.parts)
    made = calculation(kind)
    return _Facts(found.select, type_of(made.facts), type_of(made.result))


def _compared(
    declared: Comparison, types: Mapping[str, Type], scope: Mapping[str, Type], found: Diagnostics
) -> tuple[Compared, plan.Computed, plan.Computed]:
    theirs = computed(declared.theirs, types, found)
    ours = computed(declared.ours, scope, found)
    return Compared(declared.what, Decimal(declared.tolerance)), theirs.value, ours.value
