"""What decoding and checking cost: an invoice of eight lines against the shipped contract.

Run ``python tests/schema/measure_decode.py``. Prints CPU microseconds per operation, the best of many rounds, and
for scale the cost of parsing the same bytes with orjson.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from engine.base.identity import json_bytes
from engine.schema.registry import Registry
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.spec.workspace import SchemaFile

ROOT = Path(__file__).parents[2]


def load_shipped() -> Registry:
    diagnostics = Diagnostics()
    files = []
    for path in sorted((ROOT / "schemas").glob("*.schema.json")):
        node = read_json(path.read_bytes(), path.name, diagnostics)
        if node is not None:
            files.append(SchemaFile(path.name, node))
    return Registry.load(files, diagnostics)


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def invoice(number: int) -> dict[str, Any]:
    """Amounts differ from invoice to invoice."""
    lines = [
        {
            "id": f"il_{number}_{index}",
            "description": "Pro plan",
            "quantity": 3,
            "amount": money(f"{number % 9973}.{index:02d}"),
            "proration": False,
            "period": {"start": "2026-01-01", "end": "2026-01-31"},
            "taxes": [{"amount": money("24.00"), "taxable": money(f"{number % 9973}.{index:02d}"), "rate": "0.20"}],
            "product": "prod_pro",
            "price": "price_1",
            "plan": "pro",
            "unit_price": "40.00",
            "subscription": "sub_1",
        }
        for index in range(8)
    ]
    return {
        "id": f"in_{number}",
        "number": f"INV-{number}",
        "reason": "renewal",
        "customer": {"id": "cus_1", "name": "Ada"},
        "currency": "EUR",
        "finalized_at": "2026-01-01T10:00:00Z",
        "lines": lines,
        "lines_complete": True,
        "net": money("960.00"),
        "tax": money("192.00"),
        "total": money("1152.00"),
        "legal_entity": "DE",
        "due_date": "2026-02-01",
        "amount_due": money("1152.00"),
    }


def measure(name: str, operation: Callable[[], object]) -> None:
    best = min(timeit.repeat(operation, number=300, repeat=40, timer=time.process_time)) / 300
    print(f"{name:42} {best * 1e6:7.1f} us")


def main() -> None:
    started = time.process_time()
    registry = load_shipped()
    print(f"{f'load {len(registry)} schemas':42} {(time.process_time() - started) * 1e3:7.1f} ms")
    schema = registry.get("invoice", 1)
    assert schema is not None
    one = invoice(1)
    fresh = iter([invoice(number) for number in range(15_000)])
    typed, raw = schema.decode(one), json_bytes(one)
    measure(f"orjson.loads of its {len(raw)} bytes", lambda: orjson.loads(raw))
    measure("decode, amounts seen before", lambda: schema.decode(one))
    measure("decode, amounts of the lines new", lambda: schema.decode(next(fresh)))
    measure("decode what is typed already", lambda: schema.decode(typed))
    measure("check what is typed already", lambda: schema.check(typed))
    del one["lines"][3]["amount"]
    measure("errors of an invoice without an amount", lambda: schema.errors(one))


if __name__ == "__main__":
    main()
