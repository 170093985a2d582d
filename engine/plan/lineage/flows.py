"""Flows as values: what every step sends, reads and decides, traced to where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.plan.flow_scope import APPROVED, EMITTED, LINK, PASSED
from engine.plan.lineage.mappings import mapping_value
from engine.plan.lineage.origins import OriginKind, Origins
from engine.plan.lineage.policies import rule_values
from engine.plan.lineage.rows import row_value
from engine.plan.lineage.trees import Names, expression_value, template_value, traced, tree_value
from engine.plan.lineage.values import NOTHING, Either, Listed, Opened, Record, Source, Traced, Value
from engine.plan.versions import version_number
from engine.schema.types import TEXT, Type
from engine.source.span import Span
from engine.spec.documents.flow import Branch, Calculate, Check, Each, Flow, Mode, Step
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.policy import Policy
from engine.spec.shape import Map
from engine.spec.values import Expression, Reference


@dataclass(frozen=True, slots=True)
class Known:
    """What flows refer to: definitions by ``id@MAJOR``, and the types of what arrives and what is answered."""

    mappings: Mapping[str, MappingDocument]
    policies: Mapping[str, Policy]
    flows: Mapping[str, Flow]
    event: Callable[[str], Value]
    schema_type: Callable[[Reference], Type]
    reply_type: Callable[[str, str], Type]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step changes outside: the operation, or the event that it publishes."""

    connection: str
    operation: str
    span: Span


@dataclass(slots=True)
class TracedFlow:
    """A flow's places and their values, by address. ``effects`` are those of its posts, by address of the step;
    ``rules`` what its checks look at."""

    address: str
    places: dict[str, Value] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    rules: list[Traced] = field(default_factory=list)
    emitted: list[tuple[str, Value]] = field(default_factory=list)
    output: Value = NOTHING


def flow_address(flow: Flow) -> str:
    """What the flow is called: ``flow:invoice_posted@1``."""
    return f"flow:{flow.id}@{version_number(flow.version)[0]}"


def trace_flow(flow: Flow, known: Known, inputs: Names | None = None) -> TracedFlow:
    """All places of a flow. ``inputs`` are what a calling flow gives; schemas stand for them if left out."""
    tracer = _Tracer(known, TracedFlow(flow_address(flow)))
    names: dict[str, Value] = {}
    if flow.trigger.call is not None:
        for name, declared in flow.trigger.call.input:
            given = None if inputs is None else inputs.get(name)
            names[name] = given or schema_value(declared.schema, known.schema_type)
    elif flow.trigger.event is not None:
        names["event"] = known.event(str(flow.trigger.event))
    else:
        names["event"] = Opened(Source(OriginKind.EVENT, flow.trigger.span), f"trigger:{flow.id}/")
    if flow.trigger.when is not None:
        tracer.place("trigger.when", flow.trigger.when, names)
    if flow.effective is not None and flow.effective.by is not None:
        tracer.place("effective.by", flow.effective.by, names)
    names["steps"] = Record({})
    names = tracer.steps(flow.steps, names)
    if flow.output is not None:
        where = f"{tracer.found.address}/output"
        tracer.found.output = tree_value(flow.output.node, names, where, OriginKind.STEP)
        tracer.found.places[where] = tracer.found.output
    return tracer.found


def schema_value(reference: Reference | None, type_of: Callable[[Reference], Type]) -> Value:
    """What a named input holds, seen from inside."""
    if reference is None:
        return NOTHING
    return Opened(Source(OriginKind.SCHEMA, reference.span), f"schema:{reference}/", type_of(reference))


