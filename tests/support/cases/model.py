"""A case, what an adapter gives for it, and how a document is run for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import yaml

from engine import api
from engine.base.money import decimal_text


@dataclass(frozen=True, slots=True)
class Case:
    """One worked case in its neutral form (numbers are decimal strings)."""

    family: str
    id: str
    group: str
    name: str
    params: Mapping[str, Any]
    input: Mapping[str, Any]
    expected: Mapping[str, Any]
    currency: str | None
    profile: str | None
    compare_scale: Mapping[str, Any]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Forms:
    """One figure in the forms in which sources print it: a list or its sum, an amount by document or for the only one.
    Each form is worked out without a look at what is expected; the one printed has to match."""

    forms: tuple[Any, ...]


#: Gives what came out, under the names of ``expected``; it reads ``expected`` for nothing but those names.
Adapter: TypeAlias = Callable[[Case], Mapping[str, Any]]


def case_of(family: str, raw: Mapping[str, Any]) -> Case:
    """A case from its JSON. ``name`` is the model (pricing) or topic (revenue) that chooses the adapter."""
    name = raw["model"] if family == "pricing" else raw["topic"]
    return Case(
        family, raw["id"], raw.get("group", name), name, _given(raw.get("params") or {}), _given(raw["input"]),
        raw["expected"],
        raw.get("currency"), raw.get("policy_profile"), raw.get("compare_scale") or {}, raw,
    )  # fmt: skip


def _given(value: Any) -> Any:
    """A value without the keys that are null: what a case leaves open, whichever way it writes that."""
    if isinstance(value, Mapping):
        return {name: _given(each) for name, each in value.items() if each is not None}
    return [_given(each) for each in value] if isinstance(value, list) else value


class _Writer(yaml.SafeDumper):
    """Writes decimals as plain numbers with all their digits, and no aliases, as documents hold them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _written_decimal(writer: _Writer, value: Decimal) -> yaml.ScalarNode:
    text = decimal_text(value)
    return writer.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Writer.add_representer(Decimal, _written_decimal)


def run_document(kind: str, body: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write a document of a kind as YAML, run it on facts through the public API, and give the result."""
    head = {
        "spec": f"{kind}/v1", "id": "case", "version": "1.0.0", "owner": "finance", "summary": "A worked case.",
    }  # fmt: skip
    text = yaml.dump({**head, **body}, Dumper=_Writer, sort_keys=False, allow_unicode=True)
    return api.calculate(f"case.{kind}.yaml", facts, text.encode())
