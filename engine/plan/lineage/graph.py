"""The graph of a workspace's fields: what feeds each, and what each reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from engine.base.errors import UserError
from engine.plan.flow_scope import event_type
from engine.plan.lineage.addresses import Addresses, without_elements
from engine.plan.lineage.flows import Effect, Known, TracedFlow, flow_address, schema_value, trace_flow
from engine.plan.lineage.mappings import mapping_address, mapping_parts, mapping_value
from engine.plan.lineage.origins import Origin, OriginKind, Origins, distinct
from engine.plan.lineage.policies import policy_address, rule_values
from engine.plan.lineage.rows import whole_row
from engine.plan.lineage.shapes import ends
from engine.plan.lineage.sources import messages_of, traced_events
from engine.plan.lineage.values import NOTHING, Opened, Source, Traced, Value, at
from engine.plan.model import Plan
from engine.plan.versions import version_number
from engine.schema.types import ANY, OPEN_OBJECT, Type
from engine.spec.documents.common import InputType
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.policy import Policy
from engine.spec.shape import Map
from engine.spec.values import Reference
from engine.spec.workspace import LoadedWorkspace

_D = TypeVar("_D", Flow, MappingDocument, Policy)


@dataclass(frozen=True, slots=True)
class Reached:
    """A place that a field reaches. ``effect`` is what is changed outside there, such as ``erp invoice.create``;
    ``decides`` says that it is no part of the value there, and only chooses it or is told beside it."""

    address: str
    origin: Origin
    effect: str = ""
    decides: bool = False


def field_graph(plan: Plan) -> FieldGraph:
    """The graph of the definitions that a plan was compiled from. Raises UserError if the plan does not know them."""
    if plan.definitions is None:
        raise UserError("the definitions that this plan was compiled from are not known")
    graph = FieldGraph(plan, plan.definitions)
    graph.build()
    return graph


@dataclass(slots=True)
class FieldGraph:
    """Ask it with addresses as the command line has them; ``resolve`` gives the whole one."""

    plan: Plan
    definitions: LoadedWorkspace
    places: dict[str, Value] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    flows: dict[str, TracedFlow] = field(default_factory=dict)
    _producers: dict[str, list[Value]] = field(default_factory=dict)
    _closures: dict[int, frozenset[str]] = field(default_factory=dict)
    _ends: list[tuple[Traced, frozenset[str], frozenset[str]]] | None = None

    # ------------------------------------------------------------------ asking

    def resolve(self, address: str) -> str:
        """The whole address of a field, also where kind, version or ``[]`` were left out. Raises UserError."""
        return self._addresses().resolve(address)

    def feeds(self, target: str) -> Origin:
        """Where a field comes from. Raises UserError with what was probably meant."""
        whole, value = self._addresses().find(target)
        origins = value.origins()
        if len(origins) == 1 and without_elements(origins[0].address) == without_elements(whole):
            return origins[0]
        return Origin(whole, _kind(whole), None, "", lambda: (origins, value.decides()))

    def reaches(self, source: str) -> tuple[Reached, ...]:
        """Every place that a field, column, step or rule reaches, in order of address. Raises UserError."""
        return self.reached_from(self.seeds(source))

    def seeds(self, address: str) -> frozenset[str]:
        """An address and every other under which the same field is read. Raises UserError."""
        return self._addresses().seeds(address)

    def reached_from(self, addresses: Iterable[str]) -> tuple[Reached, ...]:
        """Every place that is reached from any of some whole addresses, such as those of a flow's steps."""
        own = {without_elements(each) for each in addresses}
        found: dict[str, Reached] = {}
        for end, values, decisions in self._all_ends():
            if without_elements(end.address) in own:
                continue
            touched, decided = _touch(values, own), _touch(decisions, own)
            if touched or decided:
                reached = Reached(end.address, end.origins()[0], self.effect(end.address), not touched)
                known = found.get(end.address)
                if known is None or (known.decides and not reached.decides):
                    found[end.address] = reached
        return tuple(found[address] for address in sorted(found))

    def guards(self, target: str) -> tuple[Traced, ...]:
        """The rules of the same flow that look at the field, or at what it is made from on the way."""
        whole = self.resolve(target)
        flow = self.flows.get(whole.partition("/")[0])
        if flow is None:
            return ()
        origin = self.feeds(target)
        made = {each for each in self._values(origin, within=True) if each.startswith(("mapping:", "flow:"))}
        made.add(without_elements(origin.address))
        return tuple(
            rule for rule in flow.rules if any(made & self._values(each, within=True) for each in rule.origins())
        )

    def conditions(self, target: str) -> tuple[Origin, ...]:
        """What must hold for the field's step to run: the conditions of the flow and of the step."""
        flow, _, path = self.resolve(target).partition("/")
        step = path.partition(".")[0].partition("[")[0]
        found = [self.places.get(f"{flow}/{name}") for name in ("trigger.when", f"{step}.when")]
        return tuple(origin for each in found if each is not None for origin in each.origins())

    def closure(self, origin: Origin) -> frozenset[str]:
        """The addresses (without ``[]``) of an origin and of everything behind it."""
        known = self._closures.get(id(origin))
        if known is None:
            self._closures[id(origin)] = frozenset()  # a circle of events ends here
            behind = [self.closure(each) for each in (*origin.feeds, *origin.decides)]
            known = frozenset({without_elements(origin.address)}).union(*behind)
            self._closures[id(origin)] = known
        return known

    def targets(self) -> tuple[str, ...]:
        """Every place that is known to be made by a definition."""
        return tuple(sorted({end.address for end, _, _ in self._all_ends()}))

    # ------------------------------------------------------------------ building

    def build(self) -> None:
        """Trace every definition. Called once, by :func:`field_graph`."""
        known = Known(
            mappings=_newest(self.definitions.mappings),
            policies=_newest(self.definitions.policies),
            flows=_newest(self.definitions.flows),
            event=self.event,
            schema_type=self.type_of,
            reply_type=self._reply_type,
        )
        for type_, event in traced_events(self.definitions, known.mappings, self._connector_of):
            self._producers.setdefault(type_, []).append(event)
        for mapping in known.mappings.values():
            inputs = self._inputs(mapping)
            self.places[f"{mapping_address(mapping)}/"] = mapping_value(mapping, inputs)
            self.places.update(mapping_parts(mapping, inputs))
        for policy in known.policies.values():
            for rule in rule_values(policy, self._inputs(policy)):
                self.places[rule.address] = rule
            self.places.setdefault(f"{policy_address(policy)}/", NOTHING)
        for flow in known.flows.values():
            traced = self.flows[flow_address(flow)] = trace_flow(flow, known)
            self.places.update(traced.places)
            self.effects.update(traced.effects)
            for type_, event in traced.emitted:
                self._producers.setdefault(type_, []).append(event)

    def event(self, type_: str) -> Value:
        """An event of a type: its attributes and data, behind which are the sources and steps that make it."""

        def parts(path: tuple[str, ...]) -> tuple[Origins, Origins]:
            made = [at(event, path) for event in self._producers.get(type_, ())]
            return (
                distinct(origin for each in made for origin in each.origins()),
                distinct(origin for each in made for origin in each.decides()),
            )

        schema = self.plan.contracts.get(type_)
        data = OPEN_OBJECT if schema is None else schema.type
        return Opened(Source(OriginKind.EVENT, None, "", parts), f"event:{type_}/", event_type(data))

    def type_of(self, reference: Reference) -> Type:
        """The type of a schema."""
        schema = self.plan.contracts.get(str(reference))
        return ANY if schema is None else schema.type

    def _inputs(self, document: MappingDocument | Policy) -> Mapping[str, Value]:
        declared: Map[InputType] = document.input
        return {
            name: whole_row(each.table) if each.table is not None else schema_value(each.schema, self.type_of)
            for name, each in declared
        }

    def _reply_type(self, connection: str, operation: str) -> Type:
        connected = self.plan.connections.get(connection)
        found = None if connected is None else connected.manifest.operation(operation)
        if found is None:
            return ANY
        return self.type_of(found.output) if found.output is not None else found.receipt_type

    def _connector_of(self, connection: str) -> str:
        connected = self.plan.connections.get(connection)
        return connection if connected is None else connected.connector

    def _addresses(self) -> Addresses:
        return Addresses(
            self.plan, self.definitions, self.places, self.event, messages_of(self.definitions, self._connector_of)
        )

    def _all_ends(self) -> list[tuple[Traced, frozenset[str], frozenset[str]]]:
        """Every simple place with the addresses behind its value, and behind what only decides it."""
        if self._ends is None:
            self._ends = []
            places = [*self.places.values(), *(rule for flow in self.flows.values() for rule in flow.rules)]
            for type_, events in self._producers.items():
                data = [event.field("data") for event in events]
                places += [*data, *(Traced(f"event:{type_}/data", OriginKind.EVENT, each) for each in data)]
            for value in places:
                for end in ends(value):
                    assert isinstance(end, Traced)
                    (origin,) = end.origins()
                    self._ends.append((end, self._values(origin), self.closure(origin)))
        return self._ends

    def _values(self, origin: Origin, within: bool = False) -> frozenset[str]:
        """The addresses behind the value itself, whatever decides it; ``within`` the flow: not behind its event."""
        found: set[str] = set()
        pending = list(origin.feeds)
        seen: set[int] = set()
        while pending:
            each = pending.pop()
            if id(each) not in seen:
                seen.add(id(each))
                found.add(without_elements(each.address))
                if not within or each.kind is not OriginKind.EVENT:
                    pending += each.feeds
        return frozenset(found)

    def effect(self, address: str) -> str:
        """What is changed outside at a place, as connection and operation; empty if nothing is."""
        for step, effect in self.effects.items():
            if address == step or address.startswith((f"{step}.", f"{step}[")):
                return f"{effect.connection} {effect.operation}"
        return ""


def _newest(documents: tuple[_D, ...]) -> dict[str, _D]:
    """The newest version of each definition and major, by ``id@MAJOR``."""
    found: dict[str, _D] = {}
    for document in sorted(documents, key=lambda each: version_number(each.version)):
        found[f"{document.id}@{version_number(document.version)[0]}"] = document
    return found


def _touch(addresses: frozenset[str], seeds: set[str]) -> bool:
    """Whether one of the addresses is a seed, a part of one, or holds one and was taken as a whole."""
    if addresses & seeds:
        return True
    return any(
        address.startswith(f"{seed}.") or seed.startswith(f"{address}.") for seed in seeds for address in addresses
    )


def _kind(address: str) -> OriginKind:
    kind = address.partition(":")[0]
    return {"flow": OriginKind.STEP, "policy": OriginKind.RULE}.get(kind) or OriginKind(
        kind if kind in set(OriginKind) else "vendor"
    )