@dataclass(slots=True)
class _Tracer:
    known: Known
    found: TracedFlow

    def place(self, name: str, expression: Expression, names: Names) -> Traced:
        """Note a computed value of the flow under its address."""
        where = f"{self.found.address}/{name}"
        made = traced(where, OriginKind.STEP, expression, names)
        self.found.places[where] = made
        return made

    def steps(self, steps: tuple[Step, ...], names: Names) -> dict[str, Value]:
        """Trace steps in order; the names in scope behind them."""
        inside = dict(names)
        for step in steps:
            output, inside = self.step(step, inside)
            inside = _with_step(inside, step.id, output)
        return inside

    def step(self, step: Step, names: dict[str, Value]) -> tuple[Value, dict[str, Value]]:
        """Trace one step; its output, and the names behind the steps within it."""
        if step.when is not None:
            self.place(f"{step.id}.when", step.when, names)
        if step.branch is not None:
            return self._branch(step.id, step.branch, names)
        kind = next(kind for kind in Step.KINDS if getattr(step, kind) is not None)
        output = getattr(self, f"_{kind}")(step, names)
        return output, names

    # ------------------------------------------------------------------ pure steps

    def _validate(self, step: Step, names: Names) -> Value:
        assert step.validate is not None
        return self.place(step.id, step.validate.input, names)

    def _lookup(self, step: Step, names: Names) -> Value:
        assert step.lookup is not None
        keys = [self.place(f"{step.id}.key.{column}", expression, names) for column, expression in step.lookup.key]
        if step.lookup.table is not None:
            return row_value(step.lookup.table, step.lookup.key, names)
        origins = tuple(origin for key in keys for origin in key.origins())
        source = Source(OriginKind.REPLY, step.span, f"learned id of {step.lookup.link}", lambda _path: ((), origins))
        return Opened(source, f"link:{step.lookup.link}/", LINK)

    def _map(self, step: Step, names: Names) -> Value:
        assert step.map is not None
        given = self._given(step.map.input, names)
        document = self.known.mappings.get(str(step.map.mapping))
        value = NOTHING if document is None else mapping_value(document, given)
        return self._output(step, value, f"map {step.map.mapping}")

    def _calculate(self, step: Step, names: Names) -> Value:
        assert step.calculate is not None
        declared: Calculate = step.calculate
        given: Value = NOTHING
        document = _calculated_by(declared)
        if declared.input is not None:
            where = f"{self.found.address}/{step.id}.input"
            given = tree_value(declared.input.node, names, where, OriginKind.STEP)
            self.found.places[where] = given
        source = Source(OriginKind.CALCULATION, step.span, f"calculated by {document}", lambda _: (given.origins(), ()))
        result = Opened(source, f"{document}/")
        for number, comparison in enumerate(declared.compare):
            inner = {**names, "result": result}
            self.place(f"{step.id}.compare[{number}].theirs", comparison.theirs, inner)
            self.place(f"{step.id}.compare[{number}].ours", comparison.ours, inner)
        if declared.mode is Mode.CALCULATE or declared.figures is None:
            return self._output(step, result, f"calculate {document}")
        return self.place(step.id, declared.figures, names)

    def _check(self, step: Step, names: Names) -> Value:
        assert step.check is not None
        declared: Check = step.check
        given = self._given(declared.input, names)
        policy = self.known.policies.get(str(declared.policy))
        if policy is not None:
            for rule in rule_values(policy, given):
                self.found.rules.append(rule)
        return Opened(Source(OriginKind.STEP, step.span), f"{self.found.address}/{step.id}.", PASSED)

    def _approve(self, step: Step, names: Names) -> Value:
        assert step.approve is not None
        where = f"{self.found.address}/{step.id}.message"
        message = template_value(step.approve.message, names)
        self.found.places[where] = Traced(where, OriginKind.STEP, message, step.approve.message.span)
        if step.approve.amount is not None:
            self.place(f"{step.id}.amount", step.approve.amount, names)
        if step.approve.author is not None:
            self.place(f"{step.id}.author", step.approve.author, names)
        return Opened(Source(OriginKind.STEP, step.span), f"{self.found.address}/{step.id}.", APPROVED)

    def _wait(self, step: Step, names: Names) -> Value:
        assert step.wait is not None
        if step.wait.until is not None:
            self.place(f"{step.id}.until", step.wait.until, names)
        if step.wait.subject is not None:
            self.place(f"{step.id}.subject", step.wait.subject, names)
        return NOTHING

    def _fail(self, step: Step, names: Names) -> Value:
        assert step.fail is not None
        where = f"{self.found.address}/{step.id}.message"
        message = template_value(step.fail.complaint.message, names)
        self.found.places[where] = Traced(where, OriginKind.STEP, message, step.fail.complaint.message.span)
        return NOTHING

    # ------------------------------------------------------------------ steps that reach outside

    def _post(self, step: Step, names: Names) -> Value:
        assert step.post is not None
        post = step.post
        connection, operation = post.connection.text, post.operation.text
        where = f"{self.found.address}/{step.id}"
        self.found.places[where] = tree_value(post.input.node, names, where, OriginKind.STEP)
        self.found.effects[where] = Effect(connection, operation, post.operation.span)
        self.place(f"{step.id}.identity.object", post.identity.object, names)
        self.place(f"{step.id}.identity.revision", post.identity.revision, names)
        return self._reply(step, connection, operation, NOTHING)

    def _read(self, step: Step, names: Names) -> Value:
        assert step.read is not None
        read = step.read
        where = f"{self.found.address}/{step.id}"
        self.found.places[where] = content = tree_value(read.input.node, names, where, OriginKind.STEP)
        return self._reply(step, read.connection.text, read.operation.text, content)

    def _reply(self, step: Step, connection: str, operation: str, asked: Value) -> Value:
        """The answer: what was asked for decides what a query finds, not what a change is called."""

        def parts(_path: tuple[str, ...]) -> tuple[Origins, Origins]:
            return (), asked.origins()

        source = Source(OriginKind.REPLY, step.span, f"answer of {connection} to {operation}", parts)
        return Opened(source, f"reply:{connection}.{operation}/", self.known.reply_type(connection, operation))

    def _emit(self, step: Step, names: Names) -> Value:
        assert step.emit is not None
        emit = step.emit
        where = f"{self.found.address}/{step.id}"
        content = tree_value(emit.data.node, names, where, OriginKind.STEP)
        self.found.places[where] = content
        subject = self.place(f"{step.id}.subject", emit.subject, names)
        key = NOTHING if emit.partitionkey is None else self.place(f"{step.id}.partitionkey", emit.partitionkey, names)
        self.found.emitted.append((str(emit.event), Record({"data": content, "subject": subject, "partitionkey": key})))
        return Opened(Source(OriginKind.STEP, step.span), f"{self.found.address}/{step.id}.", EMITTED)

    def _call(self, step: Step, names: Names) -> Value:
        assert step.call is not None
        given = self._given(step.call.input, names)
        flow = self.known.flows.get(str(step.call.flow))
        value = NOTHING if flow is None else trace_flow(flow, self.known, given).output
        return self._output(step, value, f"call {step.call.flow}")

    # ------------------------------------------------------------------ steps that hold steps

    def _branch(self, id_: str, branch: Branch, names: dict[str, Value]) -> tuple[Value, dict[str, Value]]:
        outputs: list[Value] = []
        decided: Origins = ()
        behind = names
        for case in branch.cases:
            decided += self.place(f"{id_}.{case.id}.when", case.when, names).origins()
            inside = self.steps(case.steps, behind)
            behind = inside
            if case.output is not None:
                where = f"{self.found.address}/{id_}.{case.id}"
                outputs.append(tree_value(case.output.node, inside, where, OriginKind.STEP))
        behind = self.steps(branch.otherwise.steps, behind)
        if branch.otherwise.output is not None:
            where = f"{self.found.address}/{id_}.otherwise"
            outputs.append(tree_value(branch.otherwise.output.node, behind, where, OriginKind.STEP))
        return Either(outputs, decided), behind

    def _each(self, step: Step, names: Names) -> Value:
        assert step.each is not None
        each: Each = step.each
        array = self.place(f"{step.id}.over", each.over, names)
        inner = {**names, each.as_: array.value.element()}
        key = self.place(f"{step.id}.key", each.key, inner)
        inside = self.steps(each.steps, inner)
        output: Value = NOTHING
        if each.output is not None:
            where = f"{self.found.address}/{step.id}.output"
            output = tree_value(each.output.node, inside, where, OriginKind.STEP)
            self.found.places[where] = output
        outcome = Opened(Source(OriginKind.STEP, step.span), f"{self.found.address}/{step.id}.outcome", TEXT)
        return Listed(Record({"key": key, "outcome": outcome, "output": output}))

    def _given(self, inputs: Map[Expression], names: Names) -> dict[str, Value]:
        return {name: expression_value(expression, names) for name, expression in inputs}

    def _output(self, step: Step, value: Value, text: str) -> Traced:
        where = f"{self.found.address}/{step.id}"
        made = Traced(where, OriginKind.STEP, value, step.span, text)
        self.found.places[where] = made
        return made


def _with_step(names: dict[str, Value], id_: str, output: Value) -> dict[str, Value]:
    steps = names["steps"]
    known = dict(steps.fields) if isinstance(steps, Record) else {}
    return {**names, "steps": Record({**known, id_: output})}


def _calculated_by(declared: Calculate) -> str:
    """The document that calculates: ``pricing:api_calls@1``."""
    if declared.by is None:
        return f"figures:{declared.owner}"
    kind = next(kind for kind in declared.by.KINDS if getattr(declared.by, kind) is not None)
    return f"{kind}:{getattr(declared.by, kind)}"
