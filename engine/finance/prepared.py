"""One document and its calculation, ready to run: what commands, programs and tests use on files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.base.record import frozen
from engine.finance.calculation import Calculation
from engine.finance.calculations import VERBS, calculation
from engine.finance.facts import shown
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.kinds import decode_document, read_kind


@frozen
class Prepared:
    """A document without findings, and its function from facts to the result."""

    document: Any
    calculation: Calculation[Any, Any, Any]
    run: Callable[[Any], Any]

    def calculate(self, value: Any) -> dict[str, Any]:
        """The result for an object of facts, as objects and lists of typed values. Raises Failure."""
        result: dict[str, Any] = shown(self.run(self.calculation.input_of(value)))
        return result


def prepare(text: bytes, file: str) -> Prepared:
    """Read, check and prepare one document. Raises UserError with every finding, each with its place."""
    found = Diagnostics()
    node = read_yaml(text, file, found)
    if node is not None:
        kind = read_kind(node, found)
        document = None if kind is None else decode_document(node, found, kind.name)
        if kind is not None and document is not None:
            if kind.name not in VERBS:
                help = f"kinds that calculate are {', '.join(VERBS)}"
                found.error("FIN001", f"a document of kind `{kind.name}` calculates nothing", node.span, help)
            else:
                found_calculation = calculation(kind.name)
                found_calculation.check(document, found)
                if not found.has_errors:
                    return Prepared(document, found_calculation, found_calculation.prepare(document))
    found.raise_errors(f"{file} cannot be used")
    raise AssertionError("a document without findings was not prepared")
