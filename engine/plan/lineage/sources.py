"""Sources as values: the events that a vendor's message becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.plan.lineage.mappings import mapping_value
from engine.plan.lineage.origins import OriginKind
from engine.plan.lineage.trees import expression_value
from engine.plan.lineage.values import NOTHING, Opened, Record, Value
from engine.plan.lineage.values import Source as From
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.source import Emission, Source
from engine.spec.workspace import LoadedWorkspace

#: The connector of a connection.
ConnectorOf = Callable[[str], str]


def message_address(source: Source, connector_of: ConnectorOf) -> str:
    """What the vendor's message is called: ``connector:message/``, by the first type that the source reads."""
    return f"{connector_of(source.connection.text)}:{source.messages[0]}/"


def messages_of(workspace: LoadedWorkspace, connector_of: ConnectorOf) -> dict[str, str]:
    """The address of every message type, several of which one source may read as one."""
    return {
        f"{connector_of(source.connection.text)}:{message}": message_address(source, connector_of)
        for source in workspace.sources
        for message in source.messages
    }


def traced_events(
    workspace: LoadedWorkspace, mappings: Mapping[str, MappingDocument], connector_of: ConnectorOf
) -> Iterator[tuple[str, Value]]:
    """Every event that a source makes: its type, and its attributes and data over the vendor's message."""
    for source in workspace.sources:
        if not source.messages:
            continue
        text = f"message {', '.join(source.messages)}"
        message = Opened(From(OriginKind.VENDOR, source.span, text), message_address(source, connector_of))
        for case in source.cases:
            for emission in case.emit:
                yield str(emission.event), _event(emission, message, mappings)


def _event(emission: Emission, message: Value, mappings: Mapping[str, MappingDocument]) -> Value:
    names: dict[str, Value] = {"message": message}
    if emission.each is not None:
        names[emission.each.as_] = expression_value(emission.each.over, names).element()
    document = mappings.get(str(emission.data.mapping))
    given = {name: expression_value(expression, names) for name, expression in emission.data.input}
    return Record(
        {
            "time": expression_value(emission.time, names),
            "subject": expression_value(emission.subject, names),
            "partitionkey": expression_value(emission.partitionkey, names),
            "data": NOTHING if document is None else mapping_value(document, given),
        }
    )
