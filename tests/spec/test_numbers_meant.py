"""Numbers as people write them elsewhere: refused, with the number that was meant where that is sure."""

from __future__ import annotations

import pytest

from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.kinds import decode_document

PRICING = """\
spec: pricing/v1
id: calls
version: "1.0.0"
owner: sales
summary: What calls cost.
currency: EUR
charges:
  - id: calls
    summary: Calls
    meters: [calls]
    price:
      unit_price: """


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0,02", "0.02"),
        ("0,0025", "0.0025"),
        ("€0.02", "0.02"),
        ("12,5", "12.5"),
        ("1,234", ""),
        ("5 %", ""),
        ("x", ""),
    ],
)
def test_a_number_in_another_notation_is_answered_with_the_number_meant(written: str, meant: str) -> None:
    diagnostics = Diagnostics()
    node = read_yaml(f"{PRICING}{written}\n", "calls.pricing.yaml", diagnostics)
    assert node is not None
    decode_document(node, diagnostics, "pricing")
    (found,) = diagnostics.sorted
    assert (found.code, found.message) == ("SPEC012", "`unit_price` must be a number, not text")
    assert found.help == (f"write {meant}: digits and a decimal point, nothing else" if meant else "")
